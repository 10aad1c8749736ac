package results

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// Contexts keeps each distinct text once, as zstd frames back to back (`zstd
// -dc contexts.zst` prints them all), with an index beside it. Its methods are
// safe for concurrent use.
type Contexts struct {
	path     string
	warnings []Warning
	encoder  *zstd.Encoder
	decoder  *zstd.Decoder

	mu     sync.Mutex
	frames appendFile
	index  appendFile
	at     map[[sha256.Size]byte]frame
	// The ends of the files' whole records: what lies behind is overwritten.
	framesEnd, indexEnd int64
	text, packed        []byte // scratch
	dirty, closed       bool
}

// frame is where one context lies in contexts.zst.
type frame struct {
	offset int64
	length int // compressed
	bytes  int // decompressed
	// characters are code points; -1: not known, of a folder that an earlier
	// lcbench wrote.
	characters int
}

// contextEntry is a line of the index.
type contextEntry struct {
	SHA256 string `json:"sha256"`
	Offset int64  `json:"offset"`
	Length int    `json:"length"`
	Bytes  int    `json:"bytes"`
	// Characters are code points; nil: written by an earlier lcbench.
	Characters *int `json:"characters,omitempty"`
}

// maxContext bounds one context, compressed or not.
const maxContext = 1 << 30

// ErrNoContext says that no context of that hash is stored.
var ErrNoContext = errors.New("no such context")

// OpenContexts opens or creates the contexts of a run folder. What a crash
// left of a frame or of an index line is cut off: such contexts are stored
// again when they come up.
func OpenContexts(dir string) (*Contexts, error) {
	c := &Contexts{path: filepath.Join(dir, contextsFile), at: map[[sha256.Size]byte]frame{}}
	frames, err := os.OpenFile(c.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("results: open contexts: %w", err)
	}
	index, err := os.OpenFile(filepath.Join(dir, contextIndexFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("results: open contexts: %w", err), frames.Close())
	}
	c.frames, c.index = frames, index
	if err := c.load(frames, index); err != nil {
		return nil, errors.Join(fmt.Errorf("results: open contexts: %w", err), frames.Close(), index.Close())
	}
	return c, nil
}

func (c *Contexts) load(frames, index *os.File) error {
	var err error
	// The fastest level: contexts shrink to about 40 %, and on the way to a
	// model nobody should wait for the last tenth.
	// A single segment states its size, which read checks before it makes room.
	c.encoder, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true), zstd.WithSingleSegment(true))
	if err != nil {
		return err
	}
	if c.decoder, err = newContextDecoder(); err != nil {
		return err
	}
	info, err := frames.Stat()
	if err != nil {
		return err
	}
	entries, indexEnd, warnings, err := readContextIndex(index, info.Size())
	if err != nil {
		return err
	}
	c.warnings = warnings
	c.indexEnd = indexEnd
	c.dropUnreadable(entries)
	if err := frames.Truncate(c.framesEnd); err != nil {
		return err
	}
	return index.Truncate(c.indexEnd)
}

func newContextDecoder() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxContext))
}

// indexed is an entry with the offset of its line.
type indexed struct {
	sum  [sha256.Size]byte
	at   frame
	line int64
}

// readContextIndex reads entries up to the first that doesn't fit what is on
// disk; frames follow one another, so nothing behind it can be trusted. It
// returns the end of the last good line.
func readContextIndex(index *os.File, size int64) (entries []indexed, end int64, warnings []Warning, err error) {
	var framesEnd int64
	stopped := false
	err = scanLines(index, 0, func(l line) error {
		if stopped || l.torn {
			return nil
		}
		sum, at, perr := parseContextEntry(l.data)
		if perr != nil {
			warnings = append(warnings, Warning{contextIndexFile, l.number, fmt.Sprintf("skipped a broken line: %v", perr)})
			end = l.end()
			return nil
		}
		if at.offset < framesEnd || at.offset+int64(at.length) > size {
			warnings = append(warnings, Warning{contextIndexFile, l.number, "dropped this entry and what follows: its frame isn't on disk"})
			stopped = true
			return nil
		}
		framesEnd = at.offset + int64(at.length)
		entries = append(entries, indexed{sum, at, l.offset})
		end = l.end()
		return nil
	})
	return entries, end, warnings, err
}

// parseContextEntry reads one index line.
func parseContextEntry(data []byte) (sum [sha256.Size]byte, at frame, err error) {
	if data == nil {
		return sum, at, fmt.Errorf("longer than %d MiB", maxRecord>>20)
	}
	var e contextEntry
	if err := json.Unmarshal(data, &e); err != nil {
		return sum, at, err
	}
	if sum, err = parseSum(e.SHA256); err != nil {
		return sum, at, err
	}
	if e.Offset < 0 || e.Length <= 0 || e.Bytes < 0 || e.Length > maxContext || e.Bytes > maxContext || e.Offset > 1<<60 {
		return sum, at, fmt.Errorf("offset %d, length %d or bytes %d out of range", e.Offset, e.Length, e.Bytes)
	}
	characters := -1
	if e.Characters != nil && *e.Characters >= 0 && *e.Characters <= e.Bytes {
		characters = *e.Characters
	}
	return sum, frame{e.Offset, e.Length, e.Bytes, characters}, nil
}

