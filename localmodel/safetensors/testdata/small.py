"""Writes small.safetensors with the PyPI package safetensors 0.8.0."""
import numpy as np
from safetensors import TensorSpec, serialize

f = np.arange(6, dtype=np.float32).reshape(2, 3) / 4 - 0.5
brain = (f.view(np.uint32) >> 16).astype(np.uint16)
arrays = {
    "matrix.f32": ("float32", f), "matrix.f16": ("float16", f.astype(np.float16)),
    "matrix.bf16": ("bfloat16", brain), "cube": ("float32", f.reshape(1, 2, 3)),
    "scalar": ("float32", f[1, 2].reshape(())), "none": ("float32", f[:0]),
    "counts": ("int64", np.array([1, 2], dtype=np.int64)),
}
arrays = {name: (dtype, np.array(a)) for name, (dtype, a) in arrays.items()}
specs = {name: TensorSpec(dtype=dtype, shape=list(a.shape), data_ptr=a.ctypes.data, data_len=a.nbytes)
         for name, (dtype, a) in arrays.items()}
with open("small.safetensors", "wb") as out:
    out.write(serialize(specs, {"format": "pt", "grüße": "\u2581"}))
