"""Answers on Part I, found again from the printed text by another route."""

from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
import pytest
import torch

from unrolled.grading.questions.bank import kinds
from unrolled.layers import RNN, loss


def word_by_pairs(kit, q):
    """Count anew, with fractions."""
    text, word = kit.words(q.text)
    p = Fraction(1)
    for c, v in zip(f".{word}", f"{word}.", strict=True):
        marked = f".{text}."
        after = [marked[i + 1] for i in range(len(marked) - 1) if marked[i] == c]
        p *= Fraction(after.count(v), len(after))
    return float(p)


def perplexity_of_tokens(kit, q):
    return np.exp(-np.log(kit.numbers(q.text)[1:]).mean())


def softmax_after_step(kit, q):
    """Autograd takes the step."""
    *u, rate = kit.numbers(q.text)
    came = "abc".index(kit.words(q.text)[3])
    u = torch.tensor(u, dtype=torch.float64, requires_grad=True)
    torch.nn.functional.cross_entropy(u[None], torch.tensor([came])).backward()
    return (u - rate * u.grad).softmax(0)[came].item()


def contexts_of_ngrams(kit, q):
    """List the contexts, of as small a vocabulary as shows the power."""
    n, V = map(int, kit.numbers(q.text))
    small = len({*product(range(3), repeat=n - 1)})
    return f"{V ** round(np.log(small) / np.log(3)):,}"


def parity_step(kit, q):
    """The package's layer, with the weights of the text."""
    *_, h1, h2, x = kit.numbers(q.text)
    net = RNN(np.array([[4.0, 4.0]]), np.array([[2.0, 2], [-2, -2]]), np.array([-2.0, -6]))
    h, *_ = net.forward(np.full((1, 1, 1), x), np.array([[h1, h2]]))
    return float(h[0, 0, 0] - h[0, 0, 1] - 1)


def rnn_parameters(kit, q):
    D, _, H, V = map(int, kit.numbers(q.text))
    net = RNN.init(D, H, np.random.default_rng(0))
    return net.W_xh.size + net.W_hh.size + net.b_h.size + np.zeros((H, V)).size + V


def rnn_shapes(kit, q):
    """Run the layer and look."""
    N, D, H, V = map(int, kit.numbers(q.text)[:4])
    net = RNN.init(D, H, np.random.default_rng(0))
    h, *_ = net.forward(np.zeros((1, N, D)), net.zeros(N))
    shapes = {"W_{xh}": net.W_xh, "W_{hh}": net.W_hh, "h_t": h[0], "W_{hy}": np.zeros((H, V))}
    (name,) = (name for name in shapes if f"shape of ${name}$" in q.text)
    rows, columns = shapes[name].shape
    return rf"${rows} \times {columns}$"


def bit_out_of_sight(kit, q):
    """Try all rows of bits: for each window, the better of the two guesses."""
    k, T = map(int, kit.numbers(q.text))
    seen: dict[tuple, list[int]] = {}
    for bits in product((0, 1), repeat=T):
        seen.setdefault(bits[-k:], []).append(sum(bits) % 2)
    share = sum(max(odd.count(0), odd.count(1)) for odd in seen.values()) / 2**T
    return {1.0: "in all cases", 0.5: "in half of all cases"}[share]


def temperature_power(kit, q):
    """Divide the logits, then take the softmax."""
    p = torch.tensor(kit.numbers(q.text)[1:4], dtype=torch.float64)
    tau = q.text.split("at the temperature ")[1].split("?")[0]
    at = [word in q.text for word in ("the first", "the second", "the third")].index(True)
    return (p.log() / float(Fraction(tau))).softmax(0)[at].item()


def floor_without_state(kit, q):
    """Let a table of logits learn by gradient descent until nothing is left to gain."""
    return floor(*kit.words(q.text))


@cache
def floor(read, asked):
    letters = sorted({*read, *asked})
    x, y = (np.array([letters.index(c) for c in word]) for word in (read, asked))
    W = np.zeros((len(letters), len(letters)))
    for _ in range(2500):
        L, du = loss.cross_entropy(W[x], y)
        np.add.at(W, x, -3 * du)
    return round(np.exp(L), 3)  # a table never gets quite to the floor


def bias_gradient(kit, q):
    """Autograd, with two letters: *l* and all others."""
    steps = kit.rows(q.text)
    p = torch.tensor([float(row[1]) for row in steps], dtype=torch.float64)
    b = torch.zeros((), dtype=torch.float64, requires_grad=True)
    u = torch.stack([p.logit() + b, torch.zeros_like(p)], dim=1)
    came = torch.tensor([0 if row[2] == "yes" else 1 for row in steps])
    torch.nn.functional.cross_entropy(u, came).backward()
    return b.grad.item()


def targets_of_word(kit, q):
    """After each letter that was read comes its target."""
    read, word = kit.words(q.text)
    return "*" + ", ".join(word[i + 1] for i in range(len(read.split(", ")))) + "*"


def bits_per_character(kit, q):
    """A text of characters that all have the probability 1/PPL."""
    PPL = kit.numbers(q.text)[0]
    p = np.full(1000, 1 / PPL)
    return -np.log2(p).mean()


SOLVERS = [word_by_pairs, perplexity_of_tokens, softmax_after_step, contexts_of_ngrams]
SOLVERS += [parity_step, rnn_parameters, rnn_shapes, bit_out_of_sight]
SOLVERS += [temperature_power, floor_without_state, bias_gradient, targets_of_word]
SOLVERS += [bits_per_character]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds() if one.chapter.startswith("sequences/")}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
