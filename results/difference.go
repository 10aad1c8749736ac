package results

import (
	"fmt"
	"strings"
)

// Difference is a setting that two configurations don't share.
type Difference struct {
	Setting  string
	Was, Now string
}

func (d Difference) String() string {
	return fmt.Sprintf("%s: was %s, now %s", d.Setting, d.Was, d.Now)
}

// ConfigError says that a folder holds a run of another configuration.
type ConfigError struct {
	Dir         string
	Differences []Difference
}

func (e *ConfigError) Error() string {
	return e.What() + ": give another folder, or the old settings to resume it"
}

// What says what differs, without what to do about it.
func (e *ConfigError) What() string {
	parts := make([]string, len(e.Differences))
	for i, d := range e.Differences {
		parts[i] = d.String()
	}
	return fmt.Sprintf("results: %s holds a run of another configuration (%s)", e.Dir, strings.Join(parts, "; "))
}

// Differences lists the settings, data files and prompts in which the runs of
// two manifests differ. Files that only one of them read are no difference.
func Differences(was, now Manifest) []Difference {
	return append(differences(was, now), dataDifferences(was, now)...)
}

// differences lists the identity settings in which two manifests differ, in
// the order of now, then those that only was has.
func differences(was, now Manifest) []Difference {
	var out []Difference
	compare := func(name, a, b string) {
		if a != b {
			out = append(out, Difference{name, shown(a), shown(b)})
		}
	}
	before, after := identityValues(was.Config), identityValues(now.Config)
	if _, listed := after["benchmark"]; !listed {
		compare("benchmark", was.Benchmark, now.Benchmark)
	}
	for _, s := range now.Config {
		if s.Identity {
			compare(s.Name, before[s.Name], s.Value)
		}
	}
	for _, s := range was.Config {
		if _, asked := after[s.Name]; s.Identity && !asked {
			compare(s.Name, s.Value, "")
		}
	}
	return out
}

func identityValues(config []Setting) map[string]string {
	out := map[string]string{}
	for _, s := range config {
		if s.Identity {
			out[s.Name] = s.Value
		}
	}
	return out
}

func shown(value string) string {
	if value == "" {
		return "(not set)"
	}
	return value
}

// dataDifferences lists files and prompts that are named in both manifests
// with different bytes.
func dataDifferences(was, now Manifest) []Difference {
	sums := map[string]string{}
	visitHashes(was, func(name, sum string) { sums[name] = sum })
	var out []Difference
	visitHashes(now, func(name, sum string) {
		if old := sums[name]; old != "" && old != sum {
			out = append(out, Difference{name + " sha256", old, sum})
		}
	})
	return out
}

func visitHashes(m Manifest, visit func(name, sum string)) {
	for _, o := range m.Data {
		for _, f := range o.Files {
			visit("data file "+f.Name, f.SHA256)
		}
	}
	for _, p := range m.Prompts {
		visit("prompt "+p.Name, p.SHA256)
	}
}
