package builtin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// examTask makes questions of one instruction, each with its right answer and a
// wrong one.
type examTask struct {
	name, category, prompt string
	make                   func(w *World, d *dice) (question, right, wrong string)
}

func examTasks() []examTask {
	return []examTask{
		{"builtin01_reading", "Question Answering", "Answer the question from the paragraph, in the paragraph's own words.", (*World).examReading},
		{"builtin02_question_type", "Question Understanding", "Name the type of answer that the question asks for. The types are: " + strings.Join(QuestionTypes(English), ", ") + ".", (*World).examQuestionType},
		{"builtin03_news_topic", "Text Categorization", "Name the topic of the news item. The topics are: " + strings.Join(Topics(English), ", ") + ".", (*World).examTopic},
		{"builtin04_sum", "Mathematics", "Add up the two numbers.", (*World).examSum},
		{"builtin05_backwards", "Program Execution", "Write the word backwards.", (*World).examBackwards},
		{"builtin06_longest_word", "Program Execution", "Give the longest word of the list.", (*World).examLongest},
		{"builtin07_next_number", "Mathematics", "Give the next number of the sequence, whose steps are all the same.", (*World).examNext},
		{"builtin08_vowels", "Linguistic Probing", "Count the letters a, e, i, o and u in the word.", (*World).examVowels},
		{"builtin09_alphabet", "Sentence Ordering", "Put the words into alphabetical order.", (*World).examAlphabet},
		{"builtin10_place", "Information Extraction", "Give the name of the town that the paragraph speaks of.", (*World).examPlace},
	}
}

// examReading asks for one of a few facts of a circle; the wrong answer is that
// to the same question elsewhere.
func (w *World) examReading(d *dice) (question, right, wrong string) {
	c := w.Circle(d.n(40))
	f := pick(d, c.Facts)
	told := shuffled(d, []string{w.Sentence(f, English, d.n(Variants)), w.Sentence(pick(d, c.Facts), English, d.n(Variants))})
	q := w.Ask(f, English, d.n(2))
	wrong = q.Answer
	for wrong == q.Answer {
		wrong = w.factOf(d, []string{f.Relation}).Object.Text(English)
	}
	return "Paragraph: " + strings.Join(told, " ") + "\nQuestion: " + q.Text, q.Answer, wrong
}

func (w *World) examQuestionType(d *dice) (question, right, wrong string) {
	t := pick(d, questionTypes())
	q := w.Ask(w.factOf(d, strings.Fields(t.relations)), English, d.n(2))
	return q.Text, t.name[0], another(d, QuestionTypes(English), t.name[0])
}

func (w *World) examTopic(d *dice) (question, right, wrong string) {
	t := pick(d, topics())
	return w.newsItem(d, English, t), t.name[0], another(d, Topics(English), t.name[0])
}

// another picks an element that isn't the given one.
func another(d *dice, list []string, not string) string {
	for {
		if s := pick(d, list); s != not {
			return s
		}
	}
}

func (w *World) examSum(d *dice) (question, right, wrong string) {
	a, b := d.between(12, 980), d.between(12, 980)
	return fmt.Sprintf("%d and %d", a, b), strconv.Itoa(a + b), strconv.Itoa(a + b + pick(d, []int{-10, -1, 1, 10, 100}))
}

// examWord is a word of the world's names, in small letters.
func (w *World) examWord(d *dice) string {
	c := w.Circle(d.n(60))
	name := pick(d, c.Places).Name(English)
	if d.chance(50) {
		name = pick(d, c.People).Name(English)
	}
	return strings.ToLower(pick(d, strings.FieldsFunc(name, func(r rune) bool { return r < 'A' || r > 'z' })))
}

func (w *World) examBackwards(d *dice) (question, right, wrong string) {
	word := w.examWord(d)
	letters := []byte(word)
	slices.Reverse(letters)
	other := slices.Clone(letters)
	for i := 1; i < len(other) && string(other) == string(letters); i++ {
		other[i-1], other[i] = other[i], other[i-1]
	}
	if string(other) == string(letters) {
		other = append(other, 'e')
	}
	return word, string(letters), string(other)
}

// examWords are different words, of which one alone is longest.
func (w *World) examWords(d *dice, n int) []string {
	for {
		var words []string
		for len(words) < n {
			if word := w.examWord(d); !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
		sizes := make([]int, n)
		for i, word := range words {
			sizes[i] = len(word)
		}
		slices.Sort(sizes)
		if sizes[n-1] > sizes[n-2] {
			return words
		}
	}
}

func (w *World) examLongest(d *dice) (question, right, wrong string) {
	words := w.examWords(d, d.between(4, 7))
	longest := slices.MaxFunc(words, func(a, b string) int { return len(a) - len(b) })
	return strings.Join(words, ", "), longest, another(d, words, longest)
}

func (w *World) examNext(d *dice) (question, right, wrong string) {
	from, step := d.between(1, 60), d.between(2, 12)
	return fmt.Sprintf("%d, %d, %d, %d", from, from+step, from+2*step, from+3*step), strconv.Itoa(from + 4*step), strconv.Itoa(from + 4*step + pick(d, []int{-1, 1, step}))
}

func (w *World) examVowels(d *dice) (question, right, wrong string) {
	word := w.examWord(d)
	n := 0
	for _, r := range word {
		if strings.ContainsRune("aeiou", r) {
			n++
		}
	}
	return word, strconv.Itoa(n), strconv.Itoa(n + 1 + d.n(2))
}

func (w *World) examAlphabet(d *dice) (question, right, wrong string) {
	words := w.examWords(d, d.between(3, 5))
	sorted := slices.Clone(words)
	slices.Sort(sorted)
	other := slices.Clone(sorted)
	at := d.n(len(other) - 1)
	other[at], other[at+1] = other[at+1], other[at]
	return strings.Join(words, ", "), strings.Join(sorted, ", "), strings.Join(other, ", ")
}

func (w *World) examPlace(d *dice) (question, right, wrong string) {
	c := w.Circle(d.n(60))
	town := pick(d, c.Places)
	var told []string
	for _, f := range c.About(town) {
		if f.Object.Entity == nil && len(told) < 2 {
			told = append(told, w.Sentence(f, English, d.n(Variants)))
		}
	}
	wrong = town.Name(English)
	for wrong == town.Name(English) {
		wrong = pick(d, w.Circle(d.n(60)).Places).Name(English)
	}
	return strings.Join(told, " "), town.Name(English), wrong
}
