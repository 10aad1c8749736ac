package scorers

// rougeRecall are the recalls of rouge-1, rouge-2 and rouge-l of the Python
// package rouge 1.0.1, as LooGLE takes them. ok is false where one of the texts
// has no sentence (it is empty, or full stops alone): the package raises an
// error there.
func rougeRecall(prediction, reference string) (r1, r2, rl float64, ok bool) {
	l := lcsPool.Get().(*lcs)
	defer lcsPool.Put(l)
	union, refWords, _ := l.union(prediction, reference)
	if len(l.x) == 0 || len(l.y) == 0 {
		return 0, 0, 0, false
	}
	x, y := oneRow(l.x), oneRow(l.y)
	return gramRecall(y, x, 1), gramRecall(y, x, 2), float64(union) / float64(refWords), true
}

// oneRow joins sentences: n-grams go across their ends.
func oneRow(sentences [][]int32) []int32 {
	var row []int32
	for _, s := range sentences {
		row = append(row, s...)
	}
	return row
}

// gramRecall is the share of the reference's different n-grams, n being 1 or
// 2, that the prediction has; 0 if the reference has none.
func gramRecall(prediction, reference []int32, n int) float64 {
	have, want := grams(prediction, n), grams(reference, n)
	if len(want) == 0 {
		return 0
	}
	both := 0
	for g := range want {
		if have[g] {
			both++
		}
	}
	return float64(both) / float64(len(want))
}

func grams(words []int32, n int) map[[2]int32]bool {
	set := make(map[[2]int32]bool, len(words))
	for i := 0; i+n <= len(words); i++ {
		set[[2]int32{words[i], words[i+n-1]}] = true
	}
	return set
}
