"""Problem set 7: the tests of its tasks."""

import functools
import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy import ndarray

from unrolled.grading.tasks import ProblemSet, Wrong, close, equal, returns, same_shape
from unrolled.layers import ctc

SET = ProblemSet("The bells of a tower", ["paths", "gradient", "when", "beam", "finger"])

NORMS = {  # how a sheet prints what a score is divided by, its code, and the function
    "power": (r"T^\alpha", "T**alpha", lambda T, alpha: T**alpha),
    "five": (
        r"\left(\frac{5 + T}{6}\right)^{\alpha}",
        "((5 + T) / 6) ** alpha",
        lambda T, alpha: ((5 + T) / 6) ** alpha,
    ),
    "logarithm": (
        r"\left(1 + \log T\right)^{\alpha}",
        "(1 + np.log(T)) ** alpha",
        lambda T, alpha: (1 + math.log(T)) ** alpha,
    ),
}

ALPHAS = {  # with which the ringers' best tune is a longer one
    "power": [0.7, 0.8, 0.9, 1.0],
    "five": [1.2, 1.3, 1.4, 1.5],
    "logarithm": [1.0, 1.1, 1.2, 1.3],
}


@SET.given
def given(draw):
    """Bells and their tones, what a score is divided by, what ringers like, and the score."""
    bells = draw.at("bells").between(4, 6)
    triples = list(itertools.combinations(range(12), 3))
    tones = [list(triple) for triple in draw.at("tones").sample(triples, bells)]
    norm = draw.at("norm").choice(list(NORMS))
    printed, code, _ = NORMS[norm]
    follows = ringers(draw.at("ringers"), bells)
    side, form = draw.at("side").choice("QK"), draw.at("form").choice(list(FORMS))
    return {
        "bells": bells,
        "tones": tones,
        "kind": norm,
        "norm": printed,
        "norm_code": code,
        "alpha": draw.at("alpha").choice(ALPHAS[norm]),
        "follows": "[\n    " + ",\n    ".join(map(str, follows)) + ",\n]",
        "best_tune": best_tune(follows),
        "side": side,
        "form": form,
        **score_texts(side, form),
    }


def ringers(draw, bells: int) -> list[list[float]]:
    """What follows each bell, and how a tune begins: END in column 0."""
    rows = []
    for row in range(bells + 1):
        end, first = 10 + row, 78 - row
        rest = 100 - end - first
        others = [rest - sum(range(1, bells - 1)), *range(1, bells - 1)]
        places = draw.sample(range(bells), bells)
        hundredths = dict(zip(places, [first, *others], strict=True))
        rows.append([end / 100, *(hundredths[place] / 100 for place in range(bells))])
    return rows


def best_tune(follows: list[list[float]], limit: int = 9) -> str:
    """The likeliest tune and the logarithm of its probability: best first, so it is exact."""
    live = [(0.0, [])]
    while True:
        q, path = live.pop(live.index(max(live)))
        if path and path[-1] == 0:
            return f"`{path}`, value {q:.4f}"
        row = follows[path[-1] - 1] if path else follows[-1]
        live += [
            (q + math.log(p), [*path, v])
            for v, p in enumerate(row)
            if v == 0 or len(path) + 1 < limit
        ]


# Tasks 1 to 3


def random_log_p(draw, T: int, V: int, width: float = 2.0) -> tuple[ndarray, ndarray]:
    """Logits (T, V) and the logarithms of their softmax."""
    u = draw.uniform(T, V, low=-width, high=width)
    top = u.max(axis=1, keepdims=True)
    return u, u - top - np.log(np.exp(u - top).sum(axis=1, keepdims=True))


def says(path: tuple, blank: int) -> list[int]:
    """The labels of a path: merge, then drop."""
    return [v for v, _ in itertools.groupby(path) if v != blank]


@functools.cache
def saying(T: int, V: int, labels: tuple, blank: int) -> ndarray:
    """All paths (any number, T) that say the labels."""
    paths = itertools.product(range(V), repeat=T)
    return whole([path for path in paths if says(path, blank) == list(labels)]).reshape(-1, T)


