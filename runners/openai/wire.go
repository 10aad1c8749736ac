package openai

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/lcbench/lcbench/runners"
)

// The most that is read of an answer and of an error's body.
const (
	maxAnswer = 64 << 20
	maxFault  = 64 << 10
)

// wire is the HTTPDoer under go-openai's client. It writes the bodies, reads
// the refusals, and turns whatever a server answers into an event stream or
// into one clear error.
type wire struct {
	client *http.Client
	place  string // base URL without credentials, for messages
	model  string
	hasKey bool
	scrub  scrubber
	onRate func(runners.RateInfo)
}

func newWire(o Options) *wire {
	conns := o.MaxIdleConns
	if conns <= 0 {
		conns = 512
	}
	dialer := &net.Dialer{Timeout: o.Deadlines.Connect}
	place, secrets := placeOf(o.BaseURL)
	return &wire{
		place: place, model: o.Name, onRate: o.OnRate, hasKey: o.Key != "",
		scrub: newScrubber(append(secrets, o.Key)...),
		client: &http.Client{
			CheckRedirect: checkRedirect,
			Transport: &http.Transport{
				Proxy:               http.ProxyFromEnvironment, // none for loopback
				DialContext:         dialer.DialContext,
				TLSHandshakeTimeout: o.Deadlines.Connect,
				MaxIdleConns:        conns,
				MaxIdleConnsPerHost: conns,
				IdleConnTimeout:     90 * time.Second,
				WriteBufferSize:     64 << 10,
				// Compressed events arrive in lumps, late.
				DisableCompression: true,
			},
		},
	}
}

// placeOf is a base URL without its credentials, and the credentials.
func placeOf(base string) (string, []string) {
	u, err := url.Parse(base)
	if err != nil || u.User == nil {
		return base, nil
	}
	secrets := []string{u.User.Username()}
	if password, ok := u.User.Password(); ok {
		secrets = []string{password}
	}
	u.User = nil
	return u.String(), secrets
}

// checkRedirect follows what keeps the method; a POST that would become a GET
// is answered as it is.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("ten redirects, one after the other")
	}
	if req.Method != via[0].Method {
		return http.ErrUseLastResponse
	}
	return nil
}

type callKey struct{}

// withCall hands c to the wire, through go-openai.
func withCall(ctx context.Context, c *call) context.Context {
	ctx = context.WithValue(ctx, callKey{}, c)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { c.dog.connected() },
	})
}

// Do implements go-openai's HTTPDoer. Its responses are event streams with
// status 200; everything else is a *runners.CallError.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	c, ok := req.Context().Value(callKey{}).(*call)
	if !ok {
		return nil, errors.New("openai: a request that is no call")
	}
	if err := setBody(req, c); err != nil {
		return nil, err
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, w.networkError(err)
	}
	w.observe(resp.Header)
	body, err := w.accept(resp, c)
	if err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	c.body = body
	resp.Body = body
	return resp, nil
}

// setBody replaces go-openai's body by the one that has the prompt in it.
func setBody(req *http.Request, c *call) error {
	small, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	body, err := c.rewrite(small)
	if err != nil {
		return err
	}
	req.ContentLength = int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Body, err = req.GetBody()
	return err
}

func (w *wire) observe(h http.Header) {
	if w.onRate == nil {
		return
	}
	if info, ok := rateInfo(h); ok {
		w.onRate(info)
	}
}

// accept makes an event stream of an answer, or an error.
func (w *wire) accept(resp *http.Response, c *call) (*eventBody, error) {
	if resp.StatusCode >= 300 {
		return nil, w.refuse(resp, c)
	}
	in := bufio.NewReader(resp.Body)
	// The first byte is looked at whatever the content type says: servers lie.
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	first, err := firstByte(in)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, w.networkError(err)
	}
	switch {
	case kind == "text/html" || kind == "application/xhtml+xml" || first == '<':
		return nil, w.htmlError(resp, in)
	case first == '{' || first == '[':
		// A server that doesn't stream, or wasn't asked to.
		event, err := jsonAsEvent(in)
		if err != nil {
			return nil, w.networkError(err)
		}
		return newEventBody(bytes.NewReader(event), resp.Body), nil
	case err != nil:
		return nil, &runners.CallError{Kind: runners.ErrTransient, Status: resp.StatusCode, Err: errEmptyAnswer}
	}
	return newEventBody(in, resp.Body), nil
}

// firstByte looks at the first byte that is no space.
func firstByte(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			return b, in.UnreadByte()
		}
	}
}

