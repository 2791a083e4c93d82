"""The equations of book/gates/gru.md, each against an independent route."""

import os

import numpy as np
import pytest
import torch

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when keras is imported

T, N, D, H = 6, 3, 4, 5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def excess(least, most):
    """By how much the inequality least ≤ most is broken, in all; zero where it holds."""
    return np.maximum(np.asarray(least) - most * (1 + 1e-9), 0).sum()


class Weights:
    """W_xr … W_hn, b_r, b_z, b_xn, b_hn of a GRU, drawn; and torch's cell with the same."""

    def __init__(self, rng, H=H, D=D):
        self.x_blocks = [rng.normal(size=(D, H)) for _ in range(3)]
        self.h_blocks = [rng.normal(size=(H, H)) for _ in range(3)]
        self.biases = [rng.normal(size=H) for _ in range(3)]
        self.W_xr, self.W_xz, self.W_xn = self.x_blocks
        self.W_hr, self.W_hz, self.W_hn = self.h_blocks
        self.b_r, self.b_z, self.b_xn = self.biases
        self.b_hn = rng.normal(size=H)

    def gates(self, x, h):
        """The printed formulas of r_t, z_t, q_t and n_t."""
        r = sigmoid(x @ self.W_xr + h @ self.W_hr + self.b_r)
        z = sigmoid(x @ self.W_xz + h @ self.W_hz + self.b_z)
        q = h @ self.W_hn + self.b_hn
        return r, z, q, np.tanh(x @ self.W_xn + self.b_xn + r * q)

    def cell(self):
        cell = torch.nn.GRUCell(len(self.W_xr), len(self.W_hr), dtype=torch.float64)
        cell.requires_grad_(False)
        cell.weight_ih[:] = torch.tensor(np.hstack(self.x_blocks).T)
        cell.weight_hh[:] = torch.tensor(np.hstack(self.h_blocks).T)
        cell.bias_ih[:] = torch.tensor(np.hstack(self.biases))
        cell.bias_hh[:] = torch.tensor(np.hstack([0 * self.b_r, 0 * self.b_z, self.b_hn]))
        return cell


def draw(rng):
    return Weights(rng), rng.normal(size=(N, D)), rng.normal(size=(N, H))


def read_gates(cell, x, h):
    """r and z of torch's cell, from its outputs alone, with its own weights altered.

    h' = n + z (h - n): with n forced to +1 the output tells z. With z forced to 0 and W_xn, b_xn
    and W_hn gone, the output is tanh(r b_hn), which tells r.
    """
    one, two = (torch.nn.GRUCell(D, H, dtype=torch.float64).requires_grad_(False) for _ in "12")
    for copy in (one, two):
        copy.load_state_dict(cell.state_dict())
    one.bias_ih[2 * H :] = 100
    z = (one(x, h) - 1) / (h - 1)
    two.bias_ih[H : 2 * H] = -800
    for part in (two.weight_ih, two.weight_hh, two.bias_ih):
        part[2 * H :] = 0
    two.bias_hh[2 * H :] = 1
    return torch.atanh(two(x, h)), z


@pytest.mark.equation("eq-gru-couple", tolerance=1e-12)
def test_couple(check, rng):
    """Left: torch's LSTM cell with input gate weights minus the forget gate's; right: mean."""
    cell = torch.nn.LSTMCell(D, H, dtype=torch.float64).requires_grad_(False)
    for part in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh):
        part[:] = torch.tensor(rng.normal(size=part.shape))
        part[:H] = -part[H : 2 * H]  # σ(-a) = 1 - σ(a)
    x, h, c = (torch.tensor(rng.normal(size=(N, size))) for size in (D, H, H))
    _, left = cell(x, (h, c))
    a = x @ cell.weight_ih.T + h @ cell.weight_hh.T + cell.bias_ih + cell.bias_hh
    z, g = torch.sigmoid(a[:, H : 2 * H]), torch.tanh(a[:, 2 * H : 3 * H])
    planted = {
        "z takes the new": (1 - z) * c + z * g,
        "not coupled": z * c + z * g,
        "the whole candidate": z * c + g,
    }
    check(left, z * c + (1 - z) * g, planted=planted)


