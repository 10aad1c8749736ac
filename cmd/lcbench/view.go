package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/results/view"
)

func viewCommand() *cli.Command {
	return &cli.Command{
		Name: "view", Usage: "look at runs and samples in a browser, while they run too", ArgsUsage: "[DIR]",
		Description: "DIR holds run folders, at any depth (default: results). Nothing in it is changed.\n" +
			"Only this machine can look unless --allow-remote is given. Ctrl-C ends it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Value: view.DefaultAddr, Usage: "`HOST:PORT`; port 0 takes a free one"},
			&cli.BoolFlag{Name: "allow-remote", Usage: "let --addr be one that other machines reach: whoever does can read every sample"},
		},
		Action: viewRuns,
	}
}

func viewRuns(c *cli.Context) error {
	dir := "results"
	switch c.NArg() {
	case 0:
	case 1:
		dir = c.Args().First()
	default:
		return usagef("want one folder; see lcbench view --help")
	}
	addr := c.String("addr")
	host, _, _ := net.SplitHostPort(addr) // Listen says what is wrong with it
	v, err := view.New(dir, view.Options{Version: version, Remote: c.Bool("allow-remote"), Host: host, Layout: layoutOf})
	var noFolder *view.NoFolderError
	if errors.As(err, &noFolder) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	l, err := view.Listen(addr, c.Bool("allow-remote"))
	var address *view.AddressError
	switch {
	case errors.As(err, &address):
		return usagef("%w; --addr wants one like %s, or --allow-remote for other machines to look", err, view.DefaultAddr)
	case err != nil:
		return fmt.Errorf("%w; give another --addr, as in --addr 127.0.0.1:0", err)
	}
	fmt.Fprintf(c.App.ErrWriter, "lcbench: runs in %s: http://%s/\n", plain(dir), l.Addr())
	ctx, stop := signal.NotifyContext(c.Context, os.Interrupt)
	defer stop()
	return view.Serve(ctx, l, v)
}
