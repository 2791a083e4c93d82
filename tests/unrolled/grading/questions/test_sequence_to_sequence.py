"""Answers on Part IV up to the search, found again from the printed text by another route."""

import re

import numpy as np
import pytest
import torch

from unrolled.decoding import search
from unrolled.decoding.beam_search import beam
from unrolled.grading.questions.bank import kinds
from unrolled.layers import GRU

END = 3  # after A, B and C


def loss_under_the_mask(kit, q):
    """Torch's loss, which leaves out what is marked."""
    rows = [row[1:] for row in kit.rows(q.text)]
    p = torch.tensor([[0.5 if v in ("PAD", "") else float(v) for v in row] for row in rows])
    u = torch.stack([p.logit(), torch.zeros_like(p)], dim=-1).flatten(0, 1)
    y = torch.tensor([[-1 if v in ("PAD", "") else 0 for v in row] for row in rows]).flatten()
    return torch.nn.functional.cross_entropy(u.double(), y, ignore_index=-1).item()


def card_behind_padding(kit, q):
    first, second, pads, _ = kit.numbers(q.text)[1:]
    state = 0.0
    for token in [first, second, *["PAD"] * int(pads)]:
        if token == "PAD" and "mask is used" in q.text:
            continue
        state = 0.5 * state + (0.0 if token == "PAD" else token)
    return state


def writer_with_the_card(kit, q):
    H, D = map(int, kit.numbers(q.text)[:2])
    net = GRU.init(D + H, H, np.random.default_rng(0))
    return sum(array.size for array in (net.W_xh, net.W_hh, net.b_h, net.b_hn))


def what_the_decoder_reads(kit, q):
    """The decoder writes the target when it is fed what it wrote."""
    target, read = kit.words(q.text)[0].split(), ["START"]
    for token in target:
        if token != "END":
            read.append(token)
    return "*" + " ".join(read) + "*"


def chain(eps, r):
    """The chain of right and wrong answers."""
    return np.array([[1 - eps, eps], [r, 1 - r]])


def wrong_answer_at_step(kit, q):
    eps, r, t = kit.numbers(q.text)
    return np.linalg.matrix_power(chain(eps, r), int(t))[0, 1]


def all_answers_right(kit, q):
    """The chain, with a third place for all that were wrong once."""
    T, eps, r, _ = kit.numbers(q.text)
    once = np.zeros((3, 3))  # right so far, wrong now, right again
    once[0, :2] = 1 - eps, eps
    once[1] = 0, 1 - r, r
    once[2] = 0, eps, 1 - eps
    return np.linalg.matrix_power(once, int(T))[0, 0]


def what_is_fed(kit, q):
    targets, answers = np.reshape([int(v) for v in kit.numbers(q.text)], (2, -1)).tolist()
    fed, before = [], "START"
    for target, answer in zip(targets, answers, strict=True):
        fed.append(before)
        before = target if "teacher forcing" in q.text else answer
    return ", ".join(map(str, fed))


def truth_in_a_mixture(kit, q):
    """Play it out with a hundred equal cases for the coin and for the draw."""
    share, p = kit.numbers(q.text)
    coin, own = np.meshgrid(np.arange(100) / 100 + 0.005, np.arange(100) / 100 + 0.005)
    return ((coin < share) | (own < p)).mean()


def wrong_answers_without_a_way_back(kit, q):
    """By the step at which the first mistake happens."""
    eps, T = kit.numbers(q.text)
    t = np.arange(1, int(T) + 1)
    return ((1 - eps) ** (t - 1) * eps * (T - t + 1)).sum()


def model(kit, q):
    """The printed table as a model that the package's searches can call, and its length."""
    P = torch.tensor([[float(v) for v in row[1:]] for row in kit.rows(q.text)])
    words = {"two": 2, "three": 3}[re.search(r"has (two|three) words", q.text)[1]]

    def step(state, tokens):
        log_p = torch.full((len(tokens), 4), -torch.inf)
        if state[0] == words:
            log_p[:, END] = 0
        else:
            log_p[:, :3] = P[torch.where(tokens == END, 0, tokens + 1)].log()
        return log_p, state + 1

    start = torch.tensor([END])  # in the place of START
    return step, torch.zeros(1), start, END, words + 1


def greedy_or_best(kit, q):
    if "greedy search finds" in q.text:
        return search.greedy(*model(kit, q))[1].exp().item()
    return float(np.exp(search.exhaustive(*model(kit, q))[0][0]))


def beam_of_two(kit, q):
    *arguments, T = model(kit, q)
    return beam(*arguments, k=2, T=T).scores[0, 0].exp().item()


def divided_by_the_length(kit, q):
    rows = [[float(v.replace("−", "-")) for v in row[1:]] for row in kit.rows(q.text)]
    alpha = int(re.search(r"alpha = (\d)", q.text)[1])
    best = np.argmax([q / T if alpha else q for q, T in rows])
    return f"the {('first', 'second', 'third')[best]}"


def when_the_empty_one_wins(kit, q):
    a, eps = kit.numbers(q.text)
    T, p = 0, 1.0
    while p >= eps:
        T, p = T + 1, p * a
    return T


SOLVERS = [loss_under_the_mask, card_behind_padding, writer_with_the_card, what_the_decoder_reads]
SOLVERS += [wrong_answer_at_step, all_answers_right, what_is_fed, truth_in_a_mixture]
SOLVERS += [wrong_answers_without_a_way_back, greedy_or_best, beam_of_two, divided_by_the_length]
SOLVERS += [when_the_empty_one_wins]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_beam_and_greedy_differ_where_the_beam_is_asked_for(kit):
    for question in kit.draw("beam-of-two"):
        greedy = search.greedy(*model(kit, question))[1].exp().item()
        assert abs(greedy - question.answer) > 10 * question.tolerance


def test_every_kind_is_tried():
    chapters = ("encoder-decoder", "teacher-forcing", "search")
    here = {one.name for one in kinds([f"sequence-to-sequence/{one}" for one in chapters])}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}


def test_the_greedy_sentence_does_not_pass_for_the_best(kit):
    for question in kit.draw("greedy-or-best"):
        greedy = search.greedy(*model(kit, question))[1].exp().item()
        best = float(np.exp(search.exhaustive(*model(kit, question))[0][0]))
        assert best - greedy > 2 * question.tolerance
