"""The open projects: their points add up, and what they lead to is there."""

import importlib
import re
from pathlib import Path

import pytest

from unrolled.grading.tasks import SETS

PROJECTS = sorted((SETS / "projects").glob("*.md"))
SECTIONS = [
    "The question",
    "What the package brings",
    "Where things stand",
    "Milestones",
    "What to hand in",
    "How it is graded",
]


@pytest.fixture(params=PROJECTS, ids=lambda path: path.stem)
def project(request) -> Path:
    return request.param


def test_two_projects():
    assert len(PROJECTS) >= 2


def test_sections(project):
    text = project.read_text(encoding="utf-8")
    assert re.findall("^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert re.match(r"# Project: .+\n\nTwo to three weeks, .+ 20 points\.\n", text)


def test_points_add_up(project):
    """The last table's points are the project's, and so are those named within its lines."""
    _, rubric = project.read_text(encoding="utf-8").split("## How it is graded")
    lines = re.findall(r"^\| (.+) \| (\d+) \|$", rubric, re.MULTILINE)
    assert len(lines) >= 8
    assert sum(int(points) for _, points in lines) == 20
    for line, points in lines:
        parts = re.findall(r"\((\d+) (?:points?|more)\)", line)
        assert not parts or sum(map(int, parts)) == int(points), line


def test_links_lead_somewhere(project):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", project.read_text(encoding="utf-8"))
    assert links
    for link in links:
        assert (project.resolve().parent / link).exists(), link


def test_what_the_package_brings_is_there(project):
    """Each `unrolled.….name` in the text is a module or stands in one."""
    named = re.findall(r"`unrolled((?:\.\w+)+)", project.read_text(encoding="utf-8"))
    assert named
    for path in named:
        *modules, last = path.split(".")[1:]
        above = importlib.import_module(".".join(["unrolled", *modules]))
        if not hasattr(above, last):
            importlib.import_module(f"{above.__name__}.{last}")
