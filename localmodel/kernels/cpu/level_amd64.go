package cpu

import "golang.org/x/sys/cpu"

// simdLevels asks the processor and, through XCR0, the operating system.
func simdLevels() []Level {
	var levels []Level
	x := cpu.X86
	if x.HasAVX2 && x.HasFMA {
		levels = append(levels, AVX2)
		if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512DQ {
			levels = append(levels, AVX512)
			if x.HasAVX512VNNI {
				levels = append(levels, VNNI)
			}
		}
	}
	return levels
}
