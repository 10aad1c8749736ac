package datasets

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"
	"testing"
)

type entry struct{ name, text string }

// zipped makes a zip file of entries, without looking at their names.
func zipped(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	return zippedWith(tb, func(*zip.FileHeader) {}, entries...)
}

func zippedWith(tb testing.TB, change func(*zip.FileHeader), entries ...entry) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		change(h)
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(e.text))
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func openArchive(b []byte, limits Limits) (*archive, error) {
	return newArchive(bytes.NewReader(b), int64(len(b)), limits)
}

func TestUnsafeZipFilesAreRefusedAsAWhole(t *testing.T) {
	good := entry{"data/a.jsonl", "x"}
	link := func(h *zip.FileHeader) {
		if h.Name == "link" {
			h.SetMode(fs.ModeSymlink | 0o777)
		}
	}
	device := func(h *zip.FileHeader) {
		if h.Name == "dev" {
			h.SetMode(fs.ModeDevice | 0o777)
		}
	}
	for _, c := range []struct {
		name string
		zip  []byte
		want string
	}{
		{"..", zipped(t, good, entry{"../evil", "x"}), `entry "../evil" has a path that leaves`},
		{".. within", zipped(t, good, entry{"data/../../evil", "x"}), "has a path that leaves"},
		{"an absolute path", zipped(t, good, entry{"/etc/passwd", "x"}), "has an absolute path"},
		{"a backslash", zipped(t, good, entry{`..\evil`, "x"}), "has a backslash"},
		{"a drive", zipped(t, good, entry{"C:/evil", "x"}), "has a path that leaves"},
		{"an empty name", zipped(t, good, entry{"", "x"}), "has a path that leaves"},
		{"a doubled slash", zipped(t, good, entry{"data//b", "x"}), "not clean"},
		{"a name twice", zipped(t, good, good), `entry "data/a.jsonl" stands twice`},
		{"a folder named like a file", zipped(t, good, entry{"data/a.jsonl/", ""}), "stands twice"},
		{"a symbolic link", zippedWith(t, link, good, entry{"link", "/etc/passwd"}), `entry "link" is a symbolic link`},
		{"a device", zippedWith(t, device, good, entry{"dev", ""}), "is no regular file"},
	} {
		if _, err := openArchive(c.zip, Limits{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := openArchive(zipped(t, entry{"data/", ""}, good), Limits{}); err != nil {
		t.Errorf("a zip file with a folder: %v", err)
	}
}

func TestTruncatedZipFilesAreErrors(t *testing.T) {
	whole := zipped(t, entry{"a", strings.Repeat("some text ", 1000)}, entry{"b", "y"})
	for n := range whole {
		if _, err := openArchive(whole[:n], Limits{}); err == nil {
			t.Fatalf("%d of %d bytes passed", n, len(whole))
		}
	}
}

func readEntry(b []byte, name string, limits Limits) (string, error) {
	a, err := openArchive(b, limits)
	if err != nil {
		return "", err
	}
	r, err := a.open(name)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), errors.Join(err, r.Close())
}

func TestEntriesWithAWrongByteFailTheirChecksum(t *testing.T) {
	store := func(h *zip.FileHeader) { h.Method = zip.Store }
	b := zippedWith(t, store, entry{"a", "some text"})
	b[bytes.Index(b, []byte("some text"))] ^= 1
	if text, err := readEntry(b, "a", Limits{}); !errors.Is(err, zip.ErrChecksum) || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("got %q %v", text, err)
	}
}

func TestZipBombsAreRefused(t *testing.T) {
	b := zipped(t, entry{"bomb", strings.Repeat("\x00", 4<<20)}, entry{"good", "x"})
	if _, err := readEntry(b, "bomb", Limits{RatioFrom: 1 << 20}); err == nil || !strings.Contains(err.Error(), "times its size") {
		t.Errorf("got %v", err)
	}
	if _, err := readEntry(b, "bomb", Limits{Bytes: 1000}); err == nil || !strings.Contains(err.Error(), "more than 1000 bytes") {
		t.Errorf("got %v", err)
	}
	if text, err := readEntry(b, "good", Limits{}); err != nil || text != "x" {
		t.Errorf("its neighbour: %q %v", text, err)
	}
}

// A bomb that lies about its size in the directory.
func TestEntriesLargerThanTheyClaimAreEnded(t *testing.T) {
	text := strings.Repeat("x", 1<<20)
	b := zipped(t, entry{"a", text})
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[at+24:], 10)
	got, err := readEntry(b, "a", Limits{})
	if err == nil || !strings.Contains(err.Error(), `entry "a"`) || len(got) > 1<<16 {
		t.Errorf("%d bytes and %v", len(got), err)
	}
}

func TestEncryptedAndUnknownEntriesAreNamed(t *testing.T) {
	b := zipped(t, entry{"a", "text"})
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	locked := bytes.Clone(b)
	locked[at+8] |= 1
	if _, err := readEntry(locked, "a", Limits{}); err == nil || !strings.Contains(err.Error(), `"a" is encrypted`) {
		t.Errorf("got %v", err)
	}
	odd := bytes.Clone(b)
	odd[at+10] = 99
	if _, err := readEntry(odd, "a", Limits{}); !errors.Is(err, zip.ErrAlgorithm) {
		t.Errorf("got %v", err)
	}
	if _, err := readEntry(b, "nope", Limits{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func FuzzZip(f *testing.F) {
	f.Add(zipped(f, entry{"data/a.jsonl", "text"}, entry{"b", strings.Repeat("y", 300)}))
	f.Add(zipped(f, entry{"../a", "text"}))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<14 {
			return
		}
		a, err := openArchive(b, Limits{Bytes: 1 << 20})
		if err != nil {
			return
		}
		for name, file := range a.entries {
			if !fs.ValidPath(name) {
				t.Errorf("%q got through", name)
			}
			r, err := a.open(name)
			if err != nil {
				continue
			}
			sum := crc32.NewIEEE()
			n, err := io.Copy(sum, r)
			if n > 1<<20 {
				t.Errorf("%d bytes got through the limit", n)
			}
			if err == nil && file.CRC32 != 0 && sum.Sum32() != file.CRC32 {
				t.Errorf("wrong bytes got through the checksum")
			}
			_ = r.Close()
		}
	})
}
