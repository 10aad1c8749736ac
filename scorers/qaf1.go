package scorers

import (
	"strings"
	"unicode/utf8"

	"github.com/lcbench/lcbench/scorers/jieba"
)

// qaF1 is LongBench's qa_f1_score (metrics.py at 2e00731): token F1 of the
// normalised texts.
func qaF1(prediction, reference string) float64 {
	return multisetF1(englishTokens(prediction), englishTokens(reference))
}

// qaF1zh is LongBench's qa_f1_zh_score (metrics.py at 2e00731): F1 of the
// words of jieba 0.42.1.
func qaF1zh(prediction, reference string) float64 {
	return multisetF1(chineseTokens(prediction), chineseTokens(reference))
}

// englishTokens lower-cases, deletes ASCII punctuation (nothing in its place),
// blanks the words a, an, the, and splits on white space; in that order.
func englishTokens(s string) []string {
	s = strings.Map(func(r rune) rune {
		if isASCIIPunct(r) {
			return -1
		}
		return r
	}, pyLower(s))
	return pyFields(withoutArticles(s))
}

// withoutArticles replaces \b(a|an|the)\b by a space.
func withoutArticles(s string) string {
	var b strings.Builder
	for s != "" {
		n := wordSpan(s)
		switch word := s[:n]; {
		case n == 0:
			_, n = utf8.DecodeRuneInString(s)
			b.WriteString(s[:n])
		case word == "a" || word == "an" || word == "the":
			b.WriteByte(' ')
		default:
			b.WriteString(word)
		}
		s = s[n:]
	}
	return b.String()
}

// zhPunctuation is the full-width set of metrics.py's normalize_zh_answer.
const zhPunctuation = "！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､、〃》「」『』【】〔〕〖〗〘〙〚〛〜〝〞〟〰〾〿–—‘’‛“”„‟…‧﹏."

// chineseTokens cuts by jieba and normalises each word; empty ones are
// dropped.
func chineseTokens(s string) []string {
	var out []string
	for _, word := range jieba.Cut(s) {
		word = strings.Map(func(r rune) rune {
			if isASCIIPunct(r) || isPySpace(r) || strings.ContainsRune(zhPunctuation, r) {
				return -1
			}
			return r
		}, pyLower(word))
		if word != "" {
			out = append(out, word)
		}
	}
	return out
}

// multisetF1 is the F1 of two bags of tokens; 0 if they share none.
func multisetF1(prediction, reference []string) float64 {
	left := make(map[string]int, len(reference))
	for _, t := range reference {
		left[t]++
	}
	same := 0
	for _, t := range prediction {
		if left[t] > 0 {
			left[t]--
			same++
		}
	}
	if same == 0 {
		return 0
	}
	p := float64(same) / float64(len(prediction))
	r := float64(same) / float64(len(reference))
	return 2 * p * r / (p + r)
}
