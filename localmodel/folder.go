package localmodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lcbench/lcbench/localmodel/model"
	"github.com/lcbench/lcbench/localmodel/quant"
	"github.com/lcbench/lcbench/localmodel/safetensors"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
)

// maxText bounds the JSON files of a model folder; tokenizer.json, the largest,
// has 30 MB where it is long.
const maxText = 256 << 20

// openFolder loads a folder as Hugging Face's tools write it: config.json,
// tokenizer.json and safetensors files, and, where they are there,
// generation_config.json, tokenizer_config.json and chat_template.jinja.
func openFolder(dir string, o Options) (*Model, error) {
	config, err := readText(dir, "config.json")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	f, err := safetensors.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	m, err := fromFolder(dir, config, f, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, err), f.Close())
	}
	m.Info.Name, m.close = filepath.Base(filepath.Clean(dir)), f.Close
	return m, nil
}

func fromFolder(dir string, config []byte, f *safetensors.File, o Options) (*Model, error) {
	tensors := &folderTensors{file: f}
	weights, named, err := model.FromFolder(config, tensors)
	switch {
	case tensors.err != nil: // to the model it looked like a missing one
		return nil, tensors.err
	case err != nil:
		return nil, err
	}
	raw, err := readText(dir, "tokenizer.json")
	if err != nil {
		return nil, err
	}
	words, err := tokenizer.FromTokenizerJSON(raw)
	if err != nil {
		return nil, err
	}
	if words.Size() > weights.Vocab {
		return nil, fmt.Errorf("the tokenizer has %d tokens, the embedding %d", words.Size(), weights.Vocab)
	}
	if id, ok := words.ID(model.LandmarkName); ok {
		weights.UseLandmark(id)
	}
	s, err := readFolderTexts(dir, config)
	if err != nil {
		return nil, err
	}
	stops := s.stops
	if id, ok := words.ID(s.eos); ok {
		stops = append(stops, id)
	}
	m, err := assemble(weights, named, subwords{words, stops}, o)
	if err != nil {
		return nil, err
	}
	m.useTemplate(s.template, s.bos, s.eos)
	return m, nil
}

// folderTensors are a safetensors file's; one of a type that can't be read is
// remembered, since it would look like one that is missing.
type folderTensors struct {
	file *safetensors.File
	err  error
}

// Tensor implements model.Tensors.
func (t *folderTensors) Tensor(name string) (quant.Tensor, bool) {
	if !t.file.Has(name) {
		return quant.Tensor{}, false
	}
	w, err := t.file.Tensor(name)
	if err != nil && t.err == nil {
		t.err = err
	}
	return w, err == nil
}

// folderTexts is what a folder says about turns and ends.
type folderTexts struct {
	template, bos, eos string
	stops              []int32
}

func readFolderTexts(dir string, config []byte) (folderTexts, error) {
	var out folderTexts
	var c struct {
		Template json.RawMessage `json:"chat_template"`
		BOS      spelling        `json:"bos_token"`
		EOS      spelling        `json:"eos_token"`
	}
	if err := readJSON(dir, "tokenizer_config.json", &c); err != nil {
		return out, err
	}
	out.bos, out.eos = string(c.BOS), string(c.EOS)
	var err error
	if out.template, err = templateOf(c.Template); err != nil {
		return out, fmt.Errorf("tokenizer_config.json: %w", err)
	}
	switch text, err := readText(dir, "chat_template.jinja"); {
	case err == nil:
		out.template = string(text)
	case !errors.Is(err, fs.ErrNotExist):
		return out, err
	}
	var ends struct {
		EOS ids `json:"eos_token_id"`
	}
	if err := json.Unmarshal(config, &ends); err != nil {
		return out, fmt.Errorf("config.json: %w", err)
	}
	if err := readJSON(dir, "generation_config.json", &ends); err != nil {
		return out, err
	}
	out.stops = ends.EOS
	return out, nil
}

// templateOf takes a template, or the default one of a list.
func templateOf(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one, nil
	}
	var list []struct{ Name, Template string }
	if err := json.Unmarshal(raw, &list); err != nil {
		return "", errors.New("chat_template: want a text or a list of named texts")
	}
	for _, t := range list {
		if t.Name == "default" {
			return t.Template, nil
		}
	}
	return "", errors.New("chat_template: the list has none named default")
}

// spelling is a token as text, or as an object with its text.
type spelling string

// UnmarshalJSON implements json.Unmarshaler.
func (s *spelling) UnmarshalJSON(data []byte) error {
	var token struct{ Content string }
	if data[0] == '{' {
		err := json.Unmarshal(data, &token)
		*s = spelling(token.Content)
		return err
	}
	return json.Unmarshal(data, (*string)(s))
}

// ids is one token id, a list of them, or null.
type ids []int32

// UnmarshalJSON implements json.Unmarshaler.
func (i *ids) UnmarshalJSON(data []byte) error {
	if data[0] == '[' || string(data) == "null" {
		return json.Unmarshal(data, (*[]int32)(i))
	}
	*i = make(ids, 1)
	return json.Unmarshal(data, &(*i)[0])
}

// readJSON reads a file that may be absent.
func readJSON(dir, name string, into any) error {
	raw, err := readText(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readText reads a file of a folder; errors name the file, not the folder.
func readText(dir, name string) ([]byte, error) {
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxText {
		err = fmt.Errorf("%d bytes, more than %d", info.Size(), maxText)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	var fault *fs.PathError
	if errors.As(err, &fault) {
		err = fault.Err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}
