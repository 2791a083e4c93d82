"""Problem set 6: the tests of its tasks."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
from numpy import ndarray

from unrolled.grading.tasks import ProblemSet, Wrong, close, entries, equal, returns, same_shape
from unrolled.layers import RNN

SET = ProblemSet("A translator", ["tables", "packing", "loss", "feeding", "bugs"])

REDUCTIONS = {  # what the sheet says, and the weights of the places as its solution has them
    "tokens": (
        "the mean over true tokens: the sum of the losses of all true tokens of the batch, "
        "divided by their number.",
        "mask / mask.sum()",
    ),
    "sentences": (
        "the mean over sentences of each sentence's mean: first the mean over the true tokens of "
        "each sentence, then the mean of these N numbers.",
        "mask / mask.sum(axis=0) / mask.shape[1]",
    ),
    "sums": (
        "the mean over sentences of each sentence's sum: first the sum over the true tokens of "
        "each sentence, then the mean of these N numbers.",
        "mask / mask.shape[1]",
    ),
}

RIGHT = {  # the lines of the last task's functions where students get a mistake
    "forward": """\
a = p["E_x"][source[k]] @ p["W_xh"] + h[k] @ p["W_hh"] + p["b_h"]
h[k + 1] = np.where(m, np.tanh(a), h[k])
""",
    "backward": """\
for t in reversed(range(len(inputs))):
    da = (du[t] @ p["W_sy"].T + from_next) * (1 - s[t + 1] ** 2)
    grads["W_ys"] += p["E_y"][inputs[t]].T @ da
    grads["W_ss"] += s[t].T @ da
    grads["b_s"] += da.sum(axis=0)
    np.add.at(grads["E_y"], inputs[t], da @ p["W_ys"].T)
    from_next = da @ p["W_ss"].T
dh = from_next
for k in reversed(range(len(source))):
    m = source_mask[k][:, None]
    da = np.where(m, dh * (1 - h[k + 1] ** 2), 0.0)
    grads["W_xh"] += p["E_x"][source[k]].T @ da
    grads["W_hh"] += h[k].T @ da
    grads["b_h"] += da.sum(axis=0)
    np.add.at(grads["E_x"], source[k], da @ p["W_xh"].T)
    dh = np.where(m, da @ p["W_hh"].T, dh)
""",
    "one_update": """\
u, tape = forward(p, source, source_mask, inputs)
value, du = loss(u, targets, target_mask)
grads = backward(p, source, source_mask, inputs, tape, du)
norm = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
factor = min(1.0, limit / norm)
""",
}
MISTAKES = {  # what is replaced by what: one of each function's is planted
    "forward": [
        ("np.where(m, np.tanh(a), h[k])", "np.tanh(a)"),
        ("np.where(m, np.tanh(a), h[k])", "np.where(m, np.tanh(a), 0.0)"),
        ("np.where(m, np.tanh(a), h[k])", "np.where(m, np.tanh(a), np.tanh(h[k]))"),
        (
            'p["E_x"][source[k]] @ p["W_xh"] + h[k] @ p["W_hh"] + p["b_h"]\nh[k + 1] = '
            "np.where(m, np.tanh(a), h[k])",
            'm * p["E_x"][source[k]] @ p["W_xh"] + h[k] @ p["W_hh"] + p["b_h"]\nh[k + 1] = '
            "np.tanh(a)",
        ),
    ],
    "backward": [
        ('(du[t] @ p["W_sy"].T + from_next)', '(du[t] @ p["W_sy"].T)'),
        ("dh = from_next", "dh = np.zeros_like(from_next)"),
        (
            'np.add.at(grads["E_x"], source[k], da @ p["W_xh"].T)',
            'grads["E_x"][source[k]] += da @ p["W_xh"].T',
        ),
        ('np.where(m, da @ p["W_hh"].T, dh)', 'da @ p["W_hh"].T'),
    ],
    "one_update": [
        ("u, tape", "inputs = np.roll(targets, 1, axis=0)\nu, tape"),
        ("forward(p, source, source_mask, inputs)", "forward(p, source, source_mask, targets)"),
        ("target_mask)", "np.ones_like(target_mask))"),
        ("min(1.0, limit / norm)", "limit / norm"),
    ],
}


def mistaken(function: str, mistake: tuple[str, str]) -> str:
    """The lines that students get in the place of the right ones."""
    lines = RIGHT[function].replace(*mistake).splitlines()
    return "\n".join(f"#| {line}" for line in lines)


@SET.given
def given(draw):
    """The loss, the other language's words, and one mistake for each function."""
    kind = draw.at("loss").choice(list(REDUCTIONS))
    says, weights = REDUCTIONS[kind]
    words = draw.at("words").sample(SYLLABLES, 21)
    mistakes = {
        function: mistaken(function, draw.at(function).choice(ways))
        for function, ways in MISTAKES.items()
    }
    return {
        "kind": kind,
        "reduction": says,
        "weights": weights,
        "other_weights": REDUCTIONS["sums" if kind == "tokens" else "tokens"][1],  # for `planted`
        "language": (words[0] + words[20]).capitalize(),
        "hundred": words[1],
        "link": words[2],
        "units": " ".join(words[3:12]),
        "tens": " ".join(words[12:20]),
        **example(kind),
        **mistakes,
    }


