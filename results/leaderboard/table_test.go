package leaderboard

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTextsThatCouldBeFormulasAreMadeNeutral(t *testing.T) {
	for _, s := range []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=x", " =1", "\u00a0=1", "\u3000@x", "＝1", "＋1", "－1", "＠x", "-", "'=1", "''=1", "' =x",
	} {
		got := neutral(s)
		if got != "'"+s {
			t.Errorf("%q became %q, want a ' in front", s, got)
		}
		if back := restored(got); back != s {
			t.Errorf("%q came back as %q", s, back)
		}
	}
	for _, s := range []string{"", "a=b", "local:tiny", "'quoted'", "1-2", "<script>", "−3"} {
		if got := neutral(s); got != s {
			t.Errorf("%q became %q, want it as it was", s, got)
		}
		if got := restored(s); got != s {
			t.Errorf("%q was restored to %q, want it as it was", s, got)
		}
	}
}

func TestNeutralIsUndoneByRestored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("'=+-@ \t\r\n＝a")), 0, 6, -1)).Draw(t, "text")
		written := neutral(s)
		if got := restored(written); got != s {
			t.Fatalf("%q was written as %q and read as %q", s, written, got)
		}
		if formula(written) {
			t.Fatalf("%q was written as %q, which is still a formula", s, written)
		}
	})
}

func TestOurNumbersStayNumbers(t *testing.T) {
	table := Table{header: texts("Model", "points"), rows: [][]cell{{text("-x"), value(-3.1)}, {text("a,\"b\""), value(nil)}, {text("c"), missing}}}
	var out bytes.Buffer
	must(t, table.Write(&out))
	want := "Model,points\n'-x,-3.1\n\"a,\"\"b\"\"\",\nc,-\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHeadersAreTextsToo(t *testing.T) {
	var out bytes.Buffer
	must(t, Table{header: texts("dataset", "=cmd|' /C calc'!A0"), style: style{bom: true, crlf: true}}.Write(&out))
	if want := "\ufeffdataset,'=cmd|' /C calc'!A0\r\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// hostile names try to be a formula, markup and an escape sequence.
var hostile = []string{
	`=HYPERLINK("http://x","y")`, "\x1b]0;owned\x07\x1b[31m", "<script>alert(1)</script>", "\u202eevil", "@SUM(1)\r\n+2", "＝1", "a\nb,c\"d", "|x|y|", "",
}

func TestHostileNamesDoNothingInAnyLayoutAndComeBack(t *testing.T) {
	for _, name := range hostile {
		t.Chdir(t.TempDir())
		fixture{dir: "h/needles", benchmark: "needles", spec: name, settings: attention(name), version: name, currency: orElse(name, "USD")}.write(t)
		fixture{dir: "h/longbench", benchmark: "longbench", spec: name, settings: attention(name)}.write(t)
		fixture{dir: "h/leval", benchmark: "leval", spec: name, settings: attention(name)}.write(t)
		fixture{dir: "h/licon", benchmark: "liconbench", spec: name, settings: attention(name)}.write(t)
		fixture{dir: "h/e", benchmark: "longbench-e", spec: name, settings: attention(name)}.write(t)
		fixture{dir: "h/v2", benchmark: "longbench-v2", spec: name, settings: attention(name)}.write(t)
		b := board(t, "h")
		for _, layout := range Layouts() {
			for table, text := range exported(t, b, layout) {
				checkNeutral(t, layout, text)
				as := strings.TrimSuffix(layout+"-"+table, "-")
				again, err := imported(t, text, as)
				must(t, err)
				if layout != "lcbench" && layout != "long" {
					continue
				}
				if diff := cmp.Diff(b.Entries[0].Identity, again.Entries[0].Identity); diff != "" {
					t.Errorf("%q in %s (-was +read):\n%s", name, layout, diff)
				}
			}
		}
	}
}

// checkNeutral fails if a cell of a file could start a formula, or holds what
// steers a terminal.
func checkNeutral(t *testing.T, layout, text string) {
	t.Helper()
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	if layout == "longbench-v2" {
		in.Comma = '\t'
	}
	records, err := in.ReadAll()
	must(t, err)
	for _, r := range records {
		for _, c := range r {
			_, err := parseNumber(c)
			if formula(c) && c != "-" && err != nil {
				t.Errorf("%s: cell %q could be a formula", layout, c)
			}
			if i := strings.IndexFunc(c, func(r rune) bool { return r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u202e' }); i >= 0 {
				t.Errorf("%s: cell %q has a control character", layout, c)
			}
		}
	}
}
