"""Questions on Part IV: attention, and sentences about pictures."""

import math

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, choice, factor, joined, kind, number, table

COLOURS = ("red", "green", "blue", "yellow")
SHAPES = ("circle", "square", "triangle", "cross")


def softmax(e: list[float]) -> list[float]:
    """Weights of scores."""
    powers = [math.exp(value) for value in e]
    return [value / sum(powers) for value in powers]


@kind("sequence-to-sequence/attention", difficulty=1)
def weight_of_a_place(draw: Draw) -> Question:
    e = draw.sample([-1, 0, 1, 2, 3], 3)
    at = draw.below(3)
    alpha = softmax(e)
    return number(
        f"The scores of three places are {joined(e)}. What is the attention weight of the "
        f"{('first', 'second', 'third')[at]} place?",
        alpha[at],
        f"The exponentials are {joined(f'{math.exp(value):.3f}' for value in e)}. Divided by their "
        f"sum they give {joined(f'{value:.3f}' for value in alpha)}.",
        3,
    )


@kind("sequence-to-sequence/attention", difficulty=3)
def context_of_a_query(draw: Draw) -> Question | None:
    q = [draw.between(0, 3), draw.between(0, 3), 0, 0]
    keys = [[draw.below(2), draw.below(2), draw.below(2), draw.between(1, 9)] for _ in range(3)]
    e = [sum(a * b for a, b in zip(q, k, strict=True)) / 2 for k in keys]
    if len(set(e)) < 3:
        return None
    alpha = softmax(e)
    digit = sum(a * k[3] for a, k in zip(alpha, keys, strict=True))
    rows = [[j, *k] for j, k in enumerate(keys, 1)]
    return number(
        "The reader has left three states, which are keys and memories at once.\n\n"
        + table(["place", "1st", "2nd", "3rd", "4th entry"], rows)
        + f"\n\nThe query is $({', '.join(map(str, q))})$, and scores are scaled by the root of "
        "the number of entries. What is the fourth entry of the context?",
        digit,
        f"The products of query and keys, divided by $\\sqrt4 = 2$, are {joined(e)}. The weights "
        f"are {joined(f'{value:.3f}' for value in alpha)}, and they mix the fourth entries to "
        f"{digit:.2f}.",
        2,
    )


@kind("sequence-to-sequence/attention", difficulty=1)
def scores_in_the_table(draw: Draw) -> Question:
    S, T = draw.sample(range(12, 60), 2)
    D = draw.choice([32, 64, 128])
    return choice(
        draw,
        f"A source has {S} words, its translation {T} tokens, END among them, and the states have "
        f"{D} numbers. How many scores does attention work out, and how many numbers has one "
        "context?",
        f"{S * T:,} scores, {D} numbers",
        [
            f"{S + T:,} scores, {D} numbers",
            f"{S * T:,} scores, {S * D:,} numbers",
            f"{T * T:,} scores, {D} numbers",
        ],
        f"Every token is compared with every word, ${T} \\times {S} = {S * T}$. A context is a "
        f"mixture of states and has {D} numbers, however long the source is.",
    )


@kind("sequence-to-sequence/attention", difficulty=2)
def weight_beside_padding(draw: Draw) -> Question | None:
    e = draw.sample([0.5, 1, 1.5, 2, 2.5], 2)
    pad = draw.choice([-0.5, 1, 3])
    right = softmax(e)[0]
    wrong = [softmax([*e, 0])[0], softmax([*e, pad])[0], softmax(e)[1], e[0] / sum(e)]
    if min(abs(value - right) for value in wrong) < 0.01:
        return None
    return choice(
        draw,
        f"A source of two words stands in a batch of sources of three. The scores of its words are "
        f"{e[0]} and {e[1]}, and its padding got the score {pad}. Which weight must the first word "
        "have?",
        f"{right:.3f}",
        [f"{value:.3f}" for value in wrong],
        "The score of the padding is masked with $-\\infty$ before the softmax, so only the two "
        f"words share the weight, and the first one gets {right:.3f}. A score of 0 is no mask, "
        "since $e^0 = 1$.",
    )


def thing(draw: Draw) -> tuple[str, str, int, int]:
    """Colour, shape, row and column of a thing in a picture of 18 by 18 pixels."""
    return draw.choice(COLOURS), draw.choice(SHAPES), draw.between(3, 14), draw.between(3, 14)


def relations(first: tuple, second: tuple) -> list[str]:
    """What is true of the first thing beside the second."""
    down, right = second[2] - first[2], second[3] - first[3]
    ways = {"above": down, "below": -down, "left of": right, "right of": -right}
    return [name for name, distance in ways.items() if distance > 6]


