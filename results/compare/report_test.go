package compare

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/results"
)

// hostile is text that would be markup, an escape or a command if it were let.
const hostile = "<script>alert(1)</script> | `x` [a](b) ![i](j) @everyone #1 \x1b[31mred\x00\n::error::x\n</details>&\u202e\ufffe\xff"

// reported is a comparison with everything in it: a regression, an improvement,
// lost samples, an unfinished side, notes, and hostile names and answers.
func reported(t *testing.T) (*Comparison, []Failure) {
	t.Helper()
	base := scored(scored(runOf("b", "mock:old"), "drops", 60, always(1)), "rises", 60, always(0.25))
	now := scored(scored(runOf("b", "mock:"+hostile), "drops", 60, func(i int) float64 { return float64(i%2) / 2 }), "rises", 60, always(0.5))
	base, now = scored(base, "few", 4, always(1)), scored(now, "few", 4, always(1))
	for i := range now.Samples {
		now.Samples[i].Answer = fmt.Sprint(i) + hostile
	}
	last := len(now.Samples) - 1
	now.Samples[last].Status = "error"
	now.State = results.Running
	now.Version = hostile
	for _, r := range []*Run{&base, &now} {
		for i := range r.Samples {
			if r.Samples[i].Task == "rises" {
				r.Samples[i].Task = "rises" + hostile
				r.Samples[i].Category = hostile
			}
		}
		r.Samples[0].ID = hostile
		r.Samples[last].ID += hostile
	}
	c := compared(t, source(base), source(now), Options{})
	f, err := ParseFailOn("regression,lost")
	must(t, err)
	failures, err := c.Failures(f)
	must(t, err)
	return c, failures
}

// The reports of a comparison without surprises, as they look.
func TestReportsLookAsTheyShould(t *testing.T) {
	base, now := simulated(5, 1, none), simulated(5, 2, func(task, _ int) float64 {
		if task == 3 {
			return 0.9
		}
		return 0
	})
	now.Samples[7].Status, now.Samples[9].Answer = "error", "an answer"
	c := compared(t, source(base), source(now), Options{})
	failures, err := c.Failures(FailOn{Regression: true, Lost: true})
	must(t, err)
	for name, write := range map[string]func(io.Writer) error{
		"table.txt":       func(w io.Writer) error { return c.WriteTable(w, failures, results.TableOptions{}) },
		"report.md":       func(w io.Writer) error { return c.WriteMarkdown(w, failures, CommentBytes) },
		"junit.xml":       func(w io.Writer) error { return c.WriteJUnit(w, failures) },
		"annotations.txt": func(w io.Writer) error { return c.WriteAnnotations(w, failures) },
	} {
		var out bytes.Buffer
		must(t, write(&out))
		golden(t, name, out.String())
	}
}

func TestTheTableKeepsToItsWidthAndToText(t *testing.T) {
	c, failures := reported(t)
	for _, width := range []int{60, 80, 120} {
		var out bytes.Buffer
		must(t, c.WriteTable(&out, failures, results.TableOptions{Width: width}))
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("width %d: %d columns: %q", width, n, line)
			}
		}
		if strings.ContainsAny(out.String(), "\x1b\x00\u202e") {
			t.Errorf("width %d: control characters came through", width)
		}
	}
}

// What a model or a data set wrote is text in the report, not markup.
func TestTextsAreNotMarkup(t *testing.T) {
	c, failures := reported(t)
	var out bytes.Buffer
	must(t, c.WriteMarkdown(&out, failures, SummaryBytes))
	for _, bad := range []string{"<script", "@everyone", "#1 ", "`x`", "[a](b)", "![i]", "\x1b", "\x00", "\u202e", "\n::error"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("%q came through:\n%s", bad, out.String())
		}
	}
	opened, closed := strings.Count(out.String(), "<details>"), strings.Count(out.String(), "</details>")
	if opened != closed || opened != 3 {
		t.Errorf("%d opened, %d closed, want 3", opened, closed)
	}
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "|") && strings.Count(line, "|") != 12 {
			t.Errorf("a row of %d columns, want 11: %s", strings.Count(line, "|")-1, line)
		}
	}
}

// The report stays below its limit, says what it left out, and closes what it
// opened, however much there is.
func TestTheReportStaysBelowItsLimit(t *testing.T) {
	base, now := runOf("b", "m"), runOf("b", "m")
	for task := range 3000 {
		name := fmt.Sprintf("%s%d", strings.Repeat("<", 100), task)
		base = scored(base, name, 2, always(1))
		now = scored(now, name, 2, always(0))
		now.Samples[2*task].Status = "error"
		now.Samples[2*task+1].Answer = strings.Repeat("&", maxExcerpt)
	}
	c := compared(t, source(base), source(now), Options{})
	var failures []Failure
	for i := range c.Units {
		failures = append(failures, Failure{Unit: &c.Units[i], Reason: "worse"})
	}
	for _, limit := range []int{0, CommentBytes, SummaryBytes} {
		var out bytes.Buffer
		must(t, c.WriteMarkdown(&out, failures, limit))
		if out.Len() > max(limit, minReport) {
			t.Errorf("%d bytes, want at most %d", out.Len(), max(limit, minReport))
		}
		if strings.Count(out.String(), "<details>") != strings.Count(out.String(), "</details>") {
			t.Errorf("limit %d: something is left open", limit)
		}
		if !strings.Contains(out.String(), "more") {
			t.Errorf("limit %d: what was left out isn't counted", limit)
		}
	}
}

