"""The commands, as a teacher types them."""

import json

import pytest
import tiny

from unrolled.grading import __main__ as commands
from unrolled.grading import tasks


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with a key and submissions; the tiny set is the only one there is."""
    sets, handed_in = tiny.written(tmp_path)
    monkeypatch.setattr(tasks, "SETS", sets)
    monkeypatch.setattr(commands.tasks, "SETS", sets)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key.txt").write_text(tiny.KEY + "\n")
    return handed_in


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


def test_progress_passes_lines_on(capsys):
    assert list(commands.progress(iter([{}, {}]), 2)) == [{}, {}]
    assert "2 of 2" in capsys.readouterr().err
