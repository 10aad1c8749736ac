package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/scorers"
)

func metricCommand() *cli.Command {
	return &cli.Command{
		Name: "metric", Usage: "score cases from standard input, one JSON object a line",
		Description: `Reads {"id", "benchmark"?, "metric", "prediction", "references", …} and prints {"id", "score"}. Cases of L-Eval's exam name their "task".`,
		Action: func(c *cli.Context) error {
			return scoreCases(c.App.Reader, c.App.Writer, c.App.ErrWriter)
		},
	}
}

// maxCase bounds a line of cases, in bytes.
const maxCase = 256 << 20

// scoreCases scores line by line. A bad line is named and the rest goes on;
// the exit code says that there was one.
func scoreCases(in io.Reader, out, errOut io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<16), maxCase)
	lines.Split(splitNewline)
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	bad := 0
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		id, score, err := scorers.Evaluate(lines.Bytes())
		if err != nil {
			bad++
			fmt.Fprintf(errOut, "lcbench metric: line %d: %s\n", n, plain(err.Error()))
			continue
		}
		if err := enc.Encode(struct {
			ID    string `json:"id"`
			Score any    `json:"score"`
		}{id, score}); err != nil {
			return err
		}
	}
	if err := errors.Join(lines.Err(), w.Flush()); err != nil {
		return err
	}
	if bad > 0 {
		return exitError{code: exitFailure}
	}
	return nil
}

// splitNewline splits on "\n" alone: texts contain U+2028 and its like.
func splitNewline(data []byte, atEOF bool) (advance int, token []byte, err error) {
	for i, c := range data {
		if c == '\n' {
			return i + 1, data[:i], nil
		}
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
