"""Grades one submission where Gradescope wants it: in source/, submission/ and results/.

The two files of its image, `setup.sh` and `run_autograder`, are in `assignments/gradescope/`.
"""

import json
from pathlib import Path

from unrolled.grading.grade import Course, marker
from unrolled.grading.probe import choose
from unrolled.grading.submissions import Submission, collect
from unrolled.grading.tasks import ProblemSet, load


def grade_one(course: Course, root: Path, trust: bool = False) -> dict:
    """Grades what lies in root/submission, and writes root/results/results.json."""
    confinement, _ = choose(trust)
    problem_set = load(course.name, course.folder)
    with marker(course, confinement) as grade:
        line = grade(only(root))
    answer = results(problem_set, line)
    (root / "results").mkdir(exist_ok=True)
    (root / "results" / "results.json").write_text(json.dumps(answer, indent=1))
    return answer


def only(root: Path) -> Submission:
    """The one submission, of whichever name; the student's is not known here."""
    found = sorted(collect(root / "submission")[0], key=lambda one: (not one.problem, one.age))
    nothing = Submission("student", "nothing", root, problem="no file was handed in")
    last = found[-1] if found else nothing
    return Submission("student", last.name, last.source, last.entry, last.age, last.problem)


def results(problem_set: ProblemSet, line: dict) -> dict:
    """What a submission got, in the form of results.json."""
    got = {name: (n, why) for name, n, why in line["tests"]}
    tests = []
    for test in problem_set.tests:
        n, why = got.get(test.name, (0, line["problem"]))
        name = f"{problem_set.headings[test.task]}: {test.says}"
        tests.append({"name": name, "score": n, "max_score": test.points, "output": why or "right"})
    return {"output": line["problem"], "visibility": "visible", "tests": tests}
