// Q4_1, 20 bytes for 32 weights: f16 d, m; byte p[16]. w = d nibble + m.
fn scale(row: u32, k: u32) -> vec2<f32> {
    let v = wts[(row + (k >> 5u) * 20u) >> 2u];
    return vec2<f32>(half_value(v & 65535u), half_value(v >> 16u));
}

fn quad(row: u32, k: u32, s: vec2<f32>) -> vec4<f32> {
    let v = wts[(row + (k >> 5u) * 20u + 4u + (k & 15u)) >> 2u];
    return bytes((v >> ((k & 16u) >> 2u)) & 0x0f0f0f0fu) * s.x + s.y;
}
