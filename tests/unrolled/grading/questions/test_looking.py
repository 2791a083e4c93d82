"""Answers on attention and captions, found again from the printed text by another route."""

import re

import numpy as np
import pytest
import torch

from unrolled.datasets import shape_world
from unrolled.grading.questions.bank import kinds


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


SOLVERS = [weight_of_a_place, context_of_a_query, scores_in_the_table, weight_beside_padding]
SOLVERS += [loss_of_a_perfect_captioner, errors_of_a_caption, captioner_parameters]
SOLVERS += [picture_as_a_bias]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {
        one.name
        for one in kinds([f"sequence-to-sequence/{one}" for one in ("attention", "captioning")])
    }
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
