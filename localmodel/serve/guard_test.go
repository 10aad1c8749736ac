package serve

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel"
)

func TestWebPagesAreKeptOut(t *testing.T) {
	url := start(t, New(says("x"), Options{Hosts: []string{"gpu1.example"}}))
	at := strings.TrimPrefix(url, "http://")
	cases := []struct {
		name    string
		headers []string
		status  int
	}{
		{"a program", nil, 200},
		{"localhost", []string{"Host", "localhost:1234"}, 200},
		{"an address", []string{"Host", "[::1]:1234"}, 200},
		{"a listed name", []string{"Host", "GPU1.example"}, 200},
		{"another page", []string{"Origin", "https://evil.example"}, 403},
		{"a page on another port of this machine", []string{"Origin", "http://localhost:3000"}, 403},
		{"a page without an origin", []string{"Origin", "null"}, 403},
		{"an empty origin", []string{"Origin", ""}, 403},
		{"a page of this port", []string{"Origin", url}, 200},
		{"a name pointed at this machine", []string{"Host", "evil.example"}, 403},
		{"a name pointed at this machine, with its origin", []string{"Host", "evil.example", "Origin", "http://evil.example"}, 403},
		{"a name that ends like ours", []string{"Host", "evillocalhost:80"}, 403},
		{"an image on a page", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"an image on a page of a neighbour", []string{"Sec-Fetch-Site", "same-site", "Host", at}, 403},
		{"typed into a browser", []string{"Sec-Fetch-Site", "none"}, 200},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []*http.Request{
				newRequest(t, http.MethodGet, url+"/v1/models", "", c.headers...),
				newRequest(t, http.MethodPost, url+"/v1/chat/completions", hello, c.headers...),
				newRequest(t, http.MethodGet, url+"/health", "", c.headers...),
			} {
				status, header, raw := send(t, r)
				if status != c.status {
					t.Errorf("%s %s: status %d, want %d: %s", r.Method, r.URL.Path, status, c.status, raw)
				}
				for name := range header {
					if strings.HasPrefix(name, "Access-Control") {
						t.Errorf("%s: an answer to a page of another origin is allowed: %s", r.URL.Path, name)
					}
				}
			}
		})
	}
}

// A port that other machines reach may be addressed by any name, but not from
// a page.
func TestNamesOfAMachineInTheNetwork(t *testing.T) {
	h := New(says("x"), Options{})
	ask := func(origin string) int {
		r := httptest.NewRequest(http.MethodGet, "http://gpu1/v1/models", nil)
		local := &net.TCPAddr{IP: net.IPv4(192, 168, 1, 5), Port: 8080}
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	if got := ask(""); got != 200 {
		t.Errorf("without an origin: status %d", got)
	}
	if got := ask("http://gpu1"); got != 403 {
		t.Errorf("a page that calls itself so: status %d, want 403", got)
	}
}

func TestKey(t *testing.T) {
	url := start(t, New(says("x"), Options{Key: "s3cret"}))
	cases := []struct {
		path, header string
		status       int
	}{
		{"/v1/models", "", 401},
		{"/v1/models", "Bearer s3cre", 401},
		{"/v1/models", "Bearer s3cret2", 401},
		{"/v1/models", "Basic s3cret", 401},
		{"/v1/models", "s3cret", 401},
		{"/v1/models", "Bearer s3cret", 200},
		{"/v1/models", "bearer s3cret", 200},
		{"/nowhere", "", 401},
		{"/health", "", 200},
	}
	for _, c := range cases {
		status, _, raw := send(t, newRequest(t, http.MethodGet, url+c.path, "", "Authorization", c.header))
		if status != c.status || status == 401 && decodeBody(t, raw).Error.Code != "invalid_api_key" {
			t.Errorf("%s, %q: status %d, want %d: %s", c.path, c.header, status, c.status, raw)
		}
		if strings.Contains(string(raw), "s3cret") {
			t.Errorf("the key is in the answer: %s", raw)
		}
	}
}

func TestModels(t *testing.T) {
	info := localmodel.Info{Name: "org/small", Window: 4096}
	url := start(t, New(says("x"), Options{Info: info, Names: []string{"local:small"}}))
	const card = `"id":"org/small","object":"model"`
	for path, want := range map[string]int{
		"/v1/models": 200, "/v1/models/org/small": 200, "/v1/models/org%2Fsmall": 200, "/v1/models/local:small": 200, "/v1/models/other": 404,
	} {
		status, _, raw := send(t, newRequest(t, http.MethodGet, url+path, ""))
		if status != want || status == 200 && (!strings.Contains(string(raw), card) || !strings.Contains(string(raw), `"max_model_len":4096`) || !strings.Contains(string(raw), `"owned_by":"lcbench"`)) {
			t.Errorf("%s: status %d, want %d: %s", path, status, want, raw)
		}
	}
	for model, want := range map[string]int{"org/small": 200, "local:small": 200, "": 200, "gpt-4": 404} {
		raw := post(t, url+"/v1/chat/completions", want, `{"model":"`+model+`",`+hello[1:])[0]
		if want == 404 {
			if f := decodeBody(t, raw).Error; f.Code != "model_not_found" || f.Param != "model" {
				t.Errorf("got %+v", f)
			}
		} else if !strings.Contains(string(raw), `"model":"org/small"`) {
			t.Errorf("%q: answered by another model: %s", model, raw)
		}
	}
}

func TestUnknownPlacesAndMethods(t *testing.T) {
	url := start(t, New(says("x"), Options{}))
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/v1/chat/completions", 405, "POST"},
		{"DELETE", "/v1/models", 405, "GET"},
		{"POST", "/v1/embeddings", 404, ""},
		{"GET", "/", 404, ""},
	} {
		status, header, raw := send(t, newRequest(t, c.method, url+c.path, ""))
		if status != c.status || header.Get("Allow") != c.allow || decodeBody(t, raw).Error.Code != "unknown_url" {
			t.Errorf("%s %s: status %d, Allow %q: %s", c.method, c.path, status, header.Get("Allow"), raw)
		}
	}
}

func TestRequestsThatAreTooLarge(t *testing.T) {
	url := start(t, New(says("x"), Options{MaxBody: 1000}))
	body := func(n int) string { return `{"prompt":"` + strings.Repeat("x", n-len(`{"prompt":""}`)) + `"}` }
	post(t, url+"/v1/completions", 200, body(1000))
	for _, n := range []int{1001, 3 << 20} {
		if f := postFault(t, url+"/v1/completions", 413, body(n)); f.Code != "request_too_large" || !strings.Contains(f.Message, "1000 bytes") {
			t.Errorf("%d bytes: got %+v", n, f)
		}
	}
}
