"""Grades the submissions of a set, several at a time, and goes on where it was interrupted.

Each worker is a process with a room of its own, and grades one submission after the other. What
it finds is written to `results.jsonl` as soon as it is known, a line for each submission.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from unrolled.grading import report, sheets
from unrolled.grading.confine import Confinement, Limits, Refused
from unrolled.grading.draw import Draw
from unrolled.grading.failures import Failure, TimedOut
from unrolled.grading.probe import choose
from unrolled.grading.room import Room
from unrolled.grading.session import Session
from unrolled.grading.submissions import Submission, Unreadable, collect
from unrolled.grading.tasks import SETS, ProblemSet, Result, Test, load, run
from unrolled.grading.workers import side_by_side

SUBMISSION_SECONDS = 120.0  # for all tests of one submission
LINE = {"student", "file", "digest", "problem", "tests", "notes"}  # what a result has at least
UNREAD = "the answer is of a kind that the test cannot read"


@dataclass(frozen=True)
class Course:
    """Which set is graded, with which key, and how."""

    name: str
    key: str
    own_sheets: bool = False  # whether each student has a sheet of one's own
    folder: Path = SETS
    limits: Limits = field(default_factory=Limits)

    def fingerprint(self) -> str:
        """Tells courses apart: the set with its tests, the key and the limits."""
        tests = (self.folder / self.name / "tests.py").read_bytes()
        parts = [self.name, self.key, tests.hex(), str(self.own_sheets), str(asdict(self.limits))]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def given(self, problem_set: ProblemSet, student: str) -> dict:
        """What this student's sheet printed."""
        return sheets.given(problem_set, self.name, self.key, student if self.own_sheets else "")


class Visits:
    """Opens one submission for test after test, until its time is spent.

    A submission that never comes to the end of its cells is not started again for every test.
    """

    def __init__(self, cells: list[str], room: Room, seconds: float = SUBMISSION_SECONDS):
        """The cells, where they run, and the seconds for all tests together."""
        self.cells, self.room = cells, room
        self.end = time.monotonic() + seconds
        self.never: Failure | None = None

    @contextmanager
    def __call__(self) -> Iterator[Session]:
        """A fresh run of the submission."""
        if self.never is None and time.monotonic() > self.end:
            self.never = Failure("the tests before took all the time that a submission has")
        if self.never is not None:
            raise self.never
        with ExitStack() as stack:
            try:
                session = stack.enter_context(Session(self.cells, self.room))
            except TimedOut as failure:
                self.never = failure
                raise
            yield session


def result_of(test: Test, visits: Visits, given: dict, draw: Draw) -> tuple[Result, str]:
    """What a submission gets for a test, and what the teacher should hear of the test itself."""
    try:
        return run(test, visits, given, draw), ""
    except (OSError, Refused):
        raise  # of the judge's own, not of the submission's
    except Exception as error:
        return Result(test, 0, UNREAD), f"{test.name} raised {type(error).__name__}: {error!s:.200}"


def graded(submission: Submission, course: Course, problem_set: ProblemSet, room: Room) -> dict:
    """What a submission gets for each test, as a line of results.jsonl."""
    start, who = time.monotonic(), submission.student
    line = {"student": who, "file": submission.name, "digest": submission.digest()}
    try:
        visits = Visits(submission.cells(), room)
    except (Unreadable, OSError) as error:
        why = str(error) if isinstance(error, Unreadable) else "the file cannot be read"
        return {**line, "problem": why, "tests": [], "notes": []}
    given, draw = course.given(problem_set, who), Draw(course.key, course.name, "test", who)
    results = [result_of(test, visits, given, draw) for test in problem_set.tests]
    return {
        **line,
        "problem": "",
        "tests": [[result.test.name, result.points, result.reason] for result, _ in results],
        "notes": [note for _, note in results if note],
        "seconds": round(time.monotonic() - start, 2),
    }


@contextmanager
def marker(course: Course, confinement: Confinement) -> Iterator[Callable[[Submission], dict]]:
    """What a worker needs to grade: the set, and a room."""
    problem_set = load(course.name, course.folder)
    with Room(confinement, course.limits) as room:
        yield lambda submission: graded(submission, course, problem_set, room)


def results(
    todo: list[Submission], course: Course, confinement: Confinement, workers: int
) -> Iterator[dict]:
    """The lines of these submissions, as they come; "broken" in one says why there is no grade."""
    seconds = 2 * SUBMISSION_SECONDS + course.limits.wall
    for one, well, line in side_by_side(todo, workers, seconds, marker, course, confinement):
        nothing = {"student": one.student, "file": one.name, "problem": "", "tests": []}
        yield line if well else {**nothing, "notes": [], "broken": str(line)}


def earlier(path: Path, fingerprint: str) -> dict[str, dict]:
    """Student -> line, of what was graded before; what cannot be read is graded again.

    Raises
    ------
    ValueError
        The file is of another set, key or version of the tests.
    """
    whole = path.read_bytes() if path.exists() else b""
    whole = whole[: whole.rfind(b"\n") + 1]
    if not whole:
        path.write_text(json.dumps({"course": fingerprint}) + "\n")
        return {}
    os.truncate(path, len(whole))
    first, *lines = map(line_of, whole.split(b"\n")[:-1])
    if first.get("course") != fingerprint:
        raise ValueError(f"{path} is of another set, key, limit or version: take another folder")
    return {line["student"]: line for line in lines if line.keys() >= LINE}


def line_of(text: bytes) -> dict:
    """A line of results.jsonl, or {} where it cannot be read, as where the power went off."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return line if isinstance(line, dict) else {}


def grade(
    course: Course,
    source: Path,
    out: Path,
    workers: int = 2,
    trust: bool = False,
    progress: Callable[[Iterable[dict], int], Iterable[dict]] = lambda lines, n: lines,
) -> None:
    """Grades a folder or a zip, and writes grades.csv, feedback and log.txt into `out`.

    Parameters
    ----------
    course
        The set and its key.
    source
        The folder or the zip with the submissions.
    out
        Where the results are written. What it has of an earlier run is not graded again.
    workers
        How many submissions are graded at a time.
    trust
        Whether to go on where nothing confines submissions.
    progress
        Gets the results, as they come, and how many there will be, and passes them on.
    """
    submissions, log = collect(source)
    confinement, tried = choose(trust)
    problem_set = load(course.name, course.folder)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "results.jsonl"
    done = earlier(path, course.fingerprint())
    old = {who: (line["file"], line["digest"]) for who, line in done.items()}
    todo = [one for one in submissions if old.get(one.student) != (one.name, one.digest())]
    with path.open("a") as file:
        for line in progress(results(todo, course, confinement, workers), len(todo)):
            done[line["student"]] = line
            if "broken" not in line:
                file.write(json.dumps(line) + "\n")
                file.flush()
    report.write(out, problem_set, [done[one.student] for one in submissions], [*tried, *log])
