package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// InUse says whether a process works in a run folder. It asks by trying the
// lock without waiting, and makes no file. Where nobody holds it, it is held
// shared for an instant: ask no more often than needed.
func InUse(dir string) (bool, error) {
	path := filepath.Join(dir, lockFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if err != nil {
		return false, fmt.Errorf("results: lock of %s: %w", dir, errors.Join(err, lock.Close()))
	}
	return !free, lock.Close()
}
