"""The equations of book/sequence-to-sequence/teacher-forcing.md, each by an independent route."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from unrolled.models.fed_back import own, teacher

T, N, D, H, V = 5, 2, 3, 6, 4


def distribution(rng, *shape):
    P = rng.random(shape) + 0.05
    return P / P.sum()


def softmax(u):
    e = np.exp(u - u.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def conditional(P, prefix):
    """P(·|y_<t) of a joint distribution over V^T sequences."""
    rest = P[prefix].reshape(P.shape[0], -1).sum(axis=-1)
    return rest / rest.sum()


@pytest.mark.equation("eq-forcing-likelihood", tolerance=1e-12)
def test_likelihood(check, rng):
    """Left: -log Q of every whole sequence, weighted by P; right: the sum over all prefixes."""
    steps, symbols = 3, 4
    P, Q = (distribution(rng, *[symbols] * steps) for _ in range(2))
    left = -(P * np.log(Q)).sum()

    def summed(weights=P, swapped=False, entropy=True):
        total = 0.0
        for t in range(steps):
            for prefix in itertools.product(range(symbols), repeat=t):
                p, q = conditional(P, prefix), conditional(Q, prefix)
                a, b = (q, p) if swapped else (p, q)
                term = (a * np.log(a / b)).sum() - entropy * (p * np.log(p)).sum()
                total += weights[prefix].sum() * term
        return total

    planted = {
        "prefixes written by the model, as in free running": summed(weights=Q),
        "divergence the other way round": summed(swapped=True),
        "entropy forgotten": summed(entropy=False),
    }
    check(left, summed(), planted=planted)


class Net:
    """The plain cell with its output fed back, all weights float64."""

    def __init__(self, rng, recurrent=True):
        shapes = {"xh": (D, H), "hh": (H, H), "fh": (V, H), "bh": (H,), "hy": (H, V), "by": (V,)}
        self.W = {name: torch.tensor(rng.normal(size=s)) / 2 for name, s in shapes.items()}
        if not recurrent:
            self.W["hh"] = torch.zeros(H, H, dtype=torch.float64)
        self.x = torch.tensor(rng.normal(size=(T, N, D)))
        self.y = torch.tensor(rng.integers(V, size=(T, N)))
        self.f = torch.eye(V, dtype=torch.float64)[self.y]

    def step(self, x, h, f):
        W = self.W
        return torch.tanh(x @ W["xh"] + h @ W["hh"] + f @ W["fh"] + W["bh"])

    def output(self, h):
        return h @ self.W["hy"] + self.W["by"]


@pytest.mark.equation("eq-forcing-network", tolerance=1e-12)
def test_network(check, rng):
    """Left: torch's cell, which reads x and f side by side, and torch's softmax; right: printed."""
    net = Net(rng)
    x, h, f = net.x[0], torch.tensor(rng.normal(size=(N, H))), net.f[0]
    W = net.W
    cell = torch.nn.RNNCell(D + V, H, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.cat([W["xh"], W["fh"]]).T)
        cell.weight_hh.copy_(W["hh"].T)
        cell.bias_ih.copy_(W["bh"])
        cell.bias_hh.zero_()
        new = cell(torch.cat([x, f], dim=1), h)
        left = (new, torch.nn.functional.linear(new, W["hy"].T, W["by"]).softmax(dim=-1))
    x, h, f = x.numpy(), h.numpy(), f.numpy()
    W = {name: value.numpy() for name, value in W.items()}

    def printed(hh=W["hh"], f=f):
        new = np.tanh(x @ W["xh"] + h @ hh + f @ W["fh"] + W["bh"])
        return new, softmax(new @ W["hy"] + W["by"])

    planted = {
        "W_hh transposed": printed(hh=W["hh"].T),
        "no token fed back": printed(f=0 * f),
        "the token one row late": printed(f=np.roll(f, 1, axis=1)),
    }
    check(left, printed(), planted=planted)


@pytest.mark.equation("eq-forcing-jacobian", tolerance=1e-10)
def test_jacobian(check, rng):
    """Left: autograd through cell, softmax and feedback, one sequence; right: as printed."""
    net = Net(rng)
    h = torch.tensor(rng.normal(size=H))

    def step(h):
        return net.step(net.x[1, 0], h, net.output(h).softmax(dim=-1))

    left = torch.autograd.functional.jacobian(step, h)
    W = {name: value.numpy() for name, value in net.W.items()}
    slope = np.diag(1 - step(h).numpy() ** 2)
    y_hat = softmax(h.numpy() @ W["hy"] + W["by"])
    Sigma = np.diag(y_hat) - np.outer(y_hat, y_hat)
    right = slope @ (W["hh"].T + W["fh"].T @ Sigma @ W["hy"].T)
    planted = {
        "no hidden recurrence (deck D2)": slope @ (W["fh"].T @ Sigma @ W["hy"].T),
        "teacher forcing": slope @ W["hh"].T,
        "softmax's own diagonal only": slope @ (W["hh"].T + W["fh"].T * y_hat @ W["hy"].T),
        "zero, as if forcing cut all (deck D2)": 0 * right,
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-forcing-separate", tolerance=1e-12)
def test_separate(check, rng):
    """Left: autograd through the whole forced network; right: one-step terms, derived by hand.

    For W_fh as printed, and for W_xh with x_t in the place of f_{t-1}, as the text says.
    """

    def through_time(net):
        leaves = [net.W[name].clone().requires_grad_() for name in ("fh", "xh")]
        net.W["fh"], net.W["xh"] = leaves
        h, f, L = torch.zeros(N, H, dtype=torch.float64), torch.zeros_like(net.f[0]), 0
        for t in range(T):
            h = net.step(net.x[t], h, f)
            L = L + cross_entropy(net.output(h), net.y[t], reduction="sum")
            f = net.f[t]
        grads = torch.autograd.grad(L, leaves)
        net.W["fh"], net.W["xh"] = (leaf.detach() for leaf in leaves)
        return tuple(g.numpy() for g in grads)

    def separate(net, slope=True, late=0, sign=1, steps=T):
        W = {name: value.numpy() for name, value in net.W.items()}
        x = net.x.numpy()
        f = np.concatenate([np.zeros((1, N, V)), net.f.numpy()])  # f[t] is f_t, f_0 = 0
        by_f, by_x, h = 0, 0, np.zeros((N, H))
        for t in range(1, steps + 1):
            h = np.tanh(x[t - 1] @ W["xh"] + h @ W["hh"] + f[t - 1] @ W["fh"] + W["bh"])
            dh = (softmax(h @ W["hy"] + W["by"]) - net.f[t - 1].numpy()) @ W["hy"].T
            Delta = sign * dh * (1 - h**2) if slope else dh
            by_f = by_f + f[t - 1 + late].T @ Delta
            by_x = by_x + x[t - 1 - late].T @ Delta
        return by_f, by_x

    jordan = Net(rng, recurrent=False)
    elman = Net(rng)
    with_memory, alone = through_time(elman), separate(elman)
    for a, b in zip(with_memory, alone, strict=True):
        assert np.abs(a - b).max() > 0.05 * np.abs(a).max()  # BPTT needed
    planted = {
        "slope forgotten": separate(jordan, slope=False),
        "the target of this step": separate(jordan, late=1),
        "the sign": separate(jordan, sign=-1),
        "the last step forgotten": separate(jordan, steps=T - 1),
    }
    check(through_time(jordan), separate(jordan), planted=planted)


def sampled(P, Q_a, epsilon, draws, rng):
    """Pairs (what is read, what is to be written), counted."""
    A, B = P.shape
    a, b = np.divmod(rng.choice(A * B, size=draws, p=P.ravel()), B)
    own = rng.choice(A, size=draws, p=Q_a)
    read = np.where(rng.random(draws) < epsilon, a, own)
    return np.bincount(read * B + b, minlength=A * B).reshape(A, B) / draws


@pytest.mark.equation("eq-forcing-read", tolerance=1e-2)
def test_read(check, rng):
    """Left: four million simulated steps, counted; right: the mixture as printed."""
    P = distribution(rng, 2, 3) + np.array([[0.5, 0, 0], [0, 0, 0.5]])
    P, Q_a, epsilon = P / P.sum(), np.array([0.1, 0.9]), 0.4
    left = sampled(P, Q_a, epsilon, 4_000_000, rng)

    def mixture(epsilon, Q_a):
        return epsilon * P + (1 - epsilon) * np.outer(Q_a, P.sum(axis=0))

    planted = {
        "ε and 1 - ε exchanged": mixture(1 - epsilon, Q_a),
        "draws from the data": mixture(epsilon, P.sum(axis=1)),
        "the draw keeps the truth's continuation": P,
    }
    check(left, mixture(epsilon, Q_a), planted=planted)


@pytest.mark.equation("eq-forcing-optimum", tolerance=1e-6)
def test_optimum(check, rng):
    """Left: the expected loss by enumerating truth, coin and draw, minimised; right: printed."""
    A, B, epsilon = 3, 4, rng.uniform(0.25, 0.4)
    P = distribution(rng, A, B)
    u_a = torch.zeros(A, dtype=torch.float64, requires_grad=True)
    u_b = torch.zeros(A, B, dtype=torch.float64, requires_grad=True)

    def expected_loss():
        log_a, log_b = u_a.log_softmax(dim=-1), u_b.log_softmax(dim=-1)
        draw = log_a.exp().detach()  # no gradient through the draws
        loss = 0.0
        for a, b in itertools.product(range(A), range(B)):
            second = epsilon * log_b[a, b]
            for other in range(A):
                second = second + (1 - epsilon) * draw[other] * log_b[other, b]
            loss = loss - P[a, b] * (log_a[a] + second)
        return loss

    for leaves in ([u_a], [u_b]):  # the first step does not depend on the second
        optimizer = torch.optim.LBFGS(
            leaves, max_iter=300, tolerance_grad=1e-12, tolerance_change=0,
            line_search_fn="strong_wolfe",
        )  # fmt: skip

        def closure(leaves=leaves, optimizer=optimizer):
            optimizer.zero_grad()
            value = expected_loss()
            for leaf, g in zip(leaves, torch.autograd.grad(value, leaves), strict=True):
                leaf.grad = g
            return value

        optimizer.step(closure)
    left = u_b.detach().softmax(dim=-1)
    P_a, P_b = P.sum(axis=1, keepdims=True), P.sum(axis=0)
    planted = {
        "the data's distribution": P / P_a,
        "the product of marginals": np.tile(P_b, (A, 1)),
        "ε and 1 - ε exchanged": (1 - epsilon) * P / P_a + epsilon * P_b,
    }
    check(left, epsilon * P / P_a + (1 - epsilon) * P_b, planted=planted)


@pytest.mark.equation("eq-forcing-errors", tolerance=1e-12)
def test_errors(check, rng):
    """Left: powers of the transition matrix of the two-state chain; right: the closed form."""
    epsilon, r = rng.uniform(0.02, 0.2), rng.uniform(0.05, 0.6)
    M = np.array([[1 - epsilon, epsilon], [r, 1 - r]])  # rows: from right, from wrong
    t = np.arange(1, 12)
    left = np.array([np.linalg.matrix_power(M, n)[0, 1] for n in t])

    def closed(shrink=1 - epsilon - r, limit=epsilon / (epsilon + r)):
        return limit * (1 - shrink**t)

    planted = {
        "no recovery": 1 - (1 - epsilon) ** t,
        "shrinks by 1 - r": closed(shrink=1 - r),
        "limit ε/r": closed(limit=epsilon / r),
        "counted from the first step": np.r_[0, closed()[:-1]],
    }
    check(left, closed(), planted=planted)


def gru_step(W, x, h):
    """The GRU in torch's form; weights (D, 3H), (H, 3H) and two biases, stacked r, z, n."""
    a, b = np.split(x @ W["x"] + W["bx"], 3, axis=-1), np.split(h @ W["h"] + W["bh"], 3, axis=-1)
    r, z = (1 / (1 + np.exp(-(a[k] + b[k]))) for k in (0, 1))
    return (1 - z) * np.tanh(a[2] + r * b[2]) + z * h


