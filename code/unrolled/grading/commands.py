"""Commands for problem sets: `python -m unrolled.grading COMMAND --help` says more of each."""

import argparse
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from unrolled.grading import sheets, tasks
from unrolled.grading.confine import Refused

SHORTEST_KEY = 12


def key_of(path: str) -> str:
    """The course's key, from its file."""
    key = Path(path).read_text(encoding="utf-8").strip()
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"{path} must hold a key of at least {SHORTEST_KEY} characters")
    return key


def sheet(given: argparse.Namespace) -> None:
    """Writes a student's notebook, or with --solution the solved one."""
    key = key_of(given.key)
    printed = sheets.given(tasks.load(given.name), given.name, key, given.student)
    text = sheets.notebook(sheets.cells(given.name, printed, given.solution))
    Path(given.out or f"{given.name}.ipynb").write_text(text, encoding="utf-8")


def grade(given: argparse.Namespace) -> None:
    """Grades a folder or a zip of submissions, or goes on with what was interrupted."""
    from unrolled.grading.grade import Course
    from unrolled.grading.grade import grade as grade_all

    course = Course(given.name, key_of(given.key), given.own_sheets)
    out = Path(given.out or f"{given.name}-grades")
    grade_all(course, Path(given.source), out, given.workers, given.trust, progress)
    print(f"{out}/grades.csv, {out}/feedback, {out}/log.txt")


def practice(given: argparse.Namespace) -> None:
    """Tries a notebook of one's own on the practice key: no confinement, for it is one's own."""
    from unrolled.grading.child import run_cells
    from unrolled.grading.failures import blame
    from unrolled.grading.practice import Practice
    from unrolled.grading.submissions import Submission

    path = Path(given.file)
    cells = Submission("", path.name, path).cells()
    namespace: dict = {"__name__": "__main__"}
    with redirect_stdout(StringIO()):  # it may practise itself
        errors = run_cells(cells, namespace)
    for error in errors:
        print(blame(cells, *error))
    own = Practice(given.name)
    for task in own.set.tasks:
        own.on(task, namespace)


def gradescope(given: argparse.Namespace) -> None:
    """Grades the one submission of a Gradescope container."""
    from unrolled.grading.grade import Course
    from unrolled.grading.gradescope import grade_one

    grade_one(Course(given.name, key_of(given.key)), Path(given.root), given.trust)


def probe(given: argparse.Namespace) -> None:
    """Says what confines submissions on this machine, or that nothing does."""
    from unrolled.grading.probe import choose

    print("\n".join(choose()[1]))


def progress(lines: Iterable[dict], total: int) -> Iterable[dict]:
    """Shows how far grading is: a bar on a terminal with tqdm, else a line now and then."""
    if sys.stderr.isatty():
        try:
            from tqdm import tqdm
        except ImportError:
            pass
        else:
            yield from tqdm(lines, total=total, unit="submission")
            return
    for n, line in enumerate(lines, start=1):
        if n % 25 == 0 or n == total:
            print(f"{n} of {total}", file=sys.stderr, flush=True)
        yield line


def add_questions(commands: argparse._SubParsersAction) -> None:
    """Adds the commands for quizzes and examinations."""
    from unrolled.grading.questions.commands import add_commands

    add_commands(commands)


def parser() -> argparse.ArgumentParser:
    """What the commands take."""
    whole = argparse.ArgumentParser(prog="python -m unrolled.grading", description=__doc__)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def command(run) -> argparse.ArgumentParser:
        one = commands.add_parser(run.__name__, help=run.__doc__, description=run.__doc__)
        one.set_defaults(run=run)
        return one

    made = command(sheet)
    made.add_argument("--solution", action="store_true", help="with the solutions")
    made.add_argument("--student", default="", help="a sheet of this student's own")
    graded = command(grade)
    graded.add_argument("--workers", type=int, default=2, help="how many at a time (2)")
    graded.add_argument(
        "--own-sheets", action="store_true", help="each student has a sheet of one's own"
    )
    practised, contained = command(practice), command(gradescope)
    command(probe)
    add_questions(commands)
    for parsed in (made, graded, practised, contained):
        parsed.add_argument("name", choices=names(), metavar="NAME", help=", ".join(names()))
    graded.add_argument("source", help="the folder or the zip")
    practised.add_argument("file", help="the notebook")
    contained.add_argument("--root", default="/autograder", help="where source and submission lie")
    for parsed in (made, graded, contained):
        parsed.add_argument("--key", required=True, help="the file with the course's key")
    made.add_argument("-o", "--out", help="the file that is written")
    graded.add_argument("-o", "--out", help="the folder for grades, feedback and log")
    for parsed in (graded, contained):
        parsed.add_argument("--trust", action="store_true", help="also where nothing confines")
    return whole


def names() -> list[str]:
    """The sets there are."""
    return sorted(path.parent.name for path in tasks.SETS.glob("*/tests.py"))


def main(words: list[str] | None = None) -> int:
    """Runs a command: 0, or 1 with a sentence where it cannot."""
    given = parser().parse_args(words)
    try:
        given.run(given)
    except (ValueError, OSError, Refused) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