def paths_of(log_p: ndarray, labels: list[int], blank: int) -> tuple[ndarray, ndarray]:
    """All paths that say the labels, one in each row, and their probabilities."""
    paths = saying(*log_p.shape, tuple(labels), blank)
    return paths, np.exp(log_p[range(len(log_p)), paths].sum(axis=1))


def whole(labels: list[int]) -> ndarray:
    return np.array(labels, dtype=np.int64)


def listed(student, log_p: ndarray, labels: list[int], blank: int) -> None:
    total = paths_of(log_p, labels, blank)[1].sum()
    wanted = -math.log(total) if total > 0 else math.inf
    close(student.ctc_loss(log_p, whole(labels), blank), wanted, "the loss")


@SET.test("paths", 2, "ctc_loss as by listing all paths, for labels without repeats, any blank")
def all_paths(student, given, draw):
    for T, labels, blank in [(3, [1, 2], 0), (6, [2, 1, 2], 0), (5, [0, 2, 1], 3), (4, [3], 1)]:
        listed(student, random_log_p(draw, T, 4)[1], labels, blank)


@SET.test("paths", 1, "doubled labels, no labels, one frame, too few frames, probabilities of 0")
def corners(student, given, draw):
    for T, labels in [(6, [1, 1]), (5, [2, 2, 1]), (4, []), (1, [2]), (1, []), (2, [1, 1])]:
        listed(student, random_log_p(draw, T, 3)[1], labels, 0)
    log_p = random_log_p(draw, 5, 3)[1]
    log_p[1, 0] = log_p[3, 2] = log_p[0, 1] = -np.inf
    for labels in [1, 2], [1, 1], [2], []:
        listed(student, log_p, labels, 0)


@SET.test("paths", 1, "a recording of 600 frames, too improbable for a computer")
def long_recording(student, given, draw):
    _, log_p = random_log_p(draw, 600, 6)
    labels = whole([draw.between(1, 5) for _ in range(60)])
    wanted = ctc.forward(log_p, labels)[0]
    close(student.ctc_loss(log_p, labels, 0), wanted, "the loss")


def gradient_of(student, *arguments) -> tuple:
    return returns(student.ctc_gradient(*arguments), 2, "what ctc_gradient returns")


@SET.test("gradient", 2, "ctc_gradient as by listing all paths, with repeats and any blank")
def shares(student, given, draw):
    cases = [(3, [1, 2], 0), (6, [1, 1], 0), (5, [0, 2, 2], 1), (1, [2], 0), (4, [], 0)]
    for T, labels, blank in cases:
        u, log_p = random_log_p(draw, T, 3)
        paths, p = paths_of(log_p, labels, blank)
        omega = np.array([[p[paths[:, t] == v].sum() for v in range(3)] for t in range(T)])
        loss, du = gradient_of(student, u + 1000.0, whole(labels), blank)
        close(loss, -math.log(p.sum()), "the loss")
        close(du, np.exp(log_p) - omega / p.sum(), "the gradient")


@SET.test("gradient", 2, "350 frames, 30 symbols and 60 labels")
def many_frames(student, given, draw):
    u, log_p = random_log_p(draw, 350, 30)
    labels = whole([draw.between(1, 29) for _ in range(60)])
    wanted, tape = ctc.forward(log_p, labels)
    loss, du = gradient_of(student, u, labels, 0)
    close(loss, wanted, "the loss")
    close(du, ctc.backward(tape), "the gradient")


@SET.test("when", 2, "spans of the likeliest path among all, with repeats and any blank")
def best_of_all(student, given, draw):
    cases = [(3, [1, 2], 0), (6, [1, 1], 0), (6, [0, 2, 2], 1), (6, [2], 0), (1, [1], 0)]
    for T, labels, blank in [*cases, (3, [], 0)]:
        for _ in range(5):
            _, log_p = random_log_p(draw, T, 3)
            paths, p = paths_of(log_p, labels, blank)
            got = student.spans(log_p, whole(labels), blank)
            equal(got, runs(paths[p.argmax()].tolist(), blank), "the array of spans")


