// Q6_K, 210 bytes for 256 weights: byte a[128] (low four bits); byte b[64]
// (high two); int8 s[16], one for 16 weights; f16 d. w = d s (q - 32).
fn scale(row: u32, k: u32) -> vec2<f32> {
    let block = row + (k >> 8u) * 210u;
    let s = byte_at(block + 192u + ((k & 255u) >> 4u));
    let d = half(block + 208u) * (f32(s ^ 128u) - 128.0);
    return vec2<f32>(d, -32.0 * d);
}

fn quad(row: u32, k: u32, s: vec2<f32>) -> vec4<f32> {
    let block = row + (k >> 8u) * 210u;
    let half_block = (k >> 7u) & 1u;
    let c = (k >> 5u) & 3u;
    let l = k & 31u;
    let a = word(block + 64u * half_block + l + 32u * (c & 1u));
    let b = word(block + 128u + 32u * half_block + l);
    let low = (a >> ((c >> 1u) * 4u)) & 0x0f0f0f0fu;
    let high = ((b >> (2u * c)) & 0x03030303u) << 4u;
    return bytes(low | high) * s.x + s.y;
}
