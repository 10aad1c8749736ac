package gpu

import "fmt"

// Config is the shape of a decoder-only transformer with gated feed-forward
// blocks. Which norms, biases and output matrix there are is read from the
// weights. The zero value of a field marked optional means: without.
type Config struct {
	Layers, Width, FFN int
	Heads, KVHeads     int
	KeyDim, ValueDim   int // of a head; multiples of 4 up to 640
	Vocab              int
	Eps                float64 // of every RMSNorm
	Activation         Activation
	Scale              float64 // of attention scores; optional: KeyDim^-0.5
	EmbeddingScale     float64 // optional: 1
	AttentionCap       float64 // soft cap of the scores; optional
	LogitCap           float64 // soft cap of the logits; optional
	Layer              []LayerConfig
	Context            int       // tokens that the cache holds
	Chunk              int       // tokens of a prompt taken in one step; optional: 128
	Attention          Mechanism // optional: full
}

// LayerConfig is what may differ from layer to layer.
type LayerConfig struct {
	Rope   Rope
	Window int // keys that a query sees, itself included; 0: all
}

// Rope is a rotation by position: pair i turns by InvFreq[i] radians a token.
// The cosines and sines come from float64 on the host, for the positions of a
// step only, so any scaling of the frequencies works at any position.
type Rope struct {
	InvFreq     []float64 // at most KeyDim/2 pairs
	Interleaved bool      // pairs (2i, 2i+1); else (i, i+len(InvFreq))
	Magnitude   float64   // factor of cosine and sine (YaRN); optional: 1
}

// withDefaults fills the optional numbers in.
func (c Config) withDefaults() Config {
	if c.Scale == 0 {
		c.Scale = invSqrt(c.KeyDim)
	}
	if c.EmbeddingScale == 0 {
		c.EmbeddingScale = 1
	}
	if c.Chunk == 0 {
		c.Chunk = 128
	}
	c.Chunk = min(c.Chunk, c.Context)
	return c
}

func (c Config) check() error {
	for _, n := range []struct {
		name  string
		value int
	}{{"Layers", c.Layers}, {"Width", c.Width}, {"FFN", c.FFN}, {"Heads", c.Heads}, {"KVHeads", c.KVHeads},
		{"KeyDim", c.KeyDim}, {"ValueDim", c.ValueDim}, {"Vocab", c.Vocab}, {"Context", c.Context}, {"Chunk", c.Chunk}} {
		if n.value <= 0 {
			return fmt.Errorf("gpu: config: %s is %d", n.name, n.value)
		}
	}
	if c.Heads%c.KVHeads != 0 {
		return fmt.Errorf("gpu: config: %d heads are no multiple of %d kv heads", c.Heads, c.KVHeads)
	}
	if len(c.Layer) != c.Layers {
		return fmt.Errorf("gpu: config: %d layers, %d layer configurations", c.Layers, len(c.Layer))
	}
	for i, l := range c.Layer {
		if 2*len(l.Rope.InvFreq) > c.KeyDim || l.Window < 0 {
			return fmt.Errorf("gpu: config: layer %d: %d rotated pairs in a head of %d, window %d", i, len(l.Rope.InvFreq), c.KeyDim, l.Window)
		}
	}
	return nil
}
