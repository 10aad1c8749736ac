package openai

import (
	"strings"
	"unicode/utf8"
)

// quotedLen is about the length of s as a JSON string, and not less for
// ordinary text: one allocation will do.
func quotedLen(s string) int {
	return len(s) + strings.Count(s, `"`) + strings.Count(s, `\`) + strings.Count(s, "\n") + strings.Count(s, "\t") + 16
}

// appendQuoted appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
// encoding/json would do the same at a fifth of the speed: go-openai's nested
// marshallers make it scan a prompt three times and copy it twice.
func appendQuoted(out []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	const hex = "0123456789abcdef"
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b >= ' ' && b != '"' && b != '\\' {
			continue
		}
		out = append(out, s[start:i]...)
		start = i + 1
		switch b {
		case '"', '\\':
			out = append(out, '\\', b)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		default:
			out = append(out, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
	}
	out = append(out, s[start:]...)
	return append(out, '"')
}
