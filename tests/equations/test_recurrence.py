"""The equations of book/sequences/recurrence.md, each against a second route to its numbers."""

import itertools
import math

import numpy as np
import pytest
import torch

from unrolled.datasets.tasks import addition
from unrolled.layers.rnn import RNN

T, N, D, H, V = 6, 4, 3, 5, 2


def layer(rng):
    """A torch layer with random weights in float64."""
    net = torch.nn.RNN(D, H, dtype=torch.float64).requires_grad_(False)
    for parameter in net.parameters():
        parameter[:] = torch.tensor(rng.normal(size=parameter.shape))
    return net


def ours(net):
    """The torch layer's weights in this book's shapes."""
    weights = net.weight_ih_l0.T, net.weight_hh_l0.T, net.bias_ih_l0 + net.bias_hh_l0
    return [weight.numpy() for weight in weights]


def run(net, x, h_0):
    """States (T, N, H) of a torch layer."""
    return net(torch.tensor(x), torch.tensor(h_0)[None])[0].numpy()


def bits(length):
    """All strings of so many bits, (length, 2^length)."""
    return np.array(list(itertools.product([0, 1], repeat=length))).T


def excess(value, bound):
    """1 where value <= bound; above 1 by as much as the bound is broken."""
    return 1 + np.maximum(0, value - bound)


@pytest.mark.equation("eq-recurrence-unrolled", tolerance=1e-12)
def test_unrolled(check, rng):
    """Left side by torch's cell in a loop, right side the nested calls as printed."""
    cell = torch.nn.RNNCell(D, H, dtype=torch.float64).requires_grad_(False)
    x, s_0 = torch.tensor(rng.normal(size=(3, N, D))), torch.tensor(rng.normal(size=(N, H)))
    loop = s_0
    for x_t in x:
        loop = cell(x_t, loop)

    def f(s, x_t):
        state = s @ cell.weight_hh.T + cell.bias_hh
        return torch.tanh(x_t @ cell.weight_ih.T + cell.bias_ih + state)

    nested = f(f(f(s_0, x[0]), x[1]), x[2])
    planted = {
        "last input first": f(f(f(s_0, x[2]), x[1]), x[0]),
        "only the last input": f(s_0, x[2]),
        "one step short": f(f(s_0, x[0]), x[1]),
    }
    check(loop, nested, planted=planted)


@pytest.mark.equation("eq-recurrence-elman", tolerance=1e-12)
def test_elman(check, rng):
    """Left side by torch's layer, right side as printed, step by step."""
    net = layer(rng)
    W_xh, W_hh, b_h = ours(net)
    x, h_0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H))

    def states(W_hh, b_h, feed_back=True):
        h = [h_0]
        for x_t in x:
            h.append(np.tanh(x_t @ W_xh + h[-1 if feed_back else 0] @ W_hh + b_h))
        return np.array(h[1:])

    planted = {
        "W_hh of the column form": states(W_hh.T, b_h),
        "no bias": states(W_hh, 0),
        "always from h_0": states(W_hh, b_h, feed_back=False),
    }
    check(run(net, x, h_0), states(W_hh, b_h), planted=planted)


@pytest.mark.equation("eq-recurrence-output", tolerance=1e-12)
def test_output(check, rng):
    """Left side by torch's linear layer and log-softmax, right side as printed."""
    h, W_hy, b_y = rng.normal(size=(N, H)), rng.normal(size=(H, V)), rng.normal(size=V)
    linear = torch.nn.functional.linear(torch.tensor(h), torch.tensor(W_hy.T), torch.tensor(b_y))
    u = h @ W_hy + b_y

    def softmax(u, axis=1):
        return np.exp(u) / np.exp(u).sum(axis=axis, keepdims=True)

    planted = {
        "softmax over the batch": (u, softmax(u, axis=0)),
        "no bias": (h @ W_hy, softmax(h @ W_hy)),
        "logits taken for probabilities": (u, u),
    }
    check((linear, linear.log_softmax(dim=1).exp()), (u, softmax(u)), planted=planted)


