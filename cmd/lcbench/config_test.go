package main

import (
	"strings"
	"testing"
)

func FuzzConfig(f *testing.F) {
	for _, s := range []string{"limit: 5\ntasks: [a, b]\n", "- x", "limit: {a: b}", "limt: 1", "a: &a [*a]", "\"", "---\n...\n"} {
		f.Add(s)
	}
	flags := runCommand().Flags
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			t.Skip("capped input")
		}
		settings, err := parseConfig("f.yaml", []byte(text), flags)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.yaml") {
				t.Fatalf("error does not name the file: %v", err)
			}
			return
		}
		for _, s := range settings {
			if s.name == "" || s.line < 1 {
				t.Fatalf("%q gave %+v", text, s)
			}
		}
	})
}

func FuzzLengthsAndDepths(f *testing.F) {
	f.Add("4k", "0..100/10")
	f.Add("1e9m", "50")
	f.Fuzz(func(t *testing.T, length, depth string) {
		if n, err := parseLengths([]string{length}); err == nil && (len(n) != 1 || n[0] < 1) {
			t.Fatalf("length %q became %v", length, n)
		}
		d, err := parseDepths([]string{depth})
		if err != nil {
			return
		}
		for _, v := range d {
			if !(v >= 0 && v <= 100.0000001) {
				t.Fatalf("depth %q became %v", depth, d)
			}
		}
	})
}
