package needlebench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/datasets"
)

// chain is people, eldest first, each one or two generations above the next.
type chain struct {
	people      []string
	generations []int    // from people[i] to people[i+1]
	statements  []string // the same, in words
}

// namesFile has the official names, maxNames bounds it in bytes.
const (
	namesFile = "names.json"
	maxNames  = 4 << 20
)

// readNames takes the source's names by language, none where it has none.
func readNames(ctx context.Context, src datasets.Source) (map[string][]string, error) {
	raw, err := datasets.ReadFile(ctx, src, namesFile, maxNames)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !remote(src):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("needlebench: %w", err)
	}
	return parseNames(raw)
}

// parseNames splits the lists of names at commas. Names with characters that the
// metric takes out of answers can't be right, and go.
func parseNames(raw []byte) (map[string][]string, error) {
	var lists struct {
		Chinese, English *string
	}
	if err := json.Unmarshal(raw, &lists); err != nil {
		return nil, fmt.Errorf("needlebench: %s: want an object with Chinese and English, each names with commas between them: %w", namesFile, err)
	}
	out := map[string][]string{}
	for lang, list := range map[string]*string{"zh": lists.Chinese, "en": lists.English} {
		if list == nil {
			continue
		}
		seen := map[string]bool{}
		for _, name := range strings.FieldsFunc(*list, func(r rune) bool { return r == ',' || r == '，' || r == '\n' }) {
			name = strings.Join(strings.Fields(name), " ")
			if name != "" && !strings.ContainsAny(name, `'"\~{}`) && !seen[name] {
				seen[name] = true
				out[lang] = append(out[lang], name)
			}
		}
	}
	return out, nil
}

// drawNames takes n names, of the given ones or of ours, none part of another.
func drawNames(r *rand.Rand, w wording, given []string, n int) ([]string, error) {
	size := len(given)
	name := func(i int) string { return given[i] }
	if size == 0 {
		size = len(w.namesFirst) * len(w.namesSecond)
		name = func(i int) string {
			return w.namesFirst[i%len(w.namesFirst)] + w.nameJoin + w.namesSecond[i/len(w.namesFirst)]
		}
	}
	var out []string
	var all strings.Builder // with a line end between names
	for _, i := range r.Perm(size) {
		if len(out) == n {
			break
		}
		next := name(i)
		if strings.Contains(all.String(), next) || holdsAny(next, out) {
			continue
		}
		out = append(out, next)
		all.WriteString(next + "\n")
	}
	if len(out) < n {
		return nil, fmt.Errorf("%d names are needed, there are %d", n, len(out))
	}
	return out, nil
}

func holdsAny(name string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(name, p) {
			return true
		}
	}
	return false
}

// drawChain makes a chain of n relations.
func drawChain(r *rand.Rand, w wording, names []string, n int) (chain, error) {
	people, err := drawNames(r, w, names, n+1)
	if err != nil {
		return chain{}, err
	}
	c := chain{people: people}
	for i := range n {
		up := 1 + r.IntN(2)
		say := w.relations[up-1]
		c.generations = append(c.generations, up)
		c.statements = append(c.statements, strings.NewReplacer("{a}", people[i], "{b}", people[i+1]).Replace(say[r.IntN(len(say))]))
	}
	return c, nil
}

// distance is how many generations lie between two people of the chain.
func (c chain) distance(from, to int) int {
	n := 0
	for _, g := range c.generations[from:to] {
		n += g
	}
	return n
}

// question asks the chain one of four questions: for its eldest, for an ancestor
// of its youngest, for a descendant of its eldest, and for the generations
// between the two.
func (c chain) question(r *rand.Rand, w wording, ask int) (question, answer string) {
	last := len(c.people) - 1
	n := 0
	switch ask {
	case 0:
		answer = c.people[0]
	case 1:
		i := r.IntN(last)
		n, answer = c.distance(i, last), c.people[i]
	case 2:
		i := 1 + r.IntN(last)
		n, answer = c.distance(0, i), c.people[i]
	default:
		answer = strconv.Itoa(c.distance(0, last))
	}
	fill := strings.NewReplacer("{a}", c.people[0], "{b}", c.people[last], "{n}", strconv.Itoa(n))
	return fill.Replace(w.asks[ask]), answer
}

// derivation is a chain of the first version: statements that lead to an answer.
type derivation struct {
	statements       []string
	question, answer string
}

// readDerivations takes the source's chains of the first version by their number
// of statements, none where it has none.
func readDerivations(ctx context.Context, src datasets.Source, lang string) (byCount map[int][]derivation, faults []error, err error) {
	byCount = map[int][]derivation{}
	for d, err := range datasets.Rows(ctx, src, "multi_needle_reasoning_"+lang+".json", decodeDerivation) {
		var row *datasets.RowError
		switch {
		case errors.As(err, &row):
			faults = append(faults, err)
		case errors.Is(err, fs.ErrNotExist) && !remote(src):
			return nil, nil, nil
		case err != nil:
			return nil, faults, err
		default:
			byCount[len(d.statements)] = append(byCount[len(d.statements)], d)
		}
	}
	return byCount, faults, ctx.Err()
}

// decodeDerivation reads an element of multi_needle_reasoning_*.json.
func decodeDerivation(line []byte) (derivation, error) {
	var row struct {
		Derivations []string `json:"derivations"`
		Question    string   `json:"question"`
		Answer      string   `json:"answer"`
	}
	if err := json.Unmarshal(line, &row); err != nil {
		return derivation{}, fieldError(err)
	}
	d := derivation{question: strings.TrimSpace(row.Question), answer: strings.TrimSpace(row.Answer)}
	for _, s := range row.Derivations {
		if s = strings.TrimSpace(s); s != "" {
			d.statements = append(d.statements, s)
		}
	}
	switch {
	case len(d.statements) == 0:
		return d, datasets.MissingField("derivations")
	case d.question == "":
		return d, datasets.MissingField("question")
	case d.answer == "":
		return d, datasets.MissingField("answer")
	}
	return d, nil
}
