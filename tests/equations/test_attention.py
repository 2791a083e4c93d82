"""The equations of book/sequence-to-sequence/attention.md, each by an independent route."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import FlopCounterMode

from unrolled.datasets.text import START, pad
from unrolled.layers.attention import Additive, Dot, swap, weigh
from unrolled.models.seq2seq_attention import Attentive

N, T, S, H, D, A = 2, 3, 5, 8, 6, 7  # not H = 4, whose root is N
LENGTHS = np.array([5, 3])
MASK = np.arange(S) < LENGTHS[:, None]


def draw(rng, scale=1.0):
    """Q (N, T, H), K (N, S, H), M (N, S, D)."""
    return tuple(scale * rng.normal(size=s) for s in [(N, T, H), (N, S, H), (N, S, D)])


def softmax(e):
    e = np.exp(e - e.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def tensors(*arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def T_(X):
    """The transpose of each sequence's matrix."""
    return X.swapaxes(-1, -2)


@pytest.mark.equation("eq-attention-weights", tolerance=1e-12)
def test_weights(check, rng):
    """Left: the package, padding and all; right: sums over the true tokens of each sequence."""
    e = rng.normal(size=(N, T, S))

    def printed(lengths, score=e, over=None):
        alpha = np.zeros((N, T, S))
        for n, t in np.ndindex(N, T):
            true = range(lengths[n])
            total = sum(np.exp(score[n, t, i]) for i in (over or true))
            for j in true:
                alpha[n, t, j] = np.exp(score[n, t, j]) / total
        return alpha

    planted = {
        "padding too": printed([S, S]),
        "masked scores set to 0": printed([S, S], np.where(MASK[:, None], e, 0)),
        "masked after the softmax": printed(LENGTHS, over=range(S)),
    }
    check(weigh(e, MASK.T), printed(LENGTHS), planted=planted)


@pytest.mark.equation("eq-attention-context", tolerance=1e-12)
def test_context(check, rng):
    """Left: place by place; right: torch's attention."""
    Q, K, M = draw(rng)
    alpha = weigh(Q @ T_(K) / np.sqrt(H), MASK.T)

    def mean(alpha, M):
        C = np.zeros((N, T, D))
        for n, t, j in np.ndindex(N, T, S):
            C[n, t] += alpha[n, t, j] * M[n, j]
        return C

    right = scaled_dot_product_attention(
        *map(torch.tensor, (Q, K, M)), torch.tensor(MASK)[:, None].expand(-1, T, -1)
    )
    planted = {
        "the best place only": mean(1.0 * (alpha == alpha.max(axis=-1, keepdims=True)), M),
        "a sum, not a mean": mean(alpha * LENGTHS[:, None, None], M),
        "places backwards": mean(alpha, M[:, ::-1]),
    }
    check(mean(alpha, M), right, planted=planted)


@pytest.mark.equation("eq-attention-additive", tolerance=1e-12)
def test_additive(check, rng):
    """Left: scores as printed, and their softmax; right: scores by torch's layers, which read query
    and key as one, and the package's weights."""
    Q, K, M = draw(rng)
    layer = Additive(*(rng.normal(size=s) for s in [(H, A), (H, A), A]))
    _, tape = layer.forward(*map(swap, (Q, K, M)), MASK.T)

    def scores(f):
        e = np.zeros((N, T, S))
        for n, t, j in np.ndindex(e.shape):
            e[n, t, j] = f(Q[n, t], K[n, j])
        return e, softmax(np.where(MASK[:, None], e, -np.inf))

    W_q, W_k, w = layer.W_q, layer.W_k, layer.w
    W = torch.tensor(np.concatenate([W_q, W_k]).T)  # (A, 2H)

    def as_one(q, k):
        a = nn.functional.linear(torch.tensor(np.concatenate([q, k])), W)
        return torch.tanh(a) @ torch.tensor(w)

    planted = {
        "no tanh": scores(lambda q, k: (q @ W_q + k @ W_k) @ w),
        "a product inside": scores(lambda q, k: np.tanh((q @ W_q) * (k @ W_k)) @ w),
        "matrices exchanged": scores(lambda q, k: np.tanh(q @ W_k + k @ W_q) @ w),
        "tanh outside": scores(lambda q, k: np.tanh((q @ W_q + k @ W_k) @ w)),
        "two tanhs": scores(lambda q, k: (np.tanh(q @ W_q) + np.tanh(k @ W_k)) @ w),
    }
    left = scores(lambda q, k: np.tanh(q @ W_q + k @ W_k) @ w)
    check(left, (scores(as_one)[0], tape.alpha), planted=planted)


