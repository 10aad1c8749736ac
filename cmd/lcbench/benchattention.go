package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel/attention"
	attentions "github.com/lcbench/lcbench/localmodel/attention/all"
	"github.com/lcbench/lcbench/localmodel/attention/landmark"
	"github.com/lcbench/lcbench/localmodel/attention/measure"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

func shapeFlag() cli.Flag {
	return &cli.StringFlag{Name: "shape", Value: "heads=9,kv-heads=3,dim=64", Usage: "comparing mechanisms: query heads, kv heads and channels of a head (default: SmolLM2-135M's)"}
}

func benchAttentionCommand() *cli.Command {
	return &cli.Command{
		Name: "attention", Usage: "compare attention mechanisms' kernels at one layer", ArgsUsage: "[MECHANISM…]",
		Description: "Without names every mechanism is measured, on random keys and queries. Prefill:\n" +
			"all of a prompt, in chunks of 512; above --whole tokens some chunks are computed\n" +
			"and stand for all (~). Prepare: once, at the end of a document or prompt. Decode:\n" +
			"one token; keys: the share of them that its query heads attend to, measured, the\n" +
			"mean. GFLOP and MB: by formula, of the prompt and read for a token. KV: held\n" +
			"behind the prompt, measured, and beside the formula.\n\n" +
			"Random keys have no structure: squeezed, whose threshold is set on the mean of\n" +
			"many queries, reads far more of them for one than it is asked to keep, unless\n" +
			"step=each.\n\n" +
			"With --device gpu those mechanisms that run there: prompts are computed whole,\n" +
			"each pass is waited for, keys aren't counted, KV is what the device holds, scratch\n" +
			"memory included.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "lengths", Value: cli.NewStringSlice("1k", "4k", "16k"), Usage: "prompt lengths in tokens"},
			shapeFlag(),
			&cli.IntFlag{Name: "whole", Value: 16000, Usage: "compute prompts whole up to so many tokens"},
			&cli.StringFlag{Name: "device", Value: "cpu", Usage: "cpu or gpu"},
			&cli.StringFlag{Name: "kv-type", Value: "f16", Usage: "KV cache in f16, f32 or q8"},
			&cli.IntFlag{Name: "threads", Usage: "threads (default: every core)"},
			&cli.StringFlag{Name: "simd", Usage: "plain, avx2, avx512 or vnni (default: the best there is)"},
			&cli.Float64Flag{Name: "sgemm", Usage: "GFLOP/s that a peer's sgemm reaches here, to show full attention beside it"},
			&cli.BoolFlag{Name: "json", Usage: "one JSON object a measurement instead of the table"},
		},
		Action: func(c *cli.Context) error {
			var list []string
			for _, arg := range c.Args().Slice() {
				list = append(list, attentions.Split(arg)...)
			}
			if len(list) == 0 {
				list = []string{everything}
			}
			return benchAttention(c, list)
		},
	}
}

// measured is one line of the comparison.
type measured struct {
	Attention string `json:"attention"`
	Device    string `json:"device,omitempty"` // the adapter's name; "": the CPU
	measure.Times
	Formula *attentions.Cost `json:"formula"` // null where there is none
	// OfFull are shares of full attention's times at the same length.
	OfFull ofFull `json:"of_full"`
}

type ofFull struct {
	Prefill float64 `json:"prefill"` // with Prepare
	Decode  float64 `json:"decode"`
	KV      float64 `json:"kv"`
}

// benchAttention compares mechanisms; full attention is measured with them,
// named or not.
func benchAttention(c *cli.Context, specs []string) error {
	switch d := c.String("device"); d {
	case "", "auto", "cpu":
	case "gpu":
		return benchOnDevice(c, specs)
	default:
		return usagef("--device %s: want cpu or gpu", d)
	}
	mechanisms, err := benchMechanisms(specs)
	if err != nil {
		return err
	}
	shape, err := parseShape(c.String("shape"))
	if err != nil {
		return usage(err)
	}
	lengths, err := benchLengths(c, specs, 1000, 4000, 16000)
	if err != nil {
		return err
	}
	k, kv, err := benchKernels(c)
	if err != nil {
		return usage(err)
	}
	defer k.Close()
	whole := 16000
	if c.IsSet("whole") {
		whole = c.Int("whole")
	}
	t := &comparison{out: c.App.Writer, layer: shape.Layer(kv), json: c.Bool("json"), labels: labels(mechanisms)}
	t.title(shape, k, kv)
	for _, n := range lengths {
		for _, m := range mechanisms {
			times, err := measure.Run(c.Context, k, m, benchLayer(m, t.layer), n, measure.Options{Whole: whole})
			if err != nil {
				return err
			}
			if err := t.add(m, times); err != nil {
				return err
			}
			debug.FreeOSMemory()
		}
	}
	if t.json {
		return nil
	}
	return t.targets(c, k, lengths)
}

