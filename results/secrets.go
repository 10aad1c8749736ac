package results

import (
	"net/url"
	"strings"
)

// hidden stands for a value that isn't written down.
const hidden = "(hidden)"

// withoutSecrets returns the setting as it may be written: the value of one
// that is named like a secret is hidden.
func (s Setting) withoutSecrets() Setting {
	if s.Value != "" && secretName(s.Name) {
		s.Value = hidden
		return s
	}
	s.Value = withoutSecrets(s.Value)
	return s
}

// secretName says whether a setting or a query parameter of that name holds
// something secret: api-key does, max-tokens doesn't.
func secretName(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	for _, w := range words {
		switch w {
		case "key", "apikey", "secret", "password", "passwd", "token", "authorization", "auth", "credential", "credentials", "sig", "signature":
			return true
		}
	}
	return false
}

// withoutSecrets takes the user name, the password and secret query values out
// of a URL that s is or ends with ("openai:name@http://…").
func withoutSecrets(s string) string {
	at := strings.Index(s, "://")
	if at < 0 {
		return s
	}
	start := at
	for start > 0 && isSchemeByte(s[start-1]) {
		start--
	}
	u, err := url.Parse(s[start:])
	if err != nil {
		// Not a URL after all, or a broken one: nothing of it is kept.
		return s[:at] + "://" + hidden
	}
	query := u.Query()
	changed := u.User != nil
	for name := range query {
		if secretName(name) {
			query.Set(name, "hidden")
			changed = true
		}
	}
	if !changed {
		return s
	}
	u.User = nil
	u.RawQuery = query.Encode()
	return s[:start] + u.String()
}

func isSchemeByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '.'
}

// maxFileName bounds the part of a file's name that comes from a model.
const maxFileName = 80

// fileName makes a name of s that any file system takes.
func fileName(s string) string {
	var b strings.Builder
	for _, r := range withoutSecrets(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	name := strings.Trim(b.String(), "._-")
	if name = name[:min(len(name), maxFileName)]; name == "" {
		return "model"
	}
	return name
}
