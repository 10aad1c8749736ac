package rope_test

import (
	"testing"

	"github.com/lcbench/lcbench/localmodel/rope"
)

// Whatever is typed is refused, or is a scaling with numbers that it can work
// with and a name that reads as the same again.
func FuzzParse(f *testing.F) {
	for _, e := range rope.List() {
		f.Add(e.Name)
		f.Add(e.Usage)
	}
	f.Add("yarn:factor=4,original=2048,beta-fast=32,beta-slow=1,form=paper,amplitude=1.1")
	f.Add("pi:factor=NaN")
	f.Add("llama3:low=4,high=4,factor=1e6")
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := rope.Parse(spec)
		if err != nil {
			return
		}
		if again, err := rope.Parse(s.String()); err != nil || again != s {
			t.Fatalf("%q is %s, read again %v (%v)", spec, s, again, err)
		}
		turns, amplitude := s.For(4096).Frequencies(1e4, 64, s.For(4096).Step(8192))
		for i, v := range turns {
			if !(v >= 0 && v <= 1) || !(amplitude > 0) {
				t.Fatalf("%q: pair %d turns by %g, times %g", spec, i, v, amplitude)
			}
		}
	})
}