@pytest.mark.equation("eq-attention-dot", tolerance=1e-12)
def test_dot(check, rng):
    """Left: softmax of the scores entry by entry; right: torch's weights, read off by the memory
    that is the unit matrix."""
    Q, K, _ = draw(rng)
    e = np.einsum("nth,nsh->nts", Q, K)
    unit = torch.eye(S, dtype=torch.float64).expand(N, -1, -1)
    right = scaled_dot_product_attention(torch.tensor(Q), torch.tensor(K), unit)
    planted = {
        "without the root": softmax(e),
        "divided by H": softmax(e / H),
        "times the root": softmax(e * np.sqrt(H)),
        "the other sign": softmax(-e / np.sqrt(H)),
    }
    check(softmax(e / np.sqrt(H)), right, planted=planted)


@pytest.mark.equation("eq-attention-variance", tolerance=1e-10)
def test_variance(check, rng):
    """Left: mean and variance by enumeration, entries with two unequal values each; right: as
    printed."""
    H = 3

    def values():
        """Two values with their probabilities, of mean 0."""
        p, high = rng.uniform(0.2, 0.8), rng.uniform(0.5, 2)
        return [(high, p), (-high * p / (1 - p), 1 - p)]

    q, k = values(), values()
    first = second = 0.0
    for draws in product(q, q, q, k, k, k):
        x, p = np.array(draws).T
        value = x[:H] @ x[H:]
        first, second = first + p.prod() * value, second + p.prod() * value**2
    var_q, var_k = (sum(p * x**2 for x, p in entry) for entry in (q, k))
    planted = {
        "the root of H": np.sqrt(H) * var_q * var_k,
        "H²": H**2 * var_q * var_k,
        "deviations": H * np.sqrt(var_q * var_k),
        "a sum": H * (var_q + var_k),
    }
    assert abs(first) < 1e-12
    check(second - first**2, H * var_q * var_k, planted=planted)


def by_autograd(score, Q, K, M, dC, mask=MASK, wanted=None):
    """∂sum(dC · C)/∂ of each wanted tensor, scores by score(Q, K)."""
    Q, K, M = wanted_all = tensors(Q, K, M)
    e = score(Q, K).masked_fill(~torch.tensor(mask)[:, None], -torch.inf)
    alpha = e.softmax(dim=-1)
    value = (torch.tensor(dC) * (alpha @ M)).sum()
    parts = [alpha, e, *wanted_all, *(wanted or [])]
    grads = torch.autograd.grad(value, parts)
    names = ["alpha", "e", "Q", "K", "M", *map(str, range(len(wanted or [])))]
    return dict(zip(names, grads, strict=True)), alpha.detach().numpy()


def scaled(Q, K):
    return Q @ K.transpose(1, 2) / H**0.5


