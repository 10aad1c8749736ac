"""GFLOP/s of numpy's float32 matrix product (OpenBLAS's sgemm): the best of ten."""
import time

import numpy

n = 2048
a = numpy.random.default_rng(0).standard_normal((n, n), dtype=numpy.float32)
b = a.T.copy()
a @ b
best = min(-time.perf_counter() + (a @ b, time.perf_counter())[1] for _ in range(10))
print(f"{2 * n**3 / best / 1e9:.1f}")
