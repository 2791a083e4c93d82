"""The equations of book/gates/lstm-gradient.md, each against an independent route."""

from itertools import combinations

import numpy as np
import pytest
import torch

T, N, D, H = 6, 3, 4, 5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def draw(rng, *shapes):
    return [rng.normal(size=shape) for shape in shapes]


def weights(rng):
    """W_xh (D, 4H), W_hh (H, 4H), b_h (4H,), blocks i, f, g, o."""
    return draw(rng, (D, 4 * H), (H, 4 * H), (4 * H,))


def their_lstm(W_xh, W_hh, b_h):
    """torch's own layer with these weights."""
    layer = torch.nn.LSTM(D, H, dtype=torch.float64)
    with torch.no_grad():
        for name, value in [
            ("weight_ih_l0", W_xh.T),
            ("weight_hh_l0", W_hh.T),
            ("bias_ih_l0", b_h),
        ]:
            getattr(layer, name)[:] = torch.from_numpy(np.ascontiguousarray(value))
        layer.bias_hh_l0.zero_()
    return layer


def gates(W_xh, W_hh, b_h, x, h):
    """The gates as printed, one block after the other."""
    blocks = zip(*(np.split(W, 4, axis=-1) for W in (W_xh, W_hh, b_h)), strict=True)
    a_i, a_f, a_g, a_o = (x @ W_x + h @ W_h + b for W_x, W_h, b in blocks)
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


def forward(W, x, h, c):
    """All steps; a list of (h_before, c_before, i, f, g, o, c)."""
    steps = []
    for x_t in x:
        i, f, g, o = gates(*W, x_t, h)
        new_c = f * c + i * g
        steps.append((h, c, i, f, g, o, new_c))
        h, c = o * np.tanh(new_c), new_c
    return steps


def torch_states(W, x, h, c, detach=False):
    """Hidden and cell states at every step by torch, as a graph; every c keeps its gradient."""
    hs, cs = [h], [c]
    for x_t in x:
        before = hs[-1].detach() if detach else hs[-1]
        i, f, g, o = (x_t @ W[0] + before @ W[1] + W[2]).chunk(4, dim=-1)
        cs.append(torch.sigmoid(f) * cs[-1] + torch.sigmoid(i) * torch.tanh(g))
        hs.append(torch.sigmoid(o) * torch.tanh(cs[-1]))
    return hs, cs


def backward(W, x, h, c, dh, wrong=""):
    """The recursion as printed; `wrong` names a mistake to make. Lists δ, ζ, Δ for steps 1 to T."""
    W_hh = W[1]
    steps, found = forward(W, x, h, c), []
    Delta_next, zeta_next, f_next = np.zeros((N, 4 * H)), np.zeros((N, H)), np.zeros((N, H))
    for (_, c_before, i, f, g, o, c_t), dh_t in zip(steps[::-1], dh[::-1], strict=True):
        tanh_c = np.tanh(c_t)
        delta = dh_t + (0 if wrong == "only f" else Delta_next @ W_hh.T)
        zeta = delta * o * (1 - (c_t if wrong == "tanh forgotten" else tanh_c) ** 2)
        zeta = zeta + (0 if wrong == "no carousel" else zeta_next) * (
            f if wrong == "f_t" else f_next
        )
        content = c_t if wrong == "c_t" else c_before
        slope_g = g * (1 - g) if wrong == "σ' for g" else 1 - g**2
        Delta = [
            zeta * g * i * (1 - i),
            zeta * content * f * (1 - f),
            zeta * i * slope_g,
            (zeta if wrong == "ζ for o" else delta) * tanh_c * o * (1 - o),
        ]
        Delta_next, zeta_next, f_next = np.hstack(Delta), zeta, f
        found.append((delta, zeta, Delta_next))
    return [np.array(v) for v in zip(*found[::-1], strict=True)]


def by_autograd(rng, W, detach=False):
    """Random (x, h_0, c_0, dh), and torch's gradients at h_1 ... h_T and at c_1 ... c_T."""
    x, h, c, dh = draw(rng, (T, N, D), (N, H), (N, H), (T, N, H))
    inputs = [torch.from_numpy(v).requires_grad_() for v in (x, h, c)]
    hs, cs = torch_states([torch.from_numpy(w) for w in W], *inputs, detach=detach)
    loss = sum((h_t * torch.from_numpy(d)).sum() for h_t, d in zip(hs[1:], dh, strict=True))
    grads = np.array([g.numpy() for g in torch.autograd.grad(loss, [*hs[1:], *cs[1:]])])
    return (x, h, c, dh), grads[:T], grads[T:]


