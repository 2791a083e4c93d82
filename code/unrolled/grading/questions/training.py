"""Questions on Part II: backpropagation through time, vanishing gradients, truncation."""

import math

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, choice, joined, kind, number, table

PYTHAGOREAN = ((3, 4, 5), (6, 8, 10), (5, 12, 13), (8, 15, 17), (9, 12, 15))


def three_steps(draw: Draw) -> tuple[float, list[float], list[float]]:
    """A weight, and states and targets of three steps, in tenths."""
    w = draw.between(5, 12) / 10
    h = [draw.choice([-1, 1]) * draw.between(2, 8) / 10 for _ in range(3)]
    return w, h, [draw.choice([-1, 0, 1]) for _ in range(3)]


def steps_table(h: list[float], y: list[float]) -> str:
    """States and targets, step by step, as Markdown."""
    rows = [["state $h_t$", *h], ["target $y_t$", *y]]
    return table(["step $t$", 1, 2, 3], rows)


UNIT = (
    "One unit with $a_t = x_t + w\\,h_{t-1}$ and $h_t = \\tanh(a_t)$ starts from $h_0 = 0$. "
    "The loss $L$ is the sum of $\\ell_t = \\tfrac12(h_t - y_t)^2$ over three steps."
)


def deltas(w: float, h: list[float], y: list[float], cut: int = 0) -> list[float]:
    """∂L/∂a of the three steps; nothing flows back into step `cut` from the step after it."""
    Delta = [0.0, 0.0, 0.0, 0.0]
    for t in (2, 1, 0):
        back = 0.0 if t + 1 == cut else Delta[t + 1] * w
        Delta[t] = (h[t] - y[t] + back) * (1 - h[t] ** 2)
    return Delta[:3]


@kind("training/bptt", difficulty=3)
def gradient_of_three_steps(draw: Draw) -> Question:
    w, h, y = three_steps(draw)
    Delta = deltas(w, h, y)
    dw = Delta[1] * h[0] + Delta[2] * h[1]
    return number(
        f"{UNIT} Let $w = {w}$, and let the states be these.\n\n{steps_table(h, y)}\n\n"
        r"What is $\mathrm dL/\mathrm dw$?",
        dw,
        rf"From the last step to the first, $\Delta_3 = {Delta[2]:.4f}$, $\Delta_2 = "
        rf"{Delta[1]:.4f}$ and $\Delta_1 = {Delta[0]:.4f}$. The uses contribute "
        rf"$\Delta_3h_2 + \Delta_2h_1 + \Delta_1h_0 = {Delta[2] * h[1]:.4f} + "
        rf"{Delta[1] * h[0]:.4f} + 0 = {dw:.3f}$.".replace("+ -", "- "),
        3,
    )


@kind("training/bptt", difficulty=2)
def delta_of_one_step(draw: Draw) -> Question:
    w, (h, *_), (y, *_) = three_steps(draw)
    later = draw.choice([-1, 1]) * draw.between(10, 60) / 100
    back = h - y + later * w
    return number(
        r"One unit has the weight $w = " + f"{w}$. Its state at step 5 is $h_5 = {h}$, and "
        rf"$\ell_5 = \tfrac12(h_5 - y_5)^2$ with the target $y_5 = {y}$. From step 6 it is known "
        rf"that $\Delta_6 = {later}$. What is $\Delta_5$, the derivative of the whole loss with "
        "respect to what goes into the tanh at step 5?",
        back * (1 - h**2),
        rf"To $h_5$ come back $h_5 - y_5 = {h - y:.1f}$ from its own loss and $\Delta_6w = "
        f"{later * w:.3f}$ from the next step, together {back:.3f}. Through the tanh, times "
        f"${1 - h**2:.2f}$, that is ${back * (1 - h**2):.3f}$.",
        3,
    )


@kind("training/bptt", difficulty=1)
def shared_factor(draw: Draw) -> Question:
    p, q, c = draw.between(2, 9), draw.between(2, 9), draw.between(1, 9)
    return number(
        f"Let $e = (p + q)(q + {c})$. What is the derivative of $e$ with respect to $q$ at "
        f"$p = {p}$ and $q = {q}$?",
        p + 2 * q + c,
        f"$q$ is used twice. The use in the first bracket contributes the second bracket, "
        f"{q + c}, and the use in the second one the first, {p + q}. The sum is {p + 2 * q + c}.",
    )


