package results

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

func someHeads() Heads {
	return Heads{Model: "m\x1b[31m", Benchmark: "needlebench", Asked: 4, Right: 2, Left: 1, Even: 0.02, List: []HeadScore{
		{0, 0, 0, 0, 0.01}, {0, 1, 0.05, 0.05, 0.1}, {1, 0, 0.5, 1.5, 0.2}, {1, 1, 1, 1, 0.5},
	}}
}

func TestHeadsAreDrawnAndNamed(t *testing.T) {
	var b strings.Builder
	if err := someHeads().WriteText(&b, 2); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`heads of m\x1b[31m on`, "2 of 4 needles were answered; figures are of these; 1 sample was left out.\n",
		"    0  ·░\n    1  ▓█\n", "2 of 4 heads copy more than 0.1.\n",
		"    1     1   1.000       1.000            50.0%\n    1     0   0.500       1.500            20.0%\n\nAttention that falls evenly would put 2.0% on",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
	stretched := someHeads()
	stretched.Attention, stretched.Rope = "kda, full", "pi:factor=4"
	b.Reset()
	if err := stretched.WriteText(&b, 2); err != nil || !strings.Contains(b.String(), ", attention kda, full, rope pi:factor=4 on\n  needlebench\n") {
		t.Errorf("another rope: %v\n%s", err, b.String())
	}
	none := Heads{Model: "m", Asked: 3}
	b.Reset()
	if err := none.WriteText(&b, 2); err != nil || !strings.Contains(b.String(), "answered nothing") || strings.Contains(b.String(), "NaN") {
		t.Errorf("nothing answered: %v\n%s", err, b.String())
	}
}

func TestHeadsAsJSONAndParquet(t *testing.T) {
	var text, pq bytes.Buffer
	h := someHeads()
	if err := h.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var again Heads
	if err := json.Unmarshal(text.Bytes(), &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h, again); diff != "" {
		t.Error(diff)
	}
	if err := h.WriteParquet(&pq); err != nil {
		t.Fatal(err)
	}
	rows, err := parquet.Read[HeadScore](bytes.NewReader(pq.Bytes()), int64(pq.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h.List, rows); diff != "" {
		t.Error(diff)
	}
}

// Layers with a mixer of their own have no heads to tell of: what was written of
// the others is read again, and drawn under their own numbers.
func TestLayersWithoutHeadsAreLeftOut(t *testing.T) {
	h := Heads{Instrument: InstrumentHeads, Model: "m", Asked: 1, Right: 1, List: []HeadScore{{3, 0, 1, 1, 0.5}, {3, 1, 0, 0, 0}, {7, 0, 0, 0, 0}, {7, 1, 0, 0, 0}}}
	path := filepath.Join(t.TempDir(), "heads.json")
	if err := ReplaceFile(path, h.WriteJSON); err != nil {
		t.Fatal(err)
	}
	found, err := ReadInstruments(path)
	if err != nil || len(found) != 1 || !cmp.Equal(found[0].Heads.List, h.List) {
		t.Fatalf("read %v (%v), want what was written", found, err)
	}
	var b strings.Builder
	if err := found[0].Heads.WriteText(&b, 2); err != nil || !strings.Contains(b.String(), "\n    3  █·\n    7  ··\n\n") {
		t.Errorf("drawn (%v):\n%s", err, b.String())
	}
}
