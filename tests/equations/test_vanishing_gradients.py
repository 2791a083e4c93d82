"""The equations of book/training/vanishing-gradients.md, each against an independent route."""

import math

import numpy as np
import pytest
import torch

from unrolled.layers import optimize

T, N, D, H = 6, 3, 4, 5


def size(W):
    """The largest factor by which W stretches a vector: power iteration on WᵀW, no SVD."""
    v = np.linspace(1, 2, W.shape[1])  # any start that is not at a right angle to the answer
    for _ in range(5000):
        v = W.T @ (W @ v)
        v /= np.linalg.norm(v)
    return np.linalg.norm(W @ v)


def radius(W):
    return np.abs(np.linalg.eigvals(W)).max()


def excess(least, most):
    """By how much the inequality least ≤ most is broken, in all; zero where it holds."""
    least, most = np.asarray(least), np.asarray(most)
    return np.maximum(least - most * (1 + 1e-9), 0).sum()


def derivative(f, theta, along, step=1e-6):
    """Central difference of the number f at theta along a direction."""
    return (f(theta + step * along) - f(theta - step * along)) / (2 * step)


@pytest.mark.equation("eq-vanishing-linear", tolerance=1e-12)
def test_linear(check, rng):
    """Left: autograd through a linear network with a loss at step T; right: the power."""
    W, g, k = torch.tensor(rng.normal(size=(H, H))), rng.normal(size=(N, H)), 2
    h_k = torch.tensor(rng.normal(size=(N, H)), requires_grad=True)
    h = h_k
    for _ in range(T - k):
        h = h @ W + torch.tensor(rng.normal(size=(N, H)))
    (left,) = torch.autograd.grad((h * torch.tensor(g)).sum(), h_k)
    power, W = np.linalg.matrix_power, W.numpy()
    planted = {
        "not transposed": g @ power(W, T - k),
        "one factor too many (deck D0)": g @ power(W.T, T - k + 1),
        "one factor too few": g @ power(W.T, T - k - 1),
        "T factors": g @ power(W.T, T),
    }
    check(left, g @ power(W.T, T - k), planted=planted)


@pytest.mark.equation("eq-vanishing-bounds", tolerance=1e-9)
def test_bounds(check, rng):
    """Left: no violation; right: violations, norms by power iteration, ρ by eigenvalues."""
    matrices = [rng.normal(size=(H, H)) / 2, np.array([[0.9, 10.0], [0.0, 0.9]]), -1.5 * np.eye(2)]
    n = np.arange(1, 9)
    norms = [np.array([size(np.linalg.matrix_power(W, i)) for i in n]) for W in matrices]
    low = [radius(W) ** n for W in matrices]
    high = [size(W) ** n for W in matrices]
    pairs = list(zip(matrices, norms, strict=True))
    planted = {
        "ρ as upper bound (deck D0)": sum(excess(m, b) for m, b in zip(norms, low, strict=True)),
        "norm as lower bound (deck D3)": sum(
            excess(b, m) for m, b in zip(norms, high, strict=True)
        ),
        "largest entry for the norm": sum(excess(m, np.abs(W).max() ** n) for W, m in pairs),
    }
    right = sum(
        excess(a, m) + excess(m, b) for a, m, b in zip(low, norms, high, strict=True)
    )  # both sides, all three matrices
    # for a normal matrix both are equalities: the bounds cannot be improved
    Q, _ = np.linalg.qr(rng.normal(size=(H, H)))
    normal = Q @ np.diag([0.9, -1.1, 0.3, 0.5, -0.2]) @ Q.T
    equal = np.array([size(np.linalg.matrix_power(normal, i)) for i in n])
    wrong = {name: (value, equal) for name, value in planted.items()}
    wrong["signed largest eigenvalue (deck D0)"] = (0.0, 0.9**n)
    check((0.0, equal), (right, radius(normal) ** n), planted=wrong)