@pytest.mark.equation("eq-gru-mean", tolerance=1e-12)
def test_mean(check, rng):
    """Left: the recursion; right: the sum over all steps, products written out."""
    z, g = rng.uniform(size=(T + 1, N, H)), rng.uniform(-1, 1, size=(T + 1, N, H))
    c_0 = rng.normal(size=(N, H))
    left = c_0
    for t in range(1, T + 1):
        left = z[t] * left + (1 - z[t]) * g[t]

    def right(first=1, fresh=1.0):
        terms = [z[k + first :].prod(axis=0) * (fresh - z[k]) * g[k] for k in range(1, T + 1)]
        return z[1:].prod(axis=0) * c_0 + sum(terms)

    planted = {
        "product from k": right(first=0),
        "candidates at full weight": right(fresh=1 + z.mean()),
        "without c_0": right() - z[1:].prod(axis=0) * c_0,
    }
    check(left, right(), planted=planted)


@pytest.mark.equation("eq-gru-bound", tolerance=1e-9)
def test_bound(check, rng):
    """Left: no violation along random runs, and as far as a run can get; right: the bound."""
    z = rng.uniform(size=(200, N, H))
    start = {"inside": rng.uniform(-1, 1, size=(N, H)), "outside": 3 * rng.normal(size=(N, H))}

    def run(c, extreme=False):
        states = [c]
        for z_t in z:
            g = np.sign(c) if extreme else rng.uniform(-1, 1, size=c.shape)
            states.append(z_t * states[-1] + (1 - z_t) * g)
        return np.abs(states)

    runs = {name: run(c) for name, c in start.items()}
    reached = [run(c, extreme=True).max(axis=0) for c in start.values()]  # as near as you like

    def printed(bound):
        bounds = {name: bound(np.abs(c)) for name, c in start.items()}
        return (sum(excess(runs[name], b) for name, b in bounds.items()), *bounds.values())

    planted = {
        "1 alone": printed(np.ones_like),
        "the start alone": printed(lambda c: c),
        "a bound of one half": printed(lambda c: np.maximum(c, 0.5)),
        "a bound of 2": printed(lambda c: np.maximum(c, 2)),
        "the sum for the larger": printed(lambda c: c + 1),
    }
    check((0.0, *reached), printed(lambda c: np.maximum(c, 1)), planted=planted)


@pytest.mark.equation("eq-gru-tied", tolerance=1e-12)
def test_tied(check, rng):
    """Left: torch's GRU with its reset gate forced open; right: the coupled LSTM as printed."""
    w, x, h = draw(rng)
    cell = w.cell()
    cell.bias_ih[:H] = 800  # σ(800) is 1
    _, z, _, _ = w.gates(x, h)
    n = np.tanh(x @ w.W_xn + h @ w.W_hn + w.b_xn + w.b_hn)
    planted = {
        "the tanh on top is kept": np.tanh(z * h + (1 - z) * n),
        "one of the two biases": z * h + (1 - z) * np.tanh(x @ w.W_xn + h @ w.W_hn + w.b_xn),
        "z takes the new (deck D2)": z * n + (1 - z) * h,
    }
    left = cell(torch.tensor(x), torch.tensor(h))
    check(left, z * h + (1 - z) * n, planted=planted)


@pytest.mark.equation("eq-gru-gates", tolerance=1e-9)
def test_gates(check, rng):
    """Left: the gates that torch's cell must have had, read off its outputs; right: printed."""
    w, x, h = draw(rng)
    r, z, _, _ = w.gates(x, h)
    left = read_gates(w.cell(), torch.tensor(x), torch.tensor(h))
    swapped = sigmoid(x @ w.W_xz + h @ w.W_hz + w.b_z), sigmoid(x @ w.W_xr + h @ w.W_hr + w.b_r)
    planted = {
        "z takes the new (deck D2)": (r, 1 - z),
        "blocks in the order z, r, n (Keras)": swapped,
        "not transposed": (sigmoid(x @ w.W_xr + h @ w.W_hr.T + w.b_r), z),
    }
    check(left, (r, z), planted=planted)


