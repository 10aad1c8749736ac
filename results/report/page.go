package report

import (
	"cmp"
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/lcbench/lcbench/results"
)

//go:embed page.html
var pageText string

//go:embed page.css
var styleText string

//go:embed page.js
var scriptText string

// page is what the template shows.
type page struct {
	Report  *Report
	Style   template.CSS
	Script  template.JS
	Policy  string
	Frame   Frame
	Title   string
	Parts   []part
	Several bool
	Inside  *insidePage
}

// part is one benchmark's.
type part struct {
	ID string
	*Benchmark
	Alone  bool
	Asked  string
	Charts []chart
	Heats  []heat
	Planes []planeView
	Gains  []tradeoffView
	// Pages hold the samples, so many each.
	Pages    [][]entry
	Tasks    []taskRow
	HasFloor bool
	// Beside counts the runs that aren't floors; Control says that there is one
	// without contexts.
	Beside   int
	Control  bool
	Groups   []groupRow
	Labels   []string
	TaskList []string
	Shown    int
}

// perPage is how many samples the page shows at a time.
const perPage = 20

// WriteHTML writes the page. It asks nothing of the network: its policy allows
// only its own style and script.
func (r *Report) WriteHTML(w io.Writer) error {
	style, script := Pins()
	return r.writePage(w, page{Policy: "default-src 'none'; style-src '" + style + "'; script-src '" + script + "'; base-uri 'none'; form-action 'none'"})
}

// writePage fills in what every page has.
func (r *Report) writePage(w io.Writer, p page) error {
	p.Report, p.Style, p.Script = r, template.CSS(styleText), template.JS(scriptText) //nolint:gosec // ours, embedded
	p.Title, p.Several = r.title(), len(r.Benchmarks) > 1
	for i := range r.Benchmarks {
		p.Parts = append(p.Parts, newPart(fmt.Sprintf("b%d", i), &r.Benchmarks[i], len(r.Benchmarks) == 1))
	}
	p.Inside = newInsidePage(r.Inside, len(r.Benchmarks) == 0)
	t, err := template.New("page").Funcs(functions()).Parse(pageText + insideText + tradeoffText)
	if err != nil {
		return fmt.Errorf("report: page: %w", err)
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("report: page: %w", err)
	}
	return nil
}

// pin is a text's hash as a Content-Security-Policy has it.
func pin(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (r *Report) title() string {
	if len(r.Benchmarks) == 0 && r.Inside != nil {
		return "Inside the model: lcbench report"
	}
	if len(r.Benchmarks) == 1 {
		return r.Benchmarks[0].Title + ": lcbench report"
	}
	return "lcbench report"
}

func functions() template.FuncMap {
	return template.FuncMap{
		"percent": percentText, "interval": rangeText, "short": shortRange, "figure": figureDigits, "grouped": grouped, "plural": plural, "length": func(n int) string { return lengthText(float64(n)) },
		"why": whyNone, "verdict": verdictText, "failures": failures, "shade": shade, "tokensPerSecond": tokensPerSecond, "seconds": secondsText, "style": func(i int) int { return i % styles },
		"share": func(part, all int) string {
			if all == 0 {
				return "–"
			}
			return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(all))
		},
		"nats": results.Nats, "spread": spread, "decimals": results.Decimals, "depth": func(d *float64) string { return orElse(depthText(d), "–") }, "hundred": func(v float64) float64 { return 100 * v },
		"axesText": AxesFrom.text, "origin": originText, "kv": kvText, "contours": contourText,
		"level":  func(i int) string { return [3]string{"low", "mid", "high"}[i] },
		"signed": signed, "signedPoints": func(p *float64) string { return signedPoints(*p) }, "date": dateText, "percentShare": func(p *float64) string {
			if p == nil {
				return "–"
			}
			return fmt.Sprintf("%.0f%%", 100**p)
		},
	}
}

func newPart(id string, b *Benchmark, alone bool) part {
	p := part{ID: id, Benchmark: b, Shown: len(b.entries), Alone: alone, Asked: b.asked()}
	for i := range b.Runs {
		p.Labels = append(p.Labels, b.Runs[i].Label)
		p.HasFloor = p.HasFloor || b.Runs[i].Floor != ""
		p.Control = p.Control || b.Runs[i].Floor == floorNoContext
		if b.Runs[i].Floor == "" {
			p.Beside++
		}
	}
	p.Groups = newGroupRows(b.Runs)
	p.addCharts()
	p.Gains = newTradeoffViews(id, b.Tradeoffs)
	for _, task := range b.taskNames() {
		if h := newHeat(task, b.Runs); len(h.Grids) > 0 {
			p.Heats = append(p.Heats, h)
		}
		p.Tasks = append(p.Tasks, newTaskRow(task, b.Runs))
	}
	for i := range b.Runs {
		if b.Runs[i].Plane.State == "ok" {
			p.Planes = append(p.Planes, planeView{b.Runs[i].Label, &b.Runs[i].Plane})
		}
	}
	p.TaskList = b.taskNames()
	p.Pages = slices.Collect(slices.Chunk(b.entries, perPage))
	return p
}