@pytest.mark.equation("eq-lstm-carry", tolerance=1e-10)
def test_carry(check, rng):
    """Left: δ and ζ as printed; right: autograd at every h_t and c_t."""
    W = weights(rng)
    given, delta, zeta = by_autograd(rng, W)
    left = tuple(backward(W, *given)[:2])
    planted = {
        "only f (deck D3)": tuple(backward(W, *given, "only f")[:2]),
        "f_t for f_{t+1}": tuple(backward(W, *given, "f_t")[:2]),
        "nothing along the cell": tuple(backward(W, *given, "no carousel")[:2]),
        "c for tanh c": tuple(backward(W, *given, "tanh forgotten")[:2]),
    }
    check(left, (delta, zeta), planted=planted)


@pytest.mark.equation("eq-lstm-delta", tolerance=1e-7)
def test_delta(check, rng):
    """Left: Δ as printed; right: the loss's central difference at each pre-activation."""
    W = weights(rng)
    x, h, c, dh = draw(rng, (T, N, D), (N, H), (N, H), (T, N, H))

    def loss(nudge):
        total, h_t, c_t = 0.0, h, c
        for x_t, nudge_t, dh_t in zip(x, nudge, dh, strict=True):
            i, f, g, o = np.split(x_t @ W[0] + h_t @ W[1] + W[2] + nudge_t, 4, axis=1)
            c_t = sigmoid(f) * c_t + sigmoid(i) * np.tanh(g)
            h_t = sigmoid(o) * np.tanh(c_t)
            total += (h_t * dh_t).sum()
        return total

    right, nudge = np.zeros((T, N, 4 * H)), np.zeros((T, N, 4 * H))
    for place in np.ndindex(right.shape):
        nudge[place] = 1e-6
        right[place] = loss(nudge) / 2e-6
        nudge[place] = -1e-6
        right[place] -= loss(nudge) / 2e-6
        nudge[place] = 0

    def wrong(name):
        return backward(W, x, h, c, dh, name)[2]

    planted = {
        "c_t for c_{t-1}": wrong("c_t"),
        "σ' for the candidate": wrong("σ' for g"),
        "ζ for δ at the output gate": wrong("ζ for o"),
        "only f": wrong("only f"),
    }
    check(backward(W, x, h, c, dh)[2], right, planted=planted)


@pytest.mark.equation("eq-lstm-grad-weights", tolerance=1e-10)
def test_grad_weights(check, rng):
    """Left: the sums as printed, Δ by the recursion; right: torch.nn.LSTM's gradients."""
    W = weights(rng)
    x, h, c, dh = draw(rng, (T, N, D), (N, H), (N, H), (T, N, H))
    layer = their_lstm(*W)
    leaves = [torch.from_numpy(v.copy()).requires_grad_() for v in (x, h, c)]
    out, _ = layer(leaves[0], (leaves[1][None], leaves[2][None]))
    (out * torch.from_numpy(dh)).sum().backward()
    named = dict(layer.named_parameters())
    right = [named[f"weight_{k}_l0"].grad.numpy().T for k in ("ih", "hh")]
    right += [named["bias_ih_l0"].grad.numpy(), *(leaf.grad.numpy() for leaf in leaves)]

    steps = forward(W, x, h, c)
    _, zeta, Delta = backward(W, x, h, c, dh)
    before = np.array([step[0] for step in steps])
    after = np.concatenate([before[1:], np.zeros((1, N, H))])

    def sums(states, first_f=steps[0][3]):
        return (
            sum(x_t.T @ D_t for x_t, D_t in zip(x, Delta, strict=True)),
            sum(h_t.T @ D_t for h_t, D_t in zip(states, Delta, strict=True)),
            Delta.sum(axis=(0, 1)),
            Delta @ W[0].T,
            Delta[0] @ W[1].T,
            zeta[0] * first_f,
        )

    planted = {
        "h_t for h_{t-1}": sums(after),
        "the first step's term lost (deck D0)": sums(np.concatenate([0 * before[:1], before[1:]])),
        "∂L/∂c_0 = ζ_1": sums(before, 1.0),
    }
    check(sums(before), tuple(right), planted=planted)


