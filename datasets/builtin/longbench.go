package builtin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/lcbench/lcbench/datasets"
)

// LongBench returns generated files in LongBench's own schema, under its file
// names: at least one task for each of its six categories in either language
// (of the code tasks, lcc has English comments and repobench-p Chinese ones),
// some of LongBench-E's files, LongBench v2's data.json, and prompts worded by
// us. Files are made when they are opened.
func LongBench(seed uint64) datasets.Source {
	return &longBench{world: New(seed), made: map[string][]byte{}}
}

type longBench struct {
	world *World

	mu     sync.Mutex
	made   map[string][]byte
	opened []datasets.FileInfo
}

// Origin implements datasets.Source.
func (s *longBench) Origin() datasets.Origin {
	s.mu.Lock()
	defer s.mu.Unlock()
	files := slices.Clone(s.opened)
	slices.SortFunc(files, func(a, b datasets.FileInfo) int { return strings.Compare(a.Name, b.Name) })
	return datasets.Origin{Kind: "builtin", Place: fmt.Sprintf("seed %d", s.world.Seed()), Files: files}
}

// Open implements datasets.Source.
func (s *longBench) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, ok := s.made[name]
	if !ok {
		var err error
		if raw, err = s.file(name); err != nil {
			return nil, err
		}
		s.made[name] = raw
		sum := sha256.Sum256(raw)
		s.opened = append(s.opened, datasets.FileInfo{Name: name, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(raw))})
	}
	return io.NopCloser(bytes.NewReader(raw)), nil
}

func (s *longBench) file(name string) ([]byte, error) {
	if text, ok := longBenchPrompts()[name]; ok {
		return []byte(text), nil
	}
	if name == "data.json" {
		return s.choices()
	}
	task, isRows := strings.CutSuffix(name, ".jsonl")
	task, isE := strings.CutSuffix(task, "_e")
	makeTask, known := longBenchTasks()[task]
	if !isRows || !known || isE && !slices.Contains(evenTasks(), task) {
		return nil, &fs.PathError{Op: "open", Path: "builtin/" + name, Err: fs.ErrNotExist}
	}
	lengths := []int{600, 900, 1300, 1800, 2400, 3000}
	if isE {
		lengths = []int{900, 2200, 4500, 6500, 8300, 9000}
	}
	g := &rowMaker{world: s.world, task: task, even: isE}
	for i, n := range lengths {
		makeTask(g, i, n)
	}
	return g.out.Bytes(), nil
}

// evenTasks are the tasks of LongBench-E that are generated.
func evenTasks() []string {
	return []string{"multifieldqa_en", "hotpotqa", "gov_report", "trec", "passage_count", "passage_retrieval_en", "lcc", "repobench-p"}
}

// longBenchRow is LongBench's schema (its README's "Data Format").
type longBenchRow struct {
	Input    string   `json:"input"`
	Context  string   `json:"context"`
	Answers  []string `json:"answers"`
	Length   int      `json:"length"`
	Dataset  string   `json:"dataset"`
	Language string   `json:"language"`
	Classes  []string `json:"all_classes"`
	ID       string   `json:"_id"`
}

// rowMaker collects a task's rows.
type rowMaker struct {
	world *World
	task  string
	even  bool // LongBench-E's version of the task
	out   bytes.Buffer
	rows  int
}

// first is the first circle of the i-th context: circles don't overlap between
// contexts of a task.
func (g *rowMaker) first(i int) int { return 40 * (i + 1) }

func (g *rowMaker) dice(i int) *dice {
	return g.world.dice(fmt.Sprintf("longbench/%s/%v", g.task, g.even), i)
}

func (g *rowMaker) add(lang string, r longBenchRow) {
	g.rows++
	r.Dataset, r.Language = g.task, lang
	r.Length = Size(r.Input, sizeLanguage(lang)) + Size(r.Context, sizeLanguage(lang))
	for _, a := range r.Answers {
		r.Length += Size(a, sizeLanguage(lang))
	}
	variant := ""
	if g.even {
		variant = "e"
	}
	r.ID = fmt.Sprintf("builtin-%s%s-%02d", g.task, variant, g.rows)
	enc := json.NewEncoder(&g.out)
	enc.SetEscapeHTML(false)
	// Strings and lists of strings always encode, and a buffer takes all.
	_ = enc.Encode(r)
}

