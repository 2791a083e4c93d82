"""Questions on Part III: LSTM, GRU, stacked and bidirectional networks, single cells."""

import math

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, choice, factor, joined, kind, number, table


def sigmoid(a: float) -> float:
    """Squeezes a number into the range from 0 to 1."""
    return 1 / (1 + math.exp(-a))


def block(D: int, H: int) -> int:
    """Weights for D inputs and H units, with one bias for each unit."""
    return D * H + H * H + H


@kind("gates/lstm", difficulty=1)
def lstm_parameters(draw: Draw) -> Question:
    D, H = draw.between(3, 40), draw.between(8, 64)
    twice = draw.choice([False, True])
    biases = (
        "with two biases for each block, as in PyTorch" if twice else "with one bias for each block"
    )
    extra = 4 * H if twice else 0
    return number(
        f"An LSTM layer reads $D = {D}$ numbers at each step and has $H = {H}$ cells. How many "
        f"parameters has it, {biases}?",
        4 * block(D, H) + extra,
        f"A block has $DH + H^2 + H = {block(D, H)}$ numbers, and there are four, for $i$, $f$, "
        f"$g$ and $o$. That makes {4 * block(D, H)}"
        + (f", and the second biases add $4H = {extra}$." if twice else "."),
    )


@kind("gates/lstm", difficulty=2)
def lstm_by_hand(draw: Draw) -> Question | None:
    c = draw.choice([-1, 1]) * draw.between(2, 15) / 10
    f, i, o = (draw.between(1, 9) / 10 for _ in range(3))
    g = draw.choice([-1, 1]) * draw.between(3, 9) / 10
    new = f * c + i * g
    if abs(new) < 0.1:
        return None
    return number(
        f"One cell of an LSTM holds $c = {c}$. In the next step the forget gate stands at {f}, "
        f"the input gate at {i}, the output gate at {o}, and the candidate is {g}. What is the "
        "new hidden state $h$?",
        o * math.tanh(new),
        f"$c = {f} \\times {factor(c)} + {i} \\times {factor(g)} = {new:.3f}$, and $h = {o} "
        f"\\times \\tanh({new:.3f}) = {o * math.tanh(new):.3f}$.",
        3,
    )


@kind("gates/lstm", difficulty=1)
def gates_forced(draw: Draw) -> Question:
    f, i = draw.below(2), draw.below(2)
    fates = {
        (1, 0): "It is held.",
        (0, 1): "It is replaced by the candidate.",
        (0, 0): "It is wiped.",
        (1, 1): "The candidate is added to it.",
    }
    return choice(
        draw,
        f"In some step the forget gate of a cell of an LSTM stands at {f} and its input gate at "
        f"{i}. What happens to the entry of the cell?",
        fates[f, i],
        list(fates.values()),
        rf"$c_t = f_t\odot c_{{t-1}} + i_t\odot g_t = {f} \times c_{{t-1}} + {i} \times g_t$. At 1 "
        "the forget gate keeps.",
    )


@kind("gates/lstm", difficulty=2)
def note_of_an_untrained_lstm(draw: Draw) -> Question | None:
    bias, n = draw.choice([1, 1.5, 2, 3, 4, 5]), draw.between(2, 20)
    f = sigmoid(bias)
    if f**n < 0.03:
        return None
    return number(
        f"The weights of an untrained LSTM are so small that its gates stand where their biases "
        f"put them. The bias of the forget gate is {bias}. What share of a note is left after "
        f"{n} steps, if nothing is written on it?",
        f**n,
        rf"The gate stands at $\sigma({bias}) = {f:.4f}$, and ${f:.4f}^{{{n}}} = {f**n:.3f}$.",
        3,
    )


@kind("gates/gru", difficulty=1)
def lstm_against_gru(draw: Draw) -> Question:
    D, H = draw.between(3, 30), draw.between(8, 48)
    return number(
        f"An LSTM and a GRU both read $D = {D}$ numbers and have $H = {H}$ units, with one bias "
        r"for each block. The GRU has its extra bias $b_{hn}$ besides. How many more parameters "
        "has the LSTM?",
        block(D, H) - H,
        f"It has one block more, $DH + H^2 + H = {block(D, H)}$, and lacks the $H = {H}$ numbers "
        f"of $b_{{hn}}$. That leaves {block(D, H) - H}.",
    )


