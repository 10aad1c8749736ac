package all

import (
	"fmt"
	"strconv"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/squeezed"
)

func parseSqueezed(p parameters) (attention.Mechanism, error) {
	m := squeezed.Squeezed{}
	var err error
	if m.Keep, err = p.share("keep", 0.1, false); err != nil {
		return nil, err
	}
	if m.Clusters, err = p.share("clusters", 0.05, true); err != nil {
		return nil, err
	}
	if m.Levels, err = p.count("levels", 1, 1); err != nil {
		return nil, err
	}
	if m.Levels > 2 {
		return nil, fmt.Errorf("levels=%d: want 1 or 2", m.Levels)
	}
	if m.Levels == 2 {
		if m.Coarse, err = p.share("coarse", m.Clusters/5, true); err != nil {
			return nil, err
		}
		if m.Coarse > m.Clusters {
			return nil, fmt.Errorf("coarse=%g: want no more than clusters=%g", m.Coarse, m.Clusters)
		}
	}
	m.Rounds, err = p.count("rounds", 10, 1)
	return m, err
}

// share takes a number above 0 and below 1, or up to it.
func (p parameters) share(key string, otherwise float64, whole bool) (float64, error) {
	text, ok := p[key]
	if !ok {
		return otherwise, nil
	}
	delete(p, key)
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && v > 0 && (v < 1 || whole && v == 1) {
		return v, nil
	}
	if whole {
		return 0, fmt.Errorf("%s=%s: want a share above 0, up to 1", key, text)
	}
	return 0, fmt.Errorf("%s=%s: want a share between 0 and 1", key, text)
}
