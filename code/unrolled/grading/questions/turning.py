"""Questions on Part VI: linear recurrences with a long memory."""

from math import atan2, ceil, exp, log, pi, sqrt

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, kind, number


@kind("recurrence-returns/state-space", difficulty=1)
def memory_of_a_hand(draw: Draw) -> Question:
    r = draw.choice([0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995])
    steps = draw.between(5, 60)
    return number(
        f"A hand has the eigenvalue $\\lambda = r e^{{i\\theta}}$ with $r = {r}$. A push of size 1 "
        f"comes, and nothing after it. What is the size of the state {steps} steps later?",
        r**steps,
        f"Only the radius counts, so it is ${r}^{{{steps}}} = {r**steps:.4f}$.",
        3,
    )


@kind("recurrence-returns/state-space", difficulty=1)
def radius_for_a_memory(draw: Draw) -> Question:
    share, steps = draw.choice([0.1, 0.25, 0.5, 0.75]), 10 * draw.between(2, 30)
    return number(
        f"A hand is to keep the share {share} of a push after {steps} steps. What is its time "
        "constant $\\tau$ in steps?",
        -steps / log(share),
        f"From $e^{{-{steps}/\\tau}} = {share}$ we get $\\tau = {steps} / {-log(share):.4f} = "
        f"{-steps / log(share):.1f}$.",
        1,
    )


@kind("recurrence-returns/state-space", difficulty=2)
def quarter_turns(draw: Draw) -> Question:
    r, first = draw.choice([0.5, 0.8, 0.9]), draw.between(2, 9)
    second, gap = draw.between(1, 9), draw.choice([2, 4])
    sign = -1 if gap == 2 else 1
    return number(
        f"A hand turns by a quarter and is multiplied by {r} at each step. It is at rest when a "
        f"push of {first} comes, and {gap} steps after it comes a push of {second} in the same "
        "direction. What is the first coordinate of its tip right after the second push?",
        sign * first * r**gap + second,
        f"After {gap} steps the first push has become ${sign * first * r**gap:.4f}$, and "
        f"{second} is added.",
        3,
    )


@kind("recurrence-returns/state-space", difficulty=2)
def scale_of_the_pushes(draw: Draw) -> Question:
    nu = draw.choice([-1, -2, -3, -4])
    r = exp(-exp(nu))
    return number(
        f"A hand has $\\nu = {nu}$ in $\\lambda = \\exp(-e^\\nu + i e^\\varphi)$. Which $\\gamma$ "
        "gives its state the mean squared size 1, if its pushes are independent with mean 0 and "
        "mean squared size 1?",
        sqrt(1 - r**2),
        f"The radius is $r = \\exp(-e^{{{nu}}}) = {r:.4f}$, so $\\gamma = \\sqrt{{1 - r^2}} = "
        f"{sqrt(1 - r**2):.3f}$.",
        3,
    )


@kind("recurrence-returns/state-space", difficulty=3)
def period_from_two_numbers(draw: Draw) -> Question:
    a, b = draw.between(2, 9) / 10, draw.between(1, 4) / 10
    theta = atan2(b, a)
    return number(
        f"An eigenvalue is $\\lambda = {a} + {b}\\,i$. After how many whole steps has its hand "
        "gone round at least once?",
        ceil(2 * pi / theta),
        f"Its angle is $\\theta = {theta:.4f}$, and $2\\pi/\\theta = {2 * pi / theta:.2f}$.",
    )