@kind("gates/gru", difficulty=2)
def gru_by_hand(draw: Draw) -> Question | None:
    h = draw.choice([-1, 1]) * draw.between(3, 9) / 10
    r, z = draw.between(0, 10) / 10, draw.between(1, 9) / 10
    a = draw.choice([-1, 1]) * draw.between(4, 15) / 10
    n = math.tanh(a + r * h)
    new, swapped = z * h + (1 - z) * n, (1 - z) * h + z * n
    if abs(new - swapped) < 0.02:  # else whoever takes z the wrong way round is right
        return None
    return number(
        f"One unit of a GRU holds {h}. The input brings {a} to its candidate, and the old state "
        f"has the weight 1 there, without a bias. The reset gate stands at {r} and the update gate "
        f"$z$ at {z}. What is the new state?",
        new,
        rf"$n = \tanh({a} + {r} \times {factor(h)}) = {n:.3f}$, and $h = {z} \times {factor(h)} + "
        rf"{1 - z:.1f} \times {factor(round(n, 3))} = {new:.3f}$. At $z = 1$ a unit keeps.",
        3,
    )


@kind("gates/gru", difficulty=2)
def place_of_the_slider(draw: Draw) -> Question | None:
    low, wanted, high = sorted(draw.sample(range(-9, 10), 3))
    old, n = draw.sample([low, high], 2)
    z = (wanted - n) / (old - n)
    if abs(z - 0.5) < 0.05:
        return None
    return number(
        f"A unit of a GRU holds {old / 10}, and its candidate is {n / 10}. Where must the update "
        f"gate $z$ stand for the new state to be {wanted / 10}?",
        z,
        f"From ${old / 10}\\,z + {factor(n / 10)}\\,(1 - z) = {wanted / 10}$ we get $z = {z:.3f}$.",
        2,
    )


@kind("gates/gru", difficulty=3)
def where_the_reset_gate_acts(draw: Draw) -> Question | None:
    h = [value / 10 for value in draw.sample([-8, -6, -4, 5, 7, 9], 2)]
    r = [value / 10 for value in draw.sample([1, 3, 6, 9], 2)]
    W = [[draw.choice([1, 2]), draw.choice([-2, -1, 3])], [draw.choice([-1, 3]), 2]]
    q = round(h[0] * W[0][0] + h[1] * W[1][0], 2)
    right = r[0] * q
    before = r[0] * h[0] * W[0][0] + r[1] * h[1] * W[1][0]
    transposed = r[0] * (h[0] * W[0][0] + h[1] * W[0][1])
    texts = [f"{value:.2f}" for value in (right, before, transposed, q)]
    if len({*texts}) < 4 or abs(right) < 0.05:
        return None
    return choice(
        draw,
        f"A GRU of two units, in the form of the book and of PyTorch, has $h_{{t-1}} = "
        rf"({h[0]}, {h[1]})$, $r_t = ({r[0]}, {r[1]})$, $b_{{hn}} = 0$ and $W_{{hn}} = "
        rf"\begin{{pmatrix}} {W[0][0]} & {W[0][1]} \\ {W[1][0]} & {W[1][1]} \end{{pmatrix}}$. What "
        "does the first unit's candidate hear of the old state?",
        texts[0],
        texts[1:],
        "The reset gate acts after the product. The first column of the matrix belongs to the "
        f"first unit, so $q = {q:g}$, and $r$ lets ${r[0]} \\times {factor(q)} = {right:.2f}$ "
        "through.",
    )


@kind("gates/deep-and-bidirectional", difficulty=1)
def arrows_to_the_answer(draw: Draw) -> Question:
    L, both = draw.between(1, 4), draw.choice([True, False])
    k, t = sorted(draw.sample(range(1, 31), 2))
    if both:
        k, t = draw.sample([k, t], 2)
    layers = f"{L} {'bidirectional ' if both else ''}layer{'s' if L > 1 else ''}"
    return number(
        f"A recurrent network has {layers}{'' if both else ', read from left to right'}. How many "
        f"arrows has the shortest way from the input $x_{{{k}}}$ to the answer $u_{{{t}}}$?",
        abs(t - k) + L + 1,
        f"$|t-k| + L + 1 = {abs(t - k)} + {L} + 1 = {abs(t - k) + L + 1}$. There are "
        f"{abs(t - k)} along the states, and the others lead upwards.",
    )


@kind("gates/deep-and-bidirectional", difficulty=2)
def bidirectional_parameters(draw: Draw) -> Question:
    D, H = draw.between(5, 30), draw.between(8, 40)
    name, B = draw.choice([("plain recurrent", 1), ("LSTM", 4)])
    low, high = 2 * B * block(D, H), 2 * B * block(2 * H, H)
    return number(
        f"Two bidirectional {name} layers lie on top of each other. Each reader of both layers has "
        f"$H = {H}$ units and one bias for each block. The lower layer reads $D = {D}$ numbers. "
        "How many parameters have the two layers together?",
        low + high,
        f"The lower layer has $2 \\times {B}(DH + H^2 + H) = {low}$. The upper one reads the "
        f"notes of both readers, ${2 * H}$ numbers, and has ${high}$. Together {low + high}.",
    )


