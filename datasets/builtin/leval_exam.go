package builtin

import (
	"fmt"
	"strconv"
	"strings"
)

// everyday are things that hold in the world, each with what an invented one
// may have instead.
func everyday() [][2]string {
	return [][2]string{
		{"snow is cold to the touch", "snow is warm to the touch"},
		{"rivers run down to the sea", "rivers run up from the sea"},
		{"the sun rises in the east", "the sun rises in the north"},
		{"a week has seven days", "a week has nine days"},
		{"stones sink in water", "stones float on water"},
		{"horses have four legs", "horses have six legs"},
		{"ice melts in the sun", "ice hardens in the sun"},
		{"the sea tastes of salt", "the sea tastes of honey"},
		{"owls hunt by night", "owls hunt at noon"},
		{"iron rusts in wet air", "iron grows in wet air"},
		{"a clock's dial has twelve hours", "a clock's dial has ten hours"},
		{"bees gather nectar", "bees gather silver dust"},
		{"fish breathe under water", "fish breathe above the clouds"},
		{"shadows are longest in the evening", "shadows are longest at midday"},
	}
}

// otherWorld asks what holds in a story, some of which differs from our world.
// References say both, as upstream's sci_fi stores them.
func (g *lEvalMaker) otherWorld(n int) lEvalRow {
	doc := g.Chronicle(English, g.first(), n, Shape{})
	things := shuffled(g.d, everyday())[:6]
	paragraphs := strings.Split(doc.Text(), separator)
	r := lEvalRow{}
	for i, thing := range things {
		holds := g.d.n(2) // which of the two the story has
		at := i * len(paragraphs) / len(things)
		paragraphs[at] += " Everyone in that country knows that " + thing[holds] + "."
		asked := g.d.n(2)
		r.ask(fmt.Sprintf("%d.\t%s, True or False? Answer this question based on the world described in the document.", i+1, upperFirst(thing[asked])),
			truthName(asked == holds)+" [fact: "+truthName(asked == 0)+"]")
	}
	r.Input = strings.Join(paragraphs, separator)
	return r
}

func truthName(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// worked are the number of worked examples ahead of a problem.
const worked = 16

// sums asks one problem after worked ones, which are the same for every row.
func (g *lEvalMaker) sums(int) lEvalRow {
	shared := g.dice("leval/worked")
	var b strings.Builder
	for range worked {
		question, steps, answer := g.problem(shared)
		b.WriteString(question + steps + "\nThe answer is " + strconv.Itoa(answer) + "\n\n")
	}
	r := lEvalRow{Input: b.String()}
	question, _, answer := g.problem(g.d)
	r.ask(question, strconv.Itoa(answer))
	return r
}

// problem makes a word problem of two steps.
func (g *lEvalMaker) problem(d *dice) (question, steps string, answer int) {
	who := g.Circle(d.n(8)).People[d.n(peoplePerCircle)].Name(English)
	things := pick(d, []string{"lanterns", "sacks of barley", "sea charts", "clay pipes", "candles", "baskets"})
	boxes, each, sold := d.between(3, 12), d.between(4, 25), d.between(2, 11)
	all := boxes * each
	question = fmt.Sprintf("Question: %s stores %s in %d crates with %d in each. On market day %d of them are sold. How many %s are left?\nLet's think step by step\n",
		who, things, boxes, each, sold, things)
	steps = fmt.Sprintf("There are %d * %d = %d %s at first.\nAfter the market %d - %d = %d are left.", boxes, each, all, things, all, sold, all-sold)
	return question, steps, all - sold
}

// function is a generated Python function over a list of numbers.
type function struct {
	name, comment, body string
	apply               func([]int) []int
}

// newFunction makes the k-th function of a program.
func newFunction(d *dice, k int) function {
	by := d.between(2, 9)
	each := func(f func(int) int) func([]int) []int {
		return func(in []int) []int {
			out := make([]int, len(in))
			for i, v := range in {
				out[i] = f(v)
			}
			return out
		}
	}
	f := []function{
		{comment: fmt.Sprintf("Raises every reading by %d.", by), body: fmt.Sprintf("return [v + %d for v in readings]", by),
			apply: each(func(v int) int { return v + by })},
		{comment: fmt.Sprintf("Multiplies every reading by %d.", by), body: fmt.Sprintf("return [v * %d for v in readings]", by),
			apply: each(func(v int) int { return v * by })},
		{comment: "Puts the readings into the opposite order.", body: "return readings[::-1]", apply: func(in []int) []int {
			out := make([]int, len(in))
			for i, v := range in {
				out[len(in)-1-i] = v
			}
			return out
		}},
		{comment: "Moves the first reading to the end.", body: "return readings[1:] + readings[:1]", apply: func(in []int) []int {
			return append(append([]int(nil), in[1:]...), in[0])
		}},
	}[d.n(4)]
	f.name = strings.ReplaceAll(pick(d, codeThings())[0], " ", "_") + "_" + strconv.Itoa(k+1)
	return f
}

// program asks what a chain of calls at the end of a long module prints.
func (g *lEvalMaker) program(n int) lEvalRow {
	var b strings.Builder
	var all []function
	for size := 0; size < n; {
		f := newFunction(g.d, len(all))
		text := fmt.Sprintf("def %s(readings):\n    \"\"\"%s\"\"\"\n    # %s\n    %s\n\n\n", f.name, f.comment, g.filler[0].scene(g.d), f.body)
		size += Size(text, English)
		b.WriteString(text)
		all = append(all, f)
	}
	values := []int{g.d.between(1, 9), g.d.between(1, 9), g.d.between(1, 9), g.d.between(1, 9)}
	b.WriteString("readings = " + pythonList(values) + "\n")
	for range 3 {
		f := pick(g.d, all)
		values = f.apply(values)
		b.WriteString("readings = " + f.name + "(readings)\n")
	}
	b.WriteString("print(readings)\n")
	r := lEvalRow{Input: b.String()}
	r.ask("What is the final output of the code? The comments may help.\nLet's think step by step\n", pythonList(values))
	return r
}

func pythonList(values []int) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = strconv.Itoa(v)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
