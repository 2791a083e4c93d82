"""The equations of book/gates/deep-and-bidirectional.md, each against an independent route."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

T, N, D, H, V = 5, 3, 4, 6, 2


def weights(rng, D, H):
    """W_xh, W_hh, b_h of one plain layer."""
    return rng.normal(size=(D, H)) / 2, rng.normal(size=(H, H)) / 2, rng.normal(size=H)


def run(x, h, w, steps=None):
    """States by the recurrence as printed, steps in the given order; a dict step -> state."""
    W_xh, W_hh, b_h = w
    states = {}
    for t in range(1, len(x) + 1) if steps is None else steps:
        h = states[t] = np.tanh(x[t - 1] @ W_xh + h @ W_hh + b_h)
    return states


def twin(layers, **options):
    """torch.nn.RNN with the weights of these layers (and directions), its second biases zero."""
    rnn = torch.nn.RNN(*layers[0][0].shape, dtype=torch.float64, **options)
    values = [v for a, b, c in layers for v in (a.T, b.T, c, 0 * c)]
    with torch.no_grad():
        for parameter, value in zip(rnn.parameters(), values, strict=True):
            parameter.copy_(torch.tensor(value))
    return rnn


def array(states):
    return np.array([states[t] for t in sorted(states)])


@pytest.mark.equation("eq-deep-stack", tolerance=1e-12)
def test_stack(check, rng):
    """Left: step by step as printed, layers of three sizes; right: torch, one RNN on another."""
    sizes = [D, 6, 7, 2]
    layers = [weights(rng, *pair) for pair in pairwise(sizes)]
    x, starts = rng.normal(size=(T, N, D)), [rng.normal(size=(N, size)) for size in sizes[1:]]

    def stacked(late=False, bias=1, transposed=False):
        """`late` shifts what goes up by one step."""
        h = {0: list(starts)}
        for t in range(1, T + 1):
            now = []
            for i, (W_xh, W_hh, b_h) in enumerate(layers):
                below = x[t - 1] if i == 0 else (h[t - 1] if late else now)[i - 1]
                along = h[t - 1][i] @ (W_hh.T if transposed else W_hh)
                now.append(np.tanh(below @ W_xh + along + bias * b_h))
            h[t] = now
        return np.array([h[t][-1] for t in range(1, T + 1)])

    right = torch.tensor(x)
    for w, start in zip(layers, starts, strict=True):
        right, _ = twin([w])(right, torch.tensor(start)[None])
    planted = {
        "up goes the state of the step before": stacked(late=True),
        "no bias": stacked(bias=0),
        "W_hh transposed": stacked(transposed=True),
    }
    check(stacked(), right, planted=planted)


@pytest.mark.equation("eq-deep-count", tolerance=1e-12)
def test_count(check, rng):
    """Left: the sum as printed; right: entries of torch's parameters, one bias of its two."""
    D, *_ = sizes = rng.permutation(np.arange(2, 20))[:4].tolist()
    pairs = list(pairwise(sizes))
    entries = [
        parameter.numel()
        for pair in pairs
        for name, parameter in torch.nn.RNN(*pair).named_parameters()
        if "bias_hh" not in name
    ]
    left = sum((below + own + 1) * own for below, own in pairs)
    planted = {
        "every layer reads the inputs": sum((D + own + 1) * own for _, own in pairs),
        "torch's two biases": sum((below + own + 2) * own for below, own in pairs),
        "no recurrent weights": sum((below + 1) * own for below, own in pairs),
        "the top layer forgotten": sum((below + own + 1) * own for below, own in pairs[:-1]),
    }
    check(left, sum(entries), planted=planted)


