package gpu

import (
	"encoding/binary"
	"fmt"

	"github.com/gogpu/naga"
)

// SPIR-V opcodes and constants used below. Source: SPIR-V specification 1.6,
// §3.49 (instructions) and §3.7 (storage classes).
const (
	spirvHeader  = 5 // words before the first instruction
	opNop        = 0
	opNull       = 46
	opVariable   = 59
	opStore      = 62
	inWorkgroups = 4
)

// spirv compiles WGSL for Vulkan. WGSL wants workgroup memory zeroed, which
// naga does by one invocation storing a zero to every element; our kernels
// write before they read, so those stores are taken out. With them Mesa's
// software driver compiles a kernel with 8 KiB of it in 1.9 s, without in 0.07 s, and
// every workgroup of every dispatch would run them.
func spirv(src string) ([]uint32, error) {
	raw, err := naga.Compile(src)
	if err != nil {
		return nil, err
	}
	code := make([]uint32, len(raw)/4)
	for i := range code {
		code[i] = binary.LittleEndian.Uint32(raw[4*i:])
	}
	return code, dropZeroing(code)
}

// dropZeroing overwrites each store of a null constant to a workgroup variable
// by no-operations.
func dropZeroing(code []uint32) error {
	null, shared := map[uint32]bool{}, map[uint32]bool{}
	for at := spirvHeader; at < len(code); {
		size, op := int(code[at]>>16), code[at]&0xffff
		if size == 0 || at+size > len(code) {
			return fmt.Errorf("malformed SPIR-V at word %d", at)
		}
		switch {
		case op == opNull && size == 3:
			null[code[at+2]] = true
		case op == opVariable && size >= 4 && code[at+3] == inWorkgroups:
			shared[code[at+2]] = true
		case op == opStore && size >= 3 && shared[code[at+1]] && null[code[at+2]]:
			for i := range size {
				code[at+i] = 1<<16 | opNop
			}
		}
		at += size
	}
	return nil
}
