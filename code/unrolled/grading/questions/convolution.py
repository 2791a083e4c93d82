"""Questions on Part V: one-dimensional convolutions and recurrence in parallel."""

from itertools import pairwise

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, choice, joined, kind, number, table


@kind("convolution/one-dimensional", difficulty=1)
def conv_parameters(draw: Draw) -> Question:
    F, D, H, T = (
        draw.between(3, 9),
        draw.between(3, 16),
        draw.between(10, 60),
        draw.between(50, 200),
    )
    return number(
        f"A one-dimensional convolution reads {T} steps of $D = {D}$ numbers. It has $H = {H}$ "
        f"filters with $F = {F}$ taps, and a bias for each filter. How many parameters has it?",
        (F * D + 1) * H,
        f"$(FD + 1)H = {F * D + 1} \\times {H} = {(F * D + 1) * H}$. The number of steps does not "
        "matter.",
    )


@kind("convolution/one-dimensional", difficulty=1)
def largest_answer(draw: Draw) -> Question | None:
    x = [draw.between(5, 15) / 10 for _ in range(5)]
    w = [draw.choice([-2, -1, 1, 2]) for _ in range(2)]
    y = [w[0] * a + w[1] * b for a, b in pairwise(x)]
    return number(
        f"A filter has the weights $w_0 = {w[0]}$ and $w_1 = {w[1]}$ and no bias. It is laid on "
        f"the readings {joined(x)}, without padding. What does max pooling over time keep of its "
        "answers?",
        max(y),
        f"The answers are {joined(f'{value:.1f}' for value in y)}, and the largest is "
        f"{max(y):.1f}.",
        1,
    )


@kind("convolution/one-dimensional", difficulty=2)
def steps_in_sight(draw: Draw) -> Question:
    F, layers = draw.between(2, 5), draw.between(3, 9)
    doubled = draw.choice([True, True, False])
    R = 1 + (F - 1) * (2**layers - 1 if doubled else layers)
    dilations = "whose dilations double from 1 on" if doubled else "all with dilation 1"
    return number(
        f"A stack has {layers} convolutions of {F} taps each, {dilations}. How many steps does one "
        "of its outputs see?",
        R,
        f"$R = 1 + (F-1)(d_1 + \\dots + d_{layers}) = 1 + {F - 1} \\times "
        f"{2**layers - 1 if doubled else layers} = {R}$.",
    )


@kind("convolution/one-dimensional", difficulty=2)
def earliest_step(draw: Draw) -> Question:
    F, d = draw.between(2, 5), draw.choice([1, 2, 3, 4])
    t = (F - 1) * d + draw.between(5, 40)
    return number(
        f"A causal convolution has {F} taps and the dilation {d}, with all its zeros in front. "
        f"Which is the earliest step of the input that its output at step {t} sees?",
        t - (F - 1) * d,
        f"The last tap lies on step {t}, and the first one $(F-1)d = {(F - 1) * d}$ steps before.",
    )


@kind("convolution/one-dimensional", difficulty=3)
def entry_of_the_matrix(draw: Draw) -> Question:
    F = draw.between(2, 4)
    w = draw.sample([-3, -2, -1, 1, 2, 3, 4], F)
    T = F + draw.between(3, 6)
    j = draw.between(1, T - F + 1)
    i = min(T, max(1, j + draw.between(-1, F)))
    entry = w[i - j] if 0 <= i - j < F else 0
    weights = joined(f"$w_{k} = {value}$" for k, value in enumerate(w))
    return number(
        f"A filter with the weights {weights}, without bias and padding, turns a row of {T} "
        f"readings $x_1, \\dots, x_{{{T}}}$ into {T - F + 1} answers. Written as $y = xA$ with the "
        f"readings as a row, what is the entry of $A$ in row {i} and column {j}?",
        entry,
        f"$y_{{{j}}} = \\sum_k x_{{{j}+k}}w_k$, so reading {i} goes into it with "
        + (f"$w_{i - j} = {entry}$." if entry else "no tap, and the entry is 0."),
    )


def cards(draw: Draw, n: int) -> list[tuple[float, int]]:
    """n steps of a relay: what each keeps, and what it adds."""
    return [(draw.between(2, 9) / 10, draw.between(1, 6)) for _ in range(n)]


