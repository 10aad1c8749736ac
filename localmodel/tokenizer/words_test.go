package tokenizer

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWordsOfAPrompt(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"a UUID is one word", `{"6a8d7f3e-1c2b-4f5a-9e8d-0b1c2d3e4f5a": "x"}`, []string{"6a8d7f3e-1c2b-4f5a-9e8d-0b1c2d3e4f5a", "x"}},
		{"numbers and names keep their signs", "3.14 v1.2_b file-name.txt", []string{"3.14", "v1.2_b", "file-name.txt"}},
		{"a full stop is no part of a word", "end. Next - one... two", []string{"end", "Next", "one", "two"}},
		{"letters of any script, with their marks", "naïve e\u0301a Привет हिन्दी", []string{"naïve", "e\u0301a", "Привет", "हिन्दी"}},
		{"Chinese by the character", "编号A-1是文字", []string{"编", "号", "A-1", "是", "文", "字"}},
		{"nothing", " ,. \n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := NewWords(10, 100, 2)
			ids, err := w.Encode(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, id := range ids {
				if id == 2 {
					continue // a border
				}
				got = append(got, w.Decode([]int32{id}))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tc.text, diff)
			}
			if ends := w.Ends(tc.text); len(ends) != len(ids) {
				t.Errorf("%d ends, %d ids", len(ends), len(ids))
			}
		})
	}
}

func TestWordsGetIDsInOrderAndKeepThem(t *testing.T) {
	w := NewWords(5, 4, 2)
	context, err := w.Encode("key: alpha-1, other: beta key")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int32{5, 6, 2, 7, 8, 5}, context); diff != "" {
		t.Errorf("context (-want +got):\n%s", diff)
	}
	question, err := w.Encode("other")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int32{7}, question); diff != "" {
		t.Errorf("question (-want +got):\n%s", diff)
	}
	if got := w.Decode([]int32{5, 6, 7, 8, 6, 99, -1, 4}); got != "key: alpha-1, other: beta alpha-1" {
		t.Errorf("decoded %q", got)
	}
	if _, err := w.Encode("key gamma"); !errors.Is(err, ErrVocabulary) || !strings.Contains(err.Error(), "more than 4") {
		t.Errorf("got %v, want an error for the fifth word", err)
	}
	if w.Len() != 4 {
		t.Errorf("%d words", w.Len())
	}
}

func TestWordsEndAtTheEndOfTheText(t *testing.T) {
	if diff := cmp.Diff([]int{1, 3, 4, 5}, NewWords(5, 9, 2).Ends("a, b.")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzWords(f *testing.F) {
	f.Add("key-1: 6a8d-7f3e, 文字. \xff-_.")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			t.Skip("capped input")
		}
		w := NewWords(3, len(text)+1, 2)
		ids, err := w.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		// Decoding and encoding again gives the same words.
		again, err := w.Encode(w.Decode(ids))
		if err != nil {
			t.Fatal(err)
		}
		words := func(ids []int32) []int32 {
			return slices.DeleteFunc(slices.Clone(ids), func(id int32) bool { return id == 2 })
		}
		if diff := cmp.Diff(words(ids), words(again)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
		if ends := w.Ends(text); len(ends) != len(ids) {
			t.Errorf("%q: %d ends, %d ids", text, len(ends), len(ids))
		}
	})
}