// wellFormed reads XML to its end, and refuses what XML 1.0 forbids.
func wellFormed(data []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(data))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

var entity = regexp.MustCompile(`&#x?[0-9A-Fa-f]+;|[\x00-\x08\x0b\x0c\x0e-\x1f]|\x{FFFE}|\x{FFFF}`)

// Whatever ids, names and statuses hold, the JUnit report is well-formed and
// counts right.
func TestJUnitIsWellFormedWhateverItHolds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := func(name string) string {
			return rapid.OneOf(rapid.String(), rapid.Just(hostile), rapid.Custom(func(t *rapid.T) string {
				return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
			})).Draw(r, name)
		}
		c := &Comparison{Titles: map[string]string{"b": text("title")}}
		for range rapid.IntRange(0, 4).Draw(r, "units") {
			c.Units = append(c.Units, Unit{Level: Task, Benchmark: text("benchmark"), Name: text("name"), Verdict: rapid.SampledFrom([]Verdict{Regression, Improvement, NoneSeen, TooFew}).Draw(r, "verdict")})
		}
		for range rapid.IntRange(0, 3).Draw(r, "lost") {
			c.Lost = append(c.Lost, LostSample{Benchmark: text("benchmark"), ID: text("id"), Status: text("status")})
		}
		var failures []Failure
		for i := range c.Units {
			if c.Units[i].Verdict == Regression {
				failures = append(failures, Failure{Unit: &c.Units[i], Reason: "why: " + text("reason")})
			}
		}
		var out bytes.Buffer
		if err := c.WriteJUnit(&out, failures); err != nil {
			r.Fatal(err)
		}
		if err := wellFormed(out.Bytes()); err != nil {
			r.Fatalf("%v\n%s", err, out.Bytes())
		}
		for _, e := range entity.FindAllString(out.String(), -1) {
			if e != "&#xA;" && e != "&#x9;" && e != "&#xD;" && e != "&#34;" && e != "&#39;" {
				r.Fatalf("%q is no character of XML", e)
			}
		}
		var read junitSuites
		if err := xml.Unmarshal(out.Bytes(), &read); err != nil {
			r.Fatal(err)
		}
		if read.Tests != len(c.Units)+len(c.Lost) || read.Failures != len(failures) || read.Errors != len(c.Lost) {
			r.Fatalf("counts %d, %d, %d, want %d, %d, %d", read.Tests, read.Failures, read.Errors, len(c.Units)+len(c.Lost), len(failures), len(c.Lost))
		}
	})
}

// junitElements are the elements of a report with the attributes that all of its
// readers' schemas let through (those of Jenkins' xunit plugin, junit-10.xsd, and
// of Ant's JUnitReport), and where the elements stand. An attribute with ! has to
// be there.
func junitElements() map[string][]string {
	return map[string][]string{
		"/testsuites":                               {"name!", "time", "tests", "failures", "errors"},
		"/testsuites/testsuite":                     {"name!", "tests!", "failures!", "errors!", "skipped", "time!"},
		"/testsuites/testsuite/testcase":            {"name!", "classname!", "time!"},
		"/testsuites/testsuite/testcase/failure":    {"message", "type!"},
		"/testsuites/testsuite/testcase/error":      {"message", "type!"},
		"/testsuites/testsuite/testcase/skipped":    {"message"},
		"/testsuites/testsuite/testcase/system-out": {},
	}
}

