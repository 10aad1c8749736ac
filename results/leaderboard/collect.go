package leaderboard

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/results/report"
)

// New returns a board without rows.
func New(o Options) *Board { return &Board{known: o.Known, only: o.Only, report: o.Report} }

// AddRuns adds the runs at places, each a run's folder or a folder of such, as
// far as they got. Places that hold none are left out with a note; without any
// run it returns a *NoRunsError.
func (b *Board) AddRuns(places []string) error {
	folders, err := b.findFolders(places)
	if err != nil {
		return err
	}
	if len(b.only) > 0 {
		folders = slices.DeleteFunc(folders, func(f folder) bool { return !slices.Contains(b.only, f.manifest.Benchmark) })
		if len(folders) == 0 {
			return &NoRunsError{places, b.only}
		}
	}
	folders = b.newest(folders)
	dirs := make([]string, len(folders))
	for i, f := range folders {
		dirs[i] = f.dir
	}
	o := b.report
	o.Samples = -1
	r, err := report.Build(dirs, o)
	if err != nil {
		return err
	}
	runs := map[string]*report.Run{}
	for i := range r.Benchmarks {
		for j := range r.Benchmarks[i].Runs {
			run := &r.Benchmarks[i].Runs[j]
			runs[run.Dir] = run
		}
	}
	for _, f := range folders {
		if err := b.addRun(f, runs[f.dir]); err != nil {
			return err
		}
	}
	b.floorsLast()
	return nil
}

