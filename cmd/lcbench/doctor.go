package main

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/datasets"
)

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name: "doctor", Usage: "check a benchmark: pins, licences, metrics, first tokens", ArgsUsage: "BENCHMARK",
		Flags: slices.Concat(dataFlags(), modelFlags()),
		Action: func(c *cli.Context) error {
			s, err := readSettings(c)
			if err != nil {
				return err
			}
			if err := load(c, []*settings{s}); err != nil {
				return err
			}
			return s.doctor(c)
		},
	}
}

// doctor prints what it finds and fails if anything is wrong.
func (s *settings) doctor(c *cli.Context) error {
	out := c.App.Writer
	fmt.Fprintf(out, "%s (arXiv %s)\n\npins\n", s.adapter.Title, s.adapter.Paper)
	for _, p := range s.adapter.Pins {
		fmt.Fprintf(out, "  %s: %s@%.12s, sha256 %.12s, licence %s\n", p.Name, p.Repo, p.Revision, cmp.Or(p.SHA256, "unknown"), p.Licence)
	}
	var problems []error
	fmt.Fprintln(out, "\nmetrics")
	if err := s.adapter.SelfCheck(); err != nil {
		problems = append(problems, err)
		fmt.Fprintf(out, "  WRONG: %v\n", err)
	} else {
		fmt.Fprintln(out, "  ok: the fixed answers score as the reference scores them")
	}
	if err := s.doctorSample(c); err != nil {
		problems = append(problems, err)
	}
	fmt.Fprintln(out, "\nfiles read")
	for _, f := range s.source.Origin().Files {
		state := "not pinned"
		if f.Pinned {
			state = "as pinned"
		}
		fmt.Fprintf(out, "  %s: %d bytes, sha256 %.12s, %s\n", f.Name, f.Bytes, f.SHA256, state)
	}
	return errors.Join(problems...)
}

// doctorSample shows how the first sample goes out.
func (s *settings) doctorSample(c *cli.Context) error {
	for sample, err := range s.bench.Samples(c.Context, s.options) {
		var row *datasets.RowError
		if errors.As(err, &row) {
			continue
		}
		if err != nil {
			return err
		}
		out := c.App.Writer
		text := sample.Prompt.Text()
		api := "plain completion"
		if sample.Chat && s.asker.Chat != "never" || s.asker.Chat == "always" {
			api = "one user turn; the endpoint applies the model's chat template"
		}
		fmt.Fprintf(out, "\nfirst sample %s\n  sent as: %s\n  prompt sha256: %x\n", sample.ID, api, sha256.Sum256([]byte(text)))
		fmt.Fprintf(out, "  evidence: %s, %d places\n", sample.Evidence.State, len(sample.Evidence.Spans))
		s.printTokens(c, text)
		return nil
	}
	return errors.New("no sample could be made")
}

// printTokens shows the prompt's first and last 16 tokens, with ids where the
// tokenizer has them.
func (s *settings) printTokens(c *cli.Context, text string) {
	tok := s.options.Tokenizer
	ends := tok.Ends(text)
	show := func(from, to int) string {
		var parts []string
		for i := max(0, from); i < min(to, len(ends)); i++ {
			start := 0
			if i > 0 {
				start = ends[i-1]
			}
			parts = append(parts, fmt.Sprintf("%q", text[start:ends[i]]))
		}
		return strings.Join(parts, " ")
	}
	fmt.Fprintf(c.App.Writer, "  tokens by %s: %d\n  first: %s\n  last:  %s\n", tok.Name(), len(ends), show(0, 16), show(len(ends)-16, len(ends)))
	if t, ok := tok.(interface{ IDs(string) []int }); ok {
		ids := t.IDs(text)
		fmt.Fprintf(c.App.Writer, "  first ids: %v\n  last ids:  %v\n", ids[:min(16, len(ids))], ids[max(0, len(ids)-16):])
	}
}
