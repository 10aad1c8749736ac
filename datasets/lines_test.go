package datasets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type qa struct {
	Question string
	Answers  []string
}

func decodeQA(line []byte) (qa, error) {
	var r qa
	seen := false
	err := ParseObject(line, func(key string, raw []byte) (err error) {
		switch key {
		case "question":
			seen = true
			r.Question, err = String(raw)
		case "answers":
			r.Answers, err = Strings(raw)
		}
		return err
	})
	if err == nil && !seen {
		err = MissingField("question")
	}
	return r, err
}

func TestJSONLFaultsAreNamedAndTheStreamGoesOn(t *testing.T) {
	file := "\xef\xbb\xbf" + `{"question":"one","answers":["a"]}` + "\r\n" +
		"\n   \t\r\n" +
		`{"question":"two","answers":7}` + "\n" +
		`not json` + "\n" +
		"{\"question\":\"\xff\"}\n" +
		"{\"question\":\"three\u2028still three\"}\n" +
		`{"answers":[]}` + "\n" +
		`{"question":"four","answers":["x"` // cut off
	src := &memory{files: map[string][]byte{"q.jsonl": []byte(file)}, chunk: 7}
	var got, errs []string
	for r, err := range Rows(t.Context(), src, "q.jsonl", decodeQA) {
		if err != nil {
			var row *RowError
			if !errors.As(err, &row) {
				t.Errorf("%v is no RowError", err)
			}
			if r.Question != "" {
				t.Errorf("a row comes with an error: %v", r)
			}
			errs = append(errs, err.Error())
			continue
		}
		got = append(got, r.Question)
	}
	if diff := cmp.Diff([]string{"one", "three\u2028still three"}, got); diff != "" {
		t.Error(diff)
	}
	want := []string{
		`q.jsonl:4: field "answers": want a list of strings, got number`,
		`q.jsonl:5: not JSON: want an object, got 'n' at byte 0`,
		`q.jsonl:6: invalid UTF-8 at byte 13 of the row (byte 99 of the file)`,
		`q.jsonl:8: field "question": missing`,
		`q.jsonl:9: not JSON: unexpected end at byte 33`,
	}
	if diff := cmp.Diff(want, errs); diff != "" {
		t.Error(diff)
	}
	if at := strings.IndexByte(file, '\xff'); at != 99 {
		t.Errorf("the bad byte is at %d", at)
	}
	if src.closed != 1 {
		t.Errorf("closed %d times", src.closed)
	}
}

func TestLinesOverTheLimitAreSkipped(t *testing.T) {
	long := strings.Repeat("x", 3*firstBuffer)
	for _, c := range []struct {
		name, file string
		rows, errs []string
	}{
		{"in the middle", "a\n" + long + "\nb\n", []string{"1 a", "3 b"}, []string{"f:2: row is too long: over 10 bytes"}},
		{"at the end", "a\n" + long, []string{"1 a"}, []string{"f:2: row is too long: over 10 bytes"}},
		{"by one byte", "01234567890\n0123456789\n", []string{"2 0123456789"}, []string{"f:1: row is too long: over 10 bytes"}},
		{"alone", long + "\n", nil, []string{"f:1: row is too long: over 10 bytes"}},
	} {
		for _, chunk := range []int{0, 1000} {
			src := &memory{files: map[string][]byte{"f": []byte(c.file)}, chunk: chunk}
			rows, errs := drain(lines(t.Context(), src, "f", 10))
			if diff := cmp.Diff(c.rows, rows); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
			if diff := cmp.Diff(c.errs, errs); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
	}
}

func TestLineBoundariesDontDependOnReads(t *testing.T) {
	var file bytes.Buffer
	var want []string
	for i := range 300 {
		text := strings.Repeat(fmt.Sprint(i%10), i*i%977+1)
		fmt.Fprintf(&file, "%s\n", text)
		want = append(want, fmt.Sprintf("%d %s", i+1, text))
	}
	for _, chunk := range []int{1, 2, 3, 64, 1000, firstBuffer, 0} {
		src := &memory{files: map[string][]byte{"f": file.Bytes()}, chunk: chunk}
		rows, errs := drain(Lines(t.Context(), src, "f"))
		if diff := cmp.Diff(want, rows); diff != "" || errs != nil {
			t.Fatalf("chunk %d: %v %s", chunk, errs, diff)
		}
	}
}

func TestOffsetsPointIntoTheFile(t *testing.T) {
	file := []byte("\xef\xbb\xbfab\n\n" + strings.Repeat("y", 2*firstBuffer) + "\ncd")
	src := &memory{files: map[string][]byte{"f": file}, chunk: 999}
	for l, err := range Lines(t.Context(), src, "f") {
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(file[l.Offset:], l.Text) {
			t.Errorf("line %d is not at %d", l.Number, l.Offset)
		}
	}
}

func TestABrokenSourceEndsTheStream(t *testing.T) {
	boom := errors.New("disk on fire")
	src := &memory{files: map[string][]byte{"f.jsonl": []byte("{}\n{}")}, broken: boom}
	rows, errs := drain(Lines(t.Context(), src, "f.jsonl"))
	if diff := cmp.Diff([]string{"1 {}"}, rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"f.jsonl: disk on fire"}, errs); diff != "" {
		t.Error(diff)
	}
	_, errs = drain(Lines(t.Context(), src, "nowhere"))
	if len(errs) != 1 || !strings.Contains(errs[0], "nowhere") {
		t.Errorf("got %v", errs)
	}
}

