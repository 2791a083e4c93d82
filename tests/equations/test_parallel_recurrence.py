"""The equations of book/convolution/parallel-recurrence.md, each against an independent route."""

import numpy as np
import pytest
import torch
from linear_steps import D, H, N, T, draw, join, states, swapped


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


@pytest.mark.equation("eq-parallel-recurrence", tolerance=1e-12)
def test_recurrence(check, rng):
    """Left: step by step; right: the solution as a sum of products (eq-bptt-lemma)."""
    beta, gamma, s_0 = draw(rng)

    def closed(late):
        terms = [gamma[k + late :].prod(axis=0) * beta[k] for k in range(T)]
        return gamma.prod(axis=0) * s_0 + sum(terms)

    late = np.concatenate([np.ones((1, N, H)), gamma[:-1]])
    planted = {
        "each use multiplied by its own gamma": closed(0),
        "gamma of the step before": states(beta, late, s_0)[-1],
        "beta and gamma exchanged": states(gamma, beta, s_0)[-1],
        "beta weighted by 1 - gamma": states((1 - gamma) * beta, gamma, s_0)[-1],
        "s_0 forgotten": states(beta, gamma, 0 * s_0)[-1],
    }
    check(states(beta, gamma, s_0)[-1], closed(1), planted=planted)


@pytest.mark.equation("eq-parallel-compose", tolerance=1e-12)
def test_compose(check, rng):
    """Left: one joined step; right: one step and then the other."""
    beta, gamma, s_0 = draw(rng)
    p, q = (beta[0], gamma[0]), (beta[1], gamma[1])

    def apply(pair):
        return pair[0] + pair[1] * s_0

    right = states(beta[:2], gamma[:2], s_0)[-1]
    planted = {
        "later step first": apply(swapped(p, q)),
        "earlier beta not multiplied": apply((q[0] + p[0], q[1] * p[1])),
        "later beta multiplied, too": apply((q[1] * (q[0] + p[0]), q[1] * p[1])),
        "the later gamma alone": apply((q[0] + q[1] * p[0], q[1])),
        "gammas added": apply((q[0] + q[1] * p[0], q[1] + p[1])),
    }
    check(apply(join(p, q)), right, planted=planted)


@pytest.mark.equation("eq-parallel-pairs", tolerance=1e-12)
def test_pairs(check, rng):
    """Left: every second state by the loop; right: the loop over pairs of steps."""
    beta, gamma, s_0 = draw(rng, 8)
    (b_odd, b_even), (c_odd, c_even) = ((a[::2], a[1::2]) for a in (beta, gamma))  # 1, 3 …; 2, 4 …

    def over_pairs(b, c=c_even * c_odd):
        return states(b, c, s_0)[1:]

    right = b_even + c_even * b_odd
    planted = {
        "the earlier gamma in beta": over_pairs(b_even + c_odd * b_odd),
        "the later beta multiplied": over_pairs(b_odd + c_even * b_even),
        "the earlier beta not multiplied": over_pairs(b_even + b_odd),
        "the later gamma alone": over_pairs(right, c_even),
        "the earlier gamma alone": over_pairs(right, c_odd),
    }
    check(states(beta, gamma, s_0)[2::2], over_pairs(right), planted=planted)


def played(steps):
    """A tournament of cards (first, last), then the way down: rounds, joins and states of it.

    On the way down a round finds every state that one card leads to from a known one.
    """
    cards, rounds, joins = [(t, t) for t in range(1, steps + 1)], 0, 0
    made = set(cards)
    while len(cards) > 1:
        cards = [(p[0], q[1]) for p, q in zip(cards[::2], cards[1::2], strict=True)]
        rounds, joins = rounds + 1, joins + len(cards)
        made |= set(cards)
    known, down = {0}, 0
    while len(known) <= steps:
        known |= {last for first, last in made if first - 1 in known}
        down += 1
    return rounds, down, joins, len(known) - 1


@pytest.mark.equation("eq-parallel-rounds", tolerance=1e-12)
def test_rounds(check, rng):
    """Left: the formulas; right: a tournament that is played, and its way down."""
    levels = rng.permutation(np.arange(1, 11))[:5]
    steps = 2**levels
    planted = {
        "a join for every step": (levels, levels, steps, steps),
        "the last state comes by itself": (levels, levels, steps - 1, steps - 1),
        "one round less on the way down": (levels, levels - 1, steps - 1, steps),
        "half a round for every step": (steps // 2, levels, steps - 1, steps),
        "joins in every round for every step": (levels, levels, steps * levels, steps),
    }
    right = np.array([played(T) for T in steps]).T
    check((levels, levels, steps - 1, steps), tuple(right), planted=planted)


@pytest.mark.equation("eq-parallel-mingru", tolerance=1e-12)
def test_mingru(check, rng):
    """Left: as printed; right: torch's GRU with W_hh = 0, b_hn = 0 and small candidates.

    Without W_hh torch's GRU is the minGRU with tanh on n; scaled down, tanh is the identity to
    third order, so that a scale of 1e-7 leaves a relative error of about 1e-14.
    """
    scale = 1e-7
    x, (W_z, W_n) = rng.normal(size=(T, N, D)), rng.normal(size=(2, D, H))
    b_z, b_n = rng.normal(size=(2, H))
    gru = torch.nn.GRU(D, H, dtype=torch.float64).requires_grad_(False)
    for p in gru.parameters():
        p.zero_()
    gru.weight_ih_l0[H:] = torch.tensor(np.vstack([W_z.T, scale * W_n.T]))
    gru.bias_ih_l0[H:] = torch.tensor(np.concatenate([b_z, scale * b_n]))
    h_0 = rng.normal(size=(N, H))
    right = gru(torch.tensor(x), torch.tensor(scale * h_0)[None])[0] / scale
    z, n = sigmoid(x @ W_z + b_z), x @ W_n + b_n
    planted = {
        "z of the other sense": states(z * n, 1 - z, h_0)[1:],
        "candidate not weighted": states(n, z, h_0)[1:],
        "no bias of the gate": states((1 - sigmoid(x @ W_z)) * n, sigmoid(x @ W_z), h_0)[1:],
        "matrices exchanged": states(
            (1 - sigmoid(x @ W_n + b_z)) * (x @ W_z + b_n), sigmoid(x @ W_n + b_z), h_0
        )[1:],
        "tanh on the candidate": states((1 - z) * np.tanh(n), z, h_0)[1:],
    }
    check(states((1 - z) * n, z, h_0)[1:], right, planted=planted)
