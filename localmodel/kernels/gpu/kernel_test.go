package gpu

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gogpu/naga"
	"github.com/gogpu/naga/hlsl"
	"github.com/gogpu/naga/msl"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// variants lists every kernel file, the templates with all weight formats,
// activations and layouts, and head sizes that are common or awkward.
func variants() []variant {
	list := []variant{
		{file: "add", access: "wr"}, {file: "scale", access: "w"}, {file: "softcap", access: "w"},
		{file: "rmsnorm", access: "rrw"}, {file: "rope", access: "wr"}, {file: "kvstore", access: "rrww"},
		{file: "argmax", access: "rww"}, {file: "turn", access: "rrw"}, {file: "scores", access: "rrw"}, {file: "mean", access: "rw"},
		{file: "combine", access: "rrww"},
		{file: "gate", access: "wr", fill: fill{Act: "silu"}}, {file: "gate", access: "wr", fill: fill{Act: "gelu"}},
		{file: "gate", access: "wr", fill: fill{Act: "sigmoid"}},
		{file: "kda_sums", access: "rrrwwww"}, {file: "kda_pairs", access: "rrrrww"}, {file: "kda_solve", access: "rrrrrww", fill: fill{Rows: solvedRows}},
		{file: "conv", access: "rrrw", fill: fill{Act: "silu"}}, {file: "conv_tail", access: "rw"}, {file: "kda_gates", access: "rrww", fill: fill{Act: "sigmoid"}},
		{file: "latent_store", access: "rrw"}, {file: "heads", access: "rrw"}, {file: "nearest", access: "rrw"}, {file: "centres", access: "rrw"},
	}
	for _, typ := range quant.Types() {
		for _, file := range []string{"embed", "matvec", "matmul"} {
			list = append(list, variant{file: file, access: "rrw", fill: weightFill(typ)})
		}
	}
	for _, dims := range [][2]int{{4, 4}, {20, 36}, {64, 64}, {128, 128}, {192, 128}, {256, 256}, {maxLatent, maxLatent}} {
		if dims[0] <= maxHeadDim {
			list = append(list, variant{file: "kda_scan", access: "rrrrrww", fill: fill{KeyQuads: dims[0] / 4, ValueQuads: scanQuads(dims[0])}})
		}
		for _, rows := range []int{1, 3, 8, 100} {
			r, lanes := shape(rows, dims[0], dims[1])
			layout := fill{KeyQuads: dims[0] / 4, ValueQuads: dims[1] / 4, Rows: r, Lanes: lanes}
			list = append(list, variant{file: "attend", access: "rrrww", fill: layout},
				variant{file: "chosen", access: "rrrrrww", fill: layout}, variant{file: "columns", access: "rrrw", fill: layout},
				variant{file: "kda", access: "rrrrrww", fill: layout})
			layout.Spans = true
			list = append(list, variant{file: "attend", access: "rrrwwr", fill: layout})
		}
	}
	return list
}

// TestEveryKernelKeepsToWebGPUsDefaultLimits reads the rendered WGSL.
func TestEveryKernelKeepsToWebGPUsDefaultLimits(t *testing.T) {
	size := regexp.MustCompile(`@workgroup_size\((\d+)\)`)
	shared := regexp.MustCompile(`var<workgroup> \w+: array<([\w<>]+), (\d+)>`)
	bytes := map[string]int{"f32": 4, "u32": 4, "vec4<f32>": 16}
	for _, v := range variants() {
		src, err := v.source()
		if err != nil {
			t.Fatal(err)
		}
		m := size.FindStringSubmatch(src)
		if m == nil {
			t.Fatalf("%s: no workgroup size", v.file)
		}
		if n, _ := strconv.Atoi(m[1]); n > 256 {
			t.Errorf("%s: workgroup of %d", v.file, n)
		}
		memory := 0
		for _, m := range shared.FindAllStringSubmatch(src, -1) {
			n, _ := strconv.Atoi(m[2])
			if bytes[m[1]] == 0 {
				t.Fatalf("%s: size of %s?", v.file, m[1])
			}
			memory += n * bytes[m[1]]
		}
		if strings.Count(src, "var<workgroup>") != len(shared.FindAllString(src, -1)) || memory > 16<<10 {
			t.Errorf("%s: %d bytes of workgroup memory", v.file, memory)
		}
		if n := strings.Count(src, "var<storage"); n != len(v.access) || n > maxBuffers {
			t.Errorf("%s: %d storage buffers, access %q", v.file, n, v.access)
		}
		for _, line := range []string{"enable ", "subgroup", "requires "} {
			if strings.Contains(src, "\n"+line) || strings.Contains(src, "fn "+line) {
				t.Errorf("%s needs an extension: %q", v.file, line)
			}
		}
	}
}

