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


def test_tasks_are_called_as_in_the_sheet():
    problem_set = ProblemSet("A set", ["one", "two"])
    problem_set.test("one", 3, "")(lambda student, given, draw: None)
    problem_set.headings = {"one": "Task 1 · Bits & bytes", "two": "Task 2 · More"}
    page = report.html_page(problem_set, line("anna"))
    assert "<h2>Task 1 · Bits &amp; bytes: 2 of 3</h2>" in page
    assert "<h2>Task 2 · More: 0 of 0</h2>" in page
