package builtin

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"

	"github.com/lcbench/lcbench/datasets"
)

// M4LE returns generated files for M4LE: rows in its own schema for tasks that
// take one long text, <task>.jsonl, and short labelled texts, short/<kind>.<language>.jsonl,
// that the tasks of many numbered items are composed of. Files are made when
// they are first opened; what isn't there is an error that wraps
// fs.ErrNotExist.
func M4LE(seed uint64) datasets.Source {
	w := New(seed)
	return &generated{world: w, file: func(name string) ([]byte, error) {
		for _, f := range m4leFiles() {
			if f.name == name {
				return jsonLines(f.rows(w)), nil
			}
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}}
}

// M4LEFiles lists the names that an M4LE source has.
func M4LEFiles() []string {
	var names []string
	for _, f := range m4leFiles() {
		names = append(names, f.name)
	}
	return names
}

// m4leFile says how a file's rows are made.
type m4leFile struct {
	name string
	rows func(w *World) []any
}

func m4leFiles() []m4leFile {
	var files []m4leFile
	for _, lang := range []string{English, Chinese} {
		files = append(files,
			m4leFile{"short/classes." + lang + ".jsonl", func(w *World) []any { return w.m4leClasses(lang) }},
			m4leFile{"short/questions." + lang + ".jsonl", func(w *World) []any { return w.m4leQuestions(lang) }},
			m4leFile{"short/parallel." + lang + ".jsonl", func(w *World) []any { return w.m4leParallel(lang) }},
		)
	}
	return append(files,
		m4leFile{"triviaqa.jsonl", (*World).m4leTrivia},
		m4leFile{"arxiv.jsonl", func(w *World) []any { return w.m4leReports(English) }},
		m4leFile{"cnewsum.jsonl", func(w *World) []any { return w.m4leReports(Chinese) }},
		m4leFile{"open-subtitles-en2zh.jsonl", func(w *World) []any { return w.m4leSubtitles(English) }},
		m4leFile{"open-subtitles-zh2en.jsonl", func(w *World) []any { return w.m4leSubtitles(Chinese) }},
	)
}

// m4leShort is a short text with what can be asked about it.
type m4leShort struct {
	Text        string   `json:"text"`
	Label       string   `json:"label,omitempty"`
	Title       string   `json:"title,omitempty"`
	Question    string   `json:"question,omitempty"`
	Answers     []string `json:"answers,omitempty"`
	Summary     string   `json:"summary,omitempty"`
	Translation string   `json:"translation,omitempty"`
}

// How many short texts there are of each kind: enough for contexts of 128k
// tokens.
const (
	m4leNews     = 6000
	m4leArticles = 1900
)

// m4leClasses are news items with their topics.
func (w *World) m4leClasses(lang string) []any {
	var out []any
	seen := map[string]bool{}
	for _, n := range w.LabelledNews(lang, "m4le", m4leNews) {
		if !seen[n.Text] {
			seen[n.Text] = true
			out = append(out, m4leShort{Text: n.Text, Label: n.Label})
		}
	}
	return out
}

// entities yields the first n entities of the world's circles.
func (w *World) entities(n int) []*Entity {
	var out []*Entity
	for circle := 0; len(out) < n; circle++ {
		out = append(out, w.Circle(circle).Entities()...)
	}
	return out[:n]
}

// m4leQuestions are articles about one entity each, with a question on it and a
// summary.
func (w *World) m4leQuestions(lang string) []any {
	d := w.dice("m4le/questions/" + lang)
	var out []any
	for _, e := range w.entities(m4leArticles) {
		doc := w.Article(e, lang, 70, Shape{})
		if questions := w.Questions(doc, d.n(2)); len(questions) > 0 {
			q := pick(d, questions)
			out = append(out, m4leShort{
				Text: doc.Text(), Title: doc.Title, Question: q.Text, Answers: []string{q.Answer},
				Summary: w.Abstract(doc.Paragraphs[0], lang, 2),
			})
		}
	}
	return out
}

// m4leParallel are short texts in a language with their translations.
func (w *World) m4leParallel(lang string) []any {
	d := w.dice("m4le/parallel/" + lang)
	var out []any
	for _, e := range w.entities(m4leArticles) {
		text, translation := w.twice(d, w.Circle(e.Circle).About(e), lang)
		out = append(out, m4leShort{Text: text, Title: e.Name(lang), Translation: translation})
	}
	return out
}

// twice tells facts in a language and in the other one, sentence by sentence.
func (w *World) twice(d *dice, facts []Fact, lang string) (text, translation string) {
	other := Chinese
	if lang == Chinese {
		other = English
	}
	var one, two []string
	for _, f := range facts {
		variant := d.n(Variants)
		one, two = append(one, w.Sentence(f, lang, variant)), append(two, w.Sentence(f, other, variant))
	}
	return strings.Join(one, space(lang)), strings.Join(two, space(other))
}

// m4leRow is M4LE's schema.
type m4leRow struct {
	Instruction string   `json:"instruction"`
	Input       string   `json:"input"`
	Answers     []string `json:"answers"`
	InputLength int      `json:"input_length"`
	TotalLength int      `json:"total_length"`
	Bucket      int      `json:"length_bucket"`
}

// newM4LERow measures a row: words, or characters where a text is Chinese, and
// the smallest bucket that holds it.
func newM4LERow(lang, instruction, input, answerLang, answer string) m4leRow {
	r := m4leRow{Instruction: instruction, Input: input, Answers: []string{answer}}
	r.InputLength = Size(instruction, lang) + Size(input, lang)
	r.TotalLength = r.InputLength + Size(answer, answerLang)
	for _, bucket := range []int{1000, 2000, 4000, 6000, 8000} {
		if r.Bucket = bucket; r.TotalLength < bucket {
			break
		}
	}
	return r
}

// m4leSizes are the texts' sizes, in words or characters.
func m4leSizes() []int { return []int{700, 800, 1500, 1700} }

// m4leTrivia asks a single fact of a chronicle.
func (w *World) m4leTrivia() []any {
	var out []any
	for i, n := range m4leSizes() {
		d := w.dice("m4le/triviaqa", i)
		doc := w.Chronicle(English, 16*i, n, Shape{})
		q := pick(d, w.Questions(doc, d.n(2)))
		input := "Context: " + doc.Text() + "\nQuestion: " + q.Text + "\nAnswer:"
		out = append(out, newM4LERow(English, "The context below answers the question at its end. Give the answer alone.", input, English, q.Answer))
	}
	return out
}

// m4leReports asks for the summary of a report.
func (w *World) m4leReports(lang string) []any {
	var out []any
	for i, n := range m4leSizes() {
		doc := w.Report(lang, 16*i, n)
		instruction, input := "Sum up the paper below in an abstract of one paragraph.", "Paper: "+doc.Text()+"\nAbstract:"
		if lang == Chinese {
			instruction, input = "请用一段话概括下面这篇新闻。", "新闻: "+doc.Text()+"\n摘要:"
		}
		out = append(out, newM4LERow(lang, instruction, input, lang, w.Summary(doc, n/150)))
	}
	return out
}

// m4leSubtitles asks for the translation of a whole text.
func (w *World) m4leSubtitles(lang string) []any {
	var out []any
	for i, n := range m4leSizes() {
		d := w.dice("m4le/subtitles/"+lang, i)
		var facts []Fact
		for circle, size := 16*i, 0; size < n/2; circle++ {
			for _, f := range w.Circle(circle).Facts {
				if size < n/2 {
					facts = append(facts, f)
					size += Size(w.Sentence(f, lang, 0), lang)
				}
			}
		}
		text, translation := w.twice(d, facts, lang)
		other, instruction, input := Chinese, "Translate all of the English text into Chinese.", "English: "+text+"\nChinese:"
		if lang == Chinese {
			other, instruction, input = English, "Translate all of the Chinese text into English.", "Chinese: "+text+"\nEnglish:"
		}
		out = append(out, newM4LERow(lang, instruction, input, other, translation))
	}
	return out
}

// jsonLines encodes rows, one a line.
func jsonLines(rows []any) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, r := range rows {
		// Strings and lists of strings always encode, and a buffer takes all that
		// is written.
		_ = enc.Encode(r)
	}
	return out.Bytes()
}
