package mapped

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenGivesTheFilesBytes(t *testing.T) {
	for _, size := range []int{0, 1, 4096, 70001} {
		want := make([]byte, size)
		for i := range want {
			want[i] = byte(i * 7)
		}
		path := filepath.Join(t.TempDir(), "weights")
		if err := os.WriteFile(path, want, 0o666); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.Data, want) {
			t.Errorf("%d bytes came back as %d other ones", size, len(f.Data))
		}
		for range 2 {
			if err := f.Close(); err != nil || f.Data != nil {
				t.Errorf("Close: %v, %d bytes left", err, len(f.Data))
			}
		}
		// The file is free again: windows refuses to remove one that is mapped.
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), dir+": is a folder, want a file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
	if _, err := Open(os.DevNull); err == nil {
		t.Error("a device was opened")
	}
}