// sizeLanguage: code counts in words, as English does.
func sizeLanguage(lang string) string {
	if lang == Chinese {
		return Chinese
	}
	return English
}

// longBenchTasks says how each task makes the rows of its i-th context of
// about n words; Chinese contexts have about 1.6 characters for each.
func longBenchTasks() map[string]func(g *rowMaker, i, n int) {
	return map[string]func(g *rowMaker, i, n int){
		"multifieldqa_en":      func(g *rowMaker, i, n int) { g.singleDoc(English, i, n) },
		"multifieldqa_zh":      func(g *rowMaker, i, n int) { g.singleDoc(Chinese, i, n*8/5) },
		"hotpotqa":             func(g *rowMaker, i, n int) { g.multiDoc(English, i, n) },
		"dureader":             func(g *rowMaker, i, n int) { g.multiDoc(Chinese, i, n*8/5) },
		"gov_report":           func(g *rowMaker, i, n int) { g.summary(English, i, n) },
		"vcsum":                func(g *rowMaker, i, n int) { g.summary(Chinese, i, n*8/5) },
		"trec":                 func(g *rowMaker, i, n int) { g.classify(English, i, n) },
		"lsht":                 func(g *rowMaker, i, n int) { g.classify(Chinese, i, n*8/5) },
		"passage_retrieval_en": func(g *rowMaker, i, n int) { g.retrieve(English, i, n) },
		"passage_retrieval_zh": func(g *rowMaker, i, n int) { g.retrieve(Chinese, i, n*8/5) },
		"passage_count":        func(g *rowMaker, i, n int) { g.count(i, n) },
		"lcc":                  func(g *rowMaker, i, n int) { g.code(English, i, n) },
		"repobench-p":          func(g *rowMaker, i, n int) { g.code(Chinese, i, n) },
	}
}

// singleDoc asks two questions of one chronicle, so that rows share a context.
func (g *rowMaker) singleDoc(lang string, i, n int) {
	d := g.dice(i)
	doc := g.world.Chronicle(lang, g.first(i), n, Shape{})
	text := doc.Text()
	questions := shuffled(d, g.world.Questions(doc, i))
	asked := 0
	for _, q := range questions {
		// Only questions whose answer the text gives once are clear.
		if q.Text == "" || strings.Count(text, q.Answer) != 1 || asked == 2 {
			continue
		}
		asked++
		g.add(lang, longBenchRow{Input: q.Text, Context: text, Answers: []string{q.Answer}})
	}
}

// multiDoc asks a two-hop question over passages about one entity each.
func (g *rowMaker) multiDoc(lang string, i, n int) {
	d := g.dice(i)
	c := g.world.Circle(g.first(i))
	hops := g.world.TwoHop(c, lang)
	if len(hops) == 0 {
		return
	}
	q := pick(d, hops)
	about := []*Entity{q.Facts[0].Subject, q.Facts[1].Subject}
	for k := 1; len(about) < max(4, n/160); k++ {
		about = append(about, pick(d, g.world.Circle(g.first(i)+k).Entities()))
	}
	about = shuffled(d, about)
	var b strings.Builder
	for k, e := range about {
		a := g.world.Article(e, lang, n/len(about), Shape{Variant: k})
		if k > 0 {
			b.WriteString("\n")
		}
		if lang == Chinese {
			fmt.Fprintf(&b, "文章%d\n标题：%s\n%s", k+1, a.Title, a.Text())
		} else {
			fmt.Fprintf(&b, "Passage %d:\n%s\n%s", k+1, a.Title, a.Text())
		}
	}
	g.add(lang, longBenchRow{Input: q.Text, Context: b.String(), Answers: []string{q.Answer}})
}