func TestCancellationIsYieldedLastAndAsItIs(t *testing.T) {
	for _, name := range []string{"f.jsonl", "f.json"} {
		src := &memory{files: map[string][]byte{
			"f.jsonl": bytes.Repeat([]byte("{}\n"), 10),
			"f.json":  []byte("[{},{},{},{}]"),
		}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		var last error
		for _, err := range texts(ctx, src, name) {
			if n++; n == 2 {
				cancel()
			}
			last = err
		}
		if n != 3 || last != context.Canceled { //nolint:errorlint // it must come unwrapped
			t.Errorf("%s: %d rows, last error %v", name, n, last)
		}
		if src.closed != 1 {
			t.Errorf("%s: closed %d times", name, src.closed)
		}
	}
}

func TestBreakClosesTheFile(t *testing.T) {
	src := &memory{files: map[string][]byte{"f.jsonl": []byte("{}\n{}\n"), "f.json": []byte("[1,2]")}}
	for _, name := range []string{"f.jsonl", "f.json"} {
		for range texts(t.Context(), src, name) {
			break
		}
	}
	if src.closed != 2 {
		t.Errorf("closed %d times", src.closed)
	}
}

func TestReadFileKeepsToItsLimit(t *testing.T) {
	src := &memory{files: map[string][]byte{"f": []byte("12345")}}
	if b, err := ReadFile(t.Context(), src, "f", 5); err != nil || string(b) != "12345" {
		t.Errorf("got %q %v", b, err)
	}
	if _, err := ReadFile(t.Context(), src, "f", 4); err == nil {
		t.Error("5 bytes passed a limit of 4")
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\n\nb"), 3)
	f.Add([]byte("\xef\xbb\xbfa\r\n \nbcdefgh\n"), 1)
	f.Add([]byte("\xff\n\x80"), 2)
	f.Fuzz(func(t *testing.T, file []byte, chunk int) {
		if len(file) > 1<<12 {
			return
		}
		src := &memory{files: map[string][]byte{"f": file}, chunk: max(chunk, 0)}
		rows, errs := drain(lines(t.Context(), src, "f", 5))
		whole := bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
		want := 0
		for _, l := range bytes.Split(whole, []byte("\n")) {
			if len(bytes.Trim(l, " \t\r")) > 0 || len(l) > 5 {
				want++
			}
		}
		// A mark over the limit counts as text of the first line: one blank
		// line may show as too long.
		if n := len(rows) + len(errs); n != want && len(whole) == len(file) {
			t.Errorf("%q: %d rows and %d errors, want %d", file, len(rows), len(errs), want)
		}
	})
}

// longbenchRow is what an adapter for LongBench reads.
type longbenchRow struct {
	Input    string   `json:"input"`
	Context  string   `json:"context"`
	Answers  []string `json:"answers"`
	Length   int      `json:"length"`
	Dataset  string   `json:"dataset"`
	Language string   `json:"language"`
	Classes  []string `json:"all_classes"`
	ID       string   `json:"_id"`
}

func decodeLongBench(line []byte) (longbenchRow, error) {
	var r longbenchRow
	err := ParseObject(line, func(key string, raw []byte) (err error) {
		switch key {
		case "input":
			r.Input, err = String(raw)
		case "context":
			r.Context, err = String(raw)
		case "answers":
			r.Answers, err = Strings(raw)
		case "length":
			r.Length, err = Int(raw)
		case "dataset":
			r.Dataset, err = String(raw)
		case "language":
			r.Language, err = String(raw)
		case "all_classes":
			if !IsNull(raw) {
				r.Classes, err = Strings(raw)
			}
		case "_id":
			r.ID, err = String(raw)
		}
		return err
	})
	return r, err
}

var longbenchFiles = []string{"longbench/multi_news.jsonl", "longbench/multifieldqa_zh.jsonl", "longbench/passage_retrieval_zh.jsonl"}

func TestGoldenLongBenchRowsAreReadAsByEncodingJSON(t *testing.T) {
	for _, name := range longbenchFiles {
		b, err := os.ReadFile(sharedFile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		src := &memory{files: map[string][]byte{"f.jsonl": b}}
		dec := json.NewDecoder(bytes.NewReader(b))
		n := 0
		for got, err := range Rows(t.Context(), src, "f.jsonl", decodeLongBench) {
			if err != nil {
				t.Fatal(err)
			}
			var want longbenchRow
			if err := dec.Decode(&want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(want, got) {
				t.Fatalf("%s row %d: %s", name, n, cmp.Diff(want, got))
			}
			n++
		}
		if n != 200 {
			t.Errorf("%s: %d rows, want 200", name, n)
		}
	}
}

func BenchmarkJSONL(b *testing.B) {
	src := &memory{files: map[string][]byte{}}
	size := 0
	for _, name := range longbenchFiles {
		text, err := os.ReadFile(sharedFile(b, name))
		if err != nil {
			b.Fatal(err)
		}
		src.files[name] = text
		size += len(text)
	}
	b.Run("reader=lcbench", func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			for name := range src.files {
				for _, err := range Rows(b.Context(), src, name, decodeLongBench) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		}
	})
	b.Run("reader=encoding-json", func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			for _, text := range src.files {
				dec := json.NewDecoder(bytes.NewReader(text))
				for {
					var r longbenchRow
					if err := dec.Decode(&r); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		}
	})
}

func BenchmarkRawField(b *testing.B) {
	text, err := os.ReadFile(sharedFile(b, "longbench/multi_news.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	rows := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for _, r := range rows {
			if _, ok := RawField(r, "_id"); !ok {
				b.Fatal("no _id")
			}
		}
	}
}