def gru_weights(rng):
    shapes = {"x": (V + D, 3 * H), "bx": (3 * H,), "h": (H, 3 * H), "bh": (3 * H,)}
    shapes |= {"hy": (H, V), "by": (V,)}
    return {name: rng.normal(size=s) for name, s in shapes.items()}


def log_probabilities(W, fed, x, h):
    """As printed, one step after the other: log of what softmax gives, (T, N, V)."""
    rows = []
    for f, x_t in zip(fed, x, strict=True):
        h = gru_step(W, np.concatenate([np.eye(V)[f], x_t], axis=-1), h)
        rows.append(np.log(softmax(h @ W["hy"] + W["by"])))
    return np.stack(rows)


@pytest.mark.equation("eq-forcing-step", tolerance=1e-10)
def test_step(check, rng):
    """Left: torch's GRU over all steps at once; right: as printed, step by step."""
    W = gru_weights(rng)
    x, h_0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H))
    fed = rng.integers(V, size=(T, N))
    gru = torch.nn.GRU(V + D, H, dtype=torch.float64)
    rows = torch.tensor(np.concatenate([np.eye(V)[fed], x], axis=-1))
    with torch.no_grad():
        for mine, name in {"x": "weight_ih", "h": "weight_hh"}.items():
            getattr(gru, f"{name}_l0").copy_(torch.tensor(W[mine].T))
            getattr(gru, f"{name.replace('weight', 'bias')}_l0").copy_(torch.tensor(W["b" + mine]))
        h = gru(rows, torch.tensor(h_0)[None])[0]
        left = torch.nn.functional.linear(h, torch.tensor(W["hy"]).T, torch.tensor(W["by"]))
        left = left.softmax(dim=-1).numpy()

    def printed(fed=fed, x=x, h_0=h_0, W=W):
        return np.exp(log_probabilities(W, fed, x, h_0))

    planted = {
        "the token one step late": printed(fed=np.roll(fed, 1, axis=0)),
        "no state to begin with": printed(h_0=0 * h_0),
        "no input": printed(x=0 * x),
        "W_hy without b_y": printed(W=W | {"by": 0 * W["by"]}),
    }
    check(left, printed(), planted=planted)