@pytest.mark.equation("eq-recurrence-stacked", tolerance=1e-12)
def test_stacked(check, rng):
    """Left side entry by entry, right side the product of stacked matrices."""
    x, h = rng.normal(size=(N, D)), rng.normal(size=(N, H))
    W_xh, W_hh = rng.normal(size=(D, H)), rng.normal(size=(H, H))
    left = np.zeros((N, H))
    for n, j in np.ndindex(N, H):
        left[n, j] = sum(x[n, i] * W_xh[i, j] for i in range(D))
        left[n, j] += sum(h[n, i] * W_hh[i, j] for i in range(H))
    both, W = np.concatenate([x, h], axis=1), np.concatenate([W_xh, W_hh])
    planted = {
        "state first, its matrix second": np.concatenate([h, x], axis=1) @ W,
        "input first, its matrix second": both @ np.concatenate([W_hh, W_xh]),
        "W_hh transposed": both @ np.concatenate([W_xh, W_hh.T]),
        "the state's part left out": x @ W_xh,
    }
    check(left, both @ W, planted=planted)


@pytest.mark.equation("eq-recurrence-torch", tolerance=1e-12)
def test_torch(check, rng):
    """Left side by torch's layer, right side by the package's with converted weights."""
    net = layer(rng)
    W_xh, W_hh, b_h = ours(net)
    x, h_0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H))

    def states(*weights):
        return RNN(*weights).forward(x, h_0)[0]

    planted = {
        "weight_hh_l0 not transposed": states(W_xh, W_hh.T, b_h),
        "one of the two biases": states(W_xh, W_hh, net.bias_ih_l0.numpy()),
        "mean of the biases": states(W_xh, W_hh, b_h / 2),
    }
    check(run(net, x, h_0), states(W_xh, W_hh, b_h), planted=planted)


@pytest.mark.equation("eq-recurrence-count", tolerance=1e-12)
def test_count(check, rng):
    """Left side by counting the entries of a layer's arrays and a linear layer's."""
    sizes = [rng.permutation(np.arange(2, 30))[:3] for _ in range(5)]
    left = []
    for D, H, V in sizes:
        net, linear = RNN.init(D, H, rng), torch.nn.Linear(int(H), int(V))
        parts = [*vars(net).values(), *linear.parameters()]
        left.append(sum(math.prod(part.shape) for part in parts))
    D, H, V = np.array(sizes).T
    planted = {
        "an m × n recurrent matrix": (D + D + 1) * H + (H + 1) * V,
        "torch's two biases": (D + H + 2) * H + (H + 1) * V,
        "once for each step": T * (D + H + 1) * H + (H + 1) * V,
        "no bias of the output": (D + H + 1) * H + H * V,
    }
    check(left, (D + H + 1) * H + (H + 1) * V, planted=planted)


def parity_as_printed(x, beta, thresholds=(0.5, 1.5), sign=-1):
    """q (T, N) and both units' values (T, N, 2), by the scalar recursion."""
    q, h, run = np.zeros(x.shape[1]), [], []
    for x_t in x:
        units = [np.tanh(beta * (x_t + q - threshold)) for threshold in thresholds]
        q = (units[0] + sign * units[1]) / 2
        h.append(np.stack(units, axis=-1))
        run.append(q)
    return np.array(run), np.array(h)


@pytest.mark.equation("eq-recurrence-parity", tolerance=1e-6)
def test_parity(check, rng):
    """Left side by counting ones in all strings of ten bits, right side by the two units."""
    x, beta = bits(10), rng.uniform(20, 30)
    left = np.array([[string[: t + 1].sum() % 2 for string in x.T] for t in range(10)])
    planted = {
        "thresholds 0 and 1": parity_as_printed(x, beta, (0.0, 1.0))[0],
        "thresholds 0.5 and 2.5": parity_as_printed(x, beta, (0.5, 2.5))[0],
        "sum of the units": parity_as_printed(x, beta, sign=1)[0],
        "too little gain": parity_as_printed(x, 1.5)[0],
    }
    check(left, parity_as_printed(x, beta)[0], planted=planted)


