package compare

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/lcbench/lcbench/scorers"
)

// The elements of a JUnit report, as its readers take them.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Skipped *junitMessage `xml:"skipped"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// noTime is what a comparison takes as readers that ask for it are told.
const noTime = "0"

// WriteJUnit prints a comparison as JUnit XML: a test case a unit and effective
// length, which fails where the comparison does and is skipped with too few
// samples, and one a sample that the candidate lost and the base didn't, which is
// an error. Names and attributes are those that all of its readers know (the
// schemas of Jenkins' xunit plugin and of Ant).
func (c *Comparison) WriteJUnit(w io.Writer, failures []Failure) error {
	all := junitSuites{Name: "lcbench compare", Time: noTime}
	reasons, shorter := map[*Unit]string{}, map[*Reach]string{}
	for _, f := range failures {
		switch {
		case f.Unit != nil:
			reasons[f.Unit] = f.Reason
		case f.Reach != nil:
			shorter[f.Reach] = f.Reason
		}
	}
	for i := range c.Units {
		u := &c.Units[i]
		name := "lcbench"
		if u.Benchmark != "" {
			name += "." + xmlText(u.Benchmark)
		}
		name += "." + string(u.Level)
		all.suite(name).add(u.junit(name, reasons[u]))
	}
	for i := range c.Reaches {
		r := &c.Reaches[i]
		name := "lcbench." + xmlText(r.Benchmark) + ".effective-length"
		all.suite(name).add(r.junit(name, shorter[r]))
	}
	for _, l := range c.Lost {
		if l.InBase {
			continue
		}
		name := "lcbench." + xmlText(l.Benchmark) + ".lost"
		all.suite(name).add(junitCase{Name: xmlText(l.ID), Class: name, Time: noTime, Error: &junitMessage{
			Message: "lost in the candidate: " + xmlText(l.Status), Type: xmlText(l.Status), Text: "The sample could not be asked; the run's command asks it anew.",
		}})
	}
	for _, s := range all.Suites {
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// suite returns the suite of a name, new at the end if it isn't there.
func (s *junitSuites) suite(name string) *junitSuite {
	for i := range s.Suites {
		if s.Suites[i].Name == name {
			return &s.Suites[i]
		}
	}
	s.Suites = append(s.Suites, junitSuite{Name: name, Time: noTime})
	return &s.Suites[len(s.Suites)-1]
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func (u *Unit) junit(class, reason string) junitCase {
	out := junitCase{Name: xmlText(u.Name), Class: class, Time: noTime}
	finding := xmlText(u.finding())
	switch {
	case reason != "":
		out.Failure = &junitMessage{Message: finding, Type: "regression", Text: xmlText(reason)}
	case u.Verdict == TooFew:
		out.Skipped = &junitMessage{Message: fmt.Sprintf("%s: %s of %s", u.Verdict, plural(u.Pairs, "sample"), plural(u.Documents, "document"))}
	default:
		out.Out = string(u.Verdict) + ": " + finding
	}
	return out
}

func (r *Reach) junit(class, reason string) junitCase {
	out := junitCase{Name: "effective length", Class: class, Time: noTime}
	finding := xmlText(r.finding())
	switch {
	case reason != "":
		out.Failure = &junitMessage{Message: finding, Type: "regression", Text: reason}
	case r.State != scorers.IntervalOK:
		out.Skipped = &junitMessage{Message: "no interval: " + string(r.State)}
	default:
		out.Out = finding
	}
	return out
}

// xmlText takes out what XML 1.0 forbids, escaped or not (§2.2, Char): control
// characters but tab and line ends, surrogates, U+FFFE and U+FFFF, broken
// UTF-8.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xD7FF, r >= 0xE000 && r <= 0xFFFD, r >= 0x10000 && r <= 0x10FFFF:
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
}