@pytest.mark.equation("eq-attention-back-mean", tolerance=1e-11)
def test_back_mean(check, rng):
    """Left: autograd; right: the two products."""
    Q, K, M = draw(rng)
    dC = rng.normal(size=(N, T, D))
    grads, alpha = by_autograd(scaled, Q, K, M, dC)
    planted = {
        "weights of the score's sign": (dC @ T_(M), T_(-alpha) @ dC),
        "all steps alike": (dC @ T_(M), T_(np.full_like(alpha, 1 / T)) @ dC),
        "memory backwards": (dC @ T_(M[:, ::-1]), T_(alpha) @ dC),
    }
    check((grads["alpha"], grads["M"]), (dC @ T_(M), T_(alpha) @ dC), planted=planted)


@pytest.mark.equation("eq-attention-softmax", tolerance=1e-11)
def test_softmax(check, rng):
    """Left: autograd, with padding; right: as printed. Padding gets exactly 0, rows sum to 0."""
    Q, K, M = draw(rng)
    dC = rng.normal(size=(N, T, D))
    grads, alpha = by_autograd(scaled, Q, K, M, dC)
    dalpha = dC @ T_(M)

    def printed(mean):
        return alpha * (dalpha - mean)

    de = printed((alpha * dalpha).sum(axis=-1, keepdims=True))
    assert not de[1, :, LENGTHS[1] :].any() and np.allclose(de.sum(axis=-1), 0)
    planted = {
        "only the diagonal of the Jacobian": alpha * (1 - alpha) * dalpha,
        "no mean": printed(0),
        "plain mean": printed(dalpha.mean(axis=-1, keepdims=True)),
    }
    check(grads["e"], de, planted=planted)


@pytest.mark.equation("eq-attention-back-dot", tolerance=1e-11)
def test_back_dot(check, rng):
    """Left: autograd from the contexts; right: as printed, entry by entry, from de."""
    Q, K, M = draw(rng)
    grads, _ = by_autograd(scaled, Q, K, M, rng.normal(size=(N, T, D)))
    de = grads["e"].numpy()

    def printed(root=H**0.5, de=de, keys=K, queries=Q):
        dQ, dK = np.zeros_like(Q), np.zeros_like(K)
        for n, t, j in np.ndindex(N, T, S):
            dQ[n, t] += de[n, t, j] * keys[n, j] / root
            dK[n, j] += de[n, t, j] * queries[n, t] / root
        return dQ, dK

    planted = {
        "without the root": printed(root=1),
        "divided by H": printed(root=H),
        "the sign": printed(root=-np.sqrt(H)),
        "de with its places backwards": printed(de=de[:, :, ::-1]),
        "queries one step late": printed(queries=np.roll(Q, 1, axis=1)),
        "keys one place late": printed(keys=np.roll(K, 1, axis=1)),
    }
    check((grads["Q"], grads["K"]), printed(), planted=planted)


@pytest.mark.equation("eq-attention-back-additive", tolerance=1e-11)
def test_back_additive(check, rng):
    """Left: autograd from the contexts; right: the sums as printed, one pair at a time."""
    Q, K, M = draw(rng)
    dC = rng.normal(size=(N, T, D))
    W_q, W_k, w = (rng.normal(size=s) for s in [(H, A), (H, A), A])
    theta = tensors(W_q, W_k, w)

    def score(Q, K):
        return torch.tanh((Q @ theta[0])[:, :, None] + (K @ theta[1])[:, None]) @ theta[2]

    grads, _ = by_autograd(score, Q, K, M, dC, wanted=theta)
    de = grads["e"].numpy()

    def printed(slope=lambda g: 1 - g**2, swap=False):
        dQ, dK, dW_q, dW_k, dw = map(np.zeros_like, (Q, K, W_q, W_k, w))
        for n, t, j in np.ndindex(N, T, S):
            g = np.tanh(Q[n, t] @ W_q + K[n, j] @ W_k)
            Gamma = de[n, t, j] * w * slope(g)
            dQ[n, t] += Gamma @ (W_k if swap else W_q).T
            dK[n, j] += Gamma @ (W_q if swap else W_k).T
            dW_q += np.outer(Q[n, t], Gamma)
            dW_k += np.outer(K[n, j], Gamma)
            dw += de[n, t, j] * g
        return dQ, dK, dW_q, dW_k, dw

    left = tuple(grads[k] for k in ("Q", "K", "0", "1", "2"))
    planted = {
        "no tanh'": printed(lambda g: 1),
        "1 - g": printed(lambda g: 1 - g),
        "matrices changed": printed(swap=True),
    }
    check(left, printed(), planted=planted)


