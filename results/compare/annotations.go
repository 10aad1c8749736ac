package compare

import (
	"fmt"
	"io"
	"strings"
)

// maxAnnotations is how many annotations of a kind GitHub shows of one step.
const maxAnnotations = 10

// WriteAnnotations prints a comparison as GitHub's workflow commands: an error
// for each failure, a warning for what makes figures doubtful, and one notice
// with the outcome. Of more errors than are shown the last one says so.
func (c *Comparison) WriteAnnotations(w io.Writer, failures []Failure) error {
	var out strings.Builder
	for i, f := range failures {
		if i == maxAnnotations-1 && len(failures) > maxAnnotations {
			annotate(&out, "error", "lcbench compare", fmt.Sprintf("and %d more; see the report", len(failures)-i))
			break
		}
		title, text := "lcbench compare", f.Reason
		if f.finding() != "" {
			title, text = "lcbench: "+f.title(), f.finding()+": "+f.Reason
		}
		annotate(&out, "error", title, text)
	}
	warnings := c.warnings()
	for _, text := range warnings[:min(len(warnings), maxAnnotations)] {
		annotate(&out, "warning", "lcbench compare", text)
	}
	annotate(&out, "notice", "lcbench compare", c.headline(failures))
	_, err := io.WriteString(w, out.String())
	return err
}

// annotate writes one workflow command. Values are escaped as the runner undoes
// it: percent and line ends everywhere, colons and commas in properties too.
func annotate(out *strings.Builder, kind, title, text string) {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	_, _ = fmt.Fprintf(out, "::%s title=%s::%s\n", kind, property.Replace(short(title, maxName)), data.Replace(short(text, maxNote)))
}
