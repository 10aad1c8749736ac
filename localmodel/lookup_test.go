package localmodel

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/induction"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
)

func TestTheQuestionsKey(t *testing.T) {
	for _, c := range []struct{ name, text, key string }{
		{"a word that occurred", "red is 5. blue is 7. red", "red"},
		{"none where every word is new", "red is 5. blue was 7", ""},
		{"none in no text", "", ""},
		{"of two the rarer", "the red is the 5. the blue is the 7. what is the blue", "blue"},
		{"of two as rare the longer", "ox 5. zebra 7. ox zebra", "zebra"},
		{"of two as rare and long the last", "cat 5. dog 7. dog cat", "cat"},
		{"letters count in either case", "The cat 5. the dog 7. dog", "dog"},
		{"a UUID ahead of the words around it", `{"0b1e-77aa": "9f"}` + "\nvalue of key\nKey: \"0b1e-77aa\"\nvalue:", "0b1e-77aa"},
		{"words behind the key don't matter", "Bergen-43 is 918. What of Bergen-43, please?", "Bergen-43"},
		{"what recurs only far from the end is not asked for", "far 1. far 2." + strings.Repeat(" one", 100) + " new", "one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			words := lookup{16384}.words()
			ids, err := words.Encode(c.text)
			if err != nil {
				t.Fatal(err)
			}
			at, ok := question(words, ids)
			key := ""
			if ok {
				key = words.Decode(ids[at : at+1])
			}
			if key != c.key {
				t.Errorf("%q asks for %q, want %q", c.text, key, c.key)
			}
		})
	}
}

// What follows the question's key is cut off: it would be an answer too.
func TestThePromptEndsWithTheQuestionsKey(t *testing.T) {
	r, err := lookup{16384}.read("Bergen is 9. What is Bergen? Answer:", true)
	if err != nil {
		t.Fatal(err)
	}
	got, n := fmt.Sprint(r.prompt), len(r.prompt)
	// bos, Bergen, is, 9, border, What, is, then the question
	if want := fmt.Sprint([]int32{induction.BOS, 3, 4, 5, induction.EndOfValue, 6, 4, induction.Question, 3}); got != want || n != 9 {
		t.Errorf("got %s, want %s", got, want)
	}
}

// keyValue is a JSON object of UUIDs and the question for one of them.
func keyValue(pairs, asked int) (prompt, value string) {
	r := rand.New(rand.NewPCG(11, uint64(pairs)))
	uuid := func() string {
		return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", r.Uint32(), r.Uint32()>>16, r.Uint32()>>16, r.Uint32()>>16, r.Uint64()>>16)
	}
	var text strings.Builder
	text.WriteString("Extract the value that belongs to the key in the JSON object below.\n\n{")
	key := ""
	for i := range pairs {
		k, v := uuid(), uuid()
		if i == asked {
			key, value = k, v
		}
		fmt.Fprintf(&text, "%q: %q,\n ", k, v)
	}
	fmt.Fprintf(&text, "}\n\nKey: %q\nCorresponding value:", key)
	return text.String(), value
}

// needle is a sentence among others, and the question for it.
func needle(sentences, at int) (prompt, value string) {
	var text strings.Builder
	for i := range sentences {
		fmt.Fprintf(&text, "Ships sail on the %s sea past the old town and its harbour. ", []string{"calm", "grey", "wide"}[i%3])
		if i == at {
			text.WriteString("The magic number of Tromsø-7: 418829. ")
		}
	}
	text.WriteString("\nWhat is the magic number of Tromsø-7? Answer:")
	return text.String(), "418829"
}

// ask returns the answer and how far its value lies from the question.
func ask(t *testing.T, m *Model, prompt, value string) (answer string, distance int) {
	t.Helper()
	p := Prompt{Text: prompt}
	a, err := m.Answer(t.Context(), p, Params{MaxTokens: 6})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := m.encode(p)
	if err != nil {
		t.Fatal(err)
	}
	words := lookup{m.Info.Vocab}.words()
	if _, err := words.Encode(prompt); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if words.Decode([]int32{id}) == value {
			return a.Text, len(ids) - 1 - i
		}
	}
	t.Fatalf("no %q in the prompt", value)
	return "", 0
}

