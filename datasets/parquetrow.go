package datasets

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
)

// rowWriter puts a row back together from its columns' values and levels, as
// JSON. Source: the Dremel paper (Melnik et al., VLDB 2010, §4), which
// parquet's levels follow.
type rowWriter struct {
	out  []byte
	cols [][]parquet.Value
}

var errLevels = errors.New("corrupt parquet file: a row lacks values of a column")

// row returns a row's JSON text, valid until the next call.
func (w *rowWriter) row(schema *parquet.Schema, r parquet.Row) ([]byte, error) {
	w.out = w.out[:0]
	n := len(schema.Columns())
	if cap(w.cols) < n {
		w.cols = make([][]parquet.Value, n)
	}
	w.cols = w.cols[:n]
	clear(w.cols)
	r.Range(func(column int, values []parquet.Value) bool {
		if column < n {
			w.cols[column] = values
		}
		return true
	})
	if err := w.group(schema, w.cols, 0, 0); err != nil {
		return nil, err
	}
	return w.out, nil
}

// leaves counts the columns below a node.
func leaves(n parquet.Node) int {
	if n.Leaf() {
		return 1
	}
	sum := 0
	for _, f := range n.Fields() {
		sum += leaves(f)
	}
	return sum
}

// value writes a node that may be absent or repeated. rep and def are the
// levels of what encloses it.
func (w *rowWriter) value(n parquet.Node, cols [][]parquet.Value, rep, def int) error {
	if len(cols) > 0 && len(cols[0]) == 0 {
		return errLevels
	}
	switch {
	case len(cols) == 0:
		w.out = append(w.out, "{}"...)
		return nil
	case n.Optional():
		if def++; cols[0][0].DefinitionLevel() < def {
			w.out = append(w.out, "null"...)
			return nil
		}
	case n.Repeated():
		return w.list(n, cols, rep+1, def+1, false)
	}
	return w.present(n, cols, rep, def)
}

// present writes a node that is there, once.
func (w *rowWriter) present(n parquet.Node, cols [][]parquet.Value, rep, def int) error {
	if n.Leaf() {
		return w.leaf(n, cols[0][0])
	}
	if fields := n.Fields(); isListNode(n) {
		return w.list(fields[0], cols, rep+1, def+1, true)
	}
	return w.group(n, cols, rep, def)
}

// isListNode says whether a group is only the wrapper of a list: it has one
// repeated child and the annotation LIST, or the name that the format gives.
func isListNode(n parquet.Node) bool {
	fields := n.Fields()
	if len(fields) != 1 || !fields[0].Repeated() {
		return false
	}
	if t := n.Type().LogicalType(); t != nil && t.String() == "LIST" {
		return true
	}
	return fields[0].Name() == "list" || fields[0].Name() == "bag"
}

// list writes a repeated node's elements. A new one begins where a value's
// repetition level is no deeper than rep. wrapped says that n is the middle
// of the three-level form ("list" → "element"), which is left out.
func (w *rowWriter) list(n parquet.Node, cols [][]parquet.Value, rep, def int, wrapped bool) error {
	w.out = append(w.out, '[')
	if cols[0][0].DefinitionLevel() >= def {
		rest := make([][]parquet.Value, len(cols))
		copy(rest, cols)
		one := make([][]parquet.Value, len(cols))
		for i := 0; len(rest[0]) > 0; i++ {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			for c := range rest {
				k := elementEnd(rest[c], rep)
				one[c], rest[c] = rest[c][:k], rest[c][k:]
			}
			if err := w.element(n, one, rep, def, wrapped); err != nil {
				return err
			}
		}
	}
	w.out = append(w.out, ']')
	return nil
}

func elementEnd(values []parquet.Value, rep int) int {
	k := min(1, len(values))
	for k < len(values) && values[k].RepetitionLevel() > rep {
		k++
	}
	return k
}

func (w *rowWriter) element(n parquet.Node, cols [][]parquet.Value, rep, def int, wrapped bool) error {
	if len(cols[0]) == 0 {
		return errLevels
	}
	if n.Leaf() {
		return w.leaf(n, cols[0][0])
	}
	if fields := n.Fields(); wrapped && len(fields) == 1 {
		return w.value(fields[0], cols, rep, def)
	}
	return w.group(n, cols, rep, def)
}

func (w *rowWriter) group(n parquet.Node, cols [][]parquet.Value, rep, def int) error {
	w.out = append(w.out, '{')
	at := 0
	for i, f := range n.Fields() {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(appendJSONString(w.out, f.Name()), ':')
		end := at + leaves(f)
		if end > len(cols) {
			return errLevels
		}
		if err := w.value(f, cols[at:end], rep, def); err != nil {
			return &FieldError{Field: f.Name(), Err: err}
		}
		at = end
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *rowWriter) leaf(n parquet.Node, v parquet.Value) error {
	if v.IsNull() {
		w.out = append(w.out, "null"...)
		return nil
	}
	switch v.Kind() {
	case parquet.Boolean:
		w.out = strconv.AppendBool(w.out, v.Boolean())
	case parquet.Int32:
		w.out = strconv.AppendInt(w.out, int64(v.Int32()), 10)
	case parquet.Int64:
		w.out = strconv.AppendInt(w.out, v.Int64(), 10)
	case parquet.Float:
		return w.float(float64(v.Float()), 32)
	case parquet.Double:
		return w.float(v.Double(), 64)
	case parquet.ByteArray:
		text := v.ByteArray()
		if !utf8.Valid(text) {
			return errors.New("want UTF-8 text, got other bytes")
		}
		w.out = appendJSONString(w.out, text)
	default:
		return fmt.Errorf("want text or a number, got a parquet %v", n.Type())
	}
	return nil
}

func (w *rowWriter) float(x float64, size int) error {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return errors.New("want a number that JSON has, got NaN or infinity")
	}
	w.out = strconv.AppendFloat(w.out, x, 'g', -1, size)
	return nil
}

// appendJSONString appends s as a JSON string; s is valid UTF-8.
func appendJSONString[S string | []byte](out []byte, s S) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		out = append(out, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		default:
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	out = append(out, s[from:]...)
	return append(out, '"')
}
