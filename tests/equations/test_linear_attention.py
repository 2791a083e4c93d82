"""The equations of book/recurrence-returns/linear-attention.md, by independent routes."""

import numpy as np
import pytest
import torch
from written_matrix import D, H, T, draw, matrices

SEEN = np.tri(T)  # which steps a step may look at


@pytest.mark.equation("eq-linear-softmax", tolerance=1e-12)
def test_softmax(check, rng):
    """Left: as printed; right: torch's causal attention, whose root is undone."""
    q, k, v, *_ = draw(rng)

    def printed(visible=SEEN, weigh=np.exp, rows=v):
        e = visible * weigh(q @ k.T)
        return e @ rows / e.sum(axis=1, keepdims=True)

    scaled = torch.tensor(q * np.sqrt(H))[None], torch.tensor(k)[None], torch.tensor(v)[None]
    right = torch.nn.functional.scaled_dot_product_attention(*scaled, is_causal=True)[0]
    planted = {
        "later steps are seen": printed(np.ones((T, T))),
        "its own step is not seen": np.vstack([0 * v[:1], printed(np.tri(T, k=-1) + 1e-300)[1:]]),
        "no exponential": printed(weigh=lambda e: e),
        "not divided": (np.tri(T) * np.exp(q @ k.T)) @ v,
        "keys for values": printed(rows=k[:, :D]),
    }
    check(printed(), right, planted=planted)


def looked_up(q, k, v, last=lambda t: t + 1):
    """Score by score and sum by sum."""
    return np.array(
        [sum((q[t] @ k[j]) * v[j] for j in range(last(t))) + 0 * v[0] for t in range(len(q))]
    )


@pytest.mark.equation("eq-linear-reorder", tolerance=1e-12)
def test_reorder(check, rng):
    """Left: the state, made by one product of matrices; right: each pair looked at."""
    q, k, v, *_ = draw(rng)

    def read(a, b):
        return np.stack([q[t] @ (a[: t + 1].T @ b[: t + 1]) for t in range(T)])

    planted = {
        "the state of all steps": q @ (k.T @ v),
        "one step less": looked_up(q, k, v, lambda t: t),
        "queries for keys": read(q, v),
        "values in the wrong order": read(k, v[::-1]),
    }
    check(read(k, v), looked_up(q, k, v), planted=planted)


@pytest.mark.equation("eq-linear-sum", tolerance=1e-12)
def test_sum(check, rng):
    """Left: the recurrence; right: each pair looked at."""
    q, k, v, *_ = draw(rng)

    def recurrence(keep=1.0, before=False, write=lambda t: np.outer(k[t], v[t])):
        S, o = np.zeros((H, D)), []
        for t in range(T):
            old, S = S, keep * S + write(t)
            o.append(q[t] @ (old if before else S))
        return np.array(o)

    planted = {
        "read before it is written": recurrence(before=True),
        "only the newest pair": recurrence(keep=0),
        "what was there is doubled": recurrence(keep=2),
        "written under the query": recurrence(write=lambda t: np.outer(q[t], v[t])),
    }
    check(recurrence(), looked_up(q, k, v), planted=planted)


def gated(k, v, alpha, beta, S, write=lambda k, v, S: np.outer(k, v - k @ S)):
    """The recurrence as printed; `write` gets the faded state."""
    for t in range(len(k)):
        S = alpha[t] * S + beta[t] * write(k[t], v[t], alpha[t] * S)
    return S


@pytest.mark.equation("eq-linear-delta", tolerance=1e-12)
def test_delta(check, rng):
    """Left: as printed; right: a step against autograd's gradient of what is missing."""
    _, k, v, _, beta, S_0 = draw(rng)
    one = np.ones(T)
    S = torch.tensor(S_0)
    for t in range(T):
        S = S.detach().requires_grad_()
        missing = torch.tensor(v[t]) - torch.tensor(k[t]) @ S
        S = S - beta[t] * torch.autograd.grad(missing.square().sum() / 2, S)[0]
    planted = {
        "the value is added": gated(k, v, one, beta, S_0, lambda k, v, S: np.outer(k, v)),
        "what is found is added": gated(
            k, v, one, beta, S_0, lambda k, v, S: np.outer(k, v + k @ S)
        ),
        "always at full strength": gated(k, v, one, one, S_0),
        "reads the state of the start": gated(
            k, v, one, beta, S_0, lambda k, v, S: np.outer(k, v - k @ S_0)
        ),
        "the value is not weakened": gated(
            k, v, one, one, S_0, lambda k, v, S: np.outer(k, v - beta[0] * k @ S)
        ),
    }
    check(gated(k, v, one, beta, S_0), S, planted=planted)


@pytest.mark.equation("eq-linear-gated", tolerance=1e-12)
def test_gated(check, rng):
    """Left: as printed; right: fade the state, then one step of `eq-linear-delta` in torch."""
    _, k, v, alpha, beta, S_0 = draw(rng)
    planted = {
        "reads before it fades": gated(
            k, v, alpha, beta, S_0, lambda k, v, S: np.outer(k, v - k @ S / alpha[0])
        ),
        "fades twice": gated(k, v, alpha**2, beta, S_0),
        "fades what it writes": gated(k, alpha[:, None] * v, alpha, beta, S_0),
        "the gates exchanged": gated(k, v, beta, alpha, S_0),
        "no decay": gated(k, v, np.ones(T), beta, S_0),
    }
    check(gated(k, v, alpha, beta, S_0), matrices(k, v, alpha, beta, S_0)[-1], planted=planted)


@pytest.mark.equation("eq-linear-noise", tolerance=1e-2)
def test_noise(check, rng):
    """Left: the formula; right: 300,000 hotels of n guests, and one of them asked for."""
    n, size = 8, 300_000
    keys = rng.normal(size=(size, n, H))
    keys /= np.linalg.norm(keys, axis=2, keepdims=True)
    values = rng.normal(size=(n, D))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    read = np.einsum("sh,snh->sn", keys[:, 0], keys) @ values
    right = ((read - values[0]) ** 2).sum(axis=1).mean()
    planted = {"n pairs": n / H, "not divided by H": n - 1.0, "the root": ((n - 1) / H) ** 0.5,
               "H squared": (n - 1) / H**2}  # fmt: skip
    check((n - 1) / H, right, planted=planted)