def blocks(W, x, h, c):
    """F, the three terms of K, P and Q of one step of one sequence, as printed."""
    i, f, g, o = gates(*W, x, h)
    W_i, W_f, W_g, W_o = np.split(W[1], 4, axis=1)
    new_c = f * c + i * g
    tanh_c = np.tanh(new_c)
    F = np.diag(f)
    K = [
        np.diag(c * f * (1 - f)) @ W_f.T,
        np.diag(g * i * (1 - i)) @ W_i.T,
        np.diag(i * (1 - g**2)) @ W_g.T,
    ]
    P = np.diag(o * (1 - tanh_c**2))
    Q = np.diag(tanh_c * o * (1 - o)) @ W_o.T
    return (o * tanh_c, new_c), F, K, P, Q


def pair(F, K, P, Q):
    return np.block([[F, K], [P @ F, P @ K + Q]])


def pair_step(W, x):
    """(c, h) as one vector of length 2H -> the next, by torch."""
    W, x = [torch.from_numpy(w) for w in W], torch.from_numpy(x)

    def step(s):
        hs, cs = torch_states(W, x, s[H:], s[:H])
        return torch.cat([cs[-1], hs[-1]])

    return step


def jacobian(f, *arguments):
    return torch.autograd.functional.jacobian(f, *arguments).numpy()


