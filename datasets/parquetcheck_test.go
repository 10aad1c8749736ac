package datasets

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

func dataPage(values, stored, expanded int32) format.PageHeader {
	h := format.PageHeader{Type: format.DataPage, CompressedPageSize: stored, UncompressedPageSize: expanded}
	h.DataPageHeader.Valid = true
	h.DataPageHeader.V.NumValues = values
	return h
}

func dataPage2(rep, def, stored, expanded int32) format.PageHeader {
	h := format.PageHeader{Type: format.DataPageV2, CompressedPageSize: stored, UncompressedPageSize: expanded}
	h.DataPageHeaderV2.Valid = true
	h.DataPageHeaderV2.V.NumValues = 1
	h.DataPageHeaderV2.V.RepetitionLevelsByteLength = rep
	h.DataPageHeaderV2.V.DefinitionLevelsByteLength = def
	return h
}

func TestPagesThatClaimTooMuchAreRefusedUnread(t *testing.T) {
	body := snappy.Encode(nil, bytes.Repeat([]byte("x"), 500))
	n := int32(len(body))
	liar := append(binary.AppendUvarint(nil, 1<<31), body[2:]...)
	dictionary := format.PageHeader{Type: format.DictionaryPage, CompressedPageSize: n, UncompressedPageSize: 500}
	dictionary.DictionaryPageHeader.Valid = true
	dictionary.DictionaryPageHeader.V.NumValues = maxPageValues + 1
	for _, c := range []struct {
		name string
		head format.PageHeader
		body []byte
		want string
	}{
		{"an honest page", dataPage(5, n, 500), body, ""},
		{"an honest page of version 2", dataPage2(0, 0, n, 500), body, ""},
		{"more stored bytes than there are", dataPage(5, n+1, 500), body, "claims 32 bytes, 31 are left"},
		{"a negative size", dataPage(5, -1, 500), body, "claims -1 bytes"},
		{"a huge expanded size", dataPage(5, n, 1<<30), body, "claims to expand to 1073741824 bytes"},
		{"too many values", dataPage(maxPageValues+1, n, 500), body, "values"},
		{"a negative number of values", dataPage(-1, n, 500), body, "claims -1 values"},
		{"a dictionary of too many values", dictionary, body, "values"},
		{"levels longer than the page", dataPage2(20, 20, n, 500), body, "more bytes of levels"},
		{"negative levels", dataPage2(-5, 0, n, 500), body, "more bytes of levels"},
		{"a codec that claims more than the header", dataPage(5, n, 500), liar[:n], "expands to 2147483648 bytes, its header says 500"},
	} {
		head, err := thrift.Marshal(new(thrift.CompactProtocol), &c.head)
		if err != nil {
			t.Fatal(err)
		}
		file := memoryFile{bytes.NewReader(append(append([]byte("PAR1"), head...), c.body...))}
		err = checkPages(file, format.ColumnMetaData{DataPageOffset: 4, TotalCompressedSize: file.Size() - 4, Codec: format.Snappy})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestColumnsOutsideOfTheFileAreRefused(t *testing.T) {
	file := memoryFile{bytes.NewReader(make([]byte, 100))}
	for _, c := range []format.ColumnMetaData{
		{DataPageOffset: 101}, {DataPageOffset: -1}, {DataPageOffset: 50, TotalCompressedSize: 51},
		{DataPageOffset: 4, TotalCompressedSize: -1}, {DataPageOffset: 4, DictionaryPageOffset: 1 << 60, TotalCompressedSize: 1},
	} {
		if err := checkPages(file, c); err == nil || !strings.Contains(err.Error(), "outside of the file") {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

func TestMetadataThatClaimsTooMuchIsRefused(t *testing.T) {
	long := binary.AppendUvarint(nil, 1<<40)
	for name, footer := range map[string]string{
		"a text longer than the file": "\x18" + string(long),
		"a list longer than the file": "\x19\xfc" + string(long),
		"a map longer than the file":  "\x1b" + string(long) + "\x88",
		"structs nested without end":  strings.Repeat("\x1c", 5000),
		"lists nested without end":    "\x19" + strings.Repeat("\x19", 5000),
		"an unknown type":             "\x1d\x00",
		"no end":                      "\x15\x02",
		"a number of eleven bytes":    "\x16" + strings.Repeat("\xff", 11),
		"nothing":                     "",
	} {
		file := "PAR1" + footer + string(binary.LittleEndian.AppendUint32(nil, uint32(len(footer)))) + "PAR1"
		if err := checkFooter(memoryFile{bytes.NewReader([]byte(file))}); err == nil {
			t.Errorf("%s passed", name)
		}
	}
	for _, size := range []uint32{13, 1 << 31, 1<<32 - 1} {
		file := "PAR1" + string(binary.LittleEndian.AppendUint32(make([]byte, 9), size)) + "PAR1"
		if err := checkFooter(memoryFile{bytes.NewReader([]byte(file))}); err == nil || !strings.Contains(err.Error(), "bytes of metadata") {
			t.Errorf("%d bytes of metadata: %v", size, err)
		}
	}
}
