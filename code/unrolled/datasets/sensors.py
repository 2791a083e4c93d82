"""Readings of an accelerometer on the hip during six activities, made by a rule.

In units of the earth's gravity g, with u the vertical as the sensor sees it,

    x[t] = (1 + A s(f t / RATE + phase)) u + noise

with a step's shape s, its amplitude A and its f steps per second drawn anew for each recording.
Stairs up and stairs down are the same sawtooth, once forwards and once backwards in time: no
mean, histogram or power spectrum tells them apart.
"""

import numpy as np
from numpy import ndarray

from unrolled import checks

RATE = 20  # readings per second
ACTIVITIES = {  # tilt of the sensor in degrees; amplitude in g; steps per second; shape of a step
    "sitting": ((60, 90), (0, 0), (1, 1), "wave"),
    "standing": ((0, 20), (0, 0), (1, 1), "wave"),
    "walking": ((0, 20), (0.3, 0.6), (1.4, 2.2), "wave"),
    "upstairs": ((0, 20), (0.3, 0.6), (1.4, 2.2), "rise"),
    "downstairs": ((0, 20), (0.3, 0.6), (1.4, 2.2), "fall"),
    "jogging": ((0, 20), (0.7, 1.2), (2.4, 3.2), "wave"),
}
SHAPES = {  # of one step, its phase p running from 0 to 1
    "wave": lambda p: np.cos(2 * np.pi * p),
    "rise": lambda p: 2 * p - 1,  # slowly up, suddenly down
    "fall": lambda p: 1 - 2 * p,
}


def recordings(
    T: int, N: int, rng: np.random.Generator, noise: float = 0.05
) -> tuple[ndarray, ndarray]:
    """N recordings of T readings: x (T, N, 3) float32, in g; y (N,), places in ACTIVITIES."""
    if not checks.is_whole(T, 1) or not checks.is_whole(N, 1):
        raise ValueError(f"T and N must be ≥ 1, got {checks.came(T)}, {checks.came(N)}")
    checks.generator(rng)
    checks.number(0, 1e6, noise=noise)
    y = rng.integers(len(ACTIVITIES), size=N)
    bounds = np.array([rule[:3] for rule in ACTIVITIES.values()])[y]  # (N, 3, 2)
    tilt, A, f = rng.uniform(bounds[..., 0], bounds[..., 1]).T
    phase = (f * np.arange(T)[:, None] / RATE + rng.uniform(size=N)) % 1  # (T, N)
    kinds = np.array([rule[3] for rule in ACTIVITIES.values()])[y]
    s = np.select([kinds == kind for kind in SHAPES], [shape(phase) for shape in SHAPES.values()])
    x = (1 + A * s)[..., None] * vertical(tilt, rng.uniform(0, 360, size=N))
    return (x + noise * rng.normal(size=x.shape)).astype(np.float32), y


def vertical(tilt: ndarray, turn: ndarray) -> ndarray:
    """Unit vectors (N, 3), `tilt` degrees off the third axis, turned about it by `turn`."""
    tilt, turn = checks.array("tilt", tilt, "iuf"), checks.array("turn", turn, "iuf")
    if tilt.shape != turn.shape or not (np.isfinite(tilt).all() and np.isfinite(turn).all()):
        raise ValueError(f"tilt and turn must be finite, as many, got {tilt.shape}, {turn.shape}")
    tilt, turn = np.radians(tilt), np.radians(turn)
    across = np.sin(tilt)
    return np.stack([across * np.cos(turn), across * np.sin(turn), np.cos(tilt)], axis=-1)