@pytest.mark.equation("eq-gru-candidate", tolerance=1e-10)
def test_candidate(check, rng):
    """Left: torch's cell with z forced to 0, so that its output is n; right: as printed."""
    w, x, h = draw(rng)
    cell = w.cell()
    cell.bias_ih[H : 2 * H] = -800
    r, _, _, n = w.gates(x, h)
    from_x = x @ w.W_xn + w.b_xn
    planted = {
        "reset before the product (decks D1 to D3)": np.tanh(from_x + (r * h) @ w.W_hn + w.b_hn),
        "b_hn outside of the reset": np.tanh(from_x + r * (h @ w.W_hn) + w.b_hn),
        "without b_hn (deck D0)": np.tanh(from_x + r * (h @ w.W_hn)),
    }
    check(cell(torch.tensor(x), torch.tensor(h)), n, planted=planted)


@pytest.mark.equation("eq-gru-state", tolerance=1e-12)
def test_state(check, rng):
    """Left: torch's cell, twice; right: both lines of the printed formula."""
    w, x, h = draw(rng)
    _, z, _, n = w.gates(x, h)
    left = w.cell()(torch.tensor(x), torch.tensor(h))
    right = z * h + (1 - z) * n, n + z * (h - n)
    wrong = z * n + (1 - z) * h
    planted = {
        "z takes the new (deck D2)": (wrong, right[1]),
        "second line with n - h": (right[0], n + z * (n - h)),
        "second line from h": (right[0], h + z * (h - n)),
    }
    check((left, left.clone()), right, planted=planted)


@pytest.mark.equation("eq-gru-room", tolerance=1e-9)
def test_room(check, rng):
    """Left: no violation; right: random and even states in [-1, 1], their least distance ε."""
    left, right, wrong = [], 0.0, 0.0
    for n in (2, 5, 40):
        for states in (np.linspace(-1, 1, n + 1), np.sort(rng.uniform(-1, 1, size=n + 1))):
            epsilon = np.diff(states).min()
            right += excess(n, 2 / epsilon)
            wrong += excess(n, 1 / epsilon)
        left.append(2 / np.diff(np.linspace(-1, 1, n + 1)).min())  # the bound is reached
    reached = np.array([2.0, 5.0, 40.0])
    planted = {
        "1/ε": (wrong, reached),
        "n + 1 for n": (right, reached + 1),
        "twice the room": (right, 2 * reached),
    }
    check((0.0, np.array(left)), (right, reached), planted=planted)


@pytest.mark.equation("eq-gru-tick", tolerance=1e-6)
def test_tick(check, rng):
    """Left: the last tick of a unit that counts, the best of many z; right: the formula."""
    ns = rng.permutation(np.arange(2, 40))[:4]
    z = np.linspace(0, 1, 200_001)
    left = []
    for n in ns:
        h = np.zeros_like(z)
        for _ in range(n):
            h_before, h = h, z * h + (1 - z)
        left.append(np.max(h - h_before))
    right = (1 - 1 / ns) ** (ns - 1) / ns
    planted = {
        "one power more": (1 - 1 / ns) ** ns / ns,
        "z = 1/2": 0.5**ns,
        "the limit 1/(en)": 1 / (np.e * ns),
    }
    check(np.array(left), right, planted=planted)


@pytest.fixture
def published(rng):
    """A run of the published form, by autograd: see `run`."""
    return run(rng, before=True)


@pytest.fixture
def ours(rng):
    return run(rng, before=False)


