package builtin

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/datasets"
)

// LIConBench returns generated files in the schemas of LIConBench's six data
// sets: rows of some of their labels, enough for five rounds of demonstrations
// and a few test rows. The hub's data sets are jsonl files here. What isn't there
// is an error that wraps fs.ErrNotExist.
func LIConBench(seed uint64) datasets.Source {
	w := New(seed)
	return &generated{world: w, file: func(name string) ([]byte, error) {
		if name == "id2fine_tags.json" {
			return json.Marshal(map[string]string{"1": "person-other", "2": "location-GPE", "3": "organization-other", "4": "art-writtenart", "5": "event-other", "6": "location-bodiesofwater"})
		}
		for _, f := range shotFiles() {
			if f.name == name {
				return f.rows(w)
			}
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}}
}

// LIConBenchFiles lists the names that a LIConBench source has.
func LIConBenchFiles() []string {
	names := []string{"id2fine_tags.json"}
	for _, f := range shotFiles() {
		names = append(names, f.name)
	}
	return names
}

// shotFile is a file of rows, each of which shows one label, in rounds of all
// of them in a random order.
type shotFile struct {
	name   string
	labels int
	rounds int
	limit  int // of rows; 0: none
	make   func(w *World, d *dice, label int) any
}

// Training files hold eight rounds, test files a few rows.
func shotFiles() []shotFile {
	const rounds, asked = 8, 4
	var out []shotFile
	add := func(train, test string, labels int, make func(*World, *dice, int) any) {
		out = append(out, shotFile{train, labels, rounds, 0, make}, shotFile{test, labels, 1, asked, make})
	}
	add("go_emotions/train.jsonl", "go_emotions/test.jsonl", len(emotions()), (*World).emotion)
	add("banking77/train.jsonl", "banking77/test.jsonl", len(intents()), (*World).intent)
	add("train_tacred.json", "test_tacred.json", len(namedRelations()), (*World).namedRelation)
	// Few-NERD's and DialogRE's training files have so many rows a round.
	out = append(out,
		shotFile{"fewnerd_train_10turns.json", 6, 60, 0, (*World).named}, shotFile{"fewnerd_test_1800.json", 6, 1, asked, (*World).named},
		shotFile{"train_dialogueRE_processed.json", len(talks()), 36, 0, (*World).talkOfOne}, shotFile{"test_dialogueRE.json", len(talks()), 1, asked, (*World).talkOfTwo})
	add("discovery/train.jsonl", "discovery/test.jsonl", len(links()), (*World).link)
	return out
}

// rows makes the file: one row a line, or an array of them.
func (f shotFile) rows(w *World) ([]byte, error) {
	d := w.dice("liconbench/" + f.name)
	order := make([]int, f.labels)
	for i := range order {
		order[i] = i
	}
	var lines [][]byte
	for range f.rounds {
		for _, label := range shuffled(d, order) {
			if f.limit > 0 && len(lines) == f.limit {
				break
			}
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(f.make(w, d, label)); err != nil {
				return nil, err
			}
			lines = append(lines, bytes.TrimSpace(b.Bytes()))
		}
	}
	if strings.HasSuffix(f.name, ".jsonl") {
		return append(bytes.Join(lines, []byte("\n")), '\n'), nil
	}
	return slices.Concat([]byte("[\n"), bytes.Join(lines, []byte(",\n")), []byte("\n]\n")), nil
}

// told fills a template: {p} and {q} are people, {t} a town, {b} a body, {n} a
// number.
func (w *World) told(d *dice, template string) string {
	c := w.Circle(d.n(60))
	people := shuffled(d, c.People)
	return strings.NewReplacer(
		"{p}", people[0].Name(English), "{q}", people[1].Name(English), "{t}", pick(d, c.Places).Name(English),
		"{b}", pick(d, c.Organisations).Name(English), "{n}", thousands(d.between(3, 4800)),
	).Replace(template)
}

// phrased is a label's number in its data set with its templates.
type phrased struct {
	label     int
	templates []string
}

// emotions are some of go_emotions' labels.
func emotions() []phrased {
	return []phrased{
		{0, []string{"What a fine speech {p} gave in {t}, well done", "I look up to {p}, nobody works as carefully", "That bridge of {b} is a masterpiece"}},
		{2, []string{"How dare {p} say that to us in {t}!", "I am furious with {b}, again no answer", "Enough! {p} broke my window and laughs"}},
		{7, []string{"Does anyone know why {p} left {t}?", "I wonder what {b} keeps in that shed", "How did {p} get hold of {n} maps?"}},
		{14, []string{"I don't dare to walk through {t} at night any more", "Something moved in the cellar of {b}, I ran", "{p} looked at me so strangely that I shivered"}},
		{15, []string{"Thank you, {p}, that saved my day", "Many thanks to {b} for the {n} letters", "I can't thank the people of {t} enough"}},
		{17, []string{"We are going to {t} tomorrow, what a happy day", "{p} sang and we all danced until morning", "Best evening in years, {n} lanterns on the water"}},
		{25, []string{"{p} is gone and the house in {t} is so empty", "I cried when {b} closed its doors", "Nobody came to see {p} off"}},
		{26, []string{"I never expected {p} to win in {t}", "Wait, {b} has {n} members? I had no idea", "Out of nowhere {p} stood at the door"}},
	}
}

func (w *World) emotion(d *dice, label int) any {
	e := emotions()[label]
	return map[string]any{"text": w.told(d, pick(d, e.templates)), "labels": []int{e.label}, "id": "builtin"}
}

// intents are some of banking77's labels.
func intents() []phrased {
	return []phrased{
		{0, []string{"My card came to {t} today, how do I activate it?", "How do I start using the new card that {b} sent?"}},
		{11, []string{"I ordered a card {n} days ago and it has not reached {t}", "When does my card get here? {p} has his already"}},
		{21, []string{"I would like another PIN than the one {b} gave me", "How can I change my PIN while I am in {t}?"}},
		{32, []string{"What rate do you take for {n} crowns?", "Which exchange rate does {b} use for money from {t}?"}},
		{41, []string{"Somebody stole my card in {t}", "I lost my card on the way to {b}, please block it"}},
		{44, []string{"I forgot my passcode and can't get into the app", "The app asks for a passcode, {p} set it and no longer knows it"}},
		{52, []string{"Please give me {n} crowns back, {b} sent the wrong boots", "I want my money back for the lamp from {t}"}},
		{55, []string{"How do I close my account with you?", "{p} and I want to leave, please delete the account of {n} crowns"}},
		{59, []string{"My top-up of {n} crowns did not go through", "The top-up failed twice in {t}"}},
		{63, []string{"I was charged {n} crowns twice for one bill", "{b} shows up two times on my statement"}},
	}
}

func (w *World) intent(d *dice, label int) any {
	i := intents()[label]
	return map[string]any{"text": w.told(d, pick(d, i.templates)), "label": i.label}
}

// linked is a discovery label with the two sentences around it.
type linked struct {
	label         int
	first, second []string
}

func links() []linked {
	return []linked{
		{19, []string{"The dam of {t} broke in the night .", "{b} lost its {n} members ."}, []string{"the mills stood still for weeks .", "nobody could pay the wages ."}},
		{45, []string{"{b} keeps many kinds of tools .", "Some streets of {t} are very steep ."}, []string{"there are {n} planes and saws .", "the one to the harbour has {n} steps ."}},
		{40, []string{"The road to {t} took {n} days .", "{p} tried many trades ."}, []string{"they saw the sea .", "the baker took him on ."}},
		{60, []string{"{p} wanted to stay in {t} .", "{b} promised {n} crowns ."}, []string{"there was no room at the inn .", "not one of them was paid ."}},
		{90, []string{"{p} mended the nets in {t} .", "The jury of {b} went out ."}, []string{"{q} cooked the soup .", "the visitors waited in the yard ."}},
		{83, []string{"{t} had a ferry for years .", "{p} was mayor twice ."}, []string{"a bridge was built .", "{q} took over ."}},
		{156, []string{"The harvest of {t} was poor .", "{b} had {n} crowns left ."}, []string{"bread became dear .", "the roof could be mended ."}},
		{65, []string{"The clock of {t} is not broken .", "{p} does not hate boats ."}, []string{"it is the best in the valley .", "he owns {n} of them ."}},
	}
}

func (w *World) link(d *dice, label int) any {
	l := links()[label]
	at := d.n(len(l.first))
	return map[string]any{"sentence1": w.told(d, l.first[at]), "sentence2": w.told(d, l.second[at]), "label": l.label, "idx": []int{d.n(1 << 20)}}
}