@pytest.mark.equation("eq-deep-down", tolerance=1e-10)
def test_down(check, rng):
    """Left: δ of the lower of two layers by the recursion; right: by autograd."""
    low, high, C = weights(rng, D, H), weights(rng, H, 7), rng.normal(size=(T, N, 7))
    t_low, t_high = ([torch.tensor(v) for v in w] for w in (low, high))
    x = torch.tensor(rng.normal(size=(T, N, D)))
    h_1, h_2 = [torch.zeros(N, H).double().requires_grad_()], [torch.zeros(N, 7).double()]
    for x_t in x:
        h_1.append(torch.tanh(x_t @ t_low[0] + h_1[-1] @ t_low[1] + t_low[2]))
        h_2.append(torch.tanh(h_1[-1] @ t_high[0] + h_2[-1] @ t_high[1] + t_high[2]))
    loss = sum((torch.tensor(C[t]) * h_2[t + 1]).sum() for t in range(T))
    right = np.array([g.numpy() for g in torch.autograd.grad(loss, h_1[1:])])
    slope_1, slope_2 = ([1 - h.detach().numpy() ** 2 for h in hs] for hs in (h_1, h_2))

    def delta(shift=0, along=True, slope=True):
        """`shift`: the upper layer's Δ is taken that many steps later."""
        above, upper = [np.zeros((N, 7))] * (T + 3), np.zeros((N, 7))
        for t in range(T, 0, -1):
            upper = above[t] = (C[t - 1] + upper @ high[1].T) * slope_2[t]
        deltas, Delta = [], np.zeros((N, H))
        for t in range(T, 0, -1):
            d = above[t + shift] @ high[0].T + along * (Delta @ low[1].T)
            Delta = d * (slope_1[t] if slope else 1)
            deltas.append(d)
        return np.array(deltas[::-1])

    planted = {
        "Δ above of the next step": delta(shift=1),
        "nothing along": delta(along=False),
        "no slope": delta(slope=False),
    }
    check(delta(), right, planted=planted)


@pytest.mark.equation("eq-deep-dropout", tolerance=1e-12)
def test_dropout(check, rng):
    """Left: masked inputs and states, as printed; right: torch's RNN with thinned weights."""
    W_xh, W_hh, b_h = weights(rng, D, H)
    x, q = rng.normal(size=(T, 1, D)), rng.uniform(0.2, 0.4)
    m, n = ((rng.permutation(size) % 2) / (1 - q) for size in (D, H))  # half of them dropped

    def masked(masks):
        h, states = np.ones((1, H)), []
        for x_t, n_t in zip(x, masks, strict=True):
            h = np.tanh((m * x_t) @ W_xh + (n_t * h) @ W_hh + b_h)
            states.append(h)
        return np.array(states)

    thinned = twin([(np.diag(m) @ W_xh, np.diag(n) @ W_hh, b_h)])
    right, _ = thinned(torch.tensor(x), torch.ones(1, 1, H).double())
    columns, _ = twin([(W_xh @ np.diag(np.ones(H)), W_hh @ np.diag(n), b_h)])(
        torch.tensor(m * x), torch.ones(1, 1, H).double()
    )
    fresh = masked([rng.permutation(n) if t else 1 / (1 - q) - n for t in range(T)])
    m_only, _ = twin([(np.diag(m) @ W_xh, W_hh, b_h)])(
        torch.tensor(x), torch.ones(1, 1, H).double()
    )
    planted = {
        "a fresh mask at each step": fresh,
        "columns instead of rows": columns,
        "states not dropped": m_only,
        "not divided by 1 - q": masked([n * (1 - q)] * T),
    }
    check(masked([n] * T), right, planted=planted)


@pytest.mark.equation("eq-deep-noise", tolerance=1e-12)
def test_noise(check, rng):
    """Left: the variance over all 2^k sequences of masks, enumerated; right: the formula."""
    q, k = rng.uniform(0.1, 0.6), 7
    mean = square = 0
    for kept in product((0, 1), repeat=k):
        probability = np.prod([1 - q if bit else q for bit in kept])
        value = np.prod([bit / (1 - q) for bit in kept])
        mean, square = mean + probability * value, square + probability * value**2
    planted = {
        "variances added": k * q / (1 - q),
        "the second moment": (1 - q) ** -k,
        "masks that are not divided by 1 - q": (1 - q) ** k - (1 - q) ** (2 * k),
    }
    check(square - mean**2, (1 - q) ** -k - 1, planted=planted)


def normalised(a, epsilon=0.1):
    """â and r, as printed."""
    mu = a.sum(axis=-1, keepdims=True) / a.shape[-1]
    r = np.sqrt(((a - mu) ** 2).sum(axis=-1, keepdims=True) / a.shape[-1] + epsilon)
    return (a - mu) / r, r


def normalised_by_torch(a, epsilon=0.1):
    return torch.nn.functional.layer_norm(a, a.shape[-1:], eps=epsilon)


