import nbformat
import pytest

from unrolled.grading.sheets import cells, filled, given, notebook, solved, with_gaps
from unrolled.grading.tasks import ProblemSet

CODE = """def norm(grads):
    # all entries together
    ### BEGIN SOLUTION
    total = sum((g**2).sum() for g in grads)
    return total**0.5
    ### STUDENTS GET
    #| return max(abs(g).max() for g in grads)
    #|
    #| # mend the line above
    ### END SOLUTION


def clip(grads):
    ### BEGIN SOLUTION
    return grads
    ### END SOLUTION
"""


def test_students_get_gaps_and_what_stands_instead():
    assert with_gaps(CODE).split("\n\n\n") == [
        "def norm(grads):\n    # all entries together\n"
        "    return max(abs(g).max() for g in grads)\n    \n    # mend the line above",
        'def clip(grads):\n    raise NotImplementedError("your work goes here")\n',
    ]


def test_the_solved_code_has_no_marks():
    assert solved(CODE) == (
        "def norm(grads):\n    # all entries together\n"
        "    total = sum((g**2).sum() for g in grads)\n    return total**0.5\n\n\n"
        "def clip(grads):\n    return grads\n"
    )


def test_filled_keeps_the_indent_of_the_name():
    text = "n = {{n}}\n    {{lines}}\nsee {{site}}/a.html"
    expected = "n = 3\n    a\n      b\nsee https://unrolled-book.github.io/unrolled/a.html"
    assert filled(text, {"n": 3, "lines": "a\n  b"}) == expected
    with pytest.raises(ValueError, match=r"names 'm', which is not among \['n', 'site'\]"):
        filled("{{m}}", {"n": 1})


SHEET = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A set of {{n}}

<!-- BEGIN SOLUTION -->
It is {{n}} because.
<!-- END SOLUTION -->
Go on.

```{code-cell} ipython3
def f():
    ### BEGIN SOLUTION
    return {{n}}
    ### END SOLUTION
```
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "sheet.md").write_text(SHEET)
    return tmp_path


def test_cells(folder):
    assert cells("small", {"n": 7}, False, folder) == [
        ("markdown", "# A set of 7\n\nGo on."),
        ("code", 'def f():\n    raise NotImplementedError("your work goes here")'),
    ]
    assert cells("small", {"n": 7}, True, folder) == [
        ("markdown", "# A set of 7\n\nIt is 7 because.\nGo on."),
        ("code", "def f():\n    return 7"),
    ]


def test_the_notebook_is_valid_and_always_the_same(folder):
    made = [notebook(cells("small", {"n": 7}, False, folder)) for _ in range(2)]
    assert made[0] == made[1]
    nbformat.validate(nbformat.reads(made[0], as_version=4))


def test_a_course_has_one_sheet_and_each_student_may_have_one():
    problem_set = ProblemSet("Small", [])
    problem_set.given(lambda draw: {"n": draw.below(10**9)})
    course, again = (given(problem_set, "small", "key") for _ in range(2))
    assert course == again
    sheets = [given(problem_set, "small", "key", who)["n"] for who in ("", "anna", "ben")]
    sheets += [given(problem_set, "small", "other key")["n"], given(problem_set, "big", "key")["n"]]
    assert len(set(sheets)) == 5
