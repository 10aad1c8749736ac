package chat

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nikolalohinski/gonja/v2/exec"
)

// textMethod is a method of Python's str.
type textMethod func(self string, args *exec.VarArgs) (any, error)

// textMethods returns the methods of str that templates use.
func (g *guard) textMethods() map[string]textMethod {
	return map[string]textMethod{
		"strip":        stripped(true, true),
		"lstrip":       stripped(true, false),
		"rstrip":       stripped(false, true),
		"split":        split(strings.SplitN, cutFields),
		"rsplit":       split(splitRight, cutFieldsRight),
		"splitlines":   func(s string, _ *exec.VarArgs) (any, error) { return texts(splitLines(s)), nil },
		"startswith":   affix(strings.HasPrefix),
		"endswith":     affix(strings.HasSuffix),
		"removeprefix": one(func(s, p string) any { return strings.TrimPrefix(s, p) }),
		"removesuffix": one(func(s, p string) any { return strings.TrimSuffix(s, p) }),
		"find":         one(func(s, p string) any { return runeIndex(s, strings.Index(s, p)) }),
		"rfind":        one(func(s, p string) any { return runeIndex(s, strings.LastIndex(s, p)) }),
		"count":        one(func(s, p string) any { return strings.Count(s, p) }),
		"upper":        plain(func(s string) any { return strings.ToUpper(s) }),
		"lower":        plain(func(s string) any { return strings.ToLower(s) }),
		"title":        plain(func(s string) any { return title(s) }),
		"capitalize":   plain(func(s string) any { return capitalize(s) }),
		"isdigit":      plain(func(s string) any { return allRunes(s, unicode.IsDigit) }),
		"isalpha":      plain(func(s string) any { return allRunes(s, unicode.IsLetter) }),
		"isspace":      plain(func(s string) any { return allRunes(s, unicode.IsSpace) }),
		"isupper":      plain(func(s string) any { return s != strings.ToLower(s) && s == strings.ToUpper(s) }),
		"islower":      plain(func(s string) any { return s != strings.ToUpper(s) && s == strings.ToLower(s) }),
		"replace":      func(s string, args *exec.VarArgs) (any, error) { return g.replace(exec.AsValue(s), args) },
		"join": func(sep string, args *exec.VarArgs) (any, error) {
			list := argument(args, 0, "iterable")
			if list == nil {
				return nil, errors.New("want one list")
			}
			return g.join(list, &exec.VarArgs{Args: []*exec.Value{exec.AsValue(sep)}})
		},
	}
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// plain is a method without arguments.
func plain(f func(s string) any) textMethod {
	return func(s string, args *exec.VarArgs) (any, error) {
		if len(args.Args) > 0 {
			return nil, errors.New("want no argument")
		}
		return f(s), nil
	}
}

// one is a method of one text.
func one(f func(s, arg string) any) textMethod {
	return func(s string, args *exec.VarArgs) (any, error) {
		if len(args.Args) != 1 || !args.Args[0].IsString() {
			return nil, errors.New("want one text")
		}
		return f(s, args.Args[0].String()), nil
	}
}

// affix is startswith or endswith, with a text or a tuple of texts.
func affix(has func(s, a string) bool) textMethod {
	return func(s string, args *exec.VarArgs) (any, error) {
		if len(args.Args) != 1 {
			return nil, errors.New("want one text or tuple")
		}
		if args.Args[0].IsString() {
			return has(s, args.Args[0].String()), nil
		}
		found := false
		args.Args[0].Iterate(func(_, _ int, v, _ *exec.Value) bool {
			found = found || v.IsString() && has(s, v.String())
			return !found
		}, func() {})
		return found, nil
	}
}

func stripped(left, right bool) textMethod {
	return func(s string, args *exec.VarArgs) (any, error) {
		cut := unicode.IsSpace
		if v := argument(args, 0, "chars"); v != nil && !v.IsNil() {
			chars := v.String()
			cut = func(r rune) bool { return strings.ContainsRune(chars, r) }
		}
		if left {
			s = strings.TrimLeftFunc(s, cut)
		}
		if right {
			s = strings.TrimRightFunc(s, cut)
		}
		return s, nil
	}
}

// split is split or rsplit: at a separator, or at white space.
func split(at func(s, sep string, n int) []string, fields func(s string, n int) []string) textMethod {
	return func(s string, args *exec.VarArgs) (any, error) {
		n := -1
		if v := argument(args, 1, "maxsplit"); v != nil && v.IsInteger() && v.Integer() >= 0 {
			n = v.Integer() + 1
		}
		sep := argument(args, 0, "sep")
		if sep == nil || sep.IsNil() {
			return texts(fields(s, n)), nil
		}
		if sep.String() == "" {
			return nil, errors.New("an empty separator")
		}
		return texts(at(s, sep.String(), n)), nil
	}
}

// splitRight is strings.SplitN from the right.
func splitRight(s, sep string, n int) []string {
	all := strings.Split(s, sep)
	if n < 0 || len(all) <= n {
		return all
	}
	cut := len(all) - n + 1
	return append([]string{strings.Join(all[:cut], sep)}, all[cut:]...)
}

// cutFields splits at white space into at most n parts.
func cutFields(s string, n int) []string {
	var out []string
	for s = strings.TrimLeftFunc(s, unicode.IsSpace); s != ""; s = strings.TrimLeftFunc(s, unicode.IsSpace) {
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 || n > 0 && len(out) == n-1 {
			return append(out, s)
		}
		out = append(out, s[:end])
		s = s[end:]
	}
	return out
}

// cutFieldsRight is cutFields from the right.
func cutFieldsRight(s string, n int) []string {
	var out []string
	for s = strings.TrimRightFunc(s, unicode.IsSpace); s != ""; s = strings.TrimRightFunc(s, unicode.IsSpace) {
		start := strings.LastIndexFunc(s, unicode.IsSpace)
		if start < 0 || n > 0 && len(out) == n-1 {
			out = append(out, s)
			break
		}
		_, size := utf8.DecodeRuneInString(s[start:])
		out = append(out, s[start+size:])
		s = s[:start]
	}
	for i, k := 0, len(out)-1; i < k; i, k = i+1, k-1 {
		out[i], out[k] = out[k], out[i]
	}
	return out
}

func splitLines(s string) []string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// runeIndex turns an offset in bytes into one in characters.
func runeIndex(s string, at int) int {
	if at < 0 {
		return at
	}
	return utf8.RuneCountInString(s[:at])
}

func capitalize(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	return string(unicode.ToTitle(r)) + strings.ToLower(s[size:])
}

func title(s string) string {
	last := ' '
	return strings.Map(func(r rune) rune {
		start := !unicode.IsLetter(last)
		last = r
		if start {
			return unicode.ToTitle(r)
		}
		return unicode.ToLower(r)
	}, s)
}

func allRunes(s string, in func(rune) bool) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !in(r) }) < 0
}
