"""Questions on Part I: counting and learning, the recurrent network, the language model."""

import math
from collections import Counter
from itertools import pairwise

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, choice, joined, kind, number, table

WORDS = ("banana", "tomato", "papaya", "cocoa", "salsa", "pepper", "rococo", "tattoo", "coconut")
BRANCHING = ("hello", "pepper", "coffee", "summer", "address", "success", "bubble", "balloon")


def following(word: str) -> dict[str, dict[str, float]]:
    """After each letter, and after the dot at the start, the shares of what follows."""
    pairs = Counter(zip(f".{word}", f"{word}.", strict=True))
    total = Counter(f".{word}")
    after: dict[str, dict[str, float]] = {}
    for (first, second), times in sorted(pairs.items()):
        after.setdefault(first, {})[second] = times / total[first]
    return after


def walks(after: dict[str, dict[str, float]], length: int) -> list[tuple[str, list[float]]]:
    """All words of at most this length that have a probability above 0, with its factors."""
    found, open_ended = [], [("", ".", [])]
    for _ in range(length + 1):
        longer = []
        for word, last, factors in open_ended:
            for letter, share in after[last].items():
                if letter == ".":
                    found.append((word, [*factors, share]))
                else:
                    longer.append((word + letter, letter, [*factors, share]))
        open_ended = longer
    return found


@kind("sequences/sequences", difficulty=2)
def word_by_pairs(draw: Draw) -> Question:
    text = draw.choice(WORDS)
    words = [
        (word, factors)
        for word, factors in walks(following(text), 6)
        if word != text and 0.03 < math.prod(factors) < 0.9
    ]
    word, factors = draw.choice(words)
    product = r" \times ".join(f"{share:.4g}" for share in factors)
    return number(
        f"The word *{text}*, with a dot before and after it, is all the text there is. A model "
        f"counts its pairs of neighbours, without smoothing. What probability does it give to "
        f"the word *{word}*, its last dot included?",
        math.prod(factors),
        f"From dot to dot the shares are ${product} = {math.prod(factors):.3f}$.",
        3,
    )


@kind("sequences/sequences", difficulty=1)
def perplexity_of_tokens(draw: Draw) -> Question:
    p = [draw.between(1, 9) / 10 for _ in range(draw.between(3, 5))]
    product = math.prod(p)
    return number(
        f"A model gives the {len(p)} tokens of a text the probabilities {joined(p)}. "
        "What is its perplexity on them?",
        product ** (-1 / len(p)),
        f"The product is {product:.5f}, and $({product:.5f})^{{-1/{len(p)}}} = "
        f"{product ** (-1 / len(p)):.2f}$, the faces of a die that is as hard to guess.",
        2,
    )


@kind("sequences/sequences", difficulty=3)
def softmax_after_step(draw: Draw) -> Question:
    u = draw.sample([-1, 0, 1, 2], 3)
    came, rate = draw.below(3), draw.choice([0.5, 1, 2])
    e = [math.exp(value) for value in u]
    y_hat = [value / sum(e) for value in e]
    stepped = [value - rate * (y_hat[v] - (v == came)) for v, value in enumerate(u)]
    after = math.exp(stepped[came]) / sum(map(math.exp, stepped))
    return number(
        f"The logits of the tokens *a*, *b* and *c* are {joined(u)}, and *{'abc'[came]}* comes. "
        f"The logits take one step downhill on the loss, with the learning rate {rate}. "
        f"What is the probability of *{'abc'[came]}* afterwards?",
        after,
        f"The probabilities are {joined(f'{value:.3f}' for value in y_hat)}. The gradient is "
        rf"$\hat y - y$, so the new logits are {joined(f'{value:.3f}' for value in stepped)}. "
        f"Their softmax gives *{'abc'[came]}* {after:.3f}.",
        3,
    )


@kind("sequences/sequences", difficulty=1)
def contexts_of_ngrams(draw: Draw) -> Question:
    n, V = draw.between(3, 5), draw.choice([20, 27, 30, 50])
    wrong = [V**n, V * (n - 1), V ** (n - 2), V * n]
    return choice(
        draw,
        f"A model counts $n$-grams with $n = {n}$ over a vocabulary of {V} characters. Its table "
        "has a row for each context that may occur. How many rows are that?",
        f"{V ** (n - 1):,}",
        [f"{count:,}" for count in wrong],
        f"The context is the $n-1 = {n - 1}$ characters before. There are "
        f"${V}^{n - 1}$ = {V ** (n - 1):,} of them.",
    )


