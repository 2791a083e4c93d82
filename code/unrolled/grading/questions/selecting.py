"""Questions on Part VI: recurrences whose input decides what is kept."""

import math

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, choice, joined, kind, number

CHAPTER = "recurrence-returns/selective"


@kind(CHAPTER, difficulty=1)
def left_by_the_clock(draw: Draw) -> Question:
    blanks, letters = draw.between(5, 40), draw.between(1, 3)
    small, large = draw.choice([0.001, 0.01, 0.02]), draw.choice([0.3, 0.5, 0.7, 1.0])
    moved = blanks * small + letters * large
    return number(
        f"A note lies on the tape of a selective recurrence with $A = -1$. Then come {blanks} "
        f"blanks, each with the step size $\\Delta = {small}$, and {letters} letters, each with "
        f"$\\Delta = {large}$. What share of the note is left?",
        math.exp(-moved),
        f"The clock moves by ${blanks} \\times {small} + {letters} \\times {large} = {moved:.3f}$ "
        f"in all, and $e^{{-{moved:.3f}}} = {math.exp(-moved):.3f}$ is left.",
        3,
    )


@kind(CHAPTER, difficulty=2)
def step_as_a_gate(draw: Draw) -> Question:
    a, A = draw.between(-30, 30) / 10, draw.choice([-1, -2, -3])
    keep = (1 + math.exp(a)) ** A
    return number(
        f"A unit of S6 has $A = {A}$. Before the softplus its step size is $a = {a}$. What share "
        "of its state does the step keep?",
        keep,
        f"With $\\Delta = \\log(1 + e^a) = {math.log1p(math.exp(a)):.4f}$ the step keeps "
        f"$e^{{\\Delta A}} = (1 - \\sigma(a))^{{{-A}}} = {keep:.3f}$.",
        3,
    )


@kind(CHAPTER, difficulty=1)
def recorded_number(draw: Draw) -> Question | None:
    letters = [draw.choice("ab") for _ in range(3)]
    tape, worth = list(letters), draw.choice([8, 16, 24])
    for _ in range(draw.between(1, 3)):
        tape.insert(draw.between(0, len(tape)), "blank")
    if "a" not in letters:
        return None
    h, states = 0.0, []
    for letter in letters:
        h = h / 2 + (worth / 2 if letter == "a" else 0)
        states.append(h)
    return number(
        f"A recorder stops at blanks. A letter halves its number and adds half of what the letter "
        f"stands for, {worth} for *a* and 0 for *b*. It begins at 0. What is its number after "
        f"{joined(tape)}?",
        h,
        f"The blanks change nothing. After the letters it is {joined(f'{s:g}' for s in states)}.",
        2,
    )


@kind(CHAPTER, difficulty=2)
def cache_is_larger(draw: Draw) -> Question:
    H, S, D = draw.choice([64, 128, 256]), draw.choice([4, 8, 16]), draw.choice([32, 64, 128])
    longest = H * S // (2 * D)
    return number(
        f"A layer S6 has {H} units with {S} numbers each. A layer of attention keeps a key and a "
        f"value of {D} numbers each for every step. From how many steps on does attention keep "
        "more numbers than the state of S6?",
        longest + 1,
        f"The state has ${H} \\times {S} = {H * S}$ numbers, and a step adds ${2 * D}$ to what "
        f"attention keeps. After {longest} steps that is {longest * 2 * D}, and after "
        f"{longest + 1} it is {(longest + 1) * 2 * D}.",
    )


RIGHT = (
    "The second letter of three, when blanks stand between them anywhere.",
    "The middle letter of three, when the pauses between them vary.",
)
POSSIBLE = (
    "The letter at the fourth place of every tape.",
    "The second letter of three, when the three stand at the same places on every tape.",
    "The very last symbol of the tape.",
    "How many letters *a* stand on the tape.",
)


@kind(CHAPTER, difficulty=2)
def beyond_a_filter(draw: Draw) -> Question:
    T = draw.between(5, 12)
    return choice(
        draw,
        "A recurrence with fixed factors reads a tape, and a linear read-out answers. The tapes "
        f"have {T} places with letters or blanks. Which of these can no such network tell for all "
        "tapes, whatever its weights are?",
        draw.choice(RIGHT),
        draw.sample(POSSIBLE, 3),
        "Its score is a sum of one number for each place and symbol. That tells what stands at a "
        "place, and it can count. Where the middle letter stands depends on the other places.",
    )
