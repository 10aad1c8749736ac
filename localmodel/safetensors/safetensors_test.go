package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lcbench/lcbench/localmodel/quant"
)

// build puts a header before data bytes.
func build(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// TestGoldenSmallFile reads what testdata/small.py wrote with the Python package.
func TestGoldenSmallFile(t *testing.T) {
	f, err := Open(filepath.Join("testdata", "small.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	values := []float32{-0.5, -0.25, 0, 0.25, 0.5, 0.75}
	for _, c := range []struct {
		name  string
		typ   quant.Type
		shape []int
		want  []float32
	}{
		{"matrix.f32", quant.F32, []int{3, 2}, values},
		{"matrix.f16", quant.F16, []int{3, 2}, values},
		{"matrix.bf16", quant.BF16, []int{3, 2}, values},
		{"cube", quant.F32, []int{3, 2, 1}, values},
		{"scalar", quant.F32, []int{}, values[5:]},
		{"none", quant.F32, []int{3, 0}, []float32{}},
	} {
		x, err := f.Tensor(c.name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.Float32()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got) + cmp.Diff(c.shape, x.Shape); diff != "" || x.Type != c.typ || x.Name != c.name {
			t.Errorf("%s: type %s (-want +got):\n%s", c.name, x.Type, diff)
		}
	}
	if _, err := f.Tensor("counts"); fmt.Sprint(err) != `safetensors: tensor "counts": dtype "I64" is not supported (supported: F32, F16, BF16)` {
		t.Errorf("an unsupported dtype: %v", err)
	}
	if _, err := f.Tensor("absent"); !errors.Is(err, ErrNoTensor) {
		t.Errorf("an absent tensor: %v", err)
	}
	if diff := cmp.Diff([]string{"counts", "cube", "matrix.bf16", "matrix.f16", "matrix.f32", "none", "scalar"}, f.Names()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"format": "pt", "grüße": "▁"}, f.Metadata()); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		if err := f.Close(); err != nil || f.Has("cube") {
			t.Errorf("Close: %v, tensors left: %v", err, f.Names())
		}
	}
}

func TestHostileFilesAreRefusedWithOneClearLine(t *testing.T) {
	const f32 = `{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "safetensors: the file is empty"},
		{"five bytes", make([]byte, 5), "not a safetensors file: 5 bytes, want at least 8"},
		{"a Git LFS pointer", []byte("version https://git-lfs.github.com/spec/v1\n"), "this is a Git LFS pointer"},
		{"a header beyond the limit", []byte("GGUF\x03\x00\x00\x00"), "a header of 14064895815 bytes (allowed: 100000000): is it a safetensors file?"},
		{"a header beyond the end", build("{}", 0)[:9], "a header of 2 bytes is announced, 1 are left: is the download complete?"},
		{"no header", build("", 8), "the header does not start with {"},
		{"a header that is a list", build("[]", 0), "the header does not start with {"},
		{"a header without an end", build(`{"w":`+f32, 8), "header: unexpected EOF"},
		{"something behind the header", build(`{"w":`+f32+`} {}`, 8), "header: something follows the closing brace"},
		{"spaces behind the header are usual", build(`{"w":`+f32+`}   `, 8), ""},
		{"a tensor twice", build(`{"w":`+f32+`,"w":`+f32+`}`, 8), `header: tensor "w": the name occurs twice`},
		{"a tensor that is a number", build(`{"w":3}`, 0), `header: tensor "w": byte 6: want {, got "3"`},
		{"an unknown field", build(`{"w":{"size":[[[1]]]}}`, 0), `header: tensor "w": unknown field "size"`},
		{"no dtype", build(`{"w":{"shape":[],"data_offsets":[0,0]}}`, 0), `header: tensor "w": field dtype is missing`},
		{"no shape", build(`{"w":{"dtype":"F32","data_offsets":[0,0]}}`, 0), `header: tensor "w": field shape is missing`},
		{"one offset", build(`{"w":{"dtype":"F32","shape":[],"data_offsets":[0]}}`, 0), "field data_offsets: want 2 numbers, got 1"},
		{"three offsets", build(`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,1,2]}}`, 0), "more than 2 numbers"},
		{"a negative extent", build(`{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}`, 0), `want an integer from 0 to 2^53, got "-1"`},
		{"half an extent", build(`{"w":{"dtype":"F32","shape":[0.5],"data_offsets":[0,0]}}`, 0), `want an integer from 0 to 2^53, got "0.5"`},
		{"an extent in words", build(`{"w":{"dtype":"F32","shape":["2"],"data_offsets":[0,0]}}`, 0), `want an integer from 0 to 2^53, got "2"`},
		{"a shape of 17 extents", build(`{"w":{"dtype":"F32","shape":[1`+strings.Repeat(",1", 16)+`],"data_offsets":[0,4]}}`, 4), "more than 16 numbers"},
		{"a size beyond int", build(`{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0), "shape [4294967296 4294967296] is too large"},
		{"a size that is not the shape's", build(`{"w":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}`, 8), `tensor "w": shape [2] of F16 is 4 bytes, but data_offsets give 8`},
		{"offsets in the wrong order", build(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8), "bytes 8 to 0, but the data section has 8"},
		{"data beyond the end", build(`{"w":`+f32+`}`, 7), "bytes 0 to 8, but the data section has 7: is the download complete?"},
		{"tensors that overlap", build(`{"w":`+f32+`,"v":{"dtype":"U8","shape":[4],"data_offsets":[6,10]}}`, 10), `tensor "v": its data start at byte 6, want 8`},
		{"a gap", build(`{"w":`+f32+`,"v":{"dtype":"U8","shape":[1],"data_offsets":[9,10]}}`, 10), `tensor "v": its data start at byte 9, want 8`},
		{"bytes behind the last tensor", build(`{"w":`+f32+`}`, 9), "the tensors end at byte 8 of the data section, which has 9"},
		{"metadata that are no strings", build(`{"__metadata__":{"n":1}}`, 0), `__metadata__ "n": byte 22: want a string, got 1`},
		{"an unknown dtype is no reason not to open", build(`{"w":{"dtype":"Q7","shape":[3],"data_offsets":[0,5]}}`, 5), ""},
		{"a long name is cut", build(`{"`+strings.Repeat("x", 5000)+`":3}`, 0), `x" (cut): byte`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(c.data)
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
	whole, err := os.ReadFile(filepath.Join("testdata", "small.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := Parse(whole[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were accepted", n, len(whole))
		}
	}
}

