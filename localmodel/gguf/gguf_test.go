package gguf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lcbench/lcbench/localmodel/gguf"
	"github.com/lcbench/lcbench/localmodel/gguf/gguftest"
	"github.com/lcbench/lcbench/localmodel/quant"
)

// meta has every value type of the format.
var meta = []gguftest.KV{
	{Key: "z.u8", Value: uint8(200)}, {Key: "i8", Value: int8(-3)},
	{Key: "u16", Value: uint16(65535)}, {Key: "i16", Value: int16(-300)},
	{Key: "u32", Value: uint32(1 << 31)}, {Key: "i32", Value: int32(-1 << 31)},
	{Key: "u64", Value: uint64(1 << 63)}, {Key: "i64", Value: int64(-1 << 63)},
	{Key: "f32", Value: float32(1e-5)}, {Key: "f64", Value: 0.1},
	{Key: "yes", Value: true}, {Key: "no", Value: false},
	{Key: "text", Value: "grüße"}, {Key: "empty", Value: ""},
	{Key: "list.text", Value: []string{"a", "", "\xff<0x00>", "▁the"}},
	{Key: "list.none", Value: []string{}},
	{Key: "list.f32", Value: []float32{1.5, -1000}}, {Key: "list.f64", Value: []float64{0.25}},
	{Key: "list.u8", Value: []uint8{1, 255}}, {Key: "list.i8", Value: []int8{-1, 1}},
	{Key: "list.u16", Value: []uint16{65535}}, {Key: "list.i16", Value: []int16{-2}},
	{Key: "list.u32", Value: []uint32{1 << 31}}, {Key: "list.i32", Value: []int32{3, -1}},
	{Key: "list.u64", Value: []uint64{7, 1 << 63}}, {Key: "list.i64", Value: []int64{-9}},
	{Key: "list.bool", Value: []bool{true, false, true}},
}

var tensors = []gguftest.T{
	{Name: "b", Type: quant.Q8_0, Shape: []int{64, 3}, Data: bytes.Repeat([]byte{0, 0x3c, 1}, 68)},
	{Name: "a", Type: quant.F32, Shape: []int{3}, Data: gguftest.F32(1, 2, 3)},
	{Name: "c", Type: quant.F16, Shape: []int{1, 2, 1, 2}, Data: gguftest.F16(1, 2, 3, 4)},
}

