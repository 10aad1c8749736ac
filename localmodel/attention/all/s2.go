package all

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/s2"
)

func parseS2(p parameters) (attention.Mechanism, error) {
	group, err := p.Count("group", 2048, 2)
	if err != nil {
		return nil, err
	}
	decode, given := p["decode"]
	delete(p, "decode")
	if given && decode != "full" {
		return nil, fmt.Errorf("decode=%s: want full", decode)
	}
	return s2.S2{Group: group, DecodeFull: given}, nil
}
