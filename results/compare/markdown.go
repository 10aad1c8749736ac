package compare

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// What a report may come to in bytes: GitHub refuses step summaries over 1 MiB
// and comments over 65,536 characters.
const (
	SummaryBytes = 1_000_000
	CommentBytes = 60_000
)

// WriteMarkdown prints a comparison for a pull request or a step summary, in at
// most limit bytes: the worst first, and what doesn't fit is counted. Texts of
// models and data sets are code spans, in which nothing is markup.
func (c *Comparison) WriteMarkdown(w io.Writer, failures []Failure, limit int) error {
	r := &report{limit: max(limit, minReport)}
	r.head(c, failures)
	r.failures(failures)
	r.units(c)
	r.reaches(c)
	r.notes(c)
	r.lost(c)
	r.drops(c)
	_, err := io.WriteString(w, r.out.String())
	return err
}

// minReport is room enough for the parts that are never cut.
const minReport = 8 << 10

// report is Markdown under a limit.
type report struct {
	out   strings.Builder
	limit int
}

// reserve is kept for closing what is open and for saying what was left out.
const reserve = 512

// fits says whether s has room.
func (r *report) fits(s string) bool { return r.out.Len()+len(s)+reserve <= r.limit }

// add writes s if it fits.
func (r *report) add(s string) bool {
	if !r.fits(s) {
		return false
	}
	r.out.WriteString(s)
	return true
}

// left says how much was left out; reserve has room for it.
func (r *report) left(format string, n int) { _, _ = fmt.Fprintf(&r.out, format, n) }

func (r *report) head(c *Comparison, failures []Failure) {
	mark := "✅"
	if len(failures) > 0 {
		mark = "❌"
	}
	r.add(fmt.Sprintf("## %s lcbench compare: %s\n\n", mark, c.headline(failures)))
	r.add(fmt.Sprintf("base %s (%s), candidate %s (%s)\n\n", code(c.Base.Place), code(c.Base.Model), code(c.Candidate.Place), code(c.Candidate.Model)))
	r.add(c.samplesLine() + "\n\n")
	for _, text := range c.warnings() {
		r.add("> ⚠️ " + prose(text, maxNote) + "\n\n")
	}
}

// The most runes of a name, of a model's or data set's text, and of a note that
// are shown.
const (
	maxName = 120
	maxCode = 120
	maxNote = 400
)

func (r *report) failures(failures []Failure) {
	for i, f := range failures {
		line := "- " + prose(f.Reason, maxNote) + "\n"
		if f.finding() != "" {
			line = "- **" + prose(f.finding(), maxNote) + "**: " + prose(f.Reason, maxNote) + "\n"
		}
		if i == maxFailures || r.out.Len()+len(line) > r.limit/2 || !r.add(line) {
			r.left("- and %d more\n", len(failures)-i)
			break
		}
	}
	if len(failures) > 0 {
		r.out.WriteByte('\n')
	}
}

// maxFailures bounds the list of failures, as does half the room; the table has
// all units.
const maxFailures = 50

// units prints regressions first, then everything by its change.
func (r *report) units(c *Comparison) {
	head := "| | N | Documents | Base | Candidate | Change | 95% CI | p, corrected | Could see | Right ⇄ wrong | Verdict |\n|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|:--|\n"
	if !r.add(head) {
		return
	}
	order := c.worstFirst()
	rank := func(i int) int {
		return slices.Index([]Verdict{Regression, Improvement, NoneSeen, TooFew}, c.Units[i].Verdict)
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(a) - rank(b) })
	for k, i := range order {
		if !r.add(c.Units[i].markdownRow()) {
			r.left("\n%d more units have no room here.\n", len(order)-k)
			break
		}
	}
	r.out.WriteByte('\n')
}

// reaches prints the effective lengths.
func (r *report) reaches(c *Comparison) {
	for i, x := range c.Reaches {
		head := ""
		if i == 0 {
			head = "| Effective length | Tasks | Base | Candidate | Change | 95% CI |\n|:--|--:|--:|--:|--:|--:|\n"
		}
		if !r.add(fmt.Sprintf("%s| %s | %d | %s | %s | %s | %s |\n", head, prose(c.Titles[x.Benchmark], maxName), x.Tasks,
			prose(x.lengthText(x.Base), maxName), prose(x.lengthText(x.Candidate), maxName), percentChange(x.Log2), x.intervalText())) {
			return
		}
	}
	if len(c.Reaches) > 0 {
		r.out.WriteByte('\n')
	}
}