@pytest.mark.equation("eq-vanishing-diagonal", tolerance=1e-9)
def test_diagonal(check, rng):
    """Left: W multiplied n times; right: by eigenvectors, complex ones included."""
    W, n = rng.normal(size=(H, H)), 7
    W[:2, :2] = 3 * np.array([[0.6, -0.8], [0.8, 0.6]])  # a plane that turns
    W[2:, :2] = 0
    eigenvalues, E = np.linalg.eig(W)
    assert np.iscomplex(eigenvalues).any()
    power = np.eye(H)
    for _ in range(n):
        power = power @ W

    def rebuilt(back, n):
        return E @ np.diag(eigenvalues**n) @ back

    def both(back):
        return rebuilt(back, 1), rebuilt(back, n)

    inverse = np.linalg.inv(E)
    planted = {
        "E transposed for the inverse (deck D0)": both(E.T),
        "conjugate transpose": both(E.conj().T),
        "n - 1": (rebuilt(inverse, 1), rebuilt(inverse, n - 1)),
    }
    check((W + 0j, power + 0j), both(inverse), planted=planted)


@pytest.mark.equation("eq-vanishing-shear", tolerance=1e-12)
def test_shear(check, rng):
    """Left: the product of n factors; right: the closed form."""
    n = int(rng.integers(2, 60))
    W = np.array([[0.9, 10.0], [0.0, 0.9]])
    left = np.eye(2)
    for _ in range(n):
        left = left @ W
    right = 0.9**n * np.array([[1, 10 * n / 0.9], [0, 1]])
    planted = {
        "10 n in the corner": 0.9**n * np.array([[1, 10 * n], [0, 1]]),
        "n - 1 for n": 0.9**n * np.array([[1, 10 * (n - 1) / 0.9], [0, 1]]),
        "the corner below": right.T,
        "entry by entry": np.array([[0.9**n, 10.0**n], [0, 0.9**n]]),
    }
    check(left, right, planted=planted)


def schur_bound(n, rho, R, terms):
    """The printed sum, with a choice of how many terms."""
    j = np.arange(min(n, terms) + 1)
    return sum(math.comb(n, i) * rho ** (n - i) * R**i for i in j)


@pytest.mark.equation("eq-vanishing-schur", tolerance=1e-9)
def test_schur(check, rng):
    """Left: no violation, and a case of equality; right: norms of powers against the sum."""
    norms, rights, cut, no_choice = [], [], [], []
    for _ in range(20):
        Lambda = np.diag(rng.uniform(-0.9, 0.9, size=H))
        R = np.triu(rng.exponential(size=(H, H)), k=1) * rng.choice([0.1, 3.0])
        Q, _ = np.linalg.qr(rng.normal(size=(H, H)))
        W, rho, r = Q @ (Lambda + R) @ Q.T, np.abs(Lambda).max(), size(R)
        for n in (1, 3, 8, 20):
            norms.append(np.linalg.norm(np.linalg.matrix_power(W, n), 2))
            rights.append(schur_bound(n, rho, r, H - 1))
            cut.append(schur_bound(n, rho, r, 1))
            no_choice.append(sum(rho ** (n - j) * r**j for j in range(min(n, H - 1) + 1)))
    # equality: ρ = 0 and R a shift, whose (H-1)-th power is one entry, and the H-th is zero
    shift = 3.0 * np.eye(H, k=1)
    n = np.arange(1, H + 2)
    left = [size(np.linalg.matrix_power(shift, i)) if i < H else 0.0 for i in n]

    def right(terms):
        return [schur_bound(int(i), 0.0, 3.0, terms) for i in n]

    planted = {
        "two terms": (excess(norms, cut), right(1)),
        "binomials forgotten": (excess(norms, no_choice), right(H - 1)),
        "one term too many": (0.0, right(H)),
    }
    check((0.0, left), (excess(norms, rights), right(H - 1)), planted=planted)


@pytest.mark.equation("eq-vanishing-slopes", tolerance=1e-9)
def test_slopes(check, rng):
    """Left: central differences and the largest slope on a grid; right: as printed."""
    a, h = rng.normal(size=9) * 2, 1e-5
    grid = np.linspace(-8, 8, 16001)

    def sigma(a):
        return 1 / (1 + np.exp(-a))

    def slope(f, a):
        return (f(a + h) - f(a - h)) / (2 * h)

    def largest(f):
        return slope(f, grid).max(), grid[slope(f, grid).argmax()]

    left = (slope(np.tanh, a), slope(sigma, a), *largest(np.tanh), *largest(sigma))
    tanh, logistic = 1 - np.tanh(a) ** 2, sigma(a) * (1 - sigma(a))
    planted = {
        "tanh' with σ's form": (np.tanh(a) * (1 - np.tanh(a)), logistic, 1.0, 0.0, 0.25, 0.0),
        "both at most 1": (tanh, logistic, 1.0, 0.0, 1.0, 0.0),
        "tanh' smallest at 0 (deck D4)": (tanh, logistic, 0.0, 0.0, 0.25, 0.0),
    }
    check(round_place(left), (tanh, logistic, 1.0, 0.0, 0.25, 0.0), planted=planted)


