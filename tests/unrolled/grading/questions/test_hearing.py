"""Answers on speech, found again from the printed text by another route."""

import re
from itertools import product

import numpy as np
import pytest
import torch

from unrolled.decoding import edit_distance
from unrolled.grading.questions.bank import kinds
from unrolled.layers import ctc


def text_of_a_path(kit, q):
    path = re.search(r"`(.*?)`", q.text)[1]
    letters = ctc.collapse(["∅ab".index(symbol) for symbol in path])
    return "*" + "".join("∅ab"[v] for v in letters) + "*"


def number_of_paths(kit, q):
    """Try them all."""
    (text,), T = kit.words(q.text), int(kit.numbers(q.text)[0])
    symbols = ["∅", *sorted({*text})]
    labels = tuple(symbols.index(letter) for letter in text)
    paths = product(range(len(symbols)), repeat=T)
    return sum(tuple(ctc.collapse(path)) == labels for path in paths)


def frames_for_a_text(kit, q):
    (text,) = kit.words(q.text)
    return ctc.fewest_frames(np.array([ord(letter) for letter in text]))


def printed(kit, q):
    """log_p (3, 3) from the table, blank first, and the labels."""
    rows = [[float(v) for v in row[1:]] for row in kit.rows(q.text)]
    return np.log(np.array(rows).T), np.array([1, 2])


def probability_of_a_text(kit, q):
    log_p, labels = printed(kit, q)
    loss = torch.nn.functional.ctc_loss(
        torch.tensor(log_p)[:, None], torch.tensor(labels[None]), [3], [2], reduction="sum"
    )
    return loss.neg().exp().item()


def target_at_a_frame(kit, q):
    """Prediction minus gradient, with torch's gradient at the logits."""
    log_p, labels = printed(kit, q)
    u = torch.tensor(log_p, requires_grad=True)
    torch.nn.functional.ctc_loss(
        u.log_softmax(-1)[:, None], torch.tensor(labels[None]), [3], [2], reduction="sum"
    ).backward()
    symbols = [row[0] for row in kit.rows(q.text)]
    symbol = re.search(r"\$v\$ = (.)", q.text)[1]
    return (u.softmax(-1) - u.grad)[1, symbols.index(symbol)].item()


def edits_between_words(kit, q):
    return edit_distance.distance(*kit.words(q.text))


SOLVERS = [text_of_a_path, number_of_paths, frames_for_a_text, probability_of_a_text]
SOLVERS += [target_at_a_frame, edits_between_words]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds(["sequence-to-sequence/speech"])}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