@pytest.mark.equation("eq-lstm-blocks", tolerance=1e-10)
def test_blocks(check, rng):
    """Left: the four matrices as printed; right: autograd with the other variables held."""
    W = weights(rng)
    x, h, c = draw(rng, D, H, H)
    _, F, K, P, Q = blocks(W, x, h, c)
    Wt, xt, ht, ct = [torch.from_numpy(w) for w in W], *(torch.from_numpy(v) for v in (x, h, c))

    def cell(h_, c_):
        return torch_states(Wt, xt[None], h_, c_)[1][-1]

    def gate_o(h_):
        return torch.sigmoid(xt @ Wt[0] + h_ @ Wt[1] + Wt[2])[3 * H :]

    new_c = cell(ht, ct)
    right = (
        jacobian(lambda c_: cell(ht, c_), ct),
        jacobian(lambda h_: cell(h_, ct), ht),
        jacobian(lambda c_: gate_o(ht) * torch.tanh(c_), new_c),
        jacobian(lambda h_: gate_o(h_) * torch.tanh(new_c), ht),
    )
    left = (F, sum(K), P, Q)
    planted = {
        "not transposed": (F, sum(K).T, P, Q.T),
        "c̃ term left out": (F, K[0] + K[1], P, Q),
        "f and i exchanged": (np.diag(gates(*W, x, h)[0]), sum(K), P, Q),
        "P without tanh'": (F, sum(K), np.diag(gates(*W, x, h)[3]), Q),
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-lstm-jacobian", tolerance=1e-10)
def test_jacobian(check, rng):
    """Left: the blocks as printed; right: autograd of the pair's step."""
    W = weights(rng)
    x, h, c = draw(rng, D, H, H)
    _, F, K, P, Q = blocks(W, x, h, c)
    K, zero = sum(K), np.zeros((H, H))
    right = jacobian(pair_step(W, x[None]), torch.from_numpy(np.concatenate([c, h])))
    planted = {
        "only f on the cell's way (deck D3)": np.block([[F, zero], [P @ F, P @ K + Q]]),
        "h without its way through c": np.block([[F, K], [zero, Q]]),
        "no output gate's term": np.block([[F, K], [P @ F, P @ K]]),
    }
    check(pair(F, K, P, Q), right, planted=planted)


def walk(W, xs, h, c):
    """The blocks of every step."""
    found = []
    for x in xs:
        (h, c), F, K, P, Q = blocks(W, x, h, c)
        found.append((F, sum(K), P, Q))
    return found


@pytest.mark.equation("eq-lstm-product", tolerance=1e-10)
def test_product(check, rng):
    """Left: autograd through T steps; right: the product, the latest step on the left."""
    W = weights(rng)
    xs, h, c = draw(rng, (T, D), H, H)
    left = jacobian(pair_step(W, xs), torch.from_numpy(np.concatenate([c, h])))
    M = [pair(*step) for step in walk(W, xs, h, c)]
    planted = {
        "the other order": np.linalg.multi_dot(M),
        "one factor too few": np.linalg.multi_dot(M[:0:-1]),
        "each factor transposed": np.linalg.multi_dot([m.T for m in M[::-1]]),
    }
    check(left, np.linalg.multi_dot(M[::-1]), planted=planted)


def moving(W, xs, o_held):
    """c_T as a function of c_k, where h_k = o_held ⊙ tanh c_k moves along (torch)."""
    step = pair_step(W, xs)
    o_held = torch.from_numpy(o_held)
    return lambda c: step(torch.cat([c, o_held * torch.tanh(c)]))[:H]


@pytest.mark.equation("eq-lstm-four", tolerance=1e-10)
def test_four(check, rng):
    """Left: the four terms; right: autograd with o_{t-1} held; planted: terms left out."""
    W = weights(rng)
    x, c = draw(rng, D, H)
    o = sigmoid(rng.normal(size=H))
    P = np.diag(o * (1 - np.tanh(c) ** 2))
    _, F, K, _, _ = blocks(W, x, o * np.tanh(c), c)
    right = jacobian(moving(W, x[None], o), torch.from_numpy(c))
    planted = {
        "only f (deck D3)": F,
        "the forget gate's term lost": F + (K[1] + K[2]) @ P,
        "no tanh of the cell (deck D2)": F + sum(K) @ np.diag(o),
        "P on the left": F + P @ sum(K),
    }
    check(F + sum(K) @ P, right, planted=planted)


@pytest.mark.equation("eq-lstm-missing", tolerance=1e-10)
def test_missing(check, rng):
    """Left: autograd over two steps, h_k moving with c_k; right: as printed."""
    W = weights(rng)
    xs, c = draw(rng, (2, D), H)
    o = sigmoid(rng.normal(size=H))
    P_k = np.diag(o * (1 - np.tanh(c) ** 2))
    (F1, K1, P1, Q1), (F2, K2, _, Q2) = walk(W, xs, o * np.tanh(c), c)
    A1, A2 = F1 + K1 @ P_k, F2 + K2 @ P1
    left = jacobian(moving(W, xs, o), torch.from_numpy(c))
    planted = {
        "the product alone (deck D2)": A2 @ A1,
        "Q of the later step": A2 @ A1 + K2 @ Q2 @ P_k,
        "h_k not moving": A2 @ A1 + K2 @ Q1,
    }
    check(left, A2 @ A1 + K2 @ Q1 @ P_k, planted=planted)


@pytest.mark.equation("eq-lstm-truncated", tolerance=1e-10)
def test_truncated(check, rng):
    """Left: the sum as printed; right: autograd with every h_{t-1} detached from the gates."""
    W = weights(rng)
    (x, h, c, dh), _, zeta = by_autograd(rng, W, detach=True)
    steps = forward(W, x, h, c)
    f, o = (np.array([step[k] for step in steps]) for k in (3, 5))
    tanh_c = np.tanh(np.array([step[6] for step in steps]))
    enters = dh * o * (1 - tanh_c**2)

    def total(f, shift=1):
        return np.array(
            [
                sum(f[k + shift : t + shift].prod(axis=0) * enters[t] for t in range(k, T))
                for k in range(T)
            ]
        )

    planted = {
        "f ≡ 1 with a forget gate": total(np.ones_like(f)),
        "product one step early": total(f, 0),
        "the full gradient": backward(W, x, h, c, dh)[1],
    }
    check(total(f), zeta, planted=planted)


@pytest.mark.equation("eq-lstm-resnet", tolerance=1e-10)
def test_resnet(check, rng):
    """Left: the product, factor by factor; right: the sum over all subsets of steps."""
    G = list(rng.normal(size=(T, H, H)))
    left = np.eye(H)
    for G_t in G:
        left = (np.eye(H) + G_t) @ left

    def total(sizes, latest_first=True):
        out = np.zeros((H, H))
        for m in sizes:
            for subset in combinations(range(T), m):
                part = np.eye(H)
                for t in subset[::-1] if latest_first else subset:
                    part = part @ G[t]
                out += part
        return out

    planted = {
        "without the empty choice": total(range(1, T + 1)),
        "single steps only": total(range(2)),
        "earliest first": total(range(T + 1), latest_first=False),
    }
    check(left, total(range(T + 1)), planted=planted)
