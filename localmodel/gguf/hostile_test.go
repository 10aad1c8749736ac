package gguf_test

import (
	"encoding/binary"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/gguf"
	"github.com/lcbench/lcbench/localmodel/gguf/gguftest"
	"github.com/lcbench/lcbench/localmodel/quant"
)

// raw builds a header by hand.
type raw []byte

func (b raw) u32(n uint32) raw        { return binary.LittleEndian.AppendUint32(b, n) }
func (b raw) u64(n uint64) raw        { return binary.LittleEndian.AppendUint64(b, n) }
func (b raw) text(s string) raw       { return append(b.u64(uint64(len(s))), s...) }
func (b raw) zeros(n int) raw         { return append(b, make([]byte, n)...) }
func header(tensors, keys uint64) raw { return raw("GGUF").u32(3).u64(tensors).u64(keys) }

// tensor appends a record with the given extents.
func (b raw) tensor(name string, typ quant.Type, offset uint64, shape ...uint64) raw {
	b = b.text(name).u32(uint32(len(shape)))
	for _, n := range shape {
		b = b.u64(n)
	}
	return b.u32(uint32(typ)).u64(offset)
}

func TestHostileFilesAreRefusedWithOneClearLine(t *testing.T) {
	const f32 = quant.F32
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "gguf: the file is empty"},
		{"another format", []byte("ggml...."), `not a GGUF file: it starts with "ggml"`},
		{"two bytes", []byte("GG"), `not a GGUF file: it starts with "GG"`},
		{"only the magic", []byte("GGUF"), "byte 4: 4 bytes announced, 0 left: is the download complete?"},
		{"version 1", raw("GGUF").u32(1).zeros(99), "GGUF version 1 is not supported (2 and 3 are)"},
		{"version 0", raw("GGUF").u32(0).zeros(99), "GGUF version 0 is not supported (2 and 3 are)"},
		{"version 4", raw("GGUF").u32(4).zeros(99), "GGUF version 4 is not supported (2 and 3 are)"},
		{"big endian", append(raw("GGUF"), 0, 0, 0, 3), "a big-endian GGUF file, only little-endian ones are supported"},
		{"absurdly many tensors", header(1<<60, 0).zeros(42), "the header announces 1152921504606846976 tensors, the file has room for at most 1"},
		{"absurdly many keys", header(0, math.MaxUint64).zeros(28), "announces 18446744073709551615 metadata entries, the file has room for at most 2"},
		{"one tensor too many", header(2, 0).zeros(42), "announces 2 tensors, the file has room for at most 1"},
		{"one key too many", header(0, 3).zeros(28), "announces 3 metadata entries, the file has room for at most 2"},
		{"one array element too many", header(0, 1).text("k").u32(9).u32(10).u64(3).zeros(17), "announces 3 array elements, the file has room for at most 2"},
		{"a key without a name", header(0, 1).text("").zeros(20), "metadata entry 1 of 1: byte 24: a name of 0 bytes (allowed: 1 to 65535)"},
		{"a key beyond the end", header(0, 1).u64(1 << 40).zeros(20), "metadata entry 1 of 1: byte 32: 1099511627776 bytes announced, 20 left"},
		{"a value of unknown type", header(0, 1).text("k").u32(13).zeros(9), `metadata key "k": value type 13 is unknown`},
		{"a string beyond the end", header(0, 1).text("k").u32(8).u64(math.MaxUint64), `metadata key "k": byte 45: 18446744073709551615 bytes announced, 0 left`},
		{"an array of unknown type", header(0, 1).text("k").u32(9).u32(99).u64(0), `metadata key "k": array element type 99 is unknown`},
		{"an array of arrays", header(0, 1).text("k").u32(9).u32(9).u64(0), `metadata key "k": an array of arrays, which is not supported`},
		{"an array beyond the end", header(0, 1).text("k").u32(9).u32(10).u64(1 << 61).zeros(17), `metadata key "k": the header announces 2305843009213693952 array elements, the file has room for at most 2`},
		{"an array of strings that ends early", header(0, 1).text("k").u32(9).u32(8).u64(2).text("abcdefgh").zeros(3), `metadata key "k": byte 65: 8 bytes announced, 3 left`},
		{"a truth value of 2", header(0, 1).text("k").u32(7).zeros(8)[:45], ""}, // 0: the control for the next
		{"a truth value of 2 indeed", append(header(0, 1).text("k").u32(7), 2), `metadata key "k": a truth value is 2, want 0 or 1`},
		{"a truth value of 3 in an array", append(header(0, 1).text("k").u32(9).u32(7).u64(2), 1, 3), `metadata key "k": a truth value is 3, want 0 or 1`},
		{"a key twice", gguftest.Build([]gguftest.KV{{Key: "k", Value: true}, {Key: "a", Value: true}, {Key: "k", Value: "x"}}, nil), `metadata key "k" occurs twice`},
		{"an alignment of 24", gguftest.Build([]gguftest.KV{{Key: "general.alignment", Value: int8(24)}}, nil), "general.alignment: want a power of two up to 2^30, got 24"},
		{"an alignment of 0", gguftest.Build([]gguftest.KV{{Key: "general.alignment", Value: int8(0)}}, nil), "general.alignment: want a power of two up to 2^30, got 0"},
		{"an alignment in words", gguftest.Build([]gguftest.KV{{Key: "general.alignment", Value: "wide"}}, nil), "general.alignment: want a power of two, got a value of another type"},
		{"a part of a model", gguftest.Build([]gguftest.KV{{Key: "split.count", Value: uint16(3)}}, nil), "this is one of 3 parts of a model: merge them first"},
		{"five dimensions", header(1, 0).tensor("w", f32, 0, 1, 1, 1, 1, 1).zeros(64), `tensor 1 of 1: "w": 5 dimensions (allowed: 1 to 4)`},
		{"no dimensions", header(1, 0).tensor("w", f32, 0).zeros(64), `tensor 1 of 1: "w": 0 dimensions (allowed: 1 to 4)`},
		{"a tensor without a name", header(1, 0).tensor("", f32, 0, 1).zeros(64), "tensor 1 of 1: byte 24: a name of 0 bytes"},
		{"a zero extent", header(1, 0).tensor("w", f32, 0, 4, 0).zeros(64), `tensor "w": shape [4 0] has a zero extent`},
		{"an extent beyond int", header(1, 0).tensor("w", f32, 0, math.MaxUint64).zeros(64), `tensor "w": shape [18446744073709551615] is too large`},
		{"a size beyond int", header(1, 0).tensor("w", f32, 0, 1<<31, 1<<31, 4).zeros(64), `tensor "w": shape [2147483648 2147483648 4] is too large`},
		{"a size that wraps around to a small one", header(1, 0).tensor("w", f32, 0, 1<<32, 1<<32).zeros(64), `tensor "w": shape [4294967296 4294967296] is too large`},
		{"an unknown type", header(1, 0).tensor("w", 10, 0, 256).zeros(500), `gguf: tensor "w": type 10 (Q2_K) is not supported (supported: F32, F16, Q4_0`},
		{"rows of part of a block", header(1, 0).tensor("w", quant.Q4_K, 0, 640).zeros(500), `tensor "w": rows of 640 weights are not a whole number of Q4_K blocks of 256`},
		{"an unaligned offset", header(1, 0).tensor("w", f32, 4, 1).zeros(500), `tensor "w": offset 4 is not a multiple of the alignment 32`},
		{"an offset outside the file", header(1, 0).tensor("w", f32, 1<<40, 1).zeros(64), `tensor "w": 4 bytes at offset 1099511627776, but the data section has 57`},
		{"data beyond the end", header(1, 0).tensor("w", f32, 0, 1<<20).zeros(64), `tensor "w": 4194304 bytes at offset 0, but the data section has 57: is the download complete?`},
		{"an offset that wraps around", header(1, 0).tensor("w", f32, math.MaxUint64-31, 64).zeros(64), `tensor "w": 256 bytes at offset 18446744073709551584`},
		{"a header that ends before the data section", header(1, 0).tensor("w", f32, 0, 1), `tensor "w": 4 bytes at offset 0, but the data section has 0`},
		{"a tensor name twice", header(2, 0).tensor("w", f32, 0, 1).tensor("w", f32, 32, 1).zeros(99), `tensor "w": the name occurs twice`},
		{"tensors that overlap", header(2, 0).tensor("w", f32, 0, 9).tensor("v", f32, 32, 1).zeros(99), `tensor "v": its data overlap those of tensor "w"`},
		{"a long name is cut", header(1, 0).tensor(long, 99, 0, 1).zeros(99), `xxxx" (cut): type 99 is not supported`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := gguf.Parse(c.data)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")):
				t.Errorf("got  %v\nwant %s", err, c.want)
			case err != nil && len(err.Error()) > 400:
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

func TestEveryTruncationIsAnError(t *testing.T) {
	whole := gguftest.Build(meta, tensors)
	for n := range whole {
		if _, err := gguf.Parse(whole[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were accepted", n, len(whole))
		}
	}
}

// allocated returns how many bytes do allocated.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// allocationBound is what Parse may allocate for n bytes: the densest headers
// are those of TestDenseHeadersAllocateInProportion.
func allocationBound(n int) uint64 { return uint64(12*n + 1<<16) }

func TestDenseHeadersAllocateInProportion(t *testing.T) {
	const n = 20000
	keys, infos := header(0, n), header(n, 0)
	for i := range uint64(n) {
		name := string([]rune{rune(i%100 + 20), rune(i/100 + 20)})
		keys = append(keys.text(name).u32(0), 1)
		infos = infos.tensor(name, quant.F32, i*32, 1)
	}
	for name, data := range map[string][]byte{"keys": keys, "tensors": infos.zeros(n*32 + 32)[:len(infos)+n*32+32]} {
		if used := allocated(func() { parse(t, data) }); used > allocationBound(len(data)) {
			t.Errorf("%s: %d bytes made Parse allocate %d, want at most %d", name, len(data), used, allocationBound(len(data)))
		} else {
			t.Logf("%s: %d bytes, %d allocated", name, len(data), used)
		}
	}
	// Tensor records that turn out to lie outside the file cost as much.
	if used := allocated(func() { gguf.Parse(infos) }); used > allocationBound(len(infos)) {
		t.Errorf("records only: %d bytes made Parse allocate %d", len(infos), used)
	} else {
		t.Logf("records only: %d bytes, %d allocated", len(infos), used)
	}
}

// FuzzParse checks that no bytes make the reader panic or allocate more than a
// small multiple of their number, and that what it returns can be used.
func FuzzParse(f *testing.F) {
	f.Add(gguftest.Build(meta, tensors))
	f.Add(gguftest.Build(nil, nil))
	f.Add([]byte(header(1<<60, 0).zeros(42)))
	f.Add([]byte(header(2, 0).tensor("w", quant.F32, 0, 9).tensor("v", quant.Q4_K, 64, 256, 2).zeros(500)))
	f.Add([]byte(header(0, 1).text("k").u32(9).u32(8).u64(2).text("abcdefgh").zeros(30)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		var file *gguf.File
		used := allocated(func() { file, _ = gguf.Parse(data) })
		if bound := allocationBound(len(data)); used > bound {
			t.Fatalf("%d bytes made Parse allocate %d, want at most %d", len(data), used, bound)
		}
		if file == nil {
			return
		}
		for _, key := range file.Keys() {
			if _, ok := file.Value(key); !ok {
				t.Fatalf("key %q has no value", key)
			}
			file.Ints(key)
			file.Floats(key)
		}
		total := 0
		for _, x := range file.Tensors() {
			if total += len(x.Data); total > len(data) {
				t.Fatalf("tensors of more bytes than the file's %d", len(data))
			}
			if _, err := x.Float32(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
