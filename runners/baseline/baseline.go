// Package baseline is a model without a model: it searches the prompt's words
// and answers by extraction. What it scores is the floor of every report: what
// lexical search alone gets on the same samples.
package baseline

import (
	"context"
	"strings"
	"time"

	"github.com/lcbench/lcbench/runners"
)

// Lexical answers by BM25 over the sentences or passages of the prompt. It
// sees a request's parts, never a reference.
type Lexical struct{}

// New returns the lexical baseline.
func New() Lexical { return Lexical{} }

var _ runners.Model = Lexical{}

// Generate implements runners.Model. The way of answering follows from the
// kind of question: the best sentence for a question, leading sentences for a
// summary, the label of the most similar demonstration, the heading of the
// best paragraph, the number of different paragraphs, the line that followed
// the most similar line of code, the choice whose words stand nearest to the
// question's.
func (Lexical) Generate(ctx context.Context, r runners.Request) (runners.Response, error) {
	if err := ctx.Err(); err != nil {
		return runners.Response{}, err
	}
	began := time.Now()
	parts := r.Parts
	if parts.Context == "" && parts.Query == "" {
		parts.Context, parts.Query = splitPrompt(r.Prompt)
	}
	text := limit(answer(parts, r.MaxTokens), r.MaxTokens)
	return runners.Response{
		Text: text, FinishReason: "stop", Model: "baseline:lexical", Total: time.Since(began),
		Usage: runners.Usage{Prompt: r.PromptTokens, Completion: len(text)/4 + 1},
	}, nil
}

func answer(p runners.Parts, maxTokens int) string {
	kind := strings.ToLower(p.Category)
	switch {
	case strings.Contains(p.Query, "\n(A) "):
		return choose(p)
	case strings.Contains(p.Task, "count"):
		return countParagraphs(p.Context)
	case strings.Contains(kind, "synthetic"), strings.Contains(p.Task, "retrieval"):
		return findParagraph(p)
	case strings.Contains(kind, "summar"):
		return lead(p.Context, maxTokens)
	case strings.Contains(kind, "few-shot"):
		return nearestLabel(p)
	case strings.Contains(kind, "code"):
		return nextLine(p.Context + p.Query)
	}
	return answerQuestion(p, maxTokens)
}

// splitPrompt takes the last line as the question.
func splitPrompt(prompt string) (context, query string) {
	prompt = strings.TrimSpace(prompt)
	i := strings.LastIndexByte(prompt, '\n')
	return prompt[:i+1], prompt[i+1:]
}

// limit cuts an answer to about n tokens: four bytes each.
func limit(text string, n int) string {
	if n <= 0 || len(text) <= 4*n {
		return text
	}
	return strings.ToValidUTF8(text[:4*n], "")
}
