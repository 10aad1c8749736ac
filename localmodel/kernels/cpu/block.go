package cpu

import "fmt"

// Block is a run of Rows tokens of linear attention with a decay for each of
// Channels channels, a multiple of 16. In formulas G_i is the sum of the log
// decays from the block's first token to token i, inclusive.
type Block struct {
	Rows, Channels int
	// Log, Key and Query are [rows, channels], of one stride: log decays (below
	// -87 counts as -87), keys, queries.
	Log, Key, Query Dense
	MinusBeta       []float32 // [rows]
	Scale           float32   // of queries
	Before          []float32 // [channels]: the decay ahead of the block

	// What Fade writes, [rows, channels] without gaps: decay exp(log);
	// near: -beta exp(G) key and scale exp(G) query; far: near times Before.
	// Run [channels] becomes exp(G_last).
	Decay, NearKey, NearQuery, FarKey, FarQuery []float32
	Run                                         []float32
	// What Among writes: Past [rows, channels] is exp(G_last - G_j) key_j; for
	// j < i, A_ij = -beta_i key_i . exp(G_i - G_j) key_j, and, for j <= i,
	// P_ij = scale query_i . exp(G_i - G_j) key_j. The rest of A and P is left.
	Past []float32
	A, P Dense // [rows, rows]
}

// Fade computes a block's own rows.
func (t Thread) Fade(b *Block) {
	d := t.block(b)
	for i := range b.Run[:b.Channels] {
		b.Run[i] = 1
	}
	t.ops.fade(d)
}

// Among computes the products among a block's tokens behind Fade. Decays are
// only multiplied onto what is older, so nothing can overflow.
func (t Thread) Among(b *Block) {
	rows, n := b.Rows, b.Channels
	d := t.block(b)
	need("Among", "Past", len(b.Past), rows*n)
	need("Among", "A", len(b.A.Data), (rows-1)*b.A.Stride+rows)
	need("Among", "P", len(b.P.Data), (rows-1)*b.P.Stride+rows)
	if b.A.Stride != b.P.Stride {
		panic(fmt.Sprintf("cpu: Among: A has stride %d, P %d", b.A.Stride, b.P.Stride))
	}
	d.past, d.a, d.p, d.strideAP = &b.Past[0], &b.A.Data[0], &b.P.Data[0], uintptr(4*b.A.Stride)
	t.ops.among(d)
}

func (t Thread) block(b *Block) *blockArgs {
	rows, n := b.Rows, b.Channels
	if rows <= 0 || n <= 0 || n%16 != 0 {
		panic(fmt.Sprintf("cpu: block of %d rows and %d channels, want channels a multiple of 16", rows, n))
	}
	if b.Key.Stride != b.Log.Stride || b.Query.Stride != b.Log.Stride {
		panic(fmt.Sprintf("cpu: block of strides %d, %d and %d, want one", b.Log.Stride, b.Key.Stride, b.Query.Stride))
	}
	source := (rows-1)*b.Log.Stride + n
	need("block", "Log", len(b.Log.Data), source)
	need("block", "Key", len(b.Key.Data), source)
	need("block", "Query", len(b.Query.Data), source)
	need("block", "MinusBeta", len(b.MinusBeta), rows)
	need("block", "Before", len(b.Before), n)
	need("block", "Run", len(b.Run), n)
	need("block", "Decay", len(b.Decay), rows*n)
	need("block", "NearKey", len(b.NearKey), rows*n)
	need("block", "NearQuery", len(b.NearQuery), rows*n)
	need("block", "FarKey", len(b.FarKey), rows*n)
	need("block", "FarQuery", len(b.FarQuery), rows*n)
	t.s.block = blockArgs{
		log: &b.Log.Data[0], key: &b.Key.Data[0], query: &b.Query.Data[0], decay: &b.Decay[0],
		nearKey: &b.NearKey[0], nearQuery: &b.NearQuery[0], farKey: &b.FarKey[0], farQuery: &b.FarQuery[0],
		run: &b.Run[0], before: &b.Before[0], bytes: uintptr(4 * n), stride: uintptr(4 * b.Log.Stride), rows: uintptr(rows),
		row: 0, beta: &b.MinusBeta[0], scale: b.Scale,
	}
	return &t.s.block
}
