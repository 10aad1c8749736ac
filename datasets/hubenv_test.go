package datasets

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOptionsFromTheEnvironment(t *testing.T) {
	home := t.TempDir()
	write(t, filepath.Join(home, ".cache", "huggingface", "token"), []byte("hf_file\n"))
	write(t, filepath.Join(home, "elsewhere", "token"), []byte("hf_elsewhere"))
	def := HubOptions{
		Cache: filepath.Join(home, ".cache/huggingface/hub"), GitHubCache: filepath.Join(home, ".cache/lcbench/github"), Token: "hf_file",
	}
	with := func(change func(*HubOptions)) HubOptions {
		o := def
		change(&o)
		return o
	}
	for _, c := range []struct {
		name string
		env  map[string]string
		want HubOptions
	}{
		{"nothing set", nil, def},
		{"a mirror", map[string]string{"HF_ENDPOINT": "https://hf-mirror.example/"}, with(func(o *HubOptions) { o.Endpoint = "https://hf-mirror.example" })},
		{"a mirror of GitHub", map[string]string{"LCBENCH_GITHUB_ENDPOINT": "https://raw-mirror.example/"}, with(func(o *HubOptions) { o.GitHub = "https://raw-mirror.example" })},
		{"a token", map[string]string{"HF_TOKEN": " hf_env\n"}, with(func(o *HubOptions) { o.Token = "hf_env" })},
		{"no implicit token", map[string]string{"HF_TOKEN": "x", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "true"}, with(func(o *HubOptions) { o.Token = "" })},
		{"HF_HOME", map[string]string{"HF_HOME": "~/elsewhere"}, with(func(o *HubOptions) {
			o.Cache, o.Token = filepath.Join(home, "elsewhere", "hub"), "hf_elsewhere"
		})},
		{"HF_HUB_CACHE", map[string]string{"HF_HUB_CACHE": "$HOME/c", "HF_HOME": "/nowhere"}, with(func(o *HubOptions) {
			o.Cache, o.Token = home+"/c", ""
		})},
		{"XDG_CACHE_HOME", map[string]string{"XDG_CACHE_HOME": "/xdg"}, with(func(o *HubOptions) {
			o.Cache, o.GitHubCache, o.Token = filepath.Join("/xdg", "huggingface", "hub"), filepath.Join("/xdg", "lcbench", "github"), ""
		})},
		{"offline hub", map[string]string{"HF_HUB_OFFLINE": "1"}, with(func(o *HubOptions) { o.Offline = true })},
		{"offline datasets", map[string]string{"HF_DATASETS_OFFLINE": "yes"}, with(func(o *HubOptions) { o.Offline = true })},
		{"online", map[string]string{"HF_HUB_OFFLINE": "0"}, def},
	} {
		env := map[string]string{"HOME": home}
		for k, v := range c.env {
			env[k] = v
		}
		got := HubOptionsFromEnv(func(key string) string { return env[key] })
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestNoProxyForLoopback(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://proxy.invalid:1")
	tr := defaultTransport(0).(*http.Transport)
	for _, at := range []string{"http://127.0.0.1:8000/x", "http://localhost/x", "http://[::1]:1/x"} {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := tr.Proxy(&http.Request{URL: u}); p != nil || err != nil {
			t.Errorf("%s goes through %v %v", at, p, err)
		}
	}
}

func TestTheTokenIsBoundToTheEndpointsOwnHost(t *testing.T) {
	home, err := url.Parse("https://huggingface.co")
	if err != nil {
		t.Fatal(err)
	}
	w := &web{home: home, token: "t"}
	for at, want := range map[string]bool{
		"https://huggingface.co/datasets/x": true, "https://HuggingFace.co/x": true,
		"https://cdn-lfs.huggingface.co/x": false, "http://huggingface.co/x": false,
		"https://huggingface.co:444/x": false, "https://evil.example/huggingface.co": false, "https://huggingface.co.evil.example/": false,
	} {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.sendsToken(u); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
}

func TestRedirectsAreJudged(t *testing.T) {
	from, err := url.Parse("https://huggingface.co/a/b?c")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		location, want string
		status         int
	}{
		{"https://cdn.example/x", "https://cdn.example/x", 302},
		{"/renamed", "https://huggingface.co/renamed", 307},
		{"http://cdn.example/x", "unencrypted", 302},
		{"file:///etc/passwd", "bad address", 302},
		{"%zz", "bad address", 301},
		{"https://cdn.example/x", "", 200},
		{"https://cdn.example/x", "", 304},
	} {
		resp := &http.Response{StatusCode: c.status, Header: http.Header{"Location": {c.location}}}
		to, err := redirect(from, resp)
		got := ""
		if to != nil {
			got = to.String()
		}
		if err != nil {
			got = err.Error()
		}
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%d to %s: got %q, want %q", c.status, c.location, got, c.want)
		}
	}
}
