package datasets

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// HubOptions say where official files are fetched from and kept. The zero
// value fetches from the public hosts without a token and keeps nothing
// outside of the places that HubOptionsFromEnv gives for an empty
// environment.
type HubOptions struct {
	// Endpoint is the hub's address; "": https://huggingface.co.
	Endpoint string
	// Token is sent to the endpoint's own host and to no other.
	Token string
	// Cache is the folder in huggingface_hub's layout; "": its default,
	// ~/.cache/huggingface/hub.
	Cache string
	// GitHub is the address of GitHub's raw files; "":
	// https://raw.githubusercontent.com.
	GitHub string
	// GitHubCache is the folder for files from GitHub; "": github below
	// lcbench in the user's cache folder.
	GitHubCache string
	// Offline forbids all requests.
	Offline bool
	// Transport makes the requests; nil: net/http's, with the proxies of the
	// environment (never for loopback addresses).
	Transport http.RoundTripper
	// Progress, if not nil, is called while a file arrives, from the goroutine
	// that fetches it; total is 0 where the host doesn't tell.
	Progress func(name string, done, total int64)
	// Attempts is how often a request is made before it is given up; 0: 5. An
	// attempt that brought the file forward starts the count again.
	Attempts int
	// Backoff is the pause after the first failure, doubled after each
	// further one, up to 30 s; 0: 500 ms.
	Backoff time.Duration
	// Stall is how long a host may be silent; 0: 60 s.
	Stall time.Duration
	// Limits bound what compressed files expand to.
	Limits Limits
}

// HubOptionsFromEnv reads the variables that huggingface_hub reads:
// HF_ENDPOINT, HF_TOKEN (else the token file HF_TOKEN_PATH or $HF_HOME/token),
// HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_DATASETS_OFFLINE,
// HF_HUB_DISABLE_IMPLICIT_TOKEN and XDG_CACHE_HOME. LCBENCH_GITHUB_ENDPOINT is
// ours: a mirror of raw.githubusercontent.com, as HF_ENDPOINT is one of the hub.
func HubOptionsFromEnv(getenv func(string) string) HubOptions {
	e := environment{getenv}
	cache := e.path("XDG_CACHE_HOME", filepath.Join(e.home(), ".cache"))
	home := e.path("HF_HOME", filepath.Join(cache, "huggingface"))
	o := HubOptions{
		Endpoint:    strings.TrimRight(getenv("HF_ENDPOINT"), "/"),
		GitHub:      strings.TrimRight(getenv("LCBENCH_GITHUB_ENDPOINT"), "/"),
		Cache:       e.path("HF_HUB_CACHE", e.path("HUGGINGFACE_HUB_CACHE", filepath.Join(home, "hub"))),
		GitHubCache: filepath.Join(cache, "lcbench", "github"),
		Offline:     e.isTrue("HF_HUB_OFFLINE") || e.isTrue("HF_DATASETS_OFFLINE"),
	}
	if !e.isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
		o.Token = e.token(home)
	}
	return o
}

type environment struct{ getenv func(string) string }

func (e environment) home() string {
	for _, key := range []string{"HOME", "USERPROFILE"} {
		if dir := e.getenv(key); dir != "" {
			return dir
		}
	}
	return "."
}

// path reads a variable that holds a path, ~ and variables in it expanded.
func (e environment) path(key, otherwise string) string {
	p := e.getenv(key)
	if p == "" {
		return otherwise
	}
	if p == "~" || strings.HasPrefix(p, "~/") {
		p = e.home() + p[1:]
	}
	return os.Expand(p, e.getenv)
}

func (e environment) isTrue(key string) bool {
	switch strings.ToUpper(e.getenv(key)) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}

func (e environment) token(home string) string {
	for _, key := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
		if t := strings.TrimSpace(e.getenv(key)); t != "" {
			return t
		}
	}
	b, err := os.ReadFile(e.path("HF_TOKEN_PATH", filepath.Join(home, "token")))
	if err != nil {
		return "" // no token is the normal case
	}
	return strings.TrimSpace(string(b))
}

// withDefaults fills in what is empty.
func (o HubOptions) withDefaults() HubOptions {
	defaults := HubOptionsFromEnv(func(key string) string {
		if key == "HOME" {
			home, _ := os.UserHomeDir() // "" makes paths relative, as the caller's fault shows
			return home
		}
		return ""
	})
	o.Endpoint = strings.TrimRight(firstOf(o.Endpoint, "https://huggingface.co"), "/")
	o.GitHub = strings.TrimRight(firstOf(o.GitHub, "https://raw.githubusercontent.com"), "/")
	o.Cache = firstOf(o.Cache, defaults.Cache)
	o.GitHubCache = firstOf(o.GitHubCache, defaults.GitHubCache)
	o.Attempts = firstOf(max(o.Attempts, 0), 5)
	o.Backoff = firstOf(max(o.Backoff, 0), 500*time.Millisecond)
	o.Stall = firstOf(max(o.Stall, 0), time.Minute)
	if o.Transport == nil {
		o.Transport = defaultTransport(o.Stall)
	}
	return o
}

func firstOf[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// defaultTransport honours the environment's proxies; ProxyFromEnvironment
// leaves loopback addresses alone.
func defaultTransport(silence time.Duration) http.RoundTripper {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          8,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: silence,
		DisableCompression:    true, // sizes, ranges and hashes are of the stored bytes
	}
	return t
}