func (g *rowMaker) summary(lang string, i, n int) {
	doc := g.world.Chronicle(lang, g.first(i), n, Shape{})
	g.add(lang, longBenchRow{Context: doc.Text(), Answers: []string{g.world.Summary(doc, 10)}})
}

// classify asks for the type of a question's answer, after demonstrations.
func (g *rowMaker) classify(lang string, i, n int) {
	d := g.dice(i)
	names := answerTypeNames(lang)
	var classes []string
	for _, t := range answerTypes() {
		classes = append(classes, names[t])
	}
	head, label := "Question: ", "\nType: "
	if lang == Chinese {
		head, label = "问题：", "\n类型："
	}
	var b strings.Builder
	size := 0
	for k := 0; size < n; k++ {
		q := g.world.Ask(pick(d, g.world.Circle(g.first(i)+k).Facts), lang, k)
		if q.Text == "" {
			continue
		}
		demo := head + q.Text + label + names[q.Facts[0].Object.Type] + "\n"
		size += Size(demo, lang)
		b.WriteString(demo)
	}
	// Queries come from circles of which no demonstration was drawn.
	for k := 1; ; k++ {
		q := g.world.Ask(pick(d, g.world.Circle(5000+100*i+k).Facts), lang, k)
		if q.Text != "" {
			g.add(lang, longBenchRow{Input: head + q.Text + label, Context: b.String(), Answers: []string{names[q.Facts[0].Object.Type]}, Classes: classes})
			return
		}
	}
}

func answerTypes() []AnswerType {
	return []AnswerType{AnswerDate, AnswerYear, AnswerCount, AnswerHeight, AnswerMoney, AnswerPerson, AnswerPlace, AnswerBody, AnswerWord}
}

func answerTypeNames(lang string) map[AnswerType]string {
	en := []string{"Calendar date", "Year", "Number of things", "Height", "Sum of money", "Person", "Place", "Organisation", "Term or occupation"}
	zh := []string{"具体日期", "年份", "数量", "高度", "金额", "人物", "地点", "机构", "名词或职业"}
	out := map[AnswerType]string{}
	for i, t := range answerTypes() {
		out[t] = en[i]
		if lang == Chinese {
			out[t] = zh[i]
		}
	}
	return out
}

// paragraphs tells count entities of different circles in a paragraph each.
func (g *rowMaker) paragraphs(d *dice, lang string, i, count, n int) []Paragraph {
	var out []Paragraph
	for k := range count {
		e := pick(d, g.world.Circle(g.first(i)+k).Entities())
		out = append(out, g.world.Article(e, lang, n/count, Shape{Variant: k}).Paragraphs[0])
	}
	return out
}

// retrieve asks which of 30 paragraphs an abstract is of.
func (g *rowMaker) retrieve(lang string, i, n int) {
	d := g.dice(i)
	ps := g.paragraphs(d, lang, i, 30, n)
	gold := d.n(len(ps))
	head := "Paragraph %d: "
	answer := fmt.Sprintf("Paragraph %d", gold+1)
	if lang == Chinese {
		head, answer = "段落%d：", fmt.Sprintf("段落%d", gold+1)
	}
	texts := make([]string, len(ps))
	for k, p := range ps {
		texts[k] = fmt.Sprintf(head, k+1) + p.Text
	}
	g.add(lang, longBenchRow{Input: g.world.Abstract(ps[gold], lang, 3), Context: strings.Join(texts, separator), Answers: []string{answer}})
}

// count repeats some paragraphs and asks how many different ones there are.
func (g *rowMaker) count(i, n int) {
	d := g.dice(i)
	different := d.between(5, 12)
	ps := g.paragraphs(d, English, i, different, n*3/4)
	all := slices.Clone(ps)
	for range d.between(1, 5) {
		all = append(all, pick(d, ps))
	}
	shuffle(d, all)
	texts := make([]string, len(all))
	for k, p := range all {
		texts[k] = fmt.Sprintf("Paragraph %d: %s", k+1, p.Text)
	}
	g.add(English, longBenchRow{Context: strings.Join(texts, separator), Answers: []string{fmt.Sprint(different)}})
}
