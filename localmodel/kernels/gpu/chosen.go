package gpu

import (
	"errors"
	"fmt"
	"math/bits"
)

// ChosenKeys are up to 64 keys in a row of a cache, of which some were chosen.
type ChosenKeys struct {
	First int    // position of the first
	Keys  uint64 // bit i: key First+i was chosen; it must be in the cache
	Turn  int    // which of the rows' queries meets them
}

// Those are keys of a cache by their positions, which ascend.
func Those(at []int) []ChosenKeys {
	var out []ChosenKeys
	for _, p := range at {
		if last := len(out) - 1; last < 0 || p-out[last].First >= 64 {
			out = append(out, ChosenKeys{First: p})
		}
		k := &out[len(out)-1]
		k.Keys |= 1 << (p - k.First)
	}
	return out
}

// Run appends keys from … to-1, which rows' queries of a turn meet.
func Run(list []ChosenKeys, from, to, turn int) []ChosenKeys {
	for ; from < to; from += 64 {
		list = append(list, ChosenKeys{First: from, Keys: ^uint64(0) >> max(0, 64-(to-from)), Turn: turn})
	}
	return list
}

// ChosenJob is attention of rows of one kv head over keys that were chosen for
// them alone. Row and Out are the first of its queries' rows and of its
// results'; the others follow in the order [tokens, Group] of [tokens, Heads].
type ChosenJob struct {
	Head, Row, Out, Rows int
	Keys                 []ChosenKeys
}

// Choice is a list of jobs on the device.
type Choice struct {
	// Heads are those of the queries' [tokens, Heads], of which a job has Group
	// of each token: 1, or those of a kv head.
	Heads, Group int

	jobs, entries *Buffer
	count, rows   int // jobs, rows of the largest
	kvHeads       int
	queries, outs int // rows that are read and written
	turns, keys   int // turns and positions that are read
}

// Choose uploads jobs for caches of kvHeads kv heads.
func (d *Device) Choose(heads, group, kvHeads int, jobs []ChosenJob) (*Choice, error) {
	return d.Rechoose(nil, heads, group, kvHeads, jobs)
}

// Rechoose is Choose into the memory of a choice that is not needed any more, or
// nil; where the new one is larger, and after an error, the old one is released.
func (d *Device) Rechoose(old *Choice, heads, group, kvHeads int, jobs []ChosenJob) (c *Choice, err error) {
	if old == nil {
		old = &Choice{}
	}
	defer func() {
		if err != nil {
			old.Release()
		}
	}()
	c = &Choice{Heads: heads, Group: group, count: len(jobs), kvHeads: kvHeads}
	if heads <= 0 || group <= 0 || heads%group != 0 {
		return nil, fmt.Errorf("gpu: choice: groups of %d of %d heads", group, heads)
	}
	list, entries := make([]int32, 0, 8*len(jobs)), []int32{}
	for i, j := range jobs {
		if j.Head < 0 || j.Head >= kvHeads || min(j.Row, j.Out) < 0 || j.Rows <= 0 {
			return nil, fmt.Errorf("gpu: choice: job %d: %d rows from %d to %d, kv head %d of %d", i, j.Rows, j.Row, j.Out, j.Head, kvHeads)
		}
		from := len(entries) / 4
		for _, k := range j.Keys {
			if k.First < 0 || k.Turn < 0 {
				return nil, fmt.Errorf("gpu: choice: job %d: keys at %d, turn %d", i, k.First, k.Turn)
			}
			if k.Keys != 0 {
				entries = append(entries, int32(k.First), int32(uint32(k.Keys)), int32(uint32(k.Keys>>32)), int32(k.Turn))
				c.turns, c.keys = max(c.turns, k.Turn+1), max(c.keys, k.First+bits.Len64(k.Keys))
			}
		}
		list = append(list, int32(from), int32(len(entries)/4), int32(j.Head), int32(j.Rows), int32(j.Row), int32(j.Out), 0, 0)
		last := (j.Rows-1)/group*heads + (j.Rows-1)%group
		c.rows, c.queries, c.outs = max(c.rows, j.Rows), max(c.queries, j.Row+last+1), max(c.outs, j.Out+last+1)
	}
	jobsErr, entriesErr := d.refill(&c.jobs, old.jobs, "jobs", list), d.refill(&c.entries, old.entries, "chosen keys", entries)
	if err := errors.Join(jobsErr, entriesErr); err != nil {
		c.Release()
		return nil, err
	}
	return c, nil
}