SYLLABLES = [a + b + c for a in "bdgkmprt" for b in "aeiou" for c in ("", "l", "n")]


def example(kind: str) -> dict:
    """The loss of the chapter's hand case, and two entries of its gradient."""
    p, lengths = [[0.5, 0.8, 0.8, 0.9], [0.6, 0.9]], [4, 2]
    weight = {
        "tokens": [1 / 6, 1 / 6],
        "sentences": [1 / (2 * L) for L in lengths],
        "sums": [1 / 2, 1 / 2],
    }[kind]
    loss = sum(-w * np.log(q) for w, row in zip(weight, p, strict=True) for q in row)
    return {
        "example_loss": f"{loss:.5f}",
        "example_first": f"{weight[0] * (0.5 - 1):.5f}",
        "example_second": f"{weight[1] * (0.6 - 1):.5f}",
    }


# Task 1


def lists(draw, lengths: list[int], low: int, high: int) -> list[list[int]]:
    return [[draw.between(low, high) for _ in range(length)] for length in lengths]


BATCHES = [[4, 1, 3, 2, 4], [3], [1, 1], [2, 7]]  # lengths of the sources


@SET.test("tables", 2, "the sources and their mask, for batches of one and of several sentences")
def sources_and_mask(student, given, draw):
    for lengths in BATCHES:
        pad = draw.between(3, 9)  # the number of a word, too
        sources = lists(draw, lengths, 3, 9)
        sources[0][-1] = pad
        got = returns(
            student.tables(sources, [[5]] * len(lengths), pad, 1, 2), 5, "what tables returns"
        )
        column = {n: sources[n] + [pad] * (max(lengths) - L) for n, L in enumerate(lengths)}
        equal(got[0], np.array(list(column.values())).T, "the array of sources")
        equal(got[1], true_until(lengths), "the sources' mask")


@SET.test("tables", 2, "the decoder's inputs, its targets and their mask, also for empty targets")
def inputs_and_targets(student, given, draw):
    for lengths in [*BATCHES, [0, 2], [0]]:
        pad, start, end = draw.sample(range(20), 3)
        targets = lists(draw, lengths, 0, 19)
        for target in targets:
            target[-1:] = [pad] * bool(target)  # the number of a word, too
        got = student.tables([[4]] * len(lengths), targets, pad, start, end)
        got = returns(got, 5, "what tables returns")
        longest = max(lengths) + 1
        inputs = np.full((longest, len(lengths)), pad)
        outputs = inputs.copy()
        for n, target in enumerate(targets):
            for t, token in enumerate([*target, end]):
                outputs[t, n] = token
                inputs[t, n] = start if t == 0 else target[t - 1]
        equal(got[2], inputs, "the array of inputs")
        equal(got[3], outputs, "the array of targets")
        equal(got[4], true_until([L + 1 for L in lengths]), "the targets' mask")


def true_until(lengths: list[int]) -> ndarray:
    return np.arange(max(lengths))[:, None] < np.array(lengths)


# Task 2