@pytest.mark.equation("eq-attention-path", tolerance=1e-11)
def test_path(check, rng):
    """Left: autograd from one step's context to states that are keys and memory at once."""
    q, h, dc = (rng.normal(size=s) for s in [(1, H), (S, H), (1, H)])
    (states,) = tensors(h)
    alpha = (torch.tensor(q) @ states.T / H**0.5).softmax(dim=-1)
    (left,) = torch.autograd.grad((torch.tensor(dc) * (alpha @ states)).sum(), states)
    a = softmax(q @ h.T / np.sqrt(H))[0]
    c = a @ h

    def printed(through_memory=1, through_key=1, centre=c):
        rows = [
            a[j] * (through_memory * dc + through_key * (dc @ (h[j] - centre)) * q / np.sqrt(H))
            for j in range(S)
        ]
        return np.concatenate(rows)

    planted = {
        "memory only": printed(through_key=0),
        "key only": printed(through_memory=0),
        "not centred": printed(centre=0 * c),
    }
    check(left, printed(), planted=planted)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gru(layer, x, h):
    """One step by the GRU's equations, in NumPy: x (D,), h (H,) -> (H,)."""
    W_i, W_h, b_i, b_h = (p.detach().numpy() for p in layer.parameters())
    a, b = x @ W_i.T + b_i, h @ W_h.T + b_h
    (a_r, a_z, a_n), (b_r, b_z, b_n) = a.reshape(3, -1), b.reshape(3, -1)
    z = sigmoid(a_z + b_z)
    return (1 - z) * np.tanh(a_n + sigmoid(a_r + b_r) * b_n) + z * h


@pytest.mark.parametrize("score", ["dot", "additive"])
@pytest.mark.equation("eq-attention-decoder", tolerance=1e-10)
def test_decoder(check, rng, score):
    """Left: the model's probabilities of a padded batch; right: steps in NumPy, each alone."""
    H, V_x, V = 6, 9, 8
    model = Attentive(V_x, V, H, 4, score).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.tensor(rng.normal(size=p.shape)))
    W = {k: v.detach().numpy() for k, v in model.named_parameters()}
    source, lengths = pad([rng.integers(3, V_x, size=n) for n in (5, 2, 4)])
    inputs = rng.integers(3, V, size=(7, 3))
    inputs[0] = START

    def written(query_late=True, order=1, squash=np.tanh):
        y_hat = np.zeros((7, 3, V))
        for n, length in enumerate(lengths):
            h, states = np.zeros(H), []
            for x in source[:length, n]:
                h = gru(model.encoder, W["source_embedding.weight"][x], h)
                states.append(h)
            states = np.array(states)
            K = states @ W["key.weight"].T
            for t, y in enumerate(inputs[:, n]):
                before, h = h, gru(model.decoder, W["target_embedding.weight"][y], h)
                q = (h if query_late else before) @ W["query.weight"].T
                e = K @ q / np.sqrt(H) if score == "dot" else np.tanh(q + K) @ W["w.weight"][0]
                both = np.concatenate([h, softmax(e) @ states][::order])
                s_tilde = squash(both @ W["join.weight"].T + W["join.bias"])
                y_hat[t, n] = softmax(s_tilde @ W["output.weight"].T + W["output.bias"])
        return y_hat

    left = model(*map(torch.as_tensor, (source, lengths, inputs))).softmax(dim=-1)
    planted = {
        "asks with the state before": written(False),
        "context first": written(order=-1),
        "no tanh": written(squash=lambda a: a),
    }
    check(left, written(), planted=planted)


