package datasets

import "fmt"

// Limits bound what compressed files may expand to. Readers stream, so a bomb
// costs time, not memory; the limits end it early with a clear error.
type Limits struct {
	// Bytes is the most that one file may expand to; 0: 16 GiB.
	Bytes int64
	// Ratio is the most that a file may expand to, as a multiple of its
	// compressed size; 0: 200. Text stays under 50.
	Ratio int64
	// RatioFrom is the expanded size in bytes up to which no ratio is too
	// high, since the file is harmless; 0: 64 MiB.
	RatioFrom int64
}

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

func (l Limits) ratioFrom() int64 {
	if l.RatioFrom <= 0 {
		return 64 << 20
	}
	return l.RatioFrom
}

// check judges an expansion from compressed bytes to expanded ones.
func (l Limits) check(compressed, expanded int64) error {
	if expanded > l.bytes() {
		return fmt.Errorf("expands to more than %d bytes: not read on", l.bytes())
	}
	if expanded > l.ratioFrom() && expanded/max(compressed, 1) > l.ratio() {
		return fmt.Errorf("expands to %d times its size: not read on", expanded/max(compressed, 1))
	}
	return nil
}