@pytest.mark.equation("eq-deep-norm", tolerance=1e-12)
def test_norm(check, rng):
    """Left: as printed; right: torch's layer_norm."""
    a, g, s = 3 + rng.normal(size=(N, H)), rng.normal(size=H), rng.normal(size=H)
    right = normalised_by_torch(torch.tensor(a)) * torch.tensor(g) + torch.tensor(s)
    unbiased = (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, ddof=1, keepdims=True) + 0.1)
    columns, _ = normalised(a.T)
    outside = (a - a.mean(-1, keepdims=True)) / (a.std(-1, keepdims=True) + 0.1)
    planted = {
        "divided by H - 1": g * unbiased + s,
        "over the batch": g * columns.T + s,
        "ε outside the root": g * outside + s,
    }
    check(g * normalised(a)[0] + s, right, planted=planted)


@pytest.mark.equation("eq-deep-norm-jacobian", tolerance=1e-10)
def test_norm_jacobian(check, rng):
    """Left: the Jacobian as printed; right: torch's, of its layer_norm, by autograd."""
    a = rng.normal(size=H)
    a_hat, r = normalised(a)
    right = torch.autograd.functional.jacobian(normalised_by_torch, torch.tensor(a))
    outer = np.outer(a_hat, a_hat) / H
    planted = {
        "variance held fixed": (np.eye(H) - 1 / H) / r,
        "mean held fixed": (np.eye(H) - outer) / r,
        "not divided by r": np.eye(H) - 1 / H - outer,
    }
    check((np.eye(H) - 1 / H - outer) / r, right, planted=planted)


@pytest.mark.equation("eq-deep-norm-back", tolerance=1e-10)
def test_norm_back(check, rng):
    """Left: the formula as printed, rows of a batch; right: autograd through torch's layer_norm."""
    a, d = rng.normal(size=(N, H)), rng.normal(size=(N, H))
    leaf = torch.tensor(a, requires_grad=True)
    (right,) = torch.autograd.grad((torch.tensor(d) * normalised_by_torch(leaf)).sum(), leaf)
    a_hat, r = normalised(a)
    mean, along = d.mean(-1, keepdims=True), (d * a_hat).mean(-1, keepdims=True)
    planted = {
        "the mean stays": (d - a_hat * along) / r,
        "the part along â stays": (d - mean) / r,
        "summed, not averaged": (d - H * mean - a_hat * H * along) / r,
    }
    check((d - mean - a_hat * along) / r, right, planted=planted)


def both_ways(rng, T=T):
    """x, weights and initial states of both directions, and torch's layer with them."""
    x, ways = rng.normal(size=(T, N, D)), [weights(rng, D, H) for _ in range(2)]
    starts = rng.normal(size=(2, N, H))
    return x, ways, starts, twin(ways, bidirectional=True)


@pytest.mark.equation("eq-deep-leftward", tolerance=1e-12)
def test_leftward(check, rng):
    """Left: both recurrences as printed, in their order of steps; right: torch's halves."""
    x, ways, starts, rnn = both_ways(rng)
    right, _ = rnn(torch.tensor(x), torch.tensor(starts))
    onward = array(run(x, starts[0], ways[0]))
    back = array(run(x, starts[1], ways[1], range(T, 0, -1)))
    same_order = array(run(x, starts[1], ways[1]))
    shared = array(run(x, starts[1], ways[0], range(T, 0, -1)))
    halves = right[..., :H].detach().numpy(), right[..., H:].detach().numpy()
    planted = {
        "both to the right": (onward, same_order),
        "shared weights": (onward, shared),
        "directions exchanged": (back, onward),
        "the other's initial state": (onward, array(run(x, starts[0], ways[1], range(T, 0, -1)))),
    }
    check((onward, back), halves, planted=planted)


@pytest.mark.equation("eq-deep-output", tolerance=1e-12)
def test_output(check, rng):
    """Left: states side by side times one matrix; right: torch's layer and torch's Linear."""
    x, ways, starts, rnn = both_ways(rng)
    W_hy, b_y = rng.normal(size=(2 * H, V)), rng.normal(size=V)
    states, _ = rnn(torch.tensor(x), torch.tensor(starts))
    right = torch.nn.functional.linear(states, torch.tensor(W_hy.T), torch.tensor(b_y))
    onward = array(run(x, starts[0], ways[0]))
    back = array(run(x, starts[1], ways[1], range(T, 0, -1)))

    def read(*halves):
        return np.concatenate(halves, axis=-1) @ W_hy + b_y

    planted = {
        "halves swapped": read(back, onward),
        "not turned back": read(onward, back[::-1]),
        "no bias": read(onward, back) - b_y,
        "one half alone": read(onward, 0 * back),
    }
    check(read(onward, back), right, planted=planted)


