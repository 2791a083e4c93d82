"""Quizzes and examinations from the command line, for `python -m unrolled.grading`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from unrolled.grading.commands import key_of
from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, kinds, pick
from unrolled.grading.questions.exam import write
from unrolled.grading.questions.moodle import moodle_xml
from unrolled.grading.questions.qti import text2qti

FORMATS = {"moodle": ".xml", "text2qti": ".txt", "markdown": ".md"}


def quiz(draw: Draw, chapters: Sequence[str], count: int, format: str, path: Path) -> Path:
    """Write a quiz to a file.

    Parameters
    ----------
    draw : what the numbers are drawn from, such as the key at a quiz's name
    chapters : their pages as in _toc.yml, such as "gates/lstm"; none for all
    count : how many questions, each of another kind
    format : "moodle", "text2qti" or "markdown"
    path : of the file; its name without the ending is the title

    Raises
    ------
    ValueError : for an unknown chapter or format, and for more questions than there are kinds
    """
    if format not in FORMATS:
        raise ValueError(f"format must be one of {[*FORMATS]}, got {format!r}")
    taken = pick(draw.at("kinds"), chapters, count)
    taken.sort(key=kinds().index)  # in the order of the book
    questions = [one.make(draw.at("question", one.name)) for one in taken]
    title = path.stem.replace("-", " ").capitalize()
    make = {"moodle": lambda q, _: moodle_xml(q), "text2qti": text2qti, "markdown": markdown}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(make[format](questions, title), encoding="utf-8")
    return path


def markdown(questions: Sequence[Question], title: str) -> str:
    """The questions as Markdown, and their worked answers at the end."""
    lines, answers = [f"# {title}"], ["## Answers"]
    for number, question in enumerate(questions, 1):
        lines.append(f"**{number}.** {question.text}")
        lines += [f"{'abcd'[place]}) {text}" for place, text in enumerate(question.choices)]
        answers.append(f"**{number}.** {question.solution}\n\n{question.worked}")
    return "\n\n".join(lines + answers) + "\n"


def add_commands(subparsers: argparse._SubParsersAction) -> None:
    """Add `quiz` and `exam` to a parser's commands; each puts its function into `run`."""
    for name, run, what in (
        ("quiz", _quiz, "write questions for Moodle, text2qti or a reader"),
        ("exam", _exam, "print an examination and its key"),
    ):
        parser = subparsers.add_parser(name, help=what, description=f"{what.capitalize()}.")
        parser.add_argument("--key", required=True, metavar="FILE", help="secret key")
        parser.add_argument("--name", default=name, help="draws other numbers from the same key")
        parser.add_argument("--chapters", nargs="+", default=[], metavar="CHAPTER",
                            help="such as gates/lstm; all if none is given")  # fmt: skip
        parser.add_argument("--questions", type=int, default=12, metavar="N", help="how many")
        parser.add_argument("--out", type=Path, help="the file, or for an exam the folder")
        parser.set_defaults(run=run)
        if name == "quiz":
            parser.add_argument("--format", choices=[*FORMATS], default="moodle")
        else:
            parser.add_argument("--title", default="Examination", help="on the first page")
            parser.add_argument("--variants", default="AB", help="a letter for each variant")


def _quiz(arguments: argparse.Namespace) -> None:
    path = arguments.out or Path(arguments.name + FORMATS[arguments.format])
    draw = Draw(key_of(arguments.key), "quiz", arguments.name)
    print(quiz(draw, arguments.chapters, arguments.questions, arguments.format, path))


def _exam(arguments: argparse.Namespace) -> None:
    folder = arguments.out or Path(arguments.name)
    draw = Draw(key_of(arguments.key), "exam", arguments.name)
    chapters, count = arguments.chapters, arguments.questions
    for path in write(draw, chapters, count, folder, arguments.title, arguments.variants):
        print(path, flush=True)
