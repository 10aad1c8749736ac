package model

import (
	"math"
)

// Landmarks says how a model was trained with landmark tokens.
//
// A folder has them where its config.json has mem_freq, with or without
// model_type llama_with_landmark: that is what the code of arXiv 2305.16300
// writes (keys mem_id, mem_freq, include_landmark_in_loss), and what the ready
// checkpoints of its users have (model_type llama, keys mem_id, mem_freq,
// mem_top_k). All tensors are a llama's, by the same names: the landmark is one
// more row of model.embed_tokens.weight and lm_head.weight. The weights released
// with the paper are of this layout too, as differences to LLaMA's, with
// nothing in config.json: there the tokenizer's <landmark> tells (see UseLandmark).
type Landmarks struct {
	Token int32 // its id
	Every int   // tokens between two landmarks; 0: the model has none
	TopK  int   // blocks to retrieve, as its file says; 0: it doesn't
	// Foretells says that the token behind a landmark is foretold by the
	// landmark's row, not by that of the token ahead of it: the landmark was itself
	// something to be foretold (include_landmark_in_loss).
	Foretells bool
}

// Defaults of the public configuration class (llama_landmark_config.py).
const (
	landmarkType  = "llama_with_landmark"
	landmarkID    = 32001
	landmarkEvery = 50
)

// LandmarkName is how vocabularies spell the landmark.
const LandmarkName = "<landmark>"

// UseLandmark has a llama trained with the landmark that its vocabulary has,
// where its file doesn't say so itself, by the defaults of the public code.
func (m *Model) UseLandmark(id int32) {
	if m.Arch == "llama" && m.Landmarks.Every == 0 && int(id) < m.Vocab {
		m.Landmarks = Landmarks{Token: id, Every: landmarkEvery, Foretells: true}
	}
}

// Marked returns how many tokens n tokens are with their landmarks; one stands
// right behind the last token of its block.
func (l Landmarks) Marked(n int) int { return n + n/l.Every }

// Unmarked returns how many of n tokens are no landmarks.
func (l Landmarks) Unmarked(n int) int { return n - n/(l.Every+1) }

// Landmarked is an executor that puts landmarks between the tokens that it is
// given: its sequences, their lengths and the rows that it emits are of tokens
// without any, and a landmark's logit is never the largest.
type Landmarked struct {
	Executor
	Landmarks
}

// NewLandmarked has exec's model run with its landmarks.
func NewLandmarked(exec Executor, l Landmarks) *Landmarked { return &Landmarked{exec, l} }

// New implements Executor.
func (e *Landmarked) New(tokens int) State {
	return &markedState{e.Executor.New(e.Marked(tokens)), e.Landmarks}
}

// Rotation implements Executor.
func (e *Landmarked) Rotation(tokens int) int { return e.Executor.Rotation(e.Marked(tokens)) }

// Bytes implements Executor. Behind a fork the first landmark may be one token
// away.
func (e *Landmarked) Bytes(tokens int) int64 {
	return e.Executor.Bytes(tokens + (tokens+e.Every-1)/e.Every)
}

// Forward implements Executor. Rows of one pass come in order; steps of answers
// take a second pass for the landmarks behind them, so that up to SameBits
// tokens are never more rows than that.
func (e *Landmarked) Forward(chunks []Chunk, emit func(chunk, row int, logits []float32) error) error {
	steps := true
	for _, c := range chunks {
		steps = steps && len(c.IDs) == 1
	}
	var all, marks []markedChunk
	for i, c := range chunks {
		m := e.mark(i, c)
		if last := len(m.IDs) - 1; steps && last > 0 {
			marks = append(marks, m.part(last, last+1))
			m = m.part(0, last)
		}
		all = append(all, m)
	}
	if err := e.pass(all, emit); err != nil || len(marks) == 0 {
		return err
	}
	return e.pass(marks, emit)
}

func (e *Landmarked) pass(list []markedChunk, emit func(chunk, row int, logits []float32) error) error {
	chunks := make([]Chunk, len(list))
	for i, m := range list {
		chunks[i] = m.Chunk
	}
	return e.Executor.Forward(chunks, func(chunk, row int, logits []float32) error {
		m := &list[chunk]
		if m.rows[row] < 0 {
			return nil
		}
		logits[e.Token] = float32(math.Inf(-1))
		return emit(m.of, m.rows[row], logits)
	})
}

// markedChunk is a chunk with its landmarks.
type markedChunk struct {
	Chunk
	of   int   // the chunk that it was made of
	rows []int // whose logits a row's are there; -1: nobody's
}

// mark puts landmarks behind the tokens of a chunk that end a block.
func (e *Landmarked) mark(of int, c Chunk) markedChunk {
	s := c.State.(*markedState)
	m := markedChunk{Chunk: c, of: of}
	m.State, m.IDs, m.From = s.State, nil, -1
	if c.Prompt > 0 {
		m.Prompt = e.Marked(c.Prompt)
	}
	add := func(id int32, row int) {
		if row >= 0 && m.From < 0 {
			m.From = len(m.IDs)
		}
		m.IDs, m.rows = append(m.IDs, id), append(m.rows, row)
	}
	at := s.Len()
	for i, id := range c.IDs {
		row := i
		if i < c.From {
			row = -1
		}
		ends := (at+i+1)%e.Every == 0
		if ends && e.Foretells {
			add(id, -1)
			add(e.Token, row)
			continue
		}
		add(id, row)
		if ends {
			add(e.Token, -1)
		}
	}
	if m.From < 0 {
		m.From = len(m.IDs)
	}
	return m
}

// part is a run of a chunk's rows.
func (m markedChunk) part(from, to int) markedChunk {
	m.IDs, m.rows = m.IDs[from:to], m.rows[from:to]
	m.From = 0
	for m.From < len(m.rows) && m.rows[m.From] < 0 {
		m.From++
	}
	return m
}

// markedState is a sequence with landmarks.
type markedState struct {
	State
	Landmarks
}

// Len implements State.
func (s *markedState) Len() int { return s.Unmarked(s.State.Len()) }

// Fork implements State.
func (s *markedState) Fork(n int) (State, bool) {
	f, ok := s.State.Fork(s.Marked(n))
	if !ok {
		return nil, false
	}
	return &markedState{f, s.Landmarks}, true
}
