// BF16: the upper half of a float32; scale is not used.
fn scale(row: u32, k: u32) -> vec2<f32> {
    return vec2<f32>(1.0, 0.0);
}

fn quad(row: u32, k: u32, s: vec2<f32>) -> vec4<f32> {
    let a = word(row + 2u * k);
    let b = word(row + 2u * k + 4u);
    return vec4<f32>(bitcast<f32>(a << 16u), bitcast<f32>(a & 0xffff0000u), bitcast<f32>(b << 16u), bitcast<f32>(b & 0xffff0000u));
}
