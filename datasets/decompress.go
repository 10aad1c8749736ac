package datasets

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// zstdWindow bounds the memory that a zstd frame may ask for: the format's
// recommendation is 8 MiB, --long=27 needs 128.
const zstdWindow = 128 << 20

// decompress looks at a file's first bytes and undoes gzip or zstd. A name
// that promises one of them, over a file that isn't, is an error.
func decompress(r io.Reader, name string, limits Limits) (io.ReadCloser, error) {
	counted := &countReader{r: r}
	head := bufio.NewReaderSize(counted, 64<<10)
	magic, err := head.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		z, err := gzip.NewReader(head)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return &expandReader{r: z, closer: z.Close, in: counted, limits: limits}, nil
	case string(magic) == "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(head, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		closer := func() error { z.Close(); return nil }
		return &expandReader{r: z, closer: closer, in: counted, limits: limits}, nil
	case strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".zst"):
		return nil, fmt.Errorf("%s: neither gzip nor zstd inside", name)
	}
	return io.NopCloser(head), nil
}

type countReader struct {
	r io.Reader
	n int64
}

func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// expandReader ends a stream that expands beyond the limits.
type expandReader struct {
	r      io.Reader
	closer func() error
	in     *countReader
	out    int64
	limits Limits
}

func (e *expandReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.out += int64(n)
	if bad := e.limits.check(e.in.n, e.out); bad != nil {
		return 0, bad
	}
	return n, err
}

func (e *expandReader) Close() error { return e.closer() }
