package chat

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noon is the clock of the golden file.
func noon() time.Time { return time.Date(2026, 11, 24, 9, 5, 7, 0, time.UTC) }

// testdata/jinja2.jsonl is what Python's Jinja2 3.1.6 gives for the templates
// beside it: ImmutableSandboxedEnvironment(trim_blocks=True,
// lstrip_blocks=True), with transformers' tojson, raise_exception,
// strftime_now and generation blocks.
func TestTemplatesRenderAsInJinja2(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "jinja2.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		var row struct {
			Template, Name string
			Messages       []Message
			Add            bool
			Want           string
			Raises         string
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("%s/%s/add=%v", row.Template, row.Name, row.Add), func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join("testdata", row.Template))
			if err != nil {
				t.Fatal(err)
			}
			tpl, err := New(string(source), "<s>", "</s>")
			if err != nil {
				t.Fatal(err)
			}
			tpl.Now = noon
			got, err := tpl.Render(row.Messages, row.Add)
			var e *Error
			switch {
			case row.Raises != "":
				if !errors.As(err, &e) || !e.Raised || e.Err.Error() != row.Raises {
					t.Errorf("got %q and %v, want the exception %q", got, err, row.Raises)
				}
			case err != nil:
				t.Error(err)
			default:
				if diff := cmp.Diff(row.Want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
	if n == 0 {
		t.Error("no cases")
	}
}
