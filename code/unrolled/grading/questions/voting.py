"""Questions on Part VI: exponential gates, and what a linear state cannot track."""

import math

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, kind, number

CHAPTER = "recurrence-returns/exponential-gates"


@kind(CHAPTER, difficulty=1)
def note_of_two(draw: Draw) -> Question:
    first, second = draw.sample([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0], 2)
    e_1, e_2 = math.exp(first), math.exp(second)
    return number(
        f"An sLSTM unit reads two offers, with forget gates at 1 and no votes before. The marks "
        f"are {first} and {second}, the candidates $+1$ and $-1$. What is the note afterwards?",
        (e_1 - e_2) / (e_1 + e_2),
        f"The votes are {e_1:.2f} and {e_2:.2f}, so the note is "
        f"$({e_1:.2f} - {e_2:.2f}) / {e_1 + e_2:.2f}$.",
        3,
    )


@kind(CHAPTER, difficulty=2)
def share_of_a_newcomer(draw: Draw) -> Question:
    m, mark = draw.choice([1.0, 2.0, 3.0]), draw.choice([0.5, 1.5, 2.5, 4.0])
    f = draw.choice([0.5, 0.8, 0.9])
    w = 1 / (1 + math.exp(m + math.log(f) - mark))
    return number(
        f"The logarithm of all votes is $m = {m}$, the forget gate is {f}, and a newcomer has the "
        f"mark {mark}. What is its share $w$ in the average?",
        w,
        f"$w = \\sigma({mark} - {m} - \\ln {f}) = {w:.3f}$.",
        3,
    )


@kind(CHAPTER, difficulty=2)
def votes_piled_up(draw: Draw) -> Question:
    f, steps = draw.choice([0.5, 0.8, 0.9]), draw.between(2, 4)
    n = sum(f**k for k in range(steps))
    return number(
        f"The forget gate is {f} at every step, and {steps} newcomers with mark 0 have come, with "
        "no votes before. How many votes are there?",
        n,
        f"$1 + \\dots + {f}^{{{steps - 1}}} = {n:.3f}$.",
        3,
    )


@kind(CHAPTER, difficulty=1)
def ball_after_two_swaps(draw: Draw) -> Question:
    names = ["left", "middle", "right"]
    ball, pairs = draw.between(0, 2), [(0, 1), (1, 2), (0, 2)]
    swaps = draw.sample(pairs, 2)
    place = ball
    for a, b in swaps:
        place = b if place == a else a if place == b else place
    said = [f"{names[a]} and {names[b]}" for a, b in swaps]
    return number(
        "Cups stand at places 1, 2 and 3, left, middle and right. "
        f"The ball is at place {ball + 1}. First {said[0]} are swapped, then "
        f"{said[1]}. At which place is the ball?",
        place + 1,
        f"The two mirrors take place {ball + 1} to place {place + 1}.",
    )


@kind(CHAPTER, difficulty=2)
def mirrored(draw: Draw) -> Question:
    x, y = draw.between(1, 9), draw.between(1, 9)
    a, b = draw.choice([(0.6, 0.8), (0.8, 0.6), (0.6, -0.8)])
    found = a * x + b * y
    return number(
        f"The state is $({x}, {y})$ and the key $({a}, {b})$. What is the first number of "
        "$h(I - 2k^\\top k)$?",
        x - 2 * found * a,
        f"$hk^\\top = {found:.2f}$, so it is ${x} - 2 \\times ({found:.2f}) \\times {a}$.",
        3,
    )
