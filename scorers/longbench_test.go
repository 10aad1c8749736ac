package scorers

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// metricCase is one answer to score. The wanted numbers came out of the
// reference packages (Python 3.11, jieba 0.42.1, rouge 1.0.1, fuzzywuzzy
// 0.18.0) under the formulas of metrics.py at 2e00731.
type metricCase struct {
	metric, name string
	prediction   string
	references   []string
	classes      []string
	want         float64
}

// numbered is "w0 w1 w2 …", the numbers from start below end.
func numbered(start, end, step int) string {
	var words []string
	for i := start; i < end; i += step {
		words = append(words, fmt.Sprintf("w%d", i))
	}
	return strings.Join(words, " ")
}

func metricCases() []metricCase {
	return []metricCase{
		// qa_f1
		{metric: "qa_f1", name: "an empty prediction scores 0", prediction: "", references: []string{"cat"}},
		{metric: "qa_f1", name: "no references score 0", prediction: "cat"},
		{metric: "qa_f1", name: "two empty texts share nothing", prediction: "", references: []string{""}},
		{metric: "qa_f1", name: "punctuation alone is nothing, even against itself", prediction: "?!...", references: []string{"?!..."}},
		{metric: "qa_f1", name: "articles alone are nothing, even against themselves", prediction: "the a an", references: []string{"The"}},
		{metric: "qa_f1", name: "the best of several references counts", prediction: "a black cat", references: []string{"dog", "cat", "black cat"}, want: 1.0},
		{metric: "qa_f1", name: "punctuation goes without a space in its place", prediction: "A-B", references: []string{"ab"}, want: 1.0},
		{metric: "qa_f1", name: "each of the three articles goes", prediction: "a cat, an owl and the dog", references: []string{"cat owl and dog"}, want: 1.0},
		{metric: "qa_f1", name: "an article between hyphens is glued, not dropped", prediction: "step-the-by", references: []string{"stepby"}},
		{metric: "qa_f1", name: "an article behind a full stop is glued to what stands before", prediction: "end.The cat", references: []string{"end cat"}, want: 0.5},
		{metric: "qa_f1", name: "an underscore is punctuation, so the article beside it is glued", prediction: "the_cat", references: []string{"thecat"}, want: 1.0},
		{metric: "qa_f1", name: "an article beside Chinese is part of a word", prediction: "中the中", references: []string{"中中"}},
		{metric: "qa_f1", name: "an article behind an accent mark is a word of its own", prediction: "e\u0301the", references: []string{"e\u0301"}, want: 1.0},
		{metric: "qa_f1", name: "an article behind a zero-width space is a word of its own", prediction: "x\u200bthe", references: []string{"x\u200b"}, want: 1.0},
		{metric: "qa_f1", name: "repeated words count as often as both have them", prediction: "cat cat cat dog", references: []string{"cat cat bird"}, want: 0.5714285714285715},
		{metric: "qa_f1", name: "U+0085, U+2028 and a no-break space part words", prediction: "new\u0085york\u2028city\u00a0hall", references: []string{"new york city hall"}, want: 1.0},
		{metric: "qa_f1", name: "the separators U+001C to U+001F part words", prediction: "a1\u001cb2\u001fc3", references: []string{"a1 b2 c3"}, want: 1.0},
		{metric: "qa_f1", name: "a zero-width space and a BOM part nothing", prediction: "new\u200byork\ufeff", references: []string{"new york"}},
		{metric: "qa_f1", name: "capital I with a dot becomes two code points", prediction: "İstanbul", references: []string{"i\u0307stanbul", "istanbul"}, want: 1.0},
		{metric: "qa_f1", name: "sigma at a word's end is the final one", prediction: "ΟΔΟΣ ΣΑΣ", references: []string{"οδος σας"}, want: 1.0},
		{metric: "qa_f1", name: "sigma before punctuation is final, since punctuation goes later", prediction: "ΟΔΟΣ.", references: []string{"οδος"}, want: 1.0},
		{metric: "qa_f1", name: "sigma before an apostrophe and a letter is not final", prediction: "ΟΔΟΣ'Α", references: []string{"οδοσα"}, want: 1.0},
		{metric: "qa_f1", name: "a lone sigma is not final", prediction: "Σ", references: []string{"σ"}, want: 1.0},
		{metric: "qa_f1", name: "sharp s is kept by lower-casing", prediction: "STRASSE", references: []string{"straße"}},
		{metric: "qa_f1", name: "typographic quotes are no punctuation", prediction: "“cat”", references: []string{"cat"}},
		{metric: "qa_f1", name: "Chinese is one word without spaces", prediction: "他来到了网易", references: []string{"他来到了 网易"}},
		// qa_f1_zh
		{metric: "qa_f1_zh", name: "an empty prediction scores 0", prediction: "", references: []string{"网易"}},
		{metric: "qa_f1_zh", name: "no references score 0", prediction: "网易"},
		{metric: "qa_f1_zh", name: "full-width punctuation alone is nothing, even against itself", prediction: "，。！？《", references: []string{"，。！？"}},
		{metric: "qa_f1_zh", name: "full-width punctuation is dropped", prediction: "他来到了，网易杭研大厦。", references: []string{"他来到了网易杭研大厦"}, want: 1.0},
		{metric: "qa_f1_zh", name: "the opening title mark and the middle dot are kept", prediction: "《红楼梦》·", references: []string{"红楼梦"}, want: 0.5},
		{metric: "qa_f1_zh", name: "a full-width letter is not folded", prediction: "Ａ", references: []string{"a"}},
		{metric: "qa_f1_zh", name: "white space between words is dropped, ideographic too", prediction: "网易\u3000杭研\u2028大厦", references: []string{"网易杭研大厦"}, want: 1.0},
		{metric: "qa_f1_zh", name: "space changes what jieba takes for a word", prediction: "网 易", references: []string{"网易"}},
		{metric: "qa_f1_zh", name: "Latin words are lower-cased and keep their articles", prediction: "The 网易", references: []string{"the 网易", "网易"}, want: 1.0},
		{metric: "qa_f1_zh", name: "a sigma is cut off as one character, so it is never final", prediction: "ΟΔΟΣ", references: []string{"οδος", "οδοσ"}, want: 1.0},
		{metric: "qa_f1_zh", name: "a number with a point is one word without its point", prediction: "3.14", references: []string{"314"}, want: 1.0},
		{metric: "qa_f1_zh", name: "the best of several references counts", prediction: "五千万元", references: []string{"三千万", "五千万元", "五千"}, want: 1.0},
		// rouge
		{metric: "rouge", name: "an empty prediction scores 0", prediction: "", references: []string{"cat"}},
		{metric: "rouge", name: "an empty reference scores 0", prediction: "cat", references: []string{""}},
		{metric: "rouge", name: "no references score 0", prediction: "cat"},
		{metric: "rouge", name: "full stops alone are no sentence", prediction: "...", references: []string{"..."}},
		{metric: "rouge", name: "white space alone is a sentence of one empty word", prediction: " ", references: []string{"\t\n"}, want: 0.999999995},
		{metric: "rouge", name: "a piece of white space between full stops counts as a word", prediction: ". . .", references: []string{"x. ."}, want: 0.6666666622222223},
		{metric: "rouge", name: "a single equal word falls short of 1 by 5e-9", prediction: "cat", references: []string{"cat"}, want: 0.999999995},
		{metric: "rouge", name: "case and punctuation count", prediction: "Cat, dog", references: []string{"cat dog"}, want: 0.4999999950000001},
		{metric: "rouge", name: "decimals and abbreviations are cut at their points", prediction: "3.14 U.S.", references: []string{"3 14 U S"}, want: 0.999999995},
		{metric: "rouge", name: "Chinese without spaces is one word", prediction: "他来到了。网易", references: []string{"他来到了。网易"}, want: 0.999999995},
		{metric: "rouge", name: "words are counted once, however often they come", prediction: "cat cat cat cat", references: []string{"cat"}, want: 0.999999995},
		{metric: "rouge", name: "a long repeated line is one word to the count", prediction: strings.Repeat("spam ", 400), references: []string{strings.Repeat("spam ", 300)}, want: 0.999999995},
		{metric: "rouge", name: "order counts within a sentence", prediction: "one two three four", references: []string{"four three two one"}, want: 0.24999999500000009},
		{metric: "rouge", name: "sentences may come in another order", prediction: "one two. three four.", references: []string{"three four. one two."}, want: 0.999999995},
		{metric: "rouge", name: "of equally long subsequences the walk from the end decides", prediction: "b a", references: []string{"a b. b"}, want: 0.4999999950000001},
		{metric: "rouge", name: "U+2028 and no-break spaces part words", prediction: "one\u2028two\u00a0three", references: []string{"one two three"}, want: 0.999999995},
		{metric: "rouge", name: "a zero-width space parts nothing", prediction: "one\u200btwo", references: []string{"one two"}},
		{metric: "rouge", name: "a sentence beyond 64 words", prediction: numbered(0, 130, 1), references: []string{numbered(1, 200, 2)}, want: 0.5652173863894141},
		{metric: "rouge", name: "the best of several references counts", prediction: "a b c d", references: []string{"x", "a b", "a b c x"}, want: 0.749999995},
		// rouge_zh
		{metric: "rouge_zh", name: "an empty prediction scores 0", prediction: "", references: []string{"网易"}},
		{metric: "rouge_zh", name: "words of jieba, not characters, are compared", prediction: "他来到了网易杭研大厦", references: []string{"她去了网易大厦"}, want: 0.5454545404958678},
		{metric: "rouge_zh", name: "a Chinese full stop ends no sentence", prediction: "一二三。四五六", references: []string{"四五六。一二三"}, want: 0.4999999950000001},
		{metric: "rouge_zh", name: "a full stop cuts a number that jieba keeps whole", prediction: "涨幅3.14%", references: []string{"涨幅3 14%"}, want: 0.999999995},
		{metric: "rouge_zh", name: "line ends are words to jieba and space to rouge", prediction: "网易\r\n大厦", references: []string{"网易 大厦"}, want: 0.999999995},
		{metric: "rouge_zh", name: "white space alone is one empty word", prediction: "\u3000", references: []string{"\n"}, want: 0.999999995},
		// classification
		{metric: "classification", name: "an empty prediction names no class", prediction: "", references: []string{"Person"}, classes: []string{"Person", "Individual", "Group or organization of persons", "Title of a person", "Other entity"}},
		{metric: "classification", name: "no references score 0", prediction: "Person", classes: []string{"Person", "Individual", "Group or organization of persons", "Title of a person", "Other entity"}},
		{metric: "classification", name: "without classes nothing is right", prediction: "Person", references: []string{"Person"}},
		{metric: "classification", name: "the class anywhere in the text is right", prediction: "It is Individual, surely", references: []string{"Individual"}, classes: []string{"Person", "Individual", "Group or organization of persons", "Title of a person", "Other entity"}, want: 1.0},
		{metric: "classification", name: "case counts", prediction: "individual", references: []string{"Individual"}, classes: []string{"Person", "Individual", "Group or organization of persons", "Title of a person", "Other entity"}},
		{metric: "classification", name: "two classes share the point", prediction: "Person or Individual", references: []string{"Person"}, classes: []string{"Person", "Individual", "Group or organization of persons", "Title of a person", "Other entity"}, want: 0.5},
		{metric: "classification", name: "a class within the right one's name is taken off the list", prediction: "Title of a person", references: []string{"Title of a person"}, classes: []string{"person", "Title of a person"}, want: 1.0},
		{metric: "classification", name: "the class behind a removed one is skipped and stays", prediction: "abcd", references: []string{"abcd"}, classes: []string{"a", "b", "c", "abcd"}, want: 0.5},
		{metric: "classification", name: "a class that holds the right one stays on the list", prediction: "abcd", references: []string{"abc"}, classes: []string{"abc", "abcd"}, want: 0.5},
		{metric: "classification", name: "a class listed twice counts twice", prediction: "cat", references: []string{"cat"}, classes: []string{"cat", "cat"}, want: 0.5},
		{metric: "classification", name: "the empty class is in every text and goes with every answer", prediction: "cat", references: []string{"cat"}, classes: []string{"", "cat"}, want: 1.0},
		{metric: "classification", name: "a wrong answer's parts go before it is looked for", prediction: "ab", references: []string{"abc"}, classes: []string{"a", "ab", "abc"}},
		// retrieval
		{metric: "retrieval", name: "an empty prediction scores 0", prediction: "", references: []string{"Paragraph 5"}},
		{metric: "retrieval", name: "no number scores 0", prediction: "Paragraph five", references: []string{"Paragraph 5"}},
		{metric: "retrieval", name: "the number alone is enough", prediction: "5", references: []string{"Paragraph 5"}, want: 1.0},
		{metric: "retrieval", name: "of several numbers the share counts", prediction: "Paragraph 5, not 6 or 5", references: []string{"Paragraph 5"}, want: 0.6666666666666666},
		{metric: "retrieval", name: "a decimal is two numbers", prediction: "5.0", references: []string{"Paragraph 5"}, want: 0.5},
		{metric: "retrieval", name: "numbers are strings: leading zeros count", prediction: "05", references: []string{"Paragraph 5"}},
		{metric: "retrieval", name: "numbers are strings: full-width digits are others", prediction: "５", references: []string{"Paragraph 5"}},
		{metric: "retrieval", name: "digits of any script are digits", prediction: "5 ٣ ५", references: []string{"Paragraph 5"}, want: 0.3333333333333333},
		{metric: "retrieval", name: "superscripts, Roman numerals and circled numbers are none", prediction: "5 ² Ⅳ ①", references: []string{"Paragraph 5"}, want: 1.0},
		{metric: "retrieval", name: "full-width digits in the answer are its number", prediction: "Paragraph ５", references: []string{"Paragraph ５"}, want: 1.0},
		{metric: "retrieval", name: "a minus is no part of a number", prediction: "-5", references: []string{"Paragraph 5"}, want: 1.0},
		{metric: "retrieval", name: "letters may touch a number", prediction: "5th", references: []string{"Paragraph 5"}, want: 1.0},
		// retrieval_zh
		{metric: "retrieval_zh", name: "an empty prediction scores 0", prediction: "", references: []string{"段落5"}},
		{metric: "retrieval_zh", name: "no number scores 0", prediction: "段落五", references: []string{"段落5"}},
		{metric: "retrieval_zh", name: "the number of the paragraph is right", prediction: "答案是段落5", references: []string{"段落5"}, want: 1.0},
		{metric: "retrieval_zh", name: "of several numbers the share counts", prediction: "段落5和段落15", references: []string{"段落5"}, want: 0.5},
		{metric: "retrieval_zh", name: "the first number behind the heading is the answer's", prediction: "7", references: []string{"见段落7与段落8"}, want: 1.0},
		{metric: "retrieval_zh", name: "the best of several references counts", prediction: "段落8", references: []string{"段落7", "段落8"}, want: 1.0},
		// count
		{metric: "count", name: "an empty prediction scores 0", prediction: "", references: []string{"5"}},
		{metric: "count", name: "no number scores 0", prediction: "five", references: []string{"5"}},
		{metric: "count", name: "the number alone is right", prediction: "There are 5.", references: []string{"5"}, want: 1.0},
		{metric: "count", name: "of several numbers the share counts", prediction: "5 of 30, I say 5", references: []string{"5"}, want: 0.6666666666666666},
		{metric: "count", name: "thousands' commas part numbers", prediction: "1,000", references: []string{"1000"}},
		{metric: "count", name: "the whole answer is compared, white space too", prediction: "5", references: []string{" 5"}},
		// code_sim
		{metric: "code_sim", name: "two empty texts are equal", prediction: "", references: []string{""}, want: 1.0},
		{metric: "code_sim", name: "an empty line against code scores 0", prediction: "\n\n", references: []string{"x = 1"}},
		{metric: "code_sim", name: "no references score 0", prediction: "x = 1"},
		{metric: "code_sim", name: "comment and fence lines are passed over", prediction: "```python\n# sum\n// sum\nx = 1\ny = 2", references: []string{"x = 1"}, want: 1.0},
		{metric: "code_sim", name: "a blank line behind a comment is taken", prediction: "# c\n\nx = 1", references: []string{"x = 1"}},
		{metric: "code_sim", name: "a blank line of spaces is taken as it is", prediction: "    \nx = 1", references: []string{"    "}, want: 1.0},
		{metric: "code_sim", name: "a slash alone is no comment", prediction: "a / b", references: []string{"a / b"}, want: 1.0},
		{metric: "code_sim", name: "only \\n ends a line", prediction: "x = 1\r\nx", references: []string{"x = 1"}, want: 0.91},
		{metric: "code_sim", name: "U+2028 ends no line", prediction: "x\u2028y", references: []string{"x"}, want: 0.5},
		{metric: "code_sim", name: "indentation counts", prediction: "\tx = 1", references: []string{"x = 1"}, want: 0.91},
		{metric: "code_sim", name: "every line a comment leaves the empty line", prediction: "# a\n# b", references: []string{"x"}},
		{metric: "code_sim", name: "the order of the arguments matters: one way", prediction: "tide", references: []string{"diet"}, want: 0.25},
		{metric: "code_sim", name: "the order of the arguments matters: the other way", prediction: "diet", references: []string{"tide"}, want: 0.5},
		{metric: "code_sim", name: "code points count, not bytes", prediction: "好x", references: []string{"好y"}, want: 0.5},
		{metric: "code_sim", name: "199 characters know no autojunk", prediction: strings.Repeat("ab", 60), references: []string{strings.Repeat("ab", 99) + "a"}, want: 0.75},
		{metric: "code_sim", name: "in 200 characters popular ones start no match", prediction: "b" + strings.Repeat("ab", 60), references: []string{strings.Repeat("ab", 100)}},
		{metric: "code_sim", name: "in 200 characters popular ones still prolong a match", prediction: "qabab", references: []string{strings.Repeat("ab", 98) + "qabb"}, want: 0.03},
		{metric: "code_sim", name: "popular characters match where both windows start", prediction: strings.Repeat("ab", 60), references: []string{strings.Repeat("ab", 100)}, want: 0.75},
		{metric: "code_sim", name: "12.5 per cent rounds to 12", prediction: "axxxxxxx", references: []string{"ayyyyyyy"}, want: 0.12},
		{metric: "code_sim", name: "37.5 per cent rounds to 38", prediction: "aaaxxxxx", references: []string{"aaayyyyy"}, want: 0.38},
		// v2_choice
		{metric: "v2_choice", name: "an empty prediction has no answer", prediction: "", references: []string{"A"}},
		{metric: "v2_choice", name: "the letter in parentheses is the answer", prediction: "The correct answer is (A)", references: []string{"A"}, want: 1.0},
		{metric: "v2_choice", name: "bare letters do too", prediction: "The correct answer is B.", references: []string{"B"}, want: 1.0},
		{metric: "v2_choice", name: "parentheses anywhere go before a bare letter", prediction: "The correct answer is C or rather The correct answer is (D)", references: []string{"D"}, want: 1.0},
		{metric: "v2_choice", name: "asterisks are deleted", prediction: "**The correct answer is (C)**", references: []string{"C"}, want: 1.0},
		{metric: "v2_choice", name: "asterisks are deleted within too", prediction: "The *correct* answer is *D*", references: []string{"D"}, want: 1.0},
		{metric: "v2_choice", name: "a word that starts with a letter counts as it", prediction: "The correct answer is Apple", references: []string{"A"}, want: 1.0},
		{metric: "v2_choice", name: "case counts", prediction: "the correct answer is (A)", references: []string{"A"}},
		{metric: "v2_choice", name: "a colon hides the answer", prediction: "The correct answer is: A", references: []string{"A"}},
		{metric: "v2_choice", name: "a no-break space hides the answer", prediction: "The correct answer is\u00a0A", references: []string{"A"}},
		{metric: "v2_choice", name: "E is no choice", prediction: "The correct answer is (E)", references: []string{"E"}},
	}
}