@kind("gates/deep-and-bidirectional", difficulty=1)
def step_of_the_second_reader(draw: Draw) -> Question:
    T = draw.between(4, 9)
    padded, t, told = T + draw.between(2, 8), draw.between(1, T), draw.choice([True, False])
    last = T if told else padded
    return number(
        f"A sentence of {T} words is padded to {padded} steps. At which step of its own does the "
        f"second reader of a bidirectional layer read word {t}, if it is "
        f"{'told' if told else 'not told'} the length of the sentence?",
        last - t + 1,
        f"It starts at step {last} and goes to the left, so it comes to word {t} at its step "
        f"${last} - {t} + 1 = {last - t + 1}$.",
    )


@kind("gates/deep-and-bidirectional", difficulty=2)
def reader_from_the_right(draw: Draw) -> Question:
    signs = [draw.choice([-1, 1]) for _ in range(3)]
    weight, states = draw.choice([0.5, 1, 1.5, 2]), [0.0]
    for sign in signs[::-1]:
        states.append(math.tanh(sign + weight * states[-1]))
    return number(
        "The second reader of a bidirectional layer has one unit. It takes the tanh of the sign, "
        f"1 or −1, plus {weight} times its state before, which is 0 at the start. The signs are "
        f"${', '.join(f'{s:+}' for s in signs)}$. What does it hand on at step 1?",
        states[-1],
        "It reads from the right, so its states at the steps 3, 2 and 1 are "
        f"{joined(f'{value:.3f}' for value in states[1:])}.",
        3,
    )


@kind("gates/interpretable-cells", difficulty=2)
def correlation_of_a_lamp(draw: Draw) -> Question | None:
    fact = draw.choice([(0, 1, 1, 0), (0, 0, 1, 1), (1, 0, 0, 1), (1, 1, 0, 0)])
    lamp = [draw.between(-9, 9) / 10 for _ in fact]
    centred = [value - sum(lamp) / 4 for value in lamp]
    products = sum(s * (y - 0.5) for s, y in zip(centred, fact, strict=True))
    squares = sum(s * s for s in centred)
    if squares < 0.5 or abs(products) < 0.1:
        return None
    r = products / math.sqrt(squares)
    rows = [["lamp", *lamp], ["fact", *fact]]
    return number(
        "A lamp and a fact are watched for four steps.\n\n"
        + table(["step", 1, 2, 3, 4], rows)
        + "\n\nWhat is their correlation $r$?",
        r,
        f"The averages are {sum(lamp) / 4:.3f} and 0.5. The products add up to {products:.3f}, "
        f"the squares to {squares:.3f} and 1, so $r = {products:.3f}/\\sqrt{{{squares:.3f}}} = "
        f"{r:.2f}$.",
        2,
    )


@kind("gates/interpretable-cells", difficulty=2)
def lamps_by_luck(draw: Draw) -> Question:
    n, H = draw.between(3, 6), draw.choice([64, 128, 192, 256, 512, 1024])
    return number(
        f"Each of {H} lamps is switched on or off by a fair coin at each of {n} steps. A fact is "
        "on at some of these steps and off at others. How many of the lamps follow it perfectly, "
        "or do exactly the opposite, on average?",
        H * 2 / 2**n,
        f"One lamp does with the probability $2/2^{{{n}}}$. For {H} lamps that makes "
        f"${2 * H}/{2**n} = {H * 2 // 2**n}$.",
    )


@kind("gates/interpretable-cells", difficulty=1)
def luck_of_a_correlation(draw: Draw) -> Question:
    n = draw.between(17, 40)
    return number(
        f"A fact is dealt out to the {n} places of a text at random, all orders alike. What is the "
        "standard deviation of its correlation with a given cell?",
        1 / math.sqrt(n - 1),
        rf"$1/\sqrt{{n-1}} = 1/\sqrt{{{n - 1}}} = {1 / math.sqrt(n - 1):.3f}$.",
        3,
    )


@kind("gates/interpretable-cells", difficulty=1)
def cell_held_fast(draw: Draw) -> Question | None:
    v = draw.choice([-1, 1]) * draw.between(8, 25) / 10
    o, f = draw.choice([0.3, 0.4, 0.6, 0.7]), draw.choice([0.2, 0.8, 0.9])
    values = [o * math.tanh(v), o * v, o * math.tanh(f * v), math.tanh(v), f * v]
    if min(abs(value - values[0]) for value in values[1:]) < 0.02:
        return None
    return choice(
        draw,
        f"In some step of an LSTM, the cell $j$ is held at the value {v}. Its forget gate stands "
        f"at {f} and its output gate at {o}. What is the entry $j$ of the hidden state?",
        f"{values[0]:.3f}",
        [f"{value:.3f}" for value in values[1:]],
        rf"The value is put in after the cell has been worked out, so the forget gate has no part "
        rf"in it. $h_t = o_t\odot\tanh c_t = {o} \times \tanh({v}) = {values[0]:.3f}$.",
    )
