"""The commands, as a teacher types them."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tiny

from unrolled.grading import commands, tasks


def test_probe_says_what_is_in_force(capsys):
    assert commands.main(["probe"]) == 0
    assert "in force" in capsys.readouterr().out


def test_a_sheet_and_its_solution(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key.txt").write_text(tiny.KEY)
    name = commands.names()[0]
    assert commands.main(["sheet", name, "--key", "key.txt"]) == 0
    assert commands.main(["sheet", name, "--key", "key.txt", "--solution", "-o", "s.ipynb"]) == 0
    sheet, solution = (tmp_path / f"{name}.ipynb").read_text(), (tmp_path / "s.ipynb").read_text()
    assert json.loads(sheet)["nbformat"] == 4
    assert (
        "your work goes here" in sheet and "your work goes here" not in solution.split("cells")[0]
    )
    assert len(sheet) != len(solution)


def test_mistakes_are_said_in_a_sentence(tmp_path, capsys):
    (tmp_path / "key.txt").write_text("short")
    name = commands.names()[0]
    assert commands.main(["sheet", name, "--key", str(tmp_path / "key.txt")]) == 1
    assert "at least 12 characters" in capsys.readouterr().err
    assert commands.main(["sheet", name, "--key", str(tmp_path / "none.txt")]) == 1
    assert "none.txt" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        commands.main(["grade", "no-such-set", "x", "--key", "y"])


def test_a_course_from_the_sheet_to_the_grades(tmp_path, monkeypatch, capsys):
    """As typed: a sheet and its solution, graded, and the solution tried as a student would."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key.txt").write_text(tiny.KEY)
    (tmp_path / "in").mkdir()
    for words in (["-o", "in/blank.ipynb"], ["--solution", "-o", "in/right.ipynb"]):
        assert commands.main(["sheet", "sequences", "--key", "key.txt", *words]) == 0
    words = [sys.executable, "-m", "unrolled.grading", "grade", "sequences", "in"]
    code = str(Path(commands.__file__).parents[2])
    run = subprocess.run(
        [*words, "--key", "key.txt", "-o", "out"],
        env={**os.environ, "PYTHONPATH": code},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "2 of 2" in run.stderr and "out/grades.csv" in run.stdout
    with open("out/grades.csv") as file:
        got = {row["student"]: int(row["points"]) for row in csv.DictReader(file)}
    assert got == {"blank": 0, "right": sum(tasks.load("sequences").points.values())}
    assert commands.main(["practice", "sequences", "in/right.ipynb"]) == 0
    said = capsys.readouterr().out
    assert "stopped" not in said
    lines = [line for line in said.splitlines() if re.match(" *[0-9]+/", line)]
    assert lines and all(re.match(r" *(\d+)/\1 ", line) for line in lines)


def test_practice_says_which_cells_stopped(tmp_path, capsys):
    path = tmp_path / "own.py"
    path.write_text("# %%\nx = 1\n# %%\ny = 2\n1 / 0\n")
    assert commands.main(["practice", "sequences", str(path)]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "it stopped with ZeroDivisionError, in line 3 of code cell 2"
    assert second.startswith("Task 1")


def test_quiz_and_exam_are_among_the_commands():
    for name in ("quiz", "exam"):
        with pytest.raises(SystemExit):
            commands.parser().parse_args([name])


def test_progress_passes_lines_on(capsys):
    assert list(commands.progress(iter([{}, {}]), 2)) == [{}, {}]
    assert "2 of 2" in capsys.readouterr().err
