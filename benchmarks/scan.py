"""How fast is a recurrence s[t] = beta[t] + gamma[t] s[t-1], forward and backward?

    python benchmarks/scan.py

A call runs all T steps on a state of N numbers and ends in the gradients at beta, gamma and s_0, in
float32, on one thread. Beside the three orders of work stands what none can do without: reading
and writing every array once.
"""

from collections.abc import Callable

import numpy as np
from contest import judged, rounds, run

from unrolled.layers import scan
from unrolled.layers.gradients import relative_error

# (T, N): seconds to spend; how many times faster than the loop the tree has to be
SIZES = {
    (64, 16): (1, None),
    (4096, 16): (6, 8.0),
    (65536, 16): (8, None),
    (64, 4096): (2, None),
    (4096, 4096): (12, None),
}
FILLS = (scan.sequential, scan.two_level, scan.tree)


def contestants(T: int, N: int) -> dict[str, Callable]:
    """The three orders of work, which are seen to agree, and the bare traffic."""
    rng = np.random.default_rng(0)
    beta, ds = rng.normal(size=(2, T, N)).astype(np.float32)
    gamma = rng.random((T, N), dtype=np.float32)
    s_0 = np.zeros(N, np.float32)

    def step(fill):
        _, tape = scan.forward(beta, gamma, s_0, fill)
        return scan.backward(tape, ds)

    def traffic():
        s = beta + gamma  # forward: two arrays in, one out
        delta = ds + gamma  # backward: the same
        return delta, delta * s  # and the product for gamma

    for fill in FILLS[1:]:
        for ours, loops in zip(step(fill), step(scan.sequential), strict=True):
            assert relative_error(ours, loops) < 1e-5
    return {fill.__name__: lambda fill=fill: step(fill) for fill in FILLS} | {"traffic": traffic}


def measure(threads: int, clock: Callable) -> None:
    print("T, N: milliseconds of each; the loop's time in units of the tree's")
    for (T, N), (seconds, target) in SIZES.items():
        times = rounds(contestants(T, N), seconds, clock)
        figures = ", ".join(f"{k} {1e3 * np.median(v):.3f}" for k, v in times.items())
        ratio = float(np.median(times["sequential"] / times["tree"]))
        print(f"{T}, {N}: {figures}; {judged(ratio, target, below=False)}")


if __name__ == "__main__":
    run(measure, __file__, threads=(1,))
