package report

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"testing"
)

// Runs' colours are far apart on light and on dark ground, and can be read there.
// Distances are CIE76's, in CIELAB of sRGB; contrast is WCAG 2's.
func TestColoursOfRunsAreFarApart(t *testing.T) {
	palettes := regexp.MustCompile(`--bg:(#[0-9a-f]{6})[^}]*?--s0:#[^}]*`).FindAllStringSubmatch(styleText, -1)
	if len(palettes) != 2 {
		t.Fatalf("%d palettes in the style, want one on light and one on dark ground", len(palettes))
	}
	for _, p := range palettes {
		ground, runs := colourOf(t, p[1]), regexp.MustCompile(`--s[0-9]:(#[0-9a-f]{6})`).FindAllStringSubmatch(p[0], -1)
		if len(runs) != styles {
			t.Fatalf("on %s: %d colours for %d styles", p[1], len(runs), styles)
		}
		for i, a := range runs {
			x := colourOf(t, a[1])
			if got := x.contrast(ground); got < 4.5 {
				t.Errorf("on %s: %s has a contrast of %.1f, want 4.5", p[1], a[1], got)
			}
			for _, b := range runs[:i] {
				if got := x.distance(colourOf(t, b[1])); got < 30 {
					t.Errorf("on %s: %s and %s are %.0f apart, want 30", p[1], b[1], a[1], got)
				}
			}
		}
	}
}

// colour is linear red, green and blue in 0..1.
type colour [3]float64

func colourOf(t *testing.T, hex string) colour {
	t.Helper()
	var c colour
	for i := range c {
		v, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		must(t, err)
		x := float64(v) / 255
		if c[i] = x / 12.92; x > 0.04045 {
			c[i] = math.Pow((x+0.055)/1.055, 2.4)
		}
	}
	return c
}

func (c colour) luminance() float64 { return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }

func (c colour) contrast(d colour) float64 {
	a, b := c.luminance(), d.luminance()
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

func (c colour) distance(d colour) float64 {
	a, b, sum := c.lab(), d.lab(), 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}

// lab is CIELAB under D65.
func (c colour) lab() [3]float64 {
	f := func(t float64) float64 {
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	x := f((0.4124*c[0] + 0.3576*c[1] + 0.1805*c[2]) / 0.9505)
	y := f(c.luminance())
	z := f((0.0193*c[0] + 0.1192*c[1] + 0.9505*c[2]) / 1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func TestDistancesOfColours(t *testing.T) {
	black, white := colourOf(t, "#000000"), colourOf(t, "#ffffff")
	if got := fmt.Sprintf("%.0f %.0f", black.distance(white), black.contrast(white)); got != "100 21" {
		t.Errorf("black and white are %s, want 100 21", got)
	}
}