def round_place(values):
    """The place of a maximum is known to the grid's step only."""
    return (*values[:3], np.round(values[3], 2) + 0.0, values[4], np.round(values[5], 2) + 0.0)


def tanh_jacobians(rng, W, scale=1.0):
    """States of a tanh network, ∂h_T/∂h_0 by autograd, and the largest slopes."""
    x = torch.tensor(scale * rng.normal(size=(T, H)))
    states = []

    def run(h):
        states.clear()
        for x_t in x:
            h = torch.tanh(x_t + h @ torch.tensor(W))
            states.append(h)
        return h

    h_0 = torch.tensor(0.1 * rng.normal(size=H))
    J = torch.autograd.functional.jacobian(run, h_0).numpy()
    slopes = [1 - s.detach().numpy() ** 2 for s in states]
    return J, slopes


def one_unit(inputs, w, t, k):
    """∂h_t/∂h_k of h_i = tanh(x_i + w h_{i-1}) by autograd, and the states h_0 … h_T."""
    h = [torch.tensor(0.3, dtype=torch.float64, requires_grad=True)]
    for x_i in inputs:
        h.append(torch.tanh(float(x_i) + w * h[-1]))
    (derivative,) = torch.autograd.grad(h[t], h[k])
    return abs(derivative.item()), np.array([h_i.item() for h_i in h])


@pytest.mark.equation("eq-vanishing-product", tolerance=1e-9)
def test_product(check, rng):
    """Left: ‖∂h_T/∂h_0‖ by autograd, never above the product, which it equals with one unit, also
    between two steps on the way; right: the Jacobians multiplied, slopes and weights multiplied."""
    lefts, rights, eigen, last, norms, products, reversed_ = [], [], [], [], [], [], []
    for _ in range(20):
        W = np.triu(rng.normal(size=(H, H)), k=1) * 2 + 0.3 * np.eye(H)  # far from normal
        J, slopes = tanh_jacobians(rng, W, scale=rng.choice([0.01, 1.0]))
        mu = [s.max() for s in slopes]
        lefts.append(size(J))
        rights.append(np.prod(mu) * size(W) ** T)
        eigen.append(np.prod(mu) * radius(W) ** T)
        last.append(np.prod([s.min() for s in slopes]) * size(W) ** T)
        steps = [np.diag(s) @ W.T for s in slopes]  # J_1 … J_T
        norms.append(np.linalg.norm(J, 2))
        products.append(np.linalg.norm(np.linalg.multi_dot(steps[::-1]), 2))
        reversed_.append(np.linalg.norm(np.linalg.multi_dot(steps), 2))
    inputs, w, t, k = rng.normal(size=T), rng.uniform(1.3, 2), T - 1, 2
    left, h = one_unit(inputs, w, t, k)
    slopes, steps = 1 - h**2, range(k + 1, t + 1)

    def equality(factor=lambda i: slopes[i] * w, steps=steps):
        return np.prod([factor(i) for i in steps])

    broken, norms, products = excess(lefts, rights), np.array(norms), np.array(products)
    exact = equality()
    planted = {
        "ρ for the norm (deck D0)": (excess(lefts, eigen), norms, exact),
        "smallest slope": (excess(lefts, last), norms, exact),
        "J_{k+1} … J_t": (broken, np.array(reversed_), exact),
        "weights forgotten (deck D3: tanh' < 1)": (0.0, norms, equality(lambda i: slopes[i])),
        "slopes forgotten": (0.0, norms, equality(lambda i: w)),
        "1 - h⁴": (0.0, norms, equality(lambda i: (1 - h[i] ** 4) * w)),
        "slopes of the step before": (0.0, norms, equality(lambda i: slopes[i - 1] * w)),
        "from i = k": (0.0, norms, equality(steps=range(k, t + 1))),
        "to i = t - 1": (0.0, norms, equality(steps=range(k + 1, t))),
    }
    check((0.0, norms, left), (broken, products, exact), planted=planted)


