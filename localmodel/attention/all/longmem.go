package all

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/longmem"
)

func parseLongMem(p parameters) (attention.Mechanism, error) {
	m := longmem.LongMem{Layer: -1}
	if p["layer"] == "all" {
		delete(p, "layer")
	}
	for _, x := range []struct {
		key              string
		to               *int
		otherwise, least int
	}{{"segment", &m.Segment, 1024, 1}, {"memory", &m.Memory, 65536, 1}, {"chunk", &m.Chunk, 4, 1}, {"tokens", &m.Tokens, 64, 1}, {"layer", &m.Layer, -1, 0}} {
		var err error
		if *x.to, err = p.Count(x.key, x.otherwise, x.least); err != nil {
			return nil, err
		}
	}
	switch {
	case m.Chunk > m.Segment:
		return nil, fmt.Errorf("chunk=%d of segment=%d: nothing would come into memory", m.Chunk, m.Segment)
	case m.Tokens < m.Chunk:
		return nil, fmt.Errorf("tokens=%d is less than a chunk of %d: nothing would be looked up", m.Tokens, m.Chunk)
	case m.Memory < m.Segment/m.Chunk*m.Chunk:
		return nil, fmt.Errorf("memory=%d is less than segment=%d: it would drop all of each as it comes in", m.Memory, m.Segment)
	case m.Tokens > m.Memory:
		return nil, fmt.Errorf("tokens=%d, but memory=%d holds no more than that", m.Tokens, m.Memory)
	}
	var err error
	m.Gate, err = p.Share("gate", 0.5, true)
	return m, err
}
