"""What comes of grading: a table for the teacher, a page for each student, a log."""

import csv
import hashlib
import html
import re
import unicodedata
from pathlib import Path

from unrolled.grading.tasks import ProblemSet

TEXT = {"encoding": "utf-8", "errors": "backslashreplace"}  # names may be no proper text
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}: {student}</title>
<style>body {{ font-family: sans-serif; max-width: 45em; margin: 2em auto; padding: 0 1em }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ border-bottom: 1px solid #bbb;
padding: .3em; text-align: left; vertical-align: top }} td:first-child {{ white-space: nowrap }}
</style></head><body>
<h1>{title}</h1>
<p><bdi>{student}</bdi>: <strong>{points} of {most} points</strong></p>
<p>Graded from <bdi>{file}</bdi>.{problem}</p>
{tasks}
</body></html>
"""
TASK = """<h2>{task}: {points} of {most}</h2>
<table><tr><th>Points</th><th>What was tested</th><th>What happened</th></tr>
{rows}
</table>
"""


def points(problem_set: ProblemSet, line: dict) -> dict[str, int]:
    """Task -> points, of one submission."""
    got = {name: n for name, n, _ in line["tests"]}
    return {
        task: sum(got.get(test.name, 0) for test in problem_set.tests if test.task == task)
        for task in problem_set.tasks
    }


def write(out: Path, problem_set: ProblemSet, lines: list[dict], log: list[str]) -> None:
    """Writes grades.csv, feedback/<student>.html and log.txt.

    Parameters
    ----------
    out
        The folder that they go into.
    problem_set
        The set.
    lines
        What each submission got, as in results.jsonl.
    log
        What else the log says, first.
    """
    lines = sorted(lines, key=lambda line: line["student"])
    feedback = out / "feedback"
    feedback.mkdir(exist_ok=True)
    with open(out / "grades.csv", "w", newline="", **TEXT) as file:
        table = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        table.writerow(["student", "points", *problem_set.tasks, "file", "note"])
        table.writerows(row(problem_set, line) for line in lines)
    for line in lines:
        if "broken" not in line:
            page = html_page(problem_set, line)
            (feedback / f"{file_name(line['student'])}.html").write_text(page, **TEXT)
    log = log + [entry for line in lines for entry in entries(line)]
    log.append(f"{sum('broken' not in line for line in lines)} of {len(lines)} were graded")
    (out / "log.txt").write_text("\n".join(map(printable, log)) + "\n", **TEXT)


def printable(text: str) -> str:
    """The text in one line, with a question mark for what cannot be seen."""
    return "".join(c if c.isprintable() else "?" for c in text)


def row(problem_set: ProblemSet, line: dict) -> list:
    """The line of a submission in grades.csv."""
    who = cell(line["student"])
    if "broken" in line:
        blank = [""] * (1 + len(problem_set.tasks))
        return [who, *blank, cell(line["file"]), "not graded, see log.txt"]
    got = points(problem_set, line)
    return [who, sum(got.values()), *got.values(), cell(line["file"]), line["problem"]]


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, or for several cells."""
    text = printable(text.replace(";", ","))
    first = unicodedata.normalize("NFKC", text).strip()[:1]  # where a wide = is one, too
    return "'" + text if first and first in "=+-@" else text


def entries(line: dict) -> list[str]:
    """What the log says of a submission: how its tests themselves fared, not its errors."""
    who = f"{line['student']}: {line['file']}"
    if "broken" in line:
        return [f"{who}: NOT GRADED, the judge failed: {line['broken']}"]
    got = sum(n for _, n, _ in line["tests"])
    took = f" in {line['seconds']} s" if "seconds" in line else ""
    said = f"no points: {line['problem']}" if line["problem"] else f"{got} points{took}"
    return [f"{who}: {said}", *(f"{who}: {note}" for note in line["notes"])]


def file_name(student: str) -> str:
    """A name for a file, different for each student and harmless everywhere."""
    plain = re.sub(r"[^\w .,-]", "_", student, flags=re.ASCII).strip(" .")[:80]
    coded = re.search(r"-[0-9a-f]{8}$", plain)  # as the names below: nobody can choose another's
    same = plain == student and plain.lower() == plain and not coded
    code = hashlib.sha256(student.encode(errors="backslashreplace")).hexdigest()[:8]
    return plain if same else f"{plain}-{code}"


def html_page(problem_set: ProblemSet, line: dict) -> str:
    """The page for a student."""
    got, results = points(problem_set, line), {name: (n, why) for name, n, why in line["tests"]}
    tasks = []
    for task, most in problem_set.points.items():
        rows = []
        for test in problem_set.tests:
            if test.task == task and test.name in results:
                n, why = results[test.name]
                cells = (f"{n} of {test.points}", test.says, why or "right")
                rows.append("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>")
        heading = html.escape(problem_set.headings[task])
        tasks.append(TASK.format(task=heading, points=got[task], most=most, rows="\n".join(rows)))
    return PAGE.format(
        title=html.escape(problem_set.title),
        student=html.escape(line["student"]),
        file=html.escape(line["file"]),
        points=sum(got.values()),
        most=sum(problem_set.points.values()),
        problem=f" No points: {html.escape(line['problem'])}." if line["problem"] else "",
        tasks="\n".join(tasks),
    )
