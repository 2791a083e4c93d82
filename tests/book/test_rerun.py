"""Cells of a page, picked by a piece of their text and run with other seeds."""

import pytest

from rerun import cells, rerun

PAGE = """# A page

```{code-cell} ipython3
seed = 3
```

```{code-cell} ipython3
---
tags: [hide-input]
---
drawn = seed * 2
```

```{code-cell} ipython3
:tags: [nbval-check-output]

print(drawn)
```
"""


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_cells_come_without_their_options(page):
    assert cells(page) == ["seed = 3\n", "drawn = seed * 2\n", "print(drawn)\n"]


def test_only_the_cells_that_are_named_run(page, capsys):
    assert rerun(page, ["seed = 3", "drawn ="], {"seed = 3": "seed = 5"})["drawn"] == 10
    assert not capsys.readouterr().out


@pytest.mark.parametrize("pieces", [["no such text"], ["drawn"]])
def test_a_piece_that_is_not_in_one_cell_is_named(page, pieces):
    with pytest.raises(ValueError, match=f"{pieces[0]}' must be in one cell"):
        rerun(page, pieces)


def test_a_change_without_effect_is_named(page):
    with pytest.raises(ValueError, match=r"nothing to change in these cells: .*seed = 4"):
        rerun(page, ["seed = 3"], {"seed = 4": "seed = 5"})