@pytest.mark.equation("eq-recurrence-parity-weights", tolerance=1e-12)
def test_parity_weights(check, rng):
    """Left side by the scalar recursion, right side by the layer with the matrices as printed."""
    x, beta = bits(8), rng.uniform(3, 6)

    def states(W_hh, b_h):
        net = RNN(beta * np.ones((1, 2)), np.array(W_hh), np.array(b_h))
        return net.forward(x[..., None].astype(float), np.zeros((x.shape[1], 2)))[0]

    W_hh, b_h = beta / 2 * np.array([[1, 1], [-1, -1]]), -beta / 2 * np.array([1, 3])
    planted = {
        "W_hh transposed": states(W_hh.T, b_h),
        "W_hh without the half": states(2 * W_hh, b_h),
        "bias without the half": states(W_hh, 2 * b_h),
    }
    check(parity_as_printed(x, beta)[1], states(W_hh, b_h), planted=planted)


@pytest.mark.equation("eq-recurrence-margin", tolerance=1e-12)
def test_margin(check, rng):
    """How far the error of one step is above its bound: nowhere, over random states and bits; and
    without an error before the step, with a one among the two bits, the bound is reached."""
    beta, e = rng.uniform(2, 6), rng.uniform(0, 0.5, size=2000)
    x, p = rng.integers(0, 2, size=(2, 2000))
    q = p + rng.choice([-1, 1], size=2000) * e  # an error of e before the step

    def error(q):
        after = (np.tanh(beta * (x + q - 0.5)) - np.tanh(beta * (x + q - 1.5))) / 2
        return np.abs(after - (x + p) % 2)

    def printed(e, one=1.0, half=0.5):
        return one - np.tanh(beta * (half - e))

    def both(bound):
        return excess(error(q), bound(e)), bound(0)

    reached = error(p)[x + p == 1][0]
    planted = {
        "no error from the step before": both(lambda e: printed(0 * e)),
        "half the error from the step before": both(lambda e: printed(e / 2)),
        "half of the bound": both(lambda e: printed(e) / 2),
        "2 for 1": both(lambda e: printed(e, one=2)),
        "1/4 for 1/2": both(lambda e: printed(e, half=0.25)),
    }
    check((np.ones(2000), reached), both(printed), planted=planted)


@pytest.mark.equation("eq-recurrence-adder", tolerance=1e-12)
def test_adder(check, rng):
    """Left side by Python's integers, how many ones meet at each place and the bits of the sum;
    right side by the three units as printed, what they count rounded to three decimal places."""
    steps, pairs, beta = 12, 50, rng.uniform(15, 20)
    x, _ = addition(steps, pairs, rng)

    def number(string):
        return sum(int(bit) << place for place, bit in enumerate(string))

    one, two = ([number(x[:, n, i]) for n in range(pairs)] for i in (0, 1))
    ones, bits = np.zeros((2, steps, pairs))
    for t, n in np.ndindex(steps, pairs):
        below = [a % 2**t for a in (one[n], two[n])]
        ones[t, n] = (one[n] >> t & 1) + (two[n] >> t & 1) + (sum(below) >> t)
        bits[t, n] = one[n] + two[n] >> t & 1

    def units(x, carry=1, shift=0.5, third=1, half=0.5, start=-1.0):
        h, counts, sums = start * np.ones((pairs, 3)), [], []
        for x_t in x:
            count = x_t[:, 0] + x_t[:, 1] + half * (h[:, carry] + 1)
            h = np.stack([np.tanh(beta * (count - (j - shift))) for j in (1, 2, 3)], axis=1)
            counts.append(np.round(count, 3))
            sums.append(h[:, 0] - h[:, 1] + third * h[:, 2] > 0)
        return np.array(counts), np.array(sums)

    planted = {
        "most significant bit first": tuple(run[::-1] for run in units(x[::-1])),
        "carry from the first unit": units(x, carry=0),
        "thresholds 1.5, 2.5, 3.5": units(x, shift=-0.5),
        "minus the third unit": units(x, third=-1),
        "the carry not halved": units(x, half=1.0),
        "a third for a half": units(x, half=1 / 3),
        "a carry to begin with": units(x, start=1.0),
    }
    check((ones, bits), units(x), planted=planted)