// poison makes a kernel fill its workgroup memory with NaNs before it starts,
// as a GPU may that ran something else there.
func poison(src string) string {
	shared := regexp.MustCompile(`var<workgroup> (\w+): array<([\w<>]+), (\d+)>`)
	size := regexp.MustCompile(`@workgroup_size\((\d+)\)`).FindStringSubmatch(src)[1]
	values := map[string]string{
		"f32":       "bitcast<f32>(0x7fc00000u | (lid.x & 1u))",
		"vec4<f32>": "vec4<f32>(bitcast<f32>(0x7fc00000u | (lid.x & 1u)))",
		"u32":       "0xfffffff0u | lid.x",
	}
	var fill strings.Builder
	for _, m := range shared.FindAllStringSubmatch(src, -1) {
		fmt.Fprintf(&fill, "for (var zz = lid.x; zz < %su; zz += %su) { %s[zz] = %s; }\n", m[3], size, m[1], values[m[2]])
	}
	if fill.Len() == 0 {
		return src
	}
	start := regexp.MustCompile(`fn main\([^{]*\{`).FindStringIndex(src)[1]
	return src[:start] + "\n" + fill.String() + "workgroupBarrier();\n" + src[start:]
}

// TestKernelsWriteWorkgroupMemoryBeforeTheyReadIt guards what spirv takes out.
func TestKernelsWriteWorkgroupMemoryBeforeTheyReadIt(t *testing.T) {
	d := openDevice(t, Options{rewrite: poison})
	for _, typ := range []quant.Type{quant.F32, quant.Q6_K} {
		for _, tokens := range []int{1, 35} {
			r := source("poison")
			cols := columns(typ)[len(columns(typ))-1]
			testProduct(t, d, fmt.Sprint(typ, tokens), randomTensor(r, typ, 33, cols), normal(r, tokens*cols))
		}
	}
	testChosen(t, d, chosenCase{name: "poison", heads: 6, kvHeads: 2, keyDim: 20, valueDim: 36, tokens: 5, slots: 150, keys: 150, turns: 3, group: 3, parts: 2})
	testColumnSums(t, d, 7, 2)
	testDelta(t, d, 20, 37)
	testDeltaChunks(t, d, 20, 36, 70)
	testLatent(t, d, LatentLayer{Heads: 3, KeyDim: 8, SharedDim: 4, ValueDim: 8, Rank: 20}, 9)
	c := tinyConfig()
	w := tinyWeights(c, true)
	m, err := NewModel(d, c, find(w))
	if err != nil {
		t.Fatal(err)
	}
	ids := tokens(40)
	if err := m.Prefill(ids[:39], 0); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Decode(ids[39]); err != nil {
		t.Fatal(err)
	}
	sameLogits(t, "poisoned", m, reference{t, c, w}.logits(ids))
}

func TestZeroingOfWorkgroupMemoryIsTakenOut(t *testing.T) {
	src, err := variant{file: "rmsnorm"}.source()
	if err != nil {
		t.Fatal(err)
	}
	before, err := naga.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	code, err := spirv(src)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i, w := range code {
		if w != binary.LittleEndian.Uint32(before[4*i:]) {
			changed++
		}
	}
	if changed != 3 { // the words of the one store of zeros
		t.Errorf("%d words changed, want the 3 of one store", changed)
	}
	if err := dropZeroing([]uint32{0, 0, 0, 0, 0, 9<<16 | opStore}); err == nil {
		t.Error("an instruction beyond the end is not noticed")
	}
}

// TestEveryKernelTranslatesForMetalAndDirect3D stands in for the machines
// that no test of ours runs on: naga's other back ends must take every kernel.
func TestEveryKernelTranslatesForMetalAndDirect3D(t *testing.T) {
	for _, v := range variants() {
		name := fmt.Sprintf("%s %+v", v.file, v.fill)
		src, err := v.source()
		if err != nil {
			t.Fatal(err)
		}
		ast, err := naga.Parse(src)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		module, err := naga.LowerWithSource(ast, src)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if faults, err := naga.Validate(module); err != nil || len(faults) != 0 {
			t.Errorf("%s: %v, %v", name, faults, err)
		}
		if out, _, err := msl.Compile(module, msl.DefaultOptions()); err != nil || !strings.Contains(out, "kernel void") {
			t.Errorf("%s: metal: %v", name, err)
		}
		if out, _, err := hlsl.Compile(module, hlsl.DefaultOptions()); err != nil || !strings.Contains(out, "numthreads") {
			t.Errorf("%s: hlsl: %v", name, err)
		}
	}
}
