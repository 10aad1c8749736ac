package view

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// listed are the ids on a page of samples, in their order.
func listed(text string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`<th scope="row"><a href="[^"]*"><bdi>([^<]*)</bdi>`).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestSamplesAreChosenAndSorted(t *testing.T) {
	root := t.TempDir()
	finishedRun(t, root+"/run", 20)
	v := viewer(t, root)
	for _, c := range []struct {
		query string
		want  string
		of    string
	}{
		{"", "single/0 single/1 multi/2 single/3 single/4 multi/5 single/6 single/7 multi/8 single/9 single/10 multi/11 single/12 single/13 multi/14 single/15 single/16 multi/17 single/18 single/19", "1–20 of 20"},
		{"task=multi", "multi/2 multi/5 multi/8 multi/11 multi/14 multi/17", "1–6 of 6 (of 20 samples"},
		{"status=error", "single/6 single/13", "1–2 of 2"},
		{"status=lost", "single/6 single/13", "1–2 of 2"},
		{"from=20&to=30", "single/4 single/9 multi/14 single/19", "1–4 of 4"},
		{"to=25", "single/4 single/9 multi/14 single/19", "1–4 of 4"},
		{"from=25.1&task=single&text=1", "single/1 single/10 single/12 single/15 single/16 single/18", "1–6 of 6"},
		{"text=MULTI/1", "multi/11 multi/14 multi/17", "1–3 of 3"},
		{"sort=low&text=4", "single/4 multi/14", "1–2 of 2"},
		{"sort=low", "single/4 single/9 multi/14 single/19 single/0", ""},
		{"sort=high&status=lost", "single/6 single/13", ""},
		{"sort=low&text=1&task=multi", "multi/14 multi/11 multi/17", "1–3 of 3"},
		{"sort=high&text=1&task=multi", "multi/11 multi/17 multi/14", "1–3 of 3"},
		{"task=none", "", "No sample is like that"},
	} {
		text := page(t, v, "/samples?run=run&"+c.query)
		got := listed(text)
		if want := strings.Fields(c.want); len(got) < len(want) || !slices.Equal(got[:len(want)], want) || c.of != "" && len(got) != len(want) {
			t.Errorf("%s:\n got %q\nwant %q", c.query, got, want)
		}
		wants(t, text, c.of)
	}
	last := listed(page(t, v, "/samples?run=run&sort=low"))
	if got := last[len(last)-2:]; got[0] != "single/6" || got[1] != "single/13" {
		t.Errorf("samples without a score are %q, want them last", got)
	}
	last = listed(page(t, v, "/samples?run=run&sort=high"))
	if got := last[len(last)-2:]; got[0] != "single/6" || got[1] != "single/13" {
		t.Errorf("from the best: samples without a score are %q, want them last", got)
	}
	for query, want := range map[string]string{
		"from=x": "score from &#34;x&#34;: want percent", "to=NaN": "score to &#34;NaN&#34;", "sort=up": "sort &#34;up&#34;: want low, high or nothing", "page=0": "page &#34;0&#34;: want a number from 1",
	} {
		w := ask(v, "/samples?run=run&"+query)
		if w.Code != 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: status %d, %s", query, w.Code, w.Body)
		}
	}
}

