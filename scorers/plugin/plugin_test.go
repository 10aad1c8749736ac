package plugin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lcbench/lcbench/scorers"
)

// TestMain is the program that the tests start, where the environment says how
// it is to behave.
func TestMain(m *testing.M) {
	if how := os.Getenv("PLUGIN_TEST"); how != "" {
		program(how)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program scores an answer by its length over ten.
func program(how string) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		switch how {
		case "dies":
			fmt.Fprintln(os.Stderr, "loading\nno model here")
			os.Exit(3)
		case "babbles":
			fmt.Println("hello")
		case "mixes":
			fmt.Println(`{"id": "another", "score": 1}`)
		case "null":
			fmt.Printf("{\"id\": %q, \"score\": null}\n", q.ID)
		case "floods":
			fmt.Println(strings.Repeat("x", maxReply+1))
		case "hangs":
			time.Sleep(time.Minute)
		default:
			fmt.Printf("{\"id\": %q, \"score\": %v}\n", q.ID, float64(len(q.Prediction)+len(q.References))/10)
		}
	}
}

func start(t *testing.T, ctx context.Context, how string) *Metric {
	t.Helper()
	t.Setenv("PLUGIN_TEST", how)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Start(ctx, "length", self)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestScores(t *testing.T) {
	m := start(t, t.Context(), "well")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			text := strings.Repeat("<", i) // as it is, not escaped
			got, err := m.Score(fmt.Sprint(i), scorers.Case{Prediction: text, References: []string{"a\nb"}})
			if want := float64(i+1) / 10; err != nil || got != want {
				t.Errorf("%d: %v, %v, want %v", i, got, err, want)
			}
		})
	}
	all.Wait()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestFaultsAreOneLine(t *testing.T) {
	for how, want := range map[string]string{
		"dies":    "metric command length: x: it ended without a reply: no model here",
		"babbles": `metric command length: x: want {"id": …, "score": number}, got "hello"`,
		"mixes":   `metric command length: x: the reply is about "another"`,
		"null":    `want {"id": …, "score": number}`,
		"floods":  "a reply of more than 65536 bytes",
	} {
		m := start(t, t.Context(), how)
		_, err := m.Score("x", scorers.Case{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", how, err, want)
		}
		if _, again := m.Score("y", scorers.Case{}); again == nil || again.Error() != err.Error() {
			t.Errorf("%s: asked again: %v", how, again)
		}
		if err := m.Close(); err != nil {
			t.Errorf("%s: told twice: %v", how, err)
		}
	}
}

func TestACancelledContextEndsAProgramThatHangs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := start(t, ctx, "hangs")
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := m.Score("x", scorers.Case{}); err == nil {
		t.Error("a score from a program that hangs")
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestParse(t *testing.T) {
	if name, command, err := Parse(" bert_score = python3 bert.py --lang=en"); name != "bert_score" || command != "python3 bert.py --lang=en" || err != nil {
		t.Errorf("%q, %q, %v", name, command, err)
	}
	for _, text := range []string{"", "x", "=y", "x="} {
		if _, _, err := Parse(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if _, err := Start(t.Context(), "x", "no-such-program-anywhere"); err == nil || !strings.Contains(err.Error(), "metric command x") {
		t.Errorf("got %v", err)
	}
}
