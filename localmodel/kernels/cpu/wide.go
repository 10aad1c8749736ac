package cpu

// widenTiles is how many tiles of rows have to pass over a block of float16
// numbers for it to be cheaper to expand them once than in each product.
const widenTiles = 3

// widened is a head's keys [KeyDim, 64] and then values [64, ValueDim rounded up
// to 32] of a block of float16, expanded for so many tiles of rows; nil: they are
// better left as they are. Products have the same bits either way.
func (k *Kernels) widened(s *scratch, block *KVBlock, head, tiles int) []float32 {
	kv := block.shape
	if kv.Type != F16 || tiles < widenTiles {
		return nil
	}
	keys, values := kv.KeyDim*block.rows, kv.valueStride()*block.rows
	wide := grow(&s.att.wide, keys+values)
	k.widen(s, wide[:keys], &block.keys, head*keys)
	k.widen(s, wide[keys:], &block.values, head*values)
	return wide
}
