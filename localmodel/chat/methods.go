package chat

import (
	"fmt"
	"strings"
	"time"

	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/exec"
)

// methods returns Python's methods of texts, dicts and lists, each counted:
// those of texts are our own, as gonja 2.9.1 gets several
// wrong (rstrip() without an argument, lstrip of wide characters, maxsplit);
// those that pad or format are left out, and those that change a list or dict,
// which transformers' sandbox forbids too.
func (g *guard) methods() exec.Methods {
	texts := map[string]exec.Method[string]{}
	for name, f := range g.textMethods() {
		texts[name] = func(self string, _ *exec.Value, args *exec.VarArgs) (any, error) {
			g.fits(len(self))
			out, err := f(self, args)
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			return out, err
		}
	}
	return exec.Methods{
		Str:   exec.NewMethodSet(texts),
		Bool:  builtins.Methods.Bool,
		Int:   builtins.Methods.Int,
		Float: builtins.Methods.Float,
		Dict:  exec.NewMethodSet(counted(g, builtins.Methods.Dict, []string{"keys", "values", "items", "get", "copy"})),
		List:  exec.NewMethodSet(counted(g, builtins.Methods.List, []string{"copy"})),
	}
}

func counted[T any](g *guard, all *exec.MethodSet[T], names []string) map[string]exec.Method[T] {
	set := map[string]exec.Method[T]{}
	for _, name := range names {
		inner, ok := all.Get(name)
		if !ok {
			continue
		}
		set[name] = func(self T, value *exec.Value, args *exec.VarArgs) (any, error) {
			g.step()
			return inner(self, value, args)
		}
	}
	return set
}

// strftime writes t as Python's strftime does; directives that aren't known
// stay as they are.
func strftime(t time.Time, format string) string {
	layouts := map[byte]string{
		'Y': "2006", 'y': "06", 'm': "01", 'B': "January", 'b': "Jan", 'h': "Jan", 'd': "02", 'e': "_2", 'j': "002",
		'A': "Monday", 'a': "Mon", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'f': "000000", 'Z': "MST",
		'z': "-0700", 'F': "2006-01-02", 'T': "15:04:05", 'D': "01/02/06", 'R': "15:04",
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch layout, ok := layouts[format[i]]; {
		case format[i] == '%':
			b.WriteByte('%')
		case format[i] == 'f':
			b.WriteString(strings.TrimPrefix(t.Format("05.000000")[2:], "."))
		case ok:
			b.WriteString(t.Format(layout))
		default:
			b.WriteString(format[i-1 : i+1])
		}
	}
	return b.String()
}
