"""Each submission gets its points, whatever the others do, however the judge is interrupted."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import tiny

from unrolled.grading.confine import Limits
from unrolled.grading.failures import Failure, TimedOut
from unrolled.grading.grade import LINE, Course, Visits, earlier, grade

LIMITS = Limits(cpu=1, wall=1.2, memory=2**30)
EXPECTED = {name: points for name, (_, points) in tiny.SUBMISSIONS.items()} | {"zoe": 0}


def points(out):
    with open(out / "grades.csv") as file:
        return {row["student"]: int(row["points"]) for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The tiny set, graded once: the course, the submissions, the result."""
    folder = tmp_path_factory.mktemp("tiny")
    sets, handed_in = tiny.written(folder)
    course = Course("tiny", tiny.KEY, folder=sets, limits=LIMITS)
    grade(course, handed_in, folder / "out")
    return course, handed_in, folder / "out"


def test_each_gets_what_it_deserves(graded):
    assert points(graded[2]) == EXPECTED


def test_two_runs_agree_to_the_byte(graded, tmp_path):
    course, handed_in, out = graded
    grade(course, handed_in, tmp_path / "out", workers=1)
    for path in ("grades.csv", *(f"feedback/{name}.html" for name in EXPECTED)):
        assert (out / path).read_bytes() == (tmp_path / "out" / path).read_bytes()


def test_what_a_test_cannot_read_is_in_the_log_not_in_the_feedback(graded):
    log = (graded[2] / "log.txt").read_text()
    assert "fay: fay.ipynb: long raised TypeError" in log
    feedback = (graded[2] / "feedback" / "fay.html").read_text()
    assert "the test cannot read" in feedback and "TypeError" not in feedback


def test_nothing_is_graded_twice(graded):
    course, handed_in, out = graded
    before = (out / "results.jsonl").read_text()
    table = (out / "grades.csv").read_bytes()
    start = time.monotonic()
    grade(course, handed_in, out)
    assert time.monotonic() - start < 5
    assert (out / "results.jsonl").read_text() == before
    assert (out / "grades.csv").read_bytes() == table


def test_what_is_handed_in_anew_is_graded_anew(tmp_path):
    sets, handed_in = tiny.written(tmp_path)
    for path in handed_in.iterdir():
        if path.stem not in ("anna", "blank"):
            path.unlink()
    course, out = Course("tiny", tiny.KEY, folder=sets, limits=LIMITS), tmp_path / "out"
    grade(course, handed_in, out)
    assert points(out) == {"anna": 6, "blank": 0}
    (handed_in / "blank.ipynb").write_bytes((handed_in / "anna.ipynb").read_bytes())
    grade(course, handed_in, out)
    assert points(out) == {"anna": 6, "blank": 6}
    lines = (out / "results.jsonl").read_text().splitlines()
    students = [json.loads(line).get("student") for line in lines]
    assert students.count("anna") == 1 and students.count("blank") == 2


PROGRAM = """
import sys
from pathlib import Path
from unrolled.grading.confine import Limits
from unrolled.grading.grade import Course, grade

if __name__ == "__main__":
    sets, handed_in, out, key = sys.argv[1:]
    limits = Limits(cpu=1, wall=1.2, memory=2**30)
    grade(Course("tiny", key, folder=Path(sets), limits=limits), Path(handed_in), Path(out))
"""


def test_killed_in_the_middle_and_started_again(graded, tmp_path):
    """Nothing is lost, nothing graded twice, and no process is left."""
    course, handed_in, expected = graded
    program, out = tmp_path / "program.py", tmp_path / "out"
    program.write_text(PROGRAM)
    words = [sys.executable, program, course.folder, handed_in, out, tiny.KEY]
    judge = subprocess.Popen(words, start_new_session=True, stderr=subprocess.DEVNULL)
    path = out / "results.jsonl"
    while not (path.exists() and len(path.read_text().splitlines()) > 3):
        assert judge.poll() is None
        time.sleep(0.02)
    judge.kill()
    judge.wait()
    time.sleep(0.5)
    with path.open("a") as file:
        file.write('{"student": "han')  # as where the end came in the middle of a line
    known = path.read_text().splitlines()[:-1]
    assert 3 < len(known) < len(EXPECTED) + 1
    grade(course, handed_in, out)
    lines = path.read_text().splitlines()
    assert lines[: len(known)] == known
    assert sorted(json.loads(line)["student"] for line in lines[1:]) == sorted(EXPECTED)
    assert (out / "grades.csv").read_bytes() == (expected / "grades.csv").read_bytes()
    with pytest.raises(ProcessLookupError):
        os.killpg(judge.pid, signal.SIGKILL)


def test_another_key_takes_another_folder(graded):
    course, handed_in, out = graded
    other = Course("tiny", "another key altogether", folder=course.folder, limits=LIMITS)
    with pytest.raises(ValueError, match="another folder"):
        grade(other, handed_in, out)
    assert tiny.KEY not in (out / "results.jsonl").read_text()


def test_earlier_results_that_end_in_a_half_line(tmp_path):
    path = tmp_path / "results.jsonl"
    assert earlier(path, "f") == {}
    line = dict.fromkeys(LINE, "a")
    with path.open("a") as file:
        file.write(json.dumps(line) + '\n{"stud')
    assert earlier(path, "f") == {"a": line}
    assert path.read_text() == '{"course": "f"}\n' + json.dumps(line) + "\n"


def test_earlier_results_cut_off_at_any_byte_and_lines_spoiled(tmp_path):
    path, line = tmp_path / "results.jsonl", dict.fromkeys(LINE, "a")
    earlier(path, "f")
    first, rest = path.read_bytes(), json.dumps(line).encode() + b"\n"
    for n in range(len(first + rest)):
        path.write_bytes((first + rest)[:n])
        assert earlier(path, "f") == {}
        assert path.read_bytes() == first
    for spoiled in b"\0\0\n", b"[1]\n", b'{"student": "b"}\n', b"\xff\n", b"[" * 10**5 + b"\n":
        path.write_bytes(first + spoiled + rest)
        assert earlier(path, "f") == {"a": line}


def test_cells_without_end_are_run_once(any_room):
    visits = Visits(["while True: pass"], any_room)
    start = time.monotonic()
    for _ in range(5):
        with pytest.raises(TimedOut), visits():
            pass
    assert time.monotonic() - start < 2 * LIMITS.wall


def test_a_submission_has_so_much_time_for_all_tests(any_room):
    visits = Visits(["def f(): pass"], any_room, seconds=0.5)
    with visits() as student:
        assert student.f() is None
    time.sleep(0.5)
    with pytest.raises(Failure, match="all the time"), visits():
        pass
