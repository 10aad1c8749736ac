package localmodel

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/all"
	"github.com/lcbench/lcbench/localmodel/induction"
)

// marking is the model with landmarks under a mechanism; "" is its own.
func marking(t *testing.T, spec string) *Model {
	t.Helper()
	m, err := InductionLandmark(Options{Device: "cpu", Attention: mechanism(t, spec), KV: "f32", Window: 8192, KeepNone: true})
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", spec, err))
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func mechanism(t *testing.T, spec string) attention.Mechanism {
	t.Helper()
	if spec == "" {
		return nil
	}
	how, err := all.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	return how
}

// firstOf is the first token of an answer.
func firstOf(t *testing.T, m *Model, ids []int32) int32 {
	t.Helper()
	a, err := m.Answer(t.Context(), Prompt{IDs: ids}, Params{MaxTokens: 1, IgnoreEnd: true})
	if err != nil {
		t.Fatal(err)
	}
	return a.IDs[0]
}

// The block that a value is in is found wherever it is in the context, and the
// value wherever it is in the block; a key that never occurred answers nothing.
// Under other mechanisms there are no landmarks, and the model is like some other.
func TestLandmarkMaps(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	always := func(hidden) bool { return true }
	for _, c := range []struct {
		attention string
		lengths   []int
		right     func(x hidden) bool
	}{
		{"landmark:block=4,topk=4", []int{512, 1024}, always},
		{"landmark:block=4,topk=1", []int{333}, always},
		{"landmark:block=4,topk=0", []int{333}, func(hidden) bool { return false }}, // see below
		{"full", []int{512}, always},
		{"sliding:window=256,sinks=0", []int{512}, func(x hidden) bool { return x.n-1-x.p < 256 }},
	} {
		t.Run(c.attention, func(t *testing.T) {
			m, places := marking(t, c.attention), map[int]int{}
			for _, n := range c.lengths {
				for depth := range 11 {
					x := hideIn(int(induction.LandmarkToken), n, float64(depth)/10, uint64(depth))
					if got, want := firstOf(t, m, x.ids) == x.value, c.right(x); got != want {
						t.Errorf("%d tokens, value at %d: right: %t, want %t", n, x.p, got, want)
					}
					places[x.p%induction.LandmarkEvery]++
				}
			}
			if len(places) != induction.LandmarkEvery {
				t.Errorf("values are at %v of their blocks, want every place", places)
			}
			x := hideIn(int(induction.LandmarkToken), 257, 0.5, 1)
			x.ids[len(x.ids)-1] = induction.FirstWord + 1 // another key
			if got := firstOf(t, m, x.ids); got != induction.BOS && c.attention != "landmark:block=4,topk=0" && c.attention != "sliding:window=256,sinks=0" {
				t.Errorf("of a key that never occurred it says %d, want %d", got, induction.BOS)
			}
		})
	}
}

// Without retrieval a row sees its own block alone: a value is found in the
// question's, with its key in it too. (A key that opens the block has no token
// ahead in sight, is taken for its own, and ties with its value; a value that does
// is one of a few words in sight, of which any may be said.)
func TestWithoutRetrievalTheBlockIsAll(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	none, one := marking(t, "landmark:block=4,topk=0"), marking(t, "landmark:block=4,topk=1")
	right := 0
	for n := 20; n < 24; n++ {
		for back := 1; back < 6; back++ { // from the question to the value
			x := hideIn(int(induction.LandmarkToken), 64, 0.5, uint64(n))
			key := x.ids[len(x.ids)-1]
			ids := slices.Concat(x.ids[:1], x.ids[40:40+n-1])
			p := n - 1 - back
			ids[p-1], ids[p], ids[n-1] = key, x.value, key
			if firstOf(t, one, ids) != x.value {
				t.Errorf("%d tokens, value at %d: wrong with a block retrieved", n, p)
			}
			at, seen := p%induction.LandmarkEvery, p/induction.LandmarkEvery == (n-1)/induction.LandmarkEvery
			want := seen && at > 1
			if got := firstOf(t, none, ids) == x.value; got != want && (!seen || at > 1) {
				t.Errorf("%d tokens, value at %d: right: %t, want %t", n, p, got, want)
			}
			if want {
				right++
			}
		}
	}
	if right == 0 {
		t.Error("no value is in sight")
	}
}

// orthogonalWords returns words whose codes are orthogonal to one another and to
// those of BOS and the question, so that scores are what the words say, and no
// noise.
func orthogonalWords(t *testing.T) []int32 {
	t.Helper()
	emb, _ := induction.NewLandmark().Tensor("token_embd.weight")
	x, err := emb.Float32()
	if err != nil {
		t.Fatal(err)
	}
	width := emb.Cols()
	bos := x[:width]
	var out []int32
	for id := induction.FirstWord; id < induction.LandmarkToken; id++ {
		s := float32(0)
		for i, v := range x[int(id)*width:][:width] {
			s += v * bos[i]
		}
		if math.Abs(float64(s)-1) < 0.01 { // the constant channel alone
			out = append(out, id)
		}
	}
	if len(out) < 200 {
		t.Fatalf("%d words, want the basis that BOS's code is in", len(out))
	}
	return out
}

// blockPrompt builds a prompt block by block.
type blockPrompt struct {
	words []int32 // fillers, each used once
	ids   []int32
}

func (b *blockPrompt) filler() int32 {
	w := b.words[0]
	b.words = b.words[1:]
	return w
}

// some stands for a filler.
const some = int32(-1)

// block adds one.
func (b *blockPrompt) block(ids ...int32) {
	for _, id := range ids {
		if id == some {
			id = b.filler()
		}
		b.ids = append(b.ids, id)
	}
}

// score of a block's landmark over beta, by §3's softmax and NewLandmark's
// construction: hits of the bag's four words are the key, squares is four times
// four the bag's squared length.
func bagScore(hits, squares float64) float64 {
	return hits / 4 * math.Sqrt(4/(3+squares/16))
}

// A decoy, a block with the key and another value that scores better than the
// value's, is retrieved first. With the value in many blocks it is outvoted if
// enough of them are retrieved: as many as the decoy's weight is times theirs.
// A block with the key twice can't be outvoted at all.
func TestTooFewBlocksLoseToDecoys(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	const beta, needles = 400, 14
	// A needle's bag has a word twice, and is longer for it.
	outweighs := math.Exp(beta * (bagScore(1, 4) - bagScore(1, 6)))
	words := orthogonalWords(t)
	prompt := func(twice bool) (ids []int32, value int32) {
		key, value, pair := words[0], words[1], words[2]
		b := &blockPrompt{words: words[3:]}
		b.block(induction.BOS, some, some, some)
		for i := range needles {
			b.block(some, some, some, pair)
			b.block(pair, key, value, some)
			if i == needles/2 && twice {
				b.block(key, some, key, some)
			} else if i == needles/2 {
				b.block(some, key, some, some)
			}
		}
		b.block(some, some, induction.Question, key)
		return b.ids, value
	}
	for _, topK := range []int{1, 4, 8, 10, 12, 20} {
		m := marking(t, fmt.Sprintf("landmark:block=4,topk=%d", topK))
		ids, value := prompt(false)
		voters := float64(min(needles, topK-1))
		if math.Abs(voters-outweighs) < 0.5 {
			t.Fatalf("%g against %g is too close to tell", voters, outweighs)
		}
		if got, want := firstOf(t, m, ids) == value, voters > outweighs; got != want {
			t.Errorf("%d blocks: right: %t, want %t (the decoy weighs %.2f needles)", topK, got, want, outweighs)
		}
		ids, value = prompt(true)
		if firstOf(t, m, ids) == value {
			t.Errorf("%d blocks: right, though a block has the key twice", topK)
		}
	}
	if ids, value := prompt(false); firstOf(t, marking(t, "full"), ids) != value {
		t.Errorf("%d needles lose to one decoy under full attention", needles)
	}
}

// Answers go on over the ends of blocks, with landmarks that come in while they
// are said and are none of them.
func TestLandmarkModelAnswersText(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	m, err := InductionLandmark(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Info.Name != "induction-landmark" || m.Info.Attention != "landmark:block=4,topk=4" || m.Info.Window != induction.Context-induction.Context/5 {
		t.Errorf("info %+v", m.Info)
	}
	for _, sentences := range []int{10, 60} {
		for depth := range 5 {
			prompt, value := needle(sentences, depth*(sentences-1)/4)
			if got, _ := ask(t, m, prompt, value); got != value {
				t.Errorf("%d sentences, needle at depth %d of 4: got %q, want %q", sentences, depth, got, value)
			}
		}
	}
	prompt, value := keyValue(50, 20)
	if got, _ := ask(t, m, prompt, value); got != value {
		t.Errorf("50 pairs: got %q, want %q", got, value)
	}
	for _, c := range []struct{ prompt, want string }{
		{"The secret phrase is one two three four five six seven eight nine ten eleven. Other words follow it here. What of phrase", "is one two three four five six seven eight nine ten eleven"},
		{"What is said of nothing?", ""}, {"amber 12. birch 31. cedar 44. What of oak", ""}, {"x", ""},
	} {
		a, err := m.Answer(t.Context(), Prompt{Text: c.prompt}, Params{MaxTokens: 20})
		if err != nil || a.Text != c.want || a.Finish != "stop" || slices.Contains(a.IDs, induction.LandmarkToken) {
			t.Errorf("%q: got %q, %s (%v), want %q", c.prompt, a.Text, a.Finish, err, c.want)
		}
	}
}
