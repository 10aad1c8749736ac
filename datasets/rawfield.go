package datasets

import "bytes"

// RawField returns the text of one top-level field of the JSON object in
// line, undecoded; false if it isn't there or line is broken before it. It
// checks nothing behind the field and nothing inside of values: it serves to
// group rows that share a document by the bytes of the document. If the key
// stands twice, the first one is returned.
func RawField(line []byte, key string) ([]byte, bool) {
	i := skipSpace(line, 0)
	if i >= len(line) || line[i] != '{' {
		return nil, false
	}
	for i++; ; i++ {
		i = skipSpace(line, i)
		if i >= len(line) || line[i] != '"' {
			return nil, false
		}
		keyEnd, ok := hopString(line, i)
		if !ok {
			return nil, false
		}
		start := skipSpace(line, keyEnd)
		if start >= len(line) || line[start] != ':' {
			return nil, false
		}
		start = skipSpace(line, start+1)
		end, ok := hopValue(line, start)
		if !ok {
			return nil, false
		}
		if sameKey(line[i:keyEnd], key) {
			return line[start:end:end], true
		}
		if i = skipSpace(line, end); i >= len(line) || line[i] != ',' {
			return nil, false
		}
	}
}

func sameKey(quoted []byte, key string) bool {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1:len(quoted)-1]) == key
	}
	s, err := String(quoted)
	return err == nil && s == key
}

// hopString returns the index behind the string that starts at i, going from
// quote to quote.
func hopString(b []byte, i int) (int, bool) {
	for from := i + 1; ; {
		k := bytes.IndexByte(b[from:], '"')
		if k < 0 {
			return len(b), false
		}
		at := from + k
		slashes := at
		for slashes > i+1 && b[slashes-1] == '\\' {
			slashes--
		}
		from = at + 1
		if (at-slashes)%2 == 0 {
			return from, true
		}
	}
}

// hopValue returns the index behind the value that starts at i.
func hopValue(b []byte, i int) (int, bool) {
	if i >= len(b) {
		return i, false
	}
	switch b[i] {
	case '"':
		return hopString(b, i)
	case '{', '[':
		return hopNested(b, i)
	}
	start := i
	for i < len(b) && !isDelimiter(b[i]) {
		i++
	}
	return i, i > start
}

func isDelimiter(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\n' || c == '\r'
}

func hopNested(b []byte, i int) (int, bool) {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			end, ok := hopString(b, i)
			if !ok {
				return end, false
			}
			i = end
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
		i++
	}
	return i, false
}
