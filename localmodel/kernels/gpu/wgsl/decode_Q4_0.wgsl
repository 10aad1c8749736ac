// Q4_0, 18 bytes for 32 weights: f16 d; byte p[16]. w = d (nibble - 8).
fn scale(row: u32, k: u32) -> vec2<f32> {
    let d = half(row + (k >> 5u) * 18u);
    return vec2<f32>(d, -8.0 * d);
}

fn quad(row: u32, k: u32, s: vec2<f32>) -> vec4<f32> {
    let v = word(row + (k >> 5u) * 18u + 2u + (k & 15u));
    return bytes((v >> ((k & 16u) >> 2u)) & 0x0f0f0f0fu) * s.x + s.y;
}
