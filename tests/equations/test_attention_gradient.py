"""The equations of attention-gradient.md, each by an independent route."""

import numpy as np
import pytest
import torch
from attentions import LENGTHS, MASK, T_, A, D, H, N, S, T, draw, softmax


def tensors(*arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def by_autograd(score, Q, K, M, dC, mask=MASK, wanted=None):
    """∂sum(dC · C)/∂ of each wanted tensor, scores by score(Q, K)."""
    Q, K, M = wanted_all = tensors(Q, K, M)
    e = score(Q, K).masked_fill(~torch.tensor(mask)[:, None], -torch.inf)
    alpha = e.softmax(dim=-1)
    value = (torch.tensor(dC) * (alpha @ M)).sum()
    parts = [alpha, e, *wanted_all, *(wanted or [])]
    grads = torch.autograd.grad(value, parts)
    names = ["alpha", "e", "Q", "K", "M", *map(str, range(len(wanted or [])))]
    return dict(zip(names, grads, strict=True)), alpha.detach().numpy()


def scaled(Q, K):
    return Q @ K.transpose(1, 2) / H**0.5


@pytest.mark.equation("eq-attention-back-mean", tolerance=1e-11)
def test_back_mean(check, rng):
    """Left: autograd; right: the two products."""
    Q, K, M = draw(rng)
    dC = rng.normal(size=(N, T, D))
    grads, alpha = by_autograd(scaled, Q, K, M, dC)
    planted = {
        "weights of the score's sign": (dC @ T_(M), T_(-alpha) @ dC),
        "all steps alike": (dC @ T_(M), T_(np.full_like(alpha, 1 / T)) @ dC),
        "memory backwards": (dC @ T_(M[:, ::-1]), T_(alpha) @ dC),
    }
    check((grads["alpha"], grads["M"]), (dC @ T_(M), T_(alpha) @ dC), planted=planted)


@pytest.mark.equation("eq-attention-softmax", tolerance=1e-11)
def test_softmax(check, rng):
    """Left: autograd, with padding; right: as printed. Padding gets exactly 0, rows sum to 0."""
    Q, K, M = draw(rng)
    dC = rng.normal(size=(N, T, D))
    grads, alpha = by_autograd(scaled, Q, K, M, dC)
    dalpha = dC @ T_(M)

    def printed(mean):
        return alpha * (dalpha - mean)

    de = printed((alpha * dalpha).sum(axis=-1, keepdims=True))
    assert not de[1, :, LENGTHS[1] :].any() and np.allclose(de.sum(axis=-1), 0)
    planted = {
        "only the diagonal of the Jacobian": alpha * (1 - alpha) * dalpha,
        "no mean": printed(0),
        "plain mean": printed(dalpha.mean(axis=-1, keepdims=True)),
    }
    check(grads["e"], de, planted=planted)


@pytest.mark.equation("eq-attention-back-dot", tolerance=1e-11)
def test_back_dot(check, rng):
    """Left: autograd from the contexts; right: as printed, entry by entry, from de."""
    Q, K, M = draw(rng)
    grads, _ = by_autograd(scaled, Q, K, M, rng.normal(size=(N, T, D)))
    de = grads["e"].numpy()

    def printed(root=H**0.5, de=de, keys=K, queries=Q):
        dQ, dK = np.zeros_like(Q), np.zeros_like(K)
        for n, t, j in np.ndindex(N, T, S):
            dQ[n, t] += de[n, t, j] * keys[n, j] / root
            dK[n, j] += de[n, t, j] * queries[n, t] / root
        return dQ, dK

    planted = {
        "without the root": printed(root=1),
        "divided by H": printed(root=H),
        "the sign": printed(root=-np.sqrt(H)),
        "de with its places backwards": printed(de=de[:, :, ::-1]),
        "queries one step late": printed(queries=np.roll(Q, 1, axis=1)),
        "keys one place late": printed(keys=np.roll(K, 1, axis=1)),
    }
    check((grads["Q"], grads["K"]), printed(), planted=planted)


@pytest.mark.equation("eq-attention-back-additive", tolerance=1e-11)
def test_back_additive(check, rng):
    """Left: autograd from the contexts; right: the sums as printed, one pair at a time."""
    Q, K, M = draw(rng)
    dC = rng.normal(size=(N, T, D))
    W_q, W_k, w = (rng.normal(size=s) for s in [(H, A), (H, A), A])
    theta = tensors(W_q, W_k, w)

    def score(Q, K):
        return torch.tanh((Q @ theta[0])[:, :, None] + (K @ theta[1])[:, None]) @ theta[2]

    grads, _ = by_autograd(score, Q, K, M, dC, wanted=theta)
    de = grads["e"].numpy()

    def printed(slope=lambda g: 1 - g**2, swap=False):
        dQ, dK, dW_q, dW_k, dw = map(np.zeros_like, (Q, K, W_q, W_k, w))
        for n, t, j in np.ndindex(N, T, S):
            g = np.tanh(Q[n, t] @ W_q + K[n, j] @ W_k)
            Gamma = de[n, t, j] * w * slope(g)
            dQ[n, t] += Gamma @ (W_k if swap else W_q).T
            dK[n, j] += Gamma @ (W_q if swap else W_k).T
            dW_q += np.outer(Q[n, t], Gamma)
            dW_k += np.outer(K[n, j], Gamma)
            dw += de[n, t, j] * g
        return dQ, dK, dW_q, dW_k, dw

    left = tuple(grads[k] for k in ("Q", "K", "0", "1", "2"))
    planted = {
        "no tanh'": printed(lambda g: 1),
        "1 - g": printed(lambda g: 1 - g),
        "matrices changed": printed(swap=True),
    }
    check(left, printed(), planted=planted)


@pytest.mark.equation("eq-attention-path", tolerance=1e-11)
def test_path(check, rng):
    """Left: autograd from one step's context to states that are keys and memory at once."""
    q, h, dc = (rng.normal(size=s) for s in [(1, H), (S, H), (1, H)])
    (states,) = tensors(h)
    alpha = (torch.tensor(q) @ states.T / H**0.5).softmax(dim=-1)
    (left,) = torch.autograd.grad((torch.tensor(dc) * (alpha @ states)).sum(), states)
    a = softmax(q @ h.T / np.sqrt(H))[0]
    c = a @ h

    def printed(through_memory=1, through_key=1, centre=c):
        rows = [
            a[j] * (through_memory * dc + through_key * (dc @ (h[j] - centre)) * q / np.sqrt(H))
            for j in range(S)
        ]
        return np.concatenate(rows)

    planted = {
        "memory only": printed(through_key=0),
        "key only": printed(through_memory=0),
        "not centred": printed(centre=0 * c),
    }
    check(left, printed(), planted=planted)