func (p *part) addCharts() {
	tasks := p.taskNames()
	title := "All tasks together"
	if len(tasks) == 1 {
		title = tasks[0]
	}
	if c, ok := newChart(p.ID+"-all", title, p.Runs, func(r *Run) *Context { return &r.Context }); ok {
		p.Charts = append(p.Charts, c)
	}
	if len(tasks) < 2 {
		return
	}
	for i, name := range tasks {
		of := func(r *Run) *Context {
			if t := r.task(name); t != nil {
				return &t.Context
			}
			return nil
		}
		if c, ok := newChart(fmt.Sprintf("%s-t%d", p.ID, i), name, p.Runs, of); ok {
			p.Charts = append(p.Charts, c)
		}
	}
}

// taskNames are the tasks of all runs, in the order of the first.
func (b *Benchmark) taskNames() []string {
	var out []string
	for _, r := range b.Runs {
		for _, t := range r.Tasks {
			if !slices.Contains(out, t.Task) {
				out = append(out, t.Task)
			}
		}
	}
	return out
}

// heat is one task's maps of length by depth, one a run.
type heat struct {
	Task string
	// Wide maps have a line of the page each.
	Wide  bool
	Grids []grid
}

type grid struct {
	Run    int // its place among the runs
	Label  string
	Floor  string
	Depths []string
	Rows   []gridRow
	// Contour is where the score falls below the threshold; Line draws it, in
	// cells, "" where there is nothing to draw.
	Contour *Contour
	Line    string
	// Crossings are by column; nil: none.
	Crossings []*ContourPoint
}

// Box is the view box of the drawing over the cells.
func (g grid) Box() string { return fmt.Sprintf("0 0 %d %d", len(g.Depths), len(g.Rows)) }

// Wide and Tall are the drawing's size in parts of its first cell.
func (g grid) Wide() string { return fmt.Sprintf("%d%%", 100*len(g.Depths)) }

// Tall is its height.
func (g grid) Tall() string { return fmt.Sprintf("%d%%", 100*len(g.Rows)) }

type gridRow struct {
	Length string
	Cells  []*results.CellFigure // nil: not tested
}

func newHeat(task string, runs []Run) heat {
	h := heat{Task: task}
	for i := range runs {
		t := runs[i].task(task)
		if t == nil || !slices.ContainsFunc(t.Cells, atDepth) {
			continue
		}
		lengths, depths := map[int]bool{}, map[float64]bool{}
		for _, c := range t.Cells {
			if c.Depth != nil {
				lengths[c.Length], depths[*c.Depth] = true, true
			}
		}
		g := grid{Run: i, Label: runs[i].Label, Floor: runs[i].Floor}
		columns := sortedKeys(depths)
		g.Contour, g.Line = t.Contour, t.Contour.line(sortedKeys(lengths), columns)
		for _, d := range columns {
			g.Depths = append(g.Depths, depthText(&d))
			g.Crossings = append(g.Crossings, t.Contour.at(d))
		}
		for _, n := range sortedKeys(lengths) {
			row := gridRow{Length: lengthText(float64(n)), Cells: make([]*results.CellFigure, len(columns))}
			for k := range t.Cells {
				c := &t.Cells[k]
				if at := slices.Index(columns, orNaN(c.Depth)); at >= 0 && c.Length == n {
					row.Cells[at] = c
				}
			}
			g.Rows = append(g.Rows, row)
		}
		h.Wide = h.Wide || len(columns) > 9
		h.Grids = append(h.Grids, g)
	}
	return h
}

func atDepth(c results.CellFigure) bool { return c.Depth != nil }

func orNaN(p *float64) float64 {
	if p == nil {
		return math.NaN()
	}
	return *p
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// shades is how many steps the scale has.
const shades = 11

// shade is the step of the scale that a percentage has: class q0 to q10, or
// "none".
func shade(p *float64) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprintf("q%d", min(shades-1, max(0, int(math.Round(*p/100*(shades-1))))))
}

type planeView struct {
	Label string
	*Plane
}

// taskRow is a task with the figures of every run; nil: not in the run.
type taskRow struct {
	Task, Category, Metric, Equals string
	Runs                           []*Task
}

func newTaskRow(name string, runs []Run) taskRow {
	row := taskRow{Task: name}
	for i := range runs {
		t := runs[i].task(name)
		row.Runs = append(row.Runs, t)
		if t != nil && row.Metric == "" {
			row.Category, row.Metric, row.Equals = t.Category, t.Metric, t.MetricEquals
		}
	}
	return row
}
