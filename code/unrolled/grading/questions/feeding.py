"""Questions on Part VII: text cut into pieces, and how networks that read them are compared."""

import math

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, choice, joined, kind, number

CHAPTER = "practice/text-at-scale"
WORDS = ("sing", "ring", "king", "sting", "singing", "ringing", "string", "wing")


@kind(CHAPTER, difficulty=1)
def steps_after_a_join(draw: Draw) -> Question:
    words = {word: draw.between(2, 9) for word in draw.sample(WORDS, 3)}
    a, b = draw.choice(["in", "ng"])
    before = sum(n * len(word) for word, n in words.items())
    places = sum(n * word.count(a + b) for word, n in words.items())
    text = joined(f"*{word}* {n} times" for word, n in words.items())
    return number(
        f"A text consists of {text}. Each letter is a token. Then the pair *{a} {b}* is joined "
        "wherever it stands. How many tokens has the text now?",
        before - places,
        f"It had {before} tokens. The pair stands at {places} places, and each takes one away.",
    )


@kind(CHAPTER, difficulty=1)
def bits_of_tokens(draw: Draw) -> Question:
    T, bytes_each, L = (
        draw.between(2, 9) * 1000,
        draw.between(20, 45) / 10,
        draw.between(15, 60) / 10,
    )
    B = round(T * bytes_each)
    return number(
        f"A text of {B:,} bytes is cut into {T:,} tokens. A network has a loss of {L} nats per "
        "token on it. How many bits per byte are that?",
        T / B * L / math.log(2),
        f"All in all ${T} \\times {L}$ nats, which are ${T * L / math.log(2):.0f}$ bits, for "
        f"{B} bytes.",
        2,
    )


@kind(CHAPTER, difficulty=2)
def logits_cost_more(draw: Draw) -> Question:
    H, D = draw.choice([64, 128, 256, 512]), draw.choice([32, 64, 128, 256])
    return number(
        f"An LSTM has {H} units and embeddings of {D} numbers. With how many entries of the "
        "vocabulary do the logits cost as many multiplications as the four gates?",
        4 * (H + D),
        f"The gates cost $4 \\times {H} \\times ({D} + {H}) = {4 * H * (H + D)}$, and an entry "
        f"costs {H}.",
    )


@kind(CHAPTER, difficulty=2)
def cut_of_a_word(draw: Draw) -> Question:
    first = draw.choice("sbkrw")
    learnt = [["in", "ing", first + "ing"], ["in", first + "in", "ing"], ["ng", "ing", "in"]]
    order = draw.choice(learnt)
    before = draw.choice(["st", "sp", "p", "t"])
    word = before + first + "ing"
    cut = list(word)
    for piece in order:
        i = 0
        while i + 1 < len(cut):
            if cut[i] + cut[i + 1] == piece:
                cut[i : i + 2] = [piece]
            i += 1
    return number(
        f"The pieces {joined(f'*{piece}*' for piece in order)} were learnt in this order, besides "
        f"all single letters. Into how many tokens is *{word}* cut by byte-pair encoding?",
        len(cut),
        f"One joins in the order of learning, which gives {joined(f'*{piece}*' for piece in cut)}.",
    )


RIGHT = (
    "Their bits per byte on the same text.",
    "What the whole text costs each of them, in bits.",
)
WRONG = (
    "Their perplexity per token.",
    "Their loss per token, in nats.",
    "The share of tokens that each predicts right.",
    "Their bits per token.",
)


@kind(CHAPTER, difficulty=1)
def fair_measure(draw: Draw) -> Question:
    V, W = draw.sample([256, 1000, 4000, 8000, 32000], 2)
    return choice(
        draw,
        f"One network has a vocabulary of {V:,} pieces, another one of {W:,}. Which numbers can be "
        "compared between them?",
        draw.choice(RIGHT),
        draw.sample(WRONG, 3),
        "A token of one network is not a token of the other. The text and its bytes are the same.",
    )
