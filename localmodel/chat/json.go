package chat

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"
)

// toJSON writes a value as Python's json.dumps(ensure_ascii=False): that is
// what transformers puts in the place of Jinja's filter.
func (g *guard) toJSON(in *exec.Value, params *exec.VarArgs) (any, error) {
	w := &jsonWriter{guard: g, indent: -1}
	if v := params.KwArgs["indent"]; v != nil && v.IsInteger() {
		w.indent = min(max(v.Integer(), 0), 16)
	}
	err := w.value(in, 0)
	return w.out.String(), err
}

type jsonWriter struct {
	guard  *guard
	out    strings.Builder
	indent int // spaces a level, or -1: all on one line
}

func (w *jsonWriter) value(v *exec.Value, depth int) error {
	if depth > maxNesting {
		return errors.New("values nest too deep")
	}
	w.guard.fits(w.out.Len())
	switch {
	case v.IsError():
		return v
	case v.IsNil():
		w.out.WriteString("null")
	case v.IsString():
		w.text(v.String())
	case v.IsBool():
		w.out.WriteString(strconv.FormatBool(v.Bool()))
	case v.IsInteger():
		w.out.WriteString(strconv.Itoa(v.Integer()))
	case v.IsFloat():
		return w.number(v.Float())
	case v.IsDict():
		return w.dict(v, depth)
	case v.IsList():
		n := v.Len()
		return w.items("[]", n, depth, func(i int) error { return w.value(element(v, i), depth+1) })
	default:
		return fmt.Errorf("a %T has no JSON", v.Interface())
	}
	return nil
}

func element(v *exec.Value, i int) *exec.Value {
	e := v.Index(i)
	if inner, ok := e.Interface().(*exec.Value); ok {
		return inner
	}
	return e
}

func (w *jsonWriter) number(x float64) error {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return errors.New("a number without JSON")
	}
	text := strconv.FormatFloat(x, 'g', -1, 64)
	if x == math.Trunc(x) && math.Abs(x) < 1e16 {
		text = strconv.FormatFloat(x, 'f', 1, 64) // 3.0 stays a float, as in Python
	}
	w.out.WriteString(text)
	return nil
}

// dict writes a dict: a literal's keys in its order; those of messages role
// first, others sorted, since Go's maps have no order.
func (w *jsonWriter) dict(v *exec.Value, depth int) error {
	pairs := v.Items()
	if d, ordered := v.Interface().(*exec.Dict); ordered {
		pairs = d.Pairs
	} else {
		slices.SortFunc(pairs, func(a, b *exec.Pair) int {
			x, y := a.Key.String(), b.Key.String()
			if x == "role" && y == "content" || x == "content" && y == "role" {
				return strings.Compare(y, x)
			}
			return strings.Compare(x, y)
		})
	}
	return w.items("{}", len(pairs), depth, func(i int) error {
		w.text(pairs[i].Key.String())
		w.out.WriteString(": ")
		return w.value(pairs[i].Value, depth+1)
	})
}

func (w *jsonWriter) items(brackets string, n, depth int, item func(int) error) error {
	w.out.WriteByte(brackets[0])
	for i := range n {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if w.indent >= 0 {
			w.out.WriteString("\n" + strings.Repeat(" ", w.indent*(depth+1)))
		} else if i > 0 {
			w.out.WriteByte(' ')
		}
		if err := item(i); err != nil {
			return err
		}
	}
	if w.indent >= 0 && n > 0 {
		w.out.WriteString("\n" + strings.Repeat(" ", w.indent*depth))
	}
	w.out.WriteByte(brackets[1])
	return nil
}

// text writes a text as Python's json does, which escapes less than Go's.
func (w *jsonWriter) text(s string) {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}
	w.out.WriteByte('"')
	for _, r := range s {
		switch e, ok := short[r]; {
		case ok:
			w.out.WriteString(e)
		case r < ' ':
			fmt.Fprintf(&w.out, `\u%04x`, r)
		default:
			w.out.WriteRune(r)
		}
	}
	w.out.WriteByte('"')
}
