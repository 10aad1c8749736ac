package compare

import (
	"io"
	"strconv"

	"github.com/lcbench/lcbench/results"
)

// WriteTable prints a comparison for a terminal: what fails first, then a table
// a level, then what the figures are.
func (c *Comparison) WriteTable(w io.Writer, failures []Failure, o results.TableOptions) error {
	p := results.Page{
		Title: c.headline(failures),
		Lines: []string{"base " + c.Base.Place + ": " + c.Base.Model, "candidate " + c.Candidate.Place + ": " + c.Candidate.Model, c.samplesLine()},
	}
	for _, f := range failures {
		if f.finding() == "" {
			p.Lines = append(p.Lines, f.Reason)
			continue
		}
		p.Lines = append(p.Lines, f.finding()+": "+f.Reason)
	}
	p.Tables = c.tables()
	for _, text := range c.warnings() {
		p.Notes = append(p.Notes, results.PageNote{Text: text, Warning: true})
	}
	for _, text := range c.Notes {
		p.Notes = append(p.Notes, results.PageNote{Text: "note: " + text})
	}
	p.Notes = append(p.Notes, results.PageNote{Text: figures + " " + c.method()})
	for _, line := range []string{c.detectableLine(), c.reachLine()} {
		if line != "" {
			p.Notes = append(p.Notes, results.PageNote{Text: line})
		}
	}
	return results.WritePage(w, p, o)
}

// tables are the units, one table for the averages and one for each level of
// parts; of several benchmarks each has its own.
func (c *Comparison) tables() []results.PageTable {
	var out []results.PageTable
	last := ""
	for _, u := range c.Units {
		title := u.tableTitle(len(c.Titles) > 1)
		if title != last {
			last = title
			out = append(out, results.PageTable{Header: []string{title, "N", "Base", "Now", "Change", "95% CI", "Verdict"}, Left: 1})
		}
		t := &out[len(out)-1]
		t.Rows = append(t.Rows, []string{
			u.Name, strconv.Itoa(u.Pairs), percent(u.Base), percent(u.Candidate), change(u.Difference), u.intervalText(), u.Verdict.short(),
		})
	}
	return append(out, c.reachTable()...)
}

// reachTable has the effective lengths, if there are any.
func (c *Comparison) reachTable() []results.PageTable {
	if len(c.Reaches) == 0 {
		return nil
	}
	t := results.PageTable{Header: []string{"Effective length", "Tasks", "Base", "Now", "Change", "95% CI"}, Left: 1}
	for _, r := range c.Reaches {
		t.Rows = append(t.Rows, []string{c.Titles[r.Benchmark], strconv.Itoa(r.Tasks), r.lengthText(r.Base), r.lengthText(r.Candidate), percentChange(r.Log2), r.intervalText()})
	}
	return []results.PageTable{t}
}

// tableTitle heads the first column of the table that the unit stands in.
func (u Unit) tableTitle(several bool) string {
	title := map[Level]string{
		Overall: "Average", Benchmark: "Average", Category: "Category", Task: "Task", Cell: "Length @ depth",
		Diffusion: "Diffusion", Scope: "Scope", Plane: "Diffusion / scope", Stratum: "Stratum",
	}[u.Level]
	if several && u.Level != Overall && u.Level != Benchmark {
		title += ", " + u.Benchmark
	}
	return title
}
