package results

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// errClosed answers writes after Close.
var errClosed = errors.New("already closed")

// appendFile is what durable writes to; tests put a full disk in its place.
type appendFile interface {
	WriteAt(p []byte, off int64) (int, error)
	ReadAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Sync() error
	Close() error
}

var _ appendFile = (*os.File)(nil)

// durable is an append-only file with group commit: each append is one write,
// and whoever waits first syncs for all that have written by then, so that
// many appenders share one sync.
type durable struct {
	name string

	mu      sync.Mutex
	changed *sync.Cond
	file    appendFile
	size    int64  // end of the last whole record
	written uint64 // records written
	synced  uint64 // records known to be on disk
	syncing bool
	// broken is why nothing can be appended any more.
	broken error
}

func newDurable(name string, f appendFile, size int64) *durable {
	d := &durable{name: name, file: f, size: size}
	d.changed = sync.NewCond(&d.mu)
	return d
}

// append writes one record and returns its offset once it is on disk.
func (d *durable) append(record []byte) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, err := d.write(record)
	if err != nil {
		return 0, fmt.Errorf("%s: append: %w", d.name, err)
	}
	mine := d.written
	for d.synced < mine && d.broken == nil {
		if d.syncing {
			d.changed.Wait()
			continue
		}
		d.sync()
	}
	if d.synced < mine {
		return 0, fmt.Errorf("%s: append: %w", d.name, d.broken)
	}
	return at, nil
}

// write puts a record behind the last one. What a full disk left of a record
// is cut off again, so that the file stays whole and can be appended to once
// there is room.
func (d *durable) write(record []byte) (int64, error) {
	if d.broken != nil {
		return 0, d.broken
	}
	at := d.size
	if _, err := d.file.WriteAt(record, at); err != nil {
		if terr := d.file.Truncate(at); terr != nil {
			d.broken = errors.Join(err, terr)
		}
		return 0, err
	}
	d.size += int64(len(record))
	d.written++
	return at, nil
}

// sync makes all records that are written by now durable; d.mu is held on
// entry and return, but not meanwhile. After a failed sync nobody knows what
// is on disk (the kernel may have dropped the pages), so the file is given up.
func (d *durable) sync() {
	d.syncing = true
	covers := d.written
	d.mu.Unlock()
	err := d.file.Sync()
	d.mu.Lock()
	d.syncing = false
	if err != nil {
		if d.broken == nil {
			d.broken = err
		}
	} else {
		d.synced = max(d.synced, covers)
	}
	d.changed.Broadcast()
}

// close waits for a sync under way and closes the file. A second close does
// nothing.
func (d *durable) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.syncing {
		d.changed.Wait()
	}
	if errors.Is(d.broken, errClosed) {
		return nil
	}
	var serr error
	if d.synced < d.written && d.broken == nil {
		serr = d.file.Sync()
	}
	if d.broken == nil && serr == nil {
		d.synced = d.written
	}
	d.broken = errClosed
	d.changed.Broadcast()
	if err := errors.Join(serr, d.file.Close()); err != nil {
		return fmt.Errorf("%s: close: %w", d.name, err)
	}
	return nil
}
