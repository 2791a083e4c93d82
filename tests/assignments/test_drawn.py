"""What a key draws for a set: the same in every process, another for another key, all printed."""

import json
import os
import re
import subprocess
import sys

import pytest

from unrolled.grading.sheets import cells, given, notebook
from unrolled.grading.tasks import SETS, load

NAMES = sorted(path.parent.name for path in SETS.glob("*/tests.py"))
KEYS = [f"course {number}" for number in range(8)]
PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
IN_A_PROCESS = """
import json, sys
from unrolled.grading.sheets import cells, given, notebook
from unrolled.grading.tasks import load

def plain(value):
    "What it holds, in its own order: a set's depends on the hash seed, and shows."
    if hasattr(value, "tolist"):
        return [str(value.dtype), value.tolist()]
    if isinstance(value, dict):
        return [[plain(key), plain(item)] for key, item in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if callable(value):
        return value.__qualname__
    return plain(vars(value)) if hasattr(value, "__dict__") else repr(value)

found = {}
for name in sys.argv[1:]:
    drawn = given(load(name), name, "autumn")
    books = [notebook(cells(name, drawn, solution)) for solution in (False, True)]
    found[name] = {"given": plain(drawn), "released": books[0], "solved": books[1]}
print(json.dumps(found))
"""


def in_a_process(hash_seed: str) -> dict:
    """What every set draws and releases, in a process with this seed for Python's hashes."""
    command = [sys.executable, "-c", IN_A_PROCESS, *NAMES]
    env = os.environ | {"PYTHONHASHSEED": hash_seed}
    return json.loads(subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE).stdout)


@pytest.fixture(scope="module")
def two_processes():
    return in_a_process("1"), in_a_process("2")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", ["given", "released", "solved"])
def test_same_in_every_process(name, part, two_processes):
    """What a course's key gives does not depend on Python's hashes, down to each byte."""
    one, other = (found[name][part] for found in two_processes)
    assert one == other


@pytest.mark.parametrize("name", NAMES)
def test_same_when_made_again(name):
    one, other = (
        notebook(cells(name, given(load(name), name, "autumn"), solution=False)) for _ in range(2)
    )
    assert one.encode() == other.encode()


@pytest.mark.parametrize("name", NAMES)
def test_another_key_draws_another_sheet(name):
    """Where the sheet prints anything that is drawn, most keys have a sheet of their own."""
    printed = set(PLACEHOLDER.findall((SETS / name / "sheet.md").read_text(encoding="utf-8")))
    if printed - {"site"}:
        drawn = [given(load(name), name, key) for key in KEYS]
        sheets = {notebook(cells(name, values, solution=False)) for values in drawn}
        assert len(sheets) > len(KEYS) / 2


@pytest.mark.parametrize("name", NAMES)
def test_no_placeholder_is_left(name):
    for key in KEYS:
        for solution in (False, True):
            for _, text in cells(name, given(load(name), name, key), solution):
                assert not PLACEHOLDER.findall(text), text
