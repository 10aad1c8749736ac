package benchmarks

import (
	"context"
	"hash/maphash"
	"iter"

	"github.com/lcbench/lcbench/datasets"
)

// Grouped streams the lines of a JSON Lines file in document order: lines whose
// field has the same text follow each other, so that a server's prefix cache
// hits. A group comes where its last line stands in the file; lines of their
// own keep their place. index is a line's place in file order, from 0.
//
// It reads the file twice, the first time only to hash the field's bytes, and
// keeps the lines of groups that are still open.
func Grouped(ctx context.Context, src datasets.Source, name, field string) iter.Seq2[IndexedLine, error] {
	return func(yield func(IndexedLine, error) bool) {
		seed := maphash.MakeSeed()
		left := map[uint64]int{}
		for line, err := range datasets.Lines(ctx, src, name) {
			if err == nil {
				left[documentHash(seed, line.Text, field)]++
			} else if _, bad := asRowError(err); !bad {
				yield(IndexedLine{}, err)
				return
			}
		}
		open := map[uint64][]IndexedLine{}
		index := -1
		for line, err := range datasets.Lines(ctx, src, name) {
			if err != nil {
				if !yield(IndexedLine{}, err) {
					return
				}
				continue
			}
			index++
			key := documentHash(seed, line.Text, field)
			left[key]--
			item := IndexedLine{Index: index, Number: line.Number, Text: line.Text}
			if left[key] > 0 {
				item.Text = append([]byte(nil), line.Text...)
				open[key] = append(open[key], item)
				continue
			}
			for _, earlier := range open[key] {
				if !yield(earlier, nil) {
					return
				}
			}
			delete(open, key)
			if !yield(item, nil) {
				return
			}
		}
	}
}

// IndexedLine is a line with its place in the file. Text is valid until the
// next line is taken.
type IndexedLine struct {
	Index  int // among the readable lines, from 0
	Number int // in the file, from 1
	Text   []byte
}

func documentHash(seed maphash.Seed, line []byte, field string) uint64 {
	raw, ok := datasets.RawField(line, field)
	if !ok {
		raw = line
	}
	return maphash.Bytes(seed, raw)
}