def run(rng, before):
    """A run over T steps with a loss at each, taped: what autograd says, and what is printed.

    Returns a dict: lists over the steps of the arrays named as in the text, autograd's total
    derivatives at the pre-activations a_r, a_z, a_n and at the states, and at all parameters.
    """
    w = Weights(rng)
    names = [k for k in vars(w) if k[:2] in ("W_", "b_") and not (before and k == "b_hn")]
    p = {k: torch.tensor(getattr(w, k), requires_grad=True) for k in names}
    x = [torch.tensor(rng.normal(size=(N, D)), requires_grad=True) for _ in range(T)]
    h = [torch.tensor(rng.normal(size=(N, H)), requires_grad=True)]
    C = [rng.normal(size=(N, H)) for _ in range(T)]  # ∂ℓ_t/∂h_t
    a = {"r": [], "z": [], "n": []}
    loss = 0
    for t in range(T):
        a_r = x[t] @ p["W_xr"] + h[t] @ p["W_hr"] + p["b_r"]
        a_z = x[t] @ p["W_xz"] + h[t] @ p["W_hz"] + p["b_z"]
        r, z = torch.sigmoid(a_r), torch.sigmoid(a_z)
        if before:
            a_n = x[t] @ p["W_xn"] + p["b_xn"] + (r * h[t]) @ p["W_hn"]
        else:
            a_n = x[t] @ p["W_xn"] + p["b_xn"] + r * (h[t] @ p["W_hn"] + p["b_hn"])
        for name, value in zip("rzn", (a_r, a_z, a_n), strict=True):
            a[name].append(value)
        n = torch.tanh(a_n)
        h.append((1 - z) * n + z * h[t])
        loss = loss + (torch.tensor(C[t]) * h[t + 1]).sum()
    wanted = [*a["r"], *a["z"], *a["n"], *h, *x, *p.values()]
    grads = [g.numpy() for g in torch.autograd.grad(loss, wanted)]
    steps, rest = grads[: 3 * T], grads[3 * T :]
    truth = {name: steps[i * T : (i + 1) * T] for i, name in enumerate("rzn")}
    truth |= {"h": rest[: T + 1], "x": rest[T + 1 : 2 * T + 1]}
    truth |= dict(zip(p, rest[2 * T + 1 :], strict=True))
    values = {k: [sigmoid(v.detach().numpy()) for v in a[k]] for k in "rz"}
    values |= {"n": [np.tanh(v.detach().numpy()) for v in a["n"]]}
    values |= {"h": [v.detach().numpy() for v in h], "x": [v.detach().numpy() for v in x]}
    values["q"] = [v @ w.W_hn + w.b_hn for v in values["h"][:-1]]
    return w, values, truth, C


@pytest.mark.equation("eq-gru-delta", tolerance=1e-10)
def test_delta(check, ours):
    """Left: autograd at the pre-activations of every step; right: as printed from ∂L/∂h_t."""
    _, v, truth, _ = ours
    left = tuple(np.stack(truth[k]) for k in "nzr")
    z, n, r, q = (np.stack(v[k]) for k in "znrq")
    delta, h = np.stack(truth["h"][1:]), np.stack(v["h"][:-1])
    Delta_n = delta * (1 - z) * (1 - n**2)
    Delta_z = delta * (h - n) * z * (1 - z)
    Delta_r = Delta_n * q * r * (1 - r)
    planted = {
        "z takes the new": (delta * z * (1 - n**2), Delta_z, Delta_r),
        "sign of h - n": (Delta_n, -Delta_z, Delta_r),
        "h instead of q (published form)": (Delta_n, Delta_z, Delta_n * h * r * (1 - r)),
        "slope of the reset forgotten": (Delta_n, Delta_z, Delta_n * q),
    }
    check(left, (Delta_n, Delta_z, Delta_r), planted=planted)


@pytest.mark.equation("eq-gru-back", tolerance=1e-10)
def test_back(check, ours):
    """Left: autograd at every state; right: the four ways as printed, from the next step's."""
    w, v, truth, C = ours
    left = np.stack(truth["h"][:-1])
    z, r = np.stack(v["z"]), np.stack(v["r"])
    delta, own = np.stack(truth["h"][1:]), np.stack([0 * C[0], *C[:-1]])  # no loss at h_0
    D_r, D_z, D_n = (np.stack(truth[k]) for k in "rzn")

    def right(direct=1, inside=r, outside=1.0, gates=1):
        W = w.W_hr.T, w.W_hz.T, w.W_hn.T
        ways = gates * (D_r @ W[0] + D_z @ W[1]) + outside * ((inside * D_n) @ W[2])
        return own + direct * z * delta + ways

    planted = {
        "direct path only": right(gates=0, outside=0),
        "without the direct path": right(direct=0),
        "reset outside of the product": right(inside=1.0, outside=r),
        "reset forgotten": right(inside=1.0),
        "gates as constants": right(gates=0),
    }
    check(left, right(), planted=planted)


