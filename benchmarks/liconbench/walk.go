package liconbench

import (
	"slices"
	"strings"
)

// walk chooses examples in rounds: each goes through the labels in the order in
// which rows show them first and takes each label's next unused row; in the
// place of a label that has run out, the next label's that has one. ends[r] is
// the number of rows behind r rounds. It stops when limit rows are chosen, or a
// round finds none.
//
// Source: arXiv 2404.02060 §3; the inference scripts at 9c5da3d. (TacRED's
// script goes through the rows instead, one of each label a round.)
func walk(rows []example, rounds, limit int) (chosen []example, ends []int) {
	var order []string
	left := map[string][]example{}
	for _, r := range rows {
		l := r.labels[0]
		if left[l] == nil {
			order = append(order, l)
		}
		left[l] = append(left[l], r)
	}
	ends = []int{0}
	for range rounds {
		before := len(chosen)
		for i := range order {
			for _, l := range order[i:] {
				if len(left[l]) == 0 {
					continue
				}
				chosen, left[l] = append(chosen, left[l][0]), left[l][1:]
				break
			}
			if len(chosen) == limit {
				return chosen, append(ends, len(chosen))
			}
		}
		if len(chosen) == before {
			break
		}
		ends = append(ends, len(chosen))
	}
	return chosen, ends
}

// deal parts the rows of each label in turns: the first is a demonstration, the
// second is asked, and so on. It serves where there is no training file. A row
// that the file has twice is asked, not shown.
func deal(rows []example) (train, test []example) {
	seen := map[string]int{}
	for _, r := range rows {
		l := r.labels[0]
		if seen[l]++; seen[l]%2 == 1 {
			train = append(train, r)
		} else {
			test = append(test, r)
		}
	}
	key := func(e example) string { return strings.Join(append([]string{e.text}, e.pairs...), "\x00") }
	asked := map[string]bool{}
	for _, r := range test {
		asked[key(r)] = true
	}
	return slices.DeleteFunc(train, func(e example) bool { return asked[key(e)] }), test
}

// dealDialogues parts dialogues, of several labels each, in turns, and gives the
// demonstrations one label a row, in rounds.
func dealDialogues(rows []example) (train, test []example) {
	var flat []example
	for i, r := range rows {
		if i%2 == 1 {
			test = append(test, r)
			continue
		}
		for k, l := range r.labels {
			flat = append(flat, example{text: r.text, pairs: r.pairs[k : k+1], labels: []string{l}, answer: l})
		}
	}
	train, _ = walk(flat, len(flat), 0)
	return train, test
}

// merge joins the rows of one text, in the order of their first.
func merge(rows []example) []example {
	var out []example
	at := map[string]int{}
	for _, r := range rows {
		i, ok := at[r.text]
		if !ok {
			at[r.text] = len(out)
			r.labels, r.pairs = append([]string(nil), r.labels...), append([]string(nil), r.pairs...)
			out = append(out, r)
			continue
		}
		e := &out[i]
		e.labels, e.pairs, e.answer = append(e.labels, r.labels...), append(e.pairs, r.pairs...), e.answer+", "+r.answer
	}
	return out
}

// upTo keeps rows up to so many labels; the last one is cut to fit, as
// upstream's runs do. Its counting of F1 ends there.
func upTo(rows []example, labels int) []example {
	var out []example
	for _, r := range rows {
		if labels <= 0 {
			break
		}
		if len(r.labels) > labels {
			r.labels, r.pairs = r.labels[:labels], r.pairs[:labels]
			r.answer = strings.Join(r.labels, ", ")
		}
		labels -= len(r.labels)
		out = append(out, r)
	}
	return out
}
