package chat

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/nikolalohinski/gonja/v2/exec"
)

// guard counts what one rendering does and stops it at the limits. Every
// function that a template can reach charges to it.
type guard struct {
	out      strings.Builder
	room     int // bytes that may still be written
	built    int // bytes that variables may hold
	steps    int
	source   int // bytes of the template
	passed   int // bytes of template that loops and macros have run through
	shown    int // bytes of expressions written, in macros too
	depth    int
	deadline time.Time
	err      error // the first limit that was met
	raised   error // raise_exception
}

// newGuard makes the guard of a rendering: bytes of the template and of the
// messages. Templates write a message once or twice; 16 times leaves room.
func newGuard(source, size int) *guard {
	limit := 1<<20 + 16*size
	return &guard{source: source, room: limit, built: limit, deadline: time.Now().Add(renderLimit)}
}

// stop ends the rendering. It panics, since the library goes on after an
// error: a chain of n calls on one is evaluated 2^n times. run recovers.
func (g *guard) stop(err error) {
	g.err = err
	panic(err)
}

// step charges one step.
func (g *guard) step() {
	g.steps++
	if g.steps > maxSteps {
		g.stop(fmt.Errorf("stopped after %d steps: the template loops too long", maxSteps))
	}
	if g.steps%1024 == 0 && time.Now().After(g.deadline) {
		g.stop(fmt.Errorf("stopped after %v", renderLimit))
	}
}

// fits charges a text of n bytes that the template builds.
func (g *guard) fits(n int) {
	g.step()
	if n < 0 || n > g.built {
		g.stop(fmt.Errorf("the template builds a text of more than %d bytes", g.built))
	}
}

// Write takes the output.
func (g *guard) Write(p []byte) (int, error) {
	g.step()
	if len(p) > g.room {
		g.stop(errors.New("the template writes too much: more than 16 times its messages"))
	}
	g.room -= len(p)
	return g.out.Write(p)
}

// pass charges one run through a loop's body or a macro.
func (g *guard) pass() {
	g.step()
	if g.passed += g.source; g.passed > maxPassed {
		g.stop(errors.New("stopped: the template loops too long"))
	}
}

// show charges an expression that is written.
func (g *guard) show(v *exec.Value) {
	if g.shown += g.keep(v); g.shown > 64*g.built {
		g.stop(errors.New("the template writes too much"))
	}
}

// keep checks the value of a variable and returns its size.
func (g *guard) keep(v any) int {
	size, ok := measure(v, maxValueDepth)
	if !ok {
		g.stop(errors.New("a value holds itself or nests too deep"))
	}
	g.fits(size)
	return size
}

// enter begins a macro call, leave ends it.
func (g *guard) enter() {
	g.pass()
	if g.depth++; g.depth > maxDepth {
		g.stop(fmt.Errorf("macros call each other more than %d deep", maxDepth))
	}
}

func (g *guard) leave() { g.depth-- }

// run calls f and turns a panic of the library (it has some, such as a
// division by zero) into an error.
func (g *guard) run(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the template can't be evaluated: %v", p)
		}
	}()
	if err := f(); err != nil {
		return err
	}
	return g.err
}

// measure adds up the text in a value; ok is false if it nests deeper than
// depth, as one does that holds itself, which the library would follow until
// the stack is full.
func measure(v any, depth int) (size int, ok bool) {
	if depth == 0 {
		return 0, false
	}
	parts := func(n int, part func(int) any) (int, bool) {
		size := n
		for i := range n {
			m, ok := measure(part(i), depth-1)
			if !ok {
				return 0, false
			}
			size += m
		}
		return size, true
	}
	switch x := v.(type) {
	case nil:
		return 0, true
	case string:
		return len(x), true
	case *exec.Value:
		if x == nil || x.IsNil() {
			return 0, true
		}
		return measure(x.Interface(), depth)
	case *exec.Dict:
		return parts(len(x.Pairs), func(i int) any { return x.Pairs[i].Value })
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String:
		return r.Len(), true
	case reflect.Slice, reflect.Array:
		return parts(r.Len(), func(i int) any { return r.Index(i).Interface() })
	case reflect.Map:
		keys := r.MapKeys()
		return parts(len(keys), func(i int) any { return r.MapIndex(keys[i]).Interface() })
	}
	return 0, true
}
