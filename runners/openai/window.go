package openai

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lcbench/lcbench/runners"
)

// listedModel is an entry of /models with the names under which servers tell
// the context window: vLLM and SGLang, OpenRouter, Groq, LM Studio, Mistral,
// llama.cpp.
type listedModel struct {
	ID               string `json:"id"`
	OwnedBy          string `json:"owned_by"`
	MaxModelLen      int    `json:"max_model_len"`
	ContextLength    int    `json:"context_length"`
	ContextWindow    int    `json:"context_window"`
	MaxContextLength int    `json:"max_context_length"`
	Meta             struct {
		NCtx      int `json:"n_ctx"`
		NCtxTrain int `json:"n_ctx_train"`
	} `json:"meta"`
}

func (m listedModel) window() int {
	return cmp.Or(max(m.MaxModelLen, 0), max(m.ContextLength, 0), max(m.ContextWindow, 0),
		max(m.MaxContextLength, 0), max(m.Meta.NCtx, 0))
}

// UnknownModelError is a model that the endpoint doesn't list.
type UnknownModelError struct {
	Name    string
	Place   string
	Nearest []string // of the names listed, the most alike first
}

func (e *UnknownModelError) Error() string {
	return fmt.Sprintf("%s has no model %q; nearest: %s", e.Place, e.Name, strings.Join(e.Nearest, ", "))
}

// Window asks the endpoint's list of models for the context window in tokens;
// 0 if the endpoint doesn't say. It finds a wrong key, a wrong address and an
// unknown model before anything is paid for; errors are as of Generate, an
// unknown model wraps *UnknownModelError.
func (m *Model) Window(ctx context.Context) (int, error) {
	var list struct {
		Data []listedModel `json:"data"`
	}
	err := m.wire.get(ctx, m.o, m.o.BaseURL+"/models", &list)
	var call *runners.CallError
	if errors.As(err, &call) {
		switch call.Status {
		case http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			if r, refused := refusalOf(err); refused && r.fault.kind != "html" {
				return 0, nil // no list, or not for this key: nothing is said
			}
		}
	}
	if err != nil || len(list.Data) == 0 {
		return 0, err
	}
	listed, err := m.find(list.Data)
	if err != nil {
		return 0, err
	}
	if w := listed.window(); w > 0 {
		return w, nil
	}
	if listed.Meta.NCtxTrain > 0 {
		return m.served(ctx, listed.Meta.NCtxTrain)
	}
	return 0, nil
}

// find looks the model up in the list.
func (m *Model) find(list []listedModel) (listedModel, error) {
	i := slices.IndexFunc(list, func(l listedModel) bool { return l.ID == m.o.Name })
	if i >= 0 {
		return list[i], nil
	}
	// llama.cpp and llama-cpp-python answer to any name.
	if owner := list[0].OwnedBy; owner == "llamacpp" || owner == "me" {
		return list[0], nil
	}
	names := make([]string, 0, len(list))
	for _, l := range list {
		if l.ID != "" {
			names = append(names, l.ID)
		}
	}
	if len(names) == 0 {
		return listedModel{}, nil
	}
	return listedModel{}, &runners.CallError{Kind: runners.ErrFatal, Err: &UnknownModelError{
		Name: m.o.Name, Place: m.wire.place, Nearest: nearest(m.o.Name, names, 3),
	}}
}

// served asks llama.cpp for the context that it was started with: its list
// tells only the one that the model was trained with.
func (m *Model) served(ctx context.Context, trained int) (int, error) {
	var props struct {
		Settings struct {
			NCtx int `json:"n_ctx"`
		} `json:"default_generation_settings"`
	}
	err := m.wire.get(ctx, m.o, strings.TrimSuffix(m.o.BaseURL, "/v1")+"/props", &props)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil || props.Settings.NCtx <= 0 {
		return trained, nil
	}
	return props.Settings.NCtx, nil
}

// listTimeout is for a list of models, which no server has to think about.
const listTimeout = 30 * time.Second

// get reads a JSON document from the endpoint.
func (w *wire) get(ctx context.Context, o Options, address string, into any) error {
	inner, cancel := context.WithTimeout(ctx, o.Deadlines.Connect+listTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(inner, http.MethodGet, address, http.NoBody)
	if err != nil {
		return w.networkError(err)
	}
	req.Header.Set("Accept", "application/json")
	if o.Key != "" {
		req.Header.Set("Authorization", "Bearer "+o.Key)
	}
	if o.Organization != "" {
		req.Header.Set("OpenAI-Organization", o.Organization)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return cmp.Or(ctx.Err(), w.networkError(err))
	}
	err = w.decode(resp, into)
	return cmp.Or(ctx.Err(), errors.Join(err, resp.Body.Close()))
}

func (w *wire) decode(resp *http.Response, into any) error {
	if resp.StatusCode >= 300 {
		return w.refuse(resp, &call{})
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return w.networkError(err)
	}
	if text := strings.TrimSpace(string(body[:min(len(body), 64)])); strings.HasPrefix(text, "<") {
		return w.htmlError(resp, strings.NewReader(string(body)))
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &runners.CallError{
			Kind: runners.ErrFatal, Status: resp.StatusCode,
			Err: fmt.Errorf("%s: the list of models is not the expected JSON: %w", w.place, err),
		}
	}
	return nil
}

// nearest returns up to n of the names, the most alike first.
func nearest(name string, names []string, n int) []string {
	name = strings.ToLower(name)
	far := func(other string) int {
		other = strings.ToLower(other)
		d := distance(name, other)
		if strings.Contains(other, name) || strings.Contains(name, other) {
			d /= 4
		}
		return d
	}
	names = slices.Clone(names)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(far(a), far(b)) })
	return names[:min(n, len(names))]
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
