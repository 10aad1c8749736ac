package datasets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// part is the path of the unfinished download.
func (f *fakeHub) part(o HubOptions) string {
	return filepath.Join(o.Cache, "datasets--THUDM--LongBench", "blobs", sumOf(f.file)+".incomplete")
}

func TestHubResumesWhatAnEarlierRunLeft(t *testing.T) {
	file := bigFile()
	half := len(file) / 2
	ignore := func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
		return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			_, err := w.Write(f.file)
			return err == nil
		}
	}
	for _, c := range []struct {
		name  string
		part  []byte
		onCDN func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool
		want  []string // Range headers
	}{
		{"half of the file", file[:half], nil, []string{fmt.Sprintf("bytes=%d-", half)}},
		{"all of it", file, nil, nil},
		{"more than all of it", append(bytes.Clone(file), 'x'), nil, []string{""}},
		{"other bytes", bytes.Repeat([]byte("y"), half), nil, []string{fmt.Sprintf("bytes=%d-", half), ""}},
		{"all of other bytes", bytes.Repeat([]byte("y"), len(file)), nil, []string{""}},
		{"half, and the host ignores ranges", file[:half], ignore, []string{fmt.Sprintf("bytes=%d-", half)}},
		{"half, and the host refuses to go on", file[:half], func(*fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n == 1 {
					w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				}
				return n == 1
			}
		}, []string{fmt.Sprintf("bytes=%d-", half), ""}},
		{"half, and the host sends another part", file[:half], func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n == 1 {
					w.Header().Set("Content-Range", fmt.Sprintf("bytes 5-%d/%d", len(f.file)-1, len(f.file)))
					w.WriteHeader(http.StatusPartialContent)
				}
				return n == 1
			}
		}, []string{fmt.Sprintf("bytes=%d-", half), ""}},
		{"half, and the file's size has changed", file[:half], func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n == 1 {
					w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", half, len(f.file)+6, len(f.file)+7))
					w.WriteHeader(http.StatusPartialContent)
				}
				return n == 1
			}
		}, []string{fmt.Sprintf("bytes=%d-", half), ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeHub(t, file)
			if c.onCDN != nil {
				f.onCDN = c.onCDN(f)
			}
			o := f.options()
			write(t, f.part(o), c.part)
			if got, err := readAll(NewHub([]Pin{f.pin()}, o), "data.jsonl"); err != nil || got != string(file) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if diff := cmp.Diff(c.want, f.ranges); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// hangUp sends some bytes and breaks the connection.
func hangUp(w http.ResponseWriter, total int, b []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(total))
	_, _ = w.Write(b)
	panic(http.ErrAbortHandler)
}

func TestHubGoesOnAfterTransientFaults(t *testing.T) {
	file := bigFile()
	type fault = func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool
	status := func(codes ...int) fault {
		return func(*fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n > len(codes) {
					return false
				}
				w.WriteHeader(codes[n-1])
				return true
			}
		}
	}
	for _, c := range []struct {
		name       string
		hub, store fault
		gets       int
	}{
		{"the hub is down twice", status(503, 500), nil, 1},
		{"the hub is busy", status(429), nil, 1},
		{"the store is down twice", nil, status(502, 504), 3},
		{"the store hangs up in the middle, many times", nil, func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, w http.ResponseWriter, r *http.Request) bool {
				from := 0
				if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
					w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(f.file)-1, len(f.file)))
					w.Header().Set("Content-Length", strconv.Itoa(len(f.file)-from))
					w.WriteHeader(http.StatusPartialContent)
				}
				if n <= 5 {
					hangUp(w, len(f.file)-from, f.file[from:from+80<<10])
				}
				_, err := w.Write(f.file[from:])
				return err == nil
			}
		}, 6},
		{"the store hangs up at once", nil, func(*fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, _ http.ResponseWriter, _ *http.Request) bool {
				if n <= 2 {
					panic(http.ErrAbortHandler)
				}
				return false
			}
		}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeHub(t, file)
			if c.hub != nil {
				f.onHub = c.hub(f)
			}
			if c.store != nil {
				f.onCDN = c.store(f)
			}
			if got, err := readAll(NewHub([]Pin{f.pin()}, f.options()), "data.jsonl"); err != nil || got != string(file) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if f.gets != c.gets {
				t.Errorf("%d requests, want %d", f.gets, c.gets)
			}
		})
	}
}

