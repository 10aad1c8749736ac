// Package localmodel runs a language model inside this process: it puts weights,
// tokenizer, chat template, kernels, attention mechanism and engine together.
package localmodel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/chat"
	"github.com/lcbench/lcbench/localmodel/generate"
	"github.com/lcbench/lcbench/localmodel/gguf"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/model"
	"github.com/lcbench/lcbench/localmodel/rope"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
)

// Options say how a model runs. The zero value is the model's own attention over
// a float16 cache on every core, with the fastest kernels that the machine has.
type Options struct {
	Device  string // cpu, gpu or auto; "": auto
	SIMD    string // plain, avx2, avx512 or vnni; "": the best
	Threads int    // 0: every core
	// Attention, if nil, is what the weights were trained with: landmarks, learned
	// sinks, else full attention.
	Attention attention.Mechanism
	// Rope, if not nil, stretches positions instead of the model's own scaling,
	// in all layers but those that have a window and a base of their own for it.
	Rope rope.Scaling
	KV   string // of the cache: f16, f32 or q8; "": f16
	// Window is in tokens, up to what the model or Rope reaches; 0: the model's
	// own, or what Rope reaches where that is less.
	Window   int
	Batch    int   // answers decoded at once; 0: 8
	KVBudget int64 // bytes of KV caches; 0: 2 GiB
	KeepNone bool  // forget prompts at once
}

// WindowError is a window beyond what the model reaches, in tokens.
type WindowError struct {
	Want, Own int
	Rope      string // the stretch by which it reaches Own; "": none was asked for
}

func (e *WindowError) Error() string {
	if e.Rope != "" {
		return fmt.Sprintf("window of %d tokens: with rope %s the model's ends at %d", e.Want, e.Rope, e.Own)
	}
	return fmt.Sprintf("window of %d tokens: the model's own ends at %d", e.Want, e.Own)
}

// FitError is an attention mechanism that the model can't run.
type FitError struct {
	Attention string
	Err       error
}

func (e *FitError) Error() string { return fmt.Sprintf("attention %s: %v", e.Attention, e.Err) }

// Unwrap returns what doesn't fit.
func (e *FitError) Unwrap() error { return e.Err }

// DefaultKVBudget bounds the KV caches, in bytes.
const DefaultKVBudget = 2 << 30

// Model is a model ready to answer. Its methods are safe for concurrent use.
type Model struct {
	Info     Info
	words    vocabulary
	template *chat.Template
	noChat   error // why there is no chat template
	engine   *generate.Engine
	marked   bool   // sequences have landmarks,
	landmark int32  // of this id
	release  func() // the kernels
	close    func() error
}

// Info says what runs, and how.
type Info struct {
	Name      string `json:"name"`
	Arch      string `json:"architecture"`
	Device    string `json:"device"` // such as "cpu avx512, 2 threads"
	Attention string `json:"attention"`
	Rope      string `json:"rope"` // the scaling of positions, such as "none"
	OwnRope   string `json:"-"`    // the one of the model's file
	// OwnAttention is the mechanism that the weights were trained with.
	OwnAttention string `json:"-"`
	KV           string `json:"kv_type"`
	Window       int    `json:"window"`
	Layers       int    `json:"layers"`
	Width        int    `json:"width"`
	Vocab        int    `json:"vocab"`
	// Activations names the arithmetic between the weights, such as "float32".
	Activations string `json:"activations"`
}

// Open loads a GGUF file or a folder of safetensors files. Errors name the file
// and what is wrong with it.
func Open(path string, o Options) (*Model, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		return openFolder(path, o)
	}
	f, err := gguf.Open(path)
	if err != nil {
		return nil, err
	}
	m, err := fromGGUF(f, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	if m.Info.Name == "" {
		m.Info.Name = strings.TrimSuffix(filepath.Base(path), ".gguf")
	}
	return m, nil
}

func fromGGUF(f *gguf.File, o Options) (*Model, error) {
	weights, err := model.FromGGUF(f, f)
	if err != nil {
		return nil, err
	}
	words, err := tokenizer.FromMetadata(f)
	if err != nil {
		return nil, err
	}
	if words.Size() > weights.Vocab {
		return nil, fmt.Errorf("the tokenizer has %d tokens, the embedding %d", words.Size(), weights.Vocab)
	}
	m, err := assemble(weights, f, subwords{Model: words}, o)
	if err != nil {
		return nil, err
	}
	m.close = f.Close
	text, _ := f.String("tokenizer.chat_template")
	bos, _ := words.BOS()
	eos := ""
	if ends := words.EOS(); len(ends) > 0 {
		eos = words.Token(ends[0])
	}
	m.useTemplate(text, words.Token(bos), eos)
	return m, nil
}

