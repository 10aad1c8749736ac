package chat

import (
	"fmt"

	"github.com/nikolalohinski/gonja/v2/builtins"
	statements "github.com/nikolalohinski/gonja/v2/builtins/control_structures"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// statements returns the statements that a chat template may use: those of
// Jinja that need no other file, the loops and macros among them counted, and
// transformers' generation block.
func (g *guard) statements() *exec.ControlStructureSet {
	set := map[string]parser.ControlStructureParser{"generation": parseGeneration}
	for _, name := range []string{"if", "raw", "with", "filter", "break", "continue", "do"} {
		set[name], _ = builtins.ControlStructures.Get(name)
	}
	for name, wrap := range map[string]func(*parser.Parser, parser.ControlStructureParser, *parser.Parser) (nodes.ControlStructure, error){
		"for": g.parseFor, "macro": g.parseMacro, "set": g.parseSet, "call": g.parseCall,
	} {
		inner, _ := builtins.ControlStructures.Get(name)
		set[name] = func(p, args *parser.Parser) (nodes.ControlStructure, error) { return wrap(p, inner, args) }
	}
	return exec.NewControlStructureSet(set)
}

// parseFor puts a step in front of the loop's body.
func (g *guard) parseFor(p *parser.Parser, inner parser.ControlStructureParser, args *parser.Parser) (nodes.ControlStructure, error) {
	at := p.Current()
	cs, err := inner(p, args)
	if err != nil {
		return nil, err
	}
	loop, ok := cs.(*statements.ForControlStructure)
	if !ok {
		return nil, fmt.Errorf("for: the library gives a %T", cs)
	}
	if loop.Recursive {
		return nil, p.Error("recursive loops aren't supported", at)
	}
	prepend(loop.BodyWrapper, at, g.pass)
	return &located{loop, at}, nil
}

func prepend(body *nodes.Wrapper, at *tokens.Token, check func()) {
	body.Nodes = append([]nodes.Node{&nodes.ControlStructureBlock{Location: at, Name: "step", ControlStructure: &action{at, check}}}, body.Nodes...)
}

// action is a statement that a template doesn't write: a check.
type action struct {
	at    *tokens.Token
	check func()
}

func (a *action) Position() *tokens.Token { return a.at }
func (a *action) String() string          { return "check" }
func (a *action) Execute(*exec.Renderer, *nodes.ControlStructureBlock) error {
	a.check()
	return nil
}

// located gives a statement of the library the place where it is written; its
// own is that of what follows.
type located struct {
	exec.ControlStructure
	at *tokens.Token
}

func (l *located) Position() *tokens.Token {
	if l.at == nil {
		return l.ControlStructure.Position()
	}
	return l.at
}

// macro defines a function whose calls are counted.
type macro struct {
	*nodes.Macro
	guard *guard
}

func (g *guard) parseMacro(p *parser.Parser, inner parser.ControlStructureParser, args *parser.Parser) (nodes.ControlStructure, error) {
	cs, err := inner(p, args)
	if err != nil {
		return nil, err
	}
	m, ok := cs.(*statements.MacroControlStructure)
	if !ok {
		return nil, fmt.Errorf("macro: the library gives a %T", cs)
	}
	return &macro{m.Macro, g}, nil
}

// Execute implements exec.ControlStructure.
func (m *macro) Execute(r *exec.Renderer, _ *nodes.ControlStructureBlock) error {
	call, err := exec.MacroNodeToFunc(m.Macro, r)
	if err != nil {
		return err
	}
	r.Environment.Context.Set(m.Name, exec.Macro(func(params *exec.VarArgs) *exec.Value {
		defer m.guard.leave()
		m.guard.enter()
		v := call(params)
		if !v.IsError() {
			m.guard.keep(v)
		}
		return v
	}))
	return nil
}

// assignment checks the size of a variable after it was set: a text that
// doubles with every assignment ends here.
type assignment struct {
	exec.ControlStructure
	name  string
	guard *guard
}

func (g *guard) parseSet(p *parser.Parser, inner parser.ControlStructureParser, args *parser.Parser) (nodes.ControlStructure, error) {
	name := ""
	if t := args.Current(); t != nil {
		name = t.Val
	}
	cs, err := inner(p, args)
	if err != nil {
		return nil, err
	}
	set, ok := cs.(exec.ControlStructure)
	if !ok {
		return nil, fmt.Errorf("set: the library gives a %T", cs)
	}
	return &assignment{set, name, g}, nil
}

// Execute implements exec.ControlStructure.
func (a *assignment) Execute(r *exec.Renderer, tag *nodes.ControlStructureBlock) error {
	if err := a.ControlStructure.Execute(r, tag); err != nil {
		return err
	}
	v, _ := r.Environment.Context.Get(a.name)
	a.guard.keep(v)
	return nil
}

// parseCall counts the body of a call block, which macros can run at will.
func (g *guard) parseCall(p *parser.Parser, inner parser.ControlStructureParser, args *parser.Parser) (nodes.ControlStructure, error) {
	at := p.Current()
	cs, err := inner(p, args)
	if err != nil {
		return nil, err
	}
	call, ok := cs.(*statements.CallControlStructure)
	if !ok {
		return nil, fmt.Errorf("call: the library gives a %T", cs)
	}
	prepend(call.Body, at, g.pass)
	return call, nil
}

// generation marks the assistant's text for training; here it only stands for
// its body. Source: transformers, utils/chat_template_utils.py.
type generation struct {
	at   *tokens.Token
	body *nodes.Wrapper
}

func parseGeneration(p, args *parser.Parser) (nodes.ControlStructure, error) {
	g := &generation{at: p.Current()}
	if !args.End() {
		return nil, args.Error("generation takes no arguments", args.Current())
	}
	body, end, err := p.WrapUntil("endgeneration")
	if err != nil {
		return nil, err
	}
	if !end.End() {
		return nil, end.Error("endgeneration takes no arguments", end.Current())
	}
	g.body = body
	return g, nil
}

func (g *generation) Position() *tokens.Token { return g.at }
func (g *generation) String() string          { return "generation" }

// Execute implements exec.ControlStructure.
func (g *generation) Execute(r *exec.Renderer, _ *nodes.ControlStructureBlock) error {
	return r.ExecuteWrapper(g.body)
}
