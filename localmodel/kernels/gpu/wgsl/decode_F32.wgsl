// F32: scale is not used.
fn scale(row: u32, k: u32) -> vec2<f32> {
    return vec2<f32>(1.0, 0.0);
}

fn quad(row: u32, k: u32, s: vec2<f32>) -> vec4<f32> {
    let i = (row >> 2u) + k;
    return vec4<f32>(bitcast<f32>(wts[i]), bitcast<f32>(wts[i + 1u]), bitcast<f32>(wts[i + 2u]), bitcast<f32>(wts[i + 3u]));
}
