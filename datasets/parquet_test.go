package datasets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

type passage struct {
	Title string   `parquet:"title" json:"title"`
	Lines []string `parquet:"lines,list" json:"lines"`
}

// record has the shapes that data sets on the hub have.
type tableRow struct {
	Input    string    `parquet:"input" json:"input"`
	Context  string    `parquet:"context,zstd" json:"context"`
	Answers  []string  `parquet:"answers,list" json:"answers"`
	Length   int64     `parquet:"length" json:"length"`
	Score    float64   `parquet:"score" json:"score"`
	Hard     bool      `parquet:"hard" json:"hard"`
	Classes  []string  `parquet:"all_classes,optional,list" json:"all_classes"`
	Note     *string   `parquet:"note,optional" json:"note"`
	Tags     []string  `parquet:"tags" json:"tags"`
	Passages []passage `parquet:"passages,list" json:"passages"`
	One      []struct {
		Only int32 `parquet:"only" json:"only"`
	} `parquet:"one" json:"one"`
}

func tableRows(n int) []tableRow {
	rows := make([]tableRow, n)
	for i := range rows {
		r := tableRow{
			Input: fmt.Sprintf("question %d \"quoted\"\n\u2028\x01", i), Context: strings.Repeat(fmt.Sprint("text ", i, "中文 "), 40*(i%5)),
			Length: int64(i) - 3, Score: float64(i) / 7, Hard: i%2 == 0,
			Answers: []string{}, Tags: []string{}, Passages: []passage{},
		}
		for k := range i % 4 {
			r.Answers = append(r.Answers, fmt.Sprint("answer ", k))
			r.Tags = append(r.Tags, fmt.Sprint("tag", k))
			p := passage{Title: fmt.Sprint("t", k), Lines: []string{}}
			for j := range k {
				p.Lines = append(p.Lines, fmt.Sprint("line ", j))
			}
			r.Passages = append(r.Passages, p)
			r.One = append(r.One, struct {
				Only int32 `parquet:"only" json:"only"`
			}{int32(k)})
		}
		if i%3 == 0 {
			r.Note = &rows[i].Input
			rows[i].Input = "note"
			note := fmt.Sprint("note ", i)
			r.Note = &note
		}
		rows[i] = r
	}
	return rows
}

