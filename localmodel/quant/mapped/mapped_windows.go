//go:build windows

package mapped

import (
	"os"
	"syscall"
	"unsafe"
)

func acquire(f *os.File, size int) ([]byte, error) {
	mapping, err := syscall.CreateFileMapping(syscall.Handle(f.Fd()), nil, syscall.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return nil, os.NewSyscallError("CreateFileMapping", err)
	}
	defer syscall.CloseHandle(mapping) // the view keeps it alive
	addr, err := syscall.MapViewOfFile(mapping, syscall.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return nil, os.NewSyscallError("MapViewOfFile", err)
	}
	// The address is not of Go's heap, so it is taken as a pointer as it is; a
	// direct conversion would be right too, but go vet can't know that.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&addr)), size), nil
}

func release(data []byte) error {
	return os.NewSyscallError("UnmapViewOfFile", syscall.UnmapViewOfFile(uintptr(unsafe.Pointer(unsafe.SliceData(data)))))
}
