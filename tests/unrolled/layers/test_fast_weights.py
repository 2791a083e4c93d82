"""Fast weights against torch's autograd, against attention without softmax, and at their limits."""

import numpy as np
import pytest
import torch

from unrolled.layers import fast_weights

N, K, V = 2, 4, 3


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def case(T, rng, decay=True):
    """Arguments of `forward`, then a cotangent of the outputs and one of the last matrix."""
    q, k = rng.normal(size=(2, T, N, K))
    k /= np.linalg.norm(k, axis=-1, keepdims=True)
    log_alpha = np.log(rng.uniform(0.5, 1, (T, N))) * decay
    v, beta, S_0 = rng.normal(size=(T, N, V)), rng.uniform(0, 2, (T, N)), rng.normal(size=(N, K, V))
    return [q, k, v, log_alpha, beta, S_0], rng.normal(size=(T, N, V)), rng.normal(size=(N, K, V))


def torch_numbers(arguments, do, dS_T, delta):
    """The same by the definition, I - beta k^T k written out, and autograd."""
    q, k, v, log_alpha, beta, S = leaves = [torch.tensor(a, requires_grad=True) for a in arguments]
    o = []
    for t in range(len(q)):
        A = log_alpha[t].exp()[:, None, None] * torch.eye(K, dtype=S.dtype)
        if delta:
            A = A @ (torch.eye(K) - beta[t, :, None, None] * k[t, :, :, None] * k[t, :, None])
        S = A @ S + beta[t, :, None, None] * k[t, :, :, None] * v[t, :, None]
        o.append((q[t, :, None] @ S)[:, 0])
    o = torch.stack(o)
    ((o * torch.tensor(do)).sum() + (S * torch.tensor(dS_T)).sum()).backward()
    return [o.detach().numpy(), S.detach().numpy(), *(a.grad.numpy() for a in leaves)]


@pytest.mark.parametrize("T", [1, 2, 7])
@pytest.mark.parametrize("delta", [True, False])
def test_equals_autograd(rng, T, delta):
    arguments, do, dS_T = case(T, rng)
    o, S_T, tape = fast_weights.forward(*arguments, delta)
    ours = [o, S_T, *fast_weights.backward(tape, do, dS_T)]
    for one, other in zip(ours, torch_numbers(arguments, do, dS_T, delta), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)


def test_without_delta_and_decay_it_is_attention_without_softmax(rng):
    (q, k, v, log_alpha, beta, _), *_ = case(6, rng, decay=False)
    o, *_ = fast_weights.forward(q, k, v, log_alpha, beta, np.zeros((N, K, V)), delta=False)
    for n in range(N):
        scores = np.tril(q[:, n] @ k[:, n].T)  # no step reads what is written later
        np.testing.assert_allclose(o[:, n], scores @ (beta[:, n, None] * v[:, n]), atol=1e-12)


def test_what_is_written_with_full_strength_is_read_again(rng):
    """With the delta rule, whatever was there before; without it, only on an empty sheet."""
    (_, k, v, log_alpha, beta, S_0), *_ = case(5, rng)
    for delta in (True, False):
        o, *_ = fast_weights.forward(k, k, v, log_alpha, np.ones_like(beta), S_0, delta)
        assert np.allclose(o, v, atol=1e-12) == delta


def test_one_more_writing_changes_nothing(rng):
    """The delta rule writes what is missing, and after a writing at full strength nothing is."""
    (q, k, v, _, beta, S_0), *_ = case(3, rng)
    twice = [np.repeat(a, 2, axis=0) for a in (q, k, v, 0 * beta, np.ones_like(beta))]
    _, once, _ = fast_weights.forward(q, k, v, 0 * beta, np.ones_like(beta), S_0)
    _, again, _ = fast_weights.forward(*twice, S_0)
    np.testing.assert_allclose(once, again, atol=1e-12)


@pytest.mark.parametrize("gate", [-80.0, 80.0])
def test_shut_and_open_decays(rng, gate):
    """A gate that is shut leaves nothing of what was; one that is open leaves all of it."""
    (q, k, v, _, beta, S_0), do, dS_T = case(5, rng)
    log_alpha = np.full(beta.shape, -np.logaddexp(0, -gate))
    o, _, tape = fast_weights.forward(q, k, v, log_alpha, beta, S_0, delta=False)
    alone = beta[..., None] * v * (q * k).sum(axis=-1, keepdims=True)
    everything, *_ = fast_weights.forward(q, k, v, 0 * beta, beta, S_0, delta=False)
    np.testing.assert_allclose(o, alone if gate < 0 else everything, atol=1e-12)
    *_, dS_0 = fast_weights.backward(tape, do, dS_T)
    assert np.abs(dS_0).max() < 1e-30 if gate < 0 else np.abs(dS_0).max() > 0.1


def test_single_precision_in_and_out(rng):
    arguments, do, dS_T = case(4, rng)
    single = [a.astype(np.float32) for a in arguments]
    o, S_T, tape = fast_weights.forward(*single)
    grads = fast_weights.backward(tape, do, dS_T)
    assert {a.dtype for a in (o, S_T, *grads)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(o, fast_weights.forward(*arguments)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("T", "count"), [(0, 2), (3, 0)])
def test_no_steps_and_no_sequences(T, count):
    q, v = np.ones((T, count, K)), np.ones((T, count, V))
    gate, S_0 = np.zeros((T, count)), np.ones((count, K, V))
    o, S_T, tape = fast_weights.forward(q, q, v, gate, gate, S_0)
    dq, *_, dS_0 = fast_weights.backward(tape, o, S_0)
    assert o.shape == v.shape and dq.shape == q.shape
    assert np.array_equal(S_T, S_0) and np.array_equal(dS_0, S_0)


def test_nothing_passed_in_changes(rng):
    arguments, do, dS_T = case(4, rng)
    before = [a.copy() for a in (*arguments, do, dS_T)]
    _, _, tape = fast_weights.forward(*arguments)
    first = fast_weights.backward(tape, do, dS_T)
    second = fast_weights.backward(tape, do, dS_T)
    assert all(map(np.array_equal, before, (*arguments, do, dS_T)))
    assert all(map(np.array_equal, first, second))


def test_a_growing_decay_is_refused(rng):
    (q, k, v, log_alpha, beta, S_0), *_ = case(2, rng)
    with pytest.raises(ValueError, match="log_alpha must be at most 0"):
        fast_weights.forward(q, k, v, -log_alpha, beta, S_0)