// folder writes a model folder.
func folder(t *testing.T, files map[string][]byte) string {
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// one returns a file with one tensor of two weights.
func one(name string) []byte {
	return build(`{"__metadata__":{"from":"`+name+`"},"`+name+`":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8)
}

func TestOpenFolder(t *testing.T) {
	const both = `{"metadata":{"total_size":16},"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}`
	for _, c := range []struct {
		name  string
		files map[string][]byte
		names []string
		want  string
	}{
		{name: "one file", files: map[string][]byte{singleName: one("a")}, names: []string{"a"}},
		{name: "two parts", files: map[string][]byte{indexName: []byte(both), "1.safetensors": one("a"), "2.safetensors": one("b")}, names: []string{"a", "b"}},
		{name: "one file is preferred", files: map[string][]byte{singleName: one("c"), indexName: []byte(both)}, names: []string{"c"}},
		{name: "nothing", want: "neither model.safetensors nor model.safetensors.index.json"},
		{name: "a part is missing", files: map[string][]byte{indexName: []byte(both), "1.safetensors": one("a")}, want: "2.safetensors: "},
		{name: "a part is broken", files: map[string][]byte{indexName: []byte(both), "1.safetensors": one("a"), "2.safetensors": {1}}, want: "2.safetensors: not a safetensors file"},
		{name: "a part lacks its tensor", files: map[string][]byte{indexName: []byte(both), "1.safetensors": one("a"), "2.safetensors": one("c")}, want: `2.safetensors: tensor "b": the index has it here, but the file (1 tensors) hasn't`},
		{name: "two parts have the same tensor", files: map[string][]byte{indexName: []byte(`{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}`), "1.safetensors": one("a"), "2.safetensors": one("a")}, want: `2.safetensors: tensor "a": another part of the model has it too`},
		{name: "a part has another part's tensor", files: map[string][]byte{indexName: []byte(both), "1.safetensors": build(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "2.safetensors": one("c")}, want: `2.safetensors: tensor "b": the index has it here, but an earlier part has it too`},
		{name: "a part outside the folder", files: map[string][]byte{indexName: []byte(`{"weight_map":{"a":"../../etc/passwd"}}`)}, want: `tensor "a": "../../etc/passwd" is not the name of a file in this folder`},
		{name: "the folder above as a part", files: map[string][]byte{indexName: []byte(`{"weight_map":{"a":".."}}`)}, want: `tensor "a": ".." is not the name`},
		{name: "an index without a map", files: map[string][]byte{indexName: []byte(`{"weights":{}}`)}, want: "model.safetensors.index.json: weight_map is missing or empty"},
		{name: "an index that is no JSON", files: map[string][]byte{indexName: []byte(`{`)}, want: "model.safetensors.index.json: unexpected end of JSON input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := OpenFolder(folder(t, c.files))
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got  %v\nwant %s", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if diff := cmp.Diff(c.names, f.Names()); diff != "" {
				t.Error(diff)
			}
			x, err := f.Tensor(c.names[len(c.names)-1])
			if err != nil || len(x.Data) != 8 {
				t.Errorf("got %v, %v", x, err)
			}
		})
	}
	if _, err := OpenFolder(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent folder: %v", err)
	}
}

func TestPartsMayBeLinksAsInTheHubCache(t *testing.T) {
	blobs := folder(t, map[string][]byte{"blob1": one("a"), "blob2": one("b")})
	dir := folder(t, map[string][]byte{indexName: []byte(`{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}`)})
	for part, blob := range map[string]string{"1.safetensors": "blob1", "2.safetensors": "blob2"} {
		if err := os.Symlink(filepath.Join(blobs, blob), filepath.Join(dir, part)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.Names(); len(got) != 2 {
		t.Errorf("got %q", got)
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

// allocationBound is what Parse may allocate for n bytes, garbage of the JSON
// decoder included: the densest header is that of
// TestADenseHeaderAllocatesInProportion.
func allocationBound(n int) uint64 { return uint64(64*n + 1<<16) }

func TestADenseHeaderAllocatesInProportion(t *testing.T) {
	var b strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&b, `,"%x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
	}
	data := build("{"+b.String()[1:]+"}", 0)
	used := allocated(func() {
		if _, err := Parse(data); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%d bytes, %d allocated", len(data), used)
	if used > allocationBound(len(data)) {
		t.Errorf("want at most %d", allocationBound(len(data)))
	}
}

// FuzzParse checks that no bytes make the reader panic or allocate more than a
// small multiple of their number, and that what it returns can be used.
func FuzzParse(f *testing.F) {
	small, err := os.ReadFile(filepath.Join("testdata", "small.safetensors"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Add(one("a"))
	f.Add(build(`{"w":{"dtype":"F4","shape":[4294967296,2],"data_offsets":[0,5]}}`, 5))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		var file *File
		var err error
		used := allocated(func() { file, err = Parse(data) })
		if bound := allocationBound(len(data)); used > bound {
			t.Fatalf("%d bytes made Parse allocate %d, want at most %d", len(data), used, bound)
		}
		if err != nil {
			return
		}
		total := 0
		for _, name := range file.Names() {
			x, err := file.Tensor(name)
			if err != nil {
				continue // an unsupported dtype
			}
			if total += len(x.Data); total > len(data) {
				t.Fatalf("tensors of more bytes than the file's %d", len(data))
			}
			if _, err := x.Float32(); err != nil && len(x.Data) > 0 {
				t.Fatal(err)
			}
		}
	})
}

// FuzzParseIndex checks that a part's name never leaves the folder.
func FuzzParseIndex(f *testing.F) {
	f.Add([]byte(`{"metadata":{},"weight_map":{"a":"1.safetensors","b":"../2"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		parts, err := parseIndex(text)
		if err != nil {
			return
		}
		for part, names := range parts {
			if dir := filepath.Dir(filepath.Join("d", part)); dir != "d" || len(names) == 0 {
				t.Fatalf("part %q with %d tensors", part, len(names))
			}
		}
	})
}
