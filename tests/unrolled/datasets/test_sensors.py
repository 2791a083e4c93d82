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