@pytest.mark.equation("eq-gru-stacked", tolerance=1e-12)
def test_stacked(check, rng):
    """Left: autograd at both stacked products of a step; right: the blocks as printed."""
    from_x, from_h = (torch.tensor(rng.normal(size=(N, 3 * H)), requires_grad=True) for _ in "xh")
    h, C = (torch.tensor(rng.normal(size=(N, H))) for _ in "hC")
    (x_r, x_z, x_n), (h_r, h_z, q) = from_x.chunk(3, dim=1), from_h.chunk(3, dim=1)
    a_r, a_z = x_r + h_r, x_z + h_z
    r = torch.sigmoid(a_r)
    a_n = x_n + r * q
    state = h + (1 - torch.sigmoid(a_z)) * (torch.tanh(a_n) - h)
    found = torch.autograd.grad((C * state).sum(), [from_x, from_h, a_r, a_z, a_n])
    left, (D_r, D_z, D_n), r = found[:2], (g.numpy() for g in found[2:]), r.detach().numpy()

    def right(x_scale=1.0, h_scale=r, order=(0, 1, 2)):
        blocks = [(D_r, D_z, scale * D_n) for scale in (x_scale, h_scale)]
        return tuple(np.hstack([block[k] for k in order]) for block in blocks)

    planted = {
        "the same for both": right(h_scale=1.0),
        "the reset on the wrong side": right(x_scale=r, h_scale=1.0),
        "Keras's order z, r, n": right(order=(1, 0, 2)),
    }
    check(left, right(), planted=planted)


@pytest.mark.equation("eq-gru-grad-weights", tolerance=1e-10)
def test_grad_weights(check, ours):
    """Left: autograd at all parameters and inputs; right: the printed sums."""
    w, v, truth, _ = ours
    W_xh = np.hstack(w.x_blocks)
    stacked = {
        "b_h": np.hstack([truth[k] for k in ("b_r", "b_z", "b_xn")]),
        "b_hn": truth["b_hn"],
        "x": np.stack(truth["x"]),
    }
    for side in "xh":
        stacked[f"W_{side}h"] = np.hstack([truth[f"W_{side}{k}"] for k in "rzn"])
    D_r, D_z, D_n = (np.stack(truth[k]) for k in "rzn")
    to_x = np.concatenate([D_r, D_z, D_n], axis=-1)
    inner = np.stack(v["r"]) * D_n
    to_h = np.concatenate([D_r, D_z, inner], axis=-1)

    def right(to_h=to_h, states=v["h"][:-1], inner=inner):
        return {
            "W_xh": sum(x.T @ d for x, d in zip(v["x"], to_x, strict=True)),
            "W_hh": sum(h.T @ d for h, d in zip(states, to_h, strict=True)),
            "b_h": sum(d.sum(axis=0) for d in to_x),
            "b_hn": sum(d.sum(axis=0) for d in inner),
            "x": to_x @ W_xh.T,
        }

    planted = {
        "the same Δ for both products": right(to_h=to_x),
        "the new states": right(states=v["h"][1:]),
        "b_hn without the reset": right(inner=D_n),
    }
    check(stacked, right(), planted=planted)


def jacobian(w, x, h, step=1e-6):
    """∂h_t[j]/∂h_{t-1}[i] for one row, by central differences through torch's cell."""
    cell, columns = w.cell(), []
    for i in range(len(h)):
        move = step * np.eye(len(h))[i]
        ends = [cell(torch.tensor(x)[None], torch.tensor(h + s * move)[None])[0] for s in (1, -1)]
        columns.append((ends[0] - ends[1]).numpy() / (2 * step))
    return np.array(columns).T


@pytest.mark.equation("eq-gru-jacobian", tolerance=1e-7)
def test_jacobian(check, rng):
    """Left: differences through torch's cell, row j, column i; right: as printed."""
    w, x, h = draw(rng)
    x, h = x[0], h[0]
    r, z, q, n = w.gates(x, h)
    alpha, beta, gamma = (h - n) * z * (1 - z), (1 - z) * (1 - n**2), q * r * (1 - r)
    diag = np.diag

    heard = diag(beta * r) @ w.W_hn.T

    def right(candidate=heard):
        gates = diag(alpha) @ w.W_hz.T + diag(beta * gamma) @ w.W_hr.T
        return diag(z) + gates + candidate

    planted = {
        "z alone": diag(z),
        "gates as constants": diag(z) + heard,
        "reset on the other side (published form)": right(diag(beta) @ w.W_hn.T @ diag(r)),
        "transposed": right().T,
    }
    check(jacobian(w, x, h), right(), planted=planted)


