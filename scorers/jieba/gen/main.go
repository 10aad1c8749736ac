// Command gen packs the tables of the Python package jieba 0.42.1 (its word
// list and the probabilities of its hidden Markov model) into tables.bin.zst.
//
//	go generate ./scorers/jieba
//
// takes the package's source archive through pip, or with -package from an
// unpacked copy of it.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("package", "", "folder of the unpacked package jieba (holds dict.txt)")
	out := flag.String("out", "tables.bin.zst", "file to write")
	flag.Parse()
	if err := run(*dir, *out); err != nil {
		log.Fatal("jieba/gen: ", err)
	}
}

// dictSHA256 is dict.txt of jieba 0.42.1.
const dictSHA256 = "7197c3211ddd98962b036cdf40324d1ea2bfaa12bd028e68faa70111a88e12a8"

func run(dir, out string) error {
	if dir == "" {
		tmp, err := os.MkdirTemp("", "jieba")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(tmp) }()
		install := exec.Command("python3", "-m", "pip", "install", "-q", "--no-deps", "--target", tmp, "jieba==0.42.1")
		install.Stderr = os.Stderr
		if err := install.Run(); err != nil {
			return fmt.Errorf("pip install jieba==0.42.1: %w", err)
		}
		dir = filepath.Join(tmp, "jieba")
	}
	dict, err := os.ReadFile(filepath.Join(dir, "dict.txt"))
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(dict); hex.EncodeToString(sum[:]) != dictSHA256 {
		return fmt.Errorf("dict.txt has sha256 %x, want %s", sum, dictSHA256)
	}
	var b bytes.Buffer
	if err := writeTrie(&b, dict); err != nil {
		return err
	}
	if err := writeModel(&b, filepath.Join(dir, "finalseg")); err != nil {
		return err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return err
	}
	return os.WriteFile(out, enc.EncodeAll(b.Bytes(), nil), 0o644)
}

// node is one prefix of a word.
type node struct {
	children map[rune]*node
	freq     uint32
}

// writeTrie lays the prefix tree out in breadth-first order, siblings sorted,
// as columns: alphabet, distinct frequencies, then for each node the number of
// its children, its character and its frequency as indices.
func writeTrie(b *bytes.Buffer, dict []byte) error {
	root := &node{children: map[rune]*node{}}
	total := uint64(0)
	letters, freqs := map[rune]bool{}, map[uint32]bool{0: true}
	lines := bufio.NewScanner(bytes.NewReader(dict))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			return fmt.Errorf("dict.txt: %q", lines.Text())
		}
		freq, err := strconv.ParseUint(fields[1], 10, 32)
		if err != nil {
			return err
		}
		at := root
		for _, r := range fields[0] {
			letters[r] = true
			if at.children == nil {
				at.children = map[rune]*node{}
			}
			if at.children[r] == nil {
				at.children[r] = &node{}
			}
			at = at.children[r]
		}
		at.freq = uint32(freq)
		freqs[uint32(freq)] = true
		total += freq
	}
	alphabet, frequencies := sortedKeys(letters), sortedKeys(freqs)
	letterID, freqID := indexOf(alphabet), indexOf(frequencies)
	var counts, labels, freqIDs []uint16
	level := []*node{root}
	labels, freqIDs = append(labels, 0), append(freqIDs, 0)
	for len(level) > 0 {
		var next []*node
		for _, n := range level {
			counts = append(counts, uint16(len(n.children)))
			for _, r := range sortedKeys(n.children) {
				c := n.children[r]
				labels = append(labels, letterID[r])
				freqIDs = append(freqIDs, freqID[c.freq])
				next = append(next, c)
			}
		}
		level = next
	}
	write(b, total, uint32(len(alphabet)), uint32(len(frequencies)), uint32(len(counts)), alphabet, frequencies, counts, labels, freqIDs)
	return lines.Err()
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func indexOf[K comparable](keys []K) map[K]uint16 {
	ids := make(map[K]uint16, len(keys))
	for i, k := range keys {
		ids[k] = uint16(i)
	}
	return ids
}

func write(b *bytes.Buffer, values ...any) {
	for _, v := range values {
		if err := binary.Write(b, binary.LittleEndian, v); err != nil {
			log.Fatal(err)
		}
	}
}

var (
	stateBlock = regexp.MustCompile(`'([BMES])': \{([^}]*)\}`)
	entry      = regexp.MustCompile(`(?:'((?:\\u[0-9a-f]{4})|[^'])'): (-?[0-9.]+(?:e[+-]?[0-9]+)?)`)
)

// states in the order in which ties are settled: the larger letter wins.
const states = "BEMS"

// writeModel packs start, transition and emission log-probabilities; what is
// missing is minus infinity to the model: -3.14e100.
func writeModel(b *bytes.Buffer, dir string) error {
	read := func(name string) (string, error) {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		return string(raw), err
	}
	start, err := read("prob_start.py")
	if err != nil {
		return err
	}
	trans, err := read("prob_trans.py")
	if err != nil {
		return err
	}
	emit, err := read("prob_emit.py")
	if err != nil {
		return err
	}
	write(b, row(start))
	for _, s := range states {
		write(b, row(block(trans, s)))
	}
	for _, s := range states {
		entries := pairs(block(emit, s))
		runes := sortedKeys(entries)
		write(b, uint32(len(runes)), runes)
		for _, r := range runes {
			write(b, math.Float64bits(entries[r]))
		}
	}
	return nil
}

func block(text string, state rune) string {
	for _, m := range stateBlock.FindAllStringSubmatch(text, -1) {
		if m[1] == string(state) {
			return m[2]
		}
	}
	return ""
}

func row(text string) [4]float64 {
	out := [4]float64{-3.14e100, -3.14e100, -3.14e100, -3.14e100}
	for r, p := range pairs(text) {
		if i := strings.IndexRune(states, r); i >= 0 {
			out[i] = p
		}
	}
	return out
}

func pairs(text string) map[rune]float64 {
	out := map[rune]float64{}
	for _, m := range entry.FindAllStringSubmatch(text, -1) {
		p, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			log.Fatal(err)
		}
		r := []rune(m[1])[0]
		if strings.HasPrefix(m[1], `\u`) {
			n, err := strconv.ParseUint(m[1][2:], 16, 32)
			if err != nil {
				log.Fatal(err)
			}
			r = rune(n)
		}
		out[r] = p
	}
	return out
}