// benchLengths reads --lengths. A mechanism that is named has to have something to
// choose in the longest one.
func benchLengths(c *cli.Context, specs []string, lengths ...int) ([]int, error) {
	var err error
	if c.IsSet("lengths") {
		if lengths, err = parseLengths(splitWords(c.StringSlice("lengths"))); err != nil {
			return nil, usage(err)
		}
	}
	for _, spec := range specs {
		if spec == everything {
			continue
		}
		m, err := parseAttention(spec)
		if err != nil {
			return nil, err
		}
		if err := checkDivides(spec, m, lengths); err != nil {
			return nil, err
		}
	}
	return lengths, nil
}

// benchMechanisms reads the names; "all" are all that run without weights of
// their own or can be given some, at a tenth of the keys where that is a
// parameter.
func benchMechanisms(specs []string) ([]attention.Mechanism, error) {
	if slices.Equal(specs, []string{everything}) {
		specs = nil
		for _, e := range attentions.List() {
			specs = append(append(specs, e.Name), variants()[e.Name]...)
		}
	} else if slices.Contains(specs, everything) {
		return nil, usagef("%s stands for every mechanism: leave out the others", everything)
	}
	list, err := parseAttentions(specs)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, func(m attention.Mechanism) bool { return m.String() == "full" }); i != 0 {
		if i > 0 {
			list = slices.Delete(list, i, i+1)
		}
		full, err := parseAttention("full")
		if err != nil {
			return nil, err
		}
		list = slices.Insert(list, 0, full)
	}
	return list, nil
}

// variants are forms of mechanisms that cost something else to decode, measured
// beside the usual ones.
func variants() map[string][]string {
	return map[string][]string{
		"longheads": {"longheads:share=group"},
		"squeezed":  {"squeezed:step=each", "squeezed:share=group,step=each"},
	}
}

// benchLayer is the layer as a mechanism wants it: one that needs weights
// trained for it is told that these were.
func benchLayer(m attention.Mechanism, l attention.Layer) attention.Layer {
	if m, ok := m.(landmark.Landmark); ok {
		l.Landmark = m.Block
	}
	return l
}

func parseShape(text string) (measure.Shape, error) {
	s := measure.Shape{Heads: 9, KVHeads: 3, Dim: 64}
	pairs, err := parsePairs("shape", text)
	if err != nil {
		return s, err
	}
	fields := map[string]*int{"heads": &s.Heads, "kv-heads": &s.KVHeads, "dim": &s.Dim}
	for _, p := range pairs {
		to, ok := fields[p.key]
		if !ok {
			return s, fmt.Errorf("--shape: no %s%s: want heads, kv-heads and dim", p.key, benchmarks.DidYouMean(p.key, []string{"heads", "kv-heads", "dim"}))
		}
		if *to, err = strconv.Atoi(p.value); err != nil {
			return s, fmt.Errorf("--shape: %s=%s: want a whole number", p.key, p.value)
		}
	}
	if err := s.Check(); err != nil {
		return s, fmt.Errorf("--shape: %w", err)
	}
	return s, nil
}

func benchKernels(c *cli.Context) (*cpu.Kernels, cpu.KVType, error) {
	level, kv := cpu.Best(), cpu.F16
	var err error
	if text := c.String("simd"); text != "" {
		if level, err = cpu.ParseLevel(text); err != nil {
			return nil, kv, err
		}
	}
	switch text := c.String("kv-type"); strings.ToLower(text) {
	case "", "f16":
	case "f32":
		kv = cpu.F32
	case "q8":
		kv = cpu.Q8
	default:
		return nil, kv, fmt.Errorf("KV cache type %q: want f16, f32 or q8", text)
	}
	threads := c.Int("threads")
	if threads < 0 {
		return nil, kv, fmt.Errorf("--threads %d: want 1 or more", threads)
	}
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	return cpu.New(level, threads), kv, nil
}

// comparison is the table while it is printed.
type comparison struct {
	out    io.Writer
	layer  attention.Layer
	json   bool
	device string // the adapter's name; "": the CPU
	lines  []measured
	labels map[string]string // of lines, by the mechanism
}

