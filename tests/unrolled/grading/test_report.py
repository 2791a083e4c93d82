"""What the teacher and the students read."""

import csv
import re

from unrolled.grading import report
from unrolled.grading.tasks import ProblemSet

SET = ProblemSet("A <set>", ["one", "two"])
SET.test("one", 3, "what & how")(lambda student, given, draw: None)
LINE = {"problem": "", "tests": [["<lambda>", 2, "it <stopped>"]], "notes": []}


def line(student, **also):
    return {"student": student, "file": f"{student}.ipynb", **LINE, **also}


def test_pages_are_escaped():
    page = report.html_page(SET, line("<script>alert(1)</script>"))
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "A &lt;set&gt;" in page and "what &amp; how" in page and "it &lt;stopped&gt;" in page
    assert "2 of 3 points" in page


def test_table_pages_and_log(tmp_path):
    lines = [
        line("=cmd()|x"),
        line("../../b"),
        line("\ud800"),
        line("broken", broken="the judge", tests=[]),
        line("nothing", problem="no notebook", tests=[]),
        line("Anna", notes=["one\nforged: 6 points"]),
        line("anna"),
    ]
    report.write(tmp_path, SET, lines, ["first"])
    with open(tmp_path / "grades.csv", newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows["anna"]["points"] == rows["anna"]["one"] == "2"
    assert rows["anna"]["two"] == "0"
    assert rows["broken"]["points"] == "" and "not graded" in rows["broken"]["note"]
    assert rows["nothing"]["points"] == "0" and rows["nothing"]["note"] == "no notebook"
    assert "'=cmd()|x" in rows
    pages = sorted(path.name for path in tmp_path.rglob("*.html"))
    assert len({name.lower() for name in pages}) == 6  # none for the broken one
    assert all(path.parent == tmp_path / "feedback" for path in tmp_path.rglob("*.html"))
    assert not re.search("^forged", (tmp_path / "log.txt").read_text(), re.MULTILINE)
    log = (tmp_path / "log.txt").read_text().splitlines()
    assert log[0] == "first" and log[-1] == "6 of 7 were graded"
    assert any("NOT GRADED" in entry for entry in log)


def test_nobody_can_choose_the_name_of_another_page():
    other = report.file_name("ä")
    assert other != "ä" and report.file_name(other) != other


def test_no_cell_is_a_formula_or_more_than_one_cell(tmp_path):
    """Also where a sheet's cells are divided by semicolons, or a lone return ends a line."""
    names = ["=a", " =b", "\n=c", "\u200b@d", "\uff1de", "x;=f", "y\r=g,20"]
    report.write(tmp_path, SET, [line(name) for name in names], [])
    text = (tmp_path / "grades.csv").read_bytes().decode()
    for separator in ",;":
        for row in csv.reader(text.splitlines(keepends=True), delimiter=separator):
            for cell in row:
                clean = cell.replace("\uff1d", "=").strip()
                assert not clean.startswith(("=", "@"))
    with open(tmp_path / "grades.csv", newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(names)


def test_a_name_that_turns_the_writing_round_turns_only_itself():
    assert "<bdi>\u202eanna</bdi>" in report.html_page(SET, line("\u202eanna"))


def test_tasks_are_called_as_in_the_sheet():
    problem_set = ProblemSet("A set", ["one", "two"])
    problem_set.test("one", 3, "")(lambda student, given, draw: None)
    problem_set.headings = {"one": "Task 1 · Bits & bytes", "two": "Task 2 · More"}
    page = report.html_page(problem_set, line("anna"))
    assert "<h2>Task 1 · Bits &amp; bytes: 2 of 3</h2>" in page
    assert "<h2>Task 2 · More: 0 of 0</h2>" in page
