package gpu

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu"
)

//go:embed wgsl
var sources embed.FS

// variant names one pipeline: a kernel's file and what its template is filled
// with.
type variant struct {
	file   string // wgsl/<file>.wgsl
	access string // of each binding after the parameters: r read, w read and write
	fill   fill
}

// fill holds the template's values; each kernel uses some of them.
type fill struct {
	Decode     string // wgsl/decode_<Decode>.wgsl: a weight format
	Unit       int    // weights that share a scale in it
	Act        string // wgsl/act_<Act>.wgsl: an activation
	KeyQuads   int    // head size of keys in vec4s
	ValueQuads int
	Rows       int  // query rows of an attention workgroup
	Lanes      int  // invocations that share a row
	Spans      bool // each row of attention sees keys of its own
	Listed     bool // entries of a table are listed, for each head its own
}

// kernel is a compiled variant.
type kernel struct {
	module   *wgpu.ShaderModule
	layout   *wgpu.BindGroupLayout
	plLayout *wgpu.PipelineLayout
	pipeline *wgpu.ComputePipeline
}

func (k *kernel) release() {
	k.pipeline.Release()
	k.plLayout.Release()
	k.layout.Release()
	k.module.Release()
}

// source renders the variant's WGSL.
func (v variant) source() (string, error) {
	name := v.file + ".wgsl"
	t := template.New(name).Funcs(template.FuncMap{
		"seq":    seq,
		"ceil":   func(a, b int) int { return (a + b - 1) / b },
		"mul":    func(a, b int) int { return a * b },
		"div":    func(a, b int) int { return a / b },
		"mod":    func(a, b int) int { return a % b },
		"divs":   func(a, b int) bool { return b%a == 0 },
		"decode": func() (string, error) { return include("words", "decode_"+v.fill.Decode) },
		"act":    func() (string, error) { return include("act_" + v.fill.Act) },
	})
	if _, err := t.ParseFS(sources, "wgsl/stream.wgsl", "wgsl/"+name); err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, v.fill); err != nil {
		return "", err
	}
	return b.String(), nil
}

// include joins plain files of the wgsl folder.
func include(files ...string) (string, error) {
	var b strings.Builder
	for _, f := range files {
		text, err := sources.ReadFile("wgsl/" + f + ".wgsl")
		if err != nil {
			return "", err
		}
		b.Write(text)
	}
	return b.String(), nil
}

// seq returns 0..n-1, for unrolled loops in templates.
func seq(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// paramBytes is the size of every kernel's parameter block.
const paramBytes = 64

// kernel returns the compiled variant, compiling it at the first use.
func (d *Device) kernel(v variant) (*kernel, error) {
	if k, ok := d.kernels[v]; ok {
		return k, nil
	}
	start := time.Now()
	src, err := v.source()
	if err != nil {
		return nil, fmt.Errorf("gpu: kernel %s: %w", v.file, err)
	}
	if d.rewrite != nil {
		src = d.rewrite(src)
	}
	k, err := d.compile(v, src)
	if err != nil {
		return nil, d.check("compile "+v.file+" "+v.fill.Decode, err)
	}
	d.kernels[v] = k
	d.stats.Pipelines++
	d.stats.Compile += time.Since(start)
	return k, nil
}

func (d *Device) compile(v variant, src string) (*kernel, error) {
	k := &kernel{}
	module := wgpu.ShaderModuleDescriptor{Label: v.file, WGSL: src}
	var err error
	if d.adapter.Backend == "vulkan" {
		module.WGSL = ""
		if module.SPIRV, err = spirv(src); err != nil {
			return nil, err
		}
	}
	if k.module, err = d.dev.CreateShaderModule(&module); err != nil {
		return nil, err
	}
	if k.layout, err = d.dev.CreateBindGroupLayout(&wgpu.BindGroupLayoutDescriptor{Label: v.file, Entries: entries(v.access)}); err != nil {
		return nil, err
	}
	k.plLayout, err = d.dev.CreatePipelineLayout(&wgpu.PipelineLayoutDescriptor{
		Label: v.file, BindGroupLayouts: []*wgpu.BindGroupLayout{k.layout}})
	if err != nil {
		return nil, err
	}
	k.pipeline, err = d.dev.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{
		Label: v.file, Layout: k.plLayout, Module: k.module, EntryPoint: "main"})
	return k, err
}

// entries lays the bindings out: the parameters first, then the buffers.
func entries(access string) []wgpu.BindGroupLayoutEntry {
	list := []wgpu.BindGroupLayoutEntry{{
		Binding: 0, Visibility: wgpu.ShaderStageCompute,
		Buffer: &gputypes.BufferBindingLayout{Type: gputypes.BufferBindingTypeUniform, MinBindingSize: paramBytes},
	}}
	for i, c := range access {
		kind := gputypes.BufferBindingTypeReadOnlyStorage
		if c == 'w' {
			kind = gputypes.BufferBindingTypeStorage
		}
		list = append(list, wgpu.BindGroupLayoutEntry{
			Binding: uint32(i + 1), Visibility: wgpu.ShaderStageCompute,
			Buffer: &gputypes.BufferBindingLayout{Type: kind},
		})
	}
	return list
}

// maxBuffers is the number of storage buffers of any kernel, at most; WebGPU
// promises eight.
const maxBuffers = 7

// groupKey names a bind group: a step that is recorded again in the same
// order meets the same groups, so decoding makes none.
type groupKey struct {
	k       *kernel
	slot    int
	buffers [maxBuffers]*Buffer
}

// group returns the bind group of a kernel with its parameters in slot.
func (d *Device) group(k *kernel, slot int, buffers []*Buffer) (*wgpu.BindGroup, error) {
	key := groupKey{k: k, slot: slot}
	copy(key.buffers[:], buffers)
	if g, ok := d.groups[key]; ok {
		return g, nil
	}
	if len(d.groups) >= 1<<14 {
		d.dropGroups()
	}
	page, offset := d.slot(slot)
	list := []wgpu.BindGroupEntry{{Binding: 0, Buffer: d.pages[page], Offset: offset, Size: paramBytes}}
	for i, b := range buffers {
		list = append(list, wgpu.BindGroupEntry{Binding: uint32(i + 1), Buffer: b.raw, Size: b.size})
	}
	g, err := d.dev.CreateBindGroup(&wgpu.BindGroupDescriptor{Layout: k.layout, Entries: list})
	if err != nil {
		return nil, d.check("bind", err)
	}
	d.groups[key] = g
	return g, nil
}

func (d *Device) dropGroups() {
	for _, g := range d.groups {
		d.discard(g)
	}
	clear(d.groups)
}

// discard releases what no later step binds: at once, or if a step is being
// recorded, which may bind it, once the device is idle behind that.
func (d *Device) discard(o interface{ Release() }) {
	if !d.recording {
		o.Release()
		return
	}
	d.discarded = append(d.discarded, o)
}

func (d *Device) releaseDiscarded() {
	for _, o := range d.discarded {
		o.Release()
	}
	d.discarded = nil
}

// pageSlots is the number of parameter blocks in a page.
const pageSlots = 256

// slot returns where a step's nth parameter block lies.
func (d *Device) slot(n int) (page int, offset uint64) {
	return n / pageSlots, uint64(n%pageSlots) * d.align
}