func parquetFile[T any](tb testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := parquet.NewGenericWriter[T](&out, options...)
	for len(rows) > 0 {
		n := min(7, len(rows))
		if _, err := w.Write(rows[:n]); err != nil {
			tb.Fatal(err)
		}
		if len(rows)%2 == 0 {
			if err := w.Flush(); err != nil { // row groups of several sizes
				tb.Fatal(err)
			}
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestParquetRowsAreTheRowsOfAJSONLFile(t *testing.T) {
	want := tableRows(60)
	for _, c := range []struct {
		name    string
		options []parquet.WriterOption
	}{
		{"as written by default", nil},
		{"small pages", []parquet.WriterOption{parquet.PageBufferSize(64)}},
		{"version 1 pages", []parquet.WriterOption{parquet.DataPageVersion(1)}},
		{"snappy", []parquet.WriterOption{parquet.Compression(&parquet.Snappy)}},
		{"gzip, version 1", []parquet.WriterOption{parquet.Compression(&parquet.Gzip), parquet.DataPageVersion(1)}},
		{"zstandard", []parquet.WriterOption{parquet.Compression(&parquet.Zstd)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := &memory{files: map[string][]byte{"f.parquet": parquetFile(t, want, c.options...)}}
			var got []tableRow
			n := 0
			for l, err := range Parquet(t.Context(), src, "f.parquet") {
				if err != nil {
					t.Fatal(err)
				}
				if n++; l.Number != n {
					t.Errorf("row %d is numbered %d", n, l.Number)
				}
				var r tableRow
				if err := json.Unmarshal(l.Text, &r); err != nil {
					t.Fatalf("%s: %v", l.Text, err)
				}
				if r.Classes == nil != (strings.Contains(string(l.Text), `"all_classes":null`)) {
					t.Errorf("%s", l.Text)
				}
				got = append(got, r)
			}
			for i := range got { // absent lists that aren't optional come as empty ones
				if len(got[i].One) == 0 {
					got[i].One = nil
				}
				if len(got[i].Classes) == 0 {
					got[i].Classes = nil
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRowsReadsParquetLikeJSONL(t *testing.T) {
	dir := t.TempDir()
	b := parquetFile(t, tableRows(20), parquet.Compression(&parquet.Snappy))
	write(t, filepath.Join(dir, "test.parquet"), b)
	src := Folder(dir, []Pin{{Name: "test.parquet", SHA256: sumOf(b)}})
	n := 0
	for r, err := range Rows(t.Context(), src, "test.parquet", decodeLongBench) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Length != n-3 || len(r.Answers) != n%4 {
			t.Errorf("row %d: %+v", n, r)
		}
		n++
	}
	if n != 20 {
		t.Errorf("%d rows", n)
	}
	want := []FileInfo{{Name: "test.parquet", SHA256: sumOf(b), Bytes: int64(len(b)), Pinned: true}}
	if diff := cmp.Diff(want, src.Origin().Files); diff != "" {
		t.Error(diff)
	}
	for range Parquet(t.Context(), src, "test.parquet") {
		break
	}
}

func TestParquetRowsThatJSONCannotHoldAreRowErrors(t *testing.T) {
	type odd struct {
		A []byte
		B float64
	}
	var zero float64
	src := &memory{files: map[string][]byte{"f.parquet": parquetFile(t, []odd{{[]byte("ok"), 1}, {[]byte{0xff}, 2}, {nil, 1 / zero}, {nil, 3}})}}
	rows, errs := drain(Parquet(t.Context(), src, "f.parquet"))
	if diff := cmp.Diff([]string{`1 {"A":"ok","B":1}`, `4 {"A":"","B":3}`}, rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		`f.parquet:2: field "A": want UTF-8 text, got other bytes`,
		`f.parquet:3: field "B": want a number that JSON has, got NaN or infinity`,
	}, errs); diff != "" {
		t.Error(diff)
	}
}

// readParquetBytes reads all it can and returns the allocated bytes.
func readParquetBytes(t *testing.T, b []byte) (rows int, last error, allocated uint64) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	src := &memory{files: map[string][]byte{"f.parquet": b}}
	for _, err := range Parquet(t.Context(), src, "f.parquet") {
		var row *RowError
		if rows++; err != nil && !errors.As(err, &row) {
			last = err
		}
		if rows > 1<<16 {
			break
		}
	}
	runtime.ReadMemStats(&after)
	return rows, last, after.TotalAlloc - before.TotalAlloc
}

func TestTruncatedParquetFilesAreErrors(t *testing.T) {
	whole := parquetFile(t, tableRows(9))
	for n := 0; n < len(whole); n += 17 {
		if _, err, _ := readParquetBytes(t, whole[:n]); err == nil {
			t.Fatalf("%d of %d bytes passed", n, len(whole))
		}
	}
}

func TestDamagedParquetFilesNeitherPanicNorEatMemory(t *testing.T) {
	for _, codec := range []parquet.WriterOption{parquet.Compression(&parquet.Uncompressed), parquet.Compression(&parquet.Snappy), parquet.Compression(&parquet.Zstd)} {
		whole := parquetFile(t, tableRows(9), codec)
		for at := 4; at < len(whole)-4; at += 97 {
			for _, v := range []byte{0, 0x7f, 0xff} {
				b := bytes.Clone(whole)
				b[at] = v
				if _, _, n := readParquetBytes(t, b); n > 256<<20 {
					t.Fatalf("byte %d set to %x: %d bytes allocated", at, v, n)
				}
			}
		}
	}
}

func FuzzParquet(f *testing.F) {
	f.Add(parquetFile(f, tableRows(5)))
	f.Add(parquetFile(f, tableRows(3), parquet.Compression(&parquet.Snappy), parquet.DataPageVersion(1)))
	f.Add([]byte("PAR1\x15\x00\x00\x02\x00\x00\x00PAR1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<14 {
			return
		}
		if _, _, n := readParquetBytes(t, b); n > 1<<30 {
			t.Errorf("%d bytes allocated", n)
		}
	})
}

func BenchmarkParquet(b *testing.B) {
	var rows []longbenchRow
	text, err := os.ReadFile(sharedFile(b, "longbench/multi_news.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	src := &memory{files: map[string][]byte{"f.jsonl": text}}
	for r, err := range Rows(b.Context(), src, "f.jsonl", decodeLongBench) {
		if err != nil {
			b.Fatal(err)
		}
		rows = append(rows, r)
	}
	src.files["f.parquet"] = parquetFile(b, rows, parquet.Compression(&parquet.Snappy))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for _, err := range Rows(b.Context(), src, "f.parquet", func(line []byte) (int, error) { return len(line), nil }) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