def runs(path, blank: int) -> ndarray:
    """The first and the last frame of each label of a path."""
    found, t = [], 0
    for v, run in itertools.groupby(path):
        length = len(list(run))
        if v != blank:
            found.append([t, t + length - 1])
        t += length
    return whole(found).reshape(-1, 2)


@SET.test("when", 1, "a recording of 80 frames whose single frames are sometimes misheard")
def misheard(student, given, draw):
    path, labels, V = [0, 0], [], 7
    while len(path) < 75:
        label = draw.between(1, V - 2)
        gap = draw.between(1 if labels and labels[-1] == label else 0, 5)
        path += [0] * gap + [label] * draw.between(2, 6)
        labels.append(label)
    u = draw.uniform(len(path), V)
    u[range(len(path)), path] += 12
    for t in range(3, len(path), 9):
        u[t, V - 1] += 13.5  # a symbol that is not among the labels
    log_p = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    equal(student.spans(log_p, whole(labels), 0), runs(path, 0), "the array of spans")


# Task 4


class Model:
    """What a search asks, one call after another; `log_p` says what it is told."""

    H = 5

    def __init__(self, V: int, end: int):
        self.V, self.end = V, end
        self.asked = []  # for each call its prefixes: the last symbol, then the state

    def step(self, state: ndarray, tokens: ndarray) -> tuple[ndarray, ndarray]:
        self.asked.append(in_order(np.column_stack([tokens, state])))
        return self.log_p(state, tokens)


class Network(Model):
    """A small network with random weights. Some symbols cannot follow some others."""

    def __init__(self, draw, V: int):
        super().__init__(V, draw.below(V))
        self.E = draw.uniform(V + 1, self.H)  # the last row is for START
        self.W = draw.uniform(self.H, self.H, low=-2, high=2)
        self.W_sy = draw.uniform(self.H, V, low=-2, high=2)
        self.never = np.array([[draw.below(4) == 0 for _ in range(V)] for _ in range(V + 1)])
        self.never[range(V + 1), [draw.below(V) for _ in range(V + 1)]] = False  # something can

    def log_p(self, state: ndarray, tokens: ndarray) -> tuple[ndarray, ndarray]:
        state = np.tanh(self.E[tokens] + state @ self.W)
        u = np.where(self.never[tokens], -np.inf, state @ self.W_sy)
        return u - np.log(np.exp(u).sum(axis=1, keepdims=True)), state


class Table(Model):
    """What follows A, B and START, as probabilities of A, B and END. States count the steps."""

    def __init__(self, draw, *rows: list[float]):
        *places, end = draw.sample(range(3), 3)
        super().__init__(3, end)
        self.p = np.zeros((4, 3))
        for place, row in zip([*places, 3], rows, strict=True):
            self.p[place, [*places, end]] = row

    def log_p(self, state: ndarray, tokens: ndarray) -> tuple[ndarray, ndarray]:
        with np.errstate(divide="ignore"):
            return np.log(self.p[tokens]), state + 1.0


def models(draw) -> Iterator[tuple[Model, int, int]]:
    """Models with the width and the limit of a search."""
    for V, k, limit in CASES * 2:
        yield Network(draw, V), k, limit
    # END is likely, and not among the best; too late; in the way of B; nothing can follow A
    yield Table(draw, [0.0, 0.4, 0.6], [0.0, 0.0, 1.0], [0.6, 0.0, 0.4]), 1, 3
    yield Table(draw, [0.45, 0.0, 0.55], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]), 2, 1
    yield Table(draw, [0.2, 0.1, 0.7], [0.1, 0.6, 0.3], [0.45, 0.2, 0.35]), 2, 4
    yield Table(draw, [0.0, 0.0, 1.0], [0.6, 0.0, 0.4], [0.3, 0.65, 0.05]), 4, 5


def in_order(prefixes: ndarray) -> ndarray:
    """The rows in an order that does not depend on that of the beam."""
    return prefixes[np.lexsort(prefixes.T[::-1].round(6))]


