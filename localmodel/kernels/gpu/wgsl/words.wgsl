// Reading a weight's bytes out of u32 words. Offsets are in bytes.
@group(0) @binding(1) var<storage, read> wts: array<u32>;

// byte_at: any offset.
fn byte_at(o: u32) -> u32 {
    return (wts[o >> 2u] >> ((o & 3u) * 8u)) & 255u;
}

// half_bits: two bytes at an even offset.
fn half_bits(o: u32) -> u32 {
    return (wts[o >> 2u] >> ((o & 2u) * 8u)) & 65535u;
}

// word: four bytes at an even offset; blocks of 18, 22, 34 and 210 bytes put
// every other word across two. The buffer ends with a spare word.
fn word(o: u32) -> u32 {
    let i = o >> 2u;
    let s = (o & 2u) * 8u;
    return (wts[i] >> s) | ((wts[i + 1u] << (31u - s)) << 1u);
}

// half: an IEEE half at an even offset, subnormals included: unpack2x16float
// may flush those, and the scales of K blocks are often subnormal.
fn half_value(h: u32) -> f32 {
    let e = (h >> 10u) & 31u;
    let m = h & 1023u;
    let sign = (h & 32768u) << 16u;
    let wide = select(e + 112u, 255u, e == 31u);
    let normal = bitcast<f32>(sign | (wide << 23u) | (m << 13u));
    let tiny = bitcast<f32>(sign | 0x33800000u) * f32(m); // +-2^-24 each
    return select(normal, tiny, e == 0u);
}

fn half(o: u32) -> f32 {
    return half_value(half_bits(o));
}

// bytes: the four bytes of a word as numbers, the lowest first.
fn bytes(v: u32) -> vec4<f32> {
    return vec4<f32>(f32(v & 255u), f32((v >> 8u) & 255u), f32((v >> 16u) & 255u), f32(v >> 24u));
}

// spread_bits: four low bits of v, each at bit 4 of its byte.
fn spread_bits(v: u32) -> u32 {
    return ((v & 1u) << 4u) | ((v & 2u) << 11u) | ((v & 4u) << 18u) | ((v & 8u) << 25u);
}
