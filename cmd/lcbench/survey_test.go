package main

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"
)

func TestALongRunTellsHowMuchIsLeft(t *testing.T) {
	e := newEndpoint(t, func(e *endpoint) { e.latency = 300 * time.Millisecond })
	cmd := command(t, "run", "longbench", "--data", "builtin", "--tasks", "hotpotqa", "--model", "openai:m@"+e.URL+"/v1",
		"--no-cache", "--concurrency", "1", "--out", filepath.Join(t.TempDir(), "run"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !bytes.Contains(out, []byte("12/12 100%")) {
		t.Errorf("the last progress line doesn't say 12/12:\n%s", out)
	}
}
