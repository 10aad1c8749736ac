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
	if err == nil || !DiskFull(err) {
		return err
	}
	if need > 0 {
		return fmt.Errorf("disk full in %s: %d more bytes are needed: %w", dir, need, err)
	}
	return fmt.Errorf("disk full in %s: %w", dir, err)
}

// DiskFull says whether an error is of a write that found no room: on the
// disk, within a quota, or under the process's limit on file sizes.
func DiskFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return true
	}
	// ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL.
	var errno syscall.Errno
	return runtime.GOOS == "windows" && errors.As(err, &errno) && (errno == 39 || errno == 112)
}