@pytest.mark.equation("eq-gru-published", tolerance=2e-6)
def test_published(check, rng):
    """Left: Keras's cell with reset_after=False, z forced to 0, float32 inside; right: printed."""
    import keras

    w, x, h = draw(rng)
    cell = keras.layers.GRUCell(H, reset_after=False, dtype="float64")
    cell.build((N, D))
    order = (1, 0, 2)  # z, r, h
    biases = [w.biases[i] for i in order]
    biases[0] = np.full(H, -800.0)
    blocks = [np.hstack([some[i] for i in order]) for some in (w.x_blocks, w.h_blocks)]
    cell.set_weights([*blocks, np.hstack(biases)])
    left, _ = cell(torch.tensor(x), torch.tensor(h))
    r, _, _, _ = w.gates(x, h)
    from_x = x @ w.W_xn + w.b_xn
    planted = {
        "after the product (deck D0)": np.tanh(from_x + r * (h @ w.W_hn)),
        "no reset": np.tanh(from_x + h @ w.W_hn),
        "not transposed": np.tanh(from_x + (r * h) @ w.W_hn.T),
        "with torch's b_hn": np.tanh(from_x + (r * h) @ w.W_hn + w.b_hn),
    }
    check(left.detach(), np.tanh(from_x + (r * h) @ w.W_hn), planted=planted)


@pytest.mark.equation("eq-gru-apart", tolerance=1e-11)
def test_apart(check, rng):
    """Left: the difference of two matrix products; right: the sum over i, entry by entry."""
    r, h, W = rng.uniform(size=(N, H)), rng.normal(size=(N, H)), rng.normal(size=(H, H))
    left = r * (h @ W) - (r * h) @ W
    right, turned = np.zeros((N, H)), np.zeros((N, H))
    for row in range(N):
        for j in range(H):
            for i in range(H):
                right[row, j] += h[row, i] * W[i, j] * (r[row, j] - r[row, i])
                turned[row, j] += h[row, i] * W[j, i] * (r[row, j] - r[row, i])
    planted = {"the other sign": -right, "W transposed": turned, "no difference": 0 * right}
    check(left, right, planted=planted)


@pytest.mark.equation("eq-gru-published-delta", tolerance=1e-10)
def test_published_delta(check, published):
    """Left: autograd at a_r, s (through W_hn) and the states; right: as printed."""
    w, v, truth, C = published
    z, r, n, h = np.stack(v["z"]), np.stack(v["r"]), np.stack(v["n"]), np.stack(v["h"][:-1])
    delta, own = np.stack(truth["h"][1:]), np.stack([0 * C[0], *C[:-1]])
    Delta_n = delta * (1 - z) * (1 - n**2)
    Delta_z = delta * (h - n) * z * (1 - z)
    left = np.stack(truth["r"]), np.stack(truth["h"][:-1]), truth["W_hn"]

    def right(heard=h, scale=r, W_hn=w.W_hn.T):
        Delta_s = Delta_n @ W_hn
        Delta_r = Delta_s * heard * r * (1 - r)
        back = own + z * delta + Delta_r @ w.W_hr.T + Delta_z @ w.W_hz.T + scale * Delta_s
        W = sum((scale * h)[t].T @ Delta_n[t] for t in range(T))
        return Delta_r, back, W

    r_after = Delta_n * (h @ w.W_hn) * r * (1 - r)
    planted = {
        "the other form's Δ^r": (r_after, *right()[1:]),
        "reset forgotten on the way back": right(scale=np.ones_like(r)),
        "not transposed": right(W_hn=w.W_hn),
        "q for h": right(heard=h @ w.W_hn),
    }
    check(left, right(), planted=planted)