@pytest.mark.equation("eq-attention-cost", tolerance=1e-12)
def test_cost(check, rng):
    """Left: multiplications counted by torch while it runs; right: the formulas."""
    T, S, H, D, A = (int(n) for n in rng.choice(np.arange(3, 30), size=5, replace=False))
    Q, K, M = torch.ones(T, H), torch.ones(S, H), torch.ones(S, D)
    W_q, W_k, w = torch.ones(H, A), torch.ones(H, A), torch.ones(A, 1)
    counted = []
    for score in (
        lambda: Q @ K.T,
        lambda: (torch.tanh((Q @ W_q)[:, None] + K @ W_k).reshape(T * S, A) @ w).reshape(T, S),
    ):
        with FlopCounterMode(display=False) as counter:
            score().softmax(dim=-1) @ M
        counted.append(counter.get_total_flops() / 2)  # a product and a sum count as two
    dot, additive = T * S * (H + D), (T + S) * H * A + T * S * (A + D)
    planted = {
        "without the mean": np.array([T * S * H, (T + S) * H * A + T * S * A]),
        "keys made anew for each pair": np.array([dot, T * S * (2 * H * A + A + D)]),
        "a sum of lengths": np.array([(T + S) * (H + D), additive]),
    }
    check(np.array(counted), np.array([dot, additive]), planted=planted)


def self_attention(X, W_q, W_k, W_m, scale=None):
    Q, K, M = X @ W_q, X @ W_k, X @ W_m
    return softmax(Q @ K.T / np.sqrt(scale or W_q.shape[1])) @ M


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


@pytest.mark.equation("eq-attention-coverage", tolerance=1e-12)
def test_coverage(check, rng):
    """Left: place by place as printed; right: min(a, b) = (a + b - |a - b|) / 2 on all at once."""
    alpha = softmax(rng.normal(size=(T, S)))

    def printed(before=range, smaller=min):
        return sum(
            smaller(alpha[t, j], sum(alpha[i, j] for i in before(t))) for t, j in np.ndindex(T, S)
        )

    v = np.tril(np.ones((T, T)), -1) @ alpha
    right = ((alpha + v - abs(alpha - v)) / 2).sum()
    planted = {
        "this step counted": printed(lambda t: range(t + 1)),
        "the larger": printed(smaller=max),
        "the step before alone": printed(lambda t: range(max(t - 1, 0), t)),
        "the steps to come": printed(lambda t: range(t + 1, T)),
        "a product": printed(smaller=lambda a, v: a * v),
    }
    check(printed(), right, planted=planted)


@pytest.mark.equation("eq-attention-copy", tolerance=1e-12)
def test_copy(check, rng):
    """Left: the formula; right: the probabilities of all ways to come by a token, added up."""
    V, size = 4, 6
    y_hat, alpha = softmax(rng.normal(size=V)), softmax(rng.normal(size=S))
    p, source = rng.uniform(0.2, 0.8), [5, 1, 5, 4, 1]

    def printed(p, places):
        written = np.append(y_hat, np.zeros(size - V))
        return np.array([p * written[v] + (1 - p) * places(v) for v in range(size)])

    right = np.zeros(size)
    for gate, a in [("write", p), ("copy", 1 - p)]:
        ways = enumerate(y_hat) if gate == "write" else zip(source, alpha, strict=True)
        for token, b in ways:
            right[token] += a * b
    total = {v: sum(alpha[j] for j in range(S) if source[j] == v) for v in range(size)}
    last = dict(zip(source, alpha, strict=True))
    planted = {
        "one place for each token": printed(p, lambda v: last.get(v, 0.0)),
        "the gate turned round": printed(1 - p, total.get),
        "no copying": printed(p, lambda v: 0.0),
    }
    check(printed(p, total.get), right, planted=planted)
