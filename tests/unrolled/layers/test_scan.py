"""The three orders of work against autograd and each other, where they are easily wrong."""

import numpy as np
import pytest
import torch

from unrolled.layers import scan
from unrolled.layers.gradients import relative_error

FILLS = [scan.sequential, scan.two_level, scan.tree]
LENGTHS = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 100, 127, 1000]
fills = pytest.mark.parametrize("fill", FILLS, ids=lambda fill: fill.__name__)


def case(T, shape=(3, 2), seed=0):
    """beta, gamma, s_0 and a cotangent; gamma has either sign, and some are zero."""
    rng = np.random.default_rng(seed)
    beta, gamma, ds = rng.normal(size=(3, T, *shape))
    gamma = np.tanh(gamma) * (rng.random(gamma.shape) > 0.1)
    return beta, gamma, rng.normal(size=shape), ds


def numbers(fill, beta, gamma, s_0, ds):
    s, tape = scan.forward(beta, gamma, s_0, fill)
    return [s, *scan.backward(tape, ds)]


def torch_numbers(beta, gamma, s_0, ds):
    """States and gradients by a loop over torch's tensors and autograd."""
    beta, gamma, s_0 = (torch.tensor(a, requires_grad=True) for a in (beta, gamma, s_0))
    s, states = s_0, []
    for b, c in zip(beta.unbind(0), gamma.unbind(0), strict=True):
        s = b + c * s
        states.append(s)
    s = torch.stack(states)
    s.backward(torch.tensor(ds))
    return [s.detach().numpy(), *(a.grad.numpy() for a in (beta, gamma, s_0))]


@fills
@pytest.mark.parametrize("T", LENGTHS)
def test_equals_autograd(fill, T):
    arguments = case(T, seed=T)
    for ours, theirs in zip(numbers(fill, *arguments), torch_numbers(*arguments), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)


@fills
@pytest.mark.parametrize("shape", [(), (1,), (2, 3, 4)])
def test_any_shape_of_state(fill, shape):
    arguments = case(37, shape)
    for ours, theirs in zip(numbers(fill, *arguments), torch_numbers(*arguments), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)


@fills
def test_a_gamma_of_zero_forgets_everything(fill):
    """Exactly: what came before must not show even as rounding, be it as large as it will."""
    beta, gamma, s_0, ds = case(50)
    gamma[30] = 0
    before = numbers(fill, beta, gamma, s_0, ds)
    beta[:30] *= 1e9
    after = numbers(fill, beta, gamma, s_0 * 1e9, ds)
    assert np.array_equal(before[0][30:], after[0][30:])
    ds[30:] *= 1e9  # and back: the loss after it teaches nothing to what came before
    assert np.array_equal(numbers(fill, beta, gamma, s_0, ds)[1][:30], after[1][:30])


@fills
def test_all_gates_open_or_shut(fill):
    """gamma = 1 is a running sum, gamma = 0 is beta itself."""
    beta, _, s_0, _ = case(100)
    total, _ = scan.forward(beta, np.ones_like(beta), s_0, fill)
    np.testing.assert_allclose(total, s_0 + beta.cumsum(axis=0), rtol=1e-12, atol=1e-12)
    nothing, _ = scan.forward(beta, np.zeros_like(beta), s_0, fill)
    assert np.array_equal(nothing, beta)


@fills
def test_where_the_shortcut_by_cumulative_sums_overflows(fill):
    """Products of gammas leave float64 after 1074 halvings; the scans need no quotient of them."""
    T = 2000
    beta, gamma = np.ones((T, 1)), np.full((T, 1), 0.5)
    s, tape = scan.forward(beta, gamma, np.zeros(1), fill)
    np.testing.assert_allclose(s[[0, 1, -1], 0], [1, 1.5, 2], rtol=1e-12)
    assert all(np.isfinite(a).all() for a in scan.backward(tape, np.ones((T, 1))))
    with np.errstate(all="ignore"):
        products = gamma.cumprod(axis=0)
        shortcut = products * (beta / products).cumsum(axis=0)
    assert np.allclose(shortcut[:1000], s[:1000]) and not np.isfinite(shortcut[-1]).all()


@fills
def test_float32_stays_and_is_as_exact_as_float32_can_be(fill):
    beta, gamma, s_0, ds = case(4096)
    single = numbers(fill, *(a.astype(np.float32) for a in (beta, gamma, s_0, ds)))
    for ours, exact in zip(single, numbers(scan.sequential, beta, gamma, s_0, ds), strict=True):
        assert ours.dtype == np.float32
        assert relative_error(ours.astype(float), exact) < 1e-6


