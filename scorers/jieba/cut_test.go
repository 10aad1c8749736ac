package jieba

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/scorers/goldentest"
)

func TestGoldenWords(t *testing.T) {
	n := 0
	for line, raw := range goldentest.Lines(t, "golden/longbench/jieba.jsonl") {
		var c struct {
			Prediction string
			Expected   []string
		}
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		n++
		if diff := cmp.Diff(c.Expected, Cut(c.Prediction)); diff != "" {
			t.Errorf("line %d: %q (-want +got):\n%s", line, c.Prediction, diff)
		}
	}
	if n == 0 {
		t.Fatal("no cases")
	}
}

// The wanted words are those of Python's jieba 0.42.1.
func TestCutOnTraps(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing gives no word", "", []string{}},
		{"equal scores hang on the last bit of a logarithm", "入套入论艺", []string{"入", "套入", "论艺"}},
		{"equal scores, a rare word behind", "错读错八枝", []string{"错", "读错", "八枝"}},
		{"equal scores, a repeated character", "屁屁屁才子", []string{"屁", "屁屁", "才子"}},
		{"equal scores, and single characters behind", "呀呀呀抱死", []string{"呀", "呀呀", "抱", "死"}},
		{"equal scores that go to the longer word", "吻遍吻好心", []string{"吻遍", "吻", "好心"}},
		{"a carriage return and line feed are one word", "网易\r\n大厦\r\r\n\n", []string{"网易", "\r\n", "大厦", "\r", "\r\n", "\n"}},
		{"every other white space is a word of its own", "a \u3000\u2028\u0085\u001c\u00a0b", []string{"a", " ", "\u3000", "\u2028", "\u0085", "\u001c", "\u00a0", "b"}},
		{"a zero-width space and marks are words of their own", "é\u200be\u0301🙂👨\u200d👩", []string{"é", "\u200b", "e", "\u0301", "🙂", "👨", "\u200d", "👩"}},
		{"a number with a point and a percent sign is one word", "涨3.14%了", []string{"涨", "3.14%", "了"}},
		{"a second point starts a new word", "1.2.3.%", []string{"1.2", ".", "3", ".%"}},
		{"signs between letters come out whole", "a+b#c&d_e-f.g%h", []string{"a", "+", "b", "#", "c", "&", "d", "_", "e", "-", "f", ".", "g%", "h"}},
		{"signs alone come out whole", "--..%%++", []string{"--..%%++"}},
		{"a word of the list with Latin letters", "T恤和卡拉OK和A股", []string{"T恤", "和", "卡拉", "OK", "和", "A股"}},
		{"full-width letters and digits are cut one by one", "ＡＢ１２％", []string{"Ａ", "Ｂ", "１", "２", "％"}},
		{"digits of other scripts are cut one by one", "٣٤५६", []string{"٣", "٤", "५", "६"}},
		{"the last character of the Han range and the first behind it", "鿕鿕鿖鿖", []string{"鿕", "鿕", "鿖", "鿖"}},
		{"Han beyond the range is cut one by one", "㐀㐁𠀀𠀁", []string{"㐀", "㐁", "𠀀", "𠀁"}},
		{"characters that no word has go to the hidden Markov model", "龘龘靐齉", []string{"龘", "龘", "靐", "齉"}},
		{"names that no list has", "李小福是创新办主任也是云计算方面的专家", []string{"李小福", "是", "创新", "办", "主任", "也", "是", "云", "计算", "方面", "的", "专家"}},
		{"a private-use character and the last code point", "网\ue000易\U0010ffff", []string{"网", "\ue000", "易", "\U0010ffff"}},
		{"compatibility ideographs are cut one by one", "\uf900\uf901\ufa0e", []string{"\uf900", "\uf901", "\ufa0e"}},
		{"kana and hangul are cut one by one", "ひらカナ한글", []string{"ひ", "ら", "カ", "ナ", "한", "글"}},
		{"punctuation is cut one by one", "“他”，《她》……——", []string{"“", "他", "”", "，", "《", "她", "》", "…", "…", "—", "—"}},
		{"white space between characters keeps them apart", "网 易", []string{"网", " ", "易"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Cut(c.text)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

func FuzzJiebaCut(f *testing.F) {
	for _, s := range []string{"", "他来到了网易杭研大厦", "错读错八枝", "3.14% of A+B\r\n\t中文abc_1.5%。", "龘龘龘", "\u2028𠀀x", "\xff网\xe4\xb8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			t.Skip("capped input")
		}
		words := Cut(text)
		if got := strings.Join(words, ""); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		if slices.Contains(words, "") {
			t.Fatalf("%q: an empty word in %q", text, words)
		}
	})
}

func chinese(tb testing.TB) []string {
	var texts []string
	for _, raw := range goldentest.Lines(tb, "data/longbench/multifieldqa_zh.jsonl") {
		var row struct{ Context string }
		if err := json.Unmarshal(raw, &row); err != nil {
			tb.Fatal(err)
		}
		texts = append(texts, row.Context)
		if len(texts) == 20 {
			break
		}
	}
	return texts
}

func BenchmarkCut(b *testing.B) {
	texts := chinese(b)
	runes, bytes := 0, 0
	for _, t := range texts {
		runes += utf8.RuneCountInString(t)
		bytes += len(t)
	}
	Cut("热")
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		for _, t := range texts {
			Cut(t)
		}
	}
	b.ReportMetric(float64(runes)*float64(b.N)/b.Elapsed().Seconds(), "chars/s")
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := unpack(packed); err != nil {
			b.Fatal(err)
		}
	}
}