def psi_roots(w, m):
    """ξ₋ and ξ₊, by bisection on either side of the maximum."""
    top, ends = np.sqrt(1 - 1 / w), []
    for outside in (0.0, 1 - 1e-16):
        inside = top
        for _ in range(200):
            middle = (inside + outside) / 2
            if w * middle - np.arctanh(middle) > m:
                inside = middle
            else:
                outside = middle
        ends.append(inside)
    return ends


def noise_limit(w):
    return np.sqrt(w * (w - 1)) - np.arctanh(np.sqrt(1 - 1 / w))


@pytest.mark.equation("eq-vanishing-latch", tolerance=1e-9)
def test_latch(check, rng):
    """Left: torch.nn.RNN with one unit, noise as its input; right: the formula, step by step."""
    w, epsilon = rng.uniform(1.15, 1.35), rng.uniform(-0.07, 0.07, size=30)
    rnn = torch.nn.RNN(1, 1, bias=False).double()
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(1.0)
        rnn.weight_hh_l0.fill_(w)
        left = rnn(torch.tensor(epsilon)[:, None, None], torch.ones(1, 1, 1).double())[0].flatten()

    def run(f):
        h, states = 1.0, []
        for e in epsilon:
            h = f(h, e)
            states.append(h)
        return states

    planted = {
        "noise outside": run(lambda h, e: np.tanh(w * h) + e),
        "noise amplified": run(lambda h, e: np.tanh(w * (h + e))),
        "weight forgotten": run(lambda h, e: np.tanh(h + e)),
        "no tanh": run(lambda h, e: w * h + e),
        "noise alone": run(lambda h, e: np.tanh(w + e)),
    }
    check(left, run(lambda h, e: np.tanh(w * h + e)), planted=planted)


@pytest.mark.equation("eq-vanishing-noise", tolerance=1e-6)
def test_noise(check, rng):
    """Left: the largest constant noise a simulated latch survives; right: the formula."""
    w = np.array([1.25, 2.0, 1.1 + 2 * rng.random()])
    low, high = np.zeros(3), 2 * w
    for _ in range(40):
        m = (low + high) / 2
        h = np.ones(3)
        for _ in range(8000):
            h = np.tanh(w * h - m)
        low, high = np.where(h > 0, m, low), np.where(h > 0, high, m)
    planted = {
        "w - 1": w - 1,
        "tanh for artanh": np.sqrt(w * (w - 1)) - np.tanh(np.sqrt(1 - 1 / w)),
        "at the fixed point without noise": w * 0.9 - np.arctanh(0.9),
    }
    check(low, noise_limit(w), planted=planted)


@pytest.mark.equation("eq-vanishing-kappa", tolerance=1e-7)
def test_kappa(check, rng):
    """Left: ∂h_t/∂h_k by finite differences, equal to κⁿ in the worst case, else below it."""
    w, n = 1.2 + rng.random(), 4
    m = 0.6 * noise_limit(w)
    low, high = psi_roots(w, m)
    kappa = w * (1 - high**2)

    def run(h, noise):
        for e in noise:
            h = np.tanh(w * h + e)
        return h

    def reach(start, noise):
        return (run(start + 1e-5, noise) - run(start - 1e-5, noise)) / 2e-5

    lefts = [reach(rng.uniform(high, 1), rng.uniform(-m, m, size=n)) for _ in range(200)]
    below = [reach(rng.uniform(low, high), -m * np.ones(n)) for _ in range(200)]
    held = min(run(rng.uniform(low + 1e-3, 1), -m * np.ones(3000)) for _ in range(20))
    left = (0.0, reach(high, -m * np.ones(n)), high)
    planted = {
        "κ at ξ₋": (0.0, (w * (1 - low**2)) ** n, high),
        "also below ξ₊": (excess(below, kappa**n), kappa**n, held),
        "weight forgotten": (0.0, (1 - high**2) ** n, held),
        "one factor too many": (0.0, kappa ** (n + 1), held),
    }
    assert kappa < 1
    check(left, (excess(lefts, kappa**n), kappa**n, held), planted=planted)


def loss_of(rng):
    """A smooth loss of nine parameters, a point, and the gradient there by autograd."""
    A, theta = torch.tensor(rng.normal(size=(9, 9))), rng.normal(size=9)

    def L(theta):
        return (torch.sin(A @ torch.as_tensor(theta)) * torch.arange(1.0, 10)).sum()

    p = torch.tensor(theta, requires_grad=True)
    (g,) = torch.autograd.grad(L(p), p)
    return L, theta, g.numpy()


