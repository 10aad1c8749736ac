package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lcbench/lcbench/runners"
)

// Cache keeps responses across runs, in one append-only file for each endpoint
// and model. Several processes may use it at once: a record is one appending
// write, and a miss first looks at what others have appended. Damaged entries
// are misses. Its methods are safe for concurrent use.
type Cache struct {
	path string
	file *os.File

	mu sync.Mutex
	at map[[sha256.Size]byte]extent // by sha256 of the key
	// scanned is the end of the last whole line that was looked at.
	scanned int64
	closed  bool
}

var _ runners.Cache = (*Cache)(nil)

// cacheEntry is a line of the file. The key comes first: the index is made
// without reading the rest.
type cacheEntry struct {
	Key      string         `json:"key"`
	Response cachedResponse `json:"response"`
}

// cachedResponse is a runners.Response with stable names.
type cachedResponse struct {
	Text         string        `json:"text"`
	Reasoning    string        `json:"reasoning,omitempty"`
	FinishReason string        `json:"finish_reason,omitempty"`
	Model        string        `json:"model,omitempty"`
	Usage        runners.Usage `json:"usage"`
	FirstToken   time.Duration `json:"first_token_ns,omitempty"`
	Total        time.Duration `json:"total_ns,omitempty"`
	Time         time.Time     `json:"time"`
}

// OpenCache opens or creates the cache of one endpoint and model in dir. Of the
// endpoint only a hash is written, so that nothing secret in a URL is kept.
func OpenCache(dir, endpoint, model string) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("results: open cache: %w", err)
	}
	sum := sha256.Sum256([]byte(endpoint + "\x00" + model))
	path := filepath.Join(dir, fileName(model)+"-"+hex.EncodeToString(sum[:4])+".jsonl")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("results: open cache: %w", err)
	}
	c := &Cache{path: path, file: f, at: map[[sha256.Size]byte]extent{}}
	if err := c.catchUp(); err != nil {
		return nil, errors.Join(fmt.Errorf("results: open cache: %w", err), f.Close())
	}
	return c, nil
}

// catchUp indexes what was appended since, by this process or another. A last
// line without its line feed may still be in the writing: it is looked at
// again next time.
func (c *Cache) catchUp() error {
	info, err := c.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < c.scanned { // somebody has emptied it
		c.forget()
	}
	if info.Size() == c.scanned {
		return nil
	}
	appended := io.NewSectionReader(c.file, c.scanned, info.Size()-c.scanned)
	return scanLines(appended, c.scanned, func(l line) error {
		if l.torn {
			return nil
		}
		if key, ok := entryKey(l.data); ok {
			c.at[sha256.Sum256(key)] = extent{l.offset, l.length}
		}
		c.scanned = l.end()
		return nil
	})
}

// forget starts over with a file that is no longer what was indexed.
func (c *Cache) forget() {
	clear(c.at)
	c.scanned = 0
}

// entryKey takes the key from the start of a line. Lines that don't begin like
// an entry (blank ones, the rest of a torn record) have none; whether the rest
// is whole shows when the entry is read.
func entryKey(data []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(data, []byte(`{"key":"`))
	if !ok {
		return nil, false
	}
	end := bytes.IndexByte(rest, '"')
	if end <= 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return nil, false
	}
	return rest[:end], true
}

// Get implements runners.Cache.
func (c *Cache) Get(key string) (runners.Response, bool) {
	sum := sha256.Sum256([]byte(key))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return runners.Response{}, false
	}
	at, ok := c.at[sum]
	if !ok {
		if c.catchUp() != nil {
			return runners.Response{}, false
		}
		if at, ok = c.at[sum]; !ok {
			return runners.Response{}, false
		}
	}
	r, err := c.read(key, at)
	if errors.Is(err, io.EOF) { // the file is shorter than it was
		c.forget()
		return runners.Response{}, false
	}
	if err != nil {
		delete(c.at, sum)
		return runners.Response{}, false
	}
	return r, true
}

func (c *Cache) read(key string, at extent) (runners.Response, error) {
	record := make([]byte, at.length)
	if _, err := c.file.ReadAt(record, at.offset); err != nil {
		return runners.Response{}, err
	}
	var e cacheEntry
	if err := json.Unmarshal(record, &e); err != nil {
		return runners.Response{}, err
	}
	if e.Key != key {
		return runners.Response{}, errors.New("another entry is in its place")
	}
	r := e.Response
	return runners.Response{
		Text: r.Text, Reasoning: r.Reasoning, FinishReason: r.FinishReason, Model: r.Model,
		Usage: r.Usage, FirstToken: r.FirstToken, Total: r.Total,
	}, nil
}

// Put implements runners.Cache. The key must be printable ASCII without quotes
// and backslashes, as a hash in hex is. Entries are not synced one by one: the
// journal is what must not be lost.
func (c *Cache) Put(key string, r runners.Response) error {
	record, err := marshalLine(cacheEntry{key, cachedResponse{
		Text: r.Text, Reasoning: r.Reasoning, FinishReason: r.FinishReason, Model: r.Model,
		Usage: r.Usage, FirstToken: r.FirstToken, Total: r.Total, Time: time.Now().UTC(),
	}})
	if err != nil {
		return fmt.Errorf("results: cache: %w", err)
	}
	if got, ok := entryKey(record); !ok || string(got) != key {
		return fmt.Errorf("results: cache: key %q: want a hash in hex", key)
	}
	if len(record) > maxRecord {
		return fmt.Errorf("results: cache: %d bytes are more than an entry may have", len(record))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return fmt.Errorf("results: cache: %w", errClosed)
	}
	// A line feed ahead, too: were another process killed in the middle of its
	// record, this one would else be glued to the torn half.
	if _, err := c.file.Write(append([]byte{'\n'}, record...)); err != nil {
		return fmt.Errorf("results: cache: %w", err)
	}
	return nil
}

// Len returns the number of entries known.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.at)
}

// Close closes the file. A second Close does nothing.
func (c *Cache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	if err := c.file.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return fmt.Errorf("results: close cache: %w", err)
	}
	return nil
}