@SET.test("packing", 2, "pack: rows, sizes and order, with equal lengths, N = 1 and spare padding")
def packed(student, given, draw):
    for lengths, spare, dtype in [
        ([2, 5, 2, 1, 5, 3, 2, 5, 1, 2, 3, 1, 4, 2, 2, 5, 1, 3, 3, 2], 0, float),
        ([4], 2, float),
        ([3, 3, 3], 1, np.float32),
        ([1, 4, 2], 0, float),
    ]:
        x = draw.uniform(max(lengths) + spare, len(lengths), 3).astype(dtype)
        got = returns(student.pack(x, np.array(lengths)), 3, "what pack returns")
        rows, sizes, order = reference_pack(x, lengths)
        close(got[0], rows, "the array of rows", tolerance=0, dtype=np.dtype(dtype).name)
        equal(got[1], sizes, "the array of sizes")
        equal(got[2], order, "the order")


def reference_pack(x: ndarray, lengths: list[int]) -> tuple[ndarray, ndarray, ndarray]:
    order = sorted(range(len(lengths)), key=lambda n: -lengths[n])  # sorted() is stable
    places = [(k, n) for k in range(max(lengths)) for n in order if lengths[n] > k]
    sizes = [sum(k == step for k, _ in places) for step in range(max(lengths))]
    return np.array([x[place] for place in places]), np.array(sizes), np.array(order)


@SET.test("packing", 2, "last_states: each sentence's own card, and not a row computed too many")
def cards(student, given, draw):
    for lengths in [[2, 5, 1, 5, 3, 4, 1], [3], [2, 2], [1, 2, 3, 4]]:
        N, D, H = len(lengths), 3, 4
        x, h_0 = draw.uniform(max(lengths), N, D), draw.uniform(N, H)
        layer = RNN(draw.uniform(D, H), draw.uniform(H, H), draw.uniform(H))
        calls = []

        def step(x, h, calls=calls, layer=layer):
            calls.append((x.shape, h.shape))
            return layer.forward(x[None], h)[1]

        rows, sizes, order = reference_pack(x, lengths)
        got = student.last_states(step, rows, sizes, order, h_0)
        alone = [
            layer.forward(x[:L, n : n + 1], h_0[n : n + 1])[1][0] for n, L in enumerate(lengths)
        ]
        close(got, np.array(alone), "the array of cards")
        if calls != [((size, D), (size, H)) for size in sizes.tolist()]:
            raise Wrong("step was not called once for each entry of sizes, on as many rows")


# Task 3


def reference_loss(u, y, lengths, kind) -> tuple[float, ndarray]:
    """One sentence and one token after another."""
    loss, du = 0.0, np.zeros_like(u)
    for n, L in enumerate(lengths):
        weight = {"tokens": sum(lengths), "sentences": L * len(lengths), "sums": len(lengths)}[kind]
        for t in range(L):
            p = np.exp(u[t, n] - np.max(u[t, n]))
            p /= p.sum()
            loss -= np.log(p[y[t, n]]) / weight
            du[t, n] = (p - np.eye(len(p))[y[t, n]]) / weight
    return loss, du


def some_scores(draw, T: int, N: int, V: int) -> tuple[ndarray, ndarray]:
    y = np.array([[draw.below(V) for _ in range(N)] for _ in range(T)])
    return draw.uniform(T, N, V, low=-3, high=3), y


@SET.test("loss", 2, "the loss of this sheet and its gradient, for unequal lengths", practice=False)
def loss_and_gradient(student, given, draw):
    for lengths in [5, 1, 3, 2], [2, 3], [1, 4, 4, 1, 2]:
        u, y = some_scores(draw, max(lengths), len(lengths), 4)
        mask = true_until(lengths)
        loss, du = reference_loss(u, y, lengths, given["kind"])
        got = returns(
            student.masked_loss(u, np.where(mask, y, 0), mask), 2, "what masked_loss returns"
        )
        close(got[0], loss, "the loss")
        close(got[1], du, "the gradient", dtype="float64")