@kind("sequences/recurrence", difficulty=2)
def parity_step(draw: Draw) -> Question:
    state = draw.choice([(1, -1), (-1, -1), (1, 1)])
    h = [sign * draw.between(90, 99) / 100 for sign in state]
    x = draw.below(2)
    a = [4 * x + 2 * h[0] - 2 * h[1] - 2, 4 * x + 2 * h[0] - 2 * h[1] - 6]
    u = math.tanh(a[0]) - math.tanh(a[1]) - 1
    return number(
        "Two units keep the parity of a row of bits, by $a[1] = 4x + 2h[1] - 2h[2] - 2$, "
        "$a[2] = 4x + 2h[1] - 2h[2] - 6$ and a tanh of each. The answer is "
        f"$u = h[1] - h[2] - 1$. The old state is $({h[0]}, {h[1]})$, and the next bit is {x}. "
        "What is $u$ after this bit?",
        u,
        f"The sums are {a[0]:.2f} and {a[1]:.2f}, and the new state is "
        f"$({math.tanh(a[0]):.3f}, {math.tanh(a[1]):.3f})$. So $u = {u:.3f}$, which says "
        f"{'odd' if u > 0 else 'even'}.",
        3,
    )


@kind("sequences/recurrence", difficulty=1)
def rnn_parameters(draw: Draw) -> Question:
    D, H, V = draw.between(3, 20), draw.between(10, 60), draw.between(2, 12)
    layer, readout = (D + H + 1) * H, (H + 1) * V
    return number(
        f"A plain recurrent network reads $D = {D}$ numbers at each of 100 steps and has "
        f"$H = {H}$ units. From its state it makes $V = {V}$ logits. How many weights and biases "
        "has it in all, with one bias for each unit and each logit?",
        layer + readout,
        f"$(D+H+1)H = {D + H + 1} \\times {H} = {layer}$ and $(H+1)V = {H + 1} \\times {V} = "
        f"{readout}$, together {layer + readout}. The number of steps does not matter.",
    )


@kind("sequences/recurrence", difficulty=1)
def rnn_shapes(draw: Draw) -> Question:
    N, D, H, V = draw.sample([4, 5, 6, 8, 12, 16, 20, 32], 4)
    name, (rows, columns), others = draw.choice(
        [
            ("W_{xh}", (D, H), [(H, D), (N, H), (N, D)]),
            ("h_t", (N, H), [(H, N), (N, D), (H, H)]),
            ("W_{hy}", (H, V), [(V, H), (N, V), (D, V)]),
            ("W_{hh}", (H, H), [(N, H), (D, H), (H, N)]),
        ]
    )
    sizes = [rf"${r} \times {c}$" for r, c in [(rows, columns), *others]]
    return choice(
        draw,
        f"A recurrent network runs $N = {N}$ sequences side by side, one in each row. It has "
        f"$D = {D}$ inputs, $H = {H}$ units and $V = {V}$ answers. What is the shape of ${name}$?",
        sizes[0],
        sizes[1:],
        f"${name}$ is {sizes[0]}. Sequences stand in the rows, and a weight matrix leads from as "
        "many numbers as it has rows to as many as it has columns.",
    )


@kind("sequences/recurrence", difficulty=1)
def bit_out_of_sight(draw: Draw) -> Question:
    k = draw.between(5, 9)
    T = k + draw.between(-2, 4)
    out = max(0, T - k)
    right = "in all cases" if not out else "in half of all cases"
    hidden = f"The first {out} bits are" if out > 1 else "The first bit is"
    hidden += " out of sight, and as often odd as even."
    return choice(
        draw,
        f"A window shows the last {k} bits of a random row. {T} bits have come so far. How often "
        "is the best guess of the parity of the whole row right?",
        right,
        [
            "in half of all cases",
            "in all cases",
            f"in {min(k, T)} of {max(k, T) + (out == 0)} cases",
            "in somewhat more than half of all cases, since most bits are in sight",
        ],
        "All bits are still in sight, so they can be counted." if not out else hidden,
    )