@pytest.mark.equation("eq-recurrence-impulse", tolerance=1e-10)
def test_impulse(check, rng):
    """Left side by running the linear recurrence, right side by the sum over past inputs."""
    W_xh, W_hh = rng.normal(size=(D, H)), rng.normal(size=(H, H)) / 2
    x, h = rng.normal(size=(T, N, D)), np.zeros((N, H))
    for x_t in x:
        h = x_t @ W_xh + h @ W_hh

    def echo(W_hh, late=0, first=0, behind=0):
        """`behind`: so many steps too early, each input stands for another."""
        powers = [np.linalg.matrix_power(W_hh, k + late) for k in range(T)]
        return sum(x[(T - 1 - behind - k) % T] @ W_xh @ powers[k] for k in range(first, T))

    planted = {
        "one power too many": echo(W_hh, late=1),
        "W_hh transposed": echo(W_hh.T),
        "the newest input left out": echo(W_hh, first=1),
        "inputs one step early": echo(W_hh, behind=1),
    }
    check(h, echo(W_hh), planted=planted)


@pytest.mark.equation("eq-recurrence-fading", tolerance=1e-12)
def test_fading(check, rng):
    """How far the distance of two runs is above its bound: nowhere, and in one case it is reached.

    One matrix stretches although its powers shrink; the other, 0.8 times a rotation, shrinks every
    vector alike, so that with small states the bound is reached.
    """

    def distances(W_hh, size):
        """Two runs, apart by a small first input, one hundred times; (T, 100)."""
        net = RNN(rng.normal(size=(D, H)), W_hh, np.zeros(H))
        x = size * rng.normal(size=(T, 100, D))
        other = x.copy()
        other[0] += size * rng.normal(size=(100, D))
        h, h_other = (net.forward(inputs, np.zeros((100, H)))[0] for inputs in (x, other))
        return np.linalg.norm(h - h_other, axis=2) / size

    t = np.arange(1, T + 1)[:, None]
    skewed = 0.5 * np.eye(H) + np.diag(rng.uniform(3, 5, size=H - 1), k=1)
    turning = 0.8 * np.linalg.qr(rng.normal(size=(H, H)))[0]
    runs = [(distances(W_hh, 1e-4), W_hh) for W_hh in (skewed, turning)]

    def broken(size, power=t - 1):
        # 1e-6: rounding, since `turning` comes close to equality
        bounds = [size(W_hh) ** power * gap[0] + 1e-6 for gap, W_hh in runs]
        return tuple(excess(gap, bound) for (gap, _), bound in zip(runs, bounds, strict=True))

    def sigma(W_hh):
        return np.linalg.norm(W_hh, ord=2)

    planted = {
        "the spectral radius instead of σ": broken(lambda W: np.abs(np.linalg.eigvals(W)).max()),
        "one power too many": broken(sigma, power=t),
        "the largest entry instead of σ": broken(lambda W: np.abs(W).max()),
        "the square of σ": broken(lambda W: sigma(W) ** 2),
    }
    check((np.ones((T, 100)), np.ones((T, 100))), broken(sigma), planted=planted)
    turned, most = runs[1][0], 0.8 ** (t - 1) * runs[1][0][0]
    np.testing.assert_allclose(turned, most, rtol=1e-4)  # the bound is reached


def after(w, pushes, h):
    """State of one unit after all pushes."""
    for v in pushes:
        h = math.tanh(w * h + v)
    return h


