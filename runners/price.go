package runners

import (
	"fmt"
	"strconv"
	"strings"
)

// Price is what tokens cost, in US dollars for a million.
type Price struct {
	Input, Cached, Output float64
}

// Cost returns the dollars for a count of tokens.
func (p Price) Cost(u Usage) float64 {
	return (float64(u.Prompt-u.Cached)*p.Input + float64(u.Cached)*p.Cached + float64(u.Completion)*p.Output) / 1e6
}

// ParsePrice reads "in=0.15,cached=0.075,out=0.6". Cached defaults to in.
func ParsePrice(s string) (Price, error) {
	var p Price
	seen := map[string]bool{}
	for part := range strings.SplitSeq(s, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		dollars, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil || dollars < 0 || dollars > 1e6 {
			return p, fmt.Errorf("price %q: want in=USD,cached=USD,out=USD for a million tokens", s)
		}
		switch name {
		case "in":
			p.Input = dollars
		case "cached":
			p.Cached = dollars
		case "out":
			p.Output = dollars
		default:
			return p, fmt.Errorf("price %q: %q is none of in, cached, out", s, name)
		}
		seen[name] = true
	}
	if !seen["in"] || !seen["out"] {
		return p, fmt.Errorf("price %q: in and out are both needed", s)
	}
	if !seen["cached"] {
		p.Cached = p.Input
	}
	return p, nil
}

// ListPrice returns the list price of a well-known API model on its maker's
// own endpoint, as published in 2025; --price overrides it.
func ListPrice(model string) (Price, bool) {
	longest := ""
	var found Price
	for name, p := range listPrices() {
		// Dated snapshots (gpt-4o-mini-2024-07-18) cost what the name costs.
		if (model == name || strings.HasPrefix(model, name+"-20")) && len(name) > len(longest) {
			longest, found = name, p
		}
	}
	return found, longest != ""
}

func listPrices() map[string]Price {
	return map[string]Price{
		"gpt-4o":       {2.50, 1.25, 10},
		"gpt-4o-mini":  {0.15, 0.075, 0.60},
		"gpt-4.1":      {2, 0.50, 8},
		"gpt-4.1-mini": {0.40, 0.10, 1.60},
		"gpt-4.1-nano": {0.10, 0.025, 0.40},
		"gpt-5":        {1.25, 0.125, 10},
		"gpt-5-mini":   {0.25, 0.025, 2},
		"gpt-5-nano":   {0.05, 0.005, 0.40},
		"o3":           {2, 0.50, 8},
		"o4-mini":      {1.10, 0.275, 4.40},
	}
}