@SET.test("loss", 1, "what stands in the padding changes nothing, and the gradient there is 0")
def padding_unseen(student, given, draw):
    lengths = [4, 1, 2]
    u, y = some_scores(draw, 6, 3, 5)
    mask = np.arange(6)[:, None] < np.array(lengths)
    loss, du = returns(
        student.masked_loss(u, np.where(mask, y, 0), mask), 2, "what masked_loss returns"
    )
    full = reference_loss(u, y, lengths, "tokens")[1]
    if type(loss) is ndarray and loss.ndim == 0:
        loss = loss.item()
    if type(loss) not in (int, float) or not abs(loss) < 1e6:
        raise Wrong("the loss should be a number")
    same_shape(du, full, "the gradient")
    if du.dtype.kind != "f" or not np.array_equal(du != 0, full != 0):
        raise Wrong("the gradient is not 0 on padding, or is 0 elsewhere")
    got, wanted = (a[mask, y[mask]][:, None] for a in (du, full))
    close(du[mask] / got, full[mask] / wanted, "the gradient of a token, but for its weight")
    for filling in (-100, 5):
        other = np.where(mask[..., None], u, draw.uniform(6, 3, 5, low=-900, high=900))
        got = returns(
            student.masked_loss(other, np.where(mask, y, filling), mask),
            2,
            "what masked_loss returns",
        )
        close(got[0], loss, "the loss with another padding")
        close(got[1], du, "the gradient with another padding")


@SET.test("loss", 1, "one token, with scores of thousands, in float64 and float32")
def large_scores(student, given, draw):
    mask = np.ones((1, 1), bool)
    for dtype in ("float64", "float32"):
        for scale in (1.0, 10_000.0):
            u = (scale * np.array([[[0.25, -1.0, 1.0]]])).astype(dtype)
            for y in range(3):
                loss, du = returns(
                    student.masked_loss(u, np.array([[y]]), mask), 2, "what masked_loss returns"
                )
                below = u[0, 0].astype(float) - scale  # the largest score is the scale
                total = np.exp(below).sum()
                wanted = np.array([[np.exp(below) / total - np.eye(3)[y]]])
                close(loss, np.log(total) - below[y], "the loss of one token", tolerance=1e-5)
                close(du, wanted, "the gradient", tolerance=1e-5, dtype=dtype)


# Task 4


def some_decoder(draw, N: int, V: int, H: int = 6) -> tuple[Callable, ndarray, list]:
    """A decoder with random weights, initial states (N, H), and a list of what it was fed."""
    E, W, W_sy, fed = draw.uniform(V, H, low=-2, high=2), draw.uniform(H, H), draw.uniform(H, V), []

    def step(state, tokens):
        fed.append(tokens)
        state = np.tanh(E[tokens] + state @ W)
        return state @ W_sy, state

    return step, draw.uniform(N, H), fed


@SET.test("feeding", 2, "unroll: the truth, its own answers, and both mixed by coins")
def unrolled(student, given, draw):
    for T, N, V in [(6, 5, 7), (1, 3, 4), (4, 1, 5)]:
        truth = np.array([[draw.below(V) for _ in range(N)] for _ in range(T)])
        tossed = np.array([[draw.below(2) == 1 for _ in range(N)] for _ in range(T)])
        for coins in np.ones((T, N), bool), np.zeros((T, N), bool), tossed:
            step, state, fed = some_decoder(draw, N, V)
            got = student.unroll(step, state, truth, V - 1, coins)
            calls, u, tokens, wanted = len(fed), None, np.full(N, V - 1), []
            for t in range(T):
                for n in range(N if t else 0):
                    tokens[n] = truth[t - 1, n] if coins[t, n] else int(np.argmax(u[n]))
                u, state = step(state, tokens)
                wanted.append(u)
            close(got, np.array(wanted), "the array of scores")
            if calls != T:
                raise Wrong("step was not called T times")


@SET.test("feeding", 1, "write: answers of unequal lengths, END, PAD below it, and the limit")
def writes(student, given, draw):
    for lengths, limit in [([3, 1, 5, 2], 9), ([4], 9), ([2, 6, 3], 4), ([2, 2], 2)]:
        N, (pad, start, end, *words) = len(lengths), draw.sample(range(12), 9)
        plan = np.array([[draw.choice(words) for _ in range(20)] for _ in range(N)])
        for n, L in enumerate(lengths):
            plan[n, L - 1] = end
        calls = []

        def step(state, tokens, plan=plan, calls=calls, lengths=lengths, first=start):
            """Follows its plan if it reads what it has written, and else writes something else."""
            t = len(calls)
            calls.append(t)
            before = plan[:, t - 1] if t else np.full(len(plan), first)
            strayed = (tokens != before) & (np.array(lengths) > t)
            return np.eye(12)[np.where(strayed, (plan[:, t] + 1) % 12, plan[:, t])], state

        got = student.write(step, np.zeros((N, 2)), start, end, pad, limit)
        T = min(limit, max(lengths))
        wanted = np.full((T, N), pad)
        for n, L in enumerate(lengths):
            wanted[: min(T, L), n] = plan[n, : min(T, L)]
        equal(got, wanted, "the array of tokens")
        if len(calls) != T:
            raise Wrong("step was called too often or too seldom")


