package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks/longbench"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers/goldentest"
)

// fails runs a command, checks its exit code and that standard error has each
// of the texts wanted and no stack dump, and returns standard error.
func fails(t *testing.T, cmd *exec.Cmd, code int, wanted ...string) string {
	t.Helper()
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	text := errOut.String()
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit %d, want %d:\n%s", got, code, text)
	}
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in:\n%s", w, text)
		}
	}
	if strings.Contains(text, "goroutine ") {
		t.Errorf("a stack dump:\n%s", text)
	}
	return text
}

// complaints are the lines of standard error that say why a command ended;
// those on downloads under way are none.
func complaints(text string) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "lcbench: ") && !strings.HasSuffix(line, " MB") {
			out = append(out, line)
		}
	}
	return out
}

// wrongHub stands for the hub and for GitHub, and gives out other files than
// the pinned ones.
type wrongHub struct {
	etag, size string // what the hub says of data.zip
	archive    []byte // what it sends as data.zip
	config     string // what GitHub sends
	page       bool   // a web page in place of everything
}

func (h wrongHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case h.page:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><title>Please log in</title></html>")
	case strings.HasSuffix(r.URL.Path, "/data.zip"):
		w.Header().Set("X-Repo-Commit", pinNamed("data.zip").Revision)
		w.Header().Set("X-Linked-ETag", `"`+h.etag+`"`)
		w.Header().Set("X-Linked-Size", h.size)
		_, _ = w.Write(h.archive)
	default:
		_, _ = io.WriteString(w, h.config)
	}
}

func wrongServer(t *testing.T, h wrongHub) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func pinNamed(name string) datasets.Pin {
	for _, p := range longbench.V1().Pins {
		if p.Name == name {
			return p
		}
	}
	panic("no pin of " + name)
}

// online is a command that fetches from address and keeps everything in its
// own folder.
func online(t *testing.T, address string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := command(t, args...)
	cmd.Env = append(cmd.Env, "HF_ENDPOINT="+address, "LCBENCH_GITHUB_ENDPOINT="+address, "HF_HUB_OFFLINE=", "HF_HUB_CACHE=",
		"HF_HOME="+filepath.Join(cmd.Dir, "hf"), "XDG_CACHE_HOME="+filepath.Join(cmd.Dir, "xdg"))
	return cmd
}