@pytest.mark.equation("eq-gru-flip", tolerance=1e-12)
def test_flip(check, rng):
    """Left: torch's cell; right: a cell whose z takes the new, with the gate's weights negated."""
    w, x, h = draw(rng)
    a = x @ w.W_xz + h @ w.W_hz + w.b_z
    _, _, _, n = w.gates(x, h)
    left = w.cell()(torch.tensor(x), torch.tensor(h)), 1 - sigmoid(a)

    def take(a):
        return (1 - sigmoid(a)) * h + sigmoid(a) * n, sigmoid(a)

    only_W = -(x @ w.W_xz + h @ w.W_hz) + w.b_z
    recurrent = -(x @ w.W_xz + w.b_z) + h @ w.W_hz
    planted = {
        "nothing turned": take(a),
        "bias forgotten": take(only_W),
        "recurrent weights forgotten": take(recurrent),
    }
    check(left, take(-a), planted=planted)


@pytest.mark.equation("eq-gru-parameters", tolerance=1e-12)
def test_parameters(check, rng):
    """Left: what torch and Keras built, without their extra biases; right: B(DH + H² + H)."""
    import keras

    sizes = [(14, 32), *rng.permutation(np.arange(2, 20))[:4].reshape(2, 2).tolist()]
    left, naive = [], []
    for D, H in sizes:
        for kind in ("RNN", "GRU", "LSTM"):
            layer = getattr(torch.nn, kind)(D, H)
            built = {k: v.numel() for k, v in layer.named_parameters()}
            naive.append(sum(built.values()))
            left.append(naive[-1] - built["bias_hh_l0"])
        for kind, extra in [("SimpleRNN", {}), ("GRU", {"reset_after": False}), ("LSTM", {})]:
            layer = getattr(keras.layers, kind)(H, **extra)
            layer.build((None, None, D))
            left.append(layer.count_params())
            naive.append(layer.count_params())
        after = keras.layers.GRU(H)
        after.build((None, None, D))
        naive.append(after.count_params())
        left.append(after.count_params() - 3 * H)  # the table's extra term

    def right(bias=1, square=1):
        return np.array(
            [
                B * (D * H + square * H * H + bias * H)
                for D, H in sizes
                for B in (1, 3, 4, 1, 3, 4, 3)
            ]
        )

    planted = {
        "two biases everywhere": right(bias=2),
        "Keras's default GRU": np.array(naive),
        "no bias": right(bias=0),
        "no recurrent weights": right(square=0),
    }
    check(np.array(left), right(), planted=planted)


def keras_cell(parts, H, x_z, x_r, x_n, h, W, b):
    """The next state (N, H) by Keras's GRU cell with reset_after=False, float32 inside.

    Its gates all read one input, and its z keeps the old state. So it is given what the gates of
    a mutation read, side by side, each through its own block (`parts` names the three matrices,
    None for the input as it is), and the weights of z with the other sign. W without "hz": z does
    not look at the state.
    """
    import keras

    reads = [x_z, x_r, x_n]  # in Keras's order of blocks
    widths = np.cumsum([0, *(part.shape[1] for part in reads)])
    kernel = np.zeros((widths[-1], 3 * H))
    for k, (name, sign) in enumerate(zip(parts, (-1, 1, 1), strict=True)):
        block = np.eye(H) if name is None else W[name]
        kernel[widths[k] : widths[k + 1], k * H : (k + 1) * H] = sign * block
    cell = keras.layers.GRUCell(H, reset_after=False, dtype="float64")
    cell.build((len(h), widths[-1]))
    recurrent = np.hstack([-W.get("hz", np.zeros((H, H))), W["hr"], W["hn"]])
    cell.set_weights([kernel, recurrent, np.hstack([-b["z"], b["r"], b["n"]])])
    state, _ = cell(torch.tensor(np.hstack(reads)), torch.tensor(h))
    return state.detach().numpy()


def mutation(rng, D, H):
    """Weights by name, biases, x (N, D), h (N, H)."""
    W = {
        k: rng.normal(size=(D if k[0] == "x" else H, H))
        for k in ("xr", "xz", "xn", "hr", "hz", "hn")
    }
    return (
        W,
        {k: rng.normal(size=H) for k in "rzn"},
        rng.normal(size=(N, D)),
        rng.normal(size=(N, H)),
    )


def blend(z, n, h):
    return z * n + (1 - z) * h