func parseSum(s string) (sum [sha256.Size]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != sha256.Size {
		return sum, errors.New("sha256: want 64 hex digits")
	}
	return [sha256.Size]byte(b), nil
}

// dropUnreadable takes entries in, after dropping from the end those whose
// frame can't be read back: a power cut may leave the length of a file but not
// its last pages.
func (c *Contexts) dropUnreadable(entries []indexed) {
	for len(entries) > 0 {
		last := entries[len(entries)-1]
		if _, err := c.read(last.sum, last.at); err == nil {
			c.framesEnd = last.at.offset + int64(last.at.length)
			break
		}
		c.warnings = append(c.warnings, Warning{File: contextsFile, Text: "dropped an unreadable last frame"})
		c.indexEnd = last.line
		entries = entries[:len(entries)-1]
	}
	for _, e := range entries {
		c.at[e.sum] = e.at
	}
}

// Put stores text if it isn't yet and returns its sha256 in hex, by which rows
// refer to it.
func (c *Contexts) Put(text string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text[:0], text...)
	sum := sha256.Sum256(c.text)
	ref := hex.EncodeToString(sum[:])
	if _, known := c.at[sum]; known {
		return ref, nil
	}
	if c.closed {
		return "", fmt.Errorf("results: store context: %w", errClosed)
	}
	if len(text) > maxContext {
		return "", fmt.Errorf("results: store context: %d bytes, at most %d are kept", len(text), maxContext)
	}
	c.packed = c.encoder.EncodeAll(c.text, c.packed[:0])
	at := frame{c.framesEnd, len(c.packed), len(text), utf8.RuneCountInString(text)}
	if err := c.add(ref, at); err != nil {
		return "", fmt.Errorf("results: store context: %w", err)
	}
	c.at[sum] = at
	return ref, nil
}

// add writes the frame, then its index line. The ends move only when both are
// written: what a full disk left behind them is overwritten next time.
func (c *Contexts) add(ref string, at frame) error {
	entry, err := marshalLine(contextEntry{ref, at.offset, at.length, at.bytes, &at.characters})
	if err != nil {
		return err
	}
	if _, err := c.frames.WriteAt(c.packed, at.offset); err != nil {
		return errors.Join(err, c.frames.Truncate(c.framesEnd))
	}
	if _, err := c.index.WriteAt(entry, c.indexEnd); err != nil {
		return errors.Join(err, c.index.Truncate(c.indexEnd), c.frames.Truncate(c.framesEnd))
	}
	c.dirty = true
	c.framesEnd += int64(at.length)
	c.indexEnd += int64(len(entry))
	return nil
}

// Get returns the context of a hash; ErrNoContext if there is none.
func (c *Contexts) Get(ref string) (string, error) {
	sum, err := parseSum(ref)
	if err != nil {
		return "", fmt.Errorf("results: context %q: %w", ref, err)
	}
	c.mu.Lock()
	at, ok := c.at[sum]
	c.mu.Unlock()
	if !ok {
		return "", fmt.Errorf("results: %s: context %s: %w", c.path, ref, ErrNoContext)
	}
	text, err := c.read(sum, at)
	if err != nil {
		return "", fmt.Errorf("results: %s: context %s: %w", c.path, ref, err)
	}
	return text, nil
}

// read unpacks one frame and checks that it is what it should be.
func (c *Contexts) read(sum [sha256.Size]byte, at frame) (string, error) {
	packed := make([]byte, at.length)
	if _, err := c.frames.ReadAt(packed, at.offset); err != nil {
		return "", err
	}
	var header zstd.Header
	if err := header.Decode(packed); err != nil {
		return "", err
	}
	// The decoder makes room by what the frame says: it must agree with the
	// index, so that a damaged frame can't ask for more.
	if !header.HasFCS || header.FrameContentSize != uint64(at.bytes) {
		return "", fmt.Errorf("frame holds %d bytes, the index says %d", header.FrameContentSize, at.bytes)
	}
	text, err := c.decoder.DecodeAll(packed, make([]byte, 0, at.bytes))
	if err != nil {
		return "", err
	}
	if sha256.Sum256(text) != sum {
		return "", errors.New("its bytes have another sha256")
	}
	return string(text), nil
}

// Len returns the number of distinct contexts.
func (c *Contexts) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.at)
}

// Warnings returns what was wrong with the files when they were opened.
func (c *Contexts) Warnings() []Warning { return c.warnings }

// Close syncs and closes the files. A second Close does nothing.
func (c *Contexts) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	var err error
	if c.dirty { // the frames first: an index must not name what isn't there
		err = errors.Join(c.frames.Sync(), c.index.Sync())
	}
	err = errors.Join(err, c.frames.Close(), c.index.Close(), c.encoder.Close())
	c.decoder.Close()
	if err != nil && !errors.Is(err, fs.ErrClosed) {
		return fmt.Errorf("results: close contexts: %w", err)
	}
	return nil
}
