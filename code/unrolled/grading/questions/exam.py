"""A printed examination: a paper in several variants, and a key with worked answers for each.

All variants ask the same kinds of questions, in another order and with other numbers.
"""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, pick
from unrolled.grading.questions.markup import inline, to_html
from unrolled.grading.questions.printing import to_pdf, typeset

WHO = "<td>Name</td><td></td><td>Student number</td><td></td>"
POINTS = 2  # for each degree of difficulty
SPACE = 1.7  # centimetres to work in, for each degree of difficulty
AIDS = "Pocket calculators are allowed. Write down how you found a number, and round at the end."


def questions(draw: Draw, chapters: Sequence[str], count: int, variant: str) -> list[Question]:
    """The questions of one variant, in its order."""
    taken = pick(draw.at("kinds"), chapters, count)
    order = draw.at("order", variant).sample(taken, count)
    return [one.make(draw.at("question", one.name, variant)) for one in order]


def paper(asked: Sequence[Question], title: str, variant: str) -> str:
    """The HTML of a paper: its head, and each question with room for the answer."""
    total = sum(map(points, asked))
    lines = [
        _head(title, variant, f"{len(asked)} questions, {total} points"),
        f'<table class="who"><tr>{WHO}</tr></table>',
        f'<p class="aids">{AIDS}</p>',
        _marks(asked),
    ]
    for number, question in enumerate(asked, 1):
        body = to_html(question.text) + (_choices(question) or _room(question))
        lines.append(_framed(number, question, body))
    return _page(f"{title}, variant {variant}", lines)


def key(asked: Sequence[Question], title: str, variant: str) -> str:
    """The HTML of a key: all answers at a glance, then each with its way."""
    lines = [_head(title, variant, "Key"), _answers(asked)]
    for number, question in enumerate(asked, 1):
        text = f'<div class="asked">{to_html(question.text)}</div>'
        way = f'<p class="answer">{_answer(question)}</p>{to_html(question.worked)}'
        lines.append(_framed(number, question, text + way, f" · {question.chapter}"))
    return _page(f"{title}, variant {variant}, key", lines, "key")


def write(
    draw: Draw, chapters: Sequence[str], count: int, folder: Path, title: str, variants: str
) -> Iterator[Path]:
    """Print the paper and the key of each variant into a folder; the path of each as it is done.

    Parameters
    ----------
    draw : what kinds, order and numbers are drawn from, such as the key at the exam's name
    chapters : their pages as in _toc.yml, such as "gates/lstm"; none for all
    count : how many questions, each of another kind
    folder : where the files go, paper-A.pdf and key-A.pdf and so on
    title : stands on the first page
    variants : a letter for each

    Raises
    ------
    ValueError : for an unknown chapter, and for more questions than there are kinds
    OSError : without Chromium or MathJax, or if one of them fails
    """
    for variant in variants:
        asked = questions(draw, chapters, count, variant)
        for name, html in (("paper", paper), ("key", key)):
            path = folder / f"{name}-{variant}.pdf"
            to_pdf(typeset(html(asked, title, variant)), path)
            yield path


def points(question: Question) -> int:
    """What a right answer is worth."""
    return POINTS * question.difficulty


def _page(title: str, lines: list[str], kind: str = "paper") -> str:
    """A whole page of HTML, with the style of the paper."""
    style = files(__package__).joinpath("exam.css").read_text(encoding="utf-8")
    style = style.replace("TITLE", title.replace("\\", "").replace('"', "'"))
    head = f"<title>{escape(title)}</title><style>{style}</style>"
    body = "\n".join(lines)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">{head}</head>\n'
        f'<body class="{kind}">\n{body}\n</body></html>\n'
    )


def _head(title: str, variant: str, what: str) -> str:
    """Title, variant, and what this is."""
    return (
        f'<header><h1>{escape(title)}</h1><span class="variant">{escape(variant)}</span></header>'
        f'<p class="what">{what}</p>'
    )


def _framed(number: int, question: Question, body: str, more: str = "") -> str:
    """A question with its number and its points."""
    worth = f'<span class="points">{points(question)} points{more}</span>'
    return f'<section><h2><span>{number}</span>{worth}</h2><div class="body">{body}</div></section>'


def _choices(question: Question) -> str:
    """The choices with a box to tick for each; nothing if a number is asked for."""
    boxes = [
        f'<li><span class="box"></span><b>{letter}</b><span>{inline(text)}</span></li>'
        for letter, text in zip("ABCD", question.choices, strict=False)
    ]
    return f"<ul>{''.join(boxes)}</ul>" if boxes else ""


def _room(question: Question) -> str:
    """White paper to work on, and a line for the number."""
    height = f"{SPACE * question.difficulty:.1f}cm"
    return f'<div class="room" style="height: {height}"></div><p class="line">Answer</p>'


def _answer(question: Question) -> str:
    """The right answer, and what else counts as right."""
    if question.choices:
        return f"<b>{'ABCD'[int(question.answer)]}</b>{inline(question.solution)}"
    off = f' <span class="off">± {question.tolerance:g}</span>' if question.tolerance else ""
    return f"<b>{question.solution}</b>{off}"


def _marks(asked: Sequence[Question]) -> str:
    """A table for who marks: the points of each question, and room for those reached."""
    numbers = [*range(1, len(asked) + 1), "sum"]
    worth = [points(question) for question in asked]
    rows = [
        ("question", numbers),
        ("points", [*worth, sum(worth)]),
        ("reached", [""] * len(numbers)),
    ]
    lines = [
        f"<tr><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for name, cells in rows
    ]
    return f'<table class="marks">{"".join(lines)}</table>'


def _answers(asked: Sequence[Question]) -> str:
    """All answers in a table."""
    lines = [
        f"<tr><td>{number}</td><td>{_answer(question)}</td><td>{points(question)}</td>"
        f"<td>{question.name}</td></tr>"
        for number, question in enumerate(asked, 1)
    ]
    head = "<tr><th>question</th><th>answer</th><th>points</th><th>kind</th></tr>"
    return f'<table class="glance">{head}{"".join(lines)}</table>'