def reference_beam(model: Model, k: int, limit: int, value: Callable) -> tuple:
    """Prefix by prefix, from a dictionary as in the chapter; also what each step asked."""
    end, start = model.end, model.V
    beam = {(): (0.0, np.zeros((1, model.H)))}
    finished, asked = {}, []
    for t in range(1, limit + 1):
        model.asked.clear()
        candidates = {}
        for path, (q, state) in beam.items():
            log_p, after = model.step(state, np.array([path[-1] if path else start]))
            for v, more in enumerate(log_p[0]):
                if more > -np.inf:
                    candidates[(*path, v)] = q + more, after
        asked.append(in_order(np.concatenate(model.asked)))
        ranked = sorted(candidates, key=lambda path: -candidates[path][0])
        finished |= {p: value(candidates[p][0], t) for p in ranked[:k] if p[-1] == end}
        beam = {p: candidates[p] for p in [p for p in ranked if p[-1] != end][:k]}
        reach = max((value(q, limit) for q, _ in beam.values()), default=-math.inf)
        if not beam or (finished and reach <= max(finished.values())):
            break
    best = max(finished, key=finished.get, default=None)
    return best, finished.get(best), asked


def compare(student, model: Model, k: int, limit: int, alpha: float, norm: Callable) -> None:
    best, value, asked = reference_beam(model, k, limit, lambda q, T: q / norm(T, alpha))
    model.asked.clear()

    def step(state, tokens):
        return model.step(state, tokens)

    start, end = model.V, model.end
    got = student.beam_search(step, np.zeros((1, model.H)), start, end, k, limit, alpha)
    if best is None or got is None:
        if best is not got:
            raise Wrong("None is returned if nothing has finished, and only then")
    else:
        symbols, its_value = returns(got, 2, "what beam_search returns")
        symbols = symbols.tolist() if type(symbols) is ndarray else symbols
        if type(symbols) not in (tuple, list) or not all(type(v) is int for v in symbols):
            raise Wrong("the sentence must be a list of whole numbers")
        equal(list(symbols), list(best), "the sentence")
        close(its_value, value, "the value")
    if len(model.asked) != len(asked):
        raise Wrong("the model was not asked once at each step, or the search stopped too late")
    for got, wanted in zip(model.asked, asked, strict=True):
        if got.shape != wanted.shape or not np.allclose(got, wanted, rtol=0, atol=1e-8):
            raise Wrong("the model was not asked about the prefixes of the beam with their states")


CASES = [(4, 1, 6), (4, 2, 7), (5, 3, 8), (6, 4, 9), (3, 2, 1), (4, 60, 5), (5, 6, 9), (6, 3, 9)]


@SET.test("beam", 3, "the best sentence for alpha = 0, with beams from one to all, and the calls")
def no_length(student, given, draw):
    for model, k, limit in models(draw):
        compare(student, model, k, limit, 0.0, NORMS["power"][2])


@SET.test("beam", 2, "the best value by this sheet's formula, and when to stop", practice=False)
def with_length(student, given, draw):
    for model, k, limit in models(draw):
        alpha = 0.05 if isinstance(model, Table) else draw.uniform(low=0.3, high=1.3)
        compare(student, model, k, limit, alpha, NORMS[given["kind"]][2])


# Task 5

FORMS = {"tanh": "a product with a tanh", "distance": "the square of a distance"}


