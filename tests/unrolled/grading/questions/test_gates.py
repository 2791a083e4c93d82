"""Answers on Part III, found again from the printed text by another route."""

import re
from dataclasses import astuple
from itertools import product

import numpy as np
import pytest

from unrolled.grading.questions.bank import kinds
from unrolled.layers import GRU, LSTM, RNN, Bidirectional


def logit(p):
    """What the sigmoid turns into p; a gate that is shut or open is so to seventeen digits."""
    p = np.clip(p, 1e-17, 1 - 1e-16)
    return np.log(p) - np.log1p(-p)


def size(net):
    """How many numbers a layer holds."""
    return sum(array.size for array in astuple(net))


def one_cell(i, f, g, o):
    """An LSTM of one cell whose gates and candidate stand at these values whatever comes."""
    b = np.array([logit(i), logit(f), np.arctanh(g), logit(o)])
    return LSTM(np.zeros((1, 4)), np.zeros((1, 4)), b)


def lstm_parameters(kit, q):
    D, H = map(int, kit.numbers(q.text)[:2])
    net = LSTM.init(D, H, np.random.default_rng(0))
    return size(net) + (net.b_h.size if "two biases" in q.text else 0)


def lstm_by_hand(kit, q):
    c, f, i, o, g = kit.numbers(q.text)
    h, *_ = one_cell(i, f, g, o).forward(np.zeros((1, 1, 1)), (np.zeros((1, 1)), np.array([[c]])))
    return h.item()


def gates_forced(kit, q):
    """Let a cell run, and see what has become of its entry."""
    f, i = kit.numbers(q.text)
    b = np.array([80 * i - 40, 80 * f - 40, np.arctanh(0.3), 0.0])
    net = LSTM(np.zeros((1, 4)), np.zeros((1, 4)), b)
    _, (_, c), _ = net.forward(np.zeros((1, 1, 1)), (np.zeros((1, 1)), np.array([[0.5]])))
    fates = {0.5: "It is held.", 0.3: "It is replaced by the candidate.", 0.0: "It is wiped."}
    return (fates | {0.8: "The candidate is added to it."})[round(c.item(), 6)]


def note_of_an_untrained_lstm(kit, q):
    bias, n = kit.numbers(q.text)
    net = LSTM(np.zeros((1, 4)), np.zeros((1, 4)), np.array([0, bias, 0, 0.0]))
    start = np.zeros((1, 1)), np.ones((1, 1))
    _, (_, c), _ = net.forward(np.zeros((int(n), 1, 1)), start)
    return c.item()


def lstm_against_gru(kit, q):
    D, H = map(int, kit.numbers(q.text))
    rng = np.random.default_rng(0)
    return size(LSTM.init(D, H, rng)) - size(GRU.init(D, H, rng))


def gru_by_hand(kit, q):
    h, a, _, r, z = kit.numbers(q.text)
    b_h = np.array([logit(r), logit(z), a])
    net = GRU(np.zeros((1, 3)), np.array([[0, 0, 1.0]]), b_h, np.zeros(1))
    new, *_ = net.forward(np.zeros((1, 1, 1)), np.array([[h]]))
    return new.item()


def place_of_the_slider(kit, q):
    """Push the slider along, in small steps."""
    old, n, wanted = kit.numbers(q.text)
    z = np.linspace(0, 1, 1_000_001)
    return round(z[np.abs(z * old + (1 - z) * n - wanted).argmin()], 5)


def where_the_reset_gate_acts(kit, q):
    """The package's GRU with its slider at 0: the state is the tanh of what is asked for."""
    found = re.search(r"= \((.*?), (.*?)\)\$, \$r_t = \((.*?), (.*?)\)\$.*pmatrix\} (.*?) & (.*?) "
                      r"\\\\ (.*?) & (.*?) \\end", q.text)  # fmt: skip
    h1, h2, r1, r2, *W = map(float, found.groups())
    W_hh = np.concatenate([np.zeros((2, 4)), np.reshape(W, (2, 2))], axis=1)
    b_h = np.array([logit(r1), logit(r2), -50, -50, 0, 0])
    net = GRU(np.zeros((1, 6)), W_hh, b_h, np.zeros(2))
    n, *_ = net.forward(np.zeros((1, 1, 1)), np.array([[h1, h2]]))
    return np.arctanh(n[0, 0, 0])


