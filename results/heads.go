package results

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// RetrievalHead is the score above which a head counts as one that retrieves
// (arXiv 2404.15574).
const RetrievalHead = 0.1

// HeadScore is what one head did while needles were answered: means over the
// answers that were right.
type HeadScore struct {
	Layer int `json:"layer" parquet:"layer"`
	Head  int `json:"head" parquet:"head"`
	// Copying is the share of the needle's tokens that the head copied, in 0..1;
	// EveryStep counts each step at which it did, and may exceed 1.
	Copying   float64 `json:"copying" parquet:"copying"`
	EveryStep float64 `json:"copying_every_step" parquet:"copying_every_step"`
	// Mass is the attention on the evidence, in 0..1.
	Mass float64 `json:"evidence_mass" parquet:"evidence_mass"`
}

// Heads is what lcbench inspect heads found.
type Heads struct {
	Instrument string `json:"instrument"` // InstrumentHeads
	Model      string `json:"model"`
	// As Measured's; files of earlier versions have none of them.
	Attention string `json:"attention,omitempty"`
	Rope      string `json:"rope,omitempty"`
	Window    int    `json:"window,omitempty"` // tokens
	Benchmark string `json:"benchmark"`
	Builtin   bool   `json:"builtin"`
	// Asked counts the needles, Right those of them that were answered: the
	// figures are of these alone. Left counts samples that could not be asked.
	Asked int `json:"asked"`
	Right int `json:"right"`
	Left  int `json:"left_out"`
	// Even is the mean share of the evidence in the prompt's tokens: what
	// attention that falls evenly would put there.
	Even float64     `json:"even_mass"`
	List []HeadScore `json:"heads"` // by layer, then head
}

// Named is the model, with its attention and rope where they aren't the plain
// ones.
func (h Heads) Named() string {
	return Measured{Model: h.Model, Attention: cmp.Or(h.Attention, "full"), Rope: h.Rope, Window: h.Window}.named()
}

// WriteJSON writes the heads as one object.
func (h Heads) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(h)
}

// WriteParquet writes a row for each head.
func (h Heads) WriteParquet(w io.Writer) error {
	pq := parquet.NewGenericWriter[HeadScore](w, parquet.Compression(&parquet.Snappy))
	if _, err := pq.Write(h.List); err != nil {
		return err
	}
	return pq.Close()
}

// maxLayers is far above any model's.
const maxLayers = 4096

// check refuses figures that no measurement gives: every layer has its heads in
// order, and scores are no negative ones. A layer that has none is left out.
func (h *Heads) check() error {
	for i, s := range h.List {
		if !(s.Copying >= 0 && s.Copying <= 1) || !(s.Mass >= 0 && s.Mass <= 1.001) {
			return fmt.Errorf("head %d of layer %d copies %g with a mass of %g: want 0 to 1", s.Head, s.Layer, s.Copying, s.Mass)
		}
		layer, head := -1, 0
		if i > 0 {
			layer, head = h.List[i-1].Layer, h.List[i-1].Head
		}
		goesOn, first := s.Layer == layer && s.Head == head+1, s.Layer > layer && s.Head == 0
		if !goesOn && !first || s.Layer >= maxLayers {
			return fmt.Errorf("head %d of layer %d is out of order: want layer by layer, heads from 0", s.Head, s.Layer)
		}
	}
	return nil
}

// shades draw a score: blank from 0, then by quarters.
var shades = []string{"·", "░", "▒", "▓", "█"}

func shade(score float64) string {
	if score <= 0 {
		return shades[0]
	}
	return shades[min(4, 1+int(score*4))]
}

// WriteText draws the heads, layer by layer, and names the best top of them.
func (h Heads) WriteText(w io.Writer, top int) error {
	var b strings.Builder
	title(&b, "Retrieval heads of %s on %s", h.Named(), printable(h.Benchmark))
	if h.Builtin {
		b.WriteString("(built-in samples, not the benchmark's own data)\n")
	}
	left := ""
	switch {
	case h.Left == 1:
		left = "; 1 sample was left out"
	case h.Left > 1:
		left = "; " + grouped(h.Left) + " samples were left out"
	}
	title(&b, "%d of %d needles were answered; figures are of these%s.", h.Right, h.Asked, left)
	if h.Right == 0 {
		title(&b, "Nothing to be told of heads that answered nothing: try shorter --lengths, or another --tasks.")
		_, err := io.WriteString(w, b.String())
		return err
	}
	h.draw(&b)
	h.rank(&b, top)
	_, err := io.WriteString(w, b.String())
	return err
}

// draw shows every head's score, a line a layer.
func (h Heads) draw(b *strings.Builder) {
	b.WriteString("\nShare of the needle copied, by layer (down) and head (across):\n  · 0  ░ to 0.25  ▒ to 0.5  ▓ to 0.75  █ more\n\n")
	layer := -1
	for _, s := range h.List {
		if s.Layer != layer {
			if layer >= 0 {
				b.WriteByte('\n')
			}
			layer = s.Layer
			_, _ = fmt.Fprintf(b, "%5d  ", layer)
		}
		b.WriteString(shade(s.Copying))
	}
	b.WriteString("\n\n")
}

// rank names the heads that copy most.
func (h Heads) rank(b *strings.Builder, top int) {
	ranked := slices.Clone(h.List)
	slices.SortStableFunc(ranked, func(a, b HeadScore) int { return cmp.Compare(b.Copying, a.Copying) })
	above := 0
	for _, s := range ranked {
		if s.Copying > RetrievalHead {
			above++
		}
	}
	_, _ = fmt.Fprintf(b, "%d of %d heads copy more than %g.\n\n", above, len(ranked), RetrievalHead)
	b.WriteString("Layer  Head  Copied  Every step  On the evidence\n" + strings.Repeat("─", 48) + "\n")
	for _, s := range ranked[:min(top, len(ranked))] {
		if s.Copying > 0 {
			_, _ = fmt.Fprintf(b, "%5d %5d  %6.3f  %10.3f  %14.1f%%\n", s.Layer, s.Head, s.Copying, s.EveryStep, 100*s.Mass)
		}
	}
	_, _ = fmt.Fprintf(b, "\nAttention that falls evenly would put %.1f%% on the evidence.\n", 100*h.Even)
}
