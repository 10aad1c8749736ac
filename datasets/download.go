package datasets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// HashError is a file whose bytes aren't the pinned ones.
type HashError struct {
	File      string
	Got, Want string // sha256, lower-case hex
}

func (e *HashError) Error() string {
	return fmt.Sprintf("%s: sha256 is %s, want %s", e.File, e.Got, e.Want)
}

// download is one file on its way to the disk.
type download struct {
	hub     *Hub
	name    string // for Progress; errors get it from the caller
	address string
	sum     string // sha256 wanted, "" if unknown
	size    int64  // 0 if unknown
	page    bool   // whether HTML is what is wanted
	part    string // where the bytes are gathered
	final   string
}

// run brings the file to final. What an earlier run left in part is gone on
// with. The caller holds the file's lock.
func (d *download) run(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(d.part), 0o777); err != nil {
		return explainDisk(err, filepath.Dir(d.part), d.size)
	}
	resumed, err := d.gather(ctx)
	var wrong *HashError
	if errors.As(err, &wrong) && resumed {
		// The part came from another run or another program: once more, whole.
		_, err = d.gather(ctx)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(d.part, d.final); err != nil {
		return err
	}
	return nil
}

// gather fetches until the part is whole and checked. resumed says that some
// of it had been there before.
func (d *download) gather(ctx context.Context) (resumed bool, err error) {
	f, err := os.OpenFile(d.part, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return false, explainDisk(err, filepath.Dir(d.part), d.size)
	}
	p := &part{download: d, f: f, sum: sha256.New()}
	resumed, err = p.restore()
	if err == nil {
		err = p.fetch(ctx)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(explainDisk(err, filepath.Dir(d.part), d.size-p.have), f.Close())
	if err != nil {
		if p.have == 0 { // nothing in it to go on with
			err = errors.Join(err, os.Remove(d.part))
		}
		return resumed, err
	}
	got := hex.EncodeToString(p.sum.Sum(nil))
	if d.sum != "" && got != d.sum {
		return resumed, errors.Join(&HashError{File: stripQuery(d.address), Got: got, Want: d.sum}, os.Remove(d.part))
	}
	return resumed, nil
}

func stripQuery(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}

// part is a file that grows.
type part struct {
	*download
	f    *os.File
	have int64
	sum  hash.Hash // over the first have bytes
}

// restore takes up what an earlier run left, unless it cannot be a beginning
// of the file.
func (p *part) restore() (bool, error) {
	info, err := p.f.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return false, nil
	}
	if p.size > 0 && info.Size() > p.size {
		return false, p.restart()
	}
	p.have, err = io.Copy(p.sum, p.f)
	return p.have > 0, err
}

// restart throws away what there is.
func (p *part) restart() error {
	p.have = 0
	p.sum.Reset()
	if err := p.f.Truncate(0); err != nil {
		return err
	}
	_, err := p.f.Seek(0, io.SeekStart)
	return err
}

// progressWorth is how many bytes an attempt must bring for the count of
// failures to start again.
const progressWorth = 64 << 10

// fetch makes requests until the file is whole.
func (p *part) fetch(ctx context.Context) error {
	for failures := 0; p.size == 0 || p.have < p.size; {
		before := p.have
		err := p.attempt(ctx)
		var again *transientError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			return nil
		case !errors.As(err, &again):
			return err
		}
		if p.have-before >= progressWorth {
			failures = 0
		}
		if failures++; failures >= p.hub.o.Attempts {
			return fmt.Errorf("given up after %d attempts: %w", failures, err)
		}
		if err := p.hub.pause(ctx, failures, again.after); err != nil {
			return err
		}
	}
	return nil
}

