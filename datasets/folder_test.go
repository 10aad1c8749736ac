package datasets

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func sumOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func gzipped(tb testing.TB, b []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func zstded(tb testing.TB, b []byte) []byte {
	tb.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

func readAll(src Source, name string) (string, error) {
	b, err := ReadFile(context.Background(), src, name, 1<<30)
	return string(b), err
}

func TestFolderNamesItsFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.txt", "sub/c.txt", "a.txt", "sub/d/e.txt"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := Folder(dir, nil)
	for folder, want := range map[string]string{".": "a.txt b.txt", "sub": "sub/c.txt", "sub/d": "sub/d/e.txt"} {
		names, err := s.Names(t.Context(), folder)
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", folder, got, err, want)
		}
	}
	if _, err := s.Names(t.Context(), "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that isn't there: %v", err)
	}
	if _, err := s.Names(t.Context(), "../x"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a folder outside: %v", err)
	}
}

func TestFolderFindsFilesWhereUsersPutThem(t *testing.T) {
	text := []byte("{\"a\":1}\n{\"a\":2}\n")
	pins := []Pin{
		{Name: "config/prompt.json", Path: "LongBench/config/prompt.json"},
		{Name: "data.zip", Path: "data.zip", Members: "data/"},
	}
	for _, c := range []struct {
		name, at, open string
		stored         []byte
	}{
		{"beside", "a.jsonl", "a.jsonl", text},
		{"in data/", "data/a.jsonl", "a.jsonl", text},
		{"gzipped", "a.jsonl.gz", "a.jsonl", gzipped(t, text)},
		{"zstandard in data/", "data/a.jsonl.zst", "a.jsonl", zstded(t, text)},
		{"gzipped under a plain name", "a.jsonl", "a.jsonl", gzipped(t, text)},
		{"asked for with its .gz", "a.jsonl.gz", "a.jsonl.gz", gzipped(t, text)},
		{"at its place in the repository", "LongBench/config/prompt.json", "config/prompt.json", text},
		{"in the pinned zip file", "data.zip", "a.jsonl", zipped(t, entry{"data/a.jsonl", string(text)})},
		{"gzipped with an empty body", "a.jsonl.gz", "a.jsonl", append(gzipped(t, text), gzipped(t, nil)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, c.at), c.stored)
			src := Folder(dir, pins)
			got, err := readAll(src, c.open)
			if err != nil || got != string(text) {
				t.Fatalf("got %q %v", got, err)
			}
			o := src.Origin()
			if o.Kind != "folder" || o.Place != dir || len(o.Files) == 0 {
				t.Errorf("origin %+v", o)
			}
		})
	}
}

func TestFolderTellsWhereItLookedForAMissingFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "plain"), []byte("x"))
	if err := os.Mkdir(filepath.Join(dir, "a.jsonl"), 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := Folder(dir, []Pin{{Name: "data.zip", Path: "data.zip", Members: "data/"}}).Open(t.Context(), "a.jsonl")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
	for _, place := range []string{"a.jsonl", "data/a.jsonl", "a.jsonl.gz", "data/a.jsonl.gz", "a.jsonl.zst", "data/a.jsonl.zst", "data.zip"} {
		if want := filepath.Join(dir, filepath.FromSlash(place)); !strings.Contains(err.Error(), want) {
			t.Errorf("%v doesn't tell %s", err, want)
		}
	}
	if _, err := Folder(dir, nil).Open(t.Context(), "plain/below"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("below a file: %v", err)
	}
}