def score_texts(side: str, form: str) -> dict[str, str]:
    """The score as the sheet prints it, its solution's code, and an example."""
    q = {"tanh": r"\tanh(q_t W)", "distance": "q_t W"}[form] if side == "Q" else "q_t"
    k = {"tanh": r"\tanh(k_j W)", "distance": "k_j W"}[form] if side == "K" else "k_j"
    row = "query" if side == "Q" else "key"
    A, B = ("Q @ W", "K") if side == "Q" else ("Q", "K @ W")
    if form == "tanh":
        printed = rf"\frac{{{q}\,{k}^\top}}{{\sqrt H}}"
        A, B = (f"np.tanh({x})" if "@" in x else x for x in (A, B))
        words = rf"$\tanh$ is taken of each of the $H$ numbers of the {row}'s row."
        lines = ['return np.einsum("tnh,snh->nts", A, B) / np.sqrt(Q.shape[2])']
        back = ['dA = np.einsum("nts,snh->tnh", de, B) / np.sqrt(Q.shape[2])']
        back += ['dB = np.einsum("nts,tnh->snh", de, A) / np.sqrt(Q.shape[2])']
        back += ["dP = dA * (1 - A**2)" if side == "Q" else "dP = dB * (1 - B**2)"]
    else:
        printed = rf"-\frac{{\lVert {q} - {k} \rVert^2}}{{2\sqrt H}}"
        words = r"$\lVert x\rVert^2$ is the sum of the squares of the numbers of a row."
        gap = "gap = A.swapaxes(0, 1)[:, :, None] - B.swapaxes(0, 1)[:, None]  # (N, T, S, H)"
        lines = [gap, "return -(gap**2).sum(axis=3) / (2 * np.sqrt(Q.shape[2]))"]
        back = [gap, 'dA = -np.einsum("nts,ntsh->tnh", de, gap) / np.sqrt(Q.shape[2])']
        back += ['dB = np.einsum("nts,ntsh->snh", de, gap) / np.sqrt(Q.shape[2])']
        back += ["dP = dA" if side == "Q" else "dP = dB"]
    first = f"A, B = {A}, {B}"
    rest = "dP @ W.T, dB" if side == "Q" else "dA, dP @ W.T"
    back += [f'return {rest}, np.einsum("tnh,tng->hg", {side}, dP)']
    e = scores(side, form, *(np.array(x) for x in EXAMPLE))
    return {
        "score": printed,
        "score_words": words,
        "score_solution": "\n".join([first, *lines]),
        "back_solution": "\n".join([first, *back]),
        "score_example": f"[{e[0, 0]:.5f}, {e[0, 1]:.5f}]",
    }


EXAMPLE = [[1.0, 2.0]], [[0.5, -1.0], [2.0, 1.0]], [[0.5, -1.0], [0.25, 0.75]]


def scores(side: str, form: str, q: ndarray, k: ndarray, W: ndarray) -> ndarray:
    """The scores (T, S) of one sentence, entry by entry; also for complex numbers."""
    q, k = (q @ W, k) if side == "Q" else (q, k @ W)
    if form == "distance":
        squares = (q**2).sum(axis=1)[:, None] - 2 * q @ k.T + (k**2).sum(axis=1)
        return -squares / (2 * math.sqrt(W.shape[0]))
    q, k = (np.tanh(q), k) if side == "Q" else (q, np.tanh(k))
    return q @ k.T / math.sqrt(W.shape[0])


def contexts(given, Q, K, M, W, mask) -> tuple[ndarray, ndarray, ndarray]:
    """Scores (N, T, S), weights, and contexts (T, N, D): each sentence cut to its tokens."""
    T, N, _ = Q.shape
    e = np.zeros((N, T, len(K)), np.result_type(Q, K, W))
    alpha, C = np.zeros(e.shape, e.dtype), np.zeros((T, N, M.shape[2]), np.result_type(e, M))
    for n in range(N):
        e[n] = scores(given["side"], given["form"], Q[:, n], K[:, n], W)
        true = e[n][:, mask[:, n]]
        weights = np.exp(true - true.real.max(axis=1, keepdims=True))
        weights = weights / weights.sum(axis=1, keepdims=True)
        alpha[n][:, mask[:, n]] = weights
        C[:, n] = weights @ M[mask[:, n], n]
    return e, alpha, C


def batch(draw, T: int, S: int, N: int, H: int, D: int) -> tuple:
    """Q, K, M, W and a mask with padding below each but the longest sentence."""
    lengths = [S, *(draw.between(1, max(1, S - 1)) for _ in range(N - 1))]
    arrays = [draw.uniform(*shape) for shape in ((T, N, H), (S, N, H), (S, N, D), (H, H))]
    return *arrays, np.arange(S)[:, None] < np.array(lengths)


SIZES = [(3, 5, 2, 4, 3), (1, 4, 3, 2, 5), (2, 1, 1, 3, 1)]


