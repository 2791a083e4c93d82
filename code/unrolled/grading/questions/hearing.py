"""Questions on Part IV: letters in a sound, and the mistakes of a recogniser."""

import math
from itertools import groupby, pairwise, product, zip_longest

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, choice, joined, kind, number, table

DOUBLED = ("seem", "tree", "letter", "hello", "coffee", "committee", "green", "balloon", "success")
PAIRS = ("so", "at", "in", "no", "up", "we")
BLANK = "∅"


def merged(path: str) -> str:
    """A path with equal neighbours made one."""
    return "".join(symbol for symbol, _ in groupby(path))


@kind("sequence-to-sequence/speech", difficulty=1)
def text_of_a_path(draw: Draw) -> Question | None:
    path = "".join(draw.choice("ab" + BLANK) for _ in range(draw.between(6, 8)))
    options = [
        merged(path).replace(BLANK, ""),
        merged(path.replace(BLANK, "")),
        path.replace(BLANK, ""),
        merged(path),
    ]
    if len({*options}) < 4 or "" in options:
        return None
    right, *wrong = [f"*{text}*" for text in options]
    return choice(
        draw,
        f"What does the path `{path}` say, where {BLANK} is the blank?",
        right,
        wrong,
        f"First merge equal neighbours, which gives `{merged(path)}`. Then drop the blanks, which "
        f"leaves {right}.",
    )


def repeats(text: str) -> int:
    """How many letters equal the letter before them."""
    return sum(a == b for a, b in pairwise(text))


@kind("sequence-to-sequence/speech", difficulty=2)
def number_of_paths(draw: Draw) -> Question:
    text = draw.choice(["so", "at", "see", "add", "egg", "tea", "all", "aa"])
    U, R = len(text), repeats(text)
    T = draw.between(U + R + 1, 6)
    return number(
        f"How many paths say *{text}* in a sound of {T} frames, with blanks allowed?",
        math.comb(T + U - R, 2 * U),
        f"With $U = {U}$ letters and $R = {R}$ repeats there are $\\binom{{T+U-R}}{{2U}} = "
        f"\\binom{{{T + U - R}}}{{{2 * U}}} = {math.comb(T + U - R, 2 * U)}$.",
    )


@kind("sequence-to-sequence/speech", difficulty=1)
def frames_for_a_text(draw: Draw) -> Question:
    text = "".join(draw.sample(DOUBLED, 2))
    U, R = len(text), repeats(text)
    return number(
        f"How many frames must a sound have at least, so that some path says *{text}*?",
        U + R,
        f"A frame for each of the {U} letters, and a blank at each of the {R} places where a "
        f"letter equals the one before it. That makes {U + R}.",
    )


def frames(draw: Draw) -> list[list[float]]:
    """Probabilities of three symbols at three frames, in tenths."""
    rows = [[a, b, 10 - a - b] for a, b in product(range(1, 9), repeat=2) if a + b < 10]
    return [[value / 10 for value in draw.choice(rows)] for _ in range(3)]


def said_by(text: str, p: list[list[float]]) -> dict[str, float]:
    """All paths of three frames that say a text of two letters, with their probabilities."""
    symbols = BLANK + text
    return {
        "".join(path): math.prod(row[symbols.index(s)] for row, s in zip(p, path, strict=True))
        for path in product(symbols, repeat=3)
        if merged("".join(path)).replace(BLANK, "") == text
    }


def frame_table(text: str, p: list[list[float]]) -> str:
    """The network's probabilities at three frames, as Markdown."""
    rows = [
        [name, *column] for name, column in zip([BLANK, *text], zip(*p, strict=True), strict=True)
    ]
    return table(["", "frame 1", "frame 2", "frame 3"], rows)


@kind("sequence-to-sequence/speech", difficulty=3)
def probability_of_a_text(draw: Draw) -> Question:
    text, p = draw.choice(PAIRS), frames(draw)
    paths = said_by(text, p)
    return number(
        "At three frames a network gives its symbols these probabilities.\n\n"
        + frame_table(text, p)
        + f"\n\nWhat is the probability of the text *{text}*?",
        sum(paths.values()),
        f"Five paths say it, {joined(f'{path} with {s:.3f}' for path, s in paths.items())}. "
        f"Their sum is {sum(paths.values()):.3f}.",
        3,
    )


@kind("sequence-to-sequence/speech", difficulty=3)
def target_at_a_frame(draw: Draw) -> Question:
    text, p = draw.choice(PAIRS), frames(draw)
    paths, symbol = said_by(text, p), draw.choice([BLANK, *text])
    total = sum(paths.values())
    through = {path: share for path, share in paths.items() if path[1] == symbol}
    return number(
        "At three frames a network gives its symbols these probabilities.\n\n"
        + frame_table(text, p)
        + f"\n\nThe text is *{text}*. What is the target $\\omega_2[v]$ of CTC at frame 2 for the "
        f"symbol $v$ = {symbol}?",
        sum(through.values()) / total,
        f"Of the paths that say *{text}*, with {total:.3f} together, {joined(through)} "
        f"{'has' if len(through) == 1 else 'have'} {symbol} at frame 2. The share is "
        f"${sum(through.values()):.3f}/{total:.3f} = {sum(through.values()) / total:.3f}$.",
        3,
    )


def edits(a: str, b: str) -> int:
    """The fewest letters to insert, delete or replace that turn a into b."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        last, row = row, [i]
        for j, other in enumerate(b, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != other)))
    return row[-1]


@kind("sequence-to-sequence/speech", difficulty=2)
def edits_between_words(draw: Draw) -> Question | None:
    word = draw.choice(("letter", "recurrent", "hidden", "memory", "network", "sequence", "stairs"))
    heard = word
    for _ in range(3):
        at = draw.below(len(heard))
        heard = heard[:at] + draw.choice(["", draw.choice("aeimnst")]) + heard[at + draw.below(2) :]
    mistakes = edits(word, heard)
    by_place = sum(a != b for a, b in zip_longest(word, heard))
    if mistakes < 2 or by_place == mistakes:
        return None
    return number(
        f"A recogniser writes *{heard}* for *{word}*. How many letters must be inserted, deleted "
        f"or replaced, at least, to turn one into the other?",
        mistakes,
        f"{mistakes} edits are enough, and fewer are not. Letter by letter {by_place} places "
        "differ, but after an insertion or a deletion the rest may stand in order again.",
    )