// pause waits before the next attempt: twice as long after each failure, with
// jitter, and at least as long as the host asked for.
func (h *Hub) pause(ctx context.Context, failures int, asked time.Duration) error {
	wait := min(h.o.Backoff<<min(failures-1, 10), 30*time.Second)
	wait = max(asked, wait/2+rand.N(wait/2+1))
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// attempt makes one request and writes what it brings.
func (p *part) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(p.hub.o.Stall, func() {
		cancel(&transientError{err: fmt.Errorf("nothing arrived for %v", p.hub.o.Stall)})
	})
	defer watch.Stop()

	header := http.Header{}
	if p.have > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", p.have))
	}
	resp, err := p.hub.web.get(ctx, http.MethodGet, p.address, header, func(_, _ *url.URL) bool { return true })
	if err != nil {
		return err
	}
	err = p.accept(resp)
	if err == nil {
		err = p.write(ctx, resp.Body, watch)
	}
	// A connection that was broken off has nothing more to say on Close.
	_ = resp.Body.Close()
	return err
}

// accept judges a response and makes the part ready for its body.
func (p *part) accept(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusRequestedRangeNotSatisfiable:
		// The part is as long as the file or longer, so it isn't its beginning.
		if err := p.restart(); err != nil {
			return err
		}
		return &transientError{err: errors.New("the host refused to go on at this place")}
	case http.StatusPartialContent:
		from, total, ok := contentRange(resp.Header.Get("Content-Range"))
		if ok && from == p.have && (total < 0 || p.size == 0 || total == p.size) {
			if total > 0 {
				p.size = total
			}
			return nil
		}
		if err := p.restart(); err != nil {
			return err
		}
		return &transientError{err: errors.New("the host sent another part than asked for")}
	}
	if err := p.hub.web.checkStatus(resp, p.page); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d where a file was expected", resp.StatusCode)
	}
	if p.have > 0 { // the host ignored the range
		if err := p.restart(); err != nil {
			return err
		}
	}
	n := resp.ContentLength
	if n >= 0 && p.size > 0 && n != p.size {
		return fmt.Errorf("the host offers %d bytes, want %d", n, p.size)
	}
	if n > 0 {
		p.size = n
	}
	return nil
}

// contentRange reads "bytes from-to/total"; total is -1 for "*".
func contentRange(s string) (from, total int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	span, size, ok2 := strings.Cut(s, "/")
	first, _, ok3 := strings.Cut(span, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	if !ok || !ok2 || !ok3 || err != nil {
		return 0, 0, false
	}
	if size == "*" {
		return from, -1, true
	}
	total, err = strconv.ParseInt(size, 10, 64)
	return from, total, err == nil
}

// write appends the body to the part. Every chunk that arrives winds up the
// watch again.
func (p *part) write(ctx context.Context, body io.Reader, watch *time.Timer) error {
	buf := make([]byte, 256<<10)
	for {
		n, err := body.Read(buf)
		watch.Reset(p.hub.o.Stall)
		if n > 0 {
			if err := p.take(buf[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			if p.size > 0 && p.have < p.size {
				return &transientError{err: fmt.Errorf("ended after %d of %d bytes", p.have, p.size)}
			}
			return nil
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return &transientError{err: fmt.Errorf("broke off after %d bytes: %w", p.have, err)}
		}
	}
}

func (p *part) take(b []byte) error {
	if p.have == 0 && !p.page && looksLikePage(b) {
		return fmt.Errorf("%s: answered with a web page instead of data (a proxy, or a login page?)", stripQuery(p.address))
	}
	if p.size > 0 && p.have+int64(len(b)) > p.size {
		return fmt.Errorf("the host sends more than the %d bytes of the file", p.size)
	}
	if _, err := p.f.Write(b); err != nil {
		return err
	}
	p.sum.Write(b)
	p.have += int64(len(b))
	if p.hub.o.Progress != nil {
		p.hub.o.Progress(p.name, p.have, p.size)
	}
	return nil
}

func looksLikePage(b []byte) bool {
	head := strings.ToLower(strings.TrimSpace(string(b[:min(len(b), 256)])))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}
