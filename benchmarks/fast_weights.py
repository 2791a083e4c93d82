"""How fast are fast weights in blocks of steps, forward and backward?

    python benchmarks/fast_weights.py

A call runs the gated delta rule over T steps of four sequences with matrices of 64 x 64, and ends
in all gradients, on one thread. Beside the loop and the blocks stand the products of matrices that
the blocks cannot avoid, with the inverse of their triangles, and nothing else.
"""

from collections.abc import Callable

import numpy as np
from contest import judged, rounds, run

from unrolled.layers import fast_weights as plain
from unrolled.layers.fast import fast_weights as fast
from unrolled.layers.gradients import relative_error

N, H, C = 4, 64, 64
SIZES = {512: 6, 4096: 24}  # T: seconds to spend


def draw(T: int) -> tuple[list, list]:
    """Arguments of `forward`, and gradients at the outputs and at the last matrix."""
    rng = np.random.default_rng(0)
    q, k, v, do = rng.normal(size=(4, T, N, H))
    q, k = (a / np.linalg.norm(a, axis=2, keepdims=True) for a in (q, k))
    gates = np.log(rng.uniform(0.9, 1, (T, N))), rng.uniform(0, 1, (T, N))
    S_0, dS_T = rng.normal(size=(2, N, H, H))
    given, back = [q, k, v, *gates, S_0], [do, dS_T]
    return [a.astype(np.float32) for a in given], [a.astype(np.float32) for a in back]


def contestants(T: int) -> dict[str, Callable]:
    """The loop and the blocks, which are seen to agree, and the bare products."""
    given, back = draw(T)

    def step(kind):
        o, S_T, tape = kind.forward(*given)
        return o, S_T, *kind.backward(tape, *back)

    for ours, loops in zip(step(fast), step(plain), strict=True):
        assert relative_error(ours, loops) < 1e-3
    square = np.random.default_rng(1).normal(size=(N, C, C)).astype(np.float32)
    triangle, turned = np.tril(square, -1) / C, square.swapaxes(1, 2)

    def bare():
        for _ in range(T // C):
            fast.inverse_of_unit_lower(triangle)
            for _ in range(14):  # with C = H all are of one size; a third has a side transposed
                square @ square
            for _ in range(7):
                turned @ square

    return {"loop": lambda: step(plain), "blocks": lambda: step(fast), "products": bare}


def measure(threads: int, clock: Callable) -> None:
    print("T: milliseconds of each; the loop's time, and the blocks', in units of what they beat")
    for T, seconds in SIZES.items():
        times = rounds(contestants(T), seconds, clock)
        figures = ", ".join(f"{k} {1e3 * np.median(v):.1f}" for k, v in times.items())
        faster = float(np.median(times["loop"] / times["blocks"]))
        above = float(np.median(times["blocks"] / times["products"]))
        print(f"{T}: {figures}; {judged(faster, 5.0, below=False)}; {judged(above, 1.3)}")


if __name__ == "__main__":
    run(measure, __file__, threads=(1,))
