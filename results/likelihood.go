package results

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// LikelihoodSample is how likely a sample's reference answer is. Log-likelihoods
// are means over the answer's tokens, in nats a token: 0 is certain.
type LikelihoodSample struct {
	ID       string `json:"id" parquet:"id"`
	Task     string `json:"task" parquet:"task,dict"`
	Document string `json:"document,omitempty" parquet:"document,optional"`
	// Length is the context that was asked for, in tokens; where none was, the
	// power of two that holds it. Depth is in percent, null where nothing was
	// placed.
	Length int      `json:"length" parquet:"length"`
	Depth  *float64 `json:"depth" parquet:"depth"`
	// PromptTokens is all of the prompt; CutTokens were cut to fit the window.
	PromptTokens int `json:"prompt_tokens" parquet:"prompt_tokens"`
	CutTokens    int `json:"cut_tokens" parquet:"cut_tokens"`
	AnswerTokens int `json:"answer_tokens" parquet:"answer_tokens"`
	// LogLikelihood is behind the whole prompt; Short behind the same question with
	// the passages of evidence alone, null where their places aren't known.
	LogLikelihood float64  `json:"log_likelihood" parquet:"log_likelihood"`
	Short         *float64 `json:"log_likelihood_short" parquet:"log_likelihood_short"`
	// Distance is the number of tokens from the beginning of the first evidence to
	// the prompt's end; null where its place isn't known.
	Distance *int `json:"evidence_distance" parquet:"evidence_distance"`
}

// LikelihoodCell is the mean log-likelihood of a task's samples at a length and
// depth, in nats a token.
type LikelihoodCell struct {
	Task   string   `json:"task"`
	Length int      `json:"length"`
	Depth  *float64 `json:"depth"`
	Mean
}

// LikelihoodGap is what a length costs a task's samples, in nats a token.
type LikelihoodGap struct {
	Task   string `json:"task"`
	Length int    `json:"length"`
	// Long is of all samples; Short and Gap (Short − Long) are of those whose
	// evidence is known.
	Long  Mean `json:"long"`
	Short Mean `json:"short"`
	Gap   Mean `json:"gap"`
}

// Likelihood is what lcbench inspect likelihood found.
type Likelihood struct {
	Instrument string `json:"instrument"` // InstrumentLikelihood
	Measured
	Benchmark string `json:"benchmark"`
	Builtin   bool   `json:"builtin"`
	Tokenizer string `json:"tokenizer"`
	// OwnLengths says that no length was asked for: each is a power of two up to
	// which samples reach.
	OwnLengths bool `json:"own_lengths"`
	// Left counts samples that could not be asked.
	Left  int                `json:"left_out"`
	List  []LikelihoodSample `json:"samples"`
	Cells []LikelihoodCell   `json:"cells"`       // by task, length and depth
	Gaps  []LikelihoodGap    `json:"length_gaps"` // by task and length
}

// Bucket is the power of two that holds so many tokens.
func Bucket(tokens int) int {
	if tokens <= 1 {
		return 1
	}
	return 1 << bits.Len(uint(tokens-1))
}

// cellPlace is where a sample is counted.
type cellPlace struct {
	task   string
	length int
	depth  float64 // −1: none
}

func (s LikelihoodSample) place() cellPlace {
	p := cellPlace{s.Task, s.Length, -1}
	if s.Depth != nil {
		p.depth = *s.Depth
	}
	return p
}