// jsonAsEvent wraps a JSON answer as the one event of a stream. Line ends in
// JSON stand between tokens only, so a space serves as well.
func jsonAsEvent(in io.Reader) ([]byte, error) {
	event := bytes.NewBufferString("data: ")
	n, err := event.ReadFrom(io.LimitReader(in, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if n > maxAnswer {
		return nil, errTooLong
	}
	line := event.Bytes()
	for i, b := range line {
		if b == '\n' || b == '\r' {
			line[i] = ' '
		}
	}
	return append(line, "\n\ndata: [DONE]\n\n"...), nil
}

var errTooLong = fmt.Errorf("the answer is longer than %d MiB", maxAnswer>>20)

// refuse reads a refusal and sorts it.
func (w *wire) refuse(resp *http.Response, c *call) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFault))
	if err != nil && len(body) == 0 {
		return w.networkError(err)
	}
	if resp.StatusCode < 400 {
		return w.redirectError(resp)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "text/html" || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return w.htmlError(resp, bytes.NewReader(body))
	}
	return w.classify(resp.StatusCode, resp.Header, body, c.user)
}

func (w *wire) redirectError(resp *http.Response) error {
	to := "nowhere"
	if u, err := resp.Location(); err == nil {
		to = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	return &runners.CallError{
		Kind: runners.ErrFatal, Status: resp.StatusCode,
		Err: errors.New(w.scrub.text(fmt.Sprintf("%s redirects to %s: set the base URL to where the API is", w.place, to))),
	}
}

// htmlError is for pages where the API should be. A gateway's error page is
// still the gateway's error, which passes.
func (w *wire) htmlError(resp *http.Response, body io.Reader) error {
	page, err := io.ReadAll(io.LimitReader(body, maxFault))
	if err != nil {
		page = nil // the page matters less than that it is one
	}
	kind := kindOfStatus(resp.StatusCode)
	if kind == runners.ErrRequest {
		kind = runners.ErrFatal
	}
	title := w.scrub.text(titleOf(string(page)))
	if title != "" {
		title = " titled " + shorten(title, 80)
	}
	contentType := resp.Header.Get("Content-Type")
	if contentType == "" {
		contentType = "an HTML page"
	}
	return &runners.CallError{
		Kind: kind, Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header),
		Err: &refusalError{
			refusal: refusal{status: resp.StatusCode, fault: fault{kind: "html"}},
			text:    fmt.Sprintf("%s answered %s%s instead of JSON; is the base URL right? it usually ends in /v1", w.place, contentType, title),
		},
	}
}

func titleOf(page string) string {
	lower := strings.ToLower(page)
	start := strings.Index(lower, "<title>")
	if start < 0 || len(lower) != len(page) {
		return ""
	}
	start += len("<title>")
	end := strings.Index(lower[start:], "</title>")
	if end < 0 {
		return ""
	}
	return strings.Join(strings.Fields(page[start:start+end]), " ")
}

// eventBody is an event stream on its way to go-openai's reader. It ends the
// last line where the server didn't, since that reader drops lines without an
// end, and remembers whether the stream came to its proper end.
type eventBody struct {
	in     io.Reader
	closer io.Closer
	tail   [16]byte // the last bytes read
	held   int
	total  int64
	ended  bool
}

func newEventBody(in io.Reader, closer io.Closer) *eventBody {
	return &eventBody{in: in, closer: closer}
}

func (b *eventBody) Read(p []byte) (int, error) {
	if b.ended || len(p) == 0 {
		return 0, io.EOF
	}
	n, err := b.in.Read(p)
	b.keep(p[:n])
	if b.total += int64(n); b.total > maxAnswer {
		return n, errTooLong
	}
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	if n < len(p) {
		b.ended = true
		p[n] = '\n'
		return n + 1, io.EOF
	}
	return n, nil // the end comes back with the next read
}

func (b *eventBody) keep(p []byte) {
	if len(p) >= len(b.tail) {
		b.held = copy(b.tail[:], p[len(p)-len(b.tail):])
		return
	}
	if over := b.held + len(p) - len(b.tail); over > 0 {
		copy(b.tail[:], b.tail[over:b.held])
		b.held -= over
	}
	b.held += copy(b.tail[b.held:], p)
}

// done says whether the last line read was the mark of a finished stream.
func (b *eventBody) done() bool {
	line := bytes.TrimSpace(b.tail[:b.held])
	return bytes.HasSuffix(line, []byte("data: [DONE]")) || bytes.HasSuffix(line, []byte("data:[DONE]"))
}

func (b *eventBody) Close() error { return b.closer.Close() }

// drain reads on to the end, so that the connection can be used again.
func (b *eventBody) drain() {
	// Whatever goes wrong here, the answer is complete.
	_, _ = io.Copy(io.Discard, io.LimitReader(b.in, maxFault))
}

// errEmptyAnswer is a response without a body.
var errEmptyAnswer = errors.New("empty answer")