@pytest.mark.equation("eq-vanishing-clip", tolerance=1e-5)
def test_clip(check, rng):
    """Left: torch.nn.utils.clip_grad_norm_ over two arrays; right: the formula."""
    limit = 1.3

    def torch_clip(parts):
        parameters = [torch.nn.Parameter(torch.tensor(0 * p)) for p in parts]
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = torch.tensor(part)
        torch.nn.utils.clip_grad_norm_(parameters, limit)
        return tuple(p.grad.numpy() for p in parameters)

    long = (rng.normal(size=(3, 2)), rng.normal(size=4))
    length = np.sqrt(sum(np.sum(p**2) for p in long))
    short = tuple(0.8 * limit / length * p for p in long)  # passes, and its square would too
    between = tuple(1.1 * limit / length * p for p in long)
    cases = (long, short, between)

    def formula(rule):
        return tuple(tuple(rule(parts)) for parts in cases)

    def norm(parts):
        return np.sqrt(sum(np.sum(p**2) for p in parts))

    planted = {
        "square for the norm (deck D3)": formula(
            lambda ps: [min(1, limit / norm(ps) ** 2) * p for p in ps]
        ),
        "each array by itself": formula(lambda ps: [min(1, limit / norm([p])) * p for p in ps]),
        "elementwise (deck D0)": formula(lambda ps: [np.clip(p, -limit, limit) for p in ps]),
        "always": formula(lambda ps: [limit / norm(ps) * p for p in ps]),
    }
    left = tuple(torch_clip(parts) for parts in cases)
    check(left, formula(lambda ps: [min(1, limit / norm(ps)) * p for p in ps]), planted=planted)


@pytest.mark.equation("eq-vanishing-step", tolerance=1e-9)
def test_step(check, rng):
    """Left: no violation by the losses before and after, nor by the distance which the package's
    clipped step covers, and the change of a linear loss, for which both bounds are reached; right:
    the bounds as printed, with M measured along the segment."""
    changes, moved, bounds, square, no_M, longer = [], [], [], [], [], {"not": [], "each": []}
    eta, limit = rng.uniform(0.2, 0.4), rng.uniform(0.4, 0.6)
    for _ in range(20):
        L, theta, g = loss_of(rng)
        norm, step = np.linalg.norm(g), g.copy()
        optimize.clip_norm([step], limit)
        points = theta - np.linspace(0, 1, 400)[:, None] * eta * step
        slopes = []
        for point in points:
            p = torch.tensor(point, requires_grad=True)
            (here,) = torch.autograd.grad(L(p), p)
            slopes.append(np.linalg.norm(here.numpy()))
        M = max(slopes) * (1 + 1e-4)
        changes.append(abs(float(L(theta) - L(points[-1]))))
        moved.append(M * np.linalg.norm(points[-1] - points[0]))
        bounds.append(M * eta * limit)
        square.append(M * eta * limit / norm)  # what the missing root would promise
        no_M.append(eta * limit)
        longer["not"].append(M * eta * norm)
        longer["each"].append(M * eta * np.linalg.norm(np.clip(g, -limit, limit)))
    first, second = excess(changes, moved), excess(moved, bounds)
    slope = 9 * rng.normal(size=9)  # of a linear loss: M is its length
    step, M = slope.copy(), np.linalg.norm(slope)
    optimize.clip_norm([step], limit)
    reached = M * eta * limit
    planted = {
        "with the square of the norm (deck D3)": (first, excess(moved, square), eta * limit),
        "Lipschitz constant forgotten": (first, excess(moved, no_M), reached),
        "not clipped": (first, excess(longer["not"], bounds), reached),
        "each entry clipped by itself": (first, excess(longer["each"], bounds), reached),
        "learning rate squared": (excess(changes, eta * np.array(moved)), second, eta * reached),
        "twice the way": (first, second, 2 * reached),
    }
    check((0.0, 0.0, abs(slope @ (eta * step))), (first, second, reached), planted=planted)