// useTemplate reads the chat template; without a usable one the model does
// plain completion only, and says why when asked for a chat.
func (m *Model) useTemplate(text, bos, eos string) {
	if text == "" {
		m.noChat = errors.New("the model has no chat template")
		return
	}
	m.template, m.noChat = chat.New(text, bos, eos)
	if m.noChat != nil {
		m.noChat = fmt.Errorf("chat template: %w", m.noChat)
	}
}

// assemble puts kernels and engine under a model: those of a graphics device
// where one was asked for, or is there.
func assemble(weights *model.Model, t model.Tensors, words vocabulary, o Options) (*Model, error) {
	named := o.Attention
	o.settle(weights)
	own := weights.GlobalRope().String()
	if weights.OwnMixers() {
		if err := o.checkMixers(weights); err != nil {
			return nil, err
		}
		o.Device = "cpu"
	}
	if err := o.stretch(weights); err != nil {
		return nil, err
	}
	if o.KVBudget <= 0 {
		o.KVBudget = DefaultKVBudget
	}
	if err := o.fits(weights, named); err != nil {
		return nil, err
	}
	d, err := openDevice(o)
	if err != nil {
		return nil, err
	}
	var m *Model
	if d != nil {
		m, err = onDevice(d, weights, t, words, o)
	} else {
		m, err = onCPU(weights, words, o)
	}
	if err == nil {
		m.Info.OwnRope, m.Info.OwnAttention = own, ownAttention(weights).String()
	}
	return m, err
}

// stretch puts the options' rope on the model and settles their window.
func (o *Options) stretch(weights *model.Model) error {
	own := func(tokens int) int { return tokens } // of a length that holds landmarks too
	if l, ok := marked(weights, o.Attention); ok {
		own = l.Unmarked
	}
	most, name := own(weights.Context), ""
	otherwise := most
	if o.Rope != nil {
		reach := own(weights.Stretch(o.Rope))
		name = weights.GlobalRope().String()
		most, otherwise = max(most, reach), min(most, reach)
	}
	switch {
	case o.Window > most:
		return &WindowError{o.Window, most, name}
	case o.Window <= 0:
		o.Window = otherwise
	}
	return nil
}

// fits says what keeps the mechanism from running over the model's layers. One
// that was named, rather than the model's own, must have something to choose in
// the window.
func (o Options) fits(weights *model.Model, named attention.Mechanism) error {
	kv, err := kvType(o.KV)
	if err != nil {
		return err
	}
	if how, ok := o.Attention.(attention.Chooser); ok {
		err = how.Fits(weights.Shapes(kv), o.Window)
	}
	if how, ok := named.(attention.Divider); ok && err == nil {
		err = how.Divides(o.Window)
	}
	if err != nil {
		return &FitError{o.Attention.String(), err}
	}
	return nil
}

func onCPU(weights *model.Model, words vocabulary, o Options) (*Model, error) {
	level, err := simdLevel(o.SIMD)
	if err != nil {
		return nil, err
	}
	kv, err := kvType(o.KV)
	if err != nil {
		return nil, err
	}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	k := cpu.New(level, o.Threads)
	m := &Model{Info: info(weights, o), words: words, release: k.Close}
	m.Info.Device, m.Info.KV = fmt.Sprintf("cpu %s, %d threads", level, o.Threads), kv.String()
	e := model.NewCPU(weights, k, o.Attention, kv)
	m.Info.Activations = e.Activations()
	m.engine = generate.New(m.marking(weights, e, o), generate.Options{
		Window: o.Window, Batch: o.Batch, KVBudget: o.KVBudget, KeepNone: o.KeepNone, EndTokens: words.ends(),
	})
	return m, nil
}

// marking puts landmarks between an executor's tokens, where the mechanism has any.
func (m *Model) marking(weights *model.Model, e model.Executor, o Options) model.Executor {
	var l model.Landmarks
	if l, m.marked = marked(weights, o.Attention); m.marked {
		m.landmark = l.Token
		return model.NewLandmarked(e, l)
	}
	return e
}

func info(weights *model.Model, o Options) Info {
	return Info{
		Name: weights.Name, Arch: weights.Arch, Attention: weights.Attends(o.Attention.String()), Rope: weights.GlobalRope().String(), Window: o.Window,
		Layers: weights.Layers, Width: weights.Width, Vocab: weights.Vocab, Activations: "float32",
	}
}

