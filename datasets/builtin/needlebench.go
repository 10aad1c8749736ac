package builtin

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/datasets"
)

// haystacks are the folders of NeedleBench's texts, by language.
func haystacks() map[string]string {
	return map[string]string{"haystack_en": English, "haystack_zh": Chinese}
}

// needleTexts is how many texts a haystack has, and needleTextSize how long
// each is, in words (characters in Chinese): more than a million tokens.
const needleTexts = 2400

func needleTextSize(lang string) int {
	if lang == Chinese {
		return 900
	}
	return 550
}

// needleSource is a source of NeedleBench's haystacks: texts that are told when
// they are opened.
type needleSource struct{ *generated }

var _ datasets.Lister = needleSource{}

// NeedleBench returns haystacks in English and Chinese, each a folder of texts
// (haystack_en/0001.txt). There are no needles in it: those are the adapter's
// own. What isn't there is an error that wraps fs.ErrNotExist.
func NeedleBench(seed uint64) datasets.Source {
	w := New(seed)
	return needleSource{&generated{world: w, file: func(name string) ([]byte, error) {
		folder, file, _ := strings.Cut(name, "/")
		number, err := strconv.Atoi(strings.TrimSuffix(file, ".txt"))
		lang, ok := haystacks()[folder]
		if !ok || err != nil || number < 1 || number > needleTexts || name != needleText(folder, number) {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		// A world of its own forgets its circles with it.
		d := New(seed).Chronicle(lang, number, needleTextSize(lang), Shape{})
		return []byte(d.Title + separator + d.Text()), nil
	}}}
}

func needleText(folder string, number int) string { return fmt.Sprintf("%s/%04d.txt", folder, number) }

// Names implements datasets.Lister.
func (s needleSource) Names(ctx context.Context, dir string) ([]string, error) {
	if haystacks()[dir] == "" {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	names := make([]string, needleTexts)
	for i := range names {
		names[i] = needleText(dir, i+1)
	}
	return names, ctx.Err()
}
