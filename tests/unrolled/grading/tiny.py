"""A small set of problems, and submissions of all kinds."""

import json
from pathlib import Path

TESTS = """
from unrolled.grading.tasks import ProblemSet, close, equal

SET = ProblemSet("Tiny <set>", ["double", "length"])


@SET.test("double", 3, "doubles a drawn number")
def doubled(student, given, draw):
    x = draw.uniform()
    close(student.double(x), 2 * x)


@SET.test("double", 2, "doubles whole numbers")
def whole(student, given, draw):
    equal(student.double(7), 14)


@SET.test("length", 1, "says how long a list is & nothing else")
def long(student, given, draw):
    if len(student.listed(3)) == 3:
        return
    equal(0, 1, "the list")
"""
RIGHT = "def double(x): return 2 * x\ndef listed(n): return [0] * n"
KEY = "a key that is long"
# Student -> what is handed in, and the points for it
SUBMISSIONS = {
    "anna": ([RIGHT], 6),
    "ben": ([RIGHT, "def double(x): return x + 7"], 3),
    "blank": ([""], 0),
    "cara": (["def double(x): return 2 * x"], 5),
    "eve": (["import os; os._exit(0)"], 0),
    "fay": ([RIGHT, "def listed(n): return n"], 5),
    "gus": (["def double(x): raise type('x' + str(x), (Exception,), {})"], 0),
    "hal": ([RIGHT, "def double(x):\n    while True: pass"], 1),
    "ida": (["while True: pass", RIGHT], 0),
}


def written(folder: Path) -> tuple[Path, Path]:
    """The folder of sets, with one called tiny, and the folder of submissions."""
    (folder / "sets" / "tiny").mkdir(parents=True)
    (folder / "sets" / "tiny" / "tests.py").write_text(TESTS)
    handed_in = folder / "in"
    handed_in.mkdir()
    for student, (sources, _) in SUBMISSIONS.items():
        cells = [{"cell_type": "code", "source": source} for source in sources]
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
        (handed_in / f"{student}.ipynb").write_text(json.dumps(book))
    (handed_in / "zoe.ipynb").write_text("no notebook")
    return folder / "sets", handed_in
