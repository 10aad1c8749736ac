package datasets

import (
	"encoding/binary"
	"errors"
)

// The parquet library allocates what a file's metadata claims before it
// reads. skim walks such metadata first and makes sure that every length fits
// into the bytes that are there. Format: thrift's compact protocol.

var (
	errShort  = errors.New("ends too early")
	errThrift = errors.New("is not well formed")
)

// skim is a position in thrift compact bytes.
type skim struct {
	b  []byte
	at int
}

// Type codes of the compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

const thriftDepth = 64

// fields walks a struct and calls visit with each field's id and, for whole
// numbers, its value; within is called for nested structs instead of walking
// them, if it returns true it has walked the struct itself.
func (s *skim) fields(depth int, visit func(id int, n int64), within func(id int) (bool, error)) error {
	if depth > thriftDepth {
		return errThrift
	}
	id := 0
	for {
		head, err := s.byte()
		if err != nil {
			return err
		}
		kind := int(head & 15)
		if kind == 0 {
			return nil
		}
		if delta := int(head >> 4); delta != 0 {
			id += delta
		} else {
			n, err := s.zigzag()
			if err != nil {
				return err
			}
			id = int(int16(n))
		}
		if err := s.field(id, kind, depth, visit, within); err != nil {
			return err
		}
	}
}

func (s *skim) field(id, kind, depth int, visit func(id int, n int64), within func(id int) (bool, error)) error {
	switch kind {
	case thriftI16, thriftI32, thriftI64:
		n, err := s.zigzag()
		if err == nil && visit != nil {
			visit(id, n)
		}
		return err
	case thriftTrue, thriftFalse:
		if visit != nil {
			visit(id, int64(thriftFalse-kind))
		}
		return nil
	case thriftStruct:
		if within != nil {
			if done, err := within(id); done || err != nil {
				return err
			}
		}
	}
	return s.value(kind, depth)
}

// value walks a value that is of no interest by itself.
func (s *skim) value(kind, depth int) error {
	switch kind {
	case thriftTrue, thriftFalse:
		return nil
	case thriftByte:
		return s.skip(1)
	case thriftI16, thriftI32, thriftI64:
		_, err := s.zigzag()
		return err
	case thriftDouble:
		return s.skip(8)
	case thriftBinary:
		n, err := s.uvarint()
		if err != nil {
			return err
		}
		return s.skip(n)
	case thriftList, thriftSet:
		return s.list(depth)
	case thriftMap:
		return s.mapping(depth)
	case thriftStruct:
		return s.fields(depth+1, nil, nil)
	}
	return errThrift
}

func (s *skim) list(depth int) error {
	head, err := s.byte()
	if err != nil {
		return err
	}
	count, kind := uint64(head>>4), int(head&15)
	if count == 15 {
		if count, err = s.uvarint(); err != nil {
			return err
		}
	}
	// A struct of parquet's metadata takes at least two bytes, anything else
	// one; a list that claims more is not believed.
	least := uint64(1)
	if kind == thriftStruct {
		least = 2
	}
	if count > uint64(len(s.b)-s.at)/least {
		return errShort
	}
	for range count {
		if err := s.listValue(kind, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// listValue walks an element; booleans take a byte in lists and maps.
func (s *skim) listValue(kind, depth int) error {
	if depth > thriftDepth {
		return errThrift
	}
	if kind == thriftTrue || kind == thriftFalse {
		return s.skip(1)
	}
	return s.value(kind, depth)
}

func (s *skim) mapping(depth int) error {
	count, err := s.uvarint()
	if err != nil || count == 0 {
		return err
	}
	kinds, err := s.byte()
	if err != nil {
		return err
	}
	if count > uint64(len(s.b)-s.at)/2 {
		return errShort
	}
	for range count {
		if err := s.listValue(int(kinds>>4), depth+1); err != nil {
			return err
		}
		if err := s.listValue(int(kinds&15), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (s *skim) byte() (byte, error) {
	if s.at >= len(s.b) {
		return 0, errShort
	}
	s.at++
	return s.b[s.at-1], nil
}

func (s *skim) skip(n uint64) error {
	if n > uint64(len(s.b)-s.at) {
		return errShort
	}
	s.at += int(n)
	return nil
}

func (s *skim) uvarint() (uint64, error) {
	n, k := binary.Uvarint(s.b[s.at:])
	switch {
	case k == 0:
		return 0, errShort
	case k < 0:
		return 0, errThrift
	}
	s.at += k
	return n, nil
}

func (s *skim) zigzag() (int64, error) {
	n, err := s.uvarint()
	return int64(n>>1) ^ -int64(n&1), err
}
