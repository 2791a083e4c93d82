"""Every problem set on planted submissions: each wrong one gets exactly the points it deserves."""

import ast
import re
from contextlib import nullcontext, suppress
from functools import cache
from pathlib import Path

import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.practice import Functions
from unrolled.grading.sheets import cells, filled, given
from unrolled.grading.tasks import SETS, load, run

NAMES = sorted(path.parent.name for path in SETS.glob("*/tests.py"))
PLANTED = [
    (path.parts[-3], path.stem, *variant.split("\n", 1))
    for name in NAMES
    for path in sorted((SETS / name / "planted").glob("*.py"))
    for variant in path.read_text().split("\n# %% ")[1:]
]
SITE = Path(__file__).parents[2]
KEYS = "autumn", "spring", "a third key"


def namespace(sources):
    """The names that the code leaves behind. As for the judge, a statement may raise."""
    names = {"__name__": "student"}
    for source in sources:
        for statement in ast.parse(source).body:
            with suppress(Exception):
                exec(compile(ast.Module([statement], []), "<student>", "exec"), names)
    return names


def points(name, key, sources):
    """The points of each task, for a submission with these cells."""
    problem_set = load(name)
    printed = given(problem_set, name, key)
    functions = Functions(namespace(sources))
    got = dict.fromkeys(problem_set.tasks, 0)
    for test in problem_set.tests:
        draw = Draw(key, name, "test", "one")
        got[test.task] += run(test, lambda: nullcontext(functions), printed, draw).points
    return got


@cache
def code(name, key, solution):
    sheet = cells(name, given(load(name), name, key), solution)
    written = [text for kind, text in sheet if kind == "code"]
    return [text for text in written if not text.startswith("practice(")]  # it would only take time


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", NAMES)
def test_right_gets_all_and_blank_gets_none(name, key):
    problem_set = load(name)
    assert sum(problem_set.points.values()) == 20
    assert points(name, key, code(name, key, solution=True)) == problem_set.points
    assert not any(points(name, key, code(name, key, solution=False)).values())


@pytest.mark.parametrize("name, task, what, source", PLANTED, ids=lambda text: text[:60])
def test_planted(name, task, what, source):
    problem_set = load(name)
    planted = filled(source, given(problem_set, name, KEYS[0]))
    deserved = problem_set.points | stated(planted)
    assert (deserved == problem_set.points) == what.startswith("Right: ")
    assert points(name, KEYS[0], [*code(name, KEYS[0], solution=True), planted]) == deserved


def stated(source):
    """The points of each task that a planted submission loses by: none of them for `all`."""
    (line,) = re.findall("^# points: (.*)$", source, re.MULTILINE)
    if line == "all":
        return {}
    return {task: int(points) for task, points in re.findall(r"([\w-]+) (\d+)", line)}


@pytest.mark.parametrize("name", NAMES)
def test_six_wrong_ways_and_a_right_one_for_each_task(name):
    for task in load(name).tasks:
        ways = [what for of, about, what, _ in PLANTED if (of, about) == (name, task)]
        assert sum(way.startswith("Right: ") for way in ways) >= 1, f"no other right way: {task}"
        assert sum(not way.startswith("Right: ") for way in ways) >= 6, f"too few ways: {task}"


@pytest.mark.parametrize("name", NAMES)
def test_sheet(name):
    """Each task has its heading with its points, what it trains and needs, and three hints."""
    problem_set = load(name)
    handed_out = cells(name, given(problem_set, name, KEYS[0]), solution=False)
    text = "\n\n".join(source for _, source in handed_out)
    tasks = re.split(r"^## Task \d+ · ", text, flags=re.MULTILINE)[1:]
    assert len(tasks) == len(problem_set.tasks)
    for task, body in zip(problem_set.tasks, tasks, strict=True):
        assert re.match(rf"[^\n]+ \({problem_set.points[task]} points\)\n", body), body[:80]
        assert "*Trains: " in body and "Needs: " in body
        assert body.count("<details><summary>Hint ") == 3
        assert f'practice("{task}")' in body
    for page in re.findall(r"https://[^)\s]*?unrolled/(book/[\w/-]+)\.html", text):
        assert (SITE / f"{page}.md").exists(), page


SIZES = r"(\d+) steps of (\d+) \w+(?:,| with) (\d+) inputs and (\d+) (?:units|cells)"


@pytest.mark.parametrize("name", ["long-dependencies", "gates"])
def test_the_large_network_of_the_sheet_is_that_of_the_test(name):
    sizes = re.search(SIZES, (SETS / name / "sheet.md").read_text(encoding="utf-8")).groups()
    assert f"({', '.join(sizes)})" in (SETS / name / "tests.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_solution_is_handed_out(name):
    handed_out = "\n".join(source for _, source in cells(name, given(load(name), name, "k"), False))
    solved = "\n".join(source for _, source in cells(name, given(load(name), name, "k"), True))
    assert "SOLUTION" not in handed_out + solved
    lines = {line.strip() for line in handed_out.splitlines()}
    secret = [
        line for line in solved.splitlines() if len(line.strip()) > 12 and line.strip() not in lines
    ]
    assert secret  # there is something to keep


@cache
def both(name):
    """The code cells as students get them, and solved."""
    printed = given(load(name), name, "k")
    return [
        [source for kind, source in cells(name, printed, solution) if kind == "code"]
        for solution in (False, True)
    ]


# `message()` of set 1 needs the table of the manual, which two functions of the student's make
NEEDED = {"sequences": ["P = smooth(pair_counts(train_ids, 27), P_1)"]}


@pytest.mark.parametrize("name", NAMES)
def test_no_example_runs_a_students_function_where_it_is_tested(name):
    """An endless loop in one function would cost the points of all others."""
    theirs = set()
    for gaps, whole in zip(*both(name), strict=True):
        if gaps != whole:
            theirs |= {s.name for s in ast.parse(whole).body if isinstance(s, ast.FunctionDef)}
    found = []
    for statement in (s for source in both(name)[1] for s in ast.parse(source).body):
        guarded = isinstance(statement, ast.If) and ast.unparse(statement.test) == "in_notebook"
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        if used & theirs and not guarded and not isinstance(statement, ast.FunctionDef):
            found.append(ast.unparse(statement))
    assert theirs and found == NEEDED.get(name, [])


@pytest.mark.parametrize("name", NAMES)
def test_examples_hold(name):
    """Those that assert something, run as in the notebook. The long ones only show something."""
    names, held = {"__name__": "student"}, 0
    for source in both(name)[1]:
        names |= {"in_notebook": "assert " in source, "practice": lambda task: None}
        exec(source, names)
        held += "assert " in source
    assert held >= 3
