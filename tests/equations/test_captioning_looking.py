"""The equations of book/sequence-to-sequence/captioning-looking.md, by independent routes."""

import math

import numpy as np
import pytest
import torch
from shown_pictures import ALWAYS, ONCE, D, F, H, N, T, parameters, run, torch_layer


@pytest.mark.equation("eq-captioning-once", tolerance=1e-12)
def test_once(check, rng):
    """Left: the formula; right: torch's layer reading [x_1, v], then [x_t, 0]."""
    x, v, W_xh, W_hh, W_ih, b_h, h_0 = p = parameters(rng)
    seen = np.concatenate([x, np.zeros((T, N, F))], axis=2)
    seen[0, :, D:] = v
    right, _ = torch_layer(W_xh, W_hh, W_ih, b_h)(torch.tensor(seen), torch.tensor(h_0)[None])
    planted = {
        "at every step": run(*p, ALWAYS),
        "at the last step": run(*p, ONCE[::-1]),
        "at the second step": run(*p, np.roll(ONCE, 1)),
        "never": run(*p, 0 * ONCE),
    }
    check(run(*p, ONCE), right, planted=planted)


@pytest.mark.equation("eq-captioning-reach", tolerance=1e-7)
def test_reach(check, rng):
    """Left: central differences of h_T in v; right: the products of Jacobians, both cases."""
    x, v, *rest = parameters(rng)
    x, v, rest[-1] = x[:, :1], v[:1], rest[-1][:1]  # one row
    W_hh, W_ih = rest[1], rest[2]
    left, right, slopeless, longer, turned = [], [], [], [], []
    for when in (ONCE, ALWAYS):
        columns = []
        for e in 1e-6 * np.eye(F):
            up, down = (run(x, v + s * e, *rest, when)[-1, 0] for s in (1, -1))
            columns.append((up - down) / 2e-6)
        left.append(np.stack(columns, axis=1))  # (H, F)
        slopes = 1 - run(x, v, *rest, when)[:, 0] ** 2  # (T, H)
        J = [np.diag(s) @ W_hh.T for s in slopes]
        total, no_slope, many, transposed = 0, 0, 0, 0
        for k in np.flatnonzero(when):
            product = np.eye(H)
            for t in range(k + 1, T):
                product = J[t] @ product
            total = total + product @ np.diag(slopes[k]) @ W_ih.T
            no_slope = no_slope + product @ W_ih.T
            many = many + product @ J[k] @ np.diag(slopes[k]) @ W_ih.T
            transposed = transposed + product.T @ np.diag(slopes[k]) @ W_ih.T
        for found, value in ((right, total), (slopeless, no_slope), (longer, many)):
            found.append(value)
        turned.append(transposed)
    planted = {
        "no slope at v": tuple(slopeless),
        "one Jacobian too many": tuple(longer),
        "the product transposed": tuple(turned),
        "once for always": (right[0], right[0]),
    }
    check(tuple(left), tuple(right), planted=planted)


@pytest.mark.equation("eq-captioning-initial", tolerance=1e-8)
def test_initial(check, rng):
    """Left: v at the first step; right: no picture, another initial state."""
    x, v, W_xh, W_hh, W_ih, b_h, h_0 = p = parameters(rng)

    def start(change):
        return run(x, v, W_xh, W_hh, W_ih, b_h, h_0 + change, 0 * ONCE)

    right = start(v @ W_ih @ np.linalg.inv(W_hh))
    planted = {
        "W_hh not inverted": start(v @ W_ih @ W_hh),
        "added to the state as it is": start(v @ W_ih),
        "subtracted": start(-v @ W_ih @ np.linalg.inv(W_hh)),
    }
    check(run(*p, ONCE), right, planted=planted)


@pytest.mark.equation("eq-captioning-bounds", tolerance=1e-9)
def test_bounds(check, rng):
    """Left: the formulas; right: -Σ p ln p over the whole world, listed sentence by sentence."""
    q, K = rng.uniform(0.1, 0.9), int(rng.integers(3, 6))
    pairs = [(a, b) for a in range(K) for b in range(K) if (a + b) % 3]
    P = len(pairs)
    # scenes: one thing, or an ordered pair with a relation 0…3 and perhaps a second one, 4 or 5
    world = [(q / K, [f"{a}"]) for a in range(K)]
    for a, b in pairs:
        for one in range(4):
            for p, other in ((0.3, None), (0.35, (one + 1) % 4), (0.35, (one + 3) % 4)):
                true = [one] if other is None else [one, other]
                said = [f"{a} {r} {b}" for r in true]
                said += [f"{b} {(r + 2) % 4} {a}" for r in true]  # the opposite, other way round
                world.append(((1 - q) * p / P / 4, said))
    chance, given = {}, 0.0
    for p, said in world:
        given += p * -sum(math.log(1 / len(said)) / len(said) for _ in said)
        for sentence in said:
            chance[sentence] = chance.get(sentence, 0) + p / len(said)
    assert math.isclose(sum(chance.values()), 1)
    right = np.array([-sum(p * math.log(p) for p in chance.values()), given])
    blind = -q * math.log(q / K) - (1 - q) * math.log((1 - q) / 4 / P)
    seeing = sum(p * math.log(len(said)) for p, said in world)
    mean_log = math.log(sum(p * len(said) for p, said in world))
    planted = {
        "relations forgotten": np.array([blind - (1 - q) * math.log(4), seeing]),
        "log of the mean number": np.array([blind, mean_log]),
        "one or two not counted": np.array([q * math.log(K) + (1 - q) * math.log(4 * P), seeing]),
        "the sign": -np.array([blind, seeing]),
    }
    check(np.array([blind, seeing]), right, planted=planted)
