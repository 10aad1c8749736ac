package scorers

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// IntervalState says whether an interval could be given, and if not, why.
type IntervalState string

// The states of an interval.
const (
	IntervalOK           IntervalState = "ok"
	IntervalNoRows       IntervalState = "no_rows"
	IntervalOneDocument  IntervalState = "one_document" // fewer than 2 documents: nothing to resample
	IntervalNotAsked     IntervalState = "not_asked"
	IntervalPartsMissing IntervalState = "parts_missing" // a part of the average has no interval
)

// Interval is a 95 % interval of a mean, in the unit of the mean. Low and
// High are meaningful only in the state IntervalOK.
type Interval struct {
	State     IntervalState
	Low, High float64
}

// DefaultResamples is how many times the bootstrap draws where nothing else
// is asked for.
const DefaultResamples = 10_000

// The interval's ends as quantiles of the resampled means.
const lowQuantile, highQuantile = 0.025, 0.975

// cluster is one document's rows: they are drawn together, since questions
// about the same document aren't independent.
type cluster struct {
	sum   float64
	count float64
}

// clusters sums rows by Group, in order of first appearance; a row without a
// group is a document of its own.
func clusters(rows []Row) []cluster {
	byGroup := make(map[string]int, len(rows))
	out := make([]cluster, 0, len(rows))
	for _, r := range rows {
		at, seen := byGroup[r.Group]
		if r.Group == "" || !seen {
			at = len(out)
			out = append(out, cluster{})
			if r.Group != "" {
				byGroup[r.Group] = at
			}
		}
		out[at].sum += r.weight() * value(r.Score)
		out[at].count += r.weight()
	}
	return out
}

// draws are the resampled sums and weights (row counts, mostly) of one unit (a
// task or a stratum of one): draw b's mean is sum[b]/count[b].
type draws struct {
	sum   []float64
	count []float64
	// state says why there are none.
	state IntervalState
}

// unit is one part of the bootstrap. Units of one name share a random stream:
// those with equally many documents draw the same ones.
type unit struct {
	name string
	rows []Row
	out  *draws
}

// resample fills each unit's draws. Streams are seeded by the units' names, so
// the numbers are the same with any number of workers.
func resample(units []unit, seed uint64, resamples, workers int) {
	var names []string
	byName := map[string][]unit{}
	for _, u := range units {
		if byName[u.name] == nil {
			names = append(names, u.name)
		}
		byName[u.name] = append(byName[u.name], u)
	}
	next := make(chan string)
	var wait sync.WaitGroup
	for range max(1, min(workers, len(names))) {
		wait.Go(func() {
			for name := range next {
				fillTogether(byName[name], seed, resamples)
			}
		})
	}
	for _, name := range names {
		next <- name
	}
	close(next)
	wait.Wait()
}

// fillTogether draws for the units of one name; those with equally many
// documents cost one stream.
func fillTogether(units []unit, seed uint64, resamples int) {
	for len(units) > 0 {
		var columns [][]cluster
		var outs []*draws
		var rest []unit
		for _, u := range units {
			cs := clusters(u.rows)
			if len(columns) > 0 && len(columns[0]) != len(cs) {
				rest = append(rest, u)
				continue
			}
			columns, outs = append(columns, cs), append(outs, u.out)
		}
		fill(columns, outs, Stream(seed, units[0].name), resamples)
		units = rest
	}
}

// fill draws n documents with replacement, resamples times, where each column
// has n clusters; all columns take the same documents.
func fill(columns [][]cluster, outs []*draws, src *rand.ChaCha8, resamples int) {
	n := len(columns[0])
	for _, d := range outs {
		switch n {
		case 0:
			d.state = IntervalNoRows
		case 1:
			d.state = IntervalOneDocument
		default:
			d.state = IntervalOK
			d.sum, d.count = make([]float64, resamples), make([]float64, resamples)
		}
	}
	if n < 2 {
		return
	}
	next := Draws(n, src)
	picks := make([]uint32, n)
	// Where every document has one row, counts need no adding up.
	single := make([]bool, len(columns))
	for k, cs := range columns {
		single[k] = !slices.ContainsFunc(cs, func(c cluster) bool { return c.count != 1 })
	}
	for b := range resamples {
		next(picks)
		for k, cs := range columns {
			outs[k].sum[b], outs[k].count[b] = total(cs, picks, single[k])
		}
	}
}