func parse(t *testing.T, data []byte) *gguf.File {
	t.Helper()
	f, err := gguf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestValuesComeBack(t *testing.T) {
	f := parse(t, gguftest.Build(meta, nil))
	want := map[string]any{
		"z.u8": uint64(200), "i8": int64(-3), "u16": uint64(65535), "i16": int64(-300),
		"u32": uint64(1 << 31), "i32": int64(-1 << 31), "u64": uint64(1 << 63), "i64": int64(-1 << 63),
		"f32": float32(1e-5), "f64": 0.1, "yes": true, "no": false, "text": "grüße", "empty": "",
		"list.text": []string{"a", "", "\xff<0x00>", "▁the"}, "list.none": []string{},
		"list.f32": []float32{1.5, -1000}, "list.f64": []float64{0.25},
		"list.u8": []uint64{1, 255}, "list.i8": []int64{-1, 1}, "list.u16": []uint64{65535}, "list.i16": []int64{-2},
		"list.u32": []uint64{1 << 31}, "list.i32": []int64{3, -1}, "list.u64": []uint64{7, 1 << 63}, "list.i64": []int64{-9},
		"list.bool": []bool{true, false, true},
	}
	got := map[string]any{}
	for _, key := range f.Keys() {
		got[key], _ = f.Value(key)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if keys := f.Keys(); keys[0] != "empty" || keys[len(keys)-1] != "z.u8" {
		t.Errorf("keys are not sorted: %q", keys)
	}
}

// TestTypedGetters calls each getter with each key: what isn't listed must be
// reported as absent.
func TestTypedGetters(t *testing.T) {
	f := parse(t, gguftest.Build(meta, nil))
	getters := map[string]func(string) (any, bool){
		"String":  func(k string) (any, bool) { v, ok := f.String(k); return v, ok },
		"Uint":    func(k string) (any, bool) { v, ok := f.Uint(k); return v, ok },
		"Float":   func(k string) (any, bool) { v, ok := f.Float(k); return v, ok },
		"Bool":    func(k string) (any, bool) { v, ok := f.Bool(k); return v, ok },
		"Strings": func(k string) (any, bool) { v, ok := f.Strings(k); return v, ok },
		"Floats":  func(k string) (any, bool) { v, ok := f.Floats(k); return v, ok },
		"Ints":    func(k string) (any, bool) { v, ok := f.Ints(k); return v, ok },
	}
	want := map[string]any{
		"String text": "grüße", "String empty": "",
		"Uint z.u8": uint64(200), "Uint u16": uint64(65535), "Uint u32": uint64(1 << 31), "Uint u64": uint64(1 << 63),
		"Float f32": float64(float32(1e-5)), "Float f64": 0.1,
		"Float z.u8": 200.0, "Float i8": -3.0, "Float u16": 65535.0, "Float i16": -300.0,
		"Float u32": 0x1p31, "Float i32": -0x1p31, "Float u64": 0x1p63, "Float i64": -0x1p63,
		"Bool yes": true, "Bool no": false,
		"Strings list.text": []string{"a", "", "\xff<0x00>", "▁the"}, "Strings list.none": []string{},
		"Floats list.f32": []float32{1.5, -1000}, "Floats list.f64": []float32{0.25},
		"Ints list.u8": []int64{1, 255}, "Ints list.i8": []int64{-1, 1}, "Ints list.u16": []int64{65535},
		"Ints list.i16": []int64{-2}, "Ints list.u32": []int64{1 << 31}, "Ints list.i32": []int64{3, -1},
		"Ints list.i64": []int64{-9}, "Ints list.bool": []int64{1, 0, 1},
	}
	got := map[string]any{}
	for name, get := range getters {
		for _, key := range append(f.Keys(), "absent") {
			if v, ok := get(key); ok {
				got[name+" "+key] = v
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTensorsComeBackInFileOrder(t *testing.T) {
	f := parse(t, gguftest.Build(meta, tensors))
	if diff := cmp.Diff(tensors, f.Tensors()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c, ok := f.Tensor("c")
	if !ok || c.Cols() != 1 || c.Rows() != 4 || c.Elements() != 4 {
		t.Errorf("tensor c: %v, %v", c, ok)
	}
	if _, ok := f.Tensor("d"); ok {
		t.Error("there is no tensor d")
	}
	if f.Version != 3 || f.Alignment != 32 {
		t.Errorf("version %d, alignment %d", f.Version, f.Alignment)
	}
}

func TestAlignmentKeyIsObeyed(t *testing.T) {
	for _, align := range []uint32{1, 8, 256} {
		kv := []gguftest.KV{{Key: "general.alignment", Value: align}}
		f := parse(t, gguftest.Build(kv, tensors))
		if diff := cmp.Diff(tensors, f.Tensors()); diff != "" || f.Alignment != int(align) {
			t.Errorf("alignment %d, want %d (-want +got):\n%s", f.Alignment, align, diff)
		}
	}
}

func TestVersion2IsRead(t *testing.T) {
	data := gguftest.Build(meta, tensors)
	data[4] = 2
	if f := parse(t, data); f.Version != 2 {
		t.Errorf("got version %d", f.Version)
	}
}

func TestOpenMapsAndStringsOutliveClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.gguf")
	if err := os.WriteFile(path, gguftest.Build(meta, tensors), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tensors, f.Tensors()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	list, _ := f.Strings("list.text")
	for range 2 {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if text, _ := f.String("text"); text != "grüße" || list[3] != "▁the" {
		t.Errorf("after Close: %q, %q", text, list)
	}
	if _, ok := f.Tensor("a"); ok || len(f.Tensors()) != 0 {
		t.Error("a closed file still hands out tensors")
	}
}

func TestOpenNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for path, want := range map[string]string{
		write("empty.gguf", ""):                                               "gguf: %s: the file is empty",
		write("model.bin", "PK\x03\x04zip"):                                   `gguf: %s: not a GGUF file: it starts with "PK\x03\x04"`,
		write("pointer.gguf", "version https://git-lfs.github.com/spec/v1\n"): "gguf: %s: this is a Git LFS pointer, not the file itself: run git lfs pull",
		dir: "gguf: %s: is a folder, want a file",
	} {
		_, err := gguf.Open(path)
		if want := fmt.Sprintf(want, path); fmt.Sprint(err) != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	_, err := gguf.Open(filepath.Join(dir, "absent"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
}

func TestAVocabularyOf262144OpensWithFewAllocations(t *testing.T) {
	vocabulary := make([]string, 262144)
	for i := range vocabulary {
		vocabulary[i] = fmt.Sprintf("piece%d", i)
	}
	data := gguftest.Build([]gguftest.KV{{Key: "tokens", Value: vocabulary}}, tensors)
	allocs := testing.AllocsPerRun(3, func() {
		f, err := gguf.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if list, _ := f.Strings("tokens"); list[262143] != "piece262143" {
			t.Fatal(list[262143])
		}
	})
	if allocs > 40 {
		t.Errorf("%v allocations, want at most 40", allocs)
	}
}

// long is a name that an error message must cut.
var long = strings.Repeat("x", 5000)
