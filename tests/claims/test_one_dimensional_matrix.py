"""What sentences of book/convolution/one-dimensional-matrix.md say."""

import time

import numpy as np
import pytest

from unrolled.layers import Conv, relative_error


def seconds(run, repeats=5):
    """Processor time of one call: the least of some."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.slow  # not for its length: a measured time is no matter for a test of the code
def test_a_number_at_a_time(claim):
    """One output step of one sequence by loops, counted for all steps and sequences."""
    claim("Loops that take one number at a time need thousands of times as long as the blocks.")
    T, N, F, D, H = 256, 16, 5, 128, 128
    rng = np.random.default_rng(0)
    layer = Conv.init(D, H, F, rng, np.float32)
    x = rng.normal(size=(T, N, D)).astype(np.float32)
    found = np.zeros(H)

    def loops():
        for j in range(H):
            total = 0.0
            for k in range(F):
                for i in range(D):
                    total += x[k, 0, i] * layer.W[k, i, j]
            found[j] = total

    naive = seconds(loops, 2) * T * N
    assert relative_error(found, layer.forward(x, padding="causal")[0][F - 1, 0]) < 1e-4
    assert naive > 2000 * seconds(lambda: layer.forward(x, padding="causal"))
