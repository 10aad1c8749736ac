package gguf

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
)

// Least sizes of a record, in bytes: a key of one byte with a value of one,
// and a one-dimensional tensor with a name of one.
const (
	leastPair   = 8 + 1 + 4 + 1
	leastTensor = 8 + 1 + 4 + 8 + 4 + 8
)

// parse checks the whole header; its errors don't say which file.
func parse(data []byte) (*File, error) {
	c := &cursor{data: data}
	version, err := c.start()
	if err != nil {
		return nil, err
	}
	nTensors, err := c.count("tensors", leastTensor)
	if err != nil {
		return nil, err
	}
	nPairs, err := c.count("metadata entries", leastPair)
	if err != nil {
		return nil, err
	}
	pairs, err := c.pairs(nPairs)
	if err != nil {
		return nil, err
	}
	infos, err := c.infos(nTensors)
	if err != nil {
		return nil, err
	}
	text := string(data[:c.pos]) // the one copy that every name and value is part of
	f := &File{Version: version}
	if f.Metadata, err = newMetadata(text, pairs); err != nil {
		return nil, err
	}
	if f.Alignment, err = alignment(f.Metadata); err != nil {
		return nil, err
	}
	if n, ok := f.Uint("split.count"); ok && n > 1 {
		return nil, fmt.Errorf("this is one of %d parts of a model: merge them first (llama-gguf-split --merge)", n)
	}
	return f, f.addTensors(data, c.pos, text, infos)
}

// start reads magic and version.
func (c *cursor) start() (version int, err error) {
	if len(c.data) == 0 {
		return 0, errors.New("the file is empty")
	}
	if bytes.HasPrefix(c.data, []byte("version https://git-lfs")) {
		return 0, errors.New("this is a Git LFS pointer, not the file itself: run git lfs pull")
	}
	if !bytes.HasPrefix(c.data, []byte("GGUF")) {
		return 0, fmt.Errorf("not a GGUF file: it starts with %q", c.data[:min(4, len(c.data))])
	}
	c.pos = 4
	v, err := c.uint32()
	switch {
	case err != nil:
		return 0, err
	case v == 2 || v == 3:
		return int(v), nil
	case bits.ReverseBytes32(v) <= 0xffff && v != 0:
		return 0, errors.New("a big-endian GGUF file, only little-endian ones are supported")
	}
	return 0, fmt.Errorf("GGUF version %d is not supported (2 and 3 are)", v)
}

// alignment returns general.alignment, 32 where the key is absent.
func alignment(m Metadata) (int, error) {
	const key = "general.alignment"
	if _, present := m.find(key); !present {
		return 32, nil
	}
	n, ok := m.Uint(key)
	if !ok {
		return 0, fmt.Errorf("%s: want a power of two, got a value of another type", key)
	}
	if n == 0 || n&(n-1) != 0 || n > 1<<30 {
		return 0, fmt.Errorf("%s: want a power of two up to 2^30, got %d", key, n)
	}
	return int(n), nil
}
