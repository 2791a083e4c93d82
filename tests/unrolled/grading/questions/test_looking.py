"""Answers on Part IV from attention on, found again from the printed text by another route."""

import re
from itertools import product

import numpy as np
import pytest
import torch

from unrolled.datasets import shape_world
from unrolled.decoding import edit_distance
from unrolled.grading.questions.bank import kinds
from unrolled.layers import ctc


def weight_of_a_place(kit, q):
    e = torch.tensor(kit.numbers(q.text)[:3], dtype=torch.float64)
    at = [f"the {word} place" in q.text for word in ("first", "second", "third")].index(True)
    return e.softmax(0)[at].item()


def context_of_a_query(kit, q):
    """Torch's own attention."""
    K = torch.tensor([[float(v) for v in row[1:]] for row in kit.rows(q.text)])[None].double()
    query = [float(v) for v in re.search(r"query is \$\((.*?)\)", q.text)[1].split(", ")]
    Q = torch.tensor([[query]]).double()
    return torch.nn.functional.scaled_dot_product_attention(Q, K, K)[0, 0, 3].item()


def scores_in_the_table(kit, q):
    S, T, D = map(int, kit.numbers(q.text))
    e = np.ones((T, D)) @ np.ones((D, S))
    context = e @ np.ones((S, D))
    return f"{e.size:,} scores, {context[0].size} numbers"


def weight_beside_padding(kit, q):
    e = torch.tensor(kit.numbers(q.text)).double()
    return torch.where(torch.tensor([True, True, False]), e, -torch.inf).softmax(0)[0].item()


def scene(q):
    """The things of the printed picture, as the package knows them."""
    found = re.findall(r"a (\w+) (\w+) with its middle at row (\d+), column (\d+)", q.text)
    return tuple(shape_world.Thing(c, s, int(r), int(k)) for c, s, r, k in found)


def loss_of_a_perfect_captioner(kit, q):
    return np.log(len(shape_world.sentences(scene(q))))


def errors_of_a_caption(kit, q):
    said = kit.words(q.text)[-1]
    return sum(shape_world.errors(said, scene(q)).values())


def captioner_parameters(kit, q):
    """The arrays of the equation, made and counted."""
    D, H, F, V = (int(v) for v in re.findall(r"\$[DHFV] = (\d+)\$", q.text))
    shapes = [(D, H), (H, H), (F, H), (H,), (H, V), (V,)]
    return sum(np.zeros(shape).size for shape in shapes)


def picture_as_a_bias(kit, q):
    v = [float(a) for a in re.search(r"v = \((.*?)\)", q.text)[1].split(", ")]
    W = re.search(r"pmatrix\} (.*?) & (.*?) \\\\ (.*?) & (.*?) \\end", q.text).groups()
    return (np.array(v) @ np.reshape([float(a) for a in W], (2, 2)))[0]


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


SOLVERS = [weight_of_a_place, context_of_a_query, scores_in_the_table, weight_beside_padding]
SOLVERS += [loss_of_a_perfect_captioner, errors_of_a_caption, captioner_parameters]
SOLVERS += [picture_as_a_bias, text_of_a_path, number_of_paths, frames_for_a_text]
SOLVERS += [probability_of_a_text, target_at_a_frame, edits_between_words]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    chapters = ("attention", "captioning", "speech")
    here = {one.name for one in kinds([f"sequence-to-sequence/{one}" for one in chapters])}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
