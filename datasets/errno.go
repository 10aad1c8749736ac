package datasets

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
)

// errNotDir is what stat says of a path below a plain file.
const errNotDir = syscall.ENOTDIR

// explainDisk says plainly that a disk is full.
func explainDisk(err error, dir string, need int64) error {
	if err == nil || !diskFull(err) {
		return err
	}
	if need > 0 {
		return fmt.Errorf("disk full in %s: %d more bytes are needed: %w", dir, need, err)
	}
	return fmt.Errorf("disk full in %s: %w", dir, err)
}

func diskFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	// ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL.
	var errno syscall.Errno
	return runtime.GOOS == "windows" && errors.As(err, &errno) && (errno == 39 || errno == 112)
}
