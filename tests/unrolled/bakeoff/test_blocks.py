"""The blocks of LRU, Mamba and gated delta rule against this book's layers, and their build."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.bakeoff import blocks
from unrolled.bakeoff.batched import HEADS, Selective
from unrolled.bakeoff.blocks import WIDTH
from unrolled.layers import fast_weights
from unrolled.layers.lru import LRU
from unrolled.layers.selective import S6
from unrolled.models.mamba import Mamba

D, H, N, T, S = 3, 6, 4, 9, 2
ALL = slice(None)  # every step is read


def inside(init_part, seed=3):
    """A block's parameters in float64 for S networks, those that begin at 0 or 1 moved away."""
    rng = torch.Generator().manual_seed(seed)
    each = [init_part(H, rng) for _ in range(S)]
    p = {name: torch.stack([one[name] for one in each]).double() for name in each[0]}
    return {k: v + 0.1 * torch.rand(v.shape, generator=rng).double() for k, v in p.items()}


@pytest.fixture
def wide():
    return torch.randn(S, T, N, WIDTH, generator=torch.Generator().manual_seed(8)).double()


def test_lru_has_the_states_of_the_book(wide):
    p = inside(blocks.init_lru)
    ours = blocks.lru(p, wide, ALL)
    for s in range(S):
        own = {k: v[s] for k, v in p.items()}
        layer = LRU(*(own[k][0].numpy() for k in ("nu", "phi", "log_gamma")), own["W_B"].numpy())
        z, _, _ = layer.forward(wide[s].numpy(), layer.zeros(N))
        y = torch.from_numpy(z) @ own["W_C"] + own["skip"][0] * wide[s]
        a, b = (nn.functional.gelu(y) @ own["W_glu"] + own["b_glu"][0]).chunk(2, dim=-1)
        torch.testing.assert_close(ours[s], a * b.sigmoid(), rtol=1e-10, atol=1e-10)
        assert layer.eigenvalues.imag.any() and abs(layer.eigenvalues).max() < 1


def test_lru_begins_on_its_ring():
    p = blocks.init_lru(5000, torch.Generator().manual_seed(0))
    radius, angle = torch.exp(-p["nu"].exp()), p["phi"].exp()
    assert 0.9 <= radius.min() < 0.901 and 0.998 < radius.max() <= 0.9991
    assert 0 < angle.min() < 0.01 and 3.13 < angle.max() <= torch.pi + 1e-6
    torch.testing.assert_close(p["log_gamma"].exp() ** 2, 1 - radius**2, rtol=1e-3, atol=1e-6)


def test_mamba_is_the_book_s_block(wide):
    p = inside(blocks.init_mamba)
    block = Mamba(WIDTH, H, S=blocks.STATES, taps=blocks.TAPS).double()
    ours = blocks.mamba(p, wide, ALL)
    for s in range(S):
        own = {k: v[s] for k, v in p.items()}
        state = {"into.weight": own["W_into"].T, "conv.weight": own["W_conv"].T[:, None]}
        state |= {"conv.bias": own["b_conv"][0], "select.weight": own["W_select"].T}
        state |= {"widen.weight": own["W_widen"].T, "widen.bias": own["b_widen"][0]}
        state |= {"A_log": own["A_log"].T, "skip": own["skip"][0], "out.weight": own["W_out"].T}
        with torch.no_grad():
            for name, value in state.items():
                block.get_parameter(name).copy_(value)
        torch.testing.assert_close(ours[s], block(wide[s]), rtol=1e-9, atol=1e-9)


def test_selective_recurrence_is_the_book_s_s6():
    rng, K = torch.Generator().manual_seed(5), 3
    u, a = torch.randn(2, S, T, N, H, generator=rng).double()
    B, C = torch.randn(2, S, T, K, N, 1, generator=rng).double()
    A_log = torch.rand(S, K, 1, H, generator=rng).double()
    ours = Selective.apply(u, nn.functional.softplus(a), B, C, -A_log.exp())
    for s in range(S):
        columns = [u[s], a[s], *(v[s, ..., 0].movedim(1, -1) for v in (B, C))]
        x = torch.cat(columns, dim=-1).numpy()
        layer = S6(np.eye(x.shape[2]), np.zeros(x.shape[2]), A_log[s, :, 0].T.numpy(), np.zeros(H))
        y, _, _ = layer.forward(x, layer.zeros(N))
        torch.testing.assert_close(ours[s], torch.from_numpy(y), rtol=1e-10, atol=1e-10)


def test_gated_delta_is_the_book_s_recurrence(wide):
    """Keys, values and gates made here, written and read by `layers.fast_weights`."""
    p = inside(blocks.init_delta)
    ours = blocks.delta(p, wide, ALL)
    for s in range(S):
        own, x = {k: v[s] for k, v in p.items()}, wide[s]
        width = own["W_qkv"].shape[1]
        conv = nn.Conv1d(width, width, blocks.TAPS, groups=width).double()
        with torch.no_grad():
            conv.weight.copy_(own["W_conv"].T[:, None])
            conv.bias.copy_(own["b_conv"][0])
            mixed = (x @ own["W_qkv"]).permute(1, 2, 0)
            mixed = nn.functional.silu(conv(nn.functional.pad(mixed, (blocks.TAPS - 1, 0))))
        gates = (x @ own["W_ab"] + own["b_ab"][0]).sigmoid()  # (T, N, 2 HEADS)
        read = []
        for head, part in enumerate(mixed.permute(2, 0, 1).chunk(HEADS, dim=-1)):
            q, k, v = part.split([blocks.KEY, blocks.KEY, H], dim=-1)
            arrays = [q, nn.functional.normalize(k, dim=-1), v]
            arrays += [gates[..., head].log(), gates[..., HEADS + head]]
            S_0 = np.zeros((N, blocks.KEY, H))
            o, _, _ = fast_weights.forward(*(a.numpy() for a in arrays), S_0)
            read.append(nn.functional.layer_norm(torch.from_numpy(o), (H,)))
        o = torch.cat(read, dim=-1) * nn.functional.silu(x @ own["W_gate"])
        torch.testing.assert_close(ours[s], o @ own["W_out"], rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("part", ["lru", "mamba", "delta"])
def test_blocks_are_added_and_the_last_reads_the_last_step(part):
    x = torch.randn(1, T, N, D, generator=torch.Generator().manual_seed(9)).double()
    init_part, run = getattr(blocks, f"init_{part}"), getattr(blocks, part)
    p = blocks.init(D, H, torch.Generator().manual_seed(0), init_part)
    p = {k: v[None].double() for k, v in p.items()}
    h = x @ p["W_in"][:, None] + p["b_in"][:, None]
    for i in "01":
        own = {k[:-1]: v for k, v in p.items() if k.endswith(i)}
        h = h + run(own, nn.functional.layer_norm(h, (WIDTH,)), ALL)
    theirs = nn.functional.layer_norm(h, (WIDTH,))[:, -1]
    torch.testing.assert_close(blocks.read(p, x, run), theirs, rtol=1e-9, atol=1e-9)
