package cpu

import "fmt"

// Faded asks for a run of Rows tokens of linear attention with a decay for each
// of Channels channels, a multiple of 16, as seen from the run's beginning. In
// formulas G_i is the sum of the log decays from the run's first token to token
// i, inclusive.
type Faded struct {
	Rows, Channels int
	// Log, Key and Query are [rows, channels], of one stride: log decays (below
	// -87 counts as -87), keys, queries.
	Log, Key, Query Dense
	MinusBeta       []float32 // [rows]
	Scale           float32   // of queries
	// What Fade writes, [rows, channels] without gaps: -beta exp(G) key, scale
	// exp(G) query and exp(-G) key, so that products of the first two with the
	// third are those of keys and queries with what has decayed since.
	NearKey, NearQuery, Past []float32
	// Run and Back [channels] become exp(G_last) and exp(-G_last). Where Back is
	// beyond 1e30, numbers were too small on the way for the others to hold.
	Run, Back []float32
}

// Fade computes what a run's tokens are from its beginning.
func (t Thread) Fade(b *Faded) {
	rows, n := b.Rows, b.Channels
	if rows <= 0 || n <= 0 || n%16 != 0 {
		panic(fmt.Sprintf("cpu: Fade: %d rows of %d channels, want channels a multiple of 16", rows, n))
	}
	if b.Key.Stride != b.Log.Stride || b.Query.Stride != b.Log.Stride {
		panic(fmt.Sprintf("cpu: Fade: strides %d, %d and %d, want one", b.Log.Stride, b.Key.Stride, b.Query.Stride))
	}
	source := (rows-1)*b.Log.Stride + n
	need("Fade", "Log", len(b.Log.Data), source)
	need("Fade", "Key", len(b.Key.Data), source)
	need("Fade", "Query", len(b.Query.Data), source)
	need("Fade", "MinusBeta", len(b.MinusBeta), rows)
	need("Fade", "NearKey", len(b.NearKey), rows*n)
	need("Fade", "NearQuery", len(b.NearQuery), rows*n)
	need("Fade", "Past", len(b.Past), rows*n)
	need("Fade", "Run", len(b.Run), n)
	need("Fade", "Back", len(b.Back), n)
	t.s.fade = fadeArgs{
		log: &b.Log.Data[0], key: &b.Key.Data[0], query: &b.Query.Data[0],
		nearKey: &b.NearKey[0], nearQuery: &b.NearQuery[0], past: &b.Past[0], run: &b.Run[0], back: &b.Back[0],
		bytes: uintptr(4 * n), stride: uintptr(4 * b.Log.Stride), rows: uintptr(rows), beta: &b.MinusBeta[0], scale: b.Scale,
	}
	t.ops.fade(&t.s.fade)
}

// TriangleRows is the size of the squares that Triangle takes.
const TriangleRows = 16

// Triangle solves one square of a triangular system: inverse [16, 16] becomes
// (I - a)^-1, where of a [16, 16] only what is below the diagonal counts, and
// what is above the diagonal of p [16, 16] becomes zero. The strides of a and p
// are Panel, that of inverse is 16.
func (t Thread) Triangle(inverse, a, p []float32) {
	const wide = (TriangleRows-1)*Panel + TriangleRows
	need("Triangle", "inverse", len(inverse), TriangleRows*TriangleRows)
	need("Triangle", "a", len(a), wide)
	need("Triangle", "p", len(p), wide)
	t.s.triangle = triangleArgs{a: &a[0], p: &p[0], inverse: &inverse[0]}
	t.ops.triangle(&t.s.triangle)
}