@kind("sequences/language-model", difficulty=1)
def temperature_power(draw: Draw) -> Question:
    p, tau = draw.choice(
        [
            ((0.5, 0.3, 0.2), "1/2"),
            ((0.6, 0.3, 0.1), "1/2"),
            ((0.4, 0.4, 0.2), "1/2"),
            ((0.64, 0.2, 0.16), "2"),
            ((0.49, 0.36, 0.15), "2"),
            ((0.7, 0.2, 0.1), "1/3"),
            ((0.5, 0.25, 0.25), "1/3"),
        ]
    )
    power = {"1/2": 2, "1/3": 3, "2": 0.5}[tau]
    at, powers = draw.below(3), [value**power for value in p]
    answer = powers[at] / sum(powers)
    return number(
        f"At the temperature 1 three letters have the probabilities {joined(p)}. What is the "
        f"probability of the {('first', 'second', 'third')[at]} one at the temperature {tau}?",
        answer,
        rf"The power $1/\tau$ of the three is {joined(f'{value:.4g}' for value in powers)}, "
        f"together {sum(powers):.4g}. The share is {answer:.3f}.",
        3,
    )


@kind("sequences/language-model", difficulty=2)
def floor_without_state(draw: Draw) -> Question:
    word = draw.choice(BRANCHING)
    pairs = Counter(pairwise(word))
    before = Counter(word[:-1])
    T = len(word) - 1
    loss = -sum(n * math.log(n / before[a]) for (a, _), n in sorted(pairs.items())) / T
    shares = joined(f"{pairs[a, b] / before[a]:.3g}" for a, b in pairwise(word))
    return number(
        f"A network without a state reads *{word[:-1]}* and is asked for *{word[1:]}*. It knows "
        "only the letter that it has just read. What is the smallest perplexity that it can reach?",
        math.exp(loss),
        f"The best prediction after a letter is the share of what follows it. So the letters that "
        f"come get {shares}. The mean of $-\\log$ is {loss:.3f}, and $e^{{{loss:.3f}}} = "
        f"{math.exp(loss):.2f}$.",
        2,
    )


@kind("sequences/language-model", difficulty=2)
def bias_gradient(draw: Draw) -> Question:
    p = [draw.between(5, 95) / 100 for _ in range(4)]
    came = sorted(draw.sample([1, 2, 3, 4], draw.between(1, 3)))
    mean = sum(p) / 4
    rows = [[t + 1, p[t], "yes" if t + 1 in came else "no"] for t in range(4)]
    return number(
        "In four steps a language model gave the letter *l* these probabilities.\n\n"
        + table(["step", "probability of *l*", "did *l* come?"], rows)
        + "\n\nThe loss $L$ is the mean over the four steps. What is the entry of "
        r"$\partial L/\partial b_y$ that belongs to *l*?",
        mean - len(came) / 4,
        f"It is the mean of what was predicted minus what came, ${mean:.4f} - {len(came)}/4 = "
        f"{mean - len(came) / 4:.3f}$.",
        3,
    )


@kind("sequences/language-model", difficulty=1)
def targets_of_word(draw: Draw) -> Question:
    word = draw.choice(("banana", "tomato", "summer", "letter", "window", "pepper"))
    options = [word[1:], word[:-1], word, word[2:]]
    right, *wrong = ["*" + ", ".join(letters) + "*" for letters in options]
    return choice(
        draw,
        f"A character model reads *{', '.join(word[:-1])}*, the beginning of *{word}*. What are "
        "its targets?",
        right,
        wrong,
        "The targets are the inputs moved by one, since the next letter is asked for. A network "
        "whose targets are its inputs learns to copy.",
    )


@kind("sequences/language-model", difficulty=2)
def bits_per_character(draw: Draw) -> Question:
    PPL = draw.between(20, 95) / 10
    return number(
        f"A language model has the perplexity {PPL} on a long text. A program that packs the text "
        r"spends $-\log_2 P$ bits on a character to which the model gave the probability $P$. "
        "How many bits is that per character, on average?",
        math.log2(PPL),
        f"The perplexity is $e^L$, where $L$ is the mean of $-\\log P$. So the mean of "
        f"$-\\log_2 P$ is $\\log_2 {PPL} = {math.log2(PPL):.2f}$.",
        2,
    )
