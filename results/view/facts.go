package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/results"
)

// fact is a figure by name.
type fact struct{ Name, Value string }

// facts are a row's figures, those that are known.
func facts(row results.Row) []fact {
	out := []fact{
		{"Task", together(" · ", row.Task, row.Category, row.Language)},
		{"Metric", row.Metric}, {"Judged", row.Judge}, {"Parts of the score", numbers(row.ScoreParts)},
	}
	for _, m := range row.Measures {
		out = append(out, fact{m.Name, number(&m.Value, "")})
	}
	out = append(out,
		fact{"Target length", count(row.TargetLength, "token")}, fact{"Depth", number(row.Depth, " %")},
		fact{"Context", contextText(row)}, fact{"Evidence", evidenceText(row)}, fact{"Axes", axesText(row)},
		fact{"Tokens", tokensText(row)}, fact{"Time", timeText(row)}, fact{"How it ended", row.FinishReason},
		fact{"Asked again", againText(row)}, fact{"Served by", row.Served}, fact{"Answered", row.AnsweredAt}, fact{"From", fromText(row)},
	)
	return slices.DeleteFunc(out, func(f fact) bool { return f.Value == "" })
}

// together joins what isn't empty.
func together(by string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), by)
}

func number(v *float64, unit string) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', 4, 64) + unit
}

func numbers(list []float64) string {
	parts := make([]string, len(list))
	for i := range list {
		parts[i] = number(&list[i], "")
	}
	return strings.Join(parts, ", ")
}

func count(n *int, noun string) string {
	if n == nil {
		return ""
	}
	return plural(*n, noun)
}

func contextText(row results.Row) string {
	text := count(row.ContextTokens, "token")
	if text != "" && row.Tokenizer != "" {
		text += " by " + row.Tokenizer
	}
	if row.CutTokens > 0 {
		text = together(", ", text, plural(row.CutTokens, "token")+" cut out of the prompt")
	}
	return text
}

func evidenceText(row results.Row) string {
	text := row.EvidenceState
	if n := len(row.EvidenceSpans); n > 0 {
		text += ", " + plural(n, "place")
	}
	if row.EvidenceApproximate {
		text += ", some of them anchors only"
	}
	if row.EvidenceLost != nil && *row.EvidenceLost > 0 {
		text += fmt.Sprintf(", %d more cut out of the prompt", *row.EvidenceLost)
	}
	return text
}

func axesText(row results.Row) string {
	if row.Diffusion == nil || row.Scope == nil {
		return row.Axes
	}
	text := fmt.Sprintf("diffusion %.3f, scope %.3f, %s", *row.Diffusion, *row.Scope, row.Axes)
	if row.Dispersion != nil && row.Obscurity != nil && row.Chain != nil {
		text += fmt.Sprintf(" (dispersion %.3f, obscurity %.3f, chain %.3f)", *row.Dispersion, *row.Obscurity, *row.Chain)
	}
	return text
}

func tokensText(row results.Row) string {
	part := func(n *int, what string) string {
		if n == nil || *n == 0 && what != "in" && what != "out" {
			return ""
		}
		return grouped(*n) + " " + what
	}
	text := together(", ", part(row.PromptTokens, "in"), part(row.CachedTokens, "of them from a kept prefix"), part(row.CompletionTokens, "out"), part(row.ReasoningTokens, "of them thinking"))
	if text != "" && row.UsageKnown != nil && !*row.UsageKnown {
		text += " (estimated)"
	}
	return text
}

func timeText(row results.Row) string {
	first, total := number(row.FirstTokenSeconds, " s to the first token"), number(row.TotalSeconds, " s in all")
	return together(", ", first, total)
}

func againText(row results.Row) string {
	var parts []string
	if row.Retries > 0 {
		parts = append(parts, fmt.Sprintf("%d times", row.Retries))
	}
	if row.RateLimited > 0 {
		parts = append(parts, plural(row.RateLimited, "answer")+" of 429")
	}
	return strings.Join(parts, ", ")
}

func fromText(row results.Row) string {
	switch {
	case row.FromCache:
		return "the cache of earlier runs' answers"
	case row.Resumed:
		return "this run's journal, of an earlier start"
	}
	return ""
}
