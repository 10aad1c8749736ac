package gpu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
)

// notOnDevice names the golden cases that no kernel runs, by id, each with its
// reason. It is empty: every case has a part that a device can do.
func notOnDevice() map[string]string { return map[string]string{} }

// TestGoldenCasesAllHaveKernels walks the manifest, so that a case which is added
// to it, or whose test is taken out, is noticed on machines without a device too.
// With -v it lists what runs each case.
func TestGoldenCasesAllHaveKernels(t *testing.T) {
	cases := goldentest.Cases(t)
	if len(cases) == 0 {
		t.Error("the manifest has no cases")
	}
	list, faults := coverage(cases, notOnDevice())
	for _, line := range list {
		t.Log(line)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
}

// coverage says for each case whether kernels run it, and what is wrong: a case
// that nothing runs and no reason excuses, or a reason for one that is not there
// or does run.
func coverage(cases []goldentest.Case, excused map[string]string) (list, faults []string) {
	seen := map[string]bool{}
	for _, c := range cases {
		reason, ok := excused[c.ID]
		seen[c.ID] = true
		switch run := goldenMechanisms[c.Mechanism] != nil; {
		case run && ok:
			faults = append(faults, fmt.Sprintf("%s runs, take its reason out of notOnDevice", c.ID))
		case run:
			list = append(list, c.ID+": runs")
		case ok && reason != "":
			list = append(list, c.ID+": does not run: "+reason)
		default:
			faults = append(faults, fmt.Sprintf("no kernel runs %s: add %s to goldenMechanisms, or a reason to notOnDevice", c.ID, c.Mechanism))
		}
	}
	for id := range excused {
		if !seen[id] {
			faults = append(faults, fmt.Sprintf("notOnDevice names %s, which is not in the manifest", id))
		}
	}
	slices.Sort(faults)
	return list, faults
}

func TestCoverageNoticesWhatIsLeftOut(t *testing.T) {
	cases := []goldentest.Case{{ID: "full-1", Mechanism: "full"}, {ID: "new-2", Mechanism: "new"}, {ID: "new-3", Mechanism: "new"}}
	for _, c := range []struct {
		name    string
		excused map[string]string
		faults  int
	}{
		{"cases of a new mechanism", nil, 2},
		{"one of them with a reason", map[string]string{"new-2": "a sum of scalars"}, 1},
		{"both", map[string]string{"new-2": "a sum of scalars", "new-3": "likewise"}, 0},
		{"a reason without words", map[string]string{"new-2": "", "new-3": "likewise"}, 1},
		{"a reason for a case that runs", map[string]string{"new-2": "x", "new-3": "x", "full-1": "x"}, 1},
		{"a reason for a case that is gone", map[string]string{"new-2": "x", "new-3": "x", "old-4": "x"}, 1},
	} {
		if list, faults := coverage(cases, c.excused); len(faults) != c.faults || len(list) == 0 {
			t.Errorf("%s: listed %q, faults %q, want %d", c.name, list, faults, c.faults)
		}
	}
}