def arrows_to_the_answer(kit, q):
    """Breadth first, through the graph of the network."""
    L = int(re.search(r"has (\d)", q.text)[1])
    k, t = (int(v) for v in re.findall(r"_\{(\d+)\}", q.text))
    here, seen, arrows = {(0, k)}, set(), 0
    while (L + 1, t) not in here:
        seen |= here
        steps = [0, 1, -1] if "bidirectional" in q.text else [0, 1]
        along = {(layer, s + d) for layer, s in here for d in steps[1:] if 1 <= layer <= L}
        up = {(layer + 1, s) for layer, s in here}
        here, arrows = {(a, b) for a, b in along | up if 1 <= b <= 40} - seen, arrows + 1
    return arrows


def bidirectional_parameters(kit, q):
    H, D = map(int, kit.numbers(q.text))
    kind, rng = LSTM if "LSTM" in q.text else RNN, np.random.default_rng(0)
    layers = [Bidirectional.init(kind, D, H, rng), Bidirectional.init(kind, 2 * H, H, rng)]
    return sum(size(net.rightward) + size(net.leftward) for net in layers)


def step_of_the_second_reader(kit, q):
    """Let it read the words in its order."""
    T, padded, word = map(int, kit.numbers(q.text))
    told = "not told" not in q.text
    order = [*range(1, T + 1)][::-1] if told else [*range(1, padded + 1)][::-1]
    return order.index(word) + 1


def reader_from_the_right(kit, q):
    *_, weight, _ = kit.numbers(q.text.split("The signs")[0])
    signs = [float(v) for v in re.search(r"signs are \$(.*?)\$", q.text)[1].split(", ")]
    net = RNN(np.ones((1, 1)), np.array([[weight]]), np.zeros(1))
    h, *_ = net.forward(np.reshape(signs[::-1], (3, 1, 1)), np.zeros((1, 1)))
    return h[-1].item()


def correlation_of_a_lamp(kit, q):
    lamp, fact = ([float(v.replace("−", "-")) for v in row[1:]] for row in kit.rows(q.text))
    return np.corrcoef(lamp, fact)[0, 1]


def lamps_by_luck(kit, q):
    """Try all ways in which a lamp can be switched."""
    H, n = map(int, kit.numbers(q.text))
    fact = (1,) + (0,) * (n - 1)
    other = tuple(1 - v for v in fact)
    return H * np.mean([lamp in (fact, other) for lamp in product((0, 1), repeat=n)])


def luck_of_a_correlation(kit, q):
    """Two facts dealt out without replacement hang together: the covariance of such a deal."""
    n = int(kit.numbers(q.text)[0])
    y = np.arange(n) < n // 3
    spread = (np.eye(n) * n - 1) * y.var() / (n - 1)  # covariance of the facts dealt out
    s = np.random.default_rng(0).normal(size=n)
    s -= s.mean()
    return np.sqrt(s @ spread @ s / ((s @ s) * n * y.var()))


def cell_held_fast(kit, q):
    """A cell with this note, all kept, and nothing written."""
    v, _, o = kit.numbers(q.text)
    net = LSTM(np.zeros((1, 4)), np.zeros((1, 4)), np.array([-50, 50, 0, logit(o)]))
    h, *_ = net.forward(np.zeros((1, 1, 1)), (np.zeros((1, 1)), np.array([[v]])))
    return h.item()


SOLVERS = [lstm_parameters, lstm_by_hand, gates_forced, note_of_an_untrained_lstm]
SOLVERS += [lstm_against_gru, gru_by_hand, place_of_the_slider, where_the_reset_gate_acts]
SOLVERS += [arrows_to_the_answer, bidirectional_parameters, step_of_the_second_reader]
SOLVERS += [reader_from_the_right, correlation_of_a_lamp, lamps_by_luck, luck_of_a_correlation]
SOLVERS += [cell_held_fast]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds() if one.chapter.startswith("gates/")}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}


def test_the_update_gate_taken_the_wrong_way_round_is_wrong(kit):
    for q in kit.draw("gru-by-hand"):
        h, a, _, r, z = kit.numbers(q.text)
        n = np.tanh(a + r * h)
        assert abs((1 - z) * h + z * n - q.answer) > q.tolerance
    for q in kit.draw("place-of-the-slider"):
        assert abs(1 - q.answer - q.answer) > q.tolerance