@kind("convolution/parallel-recurrence", difficulty=1)
def two_cards_joined(draw: Draw) -> Question | None:
    (gamma, beta), (later, more) = cards(draw, 2)
    right = more + later * beta
    options = [right, beta + gamma * more, more + beta, later * (more + beta)]
    texts = [f"keeps {gamma * later:.2f} and adds {value:.2f}" for value in options]
    if len({*texts}) < 4:
        return None
    return choice(
        draw,
        f"A step keeps the share {gamma} of the state and adds {beta}. The next step keeps {later} "
        f"and adds {more}. What does the common card of the two do?",
        texts[0],
        texts[1:],
        f"It keeps ${later} \\times {gamma} = {gamma * later:.2f}$. What the first step adds is "
        f"multiplied by what the second keeps, so it adds ${more} + {later} \\times {beta} = "
        f"{right:.2f}$.",
    )


@kind("convolution/parallel-recurrence", difficulty=2)
def relay_of_four(draw: Draw) -> Question:
    four, start = cards(draw, 4), draw.between(2, 20)
    (g1, b1), (g2, b2), (g3, b3), (g4, b4) = four
    left, right = (g2 * g1, b2 + g2 * b1), (g4 * g3, b4 + g4 * b3)
    whole = right[0] * left[0], right[1] + right[0] * left[1]
    rows = [[t, *card] for t, card in enumerate(four, 1)]
    return number(
        "A relay $s_t = \\beta_t + \\gamma_t s_{t-1}$ has four steps.\n\n"
        + table(["step", r"keeps $\gamma_t$", r"adds $\beta_t$"], rows)
        + f"\n\nWhat is $s_4$ for $s_0 = {start}$?",
        whole[1] + whole[0] * start,
        f"Steps 1 and 2 keep {left[0]:.4g} and add {left[1]:.4g}, steps 3 and 4 keep "
        f"{right[0]:.4g} and add {right[1]:.4g}. All four keep {whole[0]:.4g} and add "
        f"{whole[1]:.4g}, so $s_4 = {whole[1] + whole[0] * start:.2f}$.",
        2,
    )


@kind("convolution/parallel-recurrence", difficulty=1)
def rounds_of_a_scan(draw: Draw) -> Question:
    n, every = draw.between(6, 16), draw.choice([True, False])
    rounds = 2 * n if every else n
    wanted = "all states of the sequence" if every else "one card that does all the steps"
    return number(
        f"A recurrence of {2**n} steps is joined two by two, with as many hands as wanted. How "
        f"many rounds does it take to have {wanted}?",
        rounds,
        f"${2**n} = 2^{{{n}}}$, so the way up has {n} rounds"
        + (", and so has the way down." if every else " and leaves a single card."),
    )


@kind("convolution/parallel-recurrence", difficulty=2)
def mingru_as_a_card(draw: Draw) -> Question:
    h = draw.between(-9, 9) / 10
    steps = [(draw.between(1, 9) / 10, draw.between(-20, 20) / 10) for _ in range(2)]
    state = h
    for z, n in steps:
        state = z * state + (1 - z) * n
    (z1, n1), (z2, n2) = steps
    return number(
        f"A unit of a minGRU holds {h}. In the next two steps its gate $z$ stands at {z1} and at "
        f"{z2}, and its candidate is {n1} and then {n2}. What does it hold afterwards?",
        state,
        rf"As cards, $\gamma = z$ and $\beta = (1-z)n$. The steps add {(1 - z1) * n1:.3f} and "
        f"{(1 - z2) * n2:.3f}, so that the state is {z1 * h + (1 - z1) * n1:.3f} and then "
        f"{state:.3f}.",
        3,
    )


JOINABLE = (
    r"$h_t = \sigma(x_tW + b) \odot h_{t-1} + x_tV$",
    r"$h_t = h_{t-1} + \tanh(x_tW + b)$",
    r"$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot n_t$ with $z_t = \sigma(x_tW)$, "
    r"$n_t = \tanh(x_tV)$",
)
STUBBORN = (
    r"$h_t = \tanh(x_tW + h_{t-1}U)$",
    r"$h_t = \sigma(h_{t-1}U) \odot h_{t-1} + x_tV$",
    r"$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot n_t$ with $z_t = \sigma(x_tW + h_{t-1}U)$, "
    r"$n_t = \tanh(x_tV)$",
    r"$h_t = h_{t-1} \odot h_{t-1} + x_tV$",
)


@kind("convolution/parallel-recurrence", difficulty=2)
def which_can_be_joined(draw: Draw) -> Question:
    return choice(
        draw,
        "The steps of one of these networks can be joined two by two before the first state is "
        "known, and the common card is no larger than a single one. Of which?",
        draw.choice(JOINABLE),
        draw.sample(STUBBORN, 3),
        r"It has the form $h_t = \beta_t + \gamma_t\odot h_{t-1}$ with $\beta_t$ and $\gamma_t$ "
        "from the input alone. The others need the state for their card, or bend it at each step.",
    )
