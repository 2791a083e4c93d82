"""Questions on Part VI: attention that is a recurrence."""

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, kind, number


@kind("recurrence-returns/linear-attention", difficulty=1)
def two_guests(draw: Draw) -> Question:
    first, second, moved = draw.sample(range(1, 20), 3)
    return number(
        f"A state of two numbers begins at $(0, 0)$. Anna's key is $(1, 0)$ and Ben's is $(0, 1)$. "
        f"The calls are Anna {first}, Ben {second}, Anna {moved}, written by the delta rule with "
        "$\\beta = 1$. What is the sum of the two numbers of the state afterwards?",
        moved + second,
        f"Anna's number is replaced, so the state is $({moved}, {second})$.",
    )


@kind("recurrence-returns/linear-attention", difficulty=2)
def what_is_read(draw: Draw) -> Question:
    x, y, room = draw.between(1, 9), draw.between(1, 9), draw.between(1, 20)
    a, b = draw.choice([(0.6, 0.8), (0.8, 0.6)])
    found = a * x + b * y
    return number(
        f"The state is $({x}, {y})$. A key $({a}, {b})$ comes with the value {room}. What is the "
        "first number of the state after one step of the delta rule with $\\beta = 1$?",
        x + a * (room - found),
        f"Under the key ${a} \\times {x} + {b} \\times {y} = {found:.2f}$ is found, so "
        f"${room - found:.2f}$ is missing. The first number becomes "
        f"${x} + {a} \\times ({room - found:.2f}) = {x + a * (room - found):.3f}$.",
        3,
    )


@kind("recurrence-returns/linear-attention", difficulty=1)
def when_smaller(draw: Draw) -> Question:
    H, D = draw.choice([16, 32, 64, 128]), draw.choice([16, 32, 64, 128])
    longest = H * D // (H + D)
    return number(
        f"Keys have {H} numbers and values {D}. Attention keeps all keys and values, linear "
        "attention one matrix. From how many steps on does attention keep more numbers?",
        longest + 1,
        f"The matrix has ${H} \\times {D} = {H * D}$ numbers, and each step adds ${H + D}$ to "
        f"attention's memory. After {longest} steps it has {longest * (H + D)}, and after "
        f"{longest + 1} it has {(longest + 1) * (H + D)}.",
    )


@kind("recurrence-returns/linear-attention", difficulty=2)
def disturbed(draw: Draw) -> Question:
    H, n = draw.choice([20, 40, 50, 80, 100]), draw.between(5, 200)
    return number(
        f"The values of {n} pairs have length 1, and their keys are random directions in {H} "
        "dimensions. All pairs are added to one matrix. One of them is read with its key. What is "
        "the mean squared length of the disturbance?",
        (n - 1) / H,
        f"Each of the other {n - 1} pairs contributes $1/{H}$, in all {(n - 1) / H:.3f}.",
        3,
    )


@kind("recurrence-returns/linear-attention", difficulty=3)
def written_often(draw: Draw) -> Question:
    beta, length, times = draw.choice([0.2, 0.4, 0.5, 0.8]), draw.choice([1, 2]), draw.between(2, 4)
    strength = beta * length**2
    left = (1 - strength) ** times
    return number(
        f"A key has length {length}, and its pair is written {times} times by the delta rule with "
        f"$\\beta = {beta}$. By which factor is what was missing multiplied in all?",
        left,
        f"Each writing multiplies it by $1 - \\beta\\lVert k\\rVert^2 = {1 - strength:.1f}$. "
        f"To the power {times} that is {left:.3f}.",
        3,
    )
