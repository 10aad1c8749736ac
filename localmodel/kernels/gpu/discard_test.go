package gpu

import "testing"

// A buffer that is released while a step is recorded that reads it lives until
// the step is done, its bind groups too.
func TestBuffersReleasedWhileAStepIsRecordedLiveUntilItIsDone(t *testing.T) {
	d := openDevice(t, Options{})
	x, out := input(t, d, []float32{1, 2, 3, 4}), output(t, d, 4)
	s := d.Begin()
	s.Copy(out, 1, x, 0, 3)
	s.Copy(out, 0, x, 3, 1)
	x.Release()
	if len(d.discarded) == 0 {
		t.Error("it is gone already")
	}
	got := run(t, s, out, 4)
	for i, want := range []float32{4, 1, 2, 3} {
		if got[i] != want {
			t.Errorf("value %d is %g, want %g", i, got[i], want)
		}
	}
	if len(d.discarded) != 0 {
		t.Errorf("%d things are kept for good", len(d.discarded))
	}
}

// The last rows of a sequence come in their order, however they came in.
func TestTheTailOfASequenceIsInOrder(t *testing.T) {
	d := openDevice(t, Options{})
	const rows, width = 5, 3
	for _, pieces := range [][]int{{1, 1, 1, 1, 1, 1, 1}, {7}, {4, 9, 2}, {3}, {13, 1}, {5, 5}} {
		tail, err := d.NewTail(rows, width)
		if err != nil {
			t.Fatal(err)
		}
		pos := 0
		s := d.Begin()
		for _, n := range pieces {
			x := make([]float32, n*width)
			for i := range x {
				x[i] = float32(pos*width + i)
			}
			s.Note(tail, input(t, d, x), pos, n)
			pos += n
		}
		last := min(rows, pos)
		out := output(t, d, last*width)
		s.Last(out, tail, pos, last)
		for i, v := range run(t, s, out, last*width) {
			if want := float32((pos-last)*width + i); v != want {
				t.Errorf("%v: value %d is %g, want %g", pieces, i, v, want)
			}
		}
		tail.Release()
	}
}
