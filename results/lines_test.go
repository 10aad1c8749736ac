package results

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestLinesAreFoundWithTheirOffsets(t *testing.T) {
	var got []string
	must(t, scanLines(strings.NewReader("one\n\ntwo\u2028\r\nthree"), 100, func(l line) error {
		got = append(got, fmt.Sprintf("%d@%d %q torn=%v", l.number, l.offset, l.data, l.torn))
		return nil
	}))
	want := `[1@100 "one" torn=false 2@104 "" torn=false 3@105 "two\u2028\r" torn=false 4@113 "three" torn=true]`
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestALineThatIsTooLongIsSkippedWithoutBeingHeld(t *testing.T) {
	long := strings.NewReader(strings.Repeat("x", maxRecord+1) + "\nshort\n")
	var lengths []int
	var kept []bool
	must(t, scanLines(long, 0, func(l line) error {
		lengths = append(lengths, l.length)
		kept = append(kept, l.data != nil)
		return nil
	}))
	if fmt.Sprint(lengths, kept) != fmt.Sprint([]int{maxRecord + 1, 5}, []bool{false, true}) {
		t.Errorf("lengths %v, kept %v", lengths, kept)
	}
}

func FuzzScanLines(f *testing.F) {
	f.Add([]byte("a\n\nb"))
	f.Add([]byte(strings.Repeat("long ", 30_000) + "\nshort\n" + strings.Repeat("x", 65536) + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var again []byte
		end := int64(0)
		must(t, scanLines(bytes.NewReader(data), 0, func(l line) error {
			if l.offset != end || len(l.data) != l.length {
				t.Fatalf("line %d at %d, length %d (%d bytes): want offset %d", l.number, l.offset, l.length, len(l.data), end)
			}
			end = l.end()
			again = append(again, l.data...)
			if !l.torn {
				again = append(again, '\n')
			}
			return nil
		}))
		if !bytes.Equal(again, data) || end != int64(len(data)) {
			t.Errorf("%d bytes became %d, end %d", len(data), len(again), end)
		}
	})
}