// total adds up the picked clusters.
func total(cs []cluster, picks []uint32, single bool) (sum, count float64) {
	if single {
		for _, i := range picks {
			sum += cs[i].sum
		}
		return sum, float64(len(picks))
	}
	for _, i := range picks {
		c := &cs[i]
		sum += c.sum
		count += c.count
	}
	return sum, count
}

// longDraw returns a function that fills picks with numbers below n, of 32 random
// bits each, two to a word of the stream: multiply and shift, rejecting the few
// values that would favour some documents (arXiv 1805.10941 §4), so the draw is
// exactly uniform.
func longDraw(below int, src *rand.ChaCha8) func(picks []uint32) {
	n := uint64(below)
	reject := (1 << 32) % n
	var lastWord uint64
	lastLeft := 0
	return func(picks []uint32) {
		word, left := lastWord, lastLeft // in registers
		for i := 0; i < len(picks); {
			if left == 0 {
				word, left = src.Uint64(), 2
			}
			product := uint64(uint32(word)) * n
			word >>= 32
			left--
			if product&(1<<32-1) < reject {
				continue
			}
			picks[i] = uint32(product >> 32)
			i++
		}
		lastWord, lastLeft = word, left
	}
}

// maxShortDraw bounds the documents that are drawn with 16 random bits: up to
// here fewer than one draw in sixteen is rejected.
const maxShortDraw = 4096

// shortDraw is longDraw with 16 random bits a number, four to a word of the
// stream.
func shortDraw(below int, src *rand.ChaCha8) func(picks []uint32) {
	n := uint32(below)
	reject := (1 << 16) % n
	var lastWord uint64
	lastLeft := 0
	return func(picks []uint32) {
		word, left := lastWord, lastLeft // in registers
		for i := 0; i < len(picks); {
			if left == 0 {
				word, left = src.Uint64(), 4
			}
			product := uint32(uint16(word)) * n
			word >>= 16
			left--
			if product&0xffff < reject {
				continue
			}
			picks[i] = product >> 16
			i++
		}
		lastWord, lastLeft = word, left
	}
}

// means divides sums by counts, into a new slice.
func (d *draws) means() []float64 {
	out := make([]float64, len(d.sum))
	for b := range out {
		out[b] = d.sum[b] / d.count[b]
	}
	return out
}

// interval takes the 2.5 and 97.5 percentiles of resampled means; it reorders
// them. Without any the state says why.
func interval(means []float64, state IntervalState) Interval {
	if state != IntervalOK {
		return Interval{State: state}
	}
	return Interval{
		State: IntervalOK,
		Low:   quantile(means, lowQuantile),
		High:  quantile(means, highQuantile),
	}
}

// quantile returns the q-quantile of v by linear interpolation between order
// statistics (NumPy's default method "linear"), and reorders v.
func quantile(v []float64, q float64) float64 {
	at := q * float64(len(v)-1)
	k := int(math.Floor(at))
	selectKth(v, k)
	low := v[k]
	if k+1 >= len(v) {
		return low
	}
	high := slices.Min(v[k+1:])
	return low + (at-float64(k))*(high-low)
}

// selectKth partially orders v so that v[k] is its k-th smallest value, with
// smaller or equal ones before it and larger or equal ones behind: Hoare's
// quickselect with the median of three, several times quicker than sorting.
func selectKth(v []float64, k int) {
	lo, hi := 0, len(v)-1
	for lo < hi {
		pivot := medianOfThree(v[lo], v[lo+(hi-lo)/2], v[hi])
		i, j := lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return
		}
	}
}

func medianOfThree(a, b, c float64) float64 {
	return max(min(a, b), min(max(a, b), c))
}