// Check says what is wrong with options by themselves, before there is a model:
// names that mean nothing, and what the device asked for can't do.
func (o Options) Check() error {
	if _, err := simdLevel(o.SIMD); err != nil {
		return err
	}
	if _, err := kvType(o.KV); err != nil {
		return err
	}
	if a, ok := o.Attention.(attention.Answerer); ok {
		if err := a.CanAnswer(); err != nil {
			return &FitError{o.Attention.String(), err}
		}
	}
	switch o.Device {
	case "", "auto", "cpu":
		return nil
	case "gpu":
		return o.checkGPU()
	}
	return fmt.Errorf("device %q: want cpu, gpu or auto", o.Device)
}

func simdLevel(name string) (cpu.Level, error) {
	if name == "" {
		return cpu.Best(), nil
	}
	return cpu.ParseLevel(name)
}

// kvType reads the name of a cache's type.
func kvType(name string) (cpu.KVType, error) {
	if name == "" {
		return cpu.F16, nil
	}
	for _, t := range []cpu.KVType{cpu.F32, cpu.F16, cpu.Q8} {
		if strings.EqualFold(t.String(), name) {
			return t, nil
		}
	}
	return 0, fmt.Errorf("KV cache type %q: want f16, f32 or q8", name)
}

// Close ends the model's work and frees its memory.
func (m *Model) Close() error {
	m.engine.Close()
	m.release()
	if m.close == nil {
		return nil
	}
	return m.close()
}

// Stats is what the model has done so far.
func (m *Model) Stats() generate.Stats { return m.engine.Stats() }

// HasChat says whether the model can hold a conversation; if not, why.
func (m *Model) HasChat() error { return m.noChat }

// Tokenizer counts as the model does.
func (m *Model) Tokenizer() tokenizer.Tokenizer { return m.words.counter() }

// Overhead is how many tokens a prompt has besides its own at the most: BOS, a
// chat's template with its system turn, the induction model's question.
func (m *Model) Overhead(system string, inChat bool) (int, error) {
	const mark = "x x" // a word twice: the induction model asks for what recurs
	ids, err := m.encode(Prompt{System: system, Text: mark, Chat: inChat})
	if err != nil {
		return 0, err
	}
	return max(0, len(ids)-len(m.words.counter().Ends(mark))), nil
}

// Prompt is what a model is asked.
type Prompt struct {
	// Messages are a conversation; where there are none, System and Text are.
	Messages     []chat.Message
	System, Text string
	// Fixed is how many bytes at the beginning of Text are a fixed context that
	// other prompts may share; 0: none is known.
	Fixed int
	Chat  bool // render with the chat template; else plain completion
	// IDs, if not nil, are the prompt's tokens, and all of them: nothing else of
	// it counts, and no BOS is added.
	IDs []int32
}

// Count returns the number of tokens that a prompt has in all.
func (m *Model) Count(p Prompt) (int, error) {
	ids, err := m.encode(p)
	return len(ids), err
}

func (m *Model) encode(p Prompt) ([]int32, error) {
	answer, err := m.prepare(p)
	if err != nil {
		return nil, err
	}
	return answer.prompt, nil
}

// prepare turns a prompt into ids and what is needed to read the answer.
func (m *Model) prepare(p Prompt) (*reading, error) {
	if p.IDs != nil {
		return m.given(p.IDs)
	}
	text, special, err := m.render(p)
	if err != nil {
		return nil, err
	}
	return m.words.read(text, special)
}

// render returns the text that a prompt comes to; special: its control tokens
// count.
func (m *Model) render(p Prompt) (text string, special bool, err error) {
	if !p.Chat {
		if p.System != "" {
			return p.System + "\n\n" + p.Text, false, nil
		}
		return p.Text, false, nil
	}
	if m.noChat != nil {
		return "", false, fmt.Errorf("%w; use plain completion", m.noChat)
	}
	messages := p.Messages
	if len(messages) == 0 {
		if p.System != "" {
			messages = append(messages, chat.Message{Role: "system", Content: p.System})
		}
		messages = append(messages, chat.Message{Role: "user", Content: p.Text})
	}
	if m.template == nil { // a model without turns of its own
		return messages[len(messages)-1].Content, false, nil
	}
	text, err = m.template.Render(messages, true)
	return text, true, err
}

