package datasets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// What a parquet file may claim before it is refused.
const (
	maxFooter     = 64 << 20
	maxPageHeader = 16 << 20
	maxPage       = 512 << 20 // bytes of one page, expanded
	maxPageValues = 32 << 20  // values of one page
)

// checkFooter makes sure that the file's metadata claims no more than the
// file can hold.
func checkFooter(in File) error {
	size := in.Size()
	var tail [8]byte
	if size < 12 {
		return errors.New("not a parquet file: too short")
	}
	if _, err := in.ReadAt(tail[:], size-8); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if string(tail[4:]) != "PAR1" {
		return errors.New("not a whole parquet file: its end is not PAR1 (truncated, or another format)")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	if n > size-12 || n > maxFooter {
		return fmt.Errorf("corrupt parquet file: claims %d bytes of metadata", n)
	}
	b := make([]byte, n)
	if _, err := in.ReadAt(b, size-8-n); err != nil {
		return err
	}
	s := skim{b: b}
	if err := s.fields(0, nil, nil); err != nil {
		return fmt.Errorf("corrupt parquet file: its metadata %w", err)
	}
	return nil
}

// pageHeader is what a page claims.
type pageHeader struct {
	expanded, stored     int64
	values               int64
	repLevels, defLevels int64 // bytes of them ahead of a version 2 page
	uncompressed         bool
	headerBytes          int
}

// checkPages walks the page headers of a column chunk without reading the
// pages, and makes sure that none claims more than a reader can afford.
func checkPages(in File, c format.ColumnMetaData) error {
	at := c.DataPageOffset
	if c.DictionaryPageOffset != 0 {
		at = c.DictionaryPageOffset
	}
	if at < 0 || c.TotalCompressedSize < 0 || at > in.Size() || c.TotalCompressedSize > in.Size()-at {
		return errors.New("corrupt parquet file: a column lies outside of the file")
	}
	end := at + c.TotalCompressedSize
	for at < end {
		h, err := readPageHeader(in, at, end-at)
		if err != nil {
			return fmt.Errorf("corrupt parquet file: page header at byte %d: %w", at, err)
		}
		at += int64(h.headerBytes)
		if err := h.check(end - at); err != nil {
			return fmt.Errorf("corrupt parquet file: page at byte %d: %w", at, err)
		}
		if err := h.checkCodec(in, at, c.Codec); err != nil {
			return fmt.Errorf("corrupt parquet file: page at byte %d: %w", at, err)
		}
		at += h.stored
	}
	return nil
}

func (h *pageHeader) check(left int64) error {
	switch {
	case h.stored < 0 || h.stored > left:
		return fmt.Errorf("claims %d bytes, %d are left", h.stored, left)
	case h.expanded < 0 || h.expanded > maxPage:
		return fmt.Errorf("claims to expand to %d bytes", h.expanded)
	case h.values < 0 || h.values > maxPageValues:
		return fmt.Errorf("claims %d values", h.values)
	case h.repLevels < 0 || h.defLevels < 0 || h.repLevels+h.defLevels > h.stored:
		return errors.New("claims more bytes of levels than it has")
	}
	return nil
}

// checkCodec compares the size that the compressed bytes themselves claim
// with the page header's: decoders allocate it unseen.
func (h *pageHeader) checkCodec(in File, at int64, codec format.CompressionCodec) error {
	skip := h.repLevels + h.defLevels
	if h.uncompressed || h.stored == skip {
		return nil
	}
	head := make([]byte, min(h.stored-skip, zstd.HeaderMaxSize))
	if _, err := in.ReadAt(head, at+skip); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	claimed := uint64(0)
	switch codec {
	case format.Snappy:
		n, k := binary.Uvarint(head)
		if k <= 0 {
			return errors.New("not snappy")
		}
		claimed = n
	case format.Zstd:
		var z zstd.Header
		if err := z.Decode(head); err != nil {
			return fmt.Errorf("not zstd: %w", err)
		}
		claimed = z.FrameContentSize
		if z.WindowSize > zstdWindow {
			return fmt.Errorf("claims a zstd window of %d bytes", z.WindowSize)
		}
	}
	if claimed > uint64(h.expanded) {
		return fmt.Errorf("expands to %d bytes, its header says %d", claimed, h.expanded)
	}
	return nil
}

// readPageHeader reads the header at byte at of a column chunk of which left
// bytes remain.
func readPageHeader(in File, at, left int64) (*pageHeader, error) {
	for window := int64(4 << 10); ; window *= 4 {
		b := make([]byte, min(window, left))
		if _, err := in.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		h, err := parsePageHeader(b)
		if errors.Is(err, errShort) && window < left && window < maxPageHeader {
			continue
		}
		return h, err
	}
}

// parsePageHeader picks what is needed from a PageHeader. Source: parquet.thrift
// of apache/parquet-format: fields 1 to 3 are type, expanded and stored size,
// 5, 7 and 8 the headers of data, dictionary and version 2 pages, each with
// its number of values first.
func parsePageHeader(b []byte) (*pageHeader, error) {
	s := &skim{b: b}
	h := &pageHeader{}
	err := s.fields(0, func(id int, n int64) {
		switch id {
		case 2:
			h.expanded = n
		case 3:
			h.stored = n
		}
	}, func(id int) (bool, error) {
		switch id {
		case 5, 7:
			return true, s.fields(1, func(field int, n int64) {
				if field == 1 {
					h.claim(n)
				}
			}, nil)
		case 8:
			return true, s.fields(1, h.version2, nil)
		}
		return false, nil
	})
	h.headerBytes = s.at
	return h, err
}

// claim notes a number of values; the worst of several counts.
func (h *pageHeader) claim(n int64) {
	if h.values >= 0 && (n < 0 || n > h.values) {
		h.values = n
	}
}

func (h *pageHeader) version2(id int, n int64) {
	switch id {
	case 1:
		h.claim(n)
	case 5:
		h.defLevels = n
	case 6:
		h.repLevels = n
	case 7:
		h.uncompressed = n == 0
	}
}
