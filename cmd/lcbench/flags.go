package main

import (
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
)

// dataFlags say where samples come from and how they are shaped.
func dataFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "YAML `file` of flag names and values; the command line wins"},
		&cli.StringFlag{Name: "data", Value: "auto", Usage: "builtin (generated, offline), hub (the official files) or auto: hub for API models, else builtin"},
		&cli.StringFlag{Name: "data-dir", Usage: "read the benchmark's files from this `folder`"},
		&cli.StringSliceFlag{Name: "tasks", Usage: "tasks to run, by commas (default: all)"},
		&cli.StringFlag{Name: "limit", Usage: "rows for each task: a number, or a fraction below 1"},
		&cli.StringSliceFlag{Name: "languages", Usage: "only tasks in these languages: en, zh"},
		&cli.StringSliceFlag{Name: "lengths", Usage: "bring contexts to these lengths in tokens: 4k,8k,128k"},
		&cli.StringSliceFlag{Name: "depths", Usage: "place the document at these percentages of a lengthened context: 0,50,100 or 0..100/10"},
		&cli.StringFlag{Name: "truncate", Value: string(benchmarks.TruncateOwn), Usage: "own (the benchmark's rule), middle, left, right or none"},
		&cli.StringFlag{Name: "tokenizer", Usage: "count tokens with approx, cl100k_base, o200k_base, p50k_base, r50k_base, a name of lcbench model ls, or a GGUF file or tokenizer.json (default: approx; the model's own where lengths are asked for)"},
		&cli.Uint64Flag{Name: "seed", Usage: "seed of everything drawn"},
		&cli.StringFlag{Name: "mode", Usage: "variant of the benchmark's protocol (longbench-v2: plain, cot, no-context; leval: chat, base)"},
		&cli.StringFlag{Name: "length-instruction", Usage: "how prompts of leval's open tasks tell the reference's length: about, exact or off (default: about)"},
		&cli.IntFlag{Name: "repeats", Usage: "draw each cell of a generated grid so often (default: as the benchmark does)"},
		&cli.IntSliceFlag{Name: "needles", Usage: "counts of needles, or of a thread's steps: 2,3,5"},
		&cli.IntSliceFlag{Name: "rounds", Usage: "demonstrations of each label: 1,2,5"},
		&cli.StringFlag{Name: "placement", Usage: "where what matters is put: random, clustered, … by benchmark"},
		&cli.StringFlag{Name: "direction", Usage: "which way a thread runs: forward, backward or random"},
		&cli.StringFlag{Name: "haystack", Usage: "a `folder` of text files to hide needles in, instead of the benchmark's own"},
		&cli.StringFlag{Name: "judge-queries", Usage: "also ask the queries that leval leaves to judges: llm (96, GPT-4's) or all (181, GPT-3.5's and people's)"},
		&cli.BoolFlag{Name: "no-context", Usage: "send prompts without their documents: a control for contamination, and a floor (longbench-v2: its mode no-context)"},
		&cli.BoolFlag{Name: "salt", Usage: "start each prompt differently, so that no prefix cache helps"},
	}
}

// modelFlags say which model answers, and how it is asked.
func modelFlags() []cli.Flag {
	return slices.Concat(localFlags(), []cli.Flag{
		&cli.StringFlag{Name: "model", Usage: "openai:NAME[@BASE_URL], local:NAME or local:PATH, baseline:lexical or replay:PATH (default: baseline:lexical)"},
		&cli.StringFlag{Name: "model-args", Usage: "k=v,…: base_url, api (auto, chat, completions), stream, organization"},
		&cli.StringFlag{Name: "gen-kwargs", Usage: "k=v,…: temperature, top_p, seed, max_gen_toks, until"},
		&cli.StringFlag{Name: "chat-template", Value: "own", Usage: "own (the benchmark's choice by task), always or never"},
		&cli.BoolFlag{Name: "apply-chat-template", Usage: "the same as --chat-template always"},
		&cli.BoolFlag{Name: "no-chat-template", Usage: "the same as --chat-template never"},
		&cli.StringFlag{Name: "system-instruction", Usage: "system turn ahead of every prompt"},
		&cli.IntFlag{Name: "reasoning-tokens", Usage: "tokens for thinking, besides the answer's own"},
		&cli.StringFlag{Name: "window", Usage: "the model's context window in tokens (default: what the endpoint says)"},
		&cli.IntFlag{Name: "concurrency", Value: 32, Usage: "requests in flight at the most", EnvVars: []string{"LCBENCH_CONCURRENCY"}},
		&cli.IntFlag{Name: "rpm", Usage: "requests a minute at the most"},
		&cli.IntFlag{Name: "tpm", Usage: "tokens a minute at the most"},
		&cli.StringFlag{Name: "budget", Usage: "stop before the run costs more: 5usd or 200000tok"},
		&cli.StringFlag{Name: "price", Usage: "in=USD,cached=USD,out=USD for a million tokens"},
	}, callFlags())
}

// callFlags say how any endpoint is called, a judge's too.
func callFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "max-retries", Value: 6, Usage: "retries of a transient failure"},
		&cli.DurationFlag{Name: "timeout-connect", Value: 10 * time.Second, Usage: "deadline for connecting"},
		&cli.DurationFlag{Name: "timeout-first-token", Value: 60 * time.Second, Usage: "deadline for the first token; a second more for each 1k prompt tokens"},
		&cli.DurationFlag{Name: "timeout-idle", Value: 60 * time.Second, Usage: "deadline between tokens"},
		&cli.BoolFlag{Name: "no-cache", Usage: "don't take answers from earlier runs"},
	}
}

// hiddenFlags are accepted because other tools have them.
func hiddenFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "log-samples", Hidden: true},
		&cli.StringFlag{Name: "batch-size", Hidden: true},
		&cli.StringFlag{Name: "num-fewshot", Hidden: true},
	}
}
