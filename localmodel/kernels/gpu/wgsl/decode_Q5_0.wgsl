// Q5_0, 22 bytes for 32 weights: f16 d; u32 H; byte p[16].
// w = d ((nibble | bit_k(H) << 4) - 16).
fn scale(row: u32, k: u32) -> vec2<f32> {
    let d = half(row + (k >> 5u) * 22u);
    return vec2<f32>(d, -16.0 * d);
}

fn quad(row: u32, k: u32, s: vec2<f32>) -> vec4<f32> {
    let block = row + (k >> 5u) * 22u;
    let low = (word(block + 6u + (k & 15u)) >> ((k & 16u) >> 2u)) & 0x0f0f0f0fu;
    let high = spread_bits(word(block + 2u) >> (k & 31u));
    return bytes(low | high) * s.x + s.y;
}
