package full

import (
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
)

func TestFull(t *testing.T) {
	attentiontest.Run(t, attentiontest.Suite{
		Mechanism: Full{},
		Sees:      func(s attentiontest.Shape, t int) []attentiontest.Seen { return attentiontest.Causal(t, s.Window) },
		Back:      Slack,
		KeepsAll:  func(s attentiontest.Shape) bool { return s.Window == 0 },
	})
}
