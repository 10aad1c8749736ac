package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lcbench/lcbench/datasets"
)

// complain prints why a command ends, each line marked as ours; what was said
// already isn't repeated. Of the writes that found no room one is told: the
// others failed for the same reason.
func complain(w io.Writer, err error) {
	full := false
	said := map[string]bool{"": true}
	for _, e := range joined(err) {
		text := plain(e.Error())
		if datasets.DiskFull(e) {
			if full {
				continue
			}
			full = true
			text += "; make room (disk, quota or file size limit): what was written is kept, and the same command goes on"
		}
		for line := range strings.SplitSeq(text, "\n") {
			if !said[line] {
				said[line] = true
				fmt.Fprintf(w, "lcbench: %s\n", line)
			}
		}
	}
}

// joined takes what errors.Join put together apart, layers that add nothing
// to the text included.
func joined(err error) []error {
	var parts []error
	switch e := err.(type) { //nolint:errorlint // layer by layer: what is wrapped below comes later
	case interface{ Unwrap() []error }:
		parts = e.Unwrap()
	case interface{ Unwrap() error }:
		parts = []error{e.Unwrap()}
	}
	if len(parts) == 0 || parts[0] == nil || errors.Join(parts...).Error() != err.Error() {
		return []error{err}
	}
	var out []error
	for _, p := range parts {
		out = append(out, joined(p)...)
	}
	return out
}