// Right under full attention at any depth; under a window exactly where it
// shows the value (../shared/spec/induction-model.md: t - p < W; every prompt
// begins with words that are not asked for, so sinks show no value).
func TestInductionAnswersTextAsFarAsItsAttentionSees(t *testing.T) {
	const window = 300
	for _, c := range []struct {
		name   string
		o      Options
		window int
		pairs  int // of the largest prompt
	}{
		{"full", Options{}, 1 << 20, 1300},
		{"window", Options{Attention: sliding.Sliding{Window: window}}, window, 120},
		{"sinks", Options{Attention: sliding.Sliding{Window: window, Sinks: 4}}, window, 500},
		{"sinks at true positions", Options{Attention: sliding.Sliding{Window: window, Sinks: 4, TruePositions: true}}, window, 120},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Device = "cpu"
			m, err := Induction(c.o)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			seen := map[bool]int{}
			try := func(prompt, value string) {
				answer, d := ask(t, m, prompt, value)
				seen[d < c.window]++
				if right := answer == value; right != (d < c.window) {
					t.Errorf("%d tokens from the question: answer %q for %q, want it right: %v", d, answer, value, d < c.window)
				}
			}
			for _, pairs := range []int{1, 20, c.pairs} {
				for _, asked := range []int{0, pairs / 4, pairs / 2, pairs - 30, pairs - 1} {
					if asked >= 0 {
						try(keyValue(pairs, asked))
					}
				}
			}
			for _, sentences := range []int{1, 40} {
				for _, at := range []int{0, sentences / 2, sentences - 1} {
					if at >= 0 {
						try(needle(sentences, at))
					}
				}
			}
			if seen[true] == 0 || seen[false] == 0 && c.window == window {
				t.Errorf("values seen and not: %v, want both", seen)
			}
		})
	}
}

// The window's edge, token by token.
func TestInductionFailsFromTheFirstTokenThatTheWindowHides(t *testing.T) {
	m, err := Induction(Options{Device: "cpu", Attention: sliding.Sliding{Window: 50, Sinks: 4}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for gap := 42; gap < 52; gap++ {
		answer, d := ask(t, m, "One two three four five. secret 777."+strings.Repeat(" word", gap)+" secret", "777")
		if right := answer == "777"; right != (d < 50) {
			t.Errorf("%d tokens away: answer %q, window 50", d, answer)
		}
	}
}

func TestInductionSaysNothingOfWhatItHasNotRead(t *testing.T) {
	m, err := Induction(Options{Device: "cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, prompt := range []string{"amber 12. birch 31. cedar 44. What of oak", `{"a1": "b2", "c3": "d4"} Key: "e5"`, "x"} {
		a, err := m.Answer(t.Context(), Prompt{Text: prompt}, Params{MaxTokens: 5})
		if err != nil || a.Text != "" || a.Finish != "stop" {
			t.Errorf("%q: got %q, %s (%v), want an empty answer", prompt, a.Text, a.Finish, err)
		}
	}
}

func TestInductionRefusesMoreWordsThanItHasTokens(t *testing.T) {
	m, err := Induction(Options{Device: "cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var text strings.Builder
	for i := range m.Info.Vocab {
		fmt.Fprintf(&text, "w%d ", i)
	}
	p := Prompt{Text: text.String()}
	_, err = m.Answer(t.Context(), p, Params{MaxTokens: 1})
	_, counted := m.Count(p)
	_, scored := m.Score(t.Context(), Prompt{Text: "a"}, p.Text)
	for what, err := range map[string]error{"Answer": err, "Count": counted, "Score": scored} {
		if !errors.Is(err, tokenizer.ErrVocabulary) {
			t.Errorf("%s: got %v, want %v", what, err, tokenizer.ErrVocabulary)
		}
	}
}

// What a window hides must not shine through what it shows: without BOS in sight
// a miss answers a mixture of visible values, and the words of a prompt get
// their ids in order, a value the one behind its key.
func TestHiddenValuesAreNotGuessedFromVisibleOnes(t *testing.T) {
	m, err := Induction(Options{Device: "cpu", Attention: sliding.Sliding{Window: 600}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for asked := range 40 {
		prompt, value := keyValue(400, 2*asked)
		if answer, d := ask(t, m, prompt, value); answer == value {
			t.Errorf("pair %d, %d tokens away: answered under a window of 600", 2*asked, d)
		}
	}
}
