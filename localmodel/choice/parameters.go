package choice

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Parameters are a choice's, by key. Each method takes one out.
type Parameters map[string]string

func parameters(text string) (Parameters, error) {
	p := Parameters{}
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

// take returns the text of a parameter, if it was given.
func (p Parameters) take(key string) (string, bool) {
	text, ok := p[key]
	delete(p, key)
	return text, ok
}

// Count takes a whole number of at least least.
func (p Parameters) Count(key string, otherwise, least int) (int, error) {
	text, ok := p.take(key)
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		return 0, fmt.Errorf("%s=%s: want a whole number of at least %d", key, text, least)
	}
	return n, nil
}

// Number takes a number of least to most.
func (p Parameters) Number(key string, otherwise, least, most float64) (float64, error) {
	text, ok := p.take(key)
	if !ok {
		return otherwise, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= least && v <= most) {
		return 0, fmt.Errorf("%s=%s: want a number from %g to %g", key, text, least, most)
	}
	return v, nil
}

// Needed is Number for a parameter that must be given.
func (p Parameters) Needed(key string, least, most float64) (float64, error) {
	if _, ok := p[key]; !ok {
		return 0, fmt.Errorf("%s is missing", key)
	}
	return p.Number(key, 0, least, most)
}

// Share takes a number above 0 and below 1, or up to it where the whole will do.
func (p Parameters) Share(key string, otherwise float64, whole bool) (float64, error) {
	text, ok := p.take(key)
	if !ok {
		return otherwise, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && v > 0 && (v < 1 || whole && v == 1) {
		return v, nil
	}
	if whole {
		return 0, fmt.Errorf("%s=%s: want a share above 0, up to 1", key, text)
	}
	return 0, fmt.Errorf("%s=%s: want a share between 0 and 1", key, text)
}

// Flag takes true or false.
func (p Parameters) Flag(key string, otherwise bool) (bool, error) {
	text, ok := p.take(key)
	if !ok {
		return otherwise, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%s=%s: want true or false", key, text)
	}
	return v, nil
}

// Word takes one of several words; the first is taken where none is given.
func (p Parameters) Word(key string, words ...string) (string, error) {
	text, ok := p.take(key)
	if !ok {
		return words[0], nil
	}
	if !slices.Contains(words, text) {
		return "", fmt.Errorf("%s=%s: want %s", key, text, strings.Join(words, " or "))
	}
	return text, nil
}
