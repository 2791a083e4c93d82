"""Sampling filters against their definitions, by enumeration and by counting draws."""

from itertools import combinations

import pytest
import torch

from unrolled.decoding.sampling import nucleus, sample_symbol, temperature, top_k

T, N, V = 4, 3, 7


@pytest.fixture
def u():
    return 2 * torch.randn(T, N, V, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def kept(u):
    return [{v for v in range(V) if row[v] > -torch.inf} for row in u.flatten(0, -2)]


@pytest.mark.parametrize("tau", [0.3, 1.0, 2.5])
def test_temperature_raises_probabilities_to_the_power_one_over_tau(u, tau):
    power = u.softmax(-1) ** (1 / tau)
    torch.testing.assert_close(temperature(u, tau).softmax(-1), power / power.sum(-1, keepdim=True))


@pytest.mark.parametrize("k", range(1, V + 1))
def test_top_k_keeps_the_k_likeliest_as_they_were(u, k):
    for row, keeps in zip(u.flatten(0, -2), kept(top_k(u, k)), strict=True):
        assert keeps == set(sorted(range(V), key=lambda v: -row[v])[:k])
    assert torch.all((top_k(u, k) == u) | (top_k(u, k) == -torch.inf))


@pytest.mark.parametrize("p", [1e-9, 0.3, 0.6, 0.9, 0.999])
def test_nucleus_is_the_smallest_set_with_enough_mass(u, p):
    for row, keeps in zip(u.softmax(-1).flatten(0, -2), kept(nucleus(u, p)), strict=True):
        enough = (
            set(some)
            for size in range(1, V + 1)
            for some in combinations(range(V), size)
            if sum(row[v] for v in some) >= p
        )
        smallest = next(enough)
        # among equally small sets, the one with the most mass
        assert len(keeps) == len(smallest)
        assert sum(row[v] for v in keeps) >= sum(row[v] for v in smallest)


def test_nucleus_of_one_keeps_symbols_too_rare_for_the_sum():
    u = torch.tensor([30.0, 0.0, -30.0])
    assert torch.equal(nucleus(u, 1.0), u)
    assert kept_row(nucleus(u, 0.999)) == [0]


def kept_row(u):
    return torch.nonzero(u > -torch.inf).flatten().tolist()


def test_a_likely_symbol_alone_is_the_nucleus():
    assert kept_row(nucleus(torch.tensor([0.0, 9.0, 1.0]), 0.5)) == [1]


def test_draws_follow_the_softmax_at_every_position():
    u = torch.log(torch.tensor([[0.7, 0.2, 0.1, 0.0], [0.0, 0.1, 0.1, 0.8]]))
    ids = sample_symbol(u.expand(20_000, 2, 4), torch.Generator().manual_seed(1))
    assert ids.shape == (20_000, 2)
    for position in range(2):
        shares = torch.bincount(ids[:, position], minlength=4) / 20_000
        torch.testing.assert_close(shares, u[position].exp(), atol=0.015, rtol=0)
    assert not (ids[:, 0] == 3).any()  # logit -inf: never
    assert not (ids[:, 1] == 0).any()


def test_the_generator_alone_decides(u):
    first, again, other = (
        sample_symbol(u, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_one_position_without_a_batch():
    assert sample_symbol(torch.tensor([0.0, 50.0]), torch.Generator()).shape == ()


@pytest.mark.parametrize("change", [temperature, nucleus])
@pytest.mark.parametrize("value", [0, -1.0, float("nan")])
def test_wrong_temperature_and_mass(u, change, value):
    with pytest.raises(ValueError, match="above 0"):
        change(u, value)


def test_wrong_mass_and_number(u):
    with pytest.raises(ValueError, match="at most 1"):
        nucleus(u, 1.1)
    for k in (0, V + 1):
        with pytest.raises(ValueError, match="1…7"):
            top_k(u, k)


def test_logits_without_probabilities_are_named():
    """They were an error of multinomial's."""
    for wrong in ([float("nan"), 0.0], [float("inf"), 0.0], [-float("inf")] * 2):
        with pytest.raises(ValueError, match=r"^u must be logits with probabilities"):
            sample_symbol(torch.tensor([wrong]), torch.Generator())
    with pytest.raises(ValueError, match=r"^rng must be a torch.Generator, got 0"):
        sample_symbol(torch.zeros(1, 2), 0)
    with pytest.raises(ValueError, match=r"^u must be floats"):
        top_k(torch.tensor([1, 2]), 1)
