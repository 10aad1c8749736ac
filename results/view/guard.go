package view

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/lcbench/lcbench/results/report"
)

// guard keeps out whoever has no business here, and tells browsers what our
// pages may do.
func (v *Viewer) guard(next http.Handler) http.Handler {
	policy := policy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch why := v.foreign(r); {
		case why != "":
			v.refuse(w, http.StatusForbidden, why)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			v.refuse(w, http.StatusMethodNotAllowed, "only GET and HEAD: looking changes nothing")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// policy allows our own script and style, and those that stand in a report's
// page.
func policy() string {
	style, script := report.Pins()
	return "default-src 'none'; script-src 'self' '" + script + "'; style-src 'self' '" + style + "'; connect-src 'self'; img-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// foreign says why a request seems to come from another page or by another
// name, "" if it doesn't. A page whose name was pointed at this machine (DNS
// rebinding) has that name in Host; other pages show in Sec-Fetch-Site, and in
// Origin where a browser is too old for that.
func (v *Viewer) foreign(r *http.Request) string {
	if !v.ourName(r.Host) {
		return "the Host header names another machine: open the address that lcbench view printed"
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return "another site's page asks: open the address yourself, in a tab of its own"
	}
	for _, origin := range r.Header.Values("Origin") {
		if !strings.EqualFold(origin, "http://"+r.Host) {
			return "another site's page asks (Origin): open the address yourself"
		}
	}
	return ""
}

// ourName says whether a Host header may be ours. Its port isn't looked at: an
// SSH tunnel may begin at another one, and browsers don't let pages choose it.
// An address of another machine can't have been pointed here by anybody, so
// where remote machines may look any address will do.
func (v *Viewer) ourName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if isLoopback(host) {
		return true
	}
	if !v.o.Remote {
		return false
	}
	_, err := netip.ParseAddr(host)
	return err == nil || v.o.Host != "" && strings.EqualFold(host, v.o.Host)
}

// refuse answers in a line of text.
func (v *Viewer) refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("lcbench view: " + why + "\n")) // who asked is gone
}