@SET.test("finger", 1, "score and attend, by this sheet's score", practice=False)
def forwards(student, given, draw):
    for sizes in SIZES:
        Q, K, M, W, mask = batch(draw, *sizes)
        e, alpha, C = contexts(given, Q, K, M, W, mask)
        close(student.score(Q, K, W), e, "the array of scores")
        got = returns(student.attend(Q, K, M, W, mask), 2, "what attend returns")
        close(got[1], alpha, "the array of weights")
        close(got[0], C, "the array of contexts")


@SET.test("finger", 1, "padding has no weight and no gradient, whatever stands in it")
def padding(student, given, draw):
    Q, K, M, W, mask = batch(draw, 3, 6, 4, 3, 2)
    mask[4:, 1] = False
    dC, filled = draw.uniform(3, 4, 2), mask[..., None]
    C, alpha = returns(student.attend(Q, K, M, W, mask), 2, "what attend returns")
    same_shape(alpha, np.zeros((4, 3, 6)), "the array of weights")
    same_shape(C, dC, "the array of contexts")
    close(alpha, np.where(mask.T[:, None], alpha, 0.0), "the weights on padding", tolerance=0)
    close(np.sum(alpha, axis=-1), np.ones((4, 3)), "the sum of the weights")
    close(C, np.einsum("nts,snd->tnd", alpha, M), "the mean of M by the weights")
    if np.allclose(alpha[0, 0], alpha[0, 1]):
        raise Wrong("the weights should depend on the query")
    grads = returns(
        student.attend_backward(Q, K, M, W, mask, dC), 4, "what attend_backward returns"
    )
    for grad, array, name in ((grads[1], K, "dK"), (grads[2], M, "dM")):
        same_shape(grad, array, f"the array {name}")
        close(grad, np.where(filled, grad, 0.0), f"{name} on padding", tolerance=0)
    same_shape(grads[0], Q, "the array dQ")
    same_shape(grads[3], W, "the array dW")
    close(grads[2], np.einsum("nts,tnd->snd", alpha, dC), "dM, from the weights")
    if not grads[0].any():
        raise Wrong("dQ should not be 0 everywhere")
    for filling in (50.0, -3.0):
        other = np.where(filled, K, filling), np.where(filled, M, filling)
        again = returns(student.attend(Q, *other, W, mask), 2, "what attend returns")
        close(again[0], C, "the contexts with another padding")
        moved = returns(
            student.attend_backward(Q, *other, W, mask, dC), 4, "what attend_backward returns"
        )
        for name, before, after in zip(("dQ", "dK", "dM", "dW"), grads, moved, strict=True):
            close(after, before, f"{name} with another padding")


@SET.test("finger", 2, "attend_backward: small batches, and a large one", practice=False)
def backwards(student, given, draw):
    for sizes in [*SIZES, (40, 48, 8, 32, 32)]:
        *arrays, mask = batch(draw, *sizes)
        dC = draw.uniform(sizes[0], sizes[2], sizes[4])
        got = returns(student.attend_backward(*arrays, mask, dC), 4, "what attend_backward returns")
        for i, name in enumerate(("dQ", "dK", "dM", "dW")):
            shape = arrays[i].shape
            same_shape(got[i], arrays[i], f"the array {name}")
            for direction in directions(draw, shape):
                wanted = slope(given, arrays, i, direction, mask, dC)
                close(float(np.sum(got[i] * direction)), wanted, f"the array {name}")


def directions(draw, shape: tuple) -> Iterator[ndarray]:
    """Every entry of a small array by itself, a few random directions in a large one."""
    size = math.prod(shape)
    if size > 100:
        yield from (draw.uniform(*shape) for _ in range(3))
        return
    yield from np.eye(size).reshape(size, *shape)


def slope(given, arrays: list, i: int, direction: ndarray, mask: ndarray, dC: ndarray) -> float:
    """The loss's slope along a direction, by a complex step: exact, and without any derivative."""
    moved = [a + 1e-30j * direction if j == i else a for j, a in enumerate(arrays)]
    return float((dC * contexts(given, *moved, mask)[2]).sum().imag / 1e-30)