# Task 5


def network(draw, V_x: int, V: int, D: int, H: int) -> dict[str, ndarray]:
    shapes = {"E_x": (V_x, D), "W_xh": (D, H), "W_hh": (H, H), "b_h": (H,)}
    shapes |= {"E_y": (V, D), "W_ys": (D, H), "W_ss": (H, H), "b_s": (H,)}
    shapes |= {"W_sy": (H, V), "b_y": (V,)}
    return {
        name: draw.uniform(*shape) / np.sqrt(shape[0] if len(shape) > 1 else 2)
        for name, shape in shapes.items()
    }


class OneByOne:
    """The translator on one sentence at a time, where no padding is, from the package's layers."""

    def __init__(self, p: dict[str, ndarray]):
        self.p = p
        self.reader = RNN(p["W_xh"], p["W_hh"], p["b_h"])
        self.writer = RNN(p["W_ys"], p["W_ss"], p["b_s"])

    def run(self, source: ndarray, inputs: ndarray) -> SimpleNamespace:
        """One sentence (S,), (T,) -> its scores (T, V), states and tapes."""
        x, y = self.p["E_x"][source][:, None], self.p["E_y"][inputs][:, None]
        h, card, read = self.reader.forward(x, self.reader.zeros(1))
        s, _, wrote = self.writer.forward(y, card)
        u = s[:, 0] @ self.p["W_sy"] + self.p["b_y"]
        return SimpleNamespace(u=u, h=h[:, 0], s=s[:, 0], card=card[0], read=read, wrote=wrote)

    def gradients(self, source: ndarray, inputs: ndarray, du: ndarray) -> dict[str, ndarray]:
        """The gradients of all parameters, for one sentence and du (T, V)."""
        ran = self.run(source, inputs)
        ds = (du @ self.p["W_sy"].T)[:, None]
        writer, dy, dcard = self.writer.backward(ran.wrote, ds)
        reader, dx, _ = self.reader.backward(ran.read, np.zeros_like(ran.read.h[1:]), dcard)
        one_hot_x, one_hot_y = (
            np.eye(len(self.p[name]))[tokens] for name, tokens in (("E_x", source), ("E_y", inputs))
        )
        return {
            "E_x": one_hot_x.T @ dx[:, 0],
            "W_xh": reader.W_xh,
            "W_hh": reader.W_hh,
            "b_h": reader.b_h,
            "E_y": one_hot_y.T @ dy[:, 0],
            "W_ys": writer.W_xh,
            "W_ss": writer.W_hh,
            "b_s": writer.b_h,
            "W_sy": ran.s.T @ du,
            "b_y": du.sum(axis=0),
        }


def some_batch(draw, lengths: list[int], sizes: list[int], V_x: int, V: int) -> tuple:
    """Five arrays as in Task 1, with the lengths of the sources and of the targets."""
    source = np.zeros((max(lengths), len(lengths)), np.int64)
    inputs = np.zeros((max(sizes), len(sizes)), np.int64)
    targets = inputs.copy()
    for n, (L, T) in enumerate(zip(lengths, sizes, strict=True)):
        source[:L, n] = [draw.between(3, V_x - 1) for _ in range(L)]
        target = [draw.between(3, V - 1) for _ in range(T - 1)]
        inputs[:T, n], targets[:T, n] = [1, *target], [*target, 2]
    return source, true_until(lengths), inputs, targets, true_until(sizes)


def with_states(net: OneByOne, batch: tuple, lengths: list[int], sizes: list[int]) -> tuple:
    """The tape (h, s) of a padded batch, from its sentences one by one."""
    source, _, inputs, _, _ = batch
    h = np.zeros((len(source) + 1, len(lengths), len(net.p["b_h"])))
    s = np.zeros((len(inputs) + 1, *h.shape[1:]))
    for n, L in enumerate(lengths):
        ran = net.run(source[:L, n], inputs[:, n])
        h[1 : L + 1, n], h[L + 1 :, n] = ran.h, ran.card
        s[0, n], s[1:, n] = ran.card, ran.s
    return h, s


