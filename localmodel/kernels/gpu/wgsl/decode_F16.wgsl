// F16: scale is not used.
fn scale(row: u32, k: u32) -> vec2<f32> {
    return vec2<f32>(1.0, 0.0);
}

fn quad(row: u32, k: u32, s: vec2<f32>) -> vec4<f32> {
    let a = word(row + 2u * k);
    let b = word(row + 2u * k + 4u);
    return vec4<f32>(half_value(a & 65535u), half_value(a >> 16u), half_value(b & 65535u), half_value(b >> 16u));
}
