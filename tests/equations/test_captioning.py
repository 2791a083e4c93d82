"""The equations of book/sequence-to-sequence/captioning.md, each against an independent route."""

import itertools

import numpy as np
import pytest
import torch
from shown_pictures import ALWAYS, ONCE, H, N, T, parameters, run, torch_layer


@pytest.mark.equation("eq-captioning-chain", tolerance=1e-12)
def test_chain(check, rng):
    """Left: the log of a table of P(y | v); right: sums of log ŷ, rows of conditionals from it."""
    words, end = range(3), 3
    texts = [(*w, end) for n in range(4) for w in itertools.product(words, repeat=n)]
    joint = rng.dirichlet(np.ones(2 * len(texts))).reshape(2, -1)  # two pictures v
    left = np.log(joint) - np.log(joint.sum(axis=1, keepdims=True))

    def y_hat(v, before, normal=True):
        """The distribution of the next symbol: softmax of logits, shifted at random."""
        begins = [[y[: len(before) + 1] == (*before, k) for y in texts] for k in range(4)]
        mass = np.array([joint[v, rows].sum() for rows in begins])
        with np.errstate(divide="ignore"):
            u = np.log(mass) + rng.normal()
        e = np.exp(u - u.max())
        return e / e.sum() if normal else e

    def printed(first=1, last=0, other=0, mean=False, normal=True):
        value = np.zeros(left.shape)
        for v, (k, y) in itertools.product(range(2), enumerate(texts)):
            steps = range(first, len(y) + 1 - last)
            logs = [np.log(y_hat((v + other) % 2, y[: t - 1], normal)[y[t - 1]]) for t in steps]
            value[v, k] = sum(logs) / (len(logs) if mean else 1)
        return value

    planted = {
        "mean over words, not sum": printed(mean=True),
        "from the second word on": printed(first=2),
        "not normalised": printed(normal=False),
        "without END": printed(last=1),
        "another picture": printed(other=1),
    }
    check(left, printed(), planted=planted)


@pytest.mark.equation("eq-captioning-cell", tolerance=1e-12)
def test_cell(check, rng):
    """Left: the formula; right: torch's layer reading [x_t, v] at every step."""
    x, v, W_xh, W_hh, W_ih, b_h, h_0 = p = parameters(rng)
    seen = torch.tensor(np.concatenate([x, np.tile(v, (T, 1, 1))], axis=2))
    right, _ = torch_layer(W_xh, W_hh, W_ih, b_h)(seen, torch.tensor(h_0)[None])
    planted = {
        "v at the first step alone": run(*p, ONCE),
        "v outside the tanh": run(*p, 0 * ALWAYS) + v @ W_ih,
        "W_hh transposed": run(x, v, W_xh, W_hh.T, W_ih, b_h, h_0, ALWAYS),
        "no bias": run(x, v, W_xh, W_hh, W_ih, 0 * b_h, h_0, ALWAYS),
    }
    check(run(*p, ALWAYS), right, planted=planted)
    with pytest.raises(ValueError, match="broadcast"):  # the star of deck D3, sizes unequal
        W_ih.T * v[0] + W_hh.T * h_0[0]


@pytest.mark.equation("eq-captioning-grads", tolerance=1e-9)
def test_grads(check, rng):
    """Left: autograd with v at every step; right: sums of Δ_t by the backward recursion."""
    x, v, W_xh, W_hh, W_ih, b_h, h_0 = p = parameters(rng)
    dh = rng.normal(size=(T, N, H))
    leaves = [torch.tensor(a, requires_grad=True) for a in (W_ih, v)]
    h, L = torch.tensor(h_0), 0
    for t in range(T):
        a = torch.tensor(x[t] @ W_xh + b_h) + h @ torch.tensor(W_hh) + leaves[1] @ leaves[0]
        h = a.tanh()
        L = L + (h * torch.tensor(dh[t])).sum()
    left = torch.autograd.grad(L, leaves)
    states, Delta, later = run(*p, ALWAYS), np.zeros((T, N, H)), 0
    for t in reversed(range(T)):
        Delta[t] = (dh[t] + later) * (1 - states[t] ** 2)
        later = Delta[t] @ W_hh.T
    total = Delta.sum(axis=0)
    planted = {
        "first step alone": (v.T @ Delta[0], Delta[0] @ W_ih.T),
        "last step alone": (v.T @ Delta[-1], Delta[-1] @ W_ih.T),
        "mean over steps": (v.T @ total / T, total @ W_ih.T / T),
    }
    check(left, (v.T @ total, total @ W_ih.T), planted=planted)
