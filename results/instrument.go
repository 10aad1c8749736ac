package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lcbench/lcbench/scorers"
)

// The instruments on local models, by the name that their files and commands
// have.
const (
	InstrumentHeads      = "heads"
	InstrumentLikelihood = "likelihood"
	InstrumentGateau     = "gateau"
)

// Measured is a model as an instrument had it.
type Measured struct {
	Model     string `json:"model"`
	Attention string `json:"attention"`
	Rope      string `json:"rope"`
	Window    int    `json:"window"` // tokens
}

// Mean is a mean over samples, in their unit. Its 95 % interval is a percentile
// bootstrap that draws documents; it is null where the state says why.
type Mean struct {
	N         int                   `json:"n"`
	Documents int                   `json:"documents"`
	Value     *float64              `json:"mean"`
	Low       *float64              `json:"ci_low"`
	High      *float64              `json:"ci_high"`
	Interval  scorers.IntervalState `json:"ci"`
}

// figureOf is a figure of one sample and the document that it is of.
type figureOf struct {
	value    float64
	document string
}

// meanOf averages figures; purpose names the stream that documents are drawn
// from, so that the interval is the same again.
func meanOf(figures []figureOf, purpose string) Mean {
	m := Mean{N: len(figures), Interval: scorers.IntervalNoRows}
	if m.N == 0 {
		return m
	}
	at := map[string]int{}
	var sums, counts []float64
	total := 0.0
	for _, f := range figures {
		i, seen := at[f.document]
		if !seen || f.document == "" {
			i = len(sums)
			at[f.document] = i
			sums, counts = append(sums, 0), append(counts, 0)
		}
		sums[i] += f.value
		counts[i]++
		total += f.value
	}
	mean := total / float64(m.N)
	m.Value, m.Documents, m.Interval = &mean, len(sums), scorers.IntervalOneDocument
	if len(sums) < 2 {
		return m
	}
	ci := scorers.PercentileInterval(resampled(sums, counts, purpose))
	m.Interval = ci.State
	if ci.State == scorers.IntervalOK {
		m.Low, m.High = &ci.Low, &ci.High
	}
	return m
}

// resampled are means over documents drawn with replacement.
func resampled(sums, counts []float64, purpose string) []float64 {
	draw := scorers.Draws(len(sums), scorers.Stream(0, purpose))
	picks, out := make([]uint32, len(sums)), make([]float64, scorers.DefaultResamples)
	for b := range out {
		draw(picks)
		sum, count := 0.0, 0.0
		for _, p := range picks {
			sum += sums[p]
			count += counts[p]
		}
		out[b] = sum / count
	}
	return out
}

// Found is what an instrument wrote: one of its fields is set.
type Found struct {
	Place      string // the file
	Heads      *Heads
	Likelihood *Likelihood
	Gateau     *Gateau
}

// maxInstrument bounds an instrument's file, in bytes.
const maxInstrument = 256 << 20

// ReadInstruments reads what instruments left in a place: a file of one, or a
// folder of several. None is no error: the place holds something else.
func ReadInstruments(place string) ([]Found, error) {
	info, err := os.Stat(place)
	if err != nil {
		return nil, nil //nolint:nilerr // what is not there is no instrument's either
	}
	if !info.IsDir() {
		f, err := readInstrument(place, false)
		if f == nil || err != nil {
			return nil, err
		}
		return []Found{*f}, nil
	}
	var out []Found
	for _, name := range []string{InstrumentHeads, InstrumentLikelihood, InstrumentGateau} {
		f, err := readInstrument(filepath.Join(place, name+".json"), true)
		if err != nil {
			return nil, err
		}
		if f != nil {
			out = append(out, *f)
		}
	}
	return out, nil
}

// readInstrument reads one file; nil: it is none, or no instrument's. Where named
// it has an instrument's name, so that one that can't be read is an error.
func readInstrument(path string, named bool) (*Found, error) {
	if filepath.Ext(path) != ".json" {
		return nil, nil
	}
	data, err := readAtMost(path, maxInstrument)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	var kind struct {
		Instrument string `json:"instrument"`
	}
	f := &Found{Place: path}
	err = json.Unmarshal(data, &kind)
	switch kind.Instrument {
	case InstrumentHeads:
		f.Heads = &Heads{}
		err = json.Unmarshal(data, f.Heads)
	case InstrumentLikelihood:
		f.Likelihood = &Likelihood{}
		err = json.Unmarshal(data, f.Likelihood)
	case InstrumentGateau:
		f.Gateau = &Gateau{}
		err = json.Unmarshal(data, f.Gateau)
	default:
		if !named {
			return nil, nil
		}
		if err == nil {
			err = fmt.Errorf("field %q is %q: want heads, likelihood or gateau", "instrument", Printable(kind.Instrument))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w; write it again by lcbench inspect", path, err)
	}
	return f, f.check()
}

// check refuses figures that can't be drawn.
func (f *Found) check() error {
	var err error
	switch {
	case f.Heads != nil:
		err = f.Heads.check()
	case f.Likelihood != nil:
		err = f.Likelihood.check()
	case f.Gateau != nil:
		err = f.Gateau.check()
	}
	if err != nil {
		return fmt.Errorf("read %s: %w; write it again by lcbench inspect", f.Place, err)
	}
	return nil
}

func readAtMost(path string, most int64) (data []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("over %d bytes, that is no instrument's file", most)
	}
	return data, err
}