@fills
def test_two_segments_are_one(fill):
    """The last state of the first segment, and its gradient, are carried."""
    beta, gamma, s_0, ds = case(45)
    whole = numbers(fill, beta, gamma, s_0, ds)
    s, tape = scan.forward(beta[:20], gamma[:20], s_0, fill)
    t, tape_2 = scan.forward(beta[20:], gamma[20:], s[-1], fill)
    *late, ds_20 = scan.backward(tape_2, ds[20:])
    *early, ds_0 = scan.backward(tape, ds[:20], ds_20)
    joined = [np.concatenate(pair) for pair in ([s, t], *zip(early, late, strict=True))]
    for a, b in zip([*joined, ds_0], whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


@fills
def test_arguments_and_tape_stay_as_they_were(fill):
    arguments = case(40)
    copies = [a.copy() for a in arguments]
    s, tape = scan.forward(*arguments[:3], fill)
    first = scan.backward(tape, arguments[3])
    again = scan.backward(tape, arguments[3])
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(arguments, copies, strict=True))
    assert np.array_equal(s, scan.forward(*copies[:3], fill)[0])


@fills
def test_no_step_at_all(fill):
    beta, gamma, s_0, ds = case(0)
    s, tape = scan.forward(beta, gamma, s_0, fill)
    dbeta, dgamma, ds_0 = scan.backward(tape, ds, 2 * s_0)
    assert len(s) == len(dbeta) == len(dgamma) == 0
    np.testing.assert_array_equal(ds_0, 2 * s_0)
    assert not scan.backward(tape, ds)[2].any()


def test_wrong_shapes_are_named():
    beta, gamma, s_0, ds = case(5)
    for wrong in ((beta, gamma[1:], s_0), (beta, gamma, s_0[0])):
        with pytest.raises(ValueError, match="expected beta and gamma"):
            scan.forward(*wrong)
    _, tape = scan.forward(beta, gamma, s_0)
    with pytest.raises(ValueError, match="ds must be"):
        scan.backward(tape, ds[1:])
    with pytest.raises(ValueError, match=r"dlast_state must be \(3, 2\), got \(2,\)"):
        scan.backward(tape, ds, s_0[0])


def test_what_is_not_of_floats_is_named():
    """Whole numbers would keep whole states: 1, 2, 3 for 1.5, 2.5, 3.5."""
    ones = np.ones(3)
    for beta, gamma, s_0, said in [
        (ones.astype(int), ones.astype(int), 0.5, "beta must be an array of floats .* got int64"),
        (ones, ones.astype(int), 0.5, "gamma must be an array of floats .* got int64"),
        ([1.0, 2.0], [1.0, 2.0], 0.5, "beta must be an array of floats .* got list"),
        (np.array(1.0), np.array(1.0), (), "expected beta and gamma"),
        (ones, ones, None, r"s_0 must be numbers \(\), got object"),
        (ones, ones, 1j, r"s_0 must be numbers \(\), got complex128"),
    ]:
        with pytest.raises(ValueError, match=said):
            scan.forward(beta, gamma, s_0)
    s, tape = scan.forward(ones, ones, 0.5)
    assert s.tolist() == [1.5, 2.5, 3.5]
    for wrong in ([1.0, 1.0, 1.0], ones.astype(int)):
        with pytest.raises(ValueError, match="ds must be an array of floats"):
            scan.backward(tape, wrong)


@pytest.mark.parametrize("dtype", [np.float32, float])
def test_the_gradient_at_a_single_number_is_carried(dtype):
    """What `backward` returns for s_0 is what comes back to the segment before."""
    beta, gamma, s_0, ds = (np.asarray(a, dtype) for a in case(7, ()))
    _, tape = scan.forward(beta, gamma, s_0)
    s_a, tape_a = scan.forward(beta[:3], gamma[:3], s_0)
    _, tape_b = scan.forward(beta[3:], gamma[3:], s_a[-1])
    *_, between = scan.backward(tape_b, ds[3:])
    left, right = scan.backward(tape_a, ds[:3], between)[2], scan.backward(tape, ds)[2]
    np.testing.assert_allclose(left, right, rtol=1e-5)
    assert left.dtype == dtype
