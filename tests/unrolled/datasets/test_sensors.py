"""Simulated accelerometers obey the rule that they state."""

import numpy as np
import pytest

from unrolled.datasets.sensors import ACTIVITIES, RATE, recordings, vertical

NAMES = list(ACTIVITIES)


def by_activity(noise=0.0, T=400, N=600):
    x, y = recordings(T, N, np.random.default_rng(0), noise)
    return {name: x[:, y == i].astype(float) for i, name in enumerate(NAMES)}


def test_at_rest_there_is_gravity_and_noise_alone():
    for name in ("sitting", "standing"):
        still = by_activity()[name]
        assert np.allclose(np.linalg.norm(still, axis=-1), 1, atol=1e-6)
        assert np.ptp(still, axis=0).max() < 1e-6
    noisy = by_activity(noise=0.2)["standing"]
    assert abs(noisy.std(axis=0).mean() - 0.2) < 0.005
    assert by_activity()["sitting"][..., 2].max() < np.cos(np.radians(59))
    assert by_activity()["standing"][..., 2].min() > np.cos(np.radians(21))


def test_steps_have_their_frequency_and_amplitude():
    for name, x in by_activity().items():
        _, (least, most), (slow, fast), _ = ACTIVITIES[name]
        if most == 0:
            continue
        force = (x * vertical(*angles(x))).sum(axis=-1) - 1  # along the vertical: A s
        largest = np.abs(force).max(axis=0)
        assert largest.max() < most + 1e-4 and largest.min() > 0.8 * least
        power = np.abs(np.fft.rfft(force, axis=0))
        f = power[1:].argmax(axis=0) + 1
        hertz = f * RATE / len(x)
        assert hertz.min() > slow - 0.06 and hertz.max() < fast + 0.06


def angles(x):
    mean = x.mean(axis=0)
    mean /= np.linalg.norm(mean, axis=-1, keepdims=True)
    return (
        np.degrees(np.arccos(np.clip(mean[:, 2], -1, 1))),
        np.degrees(np.arctan2(mean[:, 1], mean[:, 0])),
    )


# The rule, a second time: tilt in degrees, amplitude in g, steps per second
STATED = {
    "sitting": ((60, 90), None, None),
    "standing": ((0, 20), None, None),
    "walking": ((0, 20), (0.3, 0.6), (1.4, 2.2)),
    "upstairs": ((0, 20), (0.3, 0.6), (1.4, 2.2)),
    "downstairs": ((0, 20), (0.3, 0.6), (1.4, 2.2)),
    "jogging": ((0, 20), (0.7, 1.2), (2.4, 3.2)),
}


def test_activities_are_as_likely_as_one_another_and_tilts_spread_evenly(evenly):
    x, y = recordings(1, 60_000, np.random.default_rng(1), noise=0)
    assert list(STATED) == NAMES
    assert np.abs(np.bincount(y) / len(y) - 1 / 6).max() < 0.006
    down = np.abs(x[0, :, 2]) / np.linalg.norm(x[0], axis=-1)  # in a fall, gravity seems to turn
    tilt = np.degrees(np.arccos(np.minimum(down, 1)))
    for i, (bounds, _, _) in enumerate(STATED.values()):
        evenly(tilt[y == i], *bounds)
        evenly(np.degrees(np.arctan2(x[0, y == i, 1], x[0, y == i, 0])), -180, 180)


def test_amplitudes_frequencies_and_beginnings_spread_evenly(evenly):
    for name, x in by_activity(T=400, N=3000).items():
        _, amplitude, hertz = STATED[name]
        if amplitude is None:
            continue
        force = (x * vertical(*angles(x))).sum(axis=-1) - 1
        A = np.ptp(force, axis=0) / 2
        assert np.abs(force.max(axis=0) - A).max() < 0.1  # as far up as down
        evenly(A, *amplitude)
        power = np.abs(np.fft.rfft(force * np.hanning(len(force))[:, None], 8192, axis=0))
        evenly((power[20:].argmax(axis=0) + 20) * RATE / 8192, *hertz)
        first = force[0] / A
        evenly(np.arccos(np.clip(first, -1, 1)) if STEPS[name] == "wave" else first, *HALF[name])


STEPS = {"walking": "wave", "jogging": "wave", "upstairs": "rise", "downstairs": "fall"}
HALF = {"walking": (0, np.pi), "jogging": (0, np.pi), "upstairs": (-1, 1), "downstairs": (-1, 1)}


def test_stairs_differ_in_the_direction_of_time_alone():
    """Sudden changes of the vertical force are falls upstairs, and rises downstairs."""
    for name, sign in (("upstairs", -1), ("downstairs", 1)):
        jumps = np.diff(by_activity()[name][..., 2], axis=0)
        largest = np.take_along_axis(jumps, np.abs(jumps).argmax(axis=0)[None], axis=0)
        assert np.all(np.sign(largest) == sign)


def test_recordings_repeat_with_their_seed():
    first, second = (recordings(5, 7, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[0].shape == (5, 7, 3) and first[0].dtype == np.float32
    with pytest.raises(ValueError, match="T and N must be ≥ 1, got 0, 7"):
        recordings(0, 7, np.random.default_rng(3))
