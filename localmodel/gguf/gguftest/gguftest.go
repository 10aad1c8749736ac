// Package gguftest writes small GGUF files for tests.
package gguftest

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// KV is a metadata entry. Value is a bool, string, float32, float64 or an
// integer of explicit width, or a slice of one of these. The key
// general.alignment is obeyed if its value is a uint32.
type KV struct {
	Key   string
	Value any
}

// T is a tensor: Shape is fastest extent first and Data holds its blocks, as
// in a file. Nothing is checked, so that a test can write a wrong file.
type T = quant.Tensor

// Build returns a GGUF version 3 file. It panics on a Value of another Go type.
func Build(meta []KV, tensors []T) []byte {
	b := []byte("GGUF")
	b = binary.LittleEndian.AppendUint32(b, 3)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(tensors)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(meta)))
	align := 32
	for _, kv := range meta {
		b = appendValue(appendString(b, kv.Key), kv.Value)
		if n, ok := kv.Value.(uint32); ok && kv.Key == "general.alignment" {
			align = int(n)
		}
	}
	offset := 0
	for _, t := range tensors {
		b = appendString(b, t.Name)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(t.Shape)))
		for _, n := range t.Shape {
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(t.Type))
		b = binary.LittleEndian.AppendUint64(b, uint64(offset))
		offset += padded(len(t.Data), align)
	}
	for _, t := range tensors {
		b = append(b, make([]byte, padded(len(b), align)-len(b))...)
		b = append(b, t.Data...)
	}
	return b
}

// F32 returns the values as the data of an F32 tensor.
func F32(values ...float32) []byte {
	var b []byte
	for _, x := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// F16 returns the values, rounded, as the data of an F16 tensor.
func F16(values ...float32) []byte {
	var b []byte
	for _, x := range values {
		b = binary.LittleEndian.AppendUint16(b, quant.F32ToF16(x))
	}
	return b
}

func padded(n, align int) int { return (n + align - 1) / align * align }

func appendString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

// appendValue appends the type's number and the value.
func appendValue(b []byte, v any) []byte {
	switch list := v.(type) {
	case []string:
		return appendArray(b, list)
	case []bool:
		return appendArray(b, list)
	case []float32:
		return appendArray(b, list)
	case []float64:
		return appendArray(b, list)
	case []uint8:
		return appendArray(b, list)
	case []int8:
		return appendArray(b, list)
	case []uint16:
		return appendArray(b, list)
	case []int16:
		return appendArray(b, list)
	case []uint32:
		return appendArray(b, list)
	case []int32:
		return appendArray(b, list)
	case []uint64:
		return appendArray(b, list)
	case []int64:
		return appendArray(b, list)
	}
	return appendScalar(binary.LittleEndian.AppendUint32(b, number(v)), v)
}

func appendArray[E any](b []byte, list []E) []byte {
	var zero E
	b = binary.LittleEndian.AppendUint32(b, 9)
	b = binary.LittleEndian.AppendUint32(b, number(any(zero)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(list)))
	for _, v := range list {
		b = appendScalar(b, any(v))
	}
	return b
}

func appendScalar(b []byte, v any) []byte {
	if s, ok := v.(string); ok {
		return appendString(b, s)
	}
	b, err := binary.Append(b, binary.LittleEndian, v)
	if err != nil {
		panic(err) // number has refused every type that this would
	}
	return b
}

// number returns the format's number of a scalar's type.
func number(v any) uint32 {
	switch v.(type) {
	case uint8:
		return 0
	case int8:
		return 1
	case uint16:
		return 2
	case int16:
		return 3
	case uint32:
		return 4
	case int32:
		return 5
	case float32:
		return 6
	case bool:
		return 7
	case string:
		return 8
	case uint64:
		return 10
	case int64:
		return 11
	case float64:
		return 12
	}
	panic(fmt.Sprintf("gguftest: no GGUF type for a value of Go type %T", v))
}