CASES = [([3, 1, 4, 2], [2, 5, 1, 3], 3, 5), ([2], [1], 4, 3), ([1, 1], [2, 2], 2, 2)]


def run_forward(student, p, source, source_mask, inputs) -> tuple[ndarray, tuple]:
    u, tape = returns(student.forward(p, source, source_mask, inputs), 2, "what forward returns")
    return u, returns(tape, 2, "the tape of forward")


def run_backward(student, p, *arguments) -> dict[str, ndarray]:
    grads = entries(student.backward(p, *arguments), p, "what backward returns", others=False)
    for name in p:
        same_shape(grads[name], p[name], f"the gradient of {name}")
    return grads


@SET.test("bugs", 1, "forward: scores and states of a padded batch as of its sentences alone")
def runs_forward(student, given, draw):
    for lengths, sizes, D, H in CASES:
        net = OneByOne(network(draw, 8, 7, D, H))
        batch = some_batch(draw, lengths, sizes, 8, 7)
        u, (h, s) = run_forward(student, net.p, *batch[:3])
        wanted = with_states(net, batch, lengths, sizes)
        close(h, wanted[0], "the array of the reader's states")
        close(s, wanted[1], "the array of the writer's states")
        close(u, wanted[1][1:] @ net.p["W_sy"] + net.p["b_y"], "the array of scores")


@SET.test("bugs", 2, "backward: all gradients of padded batches, small and large")
def runs_backward(student, given, draw):
    large = [40 - n for n in range(8)], [33 + n for n in range(8)], 40, 64
    for lengths, sizes, D, H in [*CASES, large]:
        net = OneByOne(network(draw, 8, 7, D, H))
        batch = some_batch(draw, lengths, sizes, 8, 7)
        du = np.where(batch[4][..., None], draw.uniform(max(sizes), len(sizes), 7), 0.0)
        tape = with_states(net, batch, lengths, sizes)
        got = run_backward(student, net.p, *batch[:3], tape, du)
        one_by_one = [
            net.gradients(batch[0][:L, n], batch[2][:, n], du[:, n]) for n, L in enumerate(lengths)
        ]
        for name in net.p:
            close(got[name], sum(each[name] for each in one_by_one), f"the gradient of {name}")


@SET.test("bugs", 2, "one_update: what is read, what is counted, and clipping above and below")
def updates(student, given, draw):
    """On the student's own forward and backward: their mistakes do not matter here."""
    for lengths, sizes, D, H in CASES:
        p = network(draw, 8, 7, D, H)
        batch = some_batch(draw, lengths, sizes, 8, 7)
        source, source_mask, inputs, targets, mask = batch
        asked = []

        def loss(u, y, where, asked=asked):
            """Not a mean, so that a sheet's own one does not matter here."""
            asked.append((y, where))
            return float(np.sin(u).sum()), np.where(where[..., None], np.cos(u), 0.0)

        u, tape = run_forward(student, p, source, source_mask, inputs)
        same_shape(u, np.zeros((*targets.shape, 7)), "the array of scores")
        value, du = loss(u, targets, mask)
        grads = run_backward(student, p, source, source_mask, inputs, tape, du)
        norm = float(np.linalg.norm(np.concatenate([grad.ravel() for grad in grads.values()])))
        if not norm > 0:
            raise Wrong("the gradients of forward and backward are all 0")
        for limit, factor in [(2 * norm, 1.0), (0.5 * norm, 0.5)]:
            asked.clear()
            got = returns(
                student.one_update(p, batch, loss, 0.1, limit), 2, "what one_update returns"
            )
            if len(asked) != 1:
                raise Wrong("the loss must be computed once")
            equal(asked[0][0], targets, "the array of targets that the loss got")
            equal(asked[0][1], mask, "the mask that the loss got")
            close(got[0], value, "the loss")
            entries(got[1], p, "what one_update returns for the parameters", others=False)
            for name in p:
                wanted = p[name] - 0.1 * factor * grads[name]
                close(got[1][name], wanted, f"{name} after the update")