@kind("training/bptt", difficulty=1)
def gradient_products(draw: Draw) -> Question:
    weight, left, right = draw.choice(
        [
            ("W_{hh}", r"h_{t-1}^\top", r"\Delta_t"),
            ("W_{xh}", r"x_t^\top", r"\Delta_t"),
            ("W_{hy}", r"h_t^\top", r"\frac{\partial\ell_t}{\partial u_t}"),
        ]
    )
    first, second = left.removesuffix(r"^\top"), right
    wrong = {
        "W_{hh}": r"h_t^\top \Delta_t",
        "W_{xh}": r"x_{t-1}^\top \Delta_t",
        "W_{hy}": r"h_{t-1}^\top \frac{\partial\ell_t}{\partial u_t}",
    }[weight]
    return choice(
        draw,
        rf"Sequences stand in rows, as in the book. Which is $\partial L/\partial {weight}$?",
        rf"$\sum_t {left} {right}$",
        [
            f"${left} {right}$".replace("t-1", "T-1").replace("_t", "_T"),
            rf"$\sum_t {wrong}$",
            rf"$\sum_t {second}^\top {first}$",
        ],
        "Every use of the weight contributes the transpose of what it multiplied, times the "
        "derivative of what came out. The last use alone is not the gradient.",
    )


@kind("training/vanishing-gradients", difficulty=2)
def left_after_three_steps(draw: Draw) -> Question:
    w = draw.between(8, 18) / 10
    h = [draw.choice([-1, 1]) * draw.between(1, 8) / 10 for _ in range(3)]
    factors = [(1 - value**2) * w for value in h]
    left = math.prod(factors)
    return number(
        f"One unit has the weight {w}. Its states are $h_1 = {h[0]}$, $h_2 = {h[1]}$ and "
        f"$h_3 = {h[2]}$, and the only loss is read from $h_3$, with $\\delta_3 = "
        r"\partial L/\partial h_3 = 1$. What is $\delta_0$, the derivative with respect to $h_0$?",
        left,
        "Each step back multiplies by the slope $1-h_t^2$ and by the weight, which makes "
        f"{joined(f'{value:.4g}' for value in factors[::-1])}. The product is {left:.3f}.",
        3,
    )


@kind("training/vanishing-gradients", difficulty=2)
def steps_to_a_share(draw: Draw) -> Question | None:
    gamma, share = draw.between(50, 97) / 100, draw.choice([10, 100, 1000])
    n = math.log(share) / math.log(1 / gamma)
    if min(n % 1, -n % 1) < 0.02:  # too near to a whole number for a pocket calculator
        return None
    return number(
        f"Each step back multiplies a gradient by {gamma}. After how many steps is less than a "
        f"{ {10: 'tenth', 100: 'hundredth', 1000: 'thousandth'}[share] } of it left for the first "
        "time?",
        math.ceil(n),
        rf"From ${gamma}^n = 1/{share}$ we get $n = \ln {share} / \ln(1/{gamma}) = {n:.2f}$. "
        f"So it takes {math.ceil(n)} steps.",
    )


@kind("training/vanishing-gradients", difficulty=1)
def clipped_gradient(draw: Draw) -> Question:
    a, b, norm = draw.choice(PYTHAGOREAN)
    limit = draw.choice([value for value in (2, 2.5, 4) if value < a])

    def row(*values: float) -> str:
        return f"$({', '.join(f'{value:.3g}' for value in values)})$"

    return choice(
        draw,
        f"The gradient of all parameters, as one long row, is {row(a, b)}. It is clipped "
        rf"by its norm with the limit $\bar g = {limit}$. What comes out?",
        row(a * limit / norm, b * limit / norm),
        [row(limit, limit), row(a * limit, b * limit), row(a / norm, b / norm), row(a, b)],
        f"Its length is ${norm}$, which is more than {limit}. So it is multiplied by "
        f"${limit}/{norm}$. The direction stays, which it does not if each entry is cut off.",
    )


