//go:build unix

package mapped

import (
	"os"
	"syscall"
)

func acquire(f *os.File, size int) ([]byte, error) {
	return syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
}

func release(data []byte) error { return syscall.Munmap(data) }