def two_things(draw: Draw) -> tuple[tuple, tuple] | None:
    """Two things that stand in some relation and differ in colour and shape."""
    one, two = thing(draw), thing(draw)
    fits = one[0] != two[0] and one[1] != two[1] and relations(one, two)
    return (one, two) if fits else None


def shown(things: tuple[tuple, tuple]) -> str:
    """Where two things stand, in words."""
    return " and ".join(
        f"a {c} {s} with its middle at row {r}, column {k}" for c, s, r, k in things
    )


WORLD = (
    "Each thing in a picture is 7 pixels wide and high. *Above* means that all of a thing lies in "
    "rows above all of the other, *left of* the same for columns."
)


@kind("sequence-to-sequence/captioning", difficulty=2)
def loss_of_a_perfect_captioner(draw: Draw) -> Question | None:
    things = two_things(draw)
    if things is None:
        return None
    m = 2 * len(relations(*things))
    return number(
        f"{WORLD} A picture shows {shown(things)}. All its true sentences *a … … relation a … …* "
        "are equally frequent in the data. What is the smallest loss, natural logarithm, that a "
        "captioner can have on a sentence about it?",
        math.log(m),
        f"The middles must be more than 6 apart. The first thing is "
        f"{joined(relations(*things))} the second, and each relation can be said from both sides. "
        f"So there are {m} true sentences, and the loss is $\\ln {m} = {math.log(m):.2f}$.",
        2,
    )


@kind("sequence-to-sequence/captioning", difficulty=2)
def errors_of_a_caption(draw: Draw) -> Question | None:
    things = two_things(draw)
    if things is None:
        return None
    said = [[draw.choice([t[0], *COLOURS]), draw.choice([t[1], *SHAPES])] for t in things]
    relation = draw.choice(["above", "below", "left of", "right of"])
    counts = [
        sum(word != true for one, t in zip(said, order, strict=True) for word, true in zip(one, t))  # noqa: B905
        + (relation not in relations(*order))
        for order in (things, things[::-1])
    ]
    if not min(counts):
        return None
    caption = f"a {' '.join(said[0])} {relation} a {' '.join(said[1])}"
    return number(
        f"{WORLD} A picture shows {shown(things)}. A captioner says *{caption}*. How many errors "
        "of colour, shape and relation has its sentence, read in its favour?",
        min(counts),
        f"If the first thing named is the {things[0][0]} {things[0][1]}, there are {counts[0]} "
        f"errors. If it is the other one, there are {counts[1]}. The fewer count.",
    )


@kind("sequence-to-sequence/captioning", difficulty=1)
def captioner_parameters(draw: Draw) -> Question:
    D, H, F, V = (
        draw.between(8, 32),
        draw.between(16, 64),
        draw.between(20, 80),
        draw.between(10, 40),
    )
    layer, readout = D * H + H * H + F * H + H, H * V + V
    return number(
        f"The writer of a captioner is $h_t = \\tanh(x_tW_{{xh}} + h_{{t-1}}W_{{hh}} + vW_{{ih}} + "
        f"b_h)$ with a readout $h_tW_{{hy}} + b_y$. Let $D = {D}$, $H = {H}$, $F = {F}$ features "
        f"and $V = {V}$ words. How many parameters has it, without the embeddings and the eye?",
        layer + readout,
        f"$DH + H^2 + FH + H = {layer}$ and $HV + V = {readout}$, together {layer + readout}.",
    )


@kind("sequence-to-sequence/captioning", difficulty=1)
def picture_as_a_bias(draw: Draw) -> Question | None:
    v = [draw.between(-9, 9) / 10 for _ in range(2)]
    W = [[draw.between(-5, 5) / 10 for _ in range(2)] for _ in range(2)]
    t = draw.between(2, 6)
    right = v[0] * W[0][0] + v[1] * W[1][0]
    options = [right, t * right, v[0] * W[0][0] + v[1] * W[0][1], v[0] * W[0][0]]
    texts = [f"{value:.2f}" for value in options]
    if len({*texts}) < 4 or "-0.00" in texts:
        return None
    return choice(
        draw,
        rf"The features of a picture are $v = ({v[0]}, {v[1]})$, and $W_{{ih}} = \begin{{pmatrix}} "
        rf"{W[0][0]} & {W[0][1]} \\ {W[1][0]} & {W[1][1]} \end{{pmatrix}}$. What does the picture "
        f"add to the first unit, inside the tanh, before word {t} of the caption?",
        texts[0],
        texts[1:],
        f"$vW_{{ih}}$ is the same at every step. Its first entry is ${v[0]} \\times "
        f"{factor(W[0][0])} + {factor(v[1])} \\times {factor(W[1][0])} = {right:.2f}$.",
    )
