"""Exercises: each is on the list, and says of itself what a teacher must know to assign it."""

from pathlib import Path

import pytest
import yaml
from collect_equations import Page, read_page
from exercise_list import exercises, parts, table

ROOT = Path(__file__).parents[2]
PART = parts(ROOT)
WITH_DEPTHS = {
    Path(page)
    for part in yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"]
    for chapter in part["chapters"]
    if "sections" in chapter and part.get("numbered", True)
    for page in [chapter["file"], *(section["file"] for section in chapter["sections"])]
}


@pytest.mark.parametrize("page", sorted(WITH_DEPTHS), ids=str)
def test_an_exercise_says_its_kind_its_minutes_and_its_difficulty(page):
    silent = [one.label for one in exercises(ROOT, Page(page)) if not one.kind]
    assert not silent, "the first line must be like `*Code, 20 minutes, medium.*`"


def test_every_exercise_is_found():
    """As many as there are solutions, which `sphinx_exercise` counts in its own way."""
    for page in PART:
        text = (ROOT / page).read_text()
        solved = text.count(":::{solution}") + text.count("{solution-start}")
        assert len([*exercises(ROOT, Page(page))]) == solved, page


def test_the_table_has_a_row_for_each_and_says_what_the_page_says(tmp_path):
    text = """
# A page

:::{exercise} By hand
:label: ex-one

*Pen, 5 minutes, easy.* Add.
:::

::::{exercise-start}
:label: ex-two
:class: wide
::::

Write it.
"""
    (tmp_path / "a.md").write_text(text)
    page = read_page(tmp_path, Path("a.md"))
    _, _, one, two = table([*exercises(tmp_path, page)]).splitlines()
    assert one == "| [By hand](#ex-one) | [A page](/a.md) | pen | 5 | easy |"
    assert two == "| [Exercise](#ex-two) | [A page](/a.md) |  |  |  |"
