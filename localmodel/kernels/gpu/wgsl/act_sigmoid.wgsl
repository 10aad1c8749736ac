// sigmoid(z) = 1 / (1 + exp(-z)); the clamp keeps exp finite, as WGSL asks.
fn act(z: f32) -> f32 {
    return 1.0 / (1.0 + exp(clamp(-z, -80.0, 80.0)));
}
