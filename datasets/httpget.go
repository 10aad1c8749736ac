package datasets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// AccessError is a file that the host refuses to give: HTTP 401 or 403.
type AccessError struct {
	URL    string
	Status int
	Code   string // the hub's own word for it (GatedRepo, RepoNotFound), "" if none
	Token  bool   // whether a token was sent
}

func (e *AccessError) Error() string {
	what := "a token that may read it is needed: set HF_TOKEN"
	if e.Token {
		what = "the token in HF_TOKEN may not read it (or the conditions of the data set's page are not accepted yet)"
	}
	code := ""
	if e.Code != "" {
		code = " " + e.Code
	}
	return fmt.Sprintf("%s: HTTP %d%s: %s", e.URL, e.Status, code, what)
}

// transientError is worth another attempt, after a pause that the host may
// have asked for.
type transientError struct {
	err   error
	after time.Duration
}

func (e *transientError) Error() string { return e.err.Error() }
func (e *transientError) Unwrap() error { return e.err }

// maxRedirects is what browsers allow, halved.
const maxRedirects = 10

// web makes requests. Redirects are followed by hand: net/http would hand the
// token on to the subdomains of a host.
type web struct {
	transport http.RoundTripper
	home      *url.URL // the endpoint, whose own host gets the token
	token     string
}

// get requests address, following redirects as far as follow says. The
// caller closes the body. An error tells the address without its query,
// which may hold a signature.
func (w *web) get(ctx context.Context, method, address string, header http.Header, follow func(from, to *url.URL) bool) (*http.Response, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("bad address: %w", err)
	}
	for range maxRedirects {
		resp, err := w.once(ctx, method, at, header)
		if err != nil {
			return nil, err
		}
		next, err := redirect(at, resp)
		if err != nil {
			return nil, errors.Join(err, resp.Body.Close())
		}
		if next == nil || !follow(at, next) {
			return resp, nil
		}
		if err := resp.Body.Close(); err != nil {
			return nil, &transientError{err: err}
		}
		at = next
	}
	return nil, fmt.Errorf("%s: more than %d redirects", bare(at), maxRedirects)
}

func (w *web) once(ctx context.Context, method string, at *url.URL, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
	if err != nil {
		return nil, err
	}
	for key, values := range header {
		req.Header[key] = values
	}
	req.Header.Set("User-Agent", "lcbench")
	req.Header.Set("Accept-Encoding", "identity")
	if w.sendsToken(at) {
		req.Header.Set("Authorization", "Bearer "+w.token)
	}
	resp, err := w.transport.RoundTrip(req)
	if err == nil {
		resp.Request = req // which a RoundTripper may leave out
	}
	switch {
	case ctx.Err() != nil:
		if err == nil {
			return nil, errors.Join(ctx.Err(), resp.Body.Close())
		}
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &transientError{err: fmt.Errorf("%s: %w", bare(at), err)}
	}
	return resp, nil
}

// sendsToken says whether at lies on the endpoint's own host and port, over
// the endpoint's own scheme.
func (w *web) sendsToken(at *url.URL) bool {
	return w.token != "" && w.home != nil && at.Scheme == w.home.Scheme && strings.EqualFold(at.Host, w.home.Host)
}

// redirect returns where a response sends to, nil if nowhere.
func redirect(at *url.URL, resp *http.Response) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	next, err := at.Parse(resp.Header.Get("Location"))
	if err != nil || next.Host == "" {
		return nil, fmt.Errorf("%s: redirect to a bad address", bare(at))
	}
	if at.Scheme == "https" && next.Scheme != "https" {
		return nil, fmt.Errorf("%s: redirect to an unencrypted address", bare(at))
	}
	return next, nil
}

// bare is an address without what may be secret in it.
func bare(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// checkStatus turns a response that isn't the file into an error.
func (w *web) checkStatus(resp *http.Response, wantPage bool) error {
	at := bare(resp.Request.URL)
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return &AccessError{URL: at, Status: code, Code: errorCode(resp), Token: w.sendsToken(resp.Request.URL)}
	case code == http.StatusNotFound || code == http.StatusGone:
		return fmt.Errorf("%s: HTTP %d %s: %w", at, code, errorCode(resp), fs.ErrNotExist)
	case code == http.StatusRequestTimeout || code == http.StatusTooEarly ||
		code == http.StatusTooManyRequests || code >= 500:
		return &transientError{err: fmt.Errorf("%s: HTTP %d", at, code), after: retryAfter(resp)}
	case code >= 400:
		return fmt.Errorf("%s: HTTP %d %s", at, code, errorCode(resp))
	case !wantPage && isPage(resp):
		return fmt.Errorf("%s: answered with a web page instead of data (a proxy, or a login page?)", at)
	}
	return nil
}

func isPage(resp *http.Response) bool {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml") && resp.StatusCode < 300
}

// errorCode is the hub's X-Error-Code, if it is a plain word.
func errorCode(resp *http.Response) string {
	code := resp.Header.Get("X-Error-Code")
	for _, c := range code {
		if c > 'z' || c < '0' || len(code) > 60 {
			return ""
		}
	}
	return code
}

func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 300)) * time.Second
}

// escapePath escapes each part of a path for an address.
func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

func isPagePath(p string) bool {
	ext := path.Ext(p)
	return ext == ".html" || ext == ".htm"
}