@pytest.mark.equation("eq-gru-mut1", tolerance=2e-6)
def test_mut1(check, rng):
    """Left: as printed, which needs D = H; right: Keras's cell, given x and tanh x to read."""
    W, b, x, h = mutation(rng, H, H)
    squashed = np.tanh(x)

    def printed(z_h=0.0, heard=None, reset=None, n_x=squashed):
        z = sigmoid(x @ W["xz"] + z_h + b["z"])
        r = sigmoid(x @ W["xr"] + h @ W["hr"] + b["r"]) if reset is None else reset
        n = np.tanh(((r * h) @ W["hn"] if heard is None else heard(r)) + n_x + b["n"])
        return z, n

    W_1 = {k: w for k, w in W.items() if k != "hz"}
    right = keras_cell(("xz", "xr", None), H, x, x, np.tanh(x), h, W_1, b)
    z, n = printed()
    planted = {
        "z keeps the old": blend(1 - z, n, h),
        "input not squashed": blend(*printed(n_x=x), h),
        "z looks at the state": blend(*printed(z_h=h @ W["hz"]), h),
        "reset after the product": blend(*printed(heard=lambda r: r * (h @ W["hn"])), h),
        "no reset": blend(*printed(reset=1.0), h),
        "a matrix for the input": blend(*printed(n_x=np.tanh(x @ W["xn"])), h),
    }
    check(blend(z, n, h), right, planted=planted)


@pytest.mark.equation("eq-gru-mut2", tolerance=2e-6)
def test_mut2(check, rng):
    """Left: as printed, which needs D = H; right: Keras's cell, x through the unit matrix for r."""
    W, b, x, h = mutation(rng, H, H)

    def printed(r_x=x, r_h=h, z_h=h, heard=None):
        z = sigmoid(x @ W["xz"] + z_h @ W["hz"] + b["z"])
        r = sigmoid(r_x + r_h @ W["hr"] + b["r"])
        n = np.tanh(((r * h) @ W["hn"] if heard is None else heard(r)) + x @ W["xn"] + b["n"])
        return z, n

    right = keras_cell(("xz", None, "xn"), H, x, x, x, h, W, b)
    z, n = printed()
    planted = {
        "z keeps the old": blend(1 - z, n, h),
        "reset after the product": blend(*printed(heard=lambda r: r * (h @ W["hn"])), h),
        "a matrix in the reset gate": blend(*printed(r_x=x @ W["xr"]), h),
        "no state in the reset gate": blend(*printed(r_h=0 * h), h),
        "z blind for the state (MUT1)": blend(*printed(z_h=0 * h), h),
        "input squashed in the reset gate": blend(*printed(r_x=np.tanh(x)), h),
    }
    check(blend(z, n, h), right, planted=planted)


@pytest.mark.equation("eq-gru-mut3", tolerance=2e-6)
def test_mut3(check, rng):
    """Left: as printed, D and H different; right: Keras's cell, tanh h among z's inputs."""
    W, b, x, h = mutation(rng, D, H)
    squashed = np.tanh(h)

    def printed(z_h=squashed, r_h=h, heard=None):
        z = sigmoid(x @ W["xz"] + z_h @ W["hz"] + b["z"])
        r = sigmoid(x @ W["xr"] + r_h @ W["hr"] + b["r"])
        n = np.tanh(((r * h) @ W["hn"] if heard is None else heard(r)) + x @ W["xn"] + b["n"])
        return z, n

    both = {k: w for k, w in W.items() if k != "hz"} | {"x+h": np.vstack([W["xz"], W["hz"]])}
    right = keras_cell(("x+h", "xr", "xn"), H, np.hstack([x, np.tanh(h)]), x, x, h, both, b)
    z, n = printed()
    planted = {
        "z keeps the old": blend(1 - z, n, h),
        "no tanh in the gate": blend(*printed(z_h=h), h),
        "tanh in the reset gate too": blend(*printed(r_h=np.tanh(h)), h),
        "reset after the product": blend(*printed(heard=lambda r: r * (h @ W["hn"])), h),
        "z blind for the state (MUT1)": blend(*printed(z_h=0 * h), h),
    }
    check(blend(z, n, h), right, planted=planted)
