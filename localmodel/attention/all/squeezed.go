package all

import (
	"errors"
	"fmt"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/squeezed"
)

func parseSqueezed(p parameters) (attention.Mechanism, error) {
	m := squeezed.Squeezed{}
	var err error
	if m.Keep, err = p.Share("keep", 0.1, false); err != nil {
		return nil, err
	}
	if m.Clusters, err = p.Share("clusters", 0.05, true); err != nil {
		return nil, err
	}
	if m.Levels, err = p.Count("levels", 1, 1); err != nil {
		return nil, err
	}
	if m.Levels > 2 {
		return nil, fmt.Errorf("levels=%d: want 1 or 2", m.Levels)
	}
	if _, given := p["coarse"]; given && m.Levels == 1 {
		return nil, errors.New("coarse is the share of the second level's clusters: want levels=2")
	}
	if m.Levels == 2 {
		if m.Coarse, err = p.Share("coarse", m.Clusters/5, true); err != nil {
			return nil, err
		}
		if m.Coarse > m.Clusters {
			return nil, fmt.Errorf("coarse=%g: want no more than clusters=%g", m.Coarse, m.Clusters)
		}
	}
	if m.Rounds, err = p.Count("rounds", 10, 1); err != nil {
		return nil, err
	}
	share, err := p.Word("share", "head", "group")
	if err != nil {
		return nil, err
	}
	step, err := p.Word("step", "mean", "each")
	m.Group, m.Each = share == "group", step == "each"
	return m, err
}
