package leaderboard

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Table is a table to be written.
type Table struct {
	// Name tells the tables of one layout apart: en and zh; "" where there is but
	// one.
	Name   string
	header []cell
	rows   [][]cell
	style  style
}

// style is how a layout's files are written. The zero value is RFC 4180 with
// line feeds.
type style struct {
	tabs, bom, crlf bool
}

// cell is a cell: of text, or written by us so that it may start with a sign.
type cell struct {
	text string
	ours bool
}

func text(s string) cell { return cell{text: s} }

// missing is how most layouts write a figure that isn't there.
var missing = cell{"-", true}

func texts(names ...string) []cell {
	out := make([]cell, len(names))
	for i, n := range names {
		out[i] = text(n)
	}
	return out
}

// decimals is a figure rounded to so many decimals; absent where there is none.
func decimals(v *float64, n int, absent cell) cell {
	if v == nil {
		return absent
	}
	return cell{strconv.FormatFloat(*v, 'f', n, 64), true}
}

// Write writes the table. Texts that a spreadsheet would take for a formula have
// a ' in front.
func (t Table) Write(w io.Writer) error {
	if t.style.bom {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return err
		}
	}
	out := csv.NewWriter(w)
	out.UseCRLF = t.style.crlf
	if t.style.tabs {
		out.Comma = '\t'
	}
	for _, row := range append([][]cell{t.header}, t.rows...) {
		record := make([]string, len(row))
		for i, c := range row {
			record[i] = c.text
			if !c.ours {
				record[i] = neutral(c.text)
			}
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// formula says that a spreadsheet could take a text for one: by its first
// character behind white space, full-width forms included.
func formula(s string) bool {
	if s != "" && strings.ContainsRune("\t\r\n", rune(s[0])) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(s, unicode.IsSpace))
	return strings.ContainsRune("=+-@＝＋－＠", r)
}

// neutral puts a ' before what could be a formula, and before what looks as if
// it had one already, so that restored gives every text back.
func neutral(s string) string {
	if formula(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

func restored(s string) string {
	if strings.HasPrefix(s, "'") && formula(strings.TrimLeft(s, "'")) {
		return s[1:]
	}
	return s
}

// value writes what a column has; nil is an empty cell.
func value(v any) cell {
	switch v := v.(type) {
	case string:
		return text(v)
	case int:
		return cell{strconv.Itoa(v), true}
	case float64:
		return cell{strconv.FormatFloat(v, 'f', -1, 64), true}
	case bool:
		return cell{strconv.FormatBool(v), true}
	}
	return cell{}
}

// parse reads what value wrote; nil is an empty cell.
func parse(kind Kind, s string) (any, error) {
	if s == "" {
		return nil, nil
	}
	switch kind {
	case Int:
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number", short(s))
		}
		return n, nil
	case Float:
		return parseNumber(s)
	case Bool:
		if s == "true" || s == "false" {
			return s == "true", nil
		}
		return nil, fmt.Errorf("%q is neither true nor false", short(s))
	}
	return s, nil
}

// parseNumber refuses what isn't finite.
func parseNumber(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is no number", short(s))
	}
	return v, nil
}

// short cuts what is quoted in an error.
func short(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
