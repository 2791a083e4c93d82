"""The equations of book/recurrence-returns/exponential-gates-forms.md."""

import numpy as np
import pytest
import torch

from unrolled.layers import mlstm

T, N, H, D = 7, 3, 4, 5


def blocks(rng, *shape):
    """Marks, forget gates, candidates and output gates, as torch tensors."""
    a, f, g, o = torch.tensor(rng.normal(size=(4, T, *shape)))
    return a, torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)


def plain(a, f, g, o):
    """Sum and votes as they are, from one vote for 0: the outputs."""
    C, n, outputs = torch.zeros_like(a[0]), torch.ones_like(a[0]), []
    for t in range(len(a)):
        C, n = f[t] * C + a[t].exp() * g[t], f[t] * n + a[t].exp()
        outputs.append(o[t] * C / n)
    return torch.stack(outputs)


def stabilised(a, f, g, o, follow, forget=1, write=1):
    """As printed, with another choice of mu or with an error."""
    mu, C, n, outputs = torch.zeros_like(a[0]), torch.zeros_like(a[0]), torch.ones_like(a[0]), []
    for t in range(len(a)):
        now = follow(f[t].log() + mu, a[t])
        kept, i = torch.exp(f[t].log() + forget * mu - now), torch.exp(a[t] - write * now)
        C, n, mu = kept * C + i * g[t], kept * n + i, now
        outputs.append(o[t] * C / n)
    return torch.stack(outputs)


@pytest.mark.equation("eq-exponential-stabilised", tolerance=1e-12)
def test_stabilised(check, rng):
    """Left: the votes as they are; right: as printed, with the maximum."""
    parts = blocks(rng, N, H)
    planted = {
        "mu of the step before forgotten": stabilised(*parts, torch.maximum, forget=0),
        "what is written is not divided": stabilised(*parts, torch.maximum, write=0),
        "the forget gate added twice": stabilised(
            parts[0], parts[1] ** 2, *parts[2:], torch.maximum
        ),
    }
    check(plain(*parts), stabilised(*parts, torch.maximum), planted=planted)


@pytest.mark.equation("eq-exponential-stabiliser", tolerance=1e-12)
def test_stabiliser(check, rng):
    """Left: the largest exponent there has been, found over all steps; right: the package's."""
    a, log_f = rng.normal(size=(T, N)), -np.exp(rng.normal(size=(T, N)))
    m_0 = rng.normal(size=N)
    since = np.array([log_f[t:].sum(axis=0) for t in range(T + 1)])  # fading after step t
    largest = np.maximum((a + since[1:]).max(axis=0), m_0 + since[0])

    def line(pick, fade=lambda log_f: log_f):
        m = m_0
        for t in range(T):
            m = pick(fade(log_f[t]) + m, a[t])
        return m

    assert np.allclose(mlstm.stabiliser(a, log_f, m_0)[-1], line(np.maximum), atol=1e-12)
    planted = {
        "the smaller one": line(np.minimum),
        "the gate in place of its logarithm": line(np.maximum, np.exp),
        "no fading": line(np.maximum, np.zeros_like),
        "a sum": line(np.logaddexp),
    }
    check(largest, line(np.maximum), planted=planted)


@pytest.mark.equation("eq-exponential-slopes", tolerance=1e-12)
def test_slopes(check, rng):
    """Left: autograd; right: as printed."""
    a, m, f = (torch.tensor(part, requires_grad=True) for part in rng.normal(size=(3, N, H)))
    log_f = torch.nn.functional.logsigmoid(f)
    w = torch.sigmoid(a - m - log_f)
    now = torch.log(torch.exp(m + log_f) + torch.exp(a))

    def slope(of, at):
        return torch.autograd.grad(of.sum(), at, retain_graph=True)[0]

    left = slope(w, a), -slope(w, m), slope(now, a), slope(now, m)
    w = w.detach()
    s = w * (1 - w)
    planted = {
        "the sign at m": (s, -s, w, 1 - w),
        "shares exchanged": (s, s, 1 - w, w),
        "no slope of the sigmoid": (w, w, w, 1 - w),
        "shares that do not add up": (s, s, w, torch.ones_like(w)),
    }
    check(left, (s, s, w, 1 - w), planted=planted)


def sweep(c, m, a, f, g, o, dh, dc, dm, error=""):
    """The eight lines, for one step whose blocks are given before the squashing."""
    kept, g, o = 1 / (1 + np.exp(-f)), np.tanh(g), 1 / (1 + np.exp(-o))
    w = 1 / (1 + np.exp(-(a - m - np.log(kept))))
    now = c + w * (g - c)
    dc = dc + dh * o
    r = dc * (g - c) * w * (1 - w)
    if error == "no way through the share":
        r = 0 * r
    i = r + dm * w
    back_m = dm * (1 - w) + (r if error == "the share's sign" else -r)
    before = dm if error == "the later m at the forget gate" else back_m
    back_c = dc * (kept if error == "the LSTM's forget gate" else 1 - w)
    return (
        i,
        before * (1 - kept),
        dc * w * (1 - g**2),
        dh * now * o * (1 - o),
        back_m,
        back_c,
    )


