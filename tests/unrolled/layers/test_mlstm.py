"""The mLSTM: three forms, the unstabilised equations, autograd, and gates far out."""

import numpy as np
import pytest
import torch

from unrolled.layers import mlstm
from unrolled.layers.gradients import relative_error

N, H, D = 2, 4, 3
FORMS = [None, 1, 5, 16, 64]  # step by step; blocks of so many steps, of which no 13 are made up


def case(T, scale=1.0):
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(2, T, N, H))
    v, a = rng.normal(size=(T, N, D)), scale * rng.normal(size=(T, N))
    log_f = -np.logaddexp(0, -2 * scale * rng.normal(size=(T, N)))
    state = rng.normal(size=(N, H, D + 1)), rng.normal(size=N)
    return (q, k, v, log_f, a), state, rng.normal(size=(T, N, D)), rng.normal(size=(N, H, D + 1))


def unstabilised(q, k, v, log_f, a, S, m):
    """Beck et al. (2024), equations 19 to 27, with e^a as it is."""
    C, n = (part * m.exp()[:, None, None] for part in S.split([D, 1], dim=2))
    outputs = []
    for t in range(len(q)):
        f, i = log_f[t].exp()[:, None, None], a[t].exp()[:, None, None]
        C = f * C + i * k[t, :, :, None] * v[t, :, None]
        n = f * n + i * k[t, :, :, None]
        under = (q[t, :, None] @ n)[:, 0].abs().clamp(min=1)
        outputs.append((q[t, :, None] @ C)[:, 0] / under)
    return torch.stack(outputs), torch.cat([C, n], dim=2)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("T", [1, 13])
def test_equals_the_unstabilised_equations(form, T):
    """Outputs, the last matrix, and every gradient."""
    given, state, do, dS = case(T)
    leaves = [torch.tensor(part, requires_grad=True) for part in (*given, *state)]
    o, S_T = unstabilised(*leaves)
    ours, (S, m), tape = mlstm.forward(*given, state, form)
    scale = np.exp(m)[:, None, None]
    ((o * torch.tensor(do)).sum() + (S_T * torch.tensor(dS / scale)).sum()).backward()
    pairs = [(ours, o.detach().numpy()), (S * scale, S_T.detach().numpy())]
    back = mlstm.backward(tape, do, dS)
    pairs += [(left, leaf.grad.numpy()) for left, leaf in zip(back, leaves, strict=False)]
    for left, right in pairs:
        assert relative_error(left, right) < 1e-10


@pytest.mark.parametrize("weight", [-80.0, 80.0, 800.0])
@pytest.mark.parametrize("gate", [-80.0, 80.0])
def test_forms_agree_far_out(weight, gate):
    given, state, do, _ = case(13)
    log_f = np.full((13, N), -np.logaddexp(0, -gate))
    arguments = (*given[:3], log_f, weight + given[4])
    o, (S, m), tape = mlstm.forward(*arguments, state)
    back = mlstm.backward(tape, do)
    for form in FORMS[1:]:
        again, (S_2, m_2), tape_2 = mlstm.forward(*arguments, state, form)
        others = again, S_2, m_2, *mlstm.backward(tape_2, do)
        for one, other in zip((o, S, m, *back), others, strict=True):
            assert np.isfinite(one).all() and np.allclose(one, other, rtol=1e-9, atol=1e-10)


def test_does_not_depend_on_what_it_is_divided_by():
    given, (S, m), _, _ = case(13)
    o, (S_T, m_T), _ = mlstm.forward(*given, (S, m))
    shifted = S * np.exp(-2.0), m + 2.0
    again, (S_2, m_2), _ = mlstm.forward(*given, shifted)
    assert relative_error(again, o) < 1e-12
    assert relative_error(S_2 * np.exp(m_2 - m_T)[:, None, None], S_T) < 1e-12


def test_a_large_weight_outvotes_all_before():
    """With one key for all, what is read is a weighted average, and the last has nearly all."""
    T = 6
    k = np.tile([1.0, 0, 0, 0], (T, N, 1))
    v, a = np.random.default_rng(0).normal(size=(T, N, D)), np.zeros((T, N))
    a[-1] = 30
    nothing = np.zeros((N, H, D + 1)), np.zeros(N)
    o, *_ = mlstm.forward(k, k, v, np.zeros((T, N)), a, nothing)
    assert np.allclose(o[-1], v[-1], atol=1e-11)
    assert np.allclose(o[-2], v[:-1].mean(axis=0), atol=1e-11)


def test_errors():
    given, (S, m), *_ = case(3)
    with pytest.raises(ValueError, match="a matrix and m"):
        mlstm.forward(*given, S)
    with pytest.raises(ValueError, match="log_f must be at most 0"):
        mlstm.forward(*given[:3], -given[3] + 1, given[4], (S, m))