// Summarise works out cells and gaps from the samples.
func (l *Likelihood) Summarise() {
	l.Instrument, l.Cells, l.Gaps = InstrumentLikelihood, nil, nil
	cells, long, short, gap := map[cellPlace][]figureOf{}, map[cellPlace][]figureOf{}, map[cellPlace][]figureOf{}, map[cellPlace][]figureOf{}
	var order []cellPlace
	for _, s := range l.List {
		p := s.place()
		if cells[p] == nil {
			order = append(order, p)
		}
		cells[p] = append(cells[p], figureOf{s.LogLikelihood, s.Document})
		p.depth = -2
		long[p] = append(long[p], figureOf{s.LogLikelihood, s.Document})
		if s.Short != nil {
			short[p] = append(short[p], figureOf{*s.Short, s.Document})
			gap[p] = append(gap[p], figureOf{*s.Short - s.LogLikelihood, s.Document})
		}
	}
	tasks := l.Tasks()
	slices.SortFunc(order, func(a, b cellPlace) int {
		return cmp.Or(cmp.Compare(slices.Index(tasks, a.task), slices.Index(tasks, b.task)), cmp.Compare(a.length, b.length), cmp.Compare(a.depth, b.depth))
	})
	for _, p := range order {
		purpose := fmt.Sprintf("likelihood\x00%s\x00%d\x00%g", p.task, p.length, p.depth)
		c := LikelihoodCell{Task: p.task, Length: p.length, Mean: meanOf(cells[p], purpose)}
		if p.depth >= 0 {
			c.Depth = &p.depth
		}
		l.Cells = append(l.Cells, c)
		all := cellPlace{p.task, p.length, -2}
		if n := len(l.Gaps); n == 0 || l.Gaps[n-1].Task != p.task || l.Gaps[n-1].Length != p.length {
			purpose = fmt.Sprintf("likelihood\x00%s\x00%d", p.task, p.length)
			l.Gaps = append(l.Gaps, LikelihoodGap{p.task, p.length, meanOf(long[all], purpose), meanOf(short[all], purpose), meanOf(gap[all], purpose)})
		}
	}
}

// Tasks are the samples' tasks, in the order of the samples.
func (l Likelihood) Tasks() []string {
	var out []string
	for _, s := range l.List {
		if !slices.Contains(out, s.Task) {
			out = append(out, s.Task)
		}
	}
	return out
}

// Depths are those of a task's cells, ascending.
func (l Likelihood) Depths(task string) []float64 {
	var out []float64
	for _, c := range l.Cells {
		if c.Task == task && c.Depth != nil && !slices.Contains(out, *c.Depth) {
			out = append(out, *c.Depth)
		}
	}
	slices.Sort(out)
	return out
}

// Cell is the one of a task, length and depth; nil: there is none.
func (l Likelihood) Cell(task string, length int, depth float64) *LikelihoodCell {
	i := slices.IndexFunc(l.Cells, func(c LikelihoodCell) bool {
		return c.Task == task && c.Length == length && c.Depth != nil && *c.Depth == depth
	})
	if i < 0 {
		return nil
	}
	return &l.Cells[i]
}

// check refuses what Summarise could not have been given.
func (l *Likelihood) check() error {
	for _, s := range l.List {
		switch {
		case s.Length < 1:
			return fmt.Errorf("sample %s: field %q is %d: want 1 or more", strconv.Quote(s.ID), "length", s.Length)
		case s.LogLikelihood > 0 || math.IsInf(s.LogLikelihood, 0):
			return fmt.Errorf("sample %s: field %q is %g: want a number up to 0", strconv.Quote(s.ID), "log_likelihood", s.LogLikelihood)
		case s.Depth != nil && !(*s.Depth >= 0 && *s.Depth <= 100):
			return fmt.Errorf("sample %s: field %q is %g: want 0 to 100", strconv.Quote(s.ID), "depth", *s.Depth)
		}
	}
	l.Summarise()
	return nil
}

// WriteJSON writes all of it as one object.
func (l Likelihood) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(l)
}

// WriteParquet writes a row for each sample.
func (l Likelihood) WriteParquet(w io.Writer) error {
	pq := parquet.NewGenericWriter[LikelihoodSample](w, parquet.Compression(&parquet.Snappy))
	if _, err := pq.Write(l.List); err != nil {
		return err
	}
	return pq.Close()
}
