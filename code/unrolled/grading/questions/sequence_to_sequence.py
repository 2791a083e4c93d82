"""Questions on Part IV up to the search: translators, what they are fed, and how they write."""

import math
from itertools import pairwise, product

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, choice, joined, kind, number, table

UNITS = ("ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
TENS = ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")


def in_a_row(tokens: list[str]) -> str:
    """Tokens side by side, as a sentence of the book shows them."""
    return "*" + " ".join(tokens) + "*"


@kind("sequence-to-sequence/encoder-decoder", difficulty=2)
def loss_under_the_mask(draw: Draw) -> Question:
    long, short = draw.between(3, 5), draw.between(1, 2)
    p = [[draw.between(3, 9) / 10 for _ in range(n)] for n in (long, short)]
    rows = [
        ["first", *p[0]],
        ["second", *p[1], *["PAD"] * (long - short)],
    ]
    losses = [-math.log(value) for row in p for value in row]
    return number(
        "Two targets stand in a batch. The writer gives their true tokens these probabilities.\n\n"
        + table(["target", *(f"step {t}" for t in range(1, long + 1))], rows)
        + "\n\nWhat is the loss of the batch?",
        sum(losses) / len(losses),
        f"The losses $-\\log p$ add up to {sum(losses):.3f}. There are {len(losses)} true tokens, "
        f"and the mean over them is {sum(losses) / len(losses):.3f}. The padding is not counted.",
        3,
    )


@kind("sequence-to-sequence/encoder-decoder", difficulty=1)
def card_behind_padding(draw: Draw) -> Question:
    first, second = draw.between(2, 20) / 10, draw.between(2, 20) / 10
    pads, masked = draw.between(1, 4), draw.choice([True, False])
    card = 0.5 * first + second
    after = card if masked else card * 0.5**pads
    mask = "The mask is used." if masked else "She reads on into the padding, without a mask."
    return number(
        "A reader's state is a single number that starts at 0. At each word she halves it and adds "
        f"the word's number. A source has two words with the numbers {first} and {second}, and "
        f"behind them {pads} PAD with the number 0. {mask} What does the card say?",
        after,
        f"After the two words the state is $0.5 \\times {first} + {second} = {card:.2f}$. "
        + ("It stays through the padding." if masked else f"Then it is halved {pads} times."),
        3,
    )


@kind("sequence-to-sequence/encoder-decoder", difficulty=2)
def writer_with_the_card(draw: Draw) -> Question:
    D, H = draw.between(8, 40), draw.between(16, 64)
    total = 3 * ((D + H) * H + H * H + H) + H
    return number(
        f"A writer is a GRU of $H = {H}$ units. At every step it reads an embedding of $D = {D}$ "
        "numbers and, beside it, the whole card, which is the reader's last state of as many "
        "numbers as the writer has units. How many parameters has the GRU, with one bias for each "
        r"block and the extra bias $b_{hn}$?",
        total,
        f"The input has $D + H = {D + H}$ numbers. So $3\\,({D + H} \\times {H} + {H}^2 + {H}) + "
        f"{H} = {total}$.",
    )


@kind("sequence-to-sequence/encoder-decoder", difficulty=1)
def what_the_decoder_reads(draw: Draw) -> Question:
    target = [draw.choice(UNITS), "und", draw.choice(TENS), "END"]
    options = [["START", *target[:-1]], target, target[:-1], ["START", *target]]
    right, *wrong = map(in_a_row, options)
    return choice(
        draw,
        f"In training a decoder has the target {in_a_row(target)}. Which tokens does it read?",
        right,
        wrong,
        "It reads the target one step later, beginning with START, so that it never sees the token "
        "that it has to predict. END is predicted and not read.",
    )


def wrong_at(eps: float, r: float, t: int) -> list[float]:
    """The probabilities that the answers 1 to t are wrong."""
    e = [0.0]
    for _ in range(t):
        e.append((1 - r) * e[-1] + eps * (1 - e[-1]))
    return e[1:]


@kind("sequence-to-sequence/teacher-forcing", difficulty=2)
def wrong_answer_at_step(draw: Draw) -> Question:
    eps, r, t = draw.between(2, 20) / 100, draw.between(0, 8) / 10, draw.between(3, 4)
    e = wrong_at(eps, r, t)
    return number(
        f"In use a network answers wrongly with the probability {eps} after a right answer, and "
        f"rightly with the probability {r} after a wrong one. Before the first answer nothing has "
        f"gone wrong. What is the probability that answer {t} is wrong?",
        e[-1],
        rf"$e_t = (1-r)\,e_{{t-1}} + \varepsilon\,(1-e_{{t-1}})$ gives, one after the other, "
        f"{joined(f'{value:.4f}' for value in e)}.",
        3,
    )


@kind("sequence-to-sequence/teacher-forcing", difficulty=1)
def all_answers_right(draw: Draw) -> Question:
    eps, T, r = draw.between(1, 12) / 100, draw.between(5, 12), draw.between(1, 8) / 10
    return number(
        f"A network answers {T} times, and reads its own answers. The first answer is wrong with "
        f"the probability {eps}, and so is each answer after a right one. After a wrong one the "
        f"next is right with the probability {r}. What is the probability that all {T} answers "
        "are right?",
        (1 - eps) ** T,
        "If all are right, none comes after a wrong one. So it is "
        rf"$(1-\varepsilon)^T = {1 - eps:.2f}^{{{T}}} = {(1 - eps) ** T:.3f}$. "
        "What happens after a mistake does not matter for this.",
        3,
    )


@kind("sequence-to-sequence/teacher-forcing", difficulty=1)
def what_is_fed(draw: Draw) -> Question:
    targets = draw.sample(range(1, 9), 4)
    answers = list(targets)
    for t in draw.sample(range(3), 2):
        answers[t] = draw.choice([v for v in range(1, 9) if v not in targets])
    forced = draw.choice([True, False])
    read = [["START", *targets[:3]], ["START", *answers[:3]], targets, answers]
    right, *wrong = [
        ", ".join(map(str, row)) for row in (read if forced else read[1::-1] + read[2:])
    ]
    return choice(
        draw,
        f"The targets of four steps are {joined(targets)}, and the network's likeliest tokens are "
        f"{joined(answers)}. What is it fed at the four steps "
        f"{'with teacher forcing' if forced else 'in use'}?",
        right,
        wrong,
        "At each step it is fed the token of the step before, at the first one START. With teacher "
        "forcing this is the target, in use its own answer.",
    )


@kind("sequence-to-sequence/teacher-forcing", difficulty=2)
def truth_in_a_mixture(draw: Draw) -> Question:
    share, p = draw.between(2, 8) / 10, draw.between(2, 9) / 10
    fed = share + (1 - share) * p
    return number(
        f"At every step a coin decides what a network is fed. With the probability {share} it is "
        "the true previous token, and otherwise a token drawn from the network's own "
        f"probabilities, which give the true one {p}. What is the probability that it is fed the "
        "true token?",
        fed,
        f"${share} + {1 - share:.1f} \\times {p} = {fed:.2f}$. A draw may hit the true token too.",
        2,
    )


@kind("sequence-to-sequence/teacher-forcing", difficulty=3)
def wrong_answers_without_a_way_back(draw: Draw) -> Question:
    eps, T = draw.between(2, 15) / 100, draw.between(3, 6)
    e = wrong_at(eps, 0, T)
    return number(
        f"A network's first answer is wrong with the probability {eps}, and so is each answer "
        f"after a right one. After a wrong one it never recovers. How many of its first {T} "
        "answers are wrong, on average?",
        sum(e),
        rf"Answer $t$ is wrong with the probability $1-{1 - eps:.2f}^t$, which is "
        f"{joined(f'{value:.4f}' for value in e)}. Together they make {sum(e):.3f}.",
        3,
    )


def shares(draw: Draw, n: int) -> list[float]:
    """n probabilities in tenths that differ and add up to 1."""
    options = [p for p in product(range(1, 9), repeat=n) if sum(p) == 10 and len(set(p)) == n]
    return [value / 10 for value in draw.choice(options)]


Table = dict[str, list[float]]  # after nothing ("") and after each word: the next one's probability


def sentences(after: Table, length: int) -> dict[str, float]:
    """The probability of every sentence of so many words A, B, C.

    The next word depends on the last one alone.
    """
    return {
        "".join(words): math.prod(
            after[last]["ABC".index(word)] for last, word in pairwise(["", *words])
        )
        for words in product("ABC", repeat=length)
    }


def beam(after: Table, length: int, k: int) -> list[dict[str, float]]:
    """The k best prefixes after each step; an empty list if candidates tie at the border."""
    kept, steps = {"": 1.0}, []
    for _ in range(length):
        candidates = {
            prefix + word: p * share
            for prefix, p in kept.items()
            for word, share in zip("ABC", after[prefix[-1:]], strict=True)
        }
        order = sorted(candidates, key=candidates.__getitem__, reverse=True)
        values = [candidates[prefix] for prefix in order[: k + 1]]
        if min(high / low for high, low in pairwise(values)) < 1.01:
            return []
        kept = {prefix: candidates[prefix] for prefix in order[:k]}
        steps.append(kept)
    return steps


def word_table(after: Table) -> str:
    """The probabilities of the next word, as Markdown."""
    rows = [[f"after {last}" if last else "at the start", *p] for last, p in after.items()]
    return table(["", "A", "B", "C"], rows)


TREE = (
    "A sentence has {} words and then ends. The probability of the next word depends only on the "
    "word before.\n\n{}\n\n"
)


@kind("sequence-to-sequence/search", difficulty=2)
def greedy_or_best(draw: Draw) -> Question | None:
    after = {last: shares(draw, 3) for last in ("", "A", "B", "C")}
    found, steps = sentences(after, 2), beam(after, 2, 1)
    best, second = sorted(found, key=found.__getitem__, reverse=True)[:2]
    if not steps or best in steps[-1] or found[best] < 1.01 * found[second]:
        return None
    (greedy,) = steps[-1]
    wanted = draw.choice(["greedy", "best"])
    sentence = greedy if wanted == "greedy" else best
    asked = "that greedy search finds" if wanted == "greedy" else "that is the likeliest of all"
    return number(
        TREE.format("two", word_table(after)) + f"What is the probability of the sentence {asked}?",
        found[sentence],
        f"Greedy search finds {' '.join(greedy)} with {found[greedy]:.2f}. The likeliest sentence "
        f"is {' '.join(best)} with {found[best]:.2f}, whose first word is not the likeliest one.",
        3,
    )


@kind("sequence-to-sequence/search", difficulty=3)
def beam_of_two(draw: Draw) -> Question | None:
    after = {last: shares(draw, 3) for last in ("", "A", "B", "C")}
    steps, alone, found = beam(after, 3, 2), beam(after, 3, 1), sentences(after, 3)
    if not steps or not alone or next(iter(steps[-1])) in alone[-1]:
        return None
    winner = next(iter(steps[-1]))
    worked = [
        f"step {t}: {joined(f'{prefix} with {p:.4g}' for prefix, p in kept.items())}"
        for t, kept in enumerate(steps, 1)
    ]
    return number(
        TREE.format("three", word_table(after)) + "What is the probability of the best sentence "
        "that beam search finds with a beam of two?",
        found[winner],
        f"The beam keeps, at {'; '.join(worked)}. So it finds {' '.join(winner)}.",
        3,
    )


@kind("sequence-to-sequence/search", difficulty=1)
def divided_by_the_length(draw: Draw) -> Question | None:
    lengths = draw.sample(range(2, 10), 3)
    scores = [-draw.between(15, 60) / 10 for _ in lengths]
    alpha = draw.choice([0, 1])
    values = [q / T**alpha for q, T in zip(scores, lengths, strict=True)]
    ranked = sorted(values, reverse=True)
    if ranked[0] - ranked[1] < 0.05:
        return None
    names = ("first", "second", "third")
    best = values.index(ranked[0])
    rows = [[name, q, T] for name, q, T in zip(names, scores, lengths, strict=True)]
    return choice(
        draw,
        "A search has finished three sentences.\n\n"
        + table(["sentence", "score $q$", "symbols $T$"], rows)
        + f"\n\nThey are compared by $q/T^\\alpha$ with $\\alpha = {alpha}$. Which is in front?",
        f"the {names[best]}",
        [f"the {name}" for name in names] + ["none, since a score below zero counts for nothing"],
        f"The values are {joined(f'{value:.3f}' for value in values)}. The largest of them, the "
        "nearest to zero, is in front.",
    )


@kind("sequence-to-sequence/search", difficulty=2)
def when_the_empty_one_wins(draw: Draw) -> Question | None:
    a, eps = draw.between(50, 95) / 100, draw.choice([0.01, 0.001, 0.0001, 0.005, 0.02])
    T = math.log(eps) / math.log(a)
    if min(T % 1, -T % 1) < 0.03:
        return None
    return number(
        f"A model gives the right symbol the probability {a} at every step, END included. At the "
        f"first step it also gives {eps:g} to END, which would be the empty sentence. From how "
        "many symbols on, END counted, is the right sentence less likely than the empty one?",
        1 + math.floor(T),
        rf"${a}^T$ falls below {eps:g} after $\log {eps:g} / \log {a} = {T:.2f}$ symbols. So "
        f"$T_0 = 1 + {math.floor(T)} = {1 + math.floor(T)}$.",
    )