func TestPagesOfSamplesLeadToEachOther(t *testing.T) {
	root := t.TempDir()
	finishedRun(t, root+"/run", 120)
	v := viewer(t, root)
	var seen []string
	next := "/samples?run=run&sort=low&status=ok"
	for pages := 0; next != ""; pages++ {
		if pages > 5 {
			t.Fatal("there is no end")
		}
		text := page(t, v, next)
		seen = append(seen, listed(text)...)
		next = ""
		if m := regexp.MustCompile(`<a href="([^"]*)" rel="next">`).FindStringSubmatch(text); m != nil {
			next = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if n := len(seen); n != 103 { // of 120 every seventh is lost
		t.Errorf("%d samples on all pages, want 103", n)
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 103 {
		t.Error("a sample is on two pages")
	}
	wants(t, page(t, v, "/samples?run=run&page=99"), "101–120 of 120")
	// A sample knows its neighbours in the list, and where in it it stands.
	text := page(t, v, "/sample?run=run&task=multi&id=multi/5")
	wants(t, text, "id=multi%2F2&amp;run=run&amp;task=multi\" rel=\"prev\"", "id=multi%2F8&amp;run=run&amp;task=multi\" rel=\"next\"")
	wants(t, page(t, v, "/sample?run=run&id=single/60"), `<a href="/samples?page=2&amp;run=run">Samples</a>`)
}

func TestASampleShowsAllThereIs(t *testing.T) {
	root := t.TempDir()
	finishedRun(t, root+"/run", 3)
	v := viewer(t, root)
	text := page(t, v, "/sample?run=run&id=single/1")
	wants(t, text, "100.0 %", "answer 1", "seven", "Read. ", "When does the harbour open?",
		"<mark>The harbour of Bergen opens at &lt;b&gt;seven&lt;/b&gt;.</mark>", "610 tokens by words", "known, 1 place",
		"diffusion 0.100, scope 0.200, measured", "620 in, 3 out", "1,100 characters left out")
	if n := strings.Count(text, `class="gap"`); n != 2 {
		t.Errorf("%d gaps, want one on either side of the evidence", n)
	}
	// More of it, where it was left out, and on a page of its own.
	more := regexp.MustCompile(`data-more="([^"]*)"`).FindStringSubmatch(text)
	part := page(t, v, strings.ReplaceAll(more[1], "&amp;", "&"))
	if want := "<span>" + strings.Repeat("word ", 220) + "</span>"; part != want {
		t.Errorf("more is %q", part)
	}
	wants(t, page(t, v, "/context?run=run&id=single/1&start=1500&end=1543"), "<mark>The harbour")
	for _, bad := range []string{"start=0", "start=5&end=1", "start=-1&end=3", "start=0&end=99999", "start=x&end=y"} {
		if w := ask(v, "/context?run=run&id=single/1&"+bad); w.Code != 400 || !strings.Contains(w.Body.String(), fmt.Sprintf("bytes of a context of %d", 3000+len(needle))) {
			t.Errorf("%s: status %d", bad, w.Code)
		}
	}
	if w := ask(v, "/sample?run=run&id=nobody"); w.Code != 404 || !strings.Contains(w.Body.String(), `there is no sample &#34;nobody&#34; in this run`) {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

// Everything is text, whoever wrote it, on every page.
func TestPlantedMarkupIsText(t *testing.T) {
	root := t.TempDir()
	name := hostileRun(t, root)
	v := viewer(t, root)
	run := url.Values{"run": {name}}.Encode()
	r := v.find(name)
	id := ""
	must(t, r.withRows(func(x *rowIndex) error { id = x.id(0); return nil }))
	one := run + "&" + url.Values{"id": {id}}.Encode()
	for path, most := range map[string]int{
		"/": 4, "/live/runs": 4, "/report?" + run: 0, "/live/report?" + run: 0, "/samples?" + run: 20, "/sample?" + one: 20,
		"/context?start=0&end=900&" + one: 1, "/live/context?start=0&end=900&" + one: 1, "/samples?text=" + url.QueryEscape(hostile) + "&" + run: 1,
		"/samples?run=" + url.QueryEscape(hostile): 0, "/sample?id=" + url.QueryEscape(hostile) + "&" + run: 1, "/samples?from=" + url.QueryEscape(hostile) + "&" + run: 0,
	} {
		text := ask(v, path).Body.String()
		refuses(t, text, "<script>document", "</script></script>", "<img", `onerror="`, "\x00", "<!--<")
		// What a form sends back is as it was; everything else shows what it hides.
		text = regexp.MustCompile(`value="[^"]*"`).ReplaceAllString(text, "")
		if !strings.HasPrefix(path, "/report") {
			refuses(t, text, "\u202e", "\x1b")
		}
		if !utf8.ValidString(text) {
			t.Errorf("%s isn't valid UTF-8", path)
		}
		if n := strings.Count(text, "&lt;script&gt;document"); n < most {
			t.Errorf("%s: the planted text is there %d times, want %d or more: the test says too little", path, n, most)
		}
	}
}

func TestTextsThatHideAreShown(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n\ttext":       "plain\n\ttext",
		"a\r\nb\rc":           "a\nb␍c",
		"\x00\x1b[31m\x7f":    "␀␛[31m[U+007F]",
		"\u202eevil\u2069":    "[U+202E]evil[U+2069]",
		"\xff\xfe ok":         "\uFFFD ok",
		"line\u2028separator": "line\u2028separator",
		"עברית\u200f":         "עברית\u200f",
	} {
		if got := readable(in); got != want {
			t.Errorf("readable(%q) = %q, want %q", in, got, want)
		}
	}
	long := strings.Repeat("é", 100)
	if got, want := start(long, 51), strings.Repeat("é", 25)+fmt.Sprintf(" … [%d characters more]", 75); got != want {
		t.Errorf("start: %q, want %q", got, want)
	}
}