@pytest.mark.equation("eq-exponential-back", tolerance=1e-11)
def test_back(check, rng):
    """Left: autograd through one step; right: the lines as printed."""
    c, m, a, f, g, o, dh, dc, dm = rng.normal(size=(9, N, H))
    leaves = [torch.tensor(part, requires_grad=True) for part in (a, f, g, o, m, c)]
    ta, tf, tg, to, tm, tc = leaves
    log_f = torch.nn.functional.logsigmoid(tf)
    w = torch.sigmoid(ta - tm - log_f)
    now = tc + w * (torch.tanh(tg) - tc)
    votes = torch.logaddexp(tm + log_f, ta)
    outside = (torch.sigmoid(to) * now, dh), (now, dc), (votes, dm)
    sum((part * torch.tensor(d)).sum() for part, d in outside).backward()
    one = (c, m, a, f, g, o, dh, dc, dm)
    planted = {
        "no way through the share": sweep(*one, "no way through the share"),
        "the share's sign": sweep(*one, "the share's sign"),
        "the later m at the forget gate": sweep(*one, "the later m at the forget gate"),
        "the LSTM's forget gate": sweep(*one, "the LSTM's forget gate"),
    }
    left = tuple(leaf.grad for leaf in leaves)
    check(left, sweep(*one), planted=planted)


def memory(rng):
    q, k = rng.normal(size=(2, T, N, H))
    q[-1, 0] *= 0.01  # finds less than a vote
    q[-1, 1] *= 10 * np.sign(q[-1, 1] @ k[:, 1].sum(axis=0))
    q[-1, 2] = -3 * k[:, 2].sum(axis=0)  # points away
    v, a = rng.normal(size=(T, N, D)), rng.normal(size=(T, N))
    return q, k, v, np.log(rng.uniform(0.5, 1, (T, N))), a


def by_hand(q, k, v, log_f, a, floor=1.0, votes=np.exp, absolute=abs, keyed=True):
    """The three lines, for each sequence; the last output of each (N, D)."""
    outputs = []
    for s in range(N):
        C, n = np.zeros((H, D)), np.zeros(H)
        for t in range(T):
            f, i = np.exp(log_f[t, s]), votes(a[t, s])
            C = f * C + i * np.outer(k[t, s], v[t, s])
            n = f * n + i * (k[t, s] if keyed else np.ones(H))
        outputs.append(q[-1, s] @ C / np.maximum(absolute(q[-1, s] @ n), floor))
    return np.array(outputs)


@pytest.mark.equation("eq-exponential-mlstm", tolerance=1e-10)
def test_mlstm(check, rng):
    """Left: the package's, in blocks of three; right: as printed."""
    given = memory(rng)
    o, *_ = mlstm.forward(*given, (np.zeros((N, H, D + 1)), np.zeros(N)), C=3)
    planted = {
        "no floor": by_hand(*given, floor=1e-9),
        "one vote at most": by_hand(*given, votes=lambda a: 1 / (1 + np.exp(-a))),
        "votes under no key": by_hand(*given, keyed=False),
        "no absolute value": by_hand(*given, absolute=lambda x: x),
    }
    check(o[-1], by_hand(*given), planted=planted)


@pytest.mark.equation("eq-exponential-wide", tolerance=1e-12)
def test_wide(check, rng):
    """Left: matrix and votes, each by its own line; right: both as one matrix."""
    _, k, v, log_f, a = (part[:, 0] for part in memory(rng))
    C, n = np.zeros((H, D)), np.zeros(H)
    for t in range(T):
        C = np.exp(log_f[t]) * C + np.exp(a[t]) * k[t][:, None] * v[t]
        n = np.exp(log_f[t]) * n + np.exp(a[t]) * k[t]

    def wide(last=1.0, weight=np.exp, keep=np.exp):
        S = np.zeros((H, D + 1))
        for t in range(T):
            S = keep(log_f[t]) * S + weight(a[t]) * np.outer(k[t], [*v[t], last])
        return S

    planted = {
        "a 0 at the end of the value": wide(last=0.0),
        "the mark in place of its votes": wide(weight=lambda a: a),
        "nothing fades": wide(keep=lambda _: 1.0),
    }
    check(np.hstack([C, n[:, None]]), wide(), planted=planted)


@pytest.mark.equation("eq-exponential-floor", tolerance=1e-11)
def test_floor(check, rng):
    """Left: as defined, undivided; right: divided by e^mu, with the floor as printed."""
    q, k, v, log_f, a = given = memory(rng)
    mu = rng.normal(size=(T + 1, N))  # any numbers

    def divided(floor):
        outputs = []
        for s in range(N):
            S = np.zeros((H, D + 1))
            for t in range(T):
                kept = np.exp(log_f[t, s] + mu[t, s] - mu[t + 1, s])
                S = kept * S + np.exp(a[t, s] - mu[t + 1, s]) * np.outer(k[t, s], [*v[t, s], 1])
            read = q[-1, s] @ S
            outputs.append(read[:-1] / max(abs(read[-1]), floor(mu[-1, s])))
        return np.array(outputs)

    planted = {
        "the floor stays 1": divided(lambda m: 1.0),
        "the floor grows": divided(np.exp),
        "no floor": divided(lambda m: 1e-9),
    }
    check(by_hand(*given), divided(lambda m: np.exp(-m)), planted=planted)
