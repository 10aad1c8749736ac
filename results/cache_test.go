package results

import "github.com/lcbench/lcbench/runners"

func response(text string) runners.Response {
	return runners.Response{Text: text, FinishReason: "stop", Model: "m-1", Usage: runners.Usage{Known: true, Prompt: 10, Completion: 2}}
}
