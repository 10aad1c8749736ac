package gpu

import (
	"math"
	"strings"
	"testing"
)

// chosenCase is a random choice over a cache, some of it a ring.
type chosenCase struct {
	name             string
	heads, kvHeads   int
	keyDim, valueDim int
	tokens, slots    int
	keys, turns      int
	group, parts     int // rows of a job go through group heads of each token
	cap              float64
}

func TestAttentionOverChosenKeysEqualsFloat64(t *testing.T) {
	d := openDevice(t, Options{})
	for _, c := range []chosenCase{
		{name: "one key", heads: 1, kvHeads: 1, keyDim: 4, valueDim: 4, tokens: 1, slots: 8, keys: 1, turns: 1, group: 1, parts: 1},
		{name: "a head a job", heads: 6, kvHeads: 2, keyDim: 20, valueDim: 36, tokens: 5, slots: 150, keys: 150, turns: 3, group: 1, parts: 1},
		{name: "a group a job, capped", heads: 9, kvHeads: 3, keyDim: 64, valueDim: 64, tokens: 7, slots: 200, keys: 200, turns: 2, group: 3, parts: 1, cap: 3},
		{name: "in parts, more than entries", heads: 4, kvHeads: 2, keyDim: 64, valueDim: 32, tokens: 1, slots: 100, keys: 100, turns: 2, group: 2, parts: 5},
		{name: "in a ring", heads: 2, kvHeads: 1, keyDim: 16, valueDim: 16, tokens: 3, slots: 90, keys: 130, turns: 1, group: 1, parts: 2},
	} {
		t.Run(c.name, func(t *testing.T) { testChosen(t, d, c) })
	}
}

func testChosen(t *testing.T, d *Device, c chosenCase) {
	r := source(c.name)
	rows := c.tokens * c.heads
	k, v := normal(r, c.keys*c.kvHeads*c.keyDim), normal(r, c.keys*c.kvHeads*c.valueDim)
	q := normal(r, c.turns*rows*c.keyDim)
	var jobs []ChosenJob
	for h := 0; h < c.heads; h += c.group {
		j := ChosenJob{Head: h / (c.heads / c.kvHeads), Row: h, Out: h, Rows: c.tokens * c.group}
		for at := max(0, c.keys-c.slots); at < c.keys; at += 64 {
			mask := r.Uint64() & r.Uint64() & (^uint64(0) >> max(0, 64-(c.keys-at)))
			if at == 0 {
				mask |= 1 // no row is without a key
			}
			j.Keys = append(j.Keys, ChosenKeys{at, mask, r.IntN(c.turns)})
		}
		jobs = append(jobs, j)
	}
	cache, err := d.NewCache(c.slots, c.kvHeads, c.keyDim, c.valueDim)
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.NewPartials(c.parts, rows, c.valueDim)
	if err != nil {
		t.Fatal(err)
	}
	choice, err := d.Choose(c.heads, c.group, c.kvHeads, jobs)
	if err != nil {
		t.Fatal(err)
	}
	s := d.Begin()
	storeAll(t, d, s, cache, k, v, c.keys)
	a := Attention{Scale: invSqrt(c.keyDim), Cap: c.cap, Parts: c.parts}
	s.AttendChosen(p, 0, input(t, d, q), rows, cache, choice, a)
	out, lse := output(t, d, rows*c.valueDim), output(t, d, rows)
	s.Merge(out, lse, p, c.parts)
	sums := make([]float32, rows)
	s.ReadFloats(lse, 0, sums)
	wantOut, wantLSE := chosenAttended(c, wide(q), wide(k), wide(v), jobs)
	near(t, "out", run(t, s, out, rows*c.valueDim), wantOut, 4)
	near(t, "lse", sums, wantLSE, 4)
}

// chosenAttended is the definition in float64.
func chosenAttended(c chosenCase, q, k, v []float64, jobs []ChosenJob) (out, lse []float64) {
	rows := c.tokens * c.heads
	out, lse = make([]float64, rows*c.valueDim), make([]float64, rows)
	for _, j := range jobs {
		for n := range j.Rows {
			row, sum := j.Row+n/c.group*c.heads+n%c.group, 0.0
			for _, e := range j.Keys {
				for i := range 64 {
					if e.Keys>>i&1 == 0 {
						continue
					}
					score, at := 0.0, (e.First+i)*c.kvHeads+j.Head
					for x := range c.keyDim {
						score += q[(e.Turn*rows+row)*c.keyDim+x] * k[at*c.keyDim+x]
					}
					if score *= invSqrt(c.keyDim); c.cap > 0 {
						score = c.cap * math.Tanh(score/c.cap)
					}
					w := math.Exp(score)
					sum += w
					for x := range c.valueDim {
						out[row*c.valueDim+x] += w * v[at*c.valueDim+x]
					}
				}
			}
			lse[row] = math.Log(sum)
			for x := range c.valueDim {
				out[row*c.valueDim+x] /= sum
			}
		}
	}
	return out, lse
}