@pytest.mark.equation("eq-vanishing-elementwise", tolerance=1e-7)
def test_elementwise(check, rng):
    """Left: how fast the loss falls along the clipped gradient; right: the printed sum."""
    L, theta, g = loss_of(rng)
    limit = np.median(np.abs(g))
    clipped = np.clip(g, -limit, limit)
    left = derivative(lambda p: float(L(p)), theta, clipped)
    terms = rng.normal(size=(7, 9)) * 9
    terms += (g - terms.sum(axis=0)) / 7  # uses that sum to the gradient
    per_step = np.clip(terms, -limit, limit).sum(axis=0)
    planted = {
        "norm clipping's": np.minimum(1, limit / np.linalg.norm(g)) * g @ g,
        "the squared clipped entries": clipped @ clipped,
        "clipped before the sum (Mikolov; deck D0 takes it for the same)": per_step @ g,
    }
    check(left, np.minimum(g**2, limit * np.abs(g)).sum(), planted=planted)


@pytest.mark.equation("eq-vanishing-skip", tolerance=1e-12)
def test_skip(check, rng):
    """Left: ∂L/∂h_t by autograd with a loss at every step; right: the recursion."""
    tau, shape = 2, (H, H)
    x, C = rng.normal(size=(T, N, H)), rng.normal(size=(T, N, H))
    W_hh, W_tau, h_0 = rng.normal(size=shape), rng.normal(size=shape), rng.normal(size=(N, H))
    h = [torch.zeros(N, H).double()] * (tau - 1) + [torch.tensor(h_0)]
    for x_t in x:
        a = torch.tensor(x_t) + h[-1] @ torch.tensor(W_hh) + h[-tau] @ torch.tensor(W_tau)
        h.append(torch.tanh(a).requires_grad_())
    states = h[tau:]
    L = sum((torch.tensor(c) * torch.sin(s)).sum() for c, s in zip(C, states, strict=True))
    left = np.array([g.numpy() for g in torch.autograd.grad(L, states)])
    values = np.array([s.detach().numpy() for s in states])

    def recursion(back, skip, tau=tau):
        delta, Delta = np.zeros((T, N, H)), np.zeros((T + 3, N, H))
        for t in reversed(range(T)):
            delta[t] = C[t] * np.cos(values[t]) + Delta[t + 1] @ back + Delta[t + tau] @ skip
            Delta[t] = delta[t] * (1 - values[t] ** 2)
        return delta

    planted = {
        "skip forgotten": recursion(W_hh.T, 0 * W_tau),
        "W_τ not transposed": recursion(W_hh.T, W_tau),
        "one step too far": recursion(W_hh.T, W_tau.T, tau=3),
    }
    check(left, recursion(W_hh.T, W_tau.T), planted=planted)


@pytest.mark.equation("eq-vanishing-gate", tolerance=1e-12)
def test_gate(check, rng):
    """Left: torch.nn.GRU whose reset gate is held at 1; right: the three formulas."""
    gru = torch.nn.GRU(D, H).double()
    x, h_0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H))
    W = {name: rng.normal(size=(D, H)) for name in ("xh", "xz")}
    W |= {name: rng.normal(size=(H, H)) for name in ("hh", "hz")}
    b_h, b_z = rng.normal(size=(2, H))
    zero = np.zeros((H, D))
    with torch.no_grad():  # rows r, z, n
        for parameter, value in [
            (gru.weight_ih_l0, np.concatenate([zero, W["xz"].T, W["xh"].T])),
            (gru.weight_hh_l0, np.concatenate([np.zeros((H, H)), W["hz"].T, W["hh"].T])),
            (gru.bias_ih_l0, np.concatenate([np.full(H, 60.0), b_z, b_h])),
            (gru.bias_hh_l0, np.zeros(3 * H)),
        ]:
            parameter.copy_(torch.tensor(value))
        left = gru(torch.tensor(x), torch.tensor(h_0)[None])[0]

    def printed(mix, activation=np.tanh):
        h, states = h_0, []
        for x_t in x:
            z = 1 / (1 + np.exp(-(x_t @ W["xz"] + h @ W["hz"] + b_z)))
            h = mix(z, h, activation(x_t @ W["xh"] + h @ W["hh"] + b_h))
            states.append(h)
        return np.array(states)

    planted = {
        "z takes the new (deck D2)": printed(lambda z, h, n: (1 - z) * h + z * n),
        "no 1 - z": printed(lambda z, h, n: z * h + n),
        "tanh forgotten": printed(lambda z, h, n: z * h + (1 - z) * n, activation=lambda a: a),
    }
    check(left, printed(lambda z, h, n: z * h + (1 - z) * n), planted=planted)
