package view

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOnlyThisMachinesOwnPagesMayLook(t *testing.T) {
	root := t.TempDir()
	finishedRun(t, root+"/run", 3)
	local, remote := viewer(t, root), viewer(t, root)
	remote.o = Options{Remote: true, Host: "eval.example"}
	for _, c := range []struct {
		name    string
		v       *Viewer
		method  string
		host    string
		headers []string // name, value, …
		want    int
	}{
		{"the address that was printed", local, "GET", "127.0.0.1:8765", nil, 200},
		{"localhost", local, "GET", "localhost:8765", nil, 200},
		{"localhost in capitals, with a dot", local, "GET", "LOCALHOST.:8765", nil, 200},
		{"IPv6", local, "GET", "[::1]:8765", nil, 200},
		{"a tunnel from another port", local, "GET", "localhost:9000", nil, 200},
		{"HEAD", local, "HEAD", "localhost:8765", nil, 200},
		{"a name that was pointed here", local, "GET", "evil.example:8765", nil, 403},
		{"such a name that begins like ours", local, "GET", "localhost.evil.example:8765", nil, 403},
		{"another machine's address", local, "GET", "192.0.2.7:8765", nil, 403},
		{"no host", local, "GET", "", nil, 403},
		{"an address, where others may look", remote, "GET", "192.0.2.7:8765", nil, 200},
		{"the name that was given", remote, "GET", "eval.example:8765", nil, 200},
		{"a name that was pointed here, where others may look", remote, "GET", "evil.example:8765", nil, 403},
		{"typed by hand", local, "GET", "localhost:8765", []string{"Sec-Fetch-Site", "none"}, 200},
		{"our own page", local, "GET", "localhost:8765", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://localhost:8765"}, 200},
		{"another site's page", local, "GET", "localhost:8765", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a page of another port", local, "GET", "localhost:8765", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"something a browser doesn't say yet", local, "GET", "localhost:8765", []string{"Sec-Fetch-Site", "near-site"}, 403},
		{"an origin that isn't ours", local, "GET", "localhost:8765", []string{"Origin", "http://evil.example"}, 403},
		{"our host by https", local, "GET", "localhost:8765", []string{"Origin", "https://localhost:8765"}, 403},
		{"an origin that hides", local, "GET", "localhost:8765", []string{"Origin", "null"}, 403},
		{"two origins", local, "GET", "localhost:8765", []string{"Origin", "http://localhost:8765", "Origin", "http://evil.example"}, 403},
		{"POST", local, "POST", "localhost:8765", nil, 405},
		{"DELETE", local, "DELETE", "localhost:8765", nil, 405},
		{"OPTIONS, a preflight", local, "OPTIONS", "localhost:8765", []string{"Access-Control-Request-Method", "GET"}, 405},
	} {
		for _, path := range []string{"/", "/live/runs", "/samples?run=run", "/view.js", "/nowhere"} {
			r := httptest.NewRequest(c.method, path, nil)
			r.Host = c.host
			for i := 0; i < len(c.headers); i += 2 {
				r.Header.Add(c.headers[i], c.headers[i+1])
			}
			w := httptest.NewRecorder()
			c.v.ServeHTTP(w, r)
			want := c.want
			if path == "/nowhere" && want == 200 {
				want = 404
			}
			if w.Code != want {
				t.Errorf("%s: %s %s: status %d, want %d", c.name, c.method, path, w.Code, want)
			}
			if w.Code == 403 && (strings.Contains(w.Body.String(), "local:tiny") || strings.Count(w.Body.String(), "\n") != 1) {
				t.Errorf("%s: %s says %q, want one line that tells nothing", c.name, path, w.Body)
			}
			checkHeaders(t, c.name+" "+path, w)
		}
	}
}

// checkHeaders looks at what every answer must say, whatever it is.
func checkHeaders(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	for header, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if got := w.Header().Get(header); got != want {
			t.Errorf("%s: %s is %q, want %q", name, header, got, want)
		}
	}
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'; ", "script-src 'self' 'sha256-", "style-src 'self' 'sha256-", "connect-src 'self'; ", "base-uri 'none'; ", "form-action 'self'; ", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("%s: the policy lacks %q: %s", name, want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("%s: policy %s", name, policy)
	}
	for header := range w.Header() {
		if strings.HasPrefix(header, "Access-Control-") || header == "Set-Cookie" {
			t.Errorf("%s: %s is set", name, header)
		}
	}
	if kind := w.Header().Get("Content-Type"); !strings.HasSuffix(kind, "; charset=utf-8") {
		t.Errorf("%s: content type %q", name, kind)
	}
	if w.Code == http.StatusMethodNotAllowed && w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("%s: Allow is %q", name, w.Header().Get("Allow"))
	}
}

// A name in a URL is looked up among those that were found: nothing else can be
// reached by it.
func TestRunsAreNamedNotReachedByPaths(t *testing.T) {
	root := t.TempDir()
	finishedRun(t, root+"/in/run", 3)
	finishedRun(t, root+"/secret", 3)
	v := viewer(t, root+"/in")
	wants(t, page(t, v, "/samples?run=run"), "single/0")
	for _, name := range []string{"../secret", "..%2Fsecret", "%2e%2e/secret", "run/../../secret", "./run", "/" + root + "/secret", "run/", "", ".", "run%00", "..%5Csecret"} {
		for _, path := range []string{"/report?run=", "/samples?run=", "/sample?id=single/0&run=", "/context?start=0&end=1&id=single/0&run=", "/live/report?run=", "/live/samples?run="} {
			if w := ask(v, path+name); w.Code != 404 {
				t.Errorf("%s%s: status %d, want 404", path, name, w.Code)
			}
		}
	}
	for _, path := range []string{"/../secret/manifest.json", "/run/manifest.json", "/manifest.json", "/..%2fsecret/samples.jsonl", "/pages.html"} {
		if w := ask(v, path); w.Code == 200 {
			t.Errorf("%s is served", path)
		}
	}
}

func TestAddressesOfOtherMachinesWantTheFlag(t *testing.T) {
	for _, c := range []struct {
		addr   string
		remote bool
		ok     bool
	}{
		{"127.0.0.1:0", false, true}, {"localhost:0", false, true}, {":0", false, true}, {"127.0.0.1:0", true, true},
		{"0.0.0.0:0", false, false}, {"[::]:0", false, false}, {"192.0.2.1:0", false, false}, {"example.org:0", false, false},
		{"127.0.0.1", false, false}, {"127.0.0.1:x", false, false}, {"0.0.0.0:0", true, true},
	} {
		l, err := Listen(c.addr, c.remote)
		if (err == nil) != c.ok {
			t.Errorf("%s, remote %v: %v", c.addr, c.remote, err)
		}
		if err == nil {
			_ = l.Close()
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %v", c.addr, err)
		}
	}
}
