"""One diagonal linear recurrence in three ways: loop, scan and Fourier transform.

    python benchmarks/linear.py

A call makes all states of four sequences with 64 complex units, forward, on one thread, from pushes
that are given. Printed are milliseconds, the quickest way at each length, and so where they cross.
"""

from collections.abc import Callable

import numpy as np
from contest import rounds, run

from unrolled.layers import scan
from unrolled.layers.gradients import relative_error

N, H = 4, 64
SIZES = {16: 2, 64: 2, 256: 3, 1024: 4, 4096: 8}  # T: seconds to spend


def ways(T: int) -> dict[str, Callable]:
    """Three functions without arguments, seen to give the same states (T, N, H)."""
    rng = np.random.default_rng(0)
    lam = np.sqrt(rng.uniform(0.81, 0.998, H)) * np.exp(1j * np.pi * rng.random(H))
    u = rng.normal(size=(T, N, H)) + 1j * rng.normal(size=(T, N, H))

    def filled(fill):
        z = np.zeros((T + 1, N, H), complex)
        fill(z, u, np.broadcast_to(lam, u.shape))
        return z[1:]

    def convolved():
        powers = np.exp(np.arange(T)[:, None, None] * np.log(lam))
        F = np.fft.fft(powers, 2 * T, axis=0) * np.fft.fft(u, 2 * T, axis=0)
        return np.fft.ifft(F, axis=0)[:T]

    kinds = {"loop": scan.sequential, "two level": scan.two_level, "tree": scan.tree}
    all_ways = {name: lambda fill=fill: filled(fill) for name, fill in kinds.items()}
    all_ways["FFT"] = convolved
    for way in all_ways.values():
        for part in (np.real, np.imag):
            assert relative_error(part(way()), part(filled(scan.sequential))) < 1e-9
    return all_ways


def measure(threads: int, clock: Callable) -> None:
    for T, seconds in SIZES.items():
        times = {k: 1e3 * np.median(v) for k, v in rounds(ways(T), seconds, clock).items()}
        figures = ", ".join(f"{name} {time:.2f}" for name, time in times.items())
        print(f"T = {T}: {figures} ms; quickest: {min(times, key=times.get)}")


if __name__ == "__main__":
    run(measure, __file__, threads=(1,))
