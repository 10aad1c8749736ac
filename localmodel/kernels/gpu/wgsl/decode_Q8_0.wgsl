// Q8_0, 34 bytes for 32 weights: f16 d; int8 q[32]. w = d q.
// A signed byte is read with its top bit turned, 128 too much.
fn scale(row: u32, k: u32) -> vec2<f32> {
    let d = half(row + (k >> 5u) * 34u);
    return vec2<f32>(d, -128.0 * d);
}

fn quad(row: u32, k: u32, s: vec2<f32>) -> vec4<f32> {
    let v = word(row + (k >> 5u) * 34u + 2u + (k & 31u));
    return bytes(v ^ 0x80808080u) * s.x + s.y;
}