// labels names mechanisms in the table, by their String: those of one name by the
// parameters that set them apart.
func labels(list []attention.Mechanism) map[string]string {
	out, common := map[string]string{}, map[string]map[string]int{}
	for _, m := range list {
		name, given, _ := strings.Cut(m.String(), ":")
		if common[name] == nil {
			common[name] = map[string]int{}
		}
		common[name][""]++ // mechanisms of the name
		for pair := range strings.SplitSeq(given, ",") {
			common[name][pair]++
		}
	}
	for _, m := range list {
		name, given, _ := strings.Cut(m.String(), ":")
		label, of := name, common[name]
		for pair := range strings.SplitSeq(given, ",") {
			if pair != "" && of[pair] < of[""] {
				label += " " + pair
			}
		}
		out[m.String()] = label
	}
	return out
}

func (t *comparison) title(s measure.Shape, k *cpu.Kernels, kv cpu.KVType) {
	if t.json {
		return
	}
	fmt.Fprintf(t.out, "one layer of %d heads over %d kv heads of %d, cpu %s, %d threads, KV cache %s\n", s.Heads, s.KVHeads, s.Dim, k.Level(), k.Threads(), kv)
}

// at is what a mechanism came to at a length.
func (t *comparison) at(name string, n int) (measured, bool) {
	i := slices.IndexFunc(t.lines, func(l measured) bool { return l.N == n && family(l.Attention) == name })
	if i < 0 {
		return measured{}, false
	}
	return t.lines[i], true
}

func family(spec string) string {
	name, _, _ := strings.Cut(spec, ":")
	return name
}

// add prints one measurement beside full attention at the same length, which
// comes first.
func (t *comparison) add(m attention.Mechanism, times measure.Times) error {
	line := measured{Attention: m.String(), Device: t.device, Times: times}
	if cost, ok := attentions.CostOf(m, t.layer, times.N); ok {
		line.Formula = &cost
	}
	base := line
	if full, ok := t.at("full", times.N); ok {
		base = full
	}
	line.OfFull = ofFull{
		(times.Prefill + times.Prepare) / (base.Prefill + base.Prepare), times.Decode / base.Decode,
		float64(times.KVBytes) / float64(base.KVBytes),
	}
	t.lines = append(t.lines, line)
	if t.json {
		return json.NewEncoder(t.out).Encode(line)
	}
	return t.print(line)
}

// labelWidth is the first column's.
const labelWidth = 10

func (t *comparison) print(l measured) error {
	if l.Attention == "full" {
		fmt.Fprintf(t.out, "\n%-11s%9s%8s%9s%8s%8s%6s%6s%6s%8s\n", benchmarks.FormatTokens(l.N), "prefill", "prepare", "last 512", "GFLOP", "decode", "keys", "MB", "KV MB", "formula")
	}
	mark := ""
	if l.Sampled {
		mark = "~"
	}
	gflop, read, kv := "–", "–", "–"
	if f := l.Formula; f != nil {
		gflop = figure((f.PrefillFLOP + f.PrepareFLOP) / 1e9)
		read = figure(f.DecodeBytes / 1e6)
		if l.Device == "" { // on a device scratch memory counts, of which no formula knows
			kv = fmt.Sprintf("%+.1f%%", 100*(float64(l.KVBytes)/f.KVBytes-1))
		}
	}
	name := t.labels[l.Attention]
	if utf8.RuneCountInString(name) > labelWidth { // on a line of its own
		fmt.Fprintln(t.out, name)
		name = ""
	}
	_, err := fmt.Fprintf(t.out, "%-11s%9s%8s%9s%8s%8s%6s%6s%6s%8s\n", name,
		mark+brief(l.Prefill), orDash(l.Prepare), brief(l.LastChunk), gflop, brief(l.Decode), keysRead(l.KeysRead), read, figure(float64(l.KVBytes)/1e6), kv)
	if err != nil || l.Attention == "full" {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%-11s%8.2f×%25s%7.2f×%12s%5.2f×\n", "  of full", l.OfFull.Prefill, "", l.OfFull.Decode, "", l.OfFull.KV)
	return err
}

// figure prints three digits, all that stand ahead of the point, and no more than
// three behind it.
func figure(x float64) string {
	switch {
	case x >= 999.5:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x < 0.1:
		return strconv.FormatFloat(x, 'f', 3, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// keysRead prints the share of the keys that a step read, where that is known.
func keysRead(share float64) string {
	switch percent := 100 * share; {
	case share == 0:
		return "–"
	case percent < 1:
		return fmt.Sprintf("%.2f%%", percent)
	default:
		return fmt.Sprintf("%.3g%%", percent)
	}
}

// brief prints seconds in the unit that suits.
func brief(seconds float64) string {
	switch {
	case seconds < 1e-3:
		return fmt.Sprintf("%.0f µs", seconds*1e6)
	case seconds < 1:
		return figure(seconds*1e3) + " ms"
	}
	return figure(seconds) + " s"
}

func orDash(seconds float64) string {
	if seconds < 1e-5 {
		return "–"
	}
	return brief(seconds)
}