def threshold(flips, low, high):
    """The smallest push that flips, by bisection."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if flips(middle) else (middle, high)
    return high


@pytest.mark.equation("eq-recurrence-flip", tolerance=1e-6)
def test_flip(check, rng):
    """Left side by trying pushes on a simulated unit, right side as printed."""
    w = rng.uniform(1.2, 3)
    rest = after(w, 2000 * [0.0], 1.0)  # h*
    quiet = 500 * [0.0]
    left = threshold(lambda v: after(w, [v, *quiet], -rest) > 0, 0.0, 2 * w)
    push = np.sqrt(w * (w - 1)) - np.arctanh(np.sqrt(1 - 1 / w))
    planted = {"h* alone": rest, "w alone": w, "the threshold of a steady push": push}
    check(left, w * rest, planted=planted)


@pytest.mark.equation("eq-recurrence-push", tolerance=1e-5)
def test_push(check, rng):
    """Left side by trying steady pushes on a simulated unit, right side as printed."""
    w = rng.uniform(1.2, 3)
    left = threshold(lambda v: after(w, 20_000 * [v], -1.0) > 0, 0.0, 2.0)
    root = np.sqrt(1 - 1 / w)
    planted = {
        "the threshold of a single push": w * after(w, 2000 * [0.0], 1.0),
        "the positive root": w * root + np.arctanh(root),
        "slope 1 at h = 1 - 1/w": w * root**2 - np.arctanh(root**2),
    }
    check(left, np.sqrt(w * (w - 1)) - np.arctanh(root), planted=planted)


@pytest.mark.equation("eq-recurrence-carry", tolerance=1e-12)
def test_carry(check, rng):
    """Left side by adding all pairs of k-bit numbers and guessing what is more frequent."""
    k = rng.permutation(np.arange(9))[:6]
    left = []
    for bits in k:
        carries = np.add.outer(np.arange(2**bits), np.arange(2**bits)) >> bits
        left.append(max(carries.mean(), 1 - carries.mean()))
    planted = {
        "a coin": 0.5 * np.ones(6),
        "one bit more to come": (1 + 0.5 ** (k + 1)) / 2,
        "a carry passed on in one case of four": 1 - (1 - 0.25**k) / 3,  # r = 1/4 + r/4
    }
    check(left, (1 + 0.5**k) / 2, planted=planted)


@pytest.mark.equation("eq-recurrence-signal", tolerance=1e-10)
def test_signal(check, rng):
    """Left side by autograd through cross-entropy, right side by the two means as printed."""
    net = torch.nn.RNN(1, H, dtype=torch.float64)
    readout = torch.nn.Linear(H, 2, dtype=torch.float64)
    parameters = [*net.parameters(), *readout.parameters()]
    with torch.no_grad():
        for parameter in parameters:
            parameter[:] = torch.tensor(rng.normal(size=parameter.shape))
    strings = torch.tensor(bits(3))
    u = readout(net(strings[..., None].double())[0][-1])
    d = u[:, 1] - u[:, 0]
    chi = (-1.0) ** strings.sum(dim=0)

    def mean(weights):
        """E[weights ∂d/∂θ], all parameters in one vector."""
        weights = weights.detach() / len(weights)
        grads = torch.autograd.grad(d, parameters, weights, retain_graph=True)
        return torch.cat([g.flatten() for g in grads])

    loss = torch.nn.functional.cross_entropy(u, strings.sum(dim=0) % 2)
    left = torch.autograd.grad(loss, parameters, retain_graph=True)
    known, signal = mean(torch.sigmoid(d) - 0.5), mean(chi) / 2
    planted = {
        "the signal alone": signal,
        "χ = -1 for even": known - signal,
        "without the factor one half": known + 2 * signal,
        "ς(d) not centred": mean(torch.sigmoid(d)) + signal,
    }
    check(torch.cat([g.flatten() for g in left]), known + signal, planted=planted)