@pytest.mark.equation("eq-forcing-feed", tolerance=1e-12)
def test_feed(check, rng):
    """Left: what the package's `teacher` and `own` feed; right: as printed, token by token."""
    u = rng.normal(size=(T, 1, N, V))
    y = rng.integers(V - 1, size=(T, 1, N))
    start = np.full((1, 1, N), V - 1)
    inputs = torch.tensor(np.concatenate([start, y[:-1]]))
    scores = [None, *torch.tensor(u[:-1])]
    left = np.stack([
        [feed(inputs)(t, scores[t]).numpy() for t in range(T)] for feed in (teacher, own)
    ])  # fmt: skip

    def printed(late=1, choose=np.argmax, first=V - 1):
        fed = np.full((2, T, 1, N), first)
        for t in range(2, T + 1):  # steps from 1
            for n in range(N):
                fed[0, t - 1, 0, n] = y[t - 1 - late, 0, n]
                y_hat = softmax(u[t - 1 - late, 0, n])
                fed[1, t - 1, 0, n] = choose(y_hat)
        return fed

    planted = {
        "the token of the same step": printed(late=0),
        "the unlikeliest token": printed(choose=np.argmin),
        "no START": printed(first=0),
    }
    check(left, printed(), planted=planted)


@pytest.mark.equation("eq-forcing-loss", tolerance=1e-10)
def test_loss(check, rng):
    """Left: minus the log of the answer's share when all answers are written by drawing.

    For each step the network is run anew on the true beginning, and a tree of all V^T answers is
    filled with their probabilities. Right: the sum as printed, from one run fed the truth.
    """
    W, T = gru_weights(rng), 3
    x, h_0 = rng.normal(size=(T, 1, D)), rng.normal(size=(1, H))
    y, START = rng.integers(V - 1, size=T), V - 1
    tree = np.zeros((V,) * T)
    for w in itertools.product(range(V), repeat=T):
        P = 1.0
        for t in range(T):
            beginning = np.array([START, *w[:t]])[:, None]
            log_p = log_probabilities(W, beginning, x[: t + 1], h_0)[-1, 0]
            P *= np.exp(log_p[w[t]])
        tree[w] = P
    assert tree.sum() == pytest.approx(1)
    left = -np.log(tree[tuple(y)])

    def printed(fed, mean=False, base=np.e):
        log_p = log_probabilities(W, np.array(fed)[:, None], x, h_0)[:, 0]
        losses = -log_p[np.arange(T), y] / np.log(base)
        return losses.mean() if mean else losses.sum()

    wrong = (y + 1) % (V - 1)
    planted = {
        "the target of the same step is fed": printed(y),
        "a false beginning is fed": printed([START, *wrong[:-1]]),
        "the mean": printed([START, *y[:-1]], mean=True),
        "logarithm to base 2": printed([START, *y[:-1]], base=2),
    }
    check(left, printed([START, *y[:-1]]), planted=planted)