@pytest.mark.equation("eq-deep-turned", tolerance=1e-12)
def test_turned(check, rng):
    """Left: step T - t + 1 of a layer run on the turned inputs; right: torch's leftward half."""
    x, ways, starts, rnn = both_ways(rng)
    right, _ = rnn(torch.tensor(x), torch.tensor(starts))
    g = run(x[::-1], starts[1], ways[1]) | {0: starts[1]}
    planted = {
        "T - t (deck D2)": np.array([g[T - t] for t in range(1, T + 1)]),
        "not turned back": np.array([g[t] for t in range(1, T + 1)]),
        "T - t + 1 of inputs that were not turned": array(run(x, starts[1], ways[1]))[::-1],
    }
    check(np.array([g[T - t + 1] for t in range(1, T + 1)]), right[..., H:], planted=planted)


@pytest.mark.equation("eq-deep-both", tolerance=1e-10)
def test_both(check, rng):
    """Left: the two recursions, summed at the inputs; right: autograd through torch's layer."""
    x, ways, starts, rnn = both_ways(rng)
    C, leaf = rng.normal(size=(T, N, 2 * H)), torch.tensor(x, requires_grad=True)
    states, _ = rnn(leaf, torch.tensor(starts))
    (right,) = torch.autograd.grad((torch.tensor(C) * states).sum(), leaf)
    h, to_x = states.detach().numpy(), []
    for way, columns, steps in (
        (0, slice(H), range(T, 0, -1)),
        (1, slice(H, None), range(1, T + 1)),
    ):
        W_xh, W_hh, _ = ways[way]
        for order in (steps, steps[::-1]):
            Delta, dx = np.zeros((N, H)), np.zeros_like(x)
            for t in order:
                own = C[t - 1][:, columns]
                Delta = (own + Delta @ W_hh.T) * (1 - h[t - 1][:, columns] ** 2)
                dx[t - 1] = Delta @ W_xh.T
            to_x.append(dx)
    onward, _, back, wrong = to_x
    planted = {
        "both recursions from T to 1 (deck D2: exactly as in a simple RNN)": onward + wrong,
        "one direction alone": onward,
        "averaged": (onward + back) / 2,
    }
    check(onward + back, right, planted=planted)


@pytest.mark.equation("eq-deep-lengths", tolerance=1e-12)
def test_lengths(check, rng):
    """Left: each row turned within its own length; right: torch, the sequences packed."""
    x, ways, starts, rnn = both_ways(rng)
    lengths = np.array([3, T, 1])
    packed = pack_padded_sequence(torch.tensor(x), torch.tensor(lengths), enforce_sorted=False)
    right, _ = pad_packed_sequence(rnn(packed, torch.tensor(starts))[0])

    def turned(ends, one=1, padding=0.0):
        h = np.full((T, N, H), padding)
        for n, (end, length) in enumerate(zip(ends, lengths, strict=True)):
            start = starts[1, n : n + 1]
            g = run(x[:end, n : n + 1][::-1], start, ways[1]) | {0: start}
            for t in range(1, length + 1):
                h[t - 1, n] = g[end - t + one][0]
        return h

    planted = {
        "started in the padding": turned([T] * N),
        "T_n - t": turned(lengths, one=0),
        "ones in the padding": turned(lengths, padding=1.0),
    }
    check(turned(lengths), right[..., H:], planted=planted)


def source(rng):
    """A joint distribution P(prefix, y) of 4 prefixes and 3 classes."""
    return rng.dirichlet(np.ones(12)).reshape(4, 3)


@pytest.mark.equation("eq-deep-right", tolerance=1e-12)
def test_right(check, rng):
    """Left: the best of all 81 predictors of the prefix; right: the bound, which it attains."""
    joint = source(rng)
    predictors = product(range(3), repeat=4)
    best = max(sum(joint[p, f[p]] for p in range(4)) for f in predictors)
    prefix = joint.sum(axis=1)
    bound = prefix @ (joint / prefix[:, None]).max(axis=1)
    planted = {
        "nothing read": joint.sum(axis=0).max(),
        "mean over prefixes, not weighted": (joint / prefix[:, None]).max(axis=1).mean(),
        "the least likely": prefix @ (joint / prefix[:, None]).min(axis=1),
    }
    check(best, bound, planted=planted)


