package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/all"
)

func completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "completion in a shell: source <(lcbench completion bash)", ArgsUsage: "bash|zsh|fish",
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usagef("want one shell: bash, zsh or fish")
			}
			script, err := completionScript(c.App, c.Args().First())
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.App.Writer, script)
			return err
		},
	}
}

// completionScript is what a shell sources. bash and zsh ask the program for
// the words that may follow; fish gets them written out.
func completionScript(app *cli.App, shell string) (string, error) {
	switch shell {
	case "bash":
		return `_lcbench() {
  local cur=${COMP_WORDS[COMP_CWORD]} words
  words=("${COMP_WORDS[@]:0:COMP_CWORD}")
  [[ $cur == -* ]] && words+=("$cur")
  mapfile -t COMPREPLY < <(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur")
}
complete -o bashdefault -o default -F _lcbench lcbench
`, nil
	case "zsh":
		return `#compdef lcbench
_lcbench() {
  local -a asked options
  asked=(${words[1,CURRENT-1]})
  [[ ${words[CURRENT]} == -* ]] && asked+=(${words[CURRENT]})
  options=("${(@f)$(_CLI_ZSH_AUTOCOMPLETE_HACK=1 ${asked} --generate-bash-completion 2>/dev/null)}")
  [[ -n ${options[1]} ]] && _describe values options || _files
}
compdef _lcbench lcbench
`, nil
	case "fish":
		return app.ToFishCompletion()
	}
	return "", usagef("no completion for %q%s; there is bash, zsh and fish", shell, benchmarks.DidYouMean(shell, []string{"bash", "zsh", "fish"}))
}

// completeBenchmarks offers flags behind a dash, else the benchmarks.
func completeBenchmarks(cmd *cli.Command) cli.BashCompleteFunc {
	flags := cli.DefaultCompleteWithFlags(cmd)
	return func(c *cli.Context) {
		// The word being typed stands ahead of --generate-bash-completion.
		if n := len(os.Args); n > 2 && strings.HasPrefix(os.Args[n-2], "-") {
			flags(c)
			return
		}
		for _, a := range all.List() {
			fmt.Fprintln(c.App.Writer, a.Name)
		}
	}
}