// keptFiles are the files that a command left in its caches, locks aside.
func keptFiles(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for _, cache := range []string{"hf", "xdg"} {
		err := filepath.WalkDir(filepath.Join(dir, cache), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && filepath.Ext(path) != ".lock" {
				out = append(out, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// What a hub sends in place of a pinned file is named with both hashes and
// not kept.
func TestFilesThatAreNotThePinnedOnesAreRefused(t *testing.T) {
	data, prompt := pinNamed("data.zip"), pinNamed("config/dataset2prompt.json")
	evil := zipOf(t, "../evil", "x")
	for _, tc := range []struct {
		name   string
		hub    wrongHub
		wanted []string
	}{
		{
			"another file by its own account",
			wrongHub{etag: sha(evil), size: fmt.Sprint(data.Size), archive: evil},
			[]string{"the hub offers another file than the pinned one: THUDM/LongBench/data.zip: sha256 is " + sha(evil) + ", want " + data.SHA256},
		},
		{
			"another size by its own account",
			wrongHub{etag: data.SHA256, size: "7", archive: evil},
			[]string{fmt.Sprintf("THUDM/LongBench/data.zip: the hub offers 7 bytes, want %d", data.Size)},
		},
		{
			"a zip with .. under the pinned file's name and hash",
			wrongHub{etag: data.SHA256, size: fmt.Sprint(data.Size), archive: evil},
			[]string{fmt.Sprintf("lcbench: data.zip: the host offers %d bytes, want %d", len(evil), data.Size)},
		},
		{
			"other bytes",
			wrongHub{etag: data.SHA256, size: fmt.Sprint(data.Size), config: "{}\n"},
			[]string{"lcbench: config/dataset2prompt.json: http://", "sha256 is " + sha([]byte("{}\n")) + ", want " + prompt.SHA256},
		},
		{
			"a web page", wrongHub{page: true},
			[]string{"data.zip: http://", "config/dataset2prompt.json", "answered with a web page instead of data (a proxy, or a login page?)"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			address := wrongServer(t, tc.hub)
			pull := online(t, address, "data", "pull", "longbench")
			text := fails(t, pull, exitFailure, tc.wanted...)
			if n := len(complaints(text)); n != 3 {
				t.Errorf("%d complaints about 3 files:\n%s", n, text)
			}
			if kept := keptFiles(t, pull.Dir); len(kept) > 0 {
				t.Errorf("left behind: %q", kept)
			}
			fails(t, online(t, address, "run", "longbench", "--data", "hub"), exitFailure, "config/dataset2prompt.json")
		})
	}
}

// A kept copy that was changed is named with its path, and nothing is asked.
func TestAChangedCopyIsRefusedWithItsPath(t *testing.T) {
	e := newEndpoint(t, nil)
	cmd := online(t, "http://127.0.0.1:1", "run", "longbench", "--data", "hub", "--model", "openai:m@"+e.URL+"/v1")
	p := pinNamed("config/dataset2prompt.json")
	path := filepath.Join(cmd.Dir, "xdg", "lcbench", "github", "THUDM", "LongBench", p.Revision, filepath.FromSlash(p.Path))
	cmd.Env = append(cmd.Env, "HF_HUB_OFFLINE=1")
	put(t, path, "{}\n")
	fails(t, cmd, exitFailure, "the kept copy is not the pinned file: remove it and pull again: "+path+": sha256 is "+sha([]byte("{}\n"))+", want "+p.SHA256)
	verify := online(t, "http://127.0.0.1:1", "data", "verify", "longbench")
	verify.Env = append(verify.Env, "XDG_CACHE_HOME="+filepath.Join(cmd.Dir, "xdg"))
	fails(t, verify, exitFailure, path+" differs from its pin")
	if n := e.requests(); n > 0 {
		t.Errorf("%d prompts were sent", n)
	}
}

// While offline the exact paths are told, and files put there are taken.
func TestOfflineTellsTheExactPathWanted(t *testing.T) {
	cmd := online(t, "http://127.0.0.1:1", "run", "longbench", "--data", "hub")
	cmd.Env = append(cmd.Env, "HF_HUB_OFFLINE=1")
	var paths []string
	for _, name := range []string{"config/dataset2prompt.json", "config/dataset2maxlen.json"} {
		p := pinNamed(name)
		paths = append(paths, filepath.Join(cmd.Dir, "xdg", "lcbench", "github", "THUDM", "LongBench", p.Revision, filepath.FromSlash(p.Path)))
	}
	fails(t, cmd, exitFailure, "offline, and no file at "+paths[0]+":", "offline, and no file at "+paths[1]+":", "unset HF_HUB_OFFLINE")

	for i, name := range []string{"dataset2prompt.json", "dataset2maxlen.json"} {
		raw, err := os.ReadFile(goldentest.Path(t, "data/longbench/config/"+name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, paths[i], string(raw))
	}
	again := exec.Command(cmd.Path, cmd.Args[1:]...)
	again.Dir, again.Env = cmd.Dir, cmd.Env
	p := pinNamed("data.zip")
	archive := filepath.Join(cmd.Dir, "hf", "hub", "datasets--THUDM--LongBench", "snapshots", p.Revision, "data.zip")
	text := fails(t, again, exitFailure, "offline, and no file at "+archive+":")
	if n := len(complaints(text)); n != 1 {
		t.Errorf("%d complaints, want one:\n%s", n, text)
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// zipOf makes a zip file of a good trec.jsonl and one more entry.
func zipOf(t *testing.T, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range [][2]string{{"data/trec.jsonl", goodRow}, {name, text}} {
		f, err := w.Create(e[0])
		if err == nil {
			_, err = io.WriteString(f, e[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const goodRow = `{"_id":"a","input":"Question: Which port?","context":"Question: Who?\nType: Person\n","answers":["Place"],"length":4,"all_classes":["Person","Place"]}` + "\n"

// ownData is a folder with a configuration and one more file.
func ownData(t *testing.T, name, content string) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "config", "dataset2prompt.json"), `{"trec":"{context}\n{input}","hotpotqa":"{context}\n{input}"}`)
	put(t, filepath.Join(dir, "config", "dataset2maxlen.json"), `{"trec":64,"hotpotqa":32}`)
	put(t, filepath.Join(dir, name), content)
	return dir
}

// A user's own zip file that attacks is refused, nothing is unpacked, and a
// bomb beside good tasks is not passed over in silence.
func TestHostileZipFilesAreRefused(t *testing.T) {
	for _, tc := range []struct{ name, entry, text, want string }{
		{"a path with ..", "../evil", "x", `unsafe zip file: entry "../evil" has a path that leaves the archive`},
		{"a path with .. inside", "data/../../evil", "x", `unsafe zip file: entry "data/../../evil" has a path that leaves`},
		{"an absolute path", "/tmp/evil", "x", `unsafe zip file: entry "/tmp/evil" has an absolute path`},
		{"a bomb", "data/hotpotqa.jsonl", strings.Repeat("\x00", 80<<20), `entry "data/hotpotqa.jsonl" expands to`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := ownData(t, "data.zip", string(zipOf(t, tc.entry, tc.text)))
			cmd := command(t, "run", "longbench", "--data-dir", dir, "--out", "run")
			text := fails(t, cmd, exitFailure, filepath.Join(dir, "data.zip"), tc.want)
			if n := len(complaints(text)); n != 1 {
				t.Errorf("%d complaints, want one:\n%s", n, text)
			}
			for _, escaped := range []string{filepath.Join(dir, "..", "evil"), filepath.Join(cmd.Dir, "..", "evil"), "/tmp/evil"} {
				if _, err := os.Lstat(escaped); err == nil {
					t.Errorf("%s was made", escaped)
				}
			}
		})
	}
	dir := ownData(t, "data.zip", string(zipOf(t, "data/README.txt", "x")))
	if out, err := command(t, "run", "longbench", "--data-dir", dir, "--out", "run").CombinedOutput(); err != nil {
		t.Errorf("a harmless zip file: %v\n%s", err, out)
	}
}

// Rows that can't be read are named by file, line and field; the others are
// scored.
func TestBrokenRowsCostOnlyThemselves(t *testing.T) {
	for _, tc := range []struct{ name, row, want string }{
		{"a truncated last line", `{"_id":"b","input":"Which`, "trec.jsonl:2: "},
		{"a line that is no JSON", "<html>\n", "trec.jsonl:2: "},
		{"invalid UTF-8", strings.Replace(goodRow, "Who", "\xff\xfe", 1), "trec.jsonl:2: invalid UTF-8 at byte "},
		{"a field of another type", strings.Replace(goodRow, `["Place"]`, "7", 1), `trec.jsonl:2: field "answers": want a list of strings, got number`},
		{"a field that is missing", strings.Replace(goodRow, `"context"`, `"kontext"`, 1), `trec.jsonl:2: field "context"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := ownData(t, "trec.jsonl", goodRow+tc.row)
			cmd := command(t, "run", "longbench", "--data-dir", dir, "--out", "run")
			var out bytes.Buffer
			cmd.Stdout = &out
			fails(t, cmd, exitLost, tc.want, "1 samples lost")
			if n := len(answers(t, filepath.Join(cmd.Dir, "run", "journal.jsonl"))); n != 1 || !strings.Contains(out.String(), "1 sample") {
				t.Errorf("%d answers, want the good row's:\n%s", n, out.String())
			}
		})
	}
}

// A configuration that is no JSON is named with its line.
func TestABrokenConfigurationIsNamedWithItsLine(t *testing.T) {
	dir := ownData(t, "trec.jsonl", goodRow)
	put(t, filepath.Join(dir, "config", "dataset2maxlen.json"), "{\n  \"trec\": 64,\n  \"lcc\" 64\n}")
	fails(t, command(t, "run", "longbench", "--data-dir", dir, "--out", "run"), exitFailure, "config/dataset2maxlen.json:3: ")
}
