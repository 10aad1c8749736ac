package datasets

import "fmt"

// Limits bound what compressed files may expand to. Readers stream, so a bomb
// costs time, not memory; the limits end it early with a clear error.
type Limits struct {
	// Bytes is the most that one file may expand to; 0: 16 GiB.
	Bytes int64
	// Ratio is the most that a file larger than 64 MiB may expand to, as a
	// multiple of its compressed size; 0: 200. Text stays under 50.
	Ratio int64
}

// ratioFrom is the size below which no ratio is too high to be harmless.
const ratioFrom = 64 << 20

func (l Limits) bytes() int64 {
	if l.Bytes <= 0 {
		return 16 << 30
	}
	return l.Bytes
}

func (l Limits) ratio() int64 {
	if l.Ratio <= 0 {
		return 200
	}
	return l.Ratio
}

// check judges an expansion from compressed bytes to expanded ones.
func (l Limits) check(compressed, expanded int64) error {
	if expanded > l.bytes() {
		return fmt.Errorf("expands to more than %d bytes: not read on", l.bytes())
	}
	if expanded > ratioFrom && expanded/max(compressed, 1) > l.ratio() {
		return fmt.Errorf("expands to %d times its size: not read on", expanded/max(compressed, 1))
	}
	return nil
}
