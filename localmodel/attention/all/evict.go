package all

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/evict"
)

// parseEvict reads the parameters of the methods that drop tokens at the end
// of a prompt. Defaults are those that peers ship.
func parseEvict(method evict.Method) func(parameters) (attention.Mechanism, error) {
	return func(p parameters) (attention.Mechanism, error) {
		e := evict.Evict{Method: method}
		var err error
		if e.Capacity, err = p.Count("capacity", 2048, 2); err != nil {
			return nil, err
		}
		if e.Recent, err = p.Count("recent", 32, 1); err != nil {
			return nil, err
		}
		if e.Recent >= e.Capacity {
			return nil, fmt.Errorf("recent=%d of capacity=%d leaves nothing to choose: want recent=%d or less or capacity=%d or more", e.Recent, e.Capacity, e.Capacity-1, e.Recent+1)
		}
		if e.PerKV, err = p.Flag("per-kv", false); err != nil {
			return nil, err
		}
		if method != evict.SnapKV && method != evict.PyramidKV {
			return e, nil
		}
		pool := "mean"
		if v, ok := p["pool"]; ok {
			delete(p, "pool")
			pool = v
		}
		if pool != "mean" && pool != "max" {
			return nil, fmt.Errorf("pool=%s: want mean or max", pool)
		}
		e.MaxPool = pool == "max"
		if method == evict.PyramidKV {
			if e.Beta, err = p.Count("beta", 20, 1); err != nil {
				return nil, err
			}
		}
		e.Kernel, err = p.Count("kernel", 5, 1)
		return e, err
	}
}

func parseOnline(p parameters) (attention.Mechanism, error) {
	heavy, err := p.Count("heavy", 1024, 1)
	if err != nil {
		return nil, err
	}
	recent, err := p.Count("recent", 1024, 1)
	return evict.Online{Heavy: heavy, Recent: recent}, err
}
