package cpu

import "syscall"

// huge asks for large pages: what is read at random places of a large piece of
// memory otherwise waits for page tables more than for itself. It is a wish.
func huge(p []byte) {
	if len(p) >= 4<<20 {
		_ = syscall.Madvise(p, syscall.MADV_HUGEPAGE)
	}
}
