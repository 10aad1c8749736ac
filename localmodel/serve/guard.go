package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// guarded keeps out what has no business here: web pages that reach for a port
// of the machine on which they are looked at, and whoever has no key.
func (s *server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why := s.foreign(r); why != "" {
			writeFault(w, &fault{status: http.StatusForbidden, kind: invalidRequest, code: "forbidden", message: why})
			return
		}
		if r.URL.Path != "/health" && !s.hasKey(r) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeFault(w, &fault{
				status: http.StatusUnauthorized, kind: invalidRequest, code: "invalid_api_key",
				message: "wrong or missing key; send it as Authorization: Bearer KEY",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign says why a request seems to come from a web page, "" if it doesn't.
// Browsers name the page in Origin and its relation in Sec-Fetch-Site. A page
// whose name was pointed at this machine (DNS rebinding) has its own Host and
// the same Origin: where the port is of loopback, or there is an Origin, names
// must be ours.
func (s *server) foreign(r *http.Request) string {
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return "requests from web pages are refused (Sec-Fetch-Site)"
	}
	origins := r.Header.Values("Origin")
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
			return "requests from web pages are refused (Origin)"
		}
	}
	if (len(origins) > 0 || onLoopback(r)) && !s.ourName(r.Host) {
		return "the Host header names neither this machine's address nor localhost"
	}
	return ""
}

// onLoopback says whether the request came in by a loopback address; what
// isn't known is taken for one.
func onLoopback(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true
	}
	at, err := netip.ParseAddrPort(addr.String())
	return err != nil || at.Addr().Unmap().IsLoopback()
}

func (s *server) ourName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "" { // HTTP/1.0; no browser
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true // no name, so nobody can have pointed it here
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		slices.ContainsFunc(s.o.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

func (s *server) hasKey(r *http.Request) bool {
	if s.o.Key == "" {
		return true
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	// Hashes have one length, so that the time doesn't tell the key's.
	got, want := sha256.Sum256([]byte(strings.TrimSpace(key))), sha256.Sum256([]byte(s.o.Key))
	same := subtle.ConstantTimeCompare(got[:], want[:]) == 1
	return strings.EqualFold(scheme, "Bearer") && same
}

// logWriter remembers what became of a request.
type logWriter struct {
	http.ResponseWriter
	status int
	fault  *fault
	usage  usage
}

func (w *logWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *logWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// logged writes a line a request.
func (s *server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		l := &logWriter{ResponseWriter: w}
		next.ServeHTTP(l, r)
		line := []any{"method", r.Method, "path", shorten(r.URL.Path), "status", l.status, "ms", time.Since(start).Milliseconds()}
		if l.usage.PromptTokens > 0 {
			line = append(line, "prompt_tokens", l.usage.PromptTokens, "cached_tokens", l.usage.Details.Cached, "completion_tokens", l.usage.CompletionTokens)
		}
		switch {
		case l.fault != nil && l.fault.cause != nil:
			s.o.Log.Error("request", append(line, "code", l.fault.code, "error", l.fault.cause)...)
		case l.fault != nil: // its message may repeat parts of the request
			s.o.Log.Info("request", append(line, "code", l.fault.code)...)
		default:
			s.o.Log.Info("request", line...)
		}
	})
}