// A job without a key leaves zeros, and nothing to merge.
func TestARowWithoutAKeyIsZero(t *testing.T) {
	d := openDevice(t, Options{})
	cache, err := d.NewCache(8, 1, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	choice, err := d.Choose(1, 1, 1, []ChosenJob{{Rows: 1, Keys: []ChosenKeys{{First: 3}}}})
	if err != nil {
		t.Fatal(err)
	}
	p := &Partials{Out: output(t, d, 4), LSE: output(t, d, 1), Parts: 1, Rows: 1, Dim: 4}
	s := d.Begin()
	s.AttendChosen(p, 0, input(t, d, []float32{1, 2, 3, 4}), 1, cache, choice, Attention{Scale: 1})
	out, lse := output(t, d, 4), output(t, d, 1)
	s.Merge(out, lse, p, 1)
	sum := make([]float32, 1)
	s.ReadFloats(lse, 0, sum)
	if got := run(t, s, out, 4); got[0] != 0 || got[3] != 0 || sum[0] != float32(Hidden) {
		t.Errorf("got %v, lse %v", got, sum)
	}
}

// Memory is not zeroed: a part that no job wrote may hold NaNs, with or without
// others that saw a key.
func TestMergeIgnoresWhatAnEmptyPartHolds(t *testing.T) {
	d := openDevice(t, Options{})
	nan, none := float32(math.NaN()), float32(Hidden)
	p := &Partials{Out: input(t, d, []float32{nan, nan, nan, nan, nan, nan, nan, nan, 1, 2, 3, 4, nan, nan, nan, nan}),
		LSE: input(t, d, []float32{none, none, 5, none}), Parts: 2, Rows: 2, Dim: 4}
	s, out, lse := d.Begin(), output(t, d, 8), output(t, d, 2)
	s.Merge(out, lse, p, 2)
	sum := make([]float32, 2)
	s.ReadFloats(lse, 0, sum)
	near(t, "out", run(t, s, out, 8), []float64{1, 2, 3, 4, 0, 0, 0, 0}, 0)
	if sum[0] != 5 || sum[1] != none {
		t.Errorf("lse %v", sum)
	}
}

func TestChoicesThatDoNotFitAreRefused(t *testing.T) {
	d := openDevice(t, Options{})
	for _, j := range []ChosenJob{{Rows: 0}, {Rows: 1, Head: 2}, {Rows: 1, Row: -1}, {Rows: 1, Keys: []ChosenKeys{{First: -1, Keys: 1}}}} {
		if _, err := d.Choose(4, 2, 2, []ChosenJob{j}); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", j, err)
		}
	}
	if _, err := d.Choose(4, 3, 2, nil); err == nil {
		t.Error("groups of 3 of 4 heads were taken")
	}
	cache, err := d.NewCache(8, 2, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.NewPartials(2, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	q := input(t, d, make([]float32, 16))
	for name, j := range map[string]ChosenJob{
		"a query beyond the rows": {Row: 4, Rows: 1}, "a result beyond the parts": {Out: 8, Rows: 1},
		"a turn that q has not": {Rows: 1, Keys: []ChosenKeys{{Keys: 1, Turn: 1}}},
	} {
		choice, err := d.Choose(4, 1, 2, []ChosenJob{j})
		if err != nil {
			t.Fatal(err)
		}
		s := d.Begin()
		s.AttendChosen(p, 0, q, 4, cache, choice, Attention{Scale: 1})
		if s.Submit() == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for name, op := range map[string]func(*Step){
		"a part too many":       func(s *Step) { s.Merge(q, q, p, 3) },
		"rows of another shape": func(s *Step) { s.AttendPart(p, 0, q, cache, Attention{Heads: 2, Scale: 1}, 1) },
		"more sums than keys":   func(s *Step) { s.ColumnSums(q, q, q, cache, Attention{Heads: 1, Scale: 1}, 1, 9) },
		"chunks of values of 2": func(s *Step) {
			s.KDAChunks(q, q, q, q, q, q, q, nil, DeltaAttention{Heads: 1, KeyDim: 4, ValueDim: 2}, 1)
		},
		"no taps":             func(s *Step) { s.conv(q, q, q, q, 1, 4, 0) },
		"a head of 6 for kda": func(s *Step) { s.KDA(q, q, q, q, q, q, q, DeltaAttention{Heads: 1, KeyDim: 6, ValueDim: 2}, 1) },
	} {
		s := d.Begin()
		op(s)
		if s.Submit() == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
