package localmodel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/localmodel/gguf"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
)

// vocabulary turns text into ids and back.
type vocabulary interface {
	// read encodes a prompt; special says that it is a rendered template, whose
	// control tokens count.
	read(text string, special bool) (*reading, error)
	counter() tokenizer.Tokenizer
	ends() []int32
}

// OpenTokenizer reads only the tokenizer of a GGUF file, of a tokenizer.json or
// of a folder that holds one, to count as that model does.
func OpenTokenizer(path string) (tokenizer.Tokenizer, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		path = filepath.Join(path, "tokenizer.json")
	}
	if !strings.HasSuffix(path, ".json") {
		return ggufTokenizer(path)
	}
	raw, err := readText(filepath.Dir(path), filepath.Base(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Dir(path), err)
	}
	m, err := tokenizer.FromTokenizerJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func ggufTokenizer(path string) (t tokenizer.Tokenizer, err error) {
	f, err := gguf.Open(path)
	if err != nil {
		return nil, err // it names the file
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	m, err := tokenizer.FromMetadata(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// reading is an encoded prompt and what is needed to read its answer.
type reading struct {
	prompt []int32
	push   func(id int32) string // the text that a token completes
	flush  func() string
	piece  func(id int32) string
	more   func(text string) ([]int32, error) // encodes what follows the prompt
	// beginning encodes the beginning of the prompt's text, as a prompt that asks
	// nothing.
	beginning func(text string, special bool) ([]int32, error)
}

// subwords is a vocabulary that came with the model.
type subwords struct {
	*tokenizer.Model
	stops []int32 // tokens that end an answer besides the vocabulary's own
}

func (s subwords) read(text string, special bool) (*reading, error) {
	d := s.NewDecoder(true)
	return &reading{
		prompt: s.WithBOS(s.Encode(text, special)), push: d.Push, flush: d.Flush,
		piece: func(id int32) string { return string(s.Piece(id)) },
		more:  func(text string) ([]int32, error) { return s.Encode(text, false), nil },
		beginning: func(text string, special bool) ([]int32, error) {
			return s.WithBOS(s.Encode(text, special)), nil
		},
	}, nil
}

func (s subwords) counter() tokenizer.Tokenizer { return s.Model }

func (s subwords) ends() []int32 { return slices.Concat(s.EOS(), s.stops) }

// stopper passes an answer's text on up to the first stop string. What could
// be the beginning of one is held back.
type stopper struct {
	stops   []string
	emit    func(string)
	all     strings.Builder // what was passed on
	held    string
	stopped bool
}

// push takes the next piece; false: a stop string has come.
func (s *stopper) push(piece string) bool {
	if s.stopped {
		return false
	}
	s.held += piece
	first := len(s.held)
	for _, stop := range s.stops {
		if i := strings.Index(s.held, stop); i >= 0 && stop != "" {
			first, s.stopped = min(first, i), true
		}
	}
	if s.stopped {
		s.pass(first)
		return false
	}
	keep := 0
	for _, stop := range s.stops {
		for n := min(len(stop)-1, len(s.held)); n > keep; n-- {
			if strings.HasSuffix(s.held, stop[:n]) {
				keep = n
			}
		}
	}
	s.pass(len(s.held) - keep)
	return true
}

func (s *stopper) pass(n int) {
	if n > 0 {
		s.all.WriteString(s.held[:n])
		if s.emit != nil {
			s.emit(s.held[:n])
		}
		s.held = s.held[n:]
	}
}

// end passes on what was held back for a stop string that did not come.
func (s *stopper) end() {
	if !s.stopped {
		s.pass(len(s.held))
	}
}

func (s *stopper) text() string { return s.all.String() }