def wrong_shares(epsilon, r, steps):
    """The share of wrong answers at each step, over all 2^steps patterns of right and wrong."""
    shares = np.zeros(steps)
    for pattern in itertools.product((0, 1), repeat=steps):  # 1: wrong
        P = 1.0
        for before, now in zip((0, *pattern), pattern, strict=False):
            p_wrong = 1 - r if before else epsilon
            P *= p_wrong if now else 1 - p_wrong
        shares += P * np.array(pattern)
    return shares


@pytest.mark.equation("eq-forcing-recursion", tolerance=1e-12)
def test_recursion(check, rng):
    """Left: all patterns of right and wrong, enumerated; right: the recursion as printed."""
    epsilon, r, steps = rng.uniform(0.05, 0.3), rng.uniform(0.1, 0.6), 9

    def printed(stay=1 - r, new=epsilon, of_right=True):
        e = [0.0]
        for _ in range(steps):
            e.append(stay * e[-1] + new * (1 - e[-1] if of_right else 1))
        return np.array(e[1:])

    planted = {
        "r for 1 - r": printed(stay=r),
        "ε of all, and not of the right ones": printed(of_right=False),
        "no way back": printed(stay=1),
        "1 - ε for ε": printed(new=1 - epsilon),
    }
    check(wrong_shares(epsilon, r, steps), printed(), planted=planted)


@pytest.mark.equation("eq-forcing-wrong", tolerance=1e-12)
def test_wrong(check, rng):
    """Left: the number of wrong answers over all patterns; right: the two forms as printed."""
    epsilon, steps = rng.uniform(0.05, 0.3), 8
    left = np.array([wrong_shares(epsilon, r, steps).sum() for r in (1 - epsilon, 0.0)])
    t = np.arange(1, steps + 1)

    def printed(rate=epsilon, t=t):
        return np.array([rate * steps, (1 - (1 - rate) ** t).sum()])

    planted = {
        "1 - ε for ε": printed(rate=1 - epsilon),
        "steps counted from 0": printed(t=t - 1),
        "the product of all steps": np.array(
            [epsilon * steps, steps * (1 - (1 - epsilon) ** steps)]
        ),
        "the square where ε T is not small": np.array([epsilon * steps, epsilon * steps**2 / 2]),
    }
    check(left, printed(), planted=planted)
    for small, length in ((1e-6, 1000), (1e-5, 500)):  # the approximation, where ε T is small
        exact = (1 - (1 - small) ** np.arange(1, length + 1)).sum()
        assert exact == pytest.approx(small * length**2 / 2, rel=5e-3)
