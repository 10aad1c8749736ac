"""Writes blocks.json: random blocks of every type and their weights, as bits,
by the PyPI package gguf 0.19.0 with numpy 2.4.6 (python3 blocks.py > blocks.json).
Scales are drawn as finite halves, everything else is any byte."""
import json
import numpy as np
from gguf import GGMLQuantizationType as T, GGML_QUANT_SIZES, dequantize

SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
rng = np.random.default_rng(7)
out = []
for name in ["F32", "F16", "BF16", *SCALES]:
    weights, size = GGML_QUANT_SIZES[T[name]]
    n = 2 if weights == 256 else 3 if weights == 32 else 8
    b = rng.integers(0, 256, (n, size), dtype=np.uint8)
    for at in SCALES.get(name, []):
        b[:, at:at + 2] = rng.normal(0, 0.1, (n, 1)).astype(np.float16).view(np.uint8)
    if weights == 1:
        f = rng.normal(0, 1, n).astype(np.float32)
        b = {"F32": f, "F16": f.astype(np.float16), "BF16": (f.view(np.uint32) >> 16).astype(np.uint16)}[name]
        b = b.view(np.uint8).reshape(n, size)
    flat = b.reshape(1, -1)
    data = flat.view({"F32": np.float32, "F16": np.float16}.get(name, np.uint8))
    w = dequantize(data, T[name]).astype("<f4")
    out.append({"type": name, "blocks": b.tobytes().hex(), "weights": w.tobytes().hex()})
print("[\n" + ",\n".join(json.dumps(o) for o in out) + "\n]")
