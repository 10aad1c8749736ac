package all

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/sinkkv"
)

func parseSinkKV(p parameters) (attention.Mechanism, error) {
	m := sinkkv.SinkKV{Mode: sinkkv.K0V0}
	if v, ok := p["mode"]; ok {
		delete(p, "mode")
		m.Mode = sinkkv.Mode(v)
	}
	switch m.Mode {
	case sinkkv.KV, sinkkv.KV0, sinkkv.K0V, sinkkv.K0V0:
	default:
		return nil, fmt.Errorf("mode=%s: want kv, kv0, k0v or k0v0", m.Mode)
	}
	var err error
	m.Sinks, err = p.Count("sinks", 1, 1)
	return m, err
}
