package report

import (
	_ "embed" // the section
	"fmt"
	"math"

	"github.com/lcbench/lcbench/results"
)

//go:embed inside.html
var insideText string

// insidePage is what the section on instruments shows.
type insidePage struct {
	// Alone says that there are no runs: the section's title is the page's.
	Alone       bool
	Heads       []headsView
	Likelihoods []likelihoodView
	Gateaus     []gateauView
}

func newInsidePage(in *Inside, alone bool) *insidePage {
	if in == nil {
		return nil
	}
	p := &insidePage{Alone: alone}
	for i := range in.Heads {
		p.Heads = append(p.Heads, newHeadsView(fmt.Sprintf("in-h%d", i), in.Heads[i]))
	}
	for i := range in.Likelihoods {
		p.Likelihoods = append(p.Likelihoods, newLikelihoodView(fmt.Sprintf("in-l%d", i), &in.Likelihoods[i]))
	}
	for i := range in.Gateaus {
		p.Gateaus = append(p.Gateaus, newGateauView(fmt.Sprintf("in-g%d", i), in.Gateaus[i]))
	}
	p.shorten()
	return p
}

// headsView is a model's heads, drawn as lcbench inspect prints them: layers down,
// heads across.
type headsView struct {
	ID, Short string // Short is its title for the navigation
	HeadsFound
	Maps []headMap
}

// headMap draws one figure of every head.
type headMap struct {
	ID, Title, Most string // Most is what the scale's end stands for
	Width, High     int
	XTicks, YTicks  []tick
	Size            float64 // of a cell
	Cells           []headCell
}

type headCell struct {
	X, Y         float64
	Shade, Title string
}

func newHeadsView(id string, h HeadsFound) headsView {
	v := headsView{ID: id, HeadsFound: h}
	if h.Right == 0 || len(h.List) == 0 {
		return v
	}
	most := 0.0
	for _, s := range h.List {
		most = max(most, s.Mass)
	}
	v.Maps = []headMap{
		newHeadMap(id+"-copy", "Share of the needle copied", "1", h.List, func(s results.HeadScore) float64 { return s.Copying }),
		newHeadMap(id+"-mass", "Attention on the evidence", fmt.Sprintf("%.3g %%", 100*most), h.List, func(s results.HeadScore) float64 {
			if most == 0 {
				return 0
			}
			return s.Mass / most
		}),
	}
	return v
}

// newHeadMap draws figures in 0..1.
func newHeadMap(id, title, most string, heads []results.HeadScore, of func(results.HeadScore) float64) headMap {
	layers, perLayer := 0, 0
	for _, s := range heads {
		layers, perLayer = max(layers, s.Layer+1), max(perLayer, s.Head+1)
	}
	const left, top, bottom, narrowest = 34, 4, 34, 180 // the words below take 180
	m := headMap{ID: id, Title: title, Most: most, Size: round1(min(18, 600/float64(perLayer)))}
	m.Width, m.High = max(narrowest, left+int(m.Size*float64(perLayer))+8), top+int(m.Size*float64(layers))+bottom
	for _, s := range heads {
		percent := 100 * of(s)
		m.Cells = append(m.Cells, headCell{
			X: round1(left + m.Size*float64(s.Head)), Y: round1(top + m.Size*float64(s.Layer)), Shade: shade(&percent),
			Title: fmt.Sprintf("layer %d, head %d: copies %.3f of the needle, %.3g %% of its attention on the evidence", s.Layer, s.Head, s.Copying, 100*s.Mass),
		})
	}
	for i := 0; i < perLayer; i += int(math.Ceil(26 / m.Size)) {
		m.XTicks = append(m.XTicks, tick{round1(left + m.Size*(float64(i)+0.5)), fmt.Sprint(i)})
	}
	for i := 0; i < layers; i += int(math.Ceil(14 / m.Size)) {
		m.YTicks = append(m.YTicks, tick{round1(top + m.Size*(float64(i)+0.5)), fmt.Sprint(i)})
	}
	return m
}

// Drawn is the side of a cell without the gap to the next.
func (m headMap) Drawn() float64 { return round1(max(m.Size-1, 0.8*m.Size)) }

// Under is where the names of heads stand.
func (m headMap) Under() int { return m.High - 20 }

// likelihoodView is a model's likelihoods, task by task.
type likelihoodView struct {
	ID, Short string
	*LikelihoodFound
	Tasks []likelihoodTask
}

type likelihoodTask struct {
	ID, Task string
	Plot     *plot // nil: nothing was placed at several depths
	Depths   []string
	Rows     []curveRow
	Gaps     []results.LikelihoodGap
}

func newLikelihoodView(id string, l *LikelihoodFound) likelihoodView {
	v := likelihoodView{ID: id, LikelihoodFound: l}
	for i, task := range l.tasks() {
		t := likelihoodTask{ID: fmt.Sprintf("%s-t%d", id, i), Task: task, Gaps: l.gapsOf(task)}
		depths := l.Depths(task)
		for _, d := range depths {
			t.Depths = append(t.Depths, depthText(&d))
		}
		for _, g := range t.Gaps {
			row := curveRow{Length: lengthText(float64(g.Length))}
			for _, d := range depths {
				cell := "–"
				if c := l.Cell(task, g.Length, d); c != nil {
					cell = natsCell(c.Mean)
				}
				row.Cells = append(row.Cells, cell)
			}
			t.Rows = append(t.Rows, row)
		}
		t.Plot = l.plot(t.ID, task, depths)
		v.Tasks = append(v.Tasks, t)
	}
	return v
}

// natsCell is a mean with its interval and n, and a word where documents are too
// few.
func natsCell(m results.Mean) string {
	text := results.Nats(m.Value)
	if m.Low != nil {
		text += " (" + m.Range() + ")"
	}
	text += fmt.Sprintf(", n=%d", m.N)
	if m.Few() {
		text += " (few)"
	}
	return text
}

// spread is a mean's interval, with what speaks against judging by it.
func spread(m results.Mean) string {
	if m.Few() {
		return m.Range() + ", too few: " + plural(m.Documents, "document")
	}
	return m.Range()
}

// gateauView is a model's scores, a point a sample.
type gateauView struct {
	ID, Short string
	GateauFound
	Plot *plot
}

func newGateauView(id string, g GateauFound) gateauView {
	return gateauView{ID: id, GateauFound: g, Plot: g.plot(id)}
}
