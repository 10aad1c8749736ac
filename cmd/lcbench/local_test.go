package main

import (
	"encoding/binary"
	"os"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lcbench/lcbench/localmodel/gguf/gguftest"
	"github.com/lcbench/lcbench/localmodel/quant"
)

// ggufFiles are the files that scripts can ask for: a good one and broken ones.
func ggufFiles() map[string][]byte {
	good := gguftest.Build([]gguftest.KV{
		{Key: "general.architecture", Value: "llama"},
		{Key: "general.name", Value: "small\x1b[31m\nname"},
		{Key: "llama.block_count", Value: uint32(1)},
		{Key: "tokenizer.ggml.tokens", Value: slices.Repeat([]string{"a token that takes room"}, 100)},
	}, []gguftest.T{
		{Name: "token_embd.weight", Type: quant.F32, Shape: []int{4, 2}, Data: gguftest.F32(1, 2, 3, 4, 5, 6, 7, 8)},
		{Name: "output_norm.weight", Type: quant.F32, Shape: []int{4}, Data: gguftest.F32(1, 1, 1, 1)},
		{Name: "output.weight", Type: quant.F16, Shape: []int{4, 2}, Data: gguftest.F16(1, 2, 3, 4, 5, 6, 7, 8)},
	})
	count := func(at int, n uint64) []byte {
		b := slices.Clone(good)
		binary.LittleEndian.PutUint64(b[at:], n)
		return b
	}
	odd := gguftest.Build([]gguftest.KV{
		{Key: "general.architecture", Value: "llama"}, {Key: "llama.block_count", Value: uint32(1)}, {Key: "llama.embedding_length", Value: uint32(36)},
		{Key: "llama.feed_forward_length", Value: uint32(64)}, {Key: "llama.context_length", Value: uint32(128)},
		{Key: "llama.attention.head_count", Value: uint32(9)}, {Key: "llama.attention.head_count_kv", Value: uint32(2)},
	}, nil)
	return map[string][]byte{
		"odd heads": odd,
		"good":      good, "empty": {}, "truncated": good[:len(good)/2], "without its data": good[:len(good)-8],
		"renamed": []byte("PK\x03\x04 this is an archive and no model, whatever it is called"),
		"tensors": count(8, 1<<60), "keys": count(16, 1<<60), "string": count(24, 1<<40),
	}
}

// writeGGUF writes one of ggufFiles: gguf PATH KIND.
func writeGGUF(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: gguf PATH KIND")
	}
	data, ok := ggufFiles()[args[1]]
	if !ok {
		ts.Fatalf("no GGUF file of kind %q", args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}
