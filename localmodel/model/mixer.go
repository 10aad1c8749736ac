package model

import (
	"slices"
	"strings"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/kda"
	"github.com/lcbench/lcbench/localmodel/attention/mla"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// mixer is a layer's own way from normalised rows to what its last matrix
// takes, where no attention mechanism has a say. All of a model's mixers of one
// kind share scratch memory.
type mixer interface {
	cache() attention.Cache
	// bytes is what the cache of a sequence of n tokens holds at the most, or n
	// tokens behind a fork add at the most.
	bytes(n int) int64
	// mix appends the chunks' rows x [n, width], chunk behind chunk, to their
	// caches of a layer and writes their results to out.
	mix(k *cpu.Kernels, x []float32, layer int, chunks []Chunk, out []float32)
}

// OwnMixers says whether some layer has a mixer of its own, which attention
// mechanisms can't replace and graphics devices don't have.
func (m *Model) OwnMixers() bool {
	for i := range m.layers {
		if m.layers[i].kda != nil || m.layers[i].mla != nil {
			return true
		}
	}
	return false
}

// Attends names how the layers attend, where those without a mixer of their own
// do it by mechanism how: "kda, mla", "kda, full".
func (m *Model) Attends(how string) string {
	var names []string
	for i := range m.layers {
		name := how
		switch l := &m.layers[i]; {
		case l.kda != nil:
			name = "kda"
		case l.mla != nil:
			name = "mla"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// mixedWidth is the most that a layer's last matrix takes.
func (m *Model) mixedWidth() int {
	n := 0
	for i := range m.layers {
		n = max(n, m.layers[i].out.Cols)
	}
	return n
}

// mixersOf lists the layers' own mixers; those with a cache of tokens keep it
// in type kv.
func mixersOf(m *Model, kv cpu.KVType) []mixer {
	out, linear, latent := make([]mixer, m.Layers), &kda.Scratch{}, &mla.Scratch{}
	for i := range m.layers {
		switch l := &m.layers[i]; {
		case l.kda != nil:
			out[i] = linearMixer{l.kda, linear}
		case l.mla != nil:
			own := *l.mla
			own.Type = kv
			out[i] = latentMixer{&own, latent}
		}
	}
	return out
}

type linearMixer struct {
	l *kda.Layer
	b *kda.Scratch
}

func (m linearMixer) cache() attention.Cache { return m.l.New() }
func (m linearMixer) bytes(int) int64        { return m.l.Bytes() }

func (m linearMixer) mix(k *cpu.Kernels, x []float32, layer int, chunks []Chunk, out []float32) {
	works := make([]kda.Tokens, len(chunks))
	for i, c := range chunks {
		works[i] = kda.Tokens{Cache: c.State.(*Sequence).caches[layer].(*kda.Cache), N: len(c.IDs)}
	}
	m.l.Mix(k, m.b, x, works, out)
}

type latentMixer struct {
	l *mla.Layer
	b *mla.Scratch
}

func (m latentMixer) cache() attention.Cache { return m.l.New() }
func (m latentMixer) bytes(n int) int64      { return m.l.Bytes(n) }

func (m latentMixer) mix(k *cpu.Kernels, x []float32, layer int, chunks []Chunk, out []float32) {
	works := make([]mla.Tokens, len(chunks))
	for i, c := range chunks {
		works[i] = mla.Tokens{Cache: c.State.(*Sequence).caches[layer].(*mla.Cache), N: len(c.IDs)}
	}
	m.l.Mix(k, m.b, x, works, out)
}
