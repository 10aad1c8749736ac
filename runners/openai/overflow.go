package openai

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// overflow is what a refusal says about a prompt that is too long.
type overflow struct {
	found          bool
	window, prompt int // tokens, 0 where it doesn't say
}

// overflowOf recognises the refusals of OpenAI, vLLM, SGLang, llama.cpp,
// llama-cpp-python, TGI, Anthropic, Gemini and Mistral.
func overflowOf(f fault) overflow {
	text := strings.ToLower(f.text)
	o := overflow{window: f.window, prompt: f.prompt}
	o.found = f.code == "context_length_exceeded" || f.kind == "exceed_context_size_error"
	for _, p := range overflowPatterns() {
		m := p.match.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		o.found = true
		for i, name := range p.match.SubexpNames() {
			n := atoi(m[i])
			switch {
			case name == "window" && o.window == 0:
				o.window = n
			case name == "prompt" && o.prompt == 0:
				o.prompt = n
			}
		}
	}
	return o
}

type overflowPattern struct{ match *regexp.Regexp }

// overflowPatterns are looked for all, since some only say that it is an
// overflow and others only say the numbers; in lower case.
var overflowPatterns = sync.OnceValue(func() []overflowPattern {
	const n = `[~≈]?([0-9][0-9,_]*)`
	window := strings.Replace(n, "(", "(?P<window>", 1)
	prompt := strings.Replace(n, "(", "(?P<prompt>", 1)
	var out []overflowPattern
	for _, s := range []string{
		// OpenAI, vLLM, llama-cpp-python, DeepSeek, OpenRouter, SGLang.
		`maximum context length (?:is|of) ` + window,
		`context length is only ` + window,
		`input tokens exceed the configured limit of ` + window,
		`messages resulted in ` + prompt + ` tokens`,
		`you requested (?:about )?[0-9,]+ tokens \(` + prompt + ` (?:of text input|in the (?:messages|prompt)|input)`,
		`you passed ` + prompt + ` input tokens`,
		`request has ` + prompt + ` input tokens`,
		`exceeds the context window`,
		`reduce the length of the (?:input )?(?:messages|prompt)`,
		// vLLM and SGLang on the way to the engine.
		`prompt \((?:total )?length ` + prompt + `\) is longer than the maximum model length of ` + window,
		`input \(` + prompt + ` tokens\) is longer than the model'?s context length \(` + window,
		`input length \(` + prompt + ` tokens\) exceeds the maximum allowed length \(` + window,
		`longer than the maximum model length of ` + window,
		`max_tokens must be at least 1, got -`,
		// llama.cpp, llama-cpp-python's core.
		`exceeds? the available context size(?: \(` + window + `)?`,
		`request \(` + prompt + ` tokens\) exceeds the available context size`,
		`requested tokens \(` + prompt + `\) exceed context window of ` + window,
		// TGI.
		`max_new_tokens.? must be <= ` + window,
		`given: ` + prompt + ` .?inputs.? tokens`,
		`inputs.? must have less than ` + window + ` tokens(?:\. given: ` + prompt + `)?`,
		// Anthropic.
		`prompt is too long: ` + prompt + ` tokens > ` + window,
		`exceed context limit: ` + prompt + ` \+ [0-9,]+ > ` + window,
		// Gemini.
		`input token count (?:\(` + prompt + `\) )?exceeds the maximum number of tokens allowed(?: \(` + window + `\))?`,
		// Mistral, Fireworks, Bedrock.
		`prompt contains ` + prompt + ` tokens.* too large for model with ` + window,
		`prompt is too long: ` + prompt + `, model maximum context length: ` + window,
		`input is too long for requested model`,
	} {
		out = append(out, overflowPattern{regexp.MustCompile(s)})
	}
	return out
})

// atoi reads 131072, 131,072 and 131_072; 0 is no number.
func atoi(s string) int {
	n, err := strconv.Atoi(strings.NewReplacer(",", "", "_", "").Replace(s))
	if err != nil {
		return 0
	}
	return n
}
