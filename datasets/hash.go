package datasets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
)

// hashReader hashes what is read through it.
type hashReader struct {
	r   io.Reader
	sum hash.Hash
	n   int64
}

func newHashReader(r io.Reader) *hashReader { return &hashReader{r: r, sum: sha256.New()} }

func (h *hashReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.sum.Write(p[:n])
	h.n += int64(n)
	return n, err
}

// finish reads on to the end, so that a consumer who stopped early doesn't
// leave the manifest without a hash. A cancelled context ends it.
func (h *hashReader) finish(ctx context.Context) error {
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := h.Read(buf)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (h *hashReader) hex() string { return hex.EncodeToString(h.sum.Sum(nil)) }

// hashFile returns a file's sha256 and size.
func hashFile(ctx context.Context, path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close() //nolint:errcheck // read only
	h := newHashReader(f)
	if err = h.finish(ctx); err != nil {
		return "", 0, err
	}
	return h.hex(), h.n, nil
}
