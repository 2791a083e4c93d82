"""The equations of attention-transformer.md, each by an independent route."""

import numpy as np
import pytest
import torch
from attentions import A, D, S, softmax
from torch import nn

from unrolled.layers.attention import Dot


def self_attention(X, W_q, W_k, W_m, scale=None):
    Q, K, M = X @ W_q, X @ W_k, X @ W_m
    return softmax(Q @ K.T / np.sqrt(scale or W_q.shape[1])) @ M


def heads(X, p, prefix="", split=None, scale=None):
    """As printed: n attentions side by side, then W_o. Biases as torch has them."""
    D, n = X.shape[1], split or 3
    W, b = p[prefix + "in_proj_weight"].T, p[prefix + "in_proj_bias"]
    Q, K, M = ((X @ W + b)[:, k * D : (k + 1) * D] for k in range(3))
    parts = []
    for i in range(n):
        own = slice(i * D // n, (i + 1) * D // n)
        parts.append(softmax(Q[:, own] @ K[:, own].T / np.sqrt(scale or D // n)) @ M[:, own])
    return (
        np.concatenate(parts, axis=1) @ p[prefix + "out_proj.weight"].T
        + p[prefix + "out_proj.bias"]
    )


def scattered(module, rng):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.tensor(rng.normal(size=p.shape) * 0.6))
    return {k: v.detach().numpy() for k, v in module.named_parameters()}


@pytest.mark.equation("eq-attention-self", tolerance=1e-12)
def test_self(check, rng):
    """Left: the layer with queries, keys and memory of the same rows; right: row by row."""
    X = rng.normal(size=(S, D))
    W_q, W_k, W_m = rng.normal(size=(3, D, A))
    left, _ = Dot().forward(*((X @ W)[:, None] for W in (W_q, W_k, W_m)), np.ones((S, 1), bool))

    def rows(W_q, W_k, W_m, axis=1):
        e = np.array([[(x @ W_q) @ (y @ W_k) for y in X] for x in X]) / np.sqrt(A)
        alpha = np.exp(e) / np.exp(e).sum(axis=axis, keepdims=True)
        return sum(np.outer(alpha[:, j], X[j] @ W_m) for j in range(S))

    planted = {
        "queries and keys changed": rows(W_k, W_q, W_m),
        "softmax down the columns": rows(W_q, W_k, W_m, axis=0),
        "keys for memory": rows(W_q, W_k, W_k),
    }
    check(left[:, 0], rows(W_q, W_k, W_m), planted=planted)


@pytest.mark.equation("eq-attention-equivariance", tolerance=1e-12)
def test_equivariance(check, rng):
    """Left: attention of the permuted rows; right: the rows of the attention, permuted."""
    X, W = rng.normal(size=(S, D)), rng.normal(size=(3, D, A))
    Pi = np.eye(S)[[2, 0, 1, 4, 3]]
    Y = self_attention(X, *W)
    p = np.sin(np.arange(S))[:, None]
    planted = {
        "invariant": Y,
        "the other way round": Pi.T @ Y,
        "with positions": Pi @ self_attention(X + p, *W),
    }
    check(self_attention(Pi @ X, *W), Pi @ Y, planted=planted)


@pytest.mark.equation("eq-attention-positions", tolerance=1e-10)
def test_positions(check, rng):
    """Left: as printed; right: by turning a pair of numbers by the same angle at every step."""
    D, T = 2 * int(rng.integers(2, 6)), 7

    def printed(exponent, swap=False):
        p = np.zeros((T, D))
        for t in range(1, T + 1):
            for i in range(D // 2):
                omega = 10000.0 ** exponent(i)
                pair = np.sin(omega * t), np.cos(omega * t)
                p[t - 1, 2 * i : 2 * i + 2] = pair[::-1] if swap else pair
        return p

    turn = np.exp(1j * np.array([np.exp(-2 * i / D * np.log(1e4)) for i in range(D // 2)]))
    z, right = np.ones(D // 2, complex), np.zeros((T, D))
    for t in range(T):
        z = z * turn
        right[t] = np.stack([z.imag, z.real], axis=1).ravel()
    planted = {
        "cosine first": printed(lambda i: -2 * i / D, swap=True),
        "i for 2i": printed(lambda i: -i / D),
        "frequencies grow": printed(lambda i: 2 * i / D),
    }
    check(printed(lambda i: -2 * i / D), right, planted=planted)


@pytest.mark.equation("eq-attention-heads", tolerance=1e-10)
def test_heads(check, rng):
    """Left: torch's multi-head attention; right: the attentions side by side."""
    D = 6
    theirs = nn.MultiheadAttention(D, 3, dropout=0.0).double()
    p, X = scattered(theirs, rng), rng.normal(size=(S, D))
    x = torch.tensor(X)
    left, _ = theirs(x, x, x)
    unmixed = p | {"out_proj.weight": np.eye(D)}
    planted = {
        "one head": heads(X, p, split=1),
        "scaled by D": heads(X, p, scale=D),
        "without W_o": heads(X, unmixed),
    }
    check(left, heads(X, p), planted=planted)


@pytest.mark.equation("eq-attention-block", tolerance=1e-10)
def test_block(check, rng):
    """Left: torch's encoder layer; right: the two lines."""
    D = 6
    theirs = nn.TransformerEncoderLayer(D, 3, 11, dropout=0.0).double()
    p, X = scattered(theirs, rng), rng.normal(size=(S, D))

    def norm(X, k):
        X = (X - X.mean(axis=1, keepdims=True)) / np.sqrt(X.var(axis=1, keepdims=True) + 1e-5)
        return X * p[f"norm{k}.weight"] + p[f"norm{k}.bias"]

    def M(X):
        return heads(X, p, "self_attn.")

    def F(Y):
        inner = np.maximum(0, Y @ p["linear1.weight"].T + p["linear1.bias"])
        return inner @ p["linear2.weight"].T + p["linear2.bias"]

    Y = norm(X + M(X), 1)
    before = X + M(norm(X, 1))
    planted = {
        "normalised before": before + F(norm(before, 2)),
        "no first residual": norm(norm(M(X), 1) + F(norm(M(X), 1)), 2),
        "no second residual": norm(F(Y), 2),
        "X for Y": norm(X + F(Y), 2),
    }
    check(theirs(torch.tensor(X)[:, None])[:, 0], norm(Y + F(Y), 2), planted=planted)