func (u Unit) markdownRow() string {
	adjusted, seen, flips := showP(u.Adjusted), "–", "–"
	if u.Verdict == TooFew {
		adjusted = "–"
	}
	if u.Detectable > 0 {
		seen = fmt.Sprintf("%.1f", 100*u.Detectable)
	}
	if u.Binary {
		flips = fmt.Sprintf("−%d +%d, p %s", u.OnlyBase, u.OnlyCandidate, prose(showP(u.McNemar), maxName))
	}
	verdict := string(u.Verdict)
	if u.Verdict == Regression {
		verdict = "**regression**"
	}
	return fmt.Sprintf("| %s | %d | %d | %s | %s | %s | %s | %s | %s | %s | %s |\n", prose(u.Title(), maxName), u.Pairs, u.Documents,
		percent(u.Base), percent(u.Candidate), change(u.Difference), u.intervalText(), prose(adjusted, maxName), seen, flips, verdict)
}

func (r *report) notes(c *Comparison) {
	r.add("<details><summary>How this was worked out</summary>\n\n")
	for _, text := range c.Notes {
		r.add("- " + prose(text, maxNote) + "\n")
	}
	r.add("- " + figures + " " + prose(c.method(), 1000) + "\n")
	for _, line := range []string{c.detectableLine(), c.reachLine()} {
		if line != "" {
			r.add("- " + line + "\n")
		}
	}
	r.add("- Right ⇄ wrong: samples that only the base (−) or only the candidate (+) has right, with exact McNemar's p, which takes samples as independent.\n")
	r.out.WriteString("\n</details>\n\n")
}

// lost lists the samples that have no answer in the candidate.
func (r *report) lost(c *Comparison) {
	var lines []string
	for _, l := range c.Lost {
		if !l.InBase {
			lines = append(lines, fmt.Sprintf("- %s: %s\n", code(l.ID), prose(l.Status, maxName)))
		}
	}
	r.list("Samples lost in the candidate and not in the base", lines)
}

// drops lists the samples that lost most, with the beginning of the answer.
func (r *report) drops(c *Comparison) {
	var lines []string
	for _, d := range c.Drops {
		line := fmt.Sprintf("- %s: %s → %s", code(d.ID), percent(d.Base), percent(d.Candidate))
		if d.Answer != "" {
			line += ", now answered " + code(d.Answer)
		}
		lines = append(lines, line+"\n")
	}
	r.list("Samples that score less, the largest drop first", lines)
}

// list folds lines away under a title, as many as fit.
func (r *report) list(title string, lines []string) {
	if len(lines) == 0 || !r.add(fmt.Sprintf("<details><summary>%s</summary>\n\n", title)) {
		return
	}
	for i, line := range lines {
		if !r.add(line) {
			r.left("- and %d more\n", len(lines)-i)
			break
		}
	}
	r.out.WriteString("\n</details>\n\n")
}

// prose escapes text so that Markdown and HTML read it as text, on one line and
// in at most so many runes.
func prose(text string, most int) string {
	var b strings.Builder
	for _, c := range short(text, most) {
		switch {
		case c == '&':
			b.WriteString("&amp;")
		case c == '<':
			b.WriteString("&lt;")
		case c == '>':
			b.WriteString("&gt;")
		case c == '@', c == '#': // no mentions, no references
			_, _ = fmt.Fprintf(&b, "%c<!---->", c)
		case strings.ContainsRune("\\`*_{}[]()!|~$:", c), c == '.' && strings.HasSuffix(strings.ToLower(b.String()), "www"): // no links
			_, _ = fmt.Fprintf(&b, "&#%d;", c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// code makes a code span of text, in HTML, since a pipe ends a table's cell even
// between backticks.
func code(text string) string { return "<code>" + prose(text, maxCode) + "</code>" }

// short is text on one line, without what can't be seen, in at most so many
// runes.
func short(text string, most int) string {
	var b strings.Builder
	n := 0
	for _, c := range text {
		if unicode.IsSpace(c) {
			c = ' '
		} else if !unicode.IsPrint(c) {
			c = unicode.ReplacementChar
		}
		if n == most {
			return b.String() + "…"
		}
		b.WriteRune(c)
		n++
	}
	return b.String()
}
