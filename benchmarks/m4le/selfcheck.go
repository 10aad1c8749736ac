package m4le

import (
	"math"

	"github.com/lcbench/lcbench/scorers"
)

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, at least one for each of the six metrics and each way to cut answers.
func selfCheck() error {
	var fixed []scorers.Fixed
	for _, c := range []struct {
		task, prediction, reference string
		want                        float64
	}{
		{"arxiv", "a b\nc", "a b. c", 2. / 3},                            // the first line: two of three words
		{"cepsum", "去 走", "走 去", 0.5},                                    // one of two words in order
		{"cnewsum", "好新闻不", "不", 0},                                      // cut at 新闻
		{"news2016", `编号2，"好"`, "好", 1},                                  // what is quoted
		{"triviaqa", "It is PARIS, France. No", "paris", 1},              // contained, in lower case
		{"c3", "B。 甲", "甲", 0},                                           // behind the stop
		{"wow", "Salt, pepper", "pepper", 0},                             // behind the comma
		{"drcd_explicit-single", "盐，胡椒", "胡椒", 0},                        // behind the wide comma
		{"bigpatent_global_cls", "12: textiles", "2", 1},                 // contained in the number
		{"mnds-news_explicit-single", " Sport\n", "sport", 1},            // but for case and white space
		{"wikitext-103", "a1b2c3. That is it", "A1B2C3", 1},              // before the stop
		{"wiki2019zh", "A1B2C3。", "A1B2C4", 0},                           // another id
		{"mnds-news_semantic-multiple", "3", "3.", 1},                    // the reference's stop goes
		{"thucnews_semantic-multiple", "3。", "4。", 0},                    // another count
		{"marc", "A1, B2. C3", "A1,C3.", 0.5},                            // one of two each
		{"mnds-news_explicit-multiple", "A1, B2", "A1, B2, C3", 0.8},     // two of two and of three
		{"online-shopping", "A1，B2。", "A1，B2。", 0.5},                     // the reference's stop stays
		{"open-subtitles-zh2en", "a b c d", "a b c d", 1},                // four of each
		{"tedtalks-en2zh", "一二三四", "一二三四五", math.Exp(1 - 5./4)},          // four of five characters
		{"news-commentary-zh2en", "a b c x y", "a b c d e", 0},           // no four in a row
		{"mnds-news_explicit-single_cls+ret", "weather", "weather.", 0},  // by the suffixed name
		{"thucnews_explicit-multiple_cls+ret", "a1，B2", "A1，B2", 1. / 2}, // case counts
	} {
		name, _ := scorers.M4LEMetric(c.task)
		fixed = append(fixed, scorers.Fixed{Metric: name, Prediction: c.prediction, References: []string{c.reference}, Want: c.want})
	}
	return scorers.CheckFixed("m4le", fixed)
}