func TestHubGivesUpAndSaysWhy(t *testing.T) {
	always := func(code int) func(int, http.ResponseWriter, *http.Request) bool {
		return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(code)
			return true
		}
	}
	page := func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!DOCTYPE html><html>please log in</html>"))
		return true
	}
	for _, c := range []struct {
		name  string
		setup func(f *fakeHub)
		gets  int
		want  []string
	}{
		{"the hub is down", func(f *fakeHub) { f.onHub = always(500) }, 0, []string{"given up after 3 attempts", "HTTP 500"}},
		{"the store is down", func(f *fakeHub) { f.onCDN = always(503) }, 3, []string{"given up after 3 attempts", "HTTP 503"}},
		{"no such file", func(f *fakeHub) { f.onHub = always(404) }, 0, []string{"HTTP 404", "file does not exist"}},
		{"a page from the hub", func(f *fakeHub) { f.onHub = page }, 0, []string{"a web page instead of data"}},
		{"a page from the store", func(f *fakeHub) { f.onCDN = page }, 1, []string{"a web page instead of data"}},
		{"a page that claims to be data", func(f *fakeHub) {
			f.onCDN = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Type", "application/octet-stream")
				_, _ = w.Write(append([]byte("\n <HTML>"), make([]byte, len(f.file)-8)...))
				return true
			}
		}, 1, []string{"a web page instead of data"}},
		{"another commit", func(f *fakeHub) { f.commit = strings.Repeat("1", 40) }, 0, []string{"answers with commit 1111", "want " + commit}},
		{"another file", func(f *fakeHub) { f.etag = strings.Repeat("0", 64) }, 0, []string{"offers another file", strings.Repeat("0", 64)}},
		{"another size", func(f *fakeHub) { f.size = "7" }, 0, []string{"offers 7 bytes"}},
		{"the store offers another size", func(f *fakeHub) {
			f.onCDN = func(_ int, w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("x")); return true }
		}, 1, []string{"offers 1 bytes"}},
		{"redirects without end", func(f *fakeHub) {
			f.onCDN = func(_ int, w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, "/again", http.StatusFound)
				return true
			}
		}, 9, []string{"more than 10 redirects"}},
		{"wrong bytes", func(f *fakeHub) {
			f.onCDN = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
				_, _ = w.Write(bytes.ToUpper(f.file))
				return true
			}
		}, 1, []string{"sha256 is " + sumOf(bytes.ToUpper(bigFile())), "want " + sumOf(bigFile())}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeHub(t, bigFile())
			c.setup(f)
			o := f.options()
			_, err := readAll(NewHub([]Pin{f.pin()}, o), "data.jsonl")
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range append(c.want, "data.jsonl") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v doesn't say %q", err, want)
				}
			}
			for _, never := range []string{secret, "s3cr3t"} {
				if strings.Contains(err.Error(), never) {
					t.Errorf("%v holds a secret", err)
				}
			}
			if f.gets != c.gets {
				t.Errorf("%d requests to the store, want %d", f.gets, c.gets)
			}
			if _, err := os.Stat(f.part(o)); c.name == "wrong bytes" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the wrong bytes are still there: %v", err)
			}
		})
	}
}

func TestHubReadsFromAMirrorThatSendsNoHeadersOfTheHub(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	f.onHub = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		_, err := w.Write(f.file)
		return err == nil
	}
	if got, err := readAll(NewHub([]Pin{f.pin()}, f.options()), "data.jsonl"); err != nil || got != "text" {
		t.Errorf("got %q %v", got, err)
	}
	p := f.pin()
	p.SHA256 = ""
	if _, err := readAll(NewHub([]Pin{p}, f.options()), "data.jsonl"); err == nil || !strings.Contains(err.Error(), "is HF_ENDPOINT a hub?") {
		t.Errorf("without a pinned hash: %v", err)
	}
}

func TestTheHubsOwnHashServesWhereNoneIsPinned(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	f.etag = sumOf([]byte("next"))
	p := f.pin()
	p.SHA256 = ""
	_, err := readAll(NewHub([]Pin{p}, f.options()), "data.jsonl")
	var wrong *HashError
	if !errors.As(err, &wrong) || wrong.Want != f.etag {
		t.Errorf("got %v", err)
	}
}

func TestCancellationEndsAFetchAtOnce(t *testing.T) {
	f := newFakeHub(t, bigFile())
	ctx, cancel := context.WithCancel(t.Context())
	f.onCDN = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", strconv.Itoa(len(f.file)))
		_, _ = w.Write(f.file[:1000])
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-r.Context().Done()
		return true
	}
	_, err := NewHub([]Pin{f.pin()}, f.options()).Open(ctx, "data.jsonl")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestASilentHostIsLeftAndTriedAgain(t *testing.T) {
	f := newFakeHub(t, bigFile())
	f.onCDN = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n > 1 {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(f.file)))
		_, _ = w.Write(f.file[:1000])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return true
	}
	o := f.options()
	o.Stall = 100 * time.Millisecond
	if got, err := readAll(NewHub([]Pin{f.pin()}, o), "data.jsonl"); err != nil || got != string(f.file) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if diff := cmp.Diff([]string{"", "bytes=1000-"}, f.ranges); diff != "" {
		t.Error(diff)
	}
}

func TestAFullDiskIsNamed(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	f := newFakeHub(t, bigFile())
	o := f.options()
	write(t, filepath.Join(filepath.Dir(f.part(o)), "x"), nil)
	if err := os.Symlink("/dev/full", f.part(o)); err != nil {
		t.Fatal(err)
	}
	_, err := readAll(NewHub([]Pin{f.pin()}, o), "data.jsonl")
	want := fmt.Sprintf("disk full in %s: %d more bytes are needed", filepath.Dir(f.part(o)), len(f.file))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
