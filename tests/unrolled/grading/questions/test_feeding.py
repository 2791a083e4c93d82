"""Answers on pieces of text, found again from the printed text by another route."""

import re

import numpy as np
import pytest
import torch

from unrolled.grading.questions.bank import kinds
from unrolled.layers import LSTM
from unrolled.practice import bpe


def steps_after_a_join(kit, q):
    """The text written out, and the pair replaced by one sign."""
    words = re.findall(r"\*(\w+)\* (\d+) times", q.text)
    pair = re.search(r"pair \*(\w) (\w)\*", q.text)
    text = " ".join(word for word, n in words for _ in range(int(n)))
    return len(text.replace("".join(pair.groups()), "#").replace(" ", ""))


def bits_of_tokens(kit, q):
    """A network that gives each token the probability exp(-L)."""
    B, T, L = re.search(r"([\d,]+) bytes.*?([\d,]+) tokens.*?([\d.]+) nats", q.text).groups()
    B, T, L = float(B.replace(",", "")), int(T.replace(",", "")), float(L)
    p = torch.full((T,), -L, dtype=torch.float64).exp()
    return (-p.log2().sum() / B).item()


def logits_cost_more(kit, q):
    H, D = (int(n) for n in re.findall(r"(\d+) (?:units|numbers)", q.text))
    layer, V = LSTM.init(D, H, np.random.default_rng(0)), 1
    while layer.W_xh.size + layer.W_hh.size > H * V:
        V += 1
    return V


def cut_of_a_word(kit, q):
    """By the package's own cut, whose ranks are the order of learning."""
    named = re.findall(r"\*(\w+)\*", q.text)
    book = bpe.BPE([*bpe.BYTES, *(piece.encode() for piece in named[:-1])])
    return len(book.cut(named[-1]))


def fair_measure(kit, q):
    (told,) = (one for one in q.choices if "token" not in one)
    return told


SOLVERS = [steps_after_a_join, bits_of_tokens, logits_cost_more, cut_of_a_word, fair_measure]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds() if one.chapter == "practice/text-at-scale"}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
