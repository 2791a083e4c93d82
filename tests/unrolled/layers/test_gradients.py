"""The gradient check itself: it must be right where gradients are, and loud where they are not."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from unrolled.layers.gradients import check_layer, numerical_gradient, relative_error
from unrolled.layers.rnn import RNN


def case():
    rng = np.random.default_rng(0)
    layer = RNN.init(4, 5, rng)
    return layer, rng.normal(size=(6, 3, 4)), rng.normal(size=(3, 5)), rng


def test_central_differences_of_a_known_function():
    x = np.random.default_rng(0).normal(size=(3, 4)).T  # not contiguous
    before = x.copy()
    gradient = numerical_gradient(lambda x: np.sum(np.sin(x)), x)
    np.testing.assert_array_equal(x, before)
    assert relative_error(gradient, np.cos(x)) < 1e-9  # one-sided differences reach 1e-6 only


def test_a_zero_dimensional_array_works():
    w = np.array(2.0)
    assert abs(numerical_gradient(lambda w: w**3, w) - 12) < 1e-8


def test_float32_is_refused():
    with pytest.raises(ValueError, match="x must be float64, got float32"):
        numerical_gradient(np.sum, np.zeros(3, np.float32))


def test_relative_error():
    a = np.array([1.0, -4.0])
    assert relative_error(a, a) == 0
    assert relative_error(np.zeros(2), np.zeros(2)) == 0
    assert relative_error(np.zeros((0, 2)), np.zeros((0, 2))) == 0
    assert relative_error(a, a + 1) == relative_error(a + 1, a) == 0.25
    assert relative_error(1e-9 * a, 1e-9 * (a + 1)) == pytest.approx(0.25)  # no absolute floor
    assert not relative_error(a, np.array([1.0, np.nan])) < 1
    with pytest.raises(ValueError, match=r"one shape, got \(2,\) and \(1, 2\)"):
        relative_error(a, a[None])


@pytest.mark.parametrize("name", ["W_xh", "W_hh", "b_h", "x", "h_0"])
def test_a_wrong_gradient_is_found_and_named(name):
    @dataclass
    class Wrong(RNN):
        def backward(self, tape, dh, dlast_state=None):
            grads, dx, dh_0 = super().backward(tape, dh, dlast_state)
            claimed = vars(grads) | {"x": dx, "h_0": dh_0}
            claimed[name].flat[-1] *= 1.001  # one entry, a thousandth off
            return grads, dx, dh_0

    layer, x, h_0, rng = case()
    errors = check_layer(Wrong(**vars(layer)), x, h_0, rng)
    assert errors.pop(name) > 1e-6
    assert max(errors.values()) < 1e-8


def test_the_cotangent_tells_steps_and_units_apart():
    """With a gradient of ones at the states these two errors would pass."""

    @dataclass
    class Backwards(RNN):
        def backward(self, tape, dh, dlast_state=None):
            return super().backward(tape, dh[::-1], dlast_state)

    @dataclass
    class Averaged(RNN):
        def backward(self, tape, dh, dlast_state=None):
            mean = np.broadcast_to(dh.mean(axis=2, keepdims=True), dh.shape)
            return super().backward(tape, mean, dlast_state)

    layer, x, h_0, rng = case()
    for wrong in (Backwards, Averaged):
        errors = check_layer(wrong(**vars(layer)), x, h_0, rng)
        assert min(errors.values()) > 1e-2


@dataclass
class Leaky:
    """A layer whose state is a pair: c[t] = w c[t-1] + x[t] and h[t] = c[t] h[t-1]."""

    w: np.ndarray  # (H,)

    def forward(self, x, state):
        h, c = state
        steps = [(h, c)]
        for x_t in x:
            c = self.w * c + x_t
            h = c * h
            steps.append((h, c))
        return np.stack([h for h, _ in steps[1:]]), steps[-1], steps

    def backward(self, tape, dh, dlast_state=None):
        dw, dx = np.zeros_like(self.w), np.empty_like(dh)
        dh_next, dc = dlast_state or (np.zeros_like(a) for a in tape[0])
        for t in reversed(range(len(dh))):
            (h_before, c_before), (_, c) = tape[t : t + 2]
            total = dh[t] + dh_next
            dx[t] = dc + total * h_before
            dw += (dx[t] * c_before).sum(axis=0)
            dh_next, dc = total * c, dx[t] * self.w
        return replace(self, w=dw), dx, (dh_next, dc)


def test_a_pair_of_states():
    rng = np.random.default_rng(0)
    layer, x = Leaky(rng.normal(size=2)), rng.normal(size=(4, 3, 2))
    errors = check_layer(layer, x, (rng.normal(size=(3, 2)), rng.normal(size=(3, 2))), rng)
    assert list(errors) == ["w", "x", "h_0", "c_0"]
    assert max(errors.values()) < 1e-8


def test_a_layer_deaf_to_what_comes_back_to_its_last_state_is_found():
    @dataclass
    class Deaf(RNN):
        def backward(self, tape, dh, dlast_state=None):
            return super().backward(tape, dh)

    layer, x, h_0, rng = case()
    assert min(check_layer(Deaf(**vars(layer)), x, h_0, rng).values()) > 1e-4


def test_x_is_restored_where_f_raises():
    x, calls = np.ones(2), []

    def f(x):
        calls.append(x.copy())
        if len(calls) == 4:
            raise RuntimeError
        return x.sum()

    with pytest.raises(RuntimeError):
        numerical_gradient(f, x)
    np.testing.assert_array_equal(x, 1)


def test_a_list_is_refused():
    with pytest.raises(ValueError, match="x must be float64, got a list"):
        numerical_gradient(sum, [1.0])


def test_what_is_no_step_is_named():
    with pytest.raises(ValueError, match=r"^step must be at least .*, got 0$"):
        numerical_gradient(lambda x: 0.0, np.ones(2), 0)
