"""Answers on Part II, found again from the printed text by another route."""

import re

import numpy as np
import pytest
import torch

from unrolled.grading.questions.bank import kinds


def steps(kit, q):
    """Weight, states and targets of three steps: w with autograd, inputs that give these states."""
    w = float(re.search(r"\$w = ([\d.]+)\$", q.text)[1])
    h, y = ([float(v.replace("−", "-")) for v in row[1:]] for row in kit.rows(q.text))
    before = [0.0, *h[:-1]]
    x = [np.arctanh(now) - w * old for now, old in zip(h, before, strict=True)]
    return torch.tensor(w, dtype=torch.float64, requires_grad=True), x, y


def run(w, x, y, cut=0):
    """Autograd's gradient of the loss of three steps; the state is detached after step `cut`."""
    h, L = torch.zeros((), dtype=torch.float64), 0
    for t in range(3):
        h = torch.tanh(x[t] + w * (h.detach() if cut and t == cut else h))
        L = L + (h - y[t]) ** 2 / 2
    L.backward()
    return w.grad.item()


def gradient_of_three_steps(kit, q):
    return run(*steps(kit, q))


def cut_gradient(kit, q):
    cut = int(re.search(r"between the steps (\d)", q.text)[1])
    return run(*steps(kit, q), cut=cut)


def delta_of_one_step(kit, q):
    """Autograd, with a loss of the next step that has the given derivative."""
    found = re.findall(r"(?:w|h_5|y_5|Delta_6) = (-?[\d.]+)\$", q.text)
    w, h, y, later = map(float, found)
    a = torch.tensor(np.arctanh(h), requires_grad=True)
    state = torch.tanh(a)
    ((state - y) ** 2 / 2 + later * w * state).backward()
    return a.grad.item()


def shared_factor(kit, q):
    """Move q a little, up and down; a polynomial of second degree leaves no error."""
    c = int(re.search(r"\(q \+ (\d+)\)", q.text)[1])
    p, at = (int(re.search(rf"\${name} = (\d+)\$", q.text)[1]) for name in "pq")
    return ((p + at + 0.5) * (at + 0.5 + c) - (p + at - 0.5) * (at - 0.5 + c)) / 1.0


def gradient_products(kit, q):
    """Work out every choice on random arrays, and compare with autograd."""
    torch.manual_seed(0)
    T, N, H = 4, 2, 3  # and D = V = H, so that every choice has the right shape
    x = torch.randn(T, N, H, dtype=torch.float64)
    W = {k: torch.randn(H, H, dtype=torch.float64, requires_grad=True) for k in ("xh", "hh", "hy")}
    h, a, u = [torch.randn(N, H, dtype=torch.float64)], [], []
    for x_t in x:
        a.append(x_t @ W["xh"] + h[-1] @ W["hh"])
        h.append(torch.tanh(a[-1]))
        u.append(h[-1] @ W["hy"])
    for value in (*a, *u):
        value.retain_grad()
    torch.stack(u).square().sum().backward()
    weight = re.search(r"W_\{(\w\w)\}", q.text)[1]
    arrays = {"x": [None, *x], "h": h, r"\Delta": [None, *(v.grad for v in a)]}
    arrays[r"\frac{\partial\ell}{\partial u}"] = [None, *(v.grad for v in u)]

    def value(text):
        names = re.sub(r"_\{[tT]-1\}|_[tT]", "", text.strip("$").removeprefix(r"\sum_t "))
        left, right = (part.strip() for part in names.split(r"^\top", 1))
        shift = [-1 if "-1" in part else 0 for part in text.split(r"^\top", 1)]
        times = [T] if r"\sum" not in text else range(1, T + 1)
        times = [t for t in times if arrays[left][t + shift[0]] is not None]
        return sum(arrays[left][t + shift[0]].T @ arrays[right][t + shift[1]] for t in times)

    right = [text for text in q.choices if torch.allclose(value(text), W[weight].grad)]
    assert len(right) == 1, q.choices
    return right[0]


def left_after_three_steps(kit, q):
    """Autograd from h_3 to h_0."""
    w, *h = (float(v) for v in re.findall(r"(?:weight|h_[123] =) (-?[\d.]+\d)", q.text))
    start = torch.zeros((), dtype=torch.float64, requires_grad=True)
    state, old = start, 0.0
    for now in h:
        state = torch.tanh(np.arctanh(now) - w * old + w * state)
        old = now
    state.backward()
    return start.grad.item()


def steps_to_a_share(kit, q):
    gamma, left, n = kit.numbers(q.text)[0], 1.0, 0
    share = {"tenth": 0.1, "hundredth": 0.01, "thousandth": 0.001}
    (limit,) = (value for name, value in share.items() if f"a {name} of it" in q.text)
    while left >= limit:
        left, n = left * gamma, n + 1
    return n


def clipped_gradient(kit, q):
    """Torch's own clipping."""
    a, b, limit = kit.numbers(q.text)
    weight = torch.zeros(2, requires_grad=True)
    weight.grad = torch.tensor([a, b])
    torch.nn.utils.clip_grad_norm_([weight], limit)
    return f"$({', '.join(f'{v:.3g}' for v in weight.grad.tolist())})$"


def powers_of_a_matrix(kit, q):
    found = re.search(r"pmatrix\} ([\d.]+) & ([\d.]+) \\\\ ([\d.]+) & ([\d.]+)", q.text)
    n = int(re.search(r"after (\d+) steps", q.text)[1])
    W = np.array([float(v) for v in found.groups()]).reshape(2, 2)
    return (np.array([1, 0]) @ np.linalg.matrix_power(W.T, n))[0]


def uses_seen(kit, q):
    """Mark for every loss the uses between which and it there is no cut."""
    S, _, t = map(int, kit.numbers(q.text))
    cuts = {s for s in range(1, 200) if s % S == 1}  # steps into which nothing flows back
    return sum(not cuts & set(range(k + 1, t + 1)) for k in range(1, t + 1))


def missing_share(kit, q):
    """Add up the row, far enough."""
    gamma, tau = kit.numbers(q.text)
    row = gamma ** np.arange(5000)
    return row[int(tau) :].sum() / row.sum()


def who_did_it(kit, q):
    """Follow what can flow forward, and what flows back from the losses, through one long text."""
    story, page = (int(v) for v in re.findall(r"(\d+) letters", q.text))
    carried, often = "is carried" in q.text, "at every letter" in q.text
    clue, question = 5 * story, 6 * story - 1
    start = question // page * page  # where the question's segment begins
    knows = carried or start <= clue
    taught_whole = start <= clue
    right = {
        (False, False): "It can only guess",
        (False, True): "It can only guess",
        (True, True): "It can learn it. At each letter",
        (True, False): "It can learn it, since" if taught_whole else "It will do little better",
    }[knows, often]
    (text,) = (text for text in q.choices if text.startswith(right))
    return text


SOLVERS = [gradient_of_three_steps, delta_of_one_step, shared_factor, gradient_products]
SOLVERS += [left_after_three_steps, steps_to_a_share, clipped_gradient, powers_of_a_matrix]
SOLVERS += [cut_gradient, uses_seen, missing_share, who_did_it]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds() if one.chapter.startswith("training/")}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