// Errors are told from failures, a case has one outcome, counts are right, and
// nothing stands there that a reader could refuse.
func TestJUnitKeepsToItsSchemas(t *testing.T) {
	c, failures := reported(t)
	c.Reaches = []Reach{{Benchmark: hostile, Tasks: 1, Lengths: []int{1000, 2000}}, {Benchmark: "c"}}
	failures = append(failures, Failure{Reach: &c.Reaches[0], Reason: "shorter"})
	var out bytes.Buffer
	must(t, c.WriteJUnit(&out, failures))
	dec := xml.NewDecoder(&out)
	place, elements := "", junitElements()
	seen, outcomes := map[string]int{}, 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		switch x := token.(type) {
		case xml.EndElement:
			place = strings.TrimSuffix(place, "/"+x.Name.Local)
		case xml.StartElement:
			place += "/" + x.Name.Local
			seen[place]++
			checkElement(t, place, x, elements)
			switch x.Name.Local {
			case "testcase":
				outcomes = 0
			case "failure", "error", "skipped":
				if outcomes++; outcomes > 1 {
					t.Errorf("a case with %d outcomes", outcomes)
				}
			}
		}
	}
	for place := range elements {
		if seen[place] == 0 {
			t.Errorf("nothing at %s", place)
		}
	}
	if seen["/testsuites/testsuite/testcase/error"] != 1 || seen["/testsuites/testsuite/testcase/failure"] != len(failures)-1 {
		t.Errorf("%d errors and %d failures, want the one lost sample and the %d others", seen["/testsuites/testsuite/testcase/error"],
			seen["/testsuites/testsuite/testcase/failure"], len(failures)-1)
	}
}

func checkElement(t *testing.T, place string, x xml.StartElement, elements map[string][]string) {
	t.Helper()
	allowed, known := elements[place]
	if !known {
		t.Errorf("no schema has %s", place)
	}
	for _, a := range x.Attr {
		if !slices.Contains(allowed, a.Name.Local) && !slices.Contains(allowed, a.Name.Local+"!") {
			t.Errorf("no schema has %s of %s", a.Name.Local, place)
		}
	}
	for _, name := range allowed {
		name, needed := strings.CutSuffix(name, "!")
		if needed && !slices.ContainsFunc(x.Attr, func(a xml.Attr) bool { return a.Name.Local == name }) {
			t.Errorf("%s has no %s", place, name)
		}
	}
}

// The step summary of many benchmarks stays below its limit, whatever is in it
// already, and the worst stands first.
func TestTheSummaryHasTheWorstFirst(t *testing.T) {
	base, now := runOf("b", "m"), runOf("b", "m")
	for task := range 60 {
		name := fmt.Sprintf("task%02d", task)
		base, now = scored(base, name, 60, always(1)), scored(now, name, 60, always(float64(task)/60))
	}
	for _, r := range []*Run{&base, &now} {
		for i := range r.Samples {
			r.Samples[i].Document = i / 2
		}
	}
	c := compared(t, source(base), source(now), Options{})
	failures, err := c.Failures(FailOn{Regression: true})
	must(t, err)
	var out bytes.Buffer
	must(t, c.WriteMarkdown(&out, failures, CommentBytes))
	if out.Len() > CommentBytes {
		t.Errorf("%d bytes", out.Len())
	}
	last := -1
	for _, row := range regexp.MustCompile(`(?m)^\| task task(\d+) `).FindAllStringSubmatch(out.String(), -1) {
		n, err := strconv.Atoi(row[1])
		must(t, err)
		if n <= last {
			t.Fatalf("task%02d stands behind task%02d, which dropped less", n, last)
		}
		last = n
	}
	if last != 59 {
		t.Errorf("the last task is %d, want 59", last)
	}
}

func FuzzXMLText(f *testing.F) {
	f.Add(hostile)
	f.Add("\ud7ff\ue000\ufffd\U0010ffff")
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		must(t, xml.NewEncoder(&out).EncodeElement(xmlText(s), xml.StartElement{Name: xml.Name{Local: "a"}}))
		if err := wellFormed(out.Bytes()); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if strings.ContainsRune(xmlText(s), '\x00') || strings.ContainsRune(xmlText(s), '\ufffe') {
			t.Errorf("%q: forbidden characters are left", s)
		}
	})
}

// An annotation is one line, whose properties nothing can end early.
func TestAnnotationsAreOneCommandALine(t *testing.T) {
	c, failures := reported(t)
	var out bytes.Buffer
	must(t, c.WriteAnnotations(&out, failures))
	command := regexp.MustCompile(`^::(error|warning|notice) title=[^:,\r\n]*::[^\r\n]*$`)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for _, line := range lines {
		if !command.MatchString(line) {
			t.Errorf("no command: %q", line)
		}
	}
	if len(lines) < 4 || strings.Contains(out.String(), "\x1b") {
		t.Errorf("%q", lines)
	}
	var escaped strings.Builder
	annotate(&escaped, "error", "a:b,c%::", "100%: a,b\r\n::warning::x")
	if want := "::error title=a%3Ab%2Cc%25%3A%3A::100%25: a,b  ::warning::x\n"; escaped.String() != want {
		t.Errorf("got %q, want %q", escaped.String(), want)
	}
	many := make([]Failure, 25)
	for i := range many {
		many[i] = failures[0]
	}
	out.Reset()
	must(t, c.WriteAnnotations(&out, many))
	if n := strings.Count(out.String(), "::error "); n != maxAnnotations || !strings.Contains(out.String(), "and 16 more") {
		t.Errorf("%d errors, want %d, the last of which counts the rest", n, maxAnnotations)
	}
}