@kind("training/vanishing-gradients", difficulty=3)
def powers_of_a_matrix(draw: Draw) -> Question:
    n, large, small = draw.between(5, 20), draw.between(101, 115) / 100, draw.between(60, 95) / 100
    on, off = (large + small) / 2, (large - small) / 2
    first = (large**n + small**n) / 2
    return number(
        rf"Leave out the tanh. The matrix $W_{{hh}} = \begin{{pmatrix}} {on:.4g} & {off:.4g} \\ "
        rf"{off:.4g} & {on:.4g} \end{{pmatrix}}$ multiplies the row $(1, 1)$ by {large} and the "
        rf"row $(1, -1)$ by {small}. The way back starts with $(1, 0)$. What is its first entry "
        f"after {n} steps?",
        first,
        f"$(1, 0)$ is half of $(1, 1)$ plus half of $(1, -1)$. After {n} steps the halves are "
        f"multiplied by ${large}^{{{n}}} = {large**n:.4f}$ and ${small}^{{{n}}} = {small**n:.4f}$, "
        f"so the first entry is ${first:.3f}$.",
        3,
    )


@kind("training/truncated-bptt", difficulty=3)
def cut_gradient(draw: Draw) -> Question:
    w, h, y = three_steps(draw)
    cut = draw.choice([1, 2])
    Delta = deltas(w, h, y, cut)
    dw = Delta[1] * h[0] + Delta[2] * h[1]
    return number(
        f"{UNIT} Let $w = {w}$, and let the states be these.\n\n{steps_table(h, y)}\n\n"
        f"The state is carried through all steps, and the gradient is cut between the steps {cut} "
        f"and {cut + 1}. What is the truncated gradient with respect to $w$?",
        dw,
        rf"$\Delta_3 = {Delta[2]:.4f}$, and $\Delta_2 = {Delta[1]:.4f}$"
        + (", into which nothing flows from step 3" if cut == 2 else ", with step 3 in it")
        + rf". The sum over the uses is $\Delta_3h_2 + \Delta_2h_1 = {dw:.3f}$. "
        "The carried state counts as a given number.",
        3,
    )


@kind("training/truncated-bptt", difficulty=1)
def uses_seen(draw: Draw) -> Question:
    S = draw.between(5, 40)
    t = draw.between(S + 1, 4 * S)
    return number(
        f"A network is trained in segments of {S} steps, with the state carried. The first "
        f"segment begins at step 1. How many uses of the weights does the loss of step {t} see?",
        (t - 1) % S + 1,
        f"Step {t} is number {(t - 1) % S + 1} in its segment, which begins at step "
        f"{(t - 1) // S * S + 1}. It sees the uses from there to its own step.",
    )


@kind("training/truncated-bptt", difficulty=1)
def missing_share(draw: Draw) -> Question:
    gamma, tau = draw.between(60, 98) / 100, draw.between(3, 12)
    return number(
        f"With each step back the contributions to a gradient shrink by the factor {gamma}, and "
        f"all push the same way, without end. What share of its gradient does a loss miss that "
        f"sees {tau} uses of the weights?",
        gamma**tau,
        rf"What it misses is $\gamma^\tau$ times the whole row, ${gamma}^{{{tau}}} = "
        f"{gamma**tau:.3f}$.",
        3,
    )


LEARNS = "It can learn it. At each letter it only has to keep the note over one more letter."
NO_NOTE = "It can only guess, since at the question its state holds nothing of the clue."
UNTAUGHT = (
    "It will do little better than guess, since no gradient teaches it to write the clue down."
)
ONE_PAGE = "It can learn it, since one gradient reaches from the question back to the clue."


@kind("training/truncated-bptt", difficulty=2)
def who_did_it(draw: Draw) -> Question:
    story, way = draw.choice([16, 20, 24, 30]), draw.below(4)
    page = 2 * story if way == 3 else draw.choice([4, 5, 6])
    carried, often = way != 1, way < 2
    state = "The state is carried from segment to segment"
    reset = "Each segment starts from the state zero"
    asked = "the network is asked at every letter whom it suspects by now"
    at_end = "the network is asked only at the question mark"
    return choice(
        draw,
        f"Stories of {story} letters follow one another. The first letter of a story is the clue, "
        f"the last is a question mark, at which the culprit is to be named. A recurrent network is "
        f"trained in segments of {page} letters. {state if carried else reset}, and "
        f"{asked if often else at_end}. What do you expect?",
        (LEARNS, NO_NOTE, UNTAUGHT, ONE_PAGE)[way],
        [LEARNS, NO_NOTE, UNTAUGHT, ONE_PAGE],
        (
            "Truncation limits what the gradient can teach, not what the state can keep.",
            f"The last {page} letters are all that the state depends on, and the clue is not "
            "among them.",
            "The only loss lies in another segment than the clue, and what no gradient reaches "
            "is not taught.",
            "Clue and question stand in the same segment, so the gradient is whole.",
        )[way],
    )
