// Command lcbench evaluates long-context language models.
//
// Exit codes: 0 done, 1 failure, 2 usage, 3 finished with lost samples, 4
// budget reached.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
)

// version is set by the linker for releases.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	code := Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Run is the whole program: it returns the exit code.
func Run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	app := newApp(in, out, errOut)
	err := app.RunContext(ctx, arrange(app, args))
	if err == nil {
		return 0
	}
	var e exitError
	if errors.As(err, &e) {
		if e.err != nil {
			complain(errOut, e.err)
		}
		return e.code
	}
	complain(errOut, err)
	return exitFailure
}

// The exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
	exitLost    = 3
	exitBudget  = 4
)

// exitError carries an exit code to main; with no error inside, everything
// has been said already.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// usage marks an error as a mistake in the call.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return exitError{exitUsage, err}
}

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

func newApp(in io.Reader, out, errOut io.Writer) *cli.App {
	app := &cli.App{
		Name:                   "lcbench",
		Usage:                  "how long is this model's context really?",
		Version:                version,
		Reader:                 in,
		Writer:                 out,
		ErrWriter:              errOut,
		EnableBashCompletion:   true,
		UseShortOptionHandling: false,
		HideHelpCommand:        true,
		ExitErrHandler:         func(*cli.Context, error) {},
		OnUsageError:           func(_ *cli.Context, err error, _ bool) error { return usage(err) },
		CommandNotFound: func(c *cli.Context, name string) {
			fmt.Fprintf(errOut, "lcbench: no command %q; see lcbench --help\n", name)
		},
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "log-level", Value: "warn", Usage: "debug, info, warn or error", EnvVars: []string{"LCBENCH_LOG_LEVEL"}},
		},
		Before: func(c *cli.Context) error {
			var level slog.Level
			if err := level.UnmarshalText([]byte(c.String("log-level"))); err != nil {
				return usagef("log level %q: want debug, info, warn or error", c.String("log-level"))
			}
			slog.SetDefault(slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: level})))
			return nil
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("no command %q; see lcbench --help", c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
	}
	app.Commands = []*cli.Command{
		runCommand(), planCommand(), generateCommand(), scoreCommand(), judgeCommand(), metricCommand(), reportCommand(), viewCommand(), leaderboardCommand(),
		listCommand(), dataCommand(), doctorCommand(), completionCommand(),
		modelCommand(), serveCommand(), benchCommand(), inspectCommand(), compareCommand(), baselineCommand(),
	}
	foldHelp(app.Commands)
	for _, c := range app.Commands {
		c.OnUsageError = app.OnUsageError
		if c.ArgsUsage == "BENCHMARK" {
			c.BashComplete = completeBenchmarks(c)
		}
		for _, sub := range c.Subcommands {
			sub.OnUsageError = app.OnUsageError
			if sub.ArgsUsage == "BENCHMARK" {
				sub.BashComplete = completeBenchmarks(sub)
			}
		}
	}
	return app
}
