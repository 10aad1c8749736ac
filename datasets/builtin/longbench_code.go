package builtin

import (
	"fmt"
	"strings"
)

// code makes a Python file of small functions. The line to be completed calls
// a function with the arguments that its definition, earlier in the file,
// wants.
func (g *rowMaker) code(lang string, i, n int) {
	d := g.dice(i)
	var b strings.Builder
	var names []codeFunction
	b.WriteString(codeHead(lang))
	for k := 0; Size(b.String(), English) < n; k++ {
		f := newCodeFunction(d, k)
		names = append(names, f)
		b.WriteString(f.definition(lang))
	}
	target := pick(d, names)
	call := fmt.Sprintf("    total = %s(%s)", target.name, strings.Join(target.parameters, ", "))
	var query strings.Builder
	fmt.Fprintf(&query, "\ndef report_%s(%s):\n", target.name, strings.Join(target.parameters, ", "))
	for _, p := range target.parameters {
		fmt.Fprintf(&query, "    %s = max(%s, 0)\n", p, p)
	}
	context, input := b.String()+query.String(), ""
	if g.task == "repobench-p" {
		// Its context is the other files, its input the file being written.
		context, input = "# Path: ledger/accounts.py\n"+b.String(), "# Path: ledger/report.py\nfrom ledger.accounts import "+target.name+"\n"+query.String()
	}
	g.add("python", longBenchRow{Input: input, Context: context, Answers: []string{call}})
}

func codeHead(lang string) string {
	if lang == Chinese {
		return "\"\"\"账目计算的函数。\"\"\"\n"
	}
	return "\"\"\"Functions for keeping the accounts.\"\"\"\n"
}

// codeFunction is a function of the generated file.
type codeFunction struct {
	name       string
	parameters []string
	factor     int
	noun       word
}

func codeNouns() []word {
	return []word{{"barley", "大麦"}, {"salt", "盐"}, {"timber", "木材"}, {"linen", "亚麻"}, {"copper", "铜"}, {"honey", "蜂蜜"}, {"glass", "玻璃"}, {"wool", "羊毛"}, {"slate", "石板"}, {"amber", "琥珀"}}
}

func newCodeFunction(d *dice, k int) codeFunction {
	verbs := []string{"weigh", "price", "store", "ship", "count", "grade", "sort", "tax"}
	extras := []string{"crates", "barrels", "wagons", "season", "discount", "toll"}
	noun := pick(d, codeNouns())
	f := codeFunction{noun: noun, factor: d.between(2, 97)}
	f.name = fmt.Sprintf("%s_%s_%d", pick(d, verbs), noun[0], k+1)
	f.parameters = shuffled(d, extras)[:d.between(2, 3)]
	return f
}

func (f codeFunction) definition(lang string) string {
	comment := fmt.Sprintf("# Each unit of %s counts %d.", f.noun[0], f.factor)
	if lang == Chinese {
		comment = fmt.Sprintf("# 每份%s按%d计算。", f.noun[1], f.factor)
	}
	return fmt.Sprintf("\ndef %s(%s):\n    %s\n    amount = %s\n    return amount * %d\n",
		f.name, strings.Join(f.parameters, ", "), comment, strings.Join(f.parameters, " + "), f.factor)
}
