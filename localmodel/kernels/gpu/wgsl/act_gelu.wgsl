// gelu(z) = z / 2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))); tanh is 1 in
// float32 from 10 on, and some drivers overflow far beyond it.
fn act(z: f32) -> f32 {
    let t = 0.7978845608028654 * (z + 0.044715 * z * z * z);
    return 0.5 * z * (1.0 + tanh(clamp(t, -10.0, 10.0)));
}
