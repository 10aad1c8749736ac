package all

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// parameters are what stands behind a mechanism's name. Each is taken out as it
// is read, so that what is left at the end means nothing.
type parameters map[string]string

func parseParameters(text string) (parameters, error) {
	p := parameters{}
	if text == "" {
		return p, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q is not key=value", pair)
		}
		if _, twice := p[key]; twice {
			return nil, fmt.Errorf("%s is given twice", key)
		}
		p[key] = value
	}
	return p, nil
}

// count takes a whole number of at least least.
func (p parameters) count(key string, otherwise, least int) (int, error) {
	text, ok := p[key]
	if !ok {
		return otherwise, nil
	}
	delete(p, key)
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		return 0, fmt.Errorf("%s=%s: want a whole number of at least %d", key, text, least)
	}
	return n, nil
}

func (p parameters) flag(key string, otherwise bool) (bool, error) {
	text, ok := p[key]
	if !ok {
		return otherwise, nil
	}
	delete(p, key)
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%s=%s: want true or false", key, text)
	}
	return v, nil
}

// left are the names that nothing has read.
func (p parameters) left() []string { return slices.Sorted(maps.Keys(p)) }
