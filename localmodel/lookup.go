package localmodel

import (
	"cmp"
	"slices"

	"github.com/lcbench/lcbench/localmodel/induction"
	"github.com/lcbench/lcbench/localmodel/model"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
)

// Induction returns the constructed retrieval model, which needs no file.
func Induction(o Options) (*Model, error) {
	weights := induction.New()
	m, err := model.FromGGUF(weights, weights)
	if err != nil {
		return nil, err
	}
	return assemble(m, weights, lookup{weights.Vocab()}, o)
}

// Recall returns the constructed model of one layer of Kimi Delta Attention,
// which needs no file.
func Recall(o Options) (*Model, error) {
	weights := induction.NewRecall()
	m, named, err := model.FromFolder(weights.Config(), weights)
	if err != nil {
		return nil, err
	}
	m.Name = "recall-kda"
	return assemble(m, named, lookup{weights.Vocab()}, o)
}

// InductionLandmark returns the constructed model that retrieves by landmarks,
// which needs no file.
func InductionLandmark(o Options) (*Model, error) {
	weights := induction.NewLandmark()
	m, err := model.FromGGUF(weights, weights)
	if err != nil {
		return nil, err
	}
	m.Landmarks = model.Landmarks{Token: induction.LandmarkToken, Every: induction.LandmarkEvery, TopK: induction.LandmarkTopK}
	return assemble(m, weights, lookup{int(induction.LandmarkToken)}, o)
}

// InductionSinks returns the constructed model of a window with learned sinks,
// which needs no file.
func InductionSinks(o Options) (*Model, error) {
	weights := induction.NewSinks()
	m, err := model.FromGGUF(weights, weights)
	if err != nil {
		return nil, err
	}
	for i := range m.Windows {
		m.Windows[i] = induction.SinkWindow
	}
	return assemble(m, weights, lookup{weights.Vocab()}, o)
}

// lookup is the vocabulary of the constructed models: each prompt's words get ids
// as they come, and what the prompt asks for is put last, where the model looks
// from.
type lookup struct{ vocab int }

func (l lookup) words() *tokenizer.Words {
	return tokenizer.NewWords(induction.FirstWord, l.vocab-int(induction.FirstWord), induction.EndOfValue)
}

func (l lookup) read(text string, _ bool) (*reading, error) {
	words := l.words()
	ids, err := words.Encode(text)
	if err != nil {
		return nil, err
	}
	prompt := append([]int32{induction.BOS}, ids...)
	if at, ok := question(words, ids); ok {
		prompt = append(prompt[:1+at:1+at], induction.Question, ids[at])
	}
	r := &reading{prompt: prompt, flush: func() string { return "" }, more: words.Encode}
	r.beginning = func(text string, _ bool) ([]int32, error) {
		ids, err := words.Encode(text)
		return append([]int32{induction.BOS}, ids...), err
	}
	var said []int32
	long := 0
	r.push = func(id int32) string {
		said = append(said, id)
		all := words.Decode(said)
		piece := all[long:]
		long = len(all)
		return piece
	}
	r.piece = func(id int32) string { return words.Decode([]int32{id}) }
	return r, nil
}

// asked is how far from a prompt's end the key of its question is sought, in
// tokens.
const asked = 64

// question returns where in ids the question names its key: of the words near
// the end that occur earlier too, the one that occurs least often, of those the
// longest, of those the last. The place is its second occurrence, since what
// the question says behind it would only follow the key a second time.
func question(words *tokenizer.Words, ids []int32) (at int, ok bool) {
	places := map[int32][]int{}
	for i, id := range ids {
		places[id] = append(places[id], i)
	}
	var keys []int32
	for _, id := range ids[max(0, len(ids)-asked):] {
		if id != induction.EndOfValue && len(places[id]) > 1 {
			keys = append(keys, id)
		}
	}
	if len(keys) == 0 {
		return 0, false
	}
	slices.Reverse(keys)
	key := slices.MinFunc(keys, func(a, b int32) int {
		return cmp.Or(cmp.Compare(len(places[a]), len(places[b])), -cmp.Compare(len(words.Decode([]int32{a})), len(words.Decode([]int32{b}))))
	})
	return places[key][1], true
}

func (l lookup) counter() tokenizer.Tokenizer { return l.words() }

func (l lookup) ends() []int32 {
	return []int32{induction.EndOfValue, induction.BOS, induction.Question}
}