// given reads a prompt that comes as ids.
func (m *Model) given(ids []int32) (*reading, error) {
	for i, id := range ids {
		if id < 0 || int(id) >= m.Info.Vocab {
			return nil, fmt.Errorf("token %d of the prompt is id %d, the model has %d", i+1, id, m.Info.Vocab)
		}
	}
	if err := m.refuseLandmarks(ids); err != nil {
		return nil, err
	}
	r, err := m.words.read("", false)
	if err != nil {
		return nil, err
	}
	r.prompt = ids
	return r, nil
}

// Params say how an answer is generated.
type Params struct {
	MaxTokens int
	Sampling  generate.Sampling
	Stop      []string
	LogProbs  bool
	IgnoreEnd bool // go on behind end tokens, to measure speed
	// Text, if not nil, is given the answer's text as it comes, from another
	// goroutine, before Answer returns.
	Text func(piece string)
}

// Answer is what a model said.
type Answer struct {
	generate.Result
	Text         string
	PromptTokens int
	Pieces       []string // text of each token, where log-probabilities were asked for
}

// Answer generates one answer. Errors are the engine's (see generate) or the
// template's.
func (m *Model) Answer(ctx context.Context, p Prompt, q Params) (Answer, error) {
	r, err := m.prepare(p)
	if err != nil {
		return Answer{}, err
	}
	out := &stopper{stops: q.Stop, emit: q.Text}
	fixed, err := m.fixed(p, r)
	if err != nil {
		return Answer{}, err
	}
	result, err := m.engine.Generate(ctx, generate.Request{
		Prompt: r.prompt, Fixed: fixed, MaxTokens: q.MaxTokens, Sampling: q.Sampling, LogProbs: q.LogProbs, IgnoreEnd: q.IgnoreEnd,
		Token: func(id int32) bool { return out.push(r.push(id)) },
	})
	if err != nil {
		return Answer{}, err
	}
	out.push(r.flush())
	out.end()
	a := Answer{Result: result, Text: out.text(), PromptTokens: len(r.prompt)}
	if q.LogProbs {
		for _, id := range result.IDs {
			a.Pieces = append(a.Pieces, r.piece(id))
		}
	}
	return a, nil
}

// Score returns the natural log-probability of each token of a continuation
// behind a prompt.
func (m *Model) Score(ctx context.Context, p Prompt, continuation string) (generate.Result, error) {
	r, err := m.prepare(p)
	if err != nil {
		return generate.Result{}, err
	}
	more, err := r.more(continuation)
	if err != nil {
		return generate.Result{}, err
	}
	fixed, err := m.fixed(p, r)
	if err != nil {
		return generate.Result{}, err
	}
	return m.engine.Generate(ctx, generate.Request{Prompt: r.prompt, Fixed: fixed, Score: more})
}

// fixed returns how many tokens of a prompt are its fixed context.
func (m *Model) fixed(p Prompt, r *reading) (int, error) {
	if !m.engine.TakesContext() || p.Fixed <= 0 || p.Fixed > len(p.Text) || p.IDs != nil || len(p.Messages) > 0 {
		return 0, nil
	}
	return m.upTo(p, r, p.Fixed)
}

// upTo returns how many tokens of a prompt the first at bytes of its text take,
// with what a template puts ahead of them: as many as it has in common with the
// same prompt cut there.
func (m *Model) upTo(p Prompt, r *reading, at int) (int, error) {
	p.Text, p.Fixed = p.Text[:at], 0
	text, special, err := m.render(p)
	if err != nil {
		return 0, err
	}
	cut, err := r.beginning(text, special)
	if err != nil {
		return 0, err
	}
	n := 0
	for n < min(len(r.prompt), len(cut)) && r.prompt[n] == cut[n] {
		n++
	}
	return n, nil
}

// ScorePrompt returns a prompt's own tokens as if it were an answer: its IDs,
// their Pieces and Text, and the LogProbs of all but the first.
func (m *Model) ScorePrompt(ctx context.Context, p Prompt) (Answer, error) {
	r, err := m.prepare(p)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{PromptTokens: len(r.prompt)}
	if len(r.prompt) > 1 {
		if a.Result, err = m.engine.Generate(ctx, generate.Request{Prompt: r.prompt[:1], Score: r.prompt[1:]}); err != nil {
			return Answer{}, err
		}
	}
	a.IDs = r.prompt
	var text strings.Builder
	for _, id := range r.prompt {
		a.Pieces = append(a.Pieces, r.piece(id))
		text.WriteString(r.push(id))
	}
	text.WriteString(r.flush())
	a.Text = text.String()
	return a, nil
}
