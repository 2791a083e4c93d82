"""The scan in torch, the Mamba block against a loop, and its parts."""

import numpy as np
import pytest
import torch

from unrolled.layers import relative_error
from unrolled.layers import scan as numpy_scan
from unrolled.models.mamba import PARTS, Mamba, MambaNetwork, scan

T, N, D, H, S = 13, 2, 6, 5, 3  # 13: a prime


@pytest.mark.parametrize("T", [0, 1, 2, 3, 4, 5, 7, 8, 13, 31, 64])
def test_scan_is_the_loop(T):
    """States and every gradient, against the package's scan in NumPy."""
    rng = np.random.default_rng(T)
    beta, gamma = rng.normal(size=(2, T, 3, 4))
    s_0, ds = rng.normal(size=(3, 4)), rng.normal(size=(T, 3, 4))
    s, tape = numpy_scan.forward(beta, gamma, s_0, numpy_scan.sequential)
    expected = numpy_scan.backward(tape, ds) if T else (beta, gamma, 0 * s_0)
    given = [torch.tensor(a, requires_grad=True) for a in (beta, gamma, s_0)]
    ours = scan(*given)
    assert np.allclose(ours.detach(), s, atol=1e-12)
    if T:
        (ours * torch.tensor(ds)).sum().backward()
        for a, right in zip(given, expected, strict=True):
            assert relative_error(a.grad.numpy(), right) < 1e-12


def block(without=()):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        one = Mamba(D, H, S, without=without).double()
    with torch.no_grad():
        one.widen.bias += 3  # larger steps than at the start, so that each part shows
    return one


def x():
    return torch.randn(T, N, D, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def by_hand(block, x):
    """The block as a loop over the steps, with all its parts."""
    u, gate = block.into(x).chunk(2, dim=2)
    padded = torch.cat([torch.zeros(3, *u.shape[1:]).double(), u])
    w = block.conv.weight[:, 0]  # (H, 4)
    u = sum(padded[k : k + len(u)] * w[:, k] for k in range(4)) + block.conv.bias
    u = u * torch.sigmoid(u)
    h, outputs = torch.zeros(N, H, S).double(), []
    for t in range(len(u)):
        a, B, C = block.select(u[t]).split([1, S, S], dim=1)
        Delta = torch.log1p(torch.exp(block.widen(a)))[..., None]
        h = torch.exp(-Delta * block.A_log.exp()) * h + Delta * u[t][..., None] * B[:, None]
        y = (h * C[:, None]).sum(2) + block.skip * u[t]
        outputs.append(block.out(y * gate[t] * torch.sigmoid(gate[t])))
    return torch.stack(outputs)


def test_block_is_the_loop():
    one = block()
    assert torch.allclose(one(x()), by_hand(one, x()), atol=1e-12)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_makes_a_difference(part):
    assert (block()(x()) - block((part,))(x())).abs().max() > 1e-4


def test_a_fixed_filter_is_linear_in_what_is_written():
    """Without what depends on the input, and what bends, twice the input is twice the output."""
    one = block(("conv", "silu", "gate", "Delta", "B", "C"))
    assert torch.allclose(one(2 * x()), 2 * one(x()), atol=1e-12)
    two = block(("conv", "silu", "gate", "B", "C"))
    assert not torch.allclose(two(2 * x()), 2 * two(x()), atol=1e-3)


@pytest.mark.parametrize("without", [(), ("conv",), ("Delta", "B", "C")])
def test_nothing_is_seen_before_it_comes(without):
    one, first = block(without), x()
    later = first.clone()
    later[7:] += 1
    assert torch.equal(one(first)[:7], one(later)[:7])
    assert not torch.allclose(one(first)[7], one(later)[7])


def test_steps_start_small():
    with torch.no_grad():
        Delta, _, _ = Mamba(D, 2000, S).step_sizes(torch.zeros(1, 1, 2000))
    assert Delta.min() >= 0.001 and Delta.max() <= 0.1001
    assert Delta.median() == pytest.approx(0.01, rel=0.15)


def test_network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = MambaNetwork(5, 4, layers=2, S=3)
    ids = torch.randint(0, 5, (9, 2), generator=torch.Generator().manual_seed(0))
    assert model(ids).shape == (9, 2, 5)
    model(ids).sum().backward()
    unused = {name for name, p in model.named_parameters() if p.grad is None}
    assert unused == {f"blocks.{k}.fixed.{m}" for k in (0, 1) for m in "BC"}


def test_errors():
    with pytest.raises(ValueError, match="without must be parts"):
        Mamba(D, H, without=("convolution",))
    with pytest.raises(ValueError, match=r"x must be torch.float64 \(T, N, 6\)"):
        block()(torch.zeros(3, 2, 5).double())
    with pytest.raises(ValueError, match="from 0 to 4"):
        MambaNetwork(5, 4)(torch.full((2, 2), 5))