func TestMetricsOnTraps(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range metricCases() {
		seen[c.metric] = true
		t.Run(c.metric+"/"+c.name, func(t *testing.T) {
			m, ok := Lookup("longbench", c.metric)
			if !ok {
				t.Fatalf("no metric %q", c.metric)
			}
			got := m.Score(Case{Prediction: c.prediction, References: c.references, Classes: c.classes}).Value
			if math.Abs(got-c.want) > tolerance {
				t.Errorf("%s(%q, %q, classes %q): want %v, got %v", c.metric, c.prediction, c.references, c.classes, c.want, got)
			}
		})
	}
	for _, m := range longBench().metrics {
		if !seen[m.Name] {
			t.Errorf("no case for %s", m.Name)
		}
	}
}

func TestFirstLineStripsNewlinesOnly(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"newlines alone", "\n\n", ""},
		{"one line", "cat", "cat"},
		{"leading newlines go, the rest from the next one too", "\n\ncat\ndog", "cat"},
		{"a leading space keeps the empty line behind it", " \ncat", " "},
		{"a carriage return is no newline", "\r\ncat", "\r"},
		{"white space around the line stays", "\n cat \n", " cat "},
		{"U+2028 and U+0085 end no line", "a\u2028b\u0085c\nd", "a\u2028b\u0085c"},
	} {
		if got := FirstLine(c.in); got != c.want {
			t.Errorf("%s: %q: want %q, got %q", c.name, c.in, c.want, got)
		}
	}
}
