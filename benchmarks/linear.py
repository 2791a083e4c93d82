"""One diagonal linear recurrence in several ways: loop, scans and Fourier transform.

    python benchmarks/linear.py

First, all states from pushes that are given, of one sequence with 16 complex units and of four with
64. Then one output for one input, with and without making the states; the filter's taps are made
anew in each call. Forward only, on one thread. Printed are milliseconds, the quickest way at each
length, and between which lengths two ways cross.
"""

from collections.abc import Callable
from itertools import combinations, pairwise, product

import numpy as np
from contest import rounds, run

from unrolled.layers import long_filter, scan
from unrolled.layers.gradients import relative_error

WIDTHS = ((1, 16), (4, 64))  # N sequences, H units
SIZES = {16: 1, 64: 1, 256: 1.5, 1024: 2, 4096: 4}  # T: seconds to spend
FILLS = {
    "loop": scan.sequential,
    "two level": scan.two_level,
    "tree": scan.tree,
    "FFT": long_filter.convolve,
}


def drawn(T: int, N: int, H: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Factors (H,), pushes (T, N, H) and what reads the states (H,), complex."""
    rng = np.random.default_rng(0)
    lam = np.sqrt(rng.uniform(0.81, 0.998, H)) * np.exp(1j * np.pi * rng.random(H))
    u, c = (rng.normal(size=n) + 1j * rng.normal(size=n) for n in ((T, N, H), H))
    return lam, u, c


def filled(fill: Callable, u: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """All states (T, N, H) from pushes (T, N, H)."""
    z = np.zeros((len(u) + 1, *u.shape[1:]), complex)
    fill(z, u, np.broadcast_to(lam, u.shape))
    return z[1:]


def states(T: int, N: int, H: int) -> dict[str, Callable]:
    """Ways to all states (T, N, H), seen to give the same."""
    lam, u, _ = drawn(T, N, H)
    ways = {name: lambda fill=fill: filled(fill, u, lam) for name, fill in FILLS.items()}
    return same(ways)


def outputs(T: int, N: int, H: int) -> dict[str, Callable]:
    """Ways from inputs (T, N) to outputs (T, N), each unit pushed by the input itself."""
    lam, u, c = drawn(T, N, H)
    x, b = u[..., 0].real.copy(), np.ones(H, complex)

    def read(fill):
        return (filled(fill, np.multiply.outer(x, b), lam) @ c).real

    ways = {name: lambda fill=fill: read(fill) for name, fill in FILLS.items()}
    ways["filter alone"] = lambda: long_filter.filtered(x, long_filter.taps(lam, b, c, T))
    return same(ways)


def same(ways: dict[str, Callable]) -> dict[str, Callable]:
    """The ways, when each has been seen to give what the loop gives."""
    for way in ways.values():
        for part in (np.real, np.imag):
            if part(ways["loop"]()).any():
                assert relative_error(part(way()), part(ways["loop"]())) < 1e-9
    return ways


def crossings(times: dict[int, dict[str, float]]) -> list[str]:
    """Between which lengths one way becomes quicker than another."""
    found, lengths = [], list(times)
    for one, other in combinations(times[lengths[0]], 2):
        for T, later in pairwise(lengths):
            before, after = (times[n][one] < times[n][other] for n in (T, later))
            if before != after:
                winner, loser = (one, other) if after else (other, one)
                found.append(f"{winner} overtakes {loser} between T = {T} and {later}")
    return found


def measure(threads: int, clock: Callable) -> None:
    for what, (N, H) in product((states, outputs), WIDTHS):
        print(f"\nN = {N}, H = {H}. {what.__doc__}")
        times = {}
        for T, seconds in SIZES.items():
            median = {
                k: 1e3 * np.median(v) for k, v in rounds(what(T, N, H), seconds, clock).items()
            }
            figures = ", ".join(f"{name} {time:.2f}" for name, time in median.items())
            print(f"T = {T}: {figures} ms; quickest: {min(median, key=median.get)}")
            times[T] = median
        print(*crossings(times), sep="\n")


if __name__ == "__main__":
    run(measure, __file__, threads=(1,))