@pytest.mark.equation("eq-deep-entropy", tolerance=1e-8)
def test_entropy(check, rng):
    """Left: the least expected loss found by descent over all tables; right: H(y | prefix)."""
    joint = source(rng)
    u = torch.zeros(4, 3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([u], max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-15)

    def expected_loss():
        optimiser.zero_grad()
        loss = -(torch.tensor(joint) * u.log_softmax(dim=1)).sum()
        loss.backward()
        return loss

    optimiser.step(expected_loss)
    conditional = joint / joint.sum(axis=1, keepdims=True)
    entropy = -(joint * np.log(conditional)).sum()
    alone = joint.sum(axis=0)
    planted = {
        "H(y)": -(alone * np.log(alone)).sum(),
        "the joint entropy": -(joint * np.log(joint)).sum(),
        "bits": entropy / np.log(2),
    }
    check(expected_loss(), entropy, planted=planted)


def ends_changed(rng, rnn):
    """Logits u (T, N, V) for first inputs p, p' and last inputs q, q', the inputs between fixed."""
    x = rng.normal(size=(T, N, D))
    first, last = 2 * rng.normal(size=(2, 2, N, D))
    W_hy = rng.normal(size=(2 * H, V))
    u = {}
    for i, j in product((0, 1), repeat=2):
        x[0], x[-1] = first[i], last[j]
        u[i, j] = rnn(torch.tensor(x))[0].detach().numpy() @ W_hy
    return u


@pytest.mark.equation("eq-deep-additive", tolerance=1e-12)
def test_additive(check, rng):
    """Left: u(p, q) + u(p', q'); right: u(p, q') + u(p', q), for 1 < t < T; torch's layer."""
    _, _, _, rnn = both_ways(rng)
    u = ends_changed(rng, rnn)
    inside = slice(1, T - 1)  # t = 2 … T - 1
    left, right = u[0, 0] + u[1, 1], u[0, 1] + u[1, 0]
    planted = {
        "p with itself": (u[0, 0] + u[0, 1])[inside],
        "a difference": (u[0, 1] - u[1, 0])[inside],
        "one term forgotten": u[0, 1][inside],
        "only q moves": (u[0, 1] + u[1, 1])[inside],
    }
    check(left[inside], right[inside], planted=planted)
    for t in (0, T - 1):  # at the ends one direction has read all, and it need not hold
        assert np.abs(left[t] - right[t]).max() > 1e-3
    torch.manual_seed(int(rng.integers(1000)))
    two = torch.nn.RNN(D, H, num_layers=2, bidirectional=True, dtype=torch.float64)
    with torch.no_grad():
        for parameter in two.parameters():
            parameter.mul_(2)  # far from linear
    v = ends_changed(rng, two)
    assert np.abs(v[0, 0] + v[1, 1] - v[0, 1] - v[1, 0])[inside].max() > 1e-3  # two layers


@pytest.mark.equation("eq-deep-coin", tolerance=1e-8)
def test_coin(check, rng):
    """Left: least mean loss over all additive v, by descent, and the middle; right: ln 2."""
    tau = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)

    def least(v_of, start):
        p = torch.tensor(start, requires_grad=True)
        optimiser = torch.optim.LBFGS([p], max_iter=200, tolerance_grad=1e-12)

        def mean_loss():
            optimiser.zero_grad()
            loss = torch.nn.functional.softplus(-tau * v_of(p)).mean()
            loss.backward()
            return loss

        optimiser.step(mean_loss)
        return mean_loss().item()

    def additive(p):
        return p[0][:, None] + p[1][None]

    start = rng.normal(size=(2, 2))

    def middle(v):
        return np.log(1 + np.exp(-(tau.numpy() * v).mean()))

    left = np.array([least(additive, start), middle(additive(start))])
    free = np.array([least(lambda p: p, start), middle(tau.numpy() * np.abs(start))])
    planted = {
        "v may depend on the pair": free,
        "base 2": np.ones(2),
        "the sum, not the mean": np.full(2, 4 * np.log(2)),
    }
    check(left, np.full(2, np.log(2)), planted=planted)
