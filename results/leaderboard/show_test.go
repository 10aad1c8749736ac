package leaderboard

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/lcbench/lcbench/results"
)

func printed(t testing.TB, b *Board, v View) string {
	t.Helper()
	var out bytes.Buffer
	must(t, b.Show(&out, v, results.TableOptions{}))
	return out.String()
}

func TestShownBoard(t *testing.T) {
	b := board(t, runs(t))
	must(t, b.Import(strings.NewReader(rulerMarkdown), "papers/ruler.md", ""))
	golden(t, "show.txt", printed(t, b, View{Sort: "effective-length"}))
	golden(t, "show-columns.txt", printed(t, b, View{Sort: "-needles/average/overall", Columns: []string{"ruler-length", "Lost in the middle", "needles/run/settings", "format", "builtin"}}))
}

// modelsIn lists the models in the order of the first table.
func modelsIn(text string) []string {
	_, rows, _ := strings.Cut(text, "─\n")
	rows, _, _ = strings.Cut(rows, "\n\n")
	var out []string
	for line := range strings.Lines(rows) {
		out = append(out, strings.TrimRight(strings.Fields(line)[0], "¹²³⁴⁵⁶,"))
	}
	return out
}

func TestRowsAreSorted(t *testing.T) {
	b := board(t, runs(t))
	// The sliding run's is at 9.4k, those of the others above the longest length.
	for by, want := range map[string][]string{
		"effective-length":  {"openai:big", "local:tiny", "baseline:lexical", "local:tiny"},
		"-effective-length": {"local:tiny", "openai:big", "local:tiny", "baseline:lexical"},
		"model":             {"baseline:lexical", "local:tiny", "local:tiny", "openai:big"},
		"tokens in":         {"openai:big", "local:tiny", "local:tiny", "baseline:lexical"},
		"window":            {"local:tiny", "local:tiny", "openai:big", "baseline:lexical"},
	} {
		if diff := cmp.Diff(want, modelsIn(printed(t, b, View{Sort: by, Columns: []string{"model"}}))); diff != "" {
			t.Errorf("by %s (-want +got):\n%s", by, diff)
		}
	}
	entries, name, err := b.sorted("effective-length")
	must(t, err)
	if name != "needles/effective_length" || entries[3].Attention != "sliding:window=512" {
		t.Errorf("sorted by %s, the last %+v: want the one benchmark whose lengths were asked for", name, entries[3].Identity)
	}
}

func TestUnknownColumnsNameTheNearest(t *testing.T) {
	b := board(t, runs(t))
	for _, v := range []View{{Sort: "efective-length"}, {Columns: []string{"efective_length"}}} {
		err := b.Show(&bytes.Buffer{}, v, results.TableOptions{})
		var column *ColumnError
		if !errors.As(err, &column) || !strings.Contains(err.Error(), `(did you mean "effective_length"?)`) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: got %v", v, err)
		}
	}
}

func TestNothingShownSteersATerminalOrIsTooWide(t *testing.T) {
	for _, name := range append(hostile, strings.Repeat("long", 40), strings.Repeat("長", 60)) {
		t.Chdir(t.TempDir())
		fixture{dir: "h/a", benchmark: "needles", spec: name, settings: attention(name)}.write(t)
		fixture{dir: "h/b", benchmark: "needles", spec: name, settings: attention("other")}.write(t)
		b := board(t, "h")
		must(t, b.Import(strings.NewReader(rulerMarkdown), orElse(name, "x"), ""))
		for _, text := range []string{printed(t, b, View{}), printed(t, b, View{Columns: []string{"model", "attention", "source", "settings"}}), strings.Join(b.Notes, "\n")} {
			if i := strings.IndexFunc(text, func(r rune) bool { return r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == '\u202e' }); i >= 0 {
				t.Errorf("%q: control character in\n%q", name, text)
			}
			for line := range strings.Lines(text) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
					t.Errorf("%q: line of %d columns: %s", name, n, line)
				}
			}
		}
	}
}

func TestParquetHasTheColumnsOfTheCSVWithTypes(t *testing.T) {
	b := board(t, runs(t))
	for _, layout := range []string{"lcbench", "long"} {
		var out bytes.Buffer
		must(t, b.WriteParquet(&out, layout))
		f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
		must(t, err)
		tables, err := b.Export(layout)
		must(t, err)
		var header []string
		for _, c := range tables[0].header {
			header = append(header, c.text)
		}
		var names []string
		for _, path := range f.Schema().Columns() {
			names = append(names, path[0])
		}
		if diff := cmp.Diff(header, names); diff != "" {
			t.Errorf("%s: columns (-csv +parquet):\n%s", layout, diff)
		}
		rows := parquet.NewReader(f)
		for i, want := range tables[0].rows {
			row := make([]parquet.Row, 1)
			n, _ := rows.ReadRows(row)
			if n != 1 {
				t.Fatalf("%s: %d rows in Parquet, %d in CSV", layout, i, len(tables[0].rows))
			}
			for c, v := range row[0] {
				if got := parquetText(v); got != want[c] {
					t.Errorf("%s: row %d, %s: %v in Parquet, %v in CSV", layout, i, header[c], got, want[c])
				}
			}
		}
	}
	if err := b.WriteParquet(&bytes.Buffer{}, "ruler"); err == nil {
		t.Error("ruler in Parquet: want an error")
	}
}

// parquetText is the cell that CSV has for a value of Parquet.
func parquetText(v parquet.Value) cell {
	switch {
	case v.IsNull():
		return cell{}
	case v.Kind() == parquet.Double:
		return value(v.Double())
	case v.Kind() == parquet.Int64:
		return value(int(v.Int64()))
	case v.Kind() == parquet.Boolean:
		return value(v.Boolean())
	}
	return text(string(v.ByteArray()))
}
