"""The layers with an axis for networks, against loops and torch."""

import math

import pytest
import torch

from unrolled.bakeoff import batched


def test_weights():
    rng = torch.Generator().manual_seed(0)
    W = batched.dense(25, 400, rng, blocks=2)
    assert W.shape == (25, 800) and 0.199 < W.abs().max() <= 0.2  # 1/√25
    assert W.std() == pytest.approx(0.2 / math.sqrt(3), rel=0.05)
    Q = batched.orthogonal(7, rng, blocks=3)
    assert Q.shape == (7, 21)
    for block in Q.chunk(3, dim=1):
        torch.testing.assert_close(block @ block.T, torch.eye(7), rtol=0, atol=1e-5)
    assert (Q[:, :7] - Q[:, 7:14]).abs().max() > 0.1


@pytest.mark.parametrize("shape", [(4,), (3, 4), (3, 5, 4)])
def test_affine(shape):
    x, W, b = torch.randn(2, *shape, 6), torch.randn(2, 6, 5), torch.randn(2, 1, 5)
    y = batched.affine(x, W, b)
    assert y.shape == (2, *shape, 5)
    for s in range(2):
        torch.testing.assert_close(y[s], x[s] @ W[s] + b[s, 0])


@pytest.mark.parametrize("steps", range(1, 18))
def test_scan_at_every_length(steps):
    beta, gamma = torch.randn(2, 2, steps, 3, 4, generator=torch.Generator().manual_seed(steps))
    s, states = torch.zeros(2, 3, 4), []
    for b, c in zip(beta.unbind(1), gamma.unbind(1), strict=True):
        s = b + c * s
        states.append(s)
    torch.testing.assert_close(batched.scan(beta, gamma), torch.stack(states, dim=1))


def test_positions():
    where = batched.positions(50, 6)
    assert where[7, 1] == pytest.approx(math.sin(7 / 10_000 ** (2 / 6)), rel=1e-5)
    assert where.shape == (50, 6)
    assert where[7, 4] == pytest.approx(math.cos(7 / 10_000 ** (2 / 6)), rel=1e-5)


def test_attend_as_torch():
    qkv = torch.randn(3, 4, 9, 3 * 8)  # (S, N, T, 3d)
    heads = (part.unflatten(-1, (batched.HEADS, -1)).transpose(-3, -2) for part in qkv.chunk(3, -1))
    theirs = torch.nn.functional.scaled_dot_product_attention(*heads)
    torch.testing.assert_close(batched.attend(qkv), theirs.transpose(-3, -2).flatten(-2))


@pytest.mark.parametrize(("T", "taps", "dilation"), [(9, 3, 2), (9, 2, 1), (2, 4, 3), (1, 1, 5)])
def test_causal_convolution_is_torch_s_behind_zeros(T, taps, dilation):
    """Each network's own filters slide over its own sequences, and see no later step."""
    rng = torch.Generator().manual_seed(3)
    S, N, D, H = 2, 3, 4, 5
    x, W, b = (
        torch.randn(*shape, generator=rng).double()
        for shape in ((S, T, N, D), (S, taps * D, H), (S, 1, H))
    )
    found = batched.causal_conv(x, W, b, taps, dilation)
    for s in range(S):
        padded = torch.nn.functional.pad(x[s].permute(1, 2, 0), ((taps - 1) * dilation, 0))
        filters = W[s].unflatten(0, (taps, D)).permute(2, 1, 0)  # (H, D, taps)
        y = torch.nn.functional.conv1d(padded, filters, b[s, 0], dilation=dilation)
        torch.testing.assert_close(found[s], y.permute(2, 0, 1))


def drawn(*shape, kind=torch.float64):
    return torch.randn(*shape, dtype=kind, requires_grad=True)


def test_gradients_by_hand():
    """Of the chain, also with complex numbers, of the filters and of the selective recurrence."""
    torch.manual_seed(0)
    for kind in (torch.float64, torch.complex128):
        args = drawn(2, 5, 2, 3, kind=kind), drawn(2, 5, 2, 3, kind=kind)
        assert torch.autograd.gradcheck(batched.Chain.apply, args)
    for steps in (1, 2, 6):
        args = drawn(2, steps, 2, 3), drawn(2, 4, 3)
        assert torch.autograd.gradcheck(batched.Filtered.apply, args)
    u, Delta, A = drawn(2, 4, 3, 5), drawn(2, 4, 3, 5), drawn(2, 2, 1, 5)
    B, C = drawn(2, 4, 2, 3, 1), drawn(2, 4, 2, 3, 1)
    assert torch.autograd.gradcheck(batched.Selective.apply, (u, Delta, B, C, A))


def test_chain_is_the_scan():
    beta, gamma = (drawn(2, 9, 3, 4, kind=torch.complex128) for _ in range(2))
    torch.testing.assert_close(batched.Chain.apply(beta, gamma), batched.scan(beta, gamma))


@pytest.mark.parametrize("T", [1, 3, 7])
def test_filters_are_torchs_depthwise_convolution(T):
    x, W = drawn(2, T, 3, 5), drawn(2, 4, 5)
    found = batched.Filtered.apply(x, W)
    for s in range(2):
        padded = torch.nn.functional.pad(x[s].permute(1, 2, 0), (3, 0))
        y = torch.nn.functional.conv1d(padded, W[s].T[:, None], groups=5)
        torch.testing.assert_close(found[s], y.permute(2, 0, 1))


def test_gated_delta_step_by_step_and_for_the_last_queries_alone():
    q, k, v = drawn(2, 6, 3), drawn(2, 6, 3), drawn(2, 6, 4)
    k, log_alpha, beta = k / k.norm(dim=-1, keepdim=True), -drawn(2, 6).abs(), drawn(2, 6).sigmoid()
    M, read = torch.zeros(2, 3, 4).double(), []
    for t in range(6):
        M = log_alpha[:, t, None, None].exp() * M
        missing = beta[:, t, None] * (v[:, t] - (k[:, t, None] @ M)[:, 0])
        M = M + k[:, t, :, None] * missing[:, None]
        read.append((q[:, t, None] @ M)[:, 0])
    read = torch.stack(read, dim=1)
    torch.testing.assert_close(batched.gated_delta(q, k, v, log_alpha, beta), read)
    last = batched.gated_delta(q[:, -2:], k, v, log_alpha, beta)
    torch.testing.assert_close(last, read[:, -2:])