// refill writes values to a buffer, the old one if they fit. A new one has room
// for more, so that a list that grows seldom needs another.
func (d *Device) refill(to **Buffer, old *Buffer, label string, values []int32) error {
	if *to = old; old == nil || uint64(4*len(values)) > old.size {
		old.Release()
		var err error
		if *to, err = d.NewBuffer(label, 1<<bits.Len(uint(len(values)))); err != nil {
			return err
		}
	}
	return (*to).WriteInts(0, values)
}

func (d *Device) ints(label string, values []int32) (*Buffer, error) {
	b, err := d.NewBuffer(label, len(values))
	if err != nil {
		return nil, err
	}
	if err := b.WriteInts(0, values); err != nil {
		b.Release()
		return nil, err
	}
	return b, nil
}

// Release gives the memory back.
func (c *Choice) Release() {
	if c != nil {
		c.jobs.Release()
		c.entries.Release()
	}
}

// AttendChosen computes softmax attention of each job over its chosen keys, all
// of them visible, into part number part of partials; with a.Parts, shares of
// every job's list go to as many parts from there on. q is [turns, turnRows,
// keyDim]. Of a only Scale, Cap and Parts count. A row without a key gets zeros
// and Hidden. Every key of a job is read once for all its rows, whole rows of
// the cache at a time. Source: ../shared/spec/attention.md §1, §4, §6.
func (s *Step) AttendChosen(to *Partials, part int, q *Buffer, turnRows int, c *Cache, ch *Choice, a Attention) {
	parts := max(1, a.Parts)
	switch {
	case ch.kvHeads != c.KVHeads:
		s.fail(fmt.Errorf("gpu: attend chosen: a choice for %d kv heads in a cache of %d", ch.kvHeads, c.KVHeads))
	case ch.queries > turnRows || part < 0 || (part+parts)*to.Rows > to.Parts*to.Rows || ch.outs > (to.Parts-part-parts+1)*to.Rows || to.Dim != c.ValDim:
		s.fail(fmt.Errorf("gpu: attend chosen: rows to %d of %d, results to %d of %d × %d of %d from part %d on",
			ch.queries, turnRows, ch.outs, to.Parts, to.Rows, to.Dim, part))
	}
	if ch.count == 0 || !s.wants("attend chosen", q, ch.turns*turnRows*c.KeyDim) ||
		!s.wants("attend chosen", to.Out, to.Parts*to.Rows*to.Dim) || !s.wants("attend chosen", to.LSE, to.Parts*to.Rows) {
		return
	}
	rows, lanes := shape(ch.rows, c.KeyDim, c.ValDim)
	v := variant{file: "chosen", access: "rrrrrww",
		fill: fill{KeyQuads: c.KeyDim / 4, ValueQuads: c.ValDim / 4, Rows: rows, Lanes: lanes}}
	p := words{uint32(ch.count), uint32(ch.Heads), uint32(ch.Group), uint32(c.KVHeads), uint32(c.Slots), uint32(parts),
		uint32(to.Rows), uint32(turnRows), f(a.Scale), f(a.Cap), uint32(part)}
	gx, gz := spread(ch.count)
	s.dispatch(v, p, gx, (ch.rows+rows-1)/rows*parts, gz, q, c.k, c.v, ch.jobs, ch.entries, to.Out, to.LSE)
}
