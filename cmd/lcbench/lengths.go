package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// parseLengths reads "4k,8k,128k,1m": k and m are thousands and millions of
// tokens, Ki and Mi their binary kin.
func parseLengths(list []string) ([]int, error) {
	var out []int
	for _, s := range list {
		low := strings.ToLower(strings.TrimSpace(s))
		scale := 1.0
		for _, u := range []struct {
			suffix string
			scale  float64
		}{{"ki", 1024}, {"mi", 1 << 20}, {"k", 1e3}, {"m", 1e6}} {
			if rest, ok := strings.CutSuffix(low, u.suffix); ok {
				low, scale = rest, u.scale
				break
			}
		}
		n, err := strconv.ParseFloat(low, 64)
		if err != nil || !(n*scale >= 1) || n*scale > 1e9 || n*scale != math.Trunc(n*scale) {
			return nil, fmt.Errorf("length %q: want a number of tokens such as 4000, 8k or 1m", s)
		}
		out = append(out, int(n*scale))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// parseBytes reads a size of memory: 512MiB, 2GiB, or a number of bytes.
func parseBytes(text string) (int64, error) {
	low, scale := strings.ToLower(strings.TrimSpace(text)), int64(1)
	for _, u := range []struct {
		suffix string
		scale  int64
	}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}} {
		if rest, ok := strings.CutSuffix(low, u.suffix); ok {
			low, scale = rest, u.scale
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(low), 10, 64)
	if err != nil || n < 1 || n > (1<<62)/scale {
		return 0, fmt.Errorf("size %q: want a number of bytes such as 512MiB or 2GiB", text)
	}
	return n * scale, nil
}

// parseDepths reads "0,50,100" and "0..100/10" (from..to/step), in percent.
func parseDepths(list []string) ([]float64, error) {
	var out []float64
	for _, s := range list {
		s = strings.TrimSpace(s)
		span, step, stepped := strings.Cut(s, "/")
		from, to, ranged := strings.Cut(span, "..")
		bad := fmt.Errorf("depth %q: want a percentage from 0 to 100, or from..to/step", s)
		if ranged != stepped {
			return nil, bad
		}
		lo, err := percent(from)
		if err != nil {
			return nil, bad
		}
		if !ranged {
			out = append(out, lo)
			continue
		}
		hi, err := percent(to)
		by, err2 := strconv.ParseFloat(step, 64)
		if err != nil || err2 != nil || hi < lo || !(by >= 0.1) {
			return nil, bad
		}
		for i := 0; lo+float64(i)*by <= hi+1e-9; i++ {
			out = append(out, lo+float64(i)*by)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func percent(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(v >= 0 && v <= 100) {
		return 0, fmt.Errorf("not a percentage: %q", s)
	}
	return v, nil
}

// parseLimit reads --limit: a count of rows, or a fraction of them below 1.
func parseLimit(s string) (count int, fraction float64, err error) {
	if s == "" {
		return 0, 0, nil
	}
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || !(v > 0) || v > 1e12:
	case v < 1:
		return 0, v, nil
	case v == math.Trunc(v):
		return int(v), 0, nil
	}
	return 0, 0, fmt.Errorf("limit %q: want a number of rows for each task, or a fraction such as 0.1", s)
}
