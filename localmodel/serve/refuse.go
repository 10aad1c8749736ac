package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// unsupported is a parameter that would change the answer, and the values at
// which it doesn't. null always is one.
type unsupported struct {
	name     string
	harmless func(json.RawMessage) bool
}

// allUnsupported lists parameters of OpenAI's API and of the widespread
// extensions (vLLM, llama.cpp) that have no counterpart here.
func allUnsupported() []unsupported {
	return []unsupported{
		{"n", is(1)}, {"best_of", is(1)},
		{"tools", empty}, {"functions", empty},
		{"tool_choice", word("none", "auto")}, {"function_call", word("none", "auto")},
		{"response_format", textFormat}, {"logit_bias", empty},
		{"presence_penalty", is(0)}, {"frequency_penalty", is(0)},
		{"top_logprobs", is(0)}, {"suffix", empty},
		{"modalities", onlyText}, {"audio", empty}, {"web_search_options", never},
		{"reasoning_effort", word("none")}, {"verbosity", word("medium")},
		{"top_k", is(0, -1)}, {"min_p", is(0)}, {"top_a", is(0)}, {"typical_p", is(1)}, {"tfs_z", is(1)},
		{"repetition_penalty", is(1)}, {"repeat_penalty", is(1)}, {"length_penalty", is(1)},
		{"mirostat", is(0)}, {"dry_multiplier", is(0)}, {"xtc_probability", is(0)},
		{"min_tokens", is(0)}, {"ignore_eos", no}, {"use_beam_search", no}, {"stop_token_ids", empty},
		{"skip_special_tokens", yes}, {"prompt_logprobs", never}, {"truncate_prompt_tokens", never},
		{"grammar", empty}, {"json_schema", empty}, {"structured_outputs", empty},
		{"guided_json", empty}, {"guided_regex", empty}, {"guided_choice", empty}, {"guided_grammar", empty},
		{"chat_template", empty}, {"chat_template_kwargs", empty}, {"documents", empty},
		{"continue_final_message", no}, {"add_generation_prompt", yes},
	}
}

// refuseUnsupported names the first parameter that can't be honoured.
func (f *fields) refuseUnsupported() {
	for _, u := range allUnsupported() {
		if raw, ok := f.get(u.name); ok && !u.harmless(raw) {
			f.refuse(&fault{
				status: http.StatusBadRequest, kind: invalidRequest, param: u.name, code: "unsupported_parameter",
				message: u.name + ": not supported here; leave it out",
			})
			return
		}
	}
}

func never(json.RawMessage) bool { return false }

func no(raw json.RawMessage) bool { return string(raw) == "false" }

func yes(raw json.RawMessage) bool { return string(raw) == "true" }

func empty(raw json.RawMessage) bool {
	if len(raw) < 2 || raw[0] != '[' && raw[0] != '{' && raw[0] != '"' {
		return false
	}
	return len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0
}

// is accepts numbers.
func is(values ...float64) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool {
		x, err := strconv.ParseFloat(string(raw), 64)
		return err == nil && slices.Contains(values, x)
	}
}

// word accepts strings.
func word(values ...string) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool {
		var s string
		return json.Unmarshal(raw, &s) == nil && slices.Contains(values, s)
	}
}

func textFormat(raw json.RawMessage) bool {
	var format struct {
		Type string `json:"type"`
	}
	return json.Unmarshal(raw, &format) == nil && format.Type == "text"
}

func onlyText(raw json.RawMessage) bool {
	var kinds []string
	return json.Unmarshal(raw, &kinds) == nil && slices.Equal(kinds, []string{"text"})
}