func TestFolderRefusesNamesThatLeaveIt(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secret"), []byte("x"))
	src := Folder(filepath.Join(dir, "sub"), nil)
	for _, name := range []string{"../secret", "/etc/passwd", "", ".", `..\secret`, "a/../../secret"} {
		if _, err := src.Open(t.Context(), name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestFolderComparesWithThePins(t *testing.T) {
	official, own := []byte("official\n"), []byte("the user's own\n")
	for _, c := range []struct {
		name   string
		stored []byte
		pinned bool
	}{{"the official file", official, true}, {"the user's own data", own, false}} {
		for _, early := range []bool{false, true} {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "a.txt"), c.stored)
			write(t, filepath.Join(dir, "m.txt"), c.stored)
			src := Folder(dir, []Pin{
				{Name: "a.txt", SHA256: sumOf(official)},
				{Name: "z.zip", Members: "x/", MemberSHA256: map[string]string{"m.txt": sumOf(official)}},
			})
			for _, name := range []string{"a.txt", "m.txt"} {
				r, err := src.Open(t.Context(), name)
				if err != nil {
					t.Fatal(err)
				}
				if !early {
					if _, err := io.Copy(io.Discard, r); err != nil {
						t.Fatal(err)
					}
				}
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
			}
			want := []FileInfo{
				{Name: "a.txt", SHA256: sumOf(c.stored), Bytes: int64(len(c.stored)), Pinned: c.pinned},
				{Name: "m.txt", SHA256: sumOf(c.stored), Bytes: int64(len(c.stored)), Pinned: c.pinned},
			}
			if diff := cmp.Diff(want, src.Origin().Files); diff != "" {
				t.Errorf("%s, closed early %v: %s", c.name, early, diff)
			}
		}
	}
}

func TestFolderLeavesAFileUnhashedAfterCancellation(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.txt"), bytes.Repeat([]byte("x"), 1<<20))
	src := Folder(dir, nil)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := src.Open(ctx, "a.txt")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if files := src.Origin().Files; len(files) != 0 {
		t.Errorf("got %+v", files)
	}
}

func TestFolderPinsEntriesByTheirZipFile(t *testing.T) {
	z := zipped(t, entry{"data/a.jsonl", "one"}, entry{"data/b.jsonl", "two"})
	for _, official := range []bool{true, false} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "data.zip"), z)
		pin := Pin{Name: "data.zip", Path: "data.zip", Members: "data/", SHA256: sumOf(z)}
		if !official {
			pin.SHA256 = strings.Repeat("0", 64)
		}
		src := Folder(dir, []Pin{pin})
		if got, err := readAll(src, "b.jsonl"); err != nil || got != "two" {
			t.Fatalf("got %q %v", got, err)
		}
		want := []FileInfo{
			{Name: "b.jsonl", SHA256: sumOf([]byte("two")), Bytes: 3, Pinned: official},
			{Name: "data.zip", SHA256: sumOf(z), Bytes: int64(len(z)), Pinned: official},
		}
		if diff := cmp.Diff(want, src.Origin().Files); diff != "" {
			t.Error(diff)
		}
		if _, err := src.Open(t.Context(), "c.jsonl"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "data.zip") {
			t.Errorf("got %v", err)
		}
	}
}

func TestBrokenCompressionIsAnError(t *testing.T) {
	text := bytes.Repeat([]byte("{\"a\":\"some text\"}\n"), 5000)
	gz, zs := gzipped(t, text), zstded(t, text)
	flipped := bytes.Clone(gz)
	flipped[len(flipped)/2] ^= 0xff
	for _, c := range []struct {
		name, file string
		stored     []byte
	}{
		{"a gzip file cut off", "a.gz", gz[:len(gz)-20]},
		{"a gzip file with a wrong byte", "a.gz", flipped},
		{"a zstandard file cut off", "a.zst", zs[:len(zs)-20]},
		{"plain text named .gz", "a.gz", text},
		{"an empty file named .zst", "a.zst", nil},
		{"gzip's magic alone", "a", gz[:2]},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, c.file), c.stored)
		if got, err := readAll(Folder(dir, nil), "a"); err == nil {
			t.Errorf("%s: read as %d bytes", c.name, len(got))
		}
	}
}

func TestCompressedBombsAreEndedEarly(t *testing.T) {
	bomb := make([]byte, 4<<20)
	for name, stored := range map[string][]byte{"a.gz": gzipped(t, bomb), "a.zst": zstded(t, bomb)} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, name), stored)
		wary := Folder(dir, nil).WithLimits(Limits{RatioFrom: 1 << 20})
		if _, err := readAll(wary, "a"); err == nil || !strings.Contains(err.Error(), "times its size") {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := readAll(Folder(dir, nil), "a"); err != nil {
			t.Errorf("%s: 4 MiB of zeros do no harm, but %v", name, err)
		}
		small := Folder(dir, nil).WithLimits(Limits{Bytes: 1 << 20})
		if _, err := readAll(small, "a"); err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestLinksInTheUsersFolderAreFollowed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights on Windows")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "blobs", "1"), []byte("x"))
	if err := os.MkdirAll(filepath.Join(dir, "snap"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../blobs/1", filepath.Join(dir, "snap", "a.jsonl")); err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(Folder(filepath.Join(dir, "snap"), nil), "a.jsonl"); err != nil || got != "x" {
		t.Errorf("got %q %v", got, err)
	}
}