// floorsLast puts the floors behind the models.
func (b *Board) floorsLast() {
	rank := func(e *Entry) int {
		if e.Floor != "" {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(b.Entries, func(x, y *Entry) int { return rank(x) - rank(y) })
}

// addRun adds a run to its model's entry. A run with a figure that can't be is
// left out with a note.
func (b *Board) addRun(f folder, r *report.Run) error {
	summary, err := summaryOf(f.dir)
	if err != nil {
		return err
	}
	figures := figuresOf(f.manifest.Benchmark, r, summary)
	for _, x := range figures {
		if why := x.impossible(); why != "" {
			b.note("%s is left out: %s is %s; score the run again", f.dir, x.column(), why)
			return nil
		}
	}
	for _, w := range r.Warnings {
		if f.manifest.State != results.Complete || strings.HasPrefix(w, "left out") {
			b.note("%s: %s", f.dir, w)
		}
	}
	at := slices.IndexFunc(b.Entries, func(e *Entry) bool { return e.Identity == f.identity })
	if at < 0 {
		at = len(b.Entries)
		b.Entries = append(b.Entries, newEntry(f.identity))
	}
	e := b.Entries[at]
	if e.Window == 0 {
		e.Window = windowOf(f.manifest)
	}
	e.Runs[results.Printable(f.manifest.Benchmark)] = b.factsOf(f.manifest, r)
	for _, x := range figures {
		e.add(x)
	}
	return nil
}

// summaryOf reads a folder's summary; one that isn't there is empty.
func summaryOf(dir string) (results.Summary, error) {
	s, err := results.ReadSummary(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return results.Summary{}, nil
	}
	return s, err
}

// impossible says why a figure can't be; "" where it can.
func (f Figure) impossible() string {
	low, high := 0.0, 100.0
	switch {
	case f.Part == PartMiddle:
		low = -100
	case f.Part.length() || f.Part == PartJudge:
		high = 1e15
	}
	for _, v := range []*float64{f.Value, f.Low, f.High} {
		if v != nil && !(*v >= low && *v <= high+1e-9) {
			return strconv.FormatFloat(*v, 'g', -1, 64)
		}
	}
	return ""
}

// factsOf are a run's facts.
func (b *Board) factsOf(m results.Manifest, r *report.Run) Facts {
	f := Facts{
		State: string(r.State), Unsummarised: ptr(!r.Summarised), Builtin: ptr(m.Builtin()), Version: results.Printable(m.Version),
		Settings: b.benchmarkSettings(m), Lengths: r.Context.Lengths, CachedShare: r.CachedShare, Missing: map[string][]string{},
		Samples: ptr(r.Samples.Rows), Valid: ptr(r.Samples.Valid), Lost: ptr(r.Samples.Lost),
	}
	f.Data, f.DataSHA256 = pins(m.Data)
	if !m.Finished.IsZero() {
		f.Finished = m.Finished.UTC().Format(time.RFC3339)
	}
	if r.Usage.Known {
		f.TokensIn, f.TokensOut = ptr(r.Usage.Prompt), ptr(r.Usage.Completion)
	}
	if r.Cost != nil {
		f.Cost, f.Currency = ptr(r.Cost.Amount), results.Printable(r.Cost.Currency)
	}
	if m.Seconds > 0 {
		f.Seconds = ptr(m.Seconds)
	}
	for _, a := range r.Averages {
		if len(a.Missing) > 0 {
			f.Missing[a.Board] = a.Missing
		}
	}
	return f
}

// pins name where data came from, and hash the names and hashes of its files,
// sorted: equal for equal files, wherever they lay.
func pins(data []results.Origin) (from, sum string) {
	var places, files []string
	for _, o := range data {
		place := o.Kind
		if o.Place != "" && o.Kind != "folder" {
			place += " " + o.Place
		}
		places = append(places, place)
		for _, f := range o.Files {
			files = append(files, filepath.ToSlash(f.Name)+" "+f.SHA256+"\n")
		}
	}
	from = results.Printable(strings.Join(places, ", "))
	if len(files) == 0 {
		return from, ""
	}
	slices.Sort(files)
	h := sha256.Sum256([]byte(strings.Join(slices.Compact(files), "")))
	return from, hex.EncodeToString(h[:])
}

// collector gathers the figures of one run.
type collector struct {
	benchmark string
	out       []Figure
}

func (c *collector) add(k Key, metric string, f results.Figure) {
	if f.Score == nil {
		return
	}
	k.Benchmark = c.benchmark
	c.out = append(c.out, Figure{Key: k, Metric: metric, N: ptr(f.Rows), Value: f.Score, Low: f.Low, High: f.High})
}

// figuresOf are a run's figures. The summary's averages by category and stratum
// aren't in the report; a run without a summary has none.
func figuresOf(benchmark string, r *report.Run, s results.Summary) []Figure {
	c := &collector{benchmark: results.Printable(benchmark)}
	for _, a := range r.Averages {
		c.add(Key{Part: PartAverage, Name: a.Board}, "", a.Figure)
	}
	for _, b := range s.Boards {
		for _, x := range b.Categories {
			c.add(Key{Part: PartCategory, Name: b.Board, Sub: x.Category}, "", x.Figure)
		}
		for _, x := range b.Strata {
			c.add(Key{Part: PartStratum, Name: b.Board, Sub: x.Name}, "", x.Figure)
		}
	}
	for _, t := range r.Tasks {
		c.add(Key{Part: PartTask, Name: t.Task}, t.Metric, t.Figure)
		for _, x := range t.Strata {
			c.add(Key{Part: PartTaskStratum, Name: t.Task, Sub: x.Name}, t.Metric, x.Figure)
		}
		for _, x := range t.Cells {
			c.add(Key{Part: PartCell, Name: t.Task, Length: x.Length, Depth: depthText(x.Depth)}, t.Metric, x.Figure)
		}
	}
	c.context(r)
	c.judges(s)
	for i := range c.out {
		for _, text := range []*string{&c.out[i].Name, &c.out[i].Sub, &c.out[i].Metric} {
			*text = results.Printable(*text)
		}
	}
	return c.out
}

func depthText(d *float64) string {
	if d == nil {
		return ""
	}
	return strconv.FormatFloat(*d, 'g', -1, 64)
}

// context adds what the report worked out of all tasks together.
func (c *collector) context(r *report.Run) {
	for _, p := range r.Context.Curve {
		c.out = append(c.out, Figure{Key: Key{c.benchmark, PartLength, "", "", p.Length, ""}, N: ptr(p.Samples), Value: ptr(p.Score), Low: p.Low, High: p.High})
	}
	if r.Plane.State == "ok" {
		for d, name := range bins() {
			c.cell(Key{Part: PartDiffusion, Name: name}, r.Plane.Diffusion[d])
			c.cell(Key{Part: PartScope, Name: name}, r.Plane.Scope[d])
			for s, scope := range bins() {
				c.cell(Key{Part: PartPlane, Name: name, Sub: scope}, r.Plane.Cells[d][s])
			}
		}
	}
	c.reach(PartEffective, r.Context.OwnShare)
	c.reach(PartRuler, r.Context.Ruler)
	c.plain(PartIncreasing, r.Context.Increasing)
	c.plain(PartDecreasing, r.Context.Decreasing)
	if m := r.Middle; m.Points != nil {
		c.out = append(c.out, Figure{Key: Key{Benchmark: c.benchmark, Part: PartMiddle}, N: ptr(m.EdgeSamples + m.MiddleSamples), Value: m.Points, Low: m.Low, High: m.High})
	}
}

func (c *collector) cell(k Key, p report.PlaneCell) {
	c.add(k, "", results.Figure{Rows: p.Samples, Score: p.Score, Low: p.Low, High: p.High})
}

func (c *collector) reach(part Part, e report.EffectiveLength) {
	if e.State == "" {
		return
	}
	f := Figure{Key: Key{Benchmark: c.benchmark, Part: part}, Value: e.Tokens, State: string(e.State)}
	if e.Low != nil && e.High != nil {
		f.Low, f.LowState = e.Low.Tokens, string(e.Low.State)
		f.High, f.HighState = e.High.Tokens, string(e.High.State)
	}
	c.out = append(c.out, f)
}

func (c *collector) plain(part Part, v *float64) {
	if v != nil {
		c.out = append(c.out, Figure{Key: Key{Benchmark: c.benchmark, Part: part}, Value: v})
	}
}

// judges adds the verdicts on pairs of each judge.
func (c *collector) judges(s results.Summary) {
	for _, j := range s.Judges {
		if j.All.Pairs == nil {
			continue
		}
		name := orElse(j.Model.Spec, j.Model.Name)
		if j.Opponent != nil {
			name = fmt.Sprintf("%s vs %s", name, j.Opponent.Name)
		}
		v := j.All.Pairs.Verdicts
		for _, x := range []struct {
			name  string
			value *float64
		}{{judgeWins, ptr(float64(v.Wins))}, {judgeDraws, ptr(float64(v.Ties))}, {judgeRate, j.All.Value}} {
			if x.value != nil {
				c.out = append(c.out, Figure{Key: Key{Benchmark: c.benchmark, Part: PartJudge, Name: name, Sub: x.name}, Value: x.value})
			}
		}
	}
}

// The figures of a judge: verdicts for the model over both orders, ties, and the
// win rate in percent.
const judgeWins, judgeDraws, judgeRate = "wins", "draws", "win_rate"
