package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/localmodel/serve"
)

func serveCommand() *cli.Command {
	return &cli.Command{
		Name: "serve", Usage: "answer OpenAI's HTTP API with a local model",
		Description: "/v1/models, /v1/chat/completions and /v1/completions, streams and log-probabilities\n" +
			"included. Without a host in --addr only this machine can reach it. LCBENCH_API_KEY,\n" +
			"if set, must come with every request. Ctrl-C lets answers under way finish.",
		Flags: append(localFlags(),
			&cli.StringFlag{Name: "model", Value: "local:smollm2-135m", Usage: "local:NAME or local:PATH"},
			&cli.StringFlag{Name: "addr", Value: "127.0.0.1:8080", Usage: "`HOST:PORT`; port 0 takes a free one"},
			&cli.StringFlag{Name: "window", Usage: "context window in tokens (default: the model's own)"},
			&cli.IntFlag{Name: "concurrency", Value: serve.DefaultMaxConcurrent, Usage: "requests answered at once; more are refused"},
			&cli.StringFlag{Name: "max-body", Value: "32MiB", Usage: "size of a request"},
		),
		Action: serveModel,
	}
}

func serveModel(c *cli.Context) error {
	name, ok := strings.CutPrefix(c.String("model"), "local:")
	if !ok {
		return usagef("model %q: want local:NAME or local:PATH", c.String("model"))
	}
	if c.Int("concurrency") < 1 {
		return usagef("--concurrency %d: want 1 or more", c.Int("concurrency"))
	}
	body, err := parseBytes(c.String("max-body"))
	if err != nil {
		return usagef("--max-body: %w", err)
	}
	// The port first: taken ones are known at once, models may take a while.
	l, err := serve.Listen(c.String("addr"))
	if err != nil {
		return err
	}
	m, err := openLocal(c.Context, c, name)
	if err != nil {
		_ = l.Close() // nobody has come yet
		return err
	}
	defer m.Close() //nolint:errcheck // nothing was written
	fmt.Fprintf(c.App.ErrWriter, "lcbench: %s on %s, attention %s%s, window %d: http://%s/v1\n", m.Info.Name, m.Info.Device, m.Info.Attention, inRope(m.Info), m.Info.Window, l.Addr())
	// The first Ctrl-C drains; behind it the signal kills again.
	ctx, stop := signal.NotifyContext(c.Context, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop)
	return serve.Serve(ctx, l, serve.New(m, serve.Options{
		Info: m.Info, Names: []string{name, "local:" + name}, Key: os.Getenv("LCBENCH_API_KEY"),
		MaxBody: body, MaxConcurrent: c.Int("concurrency"), Log: slog.Default(),
	}))
}
