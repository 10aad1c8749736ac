package cpu

// SmallBatch is the number of rows up to which MatMul gives each row the bits
// that it gets alone, and from which on other kernels take over.
const SmallBatch = smallBatch
