package localmodel

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/landmark"
	"github.com/lcbench/lcbench/localmodel/attention/sinkkv"
	"github.com/lcbench/lcbench/localmodel/model"
)

// settle gives the options the model's own mechanism where they name none, and
// the mechanism that they name what the model has learned for it.
func (o *Options) settle(m *model.Model) {
	switch how := o.Attention.(type) {
	case nil:
		o.Attention = ownAttention(m)
	case sinkkv.SinkKV:
		if m.Sinks != nil && how.Learned == nil {
			how.Learned = &m.Sinks.Layer
			o.Attention = how
		}
	}
}

// topK is how many blocks a model with landmarks retrieves that doesn't say.
const topK = 4

// ownAttention is the mechanism that a model was trained with.
func ownAttention(m *model.Model) attention.Mechanism {
	switch l := m.Landmarks; {
	case l.Every > 0 && l.TopK > 0:
		return landmark.Landmark{Block: l.Every, TopK: l.TopK}
	case l.Every > 0:
		return landmark.Landmark{Block: l.Every, TopK: topK}
	case m.Sinks != nil:
		return m.Sinks.Attention()
	}
	return full.Full{}
}

// marked returns the landmarks that sequences have under a mechanism; by any
// other than its own a model with landmarks sees none.
func marked(m *model.Model, how attention.Mechanism) (model.Landmarks, bool) {
	_, ok := how.(landmark.Landmark)
	return m.Landmarks, ok && m.Landmarks.Every > 0
}

// refuseLandmarks refuses ids that have landmarks already.
func (m *Model) refuseLandmarks(ids []int32) error {
	if !m.marked {
		return nil
	}
	for i, id := range ids {
		if id == m.landmark {
			return fmt.Errorf("token %d of the prompt is a landmark (id %d): these come in by themselves", i+1, id)
		}
	}
	return nil
}
