package main

import "testing"

// Figures leave a space ahead of them in their columns.
func TestFiguresFitTheirColumns(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{figure(0.0024), "0.002"}, {figure(0.0996), "0.100"}, {figure(0.1234), "0.123"}, {figure(1), "1"}, {figure(22.222), "22.2"},
		{figure(999.4), "999"}, {figure(999.6), "1000"}, {figure(4718.6), "4719"}, {figure(1179648.2), "1179648"},
		{keysRead(1), "100%"}, {keysRead(1.0002), "100%"}, {keysRead(0.6307), "63.1%"}, {keysRead(0.0938), "9.38%"}, {keysRead(0.00444), "0.44%"}, {keysRead(0), "–"},
		{brief(0.9996), "1000 ms"}, {brief(1234), "1234 s"}, {brief(0.00123), "1.23 ms"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
