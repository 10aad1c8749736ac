package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// limited runs cmd under a limit on file sizes, in units of 512 bytes: what a
// write meets there it also meets on a full disk, a part written and an error.
func limited(cmd *exec.Cmd, blocks int) *exec.Cmd {
	script := fmt.Sprintf(`ulimit -f %d; exec "$0" "$@"`, blocks) // 512 bytes in every sh, as POSIX says
	under := exec.Command("sh", append([]string{"-c", script}, cmd.Args...)...)
	under.Dir, under.Env = cmd.Dir, cmd.Env
	return under
}

// A disk that fills up at any moment ends the run with one line; the journal
// holds whole lines only, and once there is room the same command asks for
// what is missing and nothing else.
func TestAFullDiskLosesNothing(t *testing.T) {
	// Answers so long that the journal outgrows the other files.
	long := func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
		fmt.Fprintf(w, `{"choices":[{"index":0,"message":{"content":%q},"finish_reason":"stop"}]}`, strings.Repeat("Paris ", 300))
		return true
	}
	most := 0
	for _, blocks := range []int{1, 6, 8, 15, 22, 30, 40} {
		t.Run(fmt.Sprintf("%d bytes a file", blocks*512), func(t *testing.T) {
			e := newEndpoint(t, func(e *endpoint) { e.fault = long })
			out := filepath.Join(t.TempDir(), "run")
			journal := filepath.Join(out, "journal.jsonl")
			text := fails(t, limited(asking(t, e, out, "--concurrency", "2"), blocks), exitFailure, "file too large", "make room")
			if lines := complaints(text); len(lines) != 1 || !strings.Contains(lines[0], out) {
				t.Errorf("%d complaints, want one that names the file:\n%s", len(lines), text)
			}
			if raw, err := os.ReadFile(journal); err == nil && len(raw) > 0 && !bytes.HasSuffix(raw, []byte("}\n")) {
				t.Errorf("the journal ends in %q", raw[max(0, len(raw)-40):])
			}
			known := answers(t, journal)
			most = max(most, len(known))
			if asked := e.requests(); asked-len(known) > 2 {
				t.Errorf("%d prompts asked, %d answers kept: more were lost than were in flight", asked, len(known))
			}
			e.reset()
			if text, err := asking(t, e, out).CombinedOutput(); err != nil {
				t.Fatalf("with room again: %v\n%s", err, text)
			}
			checkNotAskedAgain(t, e, known)
			if n := answered(answers(t, journal)); n != 12 {
				t.Errorf("%d final answers in the end, want 12", n)
			}
		})
	}
	if most < 6 {
		t.Errorf("at most %d answers were kept: the test says little", most)
	}
}

// A download that finds no room says so and how much is missing; what was
// fetched stays and is gone on with.
func TestAFullDiskStopsADownloadWithOneLine(t *testing.T) {
	s := wrongServer(t, wrongHub{config: strings.Repeat("{}\n", 1000)})
	pull := online(t, s, "data", "pull", "longbench")
	text := fails(t, limited(pull, 2), exitFailure, "disk full in "+filepath.Join(pull.Dir, "xdg"), "; make room")
	if strings.Contains(text, "sha256 is") {
		t.Errorf("half a file was taken for a whole one:\n%s", text)
	}
}
