package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

const (
	// maxHeader is the format's own limit on the header, in bytes.
	maxHeader = 100_000_000
	// maxDims is far beyond any real tensor.
	maxDims = 16
)

// record is a tensor as the header describes it, extents slowest first.
type record struct {
	dtype    string
	shape    []int
	from, to int // in the data section
	data     []byte
}

// parse checks a file and adds its tensors; its errors don't say which file.
func (f *File) parse(data []byte) error {
	header, section, err := split(data)
	if err != nil {
		return err
	}
	p := &parser{dec: json.NewDecoder(bytes.NewReader(header)), room: len(section)}
	if err := p.file(); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if err := p.tile(); err != nil {
		return err
	}
	for i, name := range p.names {
		if f.Has(name) {
			return fmt.Errorf("tensor %s: another part of the model has it too", quote(name))
		}
		r := p.records[i]
		r.data = section[r.from:r.to:r.to]
		f.tensors[name] = r
	}
	for key, value := range p.metadata {
		f.metadata[key] = value
	}
	return nil
}

// split finds header and data section: a uint64 with the length of the header,
// the header, the data.
func split(data []byte) (header, section []byte, err error) {
	if len(data) == 0 {
		return nil, nil, errors.New("the file is empty")
	}
	if bytes.HasPrefix(data, []byte("version https://git-lfs")) {
		return nil, nil, errors.New("this is a Git LFS pointer, not the file itself: run git lfs pull")
	}
	if len(data) < 8 {
		return nil, nil, fmt.Errorf("not a safetensors file: %d bytes, want at least 8", len(data))
	}
	n, rest := binary.LittleEndian.Uint64(data), data[8:]
	if n > maxHeader {
		return nil, nil, fmt.Errorf("a header of %d bytes (allowed: %d): is it a safetensors file?", n, maxHeader)
	}
	if n > uint64(len(rest)) {
		return nil, nil, fmt.Errorf("a header of %d bytes is announced, %d are left: is the download complete?", n, len(rest))
	}
	if n == 0 || rest[0] != '{' {
		return nil, nil, errors.New("not a safetensors file: the header does not start with {")
	}
	return rest[:n], rest[n:], nil
}

// parser reads the JSON of a header token by token, so that what it holds is
// never more than a small multiple of the header.
type parser struct {
	dec      *json.Decoder
	room     int // bytes of the data section
	names    []string
	records  []record // beside names
	metadata map[string]string
	seen     map[string]bool
}

