package benchmarks

import (
	"fmt"
	"slices"
	"strings"
)

// Shape is what a benchmark whose contexts are generated or composed can be
// told besides lengths and depths. Its zero value is the benchmark's own
// protocol. Each field is a flag of the same name.
type Shape struct {
	// Repeats is how often each cell of the grid is drawn anew; 0: as often as
	// the benchmark does.
	Repeats int
	// Needles are the counts of needles, or of a thread's steps, to be tried.
	Needles []int
	// Rounds are the counts of demonstrations for each label.
	Rounds []int
	// Placement says where the parts that matter go (random, clustered), and
	// Direction which way a chain of them runs (forward, backward, random).
	Placement string
	Direction string
	// Haystack is a folder of texts to take instead of the benchmark's own.
	Haystack string
}

// Knob is a field of Shape that a benchmark takes.
type Knob struct {
	Name   string   // the flag's: repeats, needles, rounds, placement, direction, haystack
	Values []string // what may be named, the default first; nil: numbers, or a path
	Most   int      // of numbers; 0: any
}

// set lists the fields that are not zero, by their flags' names, with the
// words that they hold.
func (s Shape) set() map[string]string {
	all := map[string]string{"placement": s.Placement, "direction": s.Direction, "haystack": s.Haystack}
	if s.Repeats != 0 {
		all["repeats"] = fmt.Sprint(s.Repeats)
	}
	if len(s.Needles) > 0 {
		all["needles"] = list(s.Needles)
	}
	if len(s.Rounds) > 0 {
		all["rounds"] = list(s.Rounds)
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

func list(numbers []int) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = fmt.Sprint(n)
	}
	return strings.Join(words, ",")
}

// largest is the largest of a field's numbers.
func (s Shape) largest(name string) int {
	return slices.Max(append([]int{0}, map[string][]int{"repeats": {s.Repeats}, "needles": s.Needles, "rounds": s.Rounds}[name]...))
}

// Settings lists what is set as name and value, in the order of the names.
func (s Shape) Settings() [][2]string {
	var out [][2]string
	for name, value := range s.set() {
		out = append(out, [2]string{name, value})
	}
	slices.SortFunc(out, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return out
}

// CheckShape returns an error if s sets what the benchmark doesn't take, or
// names a value that it doesn't know.
func (a Adapter) CheckShape(s Shape) error {
	for _, setting := range s.Settings() {
		name, value := setting[0], setting[1]
		i := slices.IndexFunc(a.Knobs, func(k Knob) bool { return k.Name == name })
		if i < 0 {
			return fmt.Errorf("%s takes no --%s; leave it out", a.Name, name)
		}
		if known := a.Knobs[i].Values; len(known) > 0 && !slices.Contains(known, value) {
			return fmt.Errorf("--%s %q%s: %s knows %s", name, value, DidYouMean(value, known), a.Name, strings.Join(known, ", "))
		}
		if most := a.Knobs[i].Most; most > 0 && s.largest(name) > most {
			return fmt.Errorf("--%s %d: %s takes at most %d", name, s.largest(name), a.Name, most)
		}
	}
	return nil
}

// CheckLanguages returns an error that names the first of the languages in
// which the tasks have nothing.
func CheckLanguages(benchmark string, tasks []Task, languages []string) error {
	var known []string
	for _, t := range tasks {
		if !slices.Contains(known, t.Language) {
			known = append(known, t.Language)
		}
	}
	for _, l := range languages {
		if !slices.Contains(known, l) {
			return fmt.Errorf("%s has no tasks in language %q; it has %s", benchmark, l, strings.Join(known, ", "))
		}
	}
	return nil
}
