// Q5_1, 24 bytes for 32 weights: f16 d, m; u32 H; byte p[16].
// w = d (nibble | bit_k(H) << 4) + m.
fn scale(row: u32, k: u32) -> vec2<f32> {
    let v = wts[(row + (k >> 5u) * 24u) >> 2u];
    return vec2<f32>(half_value(v & 65535u), half_value(v >> 16u));
}

fn quad(row: u32, k: u32, s: vec2<f32>) -> vec4<f32> {
    let block = (row + (k >> 5u) * 24u) >> 2u;
    let low = (wts[block + 2u + ((k & 15u) >> 2u)] >> ((k & 16u) >> 2u)) & 0x0f0f0f0fu;
    let high = spread_bits(wts[block + 1u] >> (k & 31u));
    return bytes(low | high) * s.x + s.y;
}
