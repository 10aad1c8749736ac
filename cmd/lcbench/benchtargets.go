package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/longheads"
	"github.com/lcbench/lcbench/localmodel/attention/measure"
	"github.com/lcbench/lcbench/localmodel/attention/squeezed"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// What the mechanisms are held to. A figure is a target's only where the lengths
// that it speaks of were measured.
const (
	mostGrowth   = 4.5  // of sliding's time from one length to four times it, from 16k on
	leastSpeedup = 4    // of decoding at a tenth of the keys, at 64k
	mostShared   = 1.3  // of 16 questions on a document, against one
	mostKVError  = 0.05 // of KV bytes from the formula
	leastRate    = 0.7  // of a peer's sgemm
)

const (
	sharedDocument  = 8000
	sharedQuestions = 16
	questionLength  = 32
)

// targets prints the comparison's figures beside what is wanted of them.
func (t *comparison) targets(c *cli.Context, k *cpu.Kernels, lengths []int) error {
	fmt.Fprintln(t.out)
	longest := lengths[len(lengths)-1]
	t.growth(lengths)
	if longest >= 64000 {
		if err := t.speedups(c.Context, k, longest); err != nil {
			return err
		}
	}
	t.kvErrors()
	if longest >= sharedDocument {
		all, one, err := measure.Shared(c.Context, k, full.Full{}, t.layer, sharedDocument, sharedQuestions, questionLength)
		if err != nil {
			return err
		}
		t.target(all <= mostShared*one, "%d questions of %d tokens on one document of %s: %.3f × one (want ≤ %g ×)",
			sharedQuestions, questionLength, benchmarks.FormatTokens(sharedDocument), all/one, mostShared)
	}
	t.rate(c.Float64("sgemm"))
	return nil
}

func (t *comparison) target(met bool, format string, args ...any) {
	mark := "met   "
	if !met {
		mark = "MISSED"
	}
	fmt.Fprintf(t.out, "%s  %s\n", mark, fmt.Sprintf(format, args...))
}

// growth is how sliding's time grows over a factor of four.
func (t *comparison) growth(lengths []int) {
	for _, n := range lengths {
		if n < 16000 || !slices.Contains(lengths, 4*n) {
			continue
		}
		short, ok := t.at("sliding", n)
		long, also := t.at("sliding", 4*n)
		if ok && also {
			growth := long.Prefill / short.Prefill
			t.target(growth <= mostGrowth, "sliding: a prompt of %s takes %.2f × one of %s (want ≤ %g ×)", benchmarks.FormatTokens(4*n), growth, benchmarks.FormatTokens(n), mostGrowth)
		}
	}
}

// speedups are those of decoding behind n tokens of which a tenth is seen, by
// heads that choose for themselves and by groups that choose together.
func (t *comparison) speedups(ctx context.Context, k *cpu.Kernels, n int) error {
	base, ok := t.at("full", n)
	if !ok {
		return nil
	}
	say := func(name string, decode float64) {
		speedup := base.Decode / decode
		t.target(speedup >= leastSpeedup, "%s: decode behind %s is %.2f × as fast as full's (want ≥ %d ×)", name, benchmarks.FormatTokens(n), speedup, leastSpeedup)
	}
	var others []attention.Mechanism
	if s, ok := t.at("squeezed", n); ok {
		say(s.Attention, s.Decode)
		// By a threshold of its own a step keeps a tenth indeed.
		m := squeezed.Squeezed{Keep: 0.1, Clusters: 0.05, Levels: 1, Rounds: 1, Each: true}
		together := m
		together.Group = true
		others = append(others, m, together)
	}
	if _, ok := t.at("longheads", n); ok {
		m := longheads.LongHeads{Chunk: 256, TopK: (n/10 + 255) / 256}
		together := m
		together.Group = true
		others = append(others, m, together)
	}
	for _, m := range others {
		times, err := measure.Run(ctx, k, m, t.layer, n, measure.Options{Whole: 1})
		if err != nil {
			return err
		}
		say(m.String(), times.Decode)
	}
	return nil
}

// kvErrors names the lines whose KV bytes are not the formula's.
func (t *comparison) kvErrors() {
	within, of := 0, 0
	var off []measured
	for _, l := range t.lines {
		if l.Formula == nil {
			continue
		}
		of++
		if e := float64(l.KVBytes)/l.Formula.KVBytes - 1; e > mostKVError || e < -mostKVError {
			off = append(off, l)
		} else {
			within++
		}
	}
	t.target(within == of, "KV bytes: %d of %d within %g%% of the formula", within, of, 100*mostKVError)
	for _, l := range off {
		fmt.Fprintf(t.out, "          %s at %s: %d bytes, by formula %.0f\n", t.labels[l.Attention], benchmarks.FormatTokens(l.N), l.KVBytes, l.Formula.KVBytes)
	}
}

// rate is full attention's in the longest prompt that was computed whole, in FLOP
// by the formula, and that of a peer's matrix product.
func (t *comparison) rate(sgemm float64) {
	best := -1
	for i, l := range t.lines {
		if family(l.Attention) == "full" && !l.Sampled {
			best = i
		}
	}
	if best < 0 {
		return
	}
	l := t.lines[best]
	rate := l.Formula.PrefillFLOP / l.Prefill / 1e9
	if sgemm <= 0 {
		fmt.Fprintf(t.out, "        full: %.1f GFLOP/s over a prompt of %s\n", rate, benchmarks.FormatTokens(l.N))
		return
	}
	t.target(rate >= leastRate*sgemm, "full: %.1f GFLOP/s over a prompt of %s, %.0f%% of sgemm's %.1f (want ≥ %.0f%%)", rate, benchmarks.FormatTokens(l.N), 100*rate/sgemm, sgemm, 100*leastRate)
}
