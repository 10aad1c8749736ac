package report

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheTradeoffStandsOnThePageAndInMarkdown(t *testing.T) {
	t.Chdir(t.TempDir())
	r := build(t, mechanisms(t)...)
	page := pageOf(t, r)
	var titles, texts []string
	for _, e := range elements(t, page) {
		switch e.Name.Local {
		case "title":
			titles = append(titles, e.text.String())
		case "text", "td", "small", "h3", "figcaption":
			texts = append(texts, e.text.String())
		}
	}
	for _, want := range []string{
		"sliding: 77.8 % (72.2–83.3), 200 tokens/s", "full: 100.0 % (100.0–100.0), 4 MiB", "h2o, 50%: −100.0 (−100.0 to −100.0)",
	} {
		if !slices.Contains(titles, want) {
			t.Errorf("no mark is called %q: %q", want, titles)
		}
	}
	for _, want := range []string{
		"What each attention costs and gains", "Accuracy against decoding speed", "Accuracy against KV memory", "(← better) KV cache of an answer, MiB",
		"sliding:window=64,sinks=4,remap=true", "decoding, prefill, KV memory", "not paired: no sample in common (90 in the base, 90 in the candidate): run both with the same --tasks, --limit and --lengths",
	} {
		if !slices.ContainsFunc(texts, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("%q isn't on the page", want)
		}
	}
	for _, want := range []string{`<p class="hint" id="b0-gain0-columns">Accuracy in percent`, `aria-labelledby="b0-gain0-columns"`, `<td class="cost">`} {
		if !strings.Contains(page, want) {
			t.Errorf("%s isn't on the page: a narrow screen cuts what stands inside a wide table", want)
		}
	}
	var md bytes.Buffer
	must(t, r.WriteMarkdown(&md))
	for _, want := range []string{"## What each attention costs and gains", "### Difference to full along each axis", "| depth 50%", "2,000 2×", "1 MiB 0.25×"} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("%q isn't in the Markdown:\n%s", want, md.String())
		}
	}
}

// What a manifest says of a mechanism is text.
func TestPlantedMechanismsAreText(t *testing.T) {
	t.Chdir(t.TempDir())
	for i, name := range []string{"full", `<script>document.title="pwned"</script>`, `"><img src=x onerror="1">`} {
		fixture{dir: fmt.Sprint(i), spec: "local:tiny", attention: name, lengths: []int{1000, 2000}, documents: 2, outcome: counted(1000, float64(100+i), 1<<20)}.write(t)
	}
	r := build(t, "0", "1", "2")
	page := pageOf(t, r)
	var md bytes.Buffer
	must(t, r.WriteMarkdown(&md))
	bare := strings.ReplaceAll(md.String(), `\<`, "") // escaped ones are text
	for _, bad := range []string{"<script>document", "<img"} {
		if strings.Contains(page, bad) || strings.Contains(bare, bad) {
			t.Errorf("%q stands as it is", bad)
		}
	}
	if !strings.Contains(page, "&lt;script&gt;document") {
		t.Error("the planted name isn't on the page: the test says nothing")
	}
}

// Ticks are a few round values on the scale, and places keep the values' order.
func TestScales(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := math.Exp(rapid.Float64Range(-5, 14).Draw(t, "ln low"))
		high := low * math.Exp(rapid.Float64Range(0, 9).Draw(t, "ln ratio"))
		s := newPositive(low, high, 40, 400)
		ticks := s.ticks()
		if len(ticks) < 2 || len(ticks) > 9 || !slices.IsSorted(ticks) {
			t.Fatalf("%g to %g: ticks %v", low, high, ticks)
		}
		for _, v := range append(ticks, low, high) {
			if at := s.at(v); !(at >= 40 && at <= 400) {
				t.Fatalf("%g to %g: %g stands at %g", low, high, v, at)
			}
		}
		if s.at(low) > s.at(high) {
			t.Fatalf("%g stands behind %g", low, high)
		}
	})
}

// Names of mechanisms that aren't crowded touch neither one another nor a mark.
func TestNamesStandApart(t *testing.T) {
	c := scatter{Left: 44, Right: 430, Top: 12, Bottom: 272}
	for i, name := range []string{"full", "sliding", "longheads:chunk=256", "longheads:chunk=64", "squeezed", "snapkv"} {
		x, y := float64(60+60*i), float64(30+90*(i%3))
		c.Dots = append(c.Dots, dot{Name: name, Mark: mark{X: x, Y: y}})
		c.lines = append(c.lines, box{x - 3, y - 20, x + 3, y + 20})
	}
	c.placeLabels()
	inside := box{0, 0, 440, 280}
	for i, a := range c.Dots {
		own := a.of(a.Name)
		if own.outside(inside) > 0 {
			t.Errorf("%s stands outside: %+v", a.Name, own)
		}
		for k, b := range c.Dots {
			if i != k && own.overlap(b.of(b.Name)) > 0 {
				t.Errorf("%s and %s run into one another", a.Name, b.Name)
			}
			if own.overlap(box{b.Mark.X - 4, b.Mark.Y - 4, b.Mark.X + 4, b.Mark.Y + 4}) > 0 {
				t.Errorf("%s covers the mark of %s", a.Name, b.Name)
			}
		}
	}
}
