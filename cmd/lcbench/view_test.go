package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// lcbench view prints where it is, answers there, follows a run of lcbench run
// and ends well when interrupted.
func TestViewShowsRunsAndEndsWhenInterrupted(t *testing.T) {
	dir := t.TempDir()
	cmd := command(t, "view", dir, "--addr", "127.0.0.1:0")
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	v := &served{cmd: cmd, stderr: make(chan string, 1)}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, or the test failed
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+/`).FindString(first)
	if want := "lcbench: runs in " + dir + ": " + url + "\n"; url == "" || first != want {
		t.Fatalf("it says %q (%v), want %q", first, err, want)
	}
	go func() {
		rest, _ := io.ReadAll(lines)
		v.stderr <- string(rest)
	}()
	if text := got(t, url); !strings.Contains(text, "No run yet.") {
		t.Errorf("an empty folder: %s", text)
	}
	if out, err := command(t, "run", "longbench", "--tasks", "trec", "--limit", "2", "--out", filepath.Join(dir, "one")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wait := time.Now().Add(20 * time.Second)
	for !strings.Contains(got(t, url), "1 run: 1 finished.") {
		if time.Now().After(wait) {
			t.Fatalf("the run doesn't show: %s", got(t, url))
		}
		time.Sleep(50 * time.Millisecond)
	}
	if text := got(t, url+"report?run=one"); !strings.Contains(text, "<title>LongBench: lcbench report</title>") {
		t.Errorf("the report: %.2000s", text)
	}
	if runtime.GOOS == "windows" {
		return // a process can't be sent an interrupt there
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code, stderr := v.end(t); code != 0 || stderr != "" {
		t.Errorf("exit code %d, said %q; want 0 and nothing", code, stderr)
	}
}

func got(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestViewNamesAnOccupiedPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	code, stderr := runForError(t, "view", t.TempDir(), "--addr", addr)
	want := regexp.MustCompile(`^lcbench: view: listen tcp ` + regexp.QuoteMeta(addr) + `: bind: .*; give another --addr, as in --addr 127\.0\.0\.1:0\n$`)
	if code != exitFailure || !want.MatchString(stderr) {
		t.Errorf("exit code %d, %q; want %d and one line that names the port", code, stderr, exitFailure)
	}
}

// runForError runs lcbench in this process.
func runForError(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	var out strings.Builder
	code = Run(t.Context(), append([]string{"lcbench"}, args...), strings.NewReader(""), io.Discard, &out)
	return code, out.String()
}
