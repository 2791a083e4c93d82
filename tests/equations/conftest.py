"""The fixtures with which every numbered equation of the book is checked.

A check computes both sides of an equation by different routes and names wrong versions of it
("planted errors"); the comparison which the right version passes must fail on every wrong one:

    @pytest.mark.equation("eq-bptt-delta", tolerance=1e-10)
    def test_delta(check, rng):
        \"\"\"Left side by the recursion as printed, right side by autograd.\"\"\"
        ...
        check(left, right, planted={"W_hh not transposed": wrong})
"""

from dataclasses import dataclass, is_dataclass
from itertools import combinations

import numpy as np
import pytest
import torch

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
            if distance(wrong[one], wrong[other]) <= 1e-12:
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


@dataclass
class PlainNetwork:
    """A plain recurrent network with its readout and its losses, run step by step in torch.

    Every derivative it returns is autograd's: what the chapter on backpropagation through time
    and the pages below it say is compared with it.
    """

    x: np.ndarray  # (T, N, D)
    h_0: np.ndarray  # (N, H)
    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    W_hy: np.ndarray
    b_y: np.ndarray
    C: np.ndarray  # (T, N, V): ℓ_t = sum(C_t * sin(u_t)), so ∂ℓ_t/∂u_t depends on u_t

    @classmethod
    def draw(cls, rng, T=5, N=3, D=4, H=6, V=7):
        """Random numbers, the initial state included; all sizes differ unless they are given."""
        shapes = [(T, N, D), (N, H), (D, H), (H, H), (H,), (H, V), (V,), (T, N, V)]
        scale = [1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 1]
        return cls(*(s * rng.normal(size=shape) for s, shape in zip(scale, shapes, strict=True)))

    def run(self, **changed):
        """States h_0 … h_T, pre-activations a_1 … a_T, logits u_1 … u_T as torch tensors."""
        p = {k: torch.as_tensor(v) for k, v in {**vars(self), **changed}.items()}
        W = p["W_hh"] if p["W_hh"].ndim == 3 else [p["W_hh"]] * len(p["x"])  # a copy for each use
        h, a = [p["h_0"]], []
        for x_t, W_t in zip(p["x"], W, strict=True):
            a.append(x_t @ p["W_xh"] + h[-1] @ W_t + p["b_h"])
            h.append(torch.tanh(a[-1]))
        u = [h_t @ p["W_hy"] + p["b_y"] for h_t in h[1:]]
        return h, a, u

    def losses(self, u):
        """ℓ_t for each step."""
        return [
            (torch.as_tensor(C_t) * torch.sin(u_t)).sum()
            for C_t, u_t in zip(self.C, u, strict=True)
        ]

    def loss(self, **changed):
        """L = ℓ_1 + … + ℓ_T, some of the parameters changed."""
        return sum(self.losses(self.run(**changed)[2]))

    def values(self):
        """h (T + 1, N, H), ∂ℓ_t/∂u_t (T, N, V), ∂ℓ_t/∂h_t (T, N, H), in NumPy."""
        h, _, u = self.run()
        du = self.C * np.cos(np.array([u_t.numpy() for u_t in u]))
        return np.array([h_t.numpy() for h_t in h]), du, du @ self.W_hy.T

    def autograd(self, *names):
        """∂L/∂ each of the named parameters."""
        tensors = [torch.tensor(getattr(self, name), requires_grad=True) for name in names]
        L = self.loss(**dict(zip(names, tensors, strict=True)))
        return tuple(g.numpy() for g in torch.autograd.grad(L, tensors))

    def autograd_delta(self):
        """∂L/∂a_t for every step (T, N, H)."""
        _, a, u = self.run(W_hh=torch.tensor(self.W_hh, requires_grad=True))
        return np.array([g.numpy() for g in torch.autograd.grad(sum(self.losses(u)), a)])


@pytest.fixture
def draw_network(rng):
    """Draws a `PlainNetwork`; sizes can be given, as in draw_network(N=1)."""
    return lambda **sizes: PlainNetwork.draw(rng, **sizes)


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
