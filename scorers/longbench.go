package scorers

import (
	"math"
	"slices"
)

// longBench is the family of LongBench v1, E and v2 (metrics.py and eval.py
// of THUDM/LongBench at 2e00731; v2: pred.py and result.py at the top).
func longBench() family {
	const file = "LongBench/metrics.py at 2e00731"
	return family{
		benchmark: "longbench",
		metrics: []Metric{
			{Name: "qa_f1", Equals: "qa_f1_score, " + file, Score: best(qaF1)},
			{Name: "qa_f1_zh", Equals: "qa_f1_zh_score, " + file + ", jieba 0.42.1", Score: best(qaF1zh)},
			{Name: "rouge", Equals: "rouge 1.0.1, rouge-l F", Score: best(rougeL)},
			{Name: "rouge_zh", Equals: "rouge 1.0.1, rouge-l F, over jieba 0.42.1", Score: best(rougeLzh)},
			{Name: "classification", Equals: "classification_score, " + file, Score: func(c Case) Score {
				return best(func(p, r string) float64 { return classification(p, r, c.Classes) })(c)
			}},
			{Name: "retrieval", Equals: "retrieval_score, " + file, Score: best(func(p, r string) float64 { return retrieval(p, r, "Paragraph ") })},
			{Name: "retrieval_zh", Equals: "retrieval_zh_score, " + file, Score: best(func(p, r string) float64 { return retrieval(p, r, "段落") })},
			{Name: "count", Equals: "count_score, " + file, Score: best(shareOfNumbers)},
			{Name: "code_sim", Equals: "fuzzywuzzy 0.18.0 ratio on Python's difflib", Score: best(codeSim)},
			{Name: "v2_choice", Equals: "extract_answer, pred.py at 2e00731", Score: scoreChoice},
		},
		tables: map[string]evaluator{
			"jieba": evaluateJieba, "longbench_task": evaluateLongBenchTask, "longbench_v2_table": evaluateV2Table,
		},
	}
}

func scoreChoice(c Case) Score {
	letter := v2Choice(c.Prediction)
	s := Score{Answer: letter, NoAnswer: letter == ""}
	if letter != "" && slices.Contains(c.References, letter) {
		s.Value = 1
	}
	return s
}

// longBenchMetric names a v1 task's metric (eval.py, dataset2metric).
func longBenchMetric(task string) (metric string, firstLine bool) {
	switch task {
	case "narrativeqa", "qasper", "multifieldqa_en", "hotpotqa", "2wikimqa", "musique":
		return "qa_f1", false
	case "triviaqa":
		return "qa_f1", true
	case "multifieldqa_zh":
		return "qa_f1_zh", false
	case "gov_report", "qmsum", "multi_news":
		return "rouge", false
	case "samsum":
		return "rouge", true
	case "dureader", "vcsum":
		return "rouge_zh", false
	case "trec", "lsht":
		return "classification", true
	case "passage_retrieval_en":
		return "retrieval", false
	case "passage_retrieval_zh":
		return "retrieval_zh", false
	case "passage_count":
		return "count", false
	case "lcc", "repobench-p":
		return "code_sim", false
	}
	return "", false
}

// LongBenchBuckets are the names of LongBench-E's length buckets.
func LongBenchBuckets() []string { return []string{"0-4k", "4-8k", "8k+"} }

// LongBenchBucket returns the bucket of a row's length (eval.py, scorer_e):
// below 4000, below 8000, above.
func LongBenchBucket(length int) string {
	switch b := LongBenchBuckets(); {
	case length < 4000:
		return b[0]
	case length < 8000:
		return b[1]
	default:
		return b[2]
	}
}

// percentMean is round(100·mean, 2), NaN of nothing (eval.py, scorer).
func percentMean(scores []float64) float64 { return percentMeanTo(scores, 2) }

// percentMeanTo is round(100·mean, decimals), NaN of nothing.
func percentMeanTo(scores []float64, decimals int) float64 {
	if len(scores) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, s := range scores {
		sum += s
	}
	return Round(100*sum/float64(len(scores)), decimals)
}

// bucketMean is LongBench-E's round(100 * np.mean(scores), 2), NaN of nothing
// (eval.py, scorer_e). The mean is NumPy's, and so is the rounding of a NumPy
// number: multiplied, rounded to even and divided, where Python rounds the
// exact value. On ties the two differ by 0.01.
func bucketMean(scores []float64) float64 {
	if len(scores) == 0 {
		return math.NaN()
	}
	mean := pairwiseSum(scores) / float64(len(scores))
	return math.RoundToEven(100*mean*100) / 100
}

// pairwiseSum adds in the order of NumPy's float64 sum: eight running sums
// over up to 128 numbers, halves of more.
func pairwiseSum(x []float64) float64 {
	n := len(x)
	if n > 128 {
		half := n / 2
		half -= half % 8
		return pairwiseSum(x[:half]) + pairwiseSum(x[half:])
	}
	sum, done := 0.0, 0
	if n >= 8 {
		var r [8]float64
		for done = 0; done+8 <= n; done += 8 {
			for k := range r {
				r[k] += x[done+k]
			}
		}
		sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
	}
	for _, v := range x[done:] {
		sum += v
	}
	return sum
}
