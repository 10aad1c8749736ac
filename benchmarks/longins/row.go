package longins

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers"
)

// row is one instruction task of a file.
type row struct {
	task        string
	instruction string
	data        string
	words       int
	items       []item
}

// item is one question with its answer.
type item struct {
	number int
	span   scorers.Span // in row.data, brackets included
	body   string       // question and answer, without number and brackets
	// instruction stands ahead of the body; "" where there is one for all items.
	instruction string
	wrong       bool
}

func (r row) wrong() (n int) {
	for _, i := range r.items {
		if i.wrong {
			n++
		}
	}
	return n
}

// decodeRow reads a task of a file and its items.
func decodeRow(task string, text []byte) (row, error) {
	r := row{task: task}
	var wrong, right []int
	seen := map[string]bool{}
	err := datasets.ParseObject(text, func(key string, raw []byte) (err error) {
		seen[key] = true
		switch key {
		case "task_prompt":
			r.instruction, err = datasets.String(raw)
		case "Data":
			r.data, err = datasets.String(raw)
		case "Lenth": // sic
			r.words, err = datasets.Int(raw)
		case "error":
			wrong, err = numbers(raw)
		case "true_list":
			right, err = numbers(raw)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	for _, key := range []string{"task_prompt", "Data", "error", "true_list"} {
		if !seen[key] {
			return r, datasets.MissingField(key)
		}
	}
	if r.items, err = parseItems(r.data); err != nil {
		return r, &datasets.FieldError{Field: "Data", Err: err}
	}
	return r, r.mark(wrong, right)
}

func numbers(raw []byte) ([]int, error) {
	var out []int
	err := datasets.Array(raw, func(i int, raw []byte) error {
		n, err := datasets.Int(raw)
		if err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
		out = append(out, n)
		return nil
	})
	return out, err
}

// mark says which items are wrong: each is in one of the lists, once.
func (r *row) mark(wrong, right []int) error {
	left := map[int]int{}
	for i, it := range r.items {
		left[it.number] = i
	}
	for _, list := range []struct {
		field   string
		numbers []int
		wrong   bool
	}{{"error", wrong, true}, {"true_list", right, false}} {
		for _, n := range list.numbers {
			i, ok := left[n]
			if !ok {
				return &datasets.FieldError{Field: list.field, Err: r.stranger(n)}
			}
			delete(left, n)
			r.items[i].wrong = list.wrong
		}
	}
	if len(left) > 0 {
		for _, it := range r.items {
			if _, ok := left[it.number]; ok {
				return &datasets.FieldError{Field: "true_list", Err: fmt.Errorf("item %d is neither here nor in error; put it into one of them", it.number)}
			}
		}
	}
	return nil
}

// stranger says why a number can't be marked.
func (r *row) stranger(n int) error {
	if slices.ContainsFunc(r.items, func(it item) bool { return it.number == n }) {
		return fmt.Errorf("number %d is listed twice; want each item once in error or true_list", n)
	}
	if len(r.items) == 0 {
		return fmt.Errorf("number %d, but Data has no items", n)
	}
	return fmt.Errorf("number %d is no item of Data, whose numbers are %d to %d", n, r.items[0].number, r.items[len(r.items)-1].number)
}

// answerMark stands between a question and its answer.
const answerMark = " Answer: "

// itemGap stands behind each item.
const itemGap = "\n\n"

// parseItems cuts an exam's text into its items, "[number:question Answer:
// answer]" with a blank line between them. An item ends where the next number
// begins one: brackets and blank lines inside of it don't matter. Numbers rise
// by one; what has another number belongs to the item before it.
func parseItems(data string) ([]item, error) {
	text := strings.TrimRight(data, " \t\r\n")
	var out []item
	for at := 0; at < len(text); {
		it, next, err := nextItem(text, at)
		if err != nil {
			return nil, fmt.Errorf("item at byte %d: %w", at, err)
		}
		out = append(out, it)
		at = next
	}
	return out, nil
}

// nextItem reads the item that starts at byte at and says where the next one
// does.
func nextItem(text string, at int) (it item, next int, err error) {
	const form = "want [number:question Answer: answer]"
	colon := strings.IndexByte(text[at:], ':')
	if text[at] != '[' || colon < 0 {
		return it, 0, errors.New(form)
	}
	digits := text[at+1 : at+colon]
	if it.number, err = strconv.Atoi(digits); err != nil || it.number < 0 || strconv.Itoa(it.number) != digits {
		return it, 0, errors.New(form + ", got no number")
	}
	body := at + colon + 1
	end := len(text)
	next = end
	if i := strings.Index(text[body:], "]"+itemGap+"["+strconv.Itoa(it.number+1)+":"); i >= 0 {
		end = body + i + 1
		next = end + len(itemGap)
	}
	if end <= body || text[end-1] != ']' {
		return it, 0, errors.New(form + ", got no ] at its end")
	}
	it.span = scorers.Span{Start: at, End: end}
	it.body = text[body : end-1]
	if !strings.Contains(it.body, answerMark) {
		return it, 0, fmt.Errorf("%s, got no%q", form, answerMark)
	}
	return it, next, nil
}
