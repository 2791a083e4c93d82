"""The fixtures with which every numbered equation of the book is checked.

A check computes both sides of an equation by different routes and names wrong versions of it
("planted errors"); the comparison which the right version passes must fail on every wrong one:

    @pytest.mark.equation("eq-bptt-delta", tolerance=1e-10)
    def test_delta(check, rng):
        \"\"\"Left side by the recursion as printed, right side by autograd.\"\"\"
        ...
        check(left, right, planted={"W_hh not transposed": wrong})
"""

from dataclasses import is_dataclass
from itertools import combinations

import numpy as np
import pytest

LARGEST_TOLERANCE = 1e-2  # beyond it, "checked" would promise too much


class Check:
    """Called as check(left, right, planted={name: value}); counts its calls."""

    def __init__(self, tolerance: float):
        if not 0 < tolerance <= LARGEST_TOLERANCE:
            pytest.fail(f"tolerance must be in (0, {LARGEST_TOLERANCE}], got {tolerance}")
        self.tolerance = tolerance
        self.calls = 0

    def __call__(self, left, right, *, planted: dict) -> None:
        """Fail unless the sides agree, and clearly disagree with every planted error."""
        self.calls += 1
        left, right = arrays(left), arrays(right)
        if any(np.shares_memory(a, b) for a in left for b in right):
            pytest.fail("both sides are the same array: compute them by different routes")
        error = distance(left, right)
        if not error <= self.tolerance:  # so that NaN does not pass
            pytest.fail(f"the sides differ by {error:.3g} (tolerance {self.tolerance:g})")
        if not planted:
            pytest.fail("no planted error: name a plausible wrong version of the equation")
        wrong = {name: arrays(value) for name, value in planted.items()}
        for name, value in wrong.items():
            self._must_fail(name, distance(left, value))
        for one, other in combinations(wrong, 2):
            if distance(wrong[one], wrong[other]) <= self.tolerance:
                pytest.fail(f"planted errors {one!r} and {other!r} are one and the same")

    def _must_fail(self, name: str, error: float) -> None:
        """A planted error has to miss by far more than rounding, on any machine."""
        margin = min(max(1000 * self.tolerance, 1e-4), 0.1)
        if np.isnan(error):
            pytest.fail(f"planted error {name!r} is NaN: plant one that gives a wrong number")
        if error < margin:
            pytest.fail(f"planted error {name!r} passes: off by {error:.3g}, not {margin:g}")


def arrays(value) -> list[np.ndarray]:
    """One side of an equation as float64 arrays: a tuple, dict or dataclass gives several."""
    if is_dataclass(value):
        value = vars(value)
    if isinstance(value, dict):
        value = tuple(value[key] for key in sorted(value))
    if isinstance(value, tuple):
        return [array for part in value for array in arrays(part)]
    array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    if array.dtype in (np.float16, np.float32, np.complex64):
        pytest.fail(f"computed in {array.dtype}: equations are checked in float64")
    if array.size == 0:
        pytest.fail(f"nothing to compare in an array of shape {array.shape}")
    return [array if np.iscomplexobj(array) else array.astype(np.float64, copy=False)]


def distance(left: list[np.ndarray], right: list[np.ndarray]) -> float:
    """The largest relative error max|l - r| / max(|l|, |r|); infinite where shapes differ."""
    if [a.shape for a in left] != [b.shape for b in right]:
        return np.inf
    return float(np.max([_relative_error(a, b) for a, b in zip(left, right, strict=True)]))


def _relative_error(a: np.ndarray, b: np.ndarray) -> float:
    if np.isnan(a).any() or np.isnan(b).any():
        return np.nan
    if np.array_equal(a, b):
        return 0.0
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.inf
    return np.max(np.abs(a - b)) / max(np.max(np.abs(a)), np.max(np.abs(b)))


@pytest.fixture
def check(request) -> Check:
    """Compares the two sides of the equation that the test is marked with."""
    marker = request.node.get_closest_marker("equation")
    if marker is None:
        pytest.fail('mark the test: @pytest.mark.equation("eq-…", tolerance=…)')
    return Check(marker.kwargs["tolerance"])


@pytest.fixture(params=range(3), ids="seed{}".format)
def rng(request) -> np.random.Generator:
    """A seeded generator; each check runs on three different draws."""
    return np.random.default_rng(request.param)


def pytest_configure(config):
    config.addinivalue_line("markers", "equation(label, tolerance): the test checks an equation")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """A marked test that compares nothing has checked nothing, and one input is not three."""
    result = yield
    if pyfuncitem.get_closest_marker("equation"):
        if "rng" not in pyfuncitem.fixturenames:
            pytest.fail("the test draws nothing: it runs on three inputs, from the fixture `rng`")
        used = pyfuncitem.funcargs.get("check")
        if used is None or used.calls == 0:
            pytest.fail("the test never calls check(left, right, planted=…)")
    return result