// file reads the whole header: an object of tensors, and __metadata__.
func (p *parser) file() error {
	p.seen = map[string]bool{}
	err := p.object(func(name string) error {
		if p.seen[name] {
			return fmt.Errorf("tensor %s: the name occurs twice", quote(name))
		}
		p.seen[name] = true
		if name == "__metadata__" {
			return p.strings()
		}
		r, err := p.record()
		if err != nil {
			return fmt.Errorf("tensor %s: %w", quote(name), err)
		}
		p.names, p.records = append(p.names, name), append(p.records, r)
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return errors.New("something follows the closing brace")
	}
	return nil
}

// object reads an object and calls member for each key; member reads its value.
func (p *parser) object(member func(key string) error) error {
	if err := p.delim('{'); err != nil {
		return err
	}
	for p.dec.More() {
		key, err := p.text()
		if err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
	}
	return p.delim('}')
}

// strings reads __metadata__, an object of strings.
func (p *parser) strings() error {
	p.metadata = map[string]string{}
	return p.object(func(key string) error {
		value, err := p.text()
		p.metadata[key] = value
		if err != nil {
			return fmt.Errorf("__metadata__ %s: %w", quote(key), err)
		}
		return nil
	})
}

// record reads the description of a tensor and checks its size.
func (p *parser) record() (r record, err error) {
	var offsets []int
	err = p.object(func(key string) (err error) {
		switch key {
		case "dtype":
			r.dtype, err = p.text()
		case "shape":
			r.shape, err = p.numbers(maxDims)
		case "data_offsets":
			offsets, err = p.numbers(2)
		default:
			err = fmt.Errorf("unknown field %s", quote(key))
		}
		return err
	})
	switch {
	case err != nil:
		return r, err
	case r.dtype == "":
		return r, errors.New("field dtype is missing")
	case r.shape == nil:
		return r, errors.New("field shape is missing")
	case len(offsets) != 2:
		return r, fmt.Errorf("field data_offsets: want 2 numbers, got %d", len(offsets))
	}
	r.from, r.to = offsets[0], offsets[1]
	if r.from > r.to || r.to > p.room {
		return r, fmt.Errorf("bytes %d to %d, but the data section has %d: is the download complete?", r.from, r.to, p.room)
	}
	return r, r.checkSize()
}

// checkSize compares extents and bytes. The size of a dtype that is not known
// cannot be checked; nothing will be read from such a tensor.
func (r record) checkSize() error {
	bits := dtypeBits(r.dtype)
	if bits == 0 {
		return nil
	}
	elements := 1
	for _, n := range r.shape {
		if n > 0 && elements > math.MaxInt/64/n {
			return fmt.Errorf("shape %d is too large", r.shape)
		}
		elements *= n
	}
	if 8*(r.to-r.from) != elements*bits {
		return fmt.Errorf("shape %d of %s is %d bytes, but data_offsets give %d", r.shape, r.dtype, elements*bits/8, r.to-r.from)
	}
	return nil
}

// dtypeBits returns the bits of an element of the format's dtypes, 0 for others.
func dtypeBits(dtype string) int {
	switch dtype {
	case "F64", "I64", "U64", "C64":
		return 64
	case "F32", "I32", "U32":
		return 32
	case "F16", "BF16", "I16", "U16":
		return 16
	case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ":
		return 8
	case "F6_E2M3", "F6_E3M2":
		return 6
	case "F4":
		return 4
	}
	return 0
}

// tile refuses tensors that overlap or leave bytes of the data section unused,
// where something could hide.
func (p *parser) tile() error {
	order := make([]int, len(p.names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.records[a].from, p.records[b].from), cmp.Compare(p.records[a].to, p.records[b].to))
	})
	end := 0
	for _, i := range order {
		r := p.records[i]
		if r.from != end {
			return fmt.Errorf("tensor %s: its data start at byte %d, want %d, where the one before ends", quote(p.names[i]), r.from, end)
		}
		end = r.to
	}
	if end != p.room {
		return fmt.Errorf("the tensors end at byte %d of the data section, which has %d", end, p.room)
	}
	return nil
}

// delim reads a brace or bracket.
func (p *parser) delim(want json.Delim) error {
	got, err := p.token()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("byte %d: want %s, got %s", p.dec.InputOffset(), want, quote(fmt.Sprint(got)))
	}
	return nil
}

// text reads a string.
func (p *parser) text() (string, error) {
	got, err := p.token()
	if err != nil {
		return "", err
	}
	s, ok := got.(string)
	if !ok {
		return "", fmt.Errorf("byte %d: want a string, got %v", p.dec.InputOffset(), got)
	}
	return s, nil
}

// numbers reads an array of at most most integers that are not negative.
func (p *parser) numbers(most int) ([]int, error) {
	if err := p.delim('['); err != nil {
		return nil, err
	}
	list := []int{}
	for p.dec.More() {
		got, err := p.token()
		if err != nil {
			return nil, err
		}
		x, ok := got.(float64)
		// Above 2^53 a float64 no longer holds every integer; no size gets there.
		if !ok || x < 0 || x > 1<<53 || x != math.Trunc(x) {
			return nil, fmt.Errorf("byte %d: want an integer from 0 to 2^53, got %s", p.dec.InputOffset(), quote(fmt.Sprint(got)))
		}
		if len(list) == most {
			return nil, fmt.Errorf("byte %d: more than %d numbers", p.dec.InputOffset(), most)
		}
		list = append(list, int(x))
	}
	return list, p.delim(']')
}

// token reads any token; the end of the header is no place to stop at.
func (p *parser) token() (json.Token, error) {
	t, err := p.dec.Token()
	if err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	}
	return t, err
}
