package serve

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lcbench/lcbench/localmodel"
)

// token is one token of a text with its log-probability.
type token struct {
	piece   string // its bytes, not always whole characters
	logProb float64
	none    bool // the first of a prompt has no log-probability
	width   int  // characters of the text that begin in it
}

// leastLogProb stands for minus infinity, which JSON can't write; it is
// OpenAI's number.
const leastLogProb = -9999.0

func clamp(p float64) float64 {
	if p >= leastLogProb { // NaN isn't
		return p
	}
	return leastLogProb
}

// promptTokens are a prompt's own tokens. One that isn't in the text (BOS) has
// no width.
func promptTokens(said localmodel.Answer, text string) []token {
	out := make([]token, len(said.IDs))
	for i := range out {
		out[i] = token{piece: said.Pieces[i], none: i == 0}
		if i > 0 {
			out[i].logProb = clamp(said.LogProbs[i-1])
		}
	}
	place(out, text)
	return out
}

// answerTokens are an answer's tokens. Where a stop string may have ended it,
// those behind the end of its text are left out.
func answerTokens(said localmodel.Answer, stops bool) []token {
	out := make([]token, min(len(said.Pieces), len(said.LogProbs)))
	for i := range out {
		out[i] = token{piece: said.Pieces[i], logProb: clamp(said.LogProbs[i])}
	}
	covered := place(out, said.Text)
	if stops && said.Finish == "stop" {
		out = out[:covered]
	}
	return out
}

// place finds the tokens in their text, sets their widths, and returns how many
// of them begin before its end. Tokens that the text lacks, as control tokens
// are, have no width.
func place(tokens []token, text string) int {
	covered := 0
	for i := range tokens {
		t := &tokens[i]
		if text == "" {
			continue
		}
		covered = i + 1
		n := 0
		switch {
		case t.piece == "":
		case strings.HasPrefix(text, t.piece):
			n = len(t.piece)
		case strings.HasPrefix(t.piece, text): // a stop string cut it
			n = len(text)
		case strings.HasPrefix(t.piece, " ") && strings.HasPrefix(text, t.piece[1:]):
			n = len(t.piece) - 1 // SentencePiece puts a space in front
		}
		for _, b := range []byte(text[:n]) {
			if utf8.RuneStart(b) {
				t.width++
			}
		}
		text = text[n:]
	}
	return covered
}

// shown is a token as OpenAI's completions write it: bytes that are no
// characters by number.
func (t token) shown() string {
	if utf8.ValidString(t.piece) {
		return t.piece
	}
	var b strings.Builder
	b.WriteString("bytes:")
	for _, c := range []byte(t.piece) {
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String()
}

// completionLogProbs are parallel lists. There are no alternatives, so
// top_logprobs is null.
type completionLogProbs struct {
	Tokens        []string   `json:"tokens"`
	TokenLogprobs []*float64 `json:"token_logprobs"` // natural
	TopLogprobs   any        `json:"top_logprobs"`
	TextOffset    []int      `json:"text_offset"` // characters
}

func completionLogs(tokens []token) *completionLogProbs {
	l := &completionLogProbs{Tokens: []string{}, TokenLogprobs: []*float64{}, TextOffset: []int{}}
	at := 0
	for _, t := range tokens {
		l.Tokens = append(l.Tokens, t.shown())
		l.TextOffset = append(l.TextOffset, at)
		at += t.width
		if t.none {
			l.TokenLogprobs = append(l.TokenLogprobs, nil)
			continue
		}
		l.TokenLogprobs = append(l.TokenLogprobs, &t.logProb)
	}
	return l
}

type chatLogProbs struct {
	Content []chatLogProb `json:"content"`
}

type chatLogProb struct {
	Token       string  `json:"token"`
	Logprob     float64 `json:"logprob"` // natural
	Bytes       []int   `json:"bytes"`
	TopLogprobs []any   `json:"top_logprobs"`
}

func chatLogs(tokens []token) *chatLogProbs {
	l := &chatLogProbs{Content: []chatLogProb{}}
	for _, t := range tokens {
		p := chatLogProb{Token: t.shown(), Logprob: t.logProb, Bytes: []int{}, TopLogprobs: []any{}}
		for _, b := range []byte(t.piece) {
			p.Bytes = append(p.Bytes, int(b))
		}
		l.Content = append(l.Content, p)
	}
	return l
}
