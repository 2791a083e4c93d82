"""Questions on Part VI: choosing a model."""

import math

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, kind, number


@kind("recurrence-returns/choosing", difficulty=1)
def standard_error(draw: Draw) -> Question:
    n = draw.choice([50, 100, 200, 250, 400, 500])
    right = draw.between(n // 2, n - n // 20)
    a = right / n
    s = math.sqrt(a * (1 - a) / n)
    return number(
        f"A model is right on {right} of {n} test sequences. How large is the standard error of "
        "its share of right answers?",
        s,
        rf"$a = {a:.3f}$, and $\sqrt{{a(1-a)/n}} = \sqrt{{{a * (1 - a):.4f}/{n}}} = {s:.3f}$.",
        3,
    )


@kind("recurrence-returns/choosing", difficulty=2)
def layers_for_a_distance(draw: Draw) -> Question:
    F = draw.between(2, 5)
    back = (F - 1) * (2 ** draw.between(4, 8) - 1) + draw.between(-3, 3)  # at the border
    layers = math.ceil(math.log2(back / (F - 1) + 1))
    return number(
        f"Causal convolutions of {F} taps lie on top of each other, with the dilations 1, 2, 4 and "
        f"so on. How many layers does it take, at least, for the last output to depend on an input "
        f"that lies {back} steps before it?",
        layers,
        f"$\\ell$ layers look $(F-1)(2^\\ell-1)$ steps back. With {layers - 1} that is "
        f"{(F - 1) * (2 ** (layers - 1) - 1)}, with {layers} it is {(F - 1) * (2**layers - 1)}.",
    )


@kind("recurrence-returns/choosing", difficulty=1)
def numbers_to_go_on(draw: Draw) -> Question:
    H, t = draw.choice([32, 64, 100, 128, 256]), draw.between(2, 50) * 100
    F, d = draw.between(2, 5), draw.choice([1, 2, 4, 8])
    name, kept, how = draw.choice(
        [
            ("an LSTM layer", 2 * H, "its state $h$ and its notepad $c$, $2H$"),
            ("a GRU layer", H, "its state, $H$"),
            ("a layer of attention that looks back only", 2 * H * t, "keys and memories, $2Ht$"),
            (
                f"a causal convolution with {F} taps and dilation {d}",
                (F - 1) * d * H,
                "what its taps will still look at, $(F-1)dH$",
            ),
        ]
    )
    return number(
        f"One sequence of {t} steps has been read by {name} of width {H}. How many numbers must "
        "the layer keep to go on with the next step?",
        kept,
        f"It keeps {how}, which is {kept}.",
    )


@kind("recurrence-returns/choosing", difficulty=3)
def multiplications_of_a_layer(draw: Draw) -> Question:
    H, T, F = draw.choice([16, 32, 64]), draw.between(2, 40) * 100, draw.between(2, 7)
    name, count, how = draw.choice(
        [
            ("an LSTM", 8 * H * H * T, "8H^2T"),
            ("a minGRU", 2 * H * H * T, "2H^2T"),
            (f"a convolution with {F} taps", F * H * H * T, "FH^2T"),
            ("attention", 4 * H * H * T + 2 * H * T * T, "4H^2T + 2HT^2"),
        ]
    )
    return number(
        f"A layer takes in {H} numbers at each of {T} steps and gives out as many. It is {name}. "
        "How many million multiplications do its products with matrices take, for the whole "
        "sequence?",
        count / 1e6,
        f"${how}$ is {count:,}, which is {count / 1e6:.2f} million.",
        2,
    )
