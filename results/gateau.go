package results

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// GateauSegment is one of the pieces into which a context was cut.
type GateauSegment struct {
	// NLL is the answer's mean negative log-likelihood given the segment alone, in
	// nats a token; Importance its share, by a softmax of minus the perplexity.
	NLL        float64 `json:"nll" parquet:"nll"`
	Importance float64 `json:"importance" parquet:"importance"`
	// Mass is the attention that the answer pays to the segment, in 0..1: the mean
	// over layers, heads and tokens.
	Mass float64 `json:"attention_mass" parquet:"attention_mass"`
}

// GateauSample is one sample's scores. What was not measured is null.
type GateauSample struct {
	ID           string   `json:"id" parquet:"id"`
	Task         string   `json:"task" parquet:"task,dict"`
	Document     string   `json:"document,omitempty" parquet:"document,optional"`
	Length       int      `json:"length" parquet:"length"` // as LikelihoodSample's
	Depth        *float64 `json:"depth" parquet:"depth"`
	PromptTokens int      `json:"prompt_tokens" parquet:"prompt_tokens"`
	AnswerTokens int      `json:"answer_tokens" parquet:"answer_tokens"`
	// NLL is the reference answer's mean negative log-likelihood under the model,
	// in nats a token, AgainstNLL under the one that it is set against; AgainstCut
	// counts the prompt's tokens that were cut to fit that one's window. Gap is
	// AgainstNLL − NLL.
	NLL        float64  `json:"nll" parquet:"nll"`
	AgainstNLL *float64 `json:"against_nll" parquet:"against_nll"`
	AgainstCut int      `json:"against_cut_tokens" parquet:"against_cut_tokens"`
	Gap        *float64 `json:"gap" parquet:"gap"`
	// Share and AgainstShare are the sample's shares of the perplexities, by a
	// softmax over the samples; Guidance is AgainstShare − Share (HMG).
	Share        *float64 `json:"share" parquet:"share"`
	AgainstShare *float64 `json:"against_share" parquet:"against_share"`
	Guidance     *float64 `json:"guidance" parquet:"guidance"`
	// Awareness is the cosine of importance and attention over the segments (CAM),
	// attention through a softmax; Sharp is the cosine with the masses themselves.
	Awareness *float64        `json:"awareness" parquet:"awareness"`
	Sharp     *float64        `json:"awareness_sharp" parquet:"awareness_sharp"`
	Segments  []GateauSegment `json:"segments,omitempty" parquet:"segments,list"`
}

// Gateau is what lcbench inspect gateau found (arXiv 2410.15633).
type Gateau struct {
	Instrument string `json:"instrument"` // InstrumentGateau
	Measured
	// Against is the model that sees less; null: none was named.
	Against   *Measured `json:"against"`
	Benchmark string    `json:"benchmark"`
	Builtin   bool      `json:"builtin"`
	Tokenizer string    `json:"tokenizer"`
	// Segment is the length of a segment, in tokens.
	Segment int `json:"segment_tokens"`
	// NoAwareness says why attention wasn't watched; empty: it was.
	NoAwareness string `json:"no_awareness,omitempty"`
	OwnLengths  bool   `json:"own_lengths"`
	// Left counts samples that could not be asked.
	Left int            `json:"left_out"`
	List []GateauSample `json:"samples"`
	// Means over the samples: of Gap in nats a token, of Awareness and of Sharp.
	Gap       Mean `json:"gap"`
	Awareness Mean `json:"awareness"`
	Sharp     Mean `json:"awareness_sharp"`
}

// Summarise works out the means from the samples.
func (g *Gateau) Summarise() {
	g.Instrument = InstrumentGateau
	of := func(name string, figure func(GateauSample) *float64) Mean {
		var list []figureOf
		for _, s := range g.List {
			if v := figure(s); v != nil {
				list = append(list, figureOf{*v, s.Document})
			}
		}
		return meanOf(list, "gateau\x00"+name)
	}
	g.Gap = of("gap", func(s GateauSample) *float64 { return s.Gap })
	g.Awareness = of("awareness", func(s GateauSample) *float64 { return s.Awareness })
	g.Sharp = of("sharp", func(s GateauSample) *float64 { return s.Sharp })
}

// check refuses figures that no measurement gives.
func (g *Gateau) check() error {
	for _, s := range g.List {
		for _, f := range []struct {
			name      string
			value     *float64
			low, high float64
		}{
			{"nll", &s.NLL, 0, math.MaxFloat64}, {"against_nll", s.AgainstNLL, 0, math.MaxFloat64}, {"guidance", s.Guidance, -1, 1},
			{"awareness", s.Awareness, -1, 1}, {"awareness_sharp", s.Sharp, -1, 1},
		} {
			if f.value != nil && !(*f.value >= f.low && *f.value <= f.high) {
				return fmt.Errorf("sample %s: field %q is %g: want %g to %g", strconv.Quote(s.ID), f.name, *f.value, f.low, f.high)
			}
		}
	}
	g.Summarise()
	return nil
}

// WriteJSON writes all of it as one object.
func (g Gateau) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(g)
}

// WriteParquet writes a row for each sample, its segments within.
func (g Gateau) WriteParquet(w io.Writer) error {
	pq := parquet.NewGenericWriter[GateauSample](w, parquet.Compression(&parquet.Snappy))
	if _, err := pq.Write(g.List); err != nil {
		return err
	}
	return pq.Close()
}
