package scorers

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// pyFloat is Python's float(s) of a string: false where that raises
// ValueError. Besides what strconv reads it takes surrounding white space, an
// underscore between digits, a sign before nan, and decimal digits of any
// script; it takes no hexadecimal.
func pyFloat(s string) (float64, bool) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case isPySpace(r):
			b.WriteByte(' ')
		case isPyDigit(r):
			b.WriteByte(decimalDigit(r))
		default:
			return 0, false
		}
	}
	s = strings.Trim(b.String(), " \t\n\v\f\r")
	word := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-"))
	if word == "nan" && len(s)-len(word) <= 1 {
		return math.NaN(), true
	}
	if word != "inf" && word != "infinity" && !isDecimal(s) {
		return 0, false
	}
	x, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // too large is infinite
		return 0, false
	}
	return x, true
}

// isDecimal says whether s is a decimal literal of Python: an underscore may
// stand between two digits.
func isDecimal(s string) bool {
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits++
		case c == '_':
			if i == 0 || i+1 == len(s) || !asciiDigit(s[i-1]) || !asciiDigit(s[i+1]) {
				return false
			}
		case c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E':
			return false
		}
	}
	return digits > 0 // strconv judges the order
}

func asciiDigit(c byte) bool { return '0' <= c && c <= '9' }

// decimalDigit is the ASCII digit of a character of category Nd: they come in
// runs of ten from zero on.
func decimalDigit(r rune) byte {
	for _, x := range unicode.Nd.R16 {
		if uint16(r) >= x.Lo && rune(x.Hi) >= r {
			return '0' + byte((r-rune(x.Lo))%10)
		}
	}
	for _, x := range unicode.Nd.R32 {
		if uint32(r) >= x.Lo && uint32(r) <= x.Hi {
			return '0' + byte((r-rune(x.Lo))%10)
		}
	}
	return '0'
}

// isPyAnyDigit is str.isdigit: decimal digits, and digits that only stand for
// a value, such as superscripts and circled ones (Numeric_Type=Digit of
// Unicode 14).
func isPyAnyDigit(r rune) bool {
	if isPyDigit(r) {
		return true
	}
	for _, x := range [][2]rune{
		{0xB2, 0xB3}, {0xB9, 0xB9}, {0x1369, 0x1371}, {0x19DA, 0x19DA}, {0x2070, 0x2070}, {0x2074, 0x2079},
		{0x2080, 0x2089}, {0x2460, 0x2468}, {0x2474, 0x247C}, {0x2488, 0x2490}, {0x24EA, 0x24EA}, {0x24F5, 0x24FD},
		{0x24FF, 0x24FF}, {0x2776, 0x277E}, {0x2780, 0x2788}, {0x278A, 0x2792}, {0x10A40, 0x10A43},
		{0x10E60, 0x10E68}, {0x11052, 0x1105A}, {0x1F100, 0x1F10A},
	} {
		if x[0] <= r && r <= x[1] {
			return true
		}
	}
	return false
}
