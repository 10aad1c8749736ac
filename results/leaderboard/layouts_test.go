package leaderboard

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/results"
)

// extension of a layout's golden file.
func goldenName(layout, table string) string {
	name := layout
	if table != "" {
		name += "-" + table
	}
	if layout == "longbench-v2" {
		return name + ".tsv"
	}
	return name + ".csv"
}

func TestLayoutsOfTheFixtures(t *testing.T) {
	b := board(t, runs(t))
	for _, layout := range Layouts() {
		b.Notes = nil
		tables := exported(t, b, layout)
		for name, text := range tables {
			golden(t, goldenName(layout, name), text)
		}
		golden(t, layout+".notes.txt", strings.Join(b.Notes, "\n")+"\n")
		if len(tables) == 0 {
			t.Errorf("%s: no table", layout)
		}
	}
}

func TestEveryLayoutReadsBackWhatItWrote(t *testing.T) {
	b := board(t, runs(t))
	sources := regexp.MustCompile(`(?m)board\.csv`)
	for _, layout := range Layouts() {
		for name, first := range exported(t, b, layout) {
			as := layout
			if name != "" {
				as += "-" + name
			}
			again, err := imported(t, first, as)
			must(t, err)
			second := exported(t, again, layout)[name]
			// Imported rows name their file as their source: that alone differs.
			if diff := cmp.Diff(first, sources.ReplaceAllString(second, "")); diff != "" {
				t.Errorf("%s %s: written (-) and written again from what was read (+) differ:\n%s", layout, name, diff)
			}
			for i, e := range again.Entries {
				if e.Source != "board.csv" {
					t.Errorf("%s: row %d isn't marked as imported", as, i)
				}
			}
		}
	}
}

// TestFiguresSurviveTheRoundTrip compares values, not texts: what the layouts
// lcbench and long read are the figures that were there, to the last bit.
func TestFiguresSurviveTheRoundTrip(t *testing.T) {
	b := board(t, runs(t))
	for _, layout := range []string{"lcbench", "long"} {
		again, err := imported(t, exported(t, b, layout)[""], "")
		must(t, err)
		if len(again.Entries) != len(b.Entries) {
			t.Fatalf("%s: %d rows became %d", layout, len(b.Entries), len(again.Entries))
		}
		compared := 0
		for i, e := range b.Entries {
			if diff := cmp.Diff(e.Identity, again.Entries[i].Identity); diff != "" {
				t.Errorf("%s: identity (-was +read):\n%s", layout, diff)
			}
			for k, f := range e.Figures {
				if k.Part == PartCell && layout == "lcbench" {
					continue
				}
				got := again.Entries[i].Figures[k]
				if layout == "lcbench" {
					f.Metric = ""
				}
				compared++
				if diff := cmp.Diff(f, got); diff != "" {
					t.Errorf("%s: %s (-was +read):\n%s", layout, k.column(), diff)
				}
			}
		}
		if compared < 100 {
			t.Errorf("%s: only %d figures were compared", layout, compared)
		}
	}
}

func TestColumnsKeepTheirOrderWhateverElseIsThere(t *testing.T) {
	runs(t)
	names := func(places ...string) []string {
		var out []string
		for _, c := range board(t, places...).wide() {
			out = append(out, c.name)
		}
		return out
	}
	few, many := names("r/api-needles", "r/api-leval"), names("r")
	if many[0] != "format" || many[1] != "model" || many[2] != "attention" {
		t.Errorf("the first columns are %q", many[:3])
	}
	at := -1
	for _, name := range few {
		i := slices.Index(many, name)
		if i <= at {
			t.Fatalf("column %q stands at %d among many benchmarks, behind %d before it", name, i, at)
		}
		at = i
	}
	if diff := cmp.Diff(few, names("r/api-leval", "r/api-needles")); diff != "" {
		t.Errorf("columns depend on the order of runs:\n%s", diff)
	}
}

func TestColumnNamesTellTheirKey(t *testing.T) {
	for _, k := range []Key{
		{Benchmark: "longbench", Part: PartAverage, Name: "en"},
		{Benchmark: "needles", Part: PartAverage},
		{Benchmark: "a/b", Part: PartTaskStratum, Name: `t,"/%2F`, Sub: "8k+"},
		{Benchmark: "needles", Part: PartLength, Length: 4096},
		{Benchmark: "needles", Part: PartPlane, Name: "low", Sub: "high"},
		{Benchmark: "needles", Part: PartMiddle},
	} {
		kind, _ := k.Part.kind()
		for _, suffix := range append([]string{""}, kind.suffixes...) {
			name := strings.TrimSuffix(k.column()+"/"+suffix, "/")
			got, rest, err := keyOf(name)
			if err != nil || got != k || rest != suffix {
				t.Errorf("%s: read as %+v, %q, %v, want %+v, %q", name, got, rest, err, k, suffix)
			}
		}
	}
}

func TestNamesSayWhatTellsModelsApart(t *testing.T) {
	t.Chdir(t.TempDir())
	set := func(name, value string) []results.Setting {
		return []results.Setting{{Name: name, Value: value, Identity: true}}
	}
	fixture{dir: "a", benchmark: "needles", spec: "local:x", settings: attention("full")}.write(t)
	fixture{dir: "b", benchmark: "needles", spec: "local:x", settings: attention("sliding")}.write(t)
	fixture{dir: "c", benchmark: "needles", spec: "openai:y", settings: set("gen-kwargs", "top_p=1")}.write(t)
	fixture{dir: "d", benchmark: "needles", spec: "openai:y", settings: set("gen-kwargs", "top_p=0.9")}.write(t)
	for want, dirs := range map[string][]string{
		"local:x": {"a"}, "local:x (attention sliding)": {"b"}, "openai:y": {"c"},
		"local:x (attention full), local:x (attention sliding)":          {"a", "b"},
		"openai:y (gen-kwargs=top_p=1), openai:y (gen-kwargs=top_p=0.9)": {"c", "d"},
	} {
		b := board(t, dirs...)
		var names []string
		for _, e := range b.Entries {
			names = append(names, b.name(e))
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("names of %v: %s, want %s", dirs, got, want)
		}
	}
}

func TestFileAndLayoutOfAnImport(t *testing.T) {
	for _, c := range []struct{ spec, file, layout string }{
		{"board.csv", "board.csv", ""},
		{"board.csv:long", "board.csv", "long"},
		{"a/b-zh.csv:longbench-zh", "a/b-zh.csv", "longbench-zh"},
		{`C:\board.csv`, `C:\board.csv`, ""},
		{"x:y.csv", "x:y.csv", ""},
		{"board.csv:lnog", "board.csv", "lnog"},
	} {
		if file, layout := LayoutOf(c.spec); file != c.file || layout != c.layout {
			t.Errorf("%q is file %q and layout %q, want %q and %q", c.spec, file, layout, c.file, c.layout)
		}
	}
}
