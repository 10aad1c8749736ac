package report

import (
	"path/filepath"
	"slices"
	"strings"
)

// name gives every mechanism the shortest name that tells it from the others:
// the attention's, with the rope and the KV cache's format where runs differ in
// those; runs of the same variant have their folder's name behind it.
func (t *Tradeoff) name(group []*loaded) {
	var attentions, ropes []string
	for _, m := range t.Mechanisms {
		attentions, ropes = append(attentions, m.Attention), append(ropes, m.Rope)
	}
	attentions, ropes = shortSpecs(attentions), shortSpecs(ropes)
	names := make([]string, len(t.Mechanisms))
	for i, m := range t.Mechanisms {
		var parts []string
		if slices.Contains(t.Varied, "attention") {
			parts = append(parts, orElse(attentions[i], "unknown"))
		}
		if slices.Contains(t.Varied, "rope") && (ropes[i] != "none" || len(t.Varied) == 1) {
			parts = append(parts, "rope "+ropes[i])
		}
		if slices.Contains(t.Varied, "kv_type") {
			parts = append(parts, "KV "+orElse(m.KVType, "unknown"))
		}
		names[i] = strings.Join(parts, ", ")
	}
	for i := range t.Mechanisms {
		t.Mechanisms[i].Name = names[i]
		if slices.Index(names, names[i]) != i || slices.Contains(names[i+1:], names[i]) {
			t.Mechanisms[i].Name += " (" + filepath.Base(group[t.Mechanisms[i].run].dir) + ")"
		}
	}
}

// shortSpecs are names without parameters, "name:key=value,…" leaving those
// alone in which others of the same name differ.
func shortSpecs(specs []string) []string {
	out := make([]string, len(specs))
	for i, spec := range specs {
		name, own := specParts(spec)
		var differ []string
		for _, other := range specs {
			n, theirs := specParts(other)
			if n != name {
				continue
			}
			for _, p := range own {
				if !slices.Contains(theirs, p) && !slices.Contains(differ, p) {
					differ = append(differ, p)
				}
			}
		}
		out[i] = name
		if len(differ) > 0 {
			out[i] += ":" + strings.Join(differ, ",")
		}
	}
	return out
}

func specParts(spec string) (string, []string) {
	name, rest, parameters := strings.Cut(spec, ":")
	if !parameters {
		return name, nil
	}
	return name, strings.Split(rest, ",")
}
