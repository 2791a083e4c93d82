"""The guard of the equations' guard: labels and checks agree, and no check can pass by mistake."""

import shutil
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import torch
from collect_equations import disagreements, read_checks, read_page

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]
CHECK = '''
import numpy as np
import pytest

@pytest.mark.equation("eq-bptt-sum", tolerance={tolerance})
def test_sum(check, rng):
    """Left side by one route, right side by another."""
    x = rng.normal(size=3)
    {body}
'''


def test_every_numbered_equation_has_one_check_and_every_check_its_equation():
    found = disagreements(ROOT)
    assert not found, "pages and checks disagree:\n" + "\n".join(found)


# What `check` accepts and what it does not


@pytest.fixture
def run(pytester):
    """Run one check whose body is given; tell how it ended, and the output."""
    assert np and torch  # imported here and not by a run, which would import them anew each time
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error")
    shutil.copy(ROOT / "tests" / "equations" / "conftest.py", pytester.path)

    def run_check(body: str, tolerance: float = 1e-10, test: str = CHECK):
        pytester.makepyfile(test_one=test.format(body=body, tolerance=tolerance))
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:randomly")

    return run_check


@pytest.mark.parametrize(
    "body",
    [
        "check(x.sum(), x[0] + x[1] + x[2], planted={'one lost': x[0] + x[1]})",
        "check(x, [*x], planted={'another shape': x[None], 'infinite': x / 0.0})",
        "check((x, 1), (x + 1e-13, 1.0), planted={'second part': (x, 2)})",
        "check({'a': x, 'b': 1}, {'b': 1, 'a': x + 0}, planted={'a': {'a': 2 * x, 'b': 1}})",
        "check(0 * x, [0, 0, 0], planted={'not zero': x})",
    ],
)
def test_a_right_equation_passes(run, body):
    with_infinity = f"with np.errstate(divide='ignore'): {body}"
    run(with_infinity).assert_outcomes(passed=3)  # three draws


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("check(x, 1.001 * x, planted={'no': 2 * x})", "the sides differ by 0.000999"),
        ("check(x, x + np.nan, planted={'no': 2 * x})", "the sides differ by nan"),
        ("check(x * np.nan, x + np.nan, planted={'no': 2 * x})", "the sides differ by nan"),
        ("check(x, x[:2] + 0, planted={'no': 2 * x})", "the sides differ by inf"),
        ("check((x, 1), (x + 0, 2), planted={'no': (x, 3)})", "the sides differ by 0.5"),
        ("check(x, x, planted={'no': 2 * x})", "both sides are the same array"),
        ("check(x[:0], x[3:], planted={'no': 2 * x})", "nothing to compare"),
        ("check(x.astype('f4'), x + 0, planted={'no': 2 * x})", "in float32"),
        ("check(x, x + 0, planted={})", "no planted error"),
        ("check(x, x + 0)", "missing 1 required keyword-only argument: 'planted'"),
        ("check(x, x + 0, planted={'no': 2 * x, 'same': x})", "planted error 'same' passes"),
        ("check(x, x + 0, planted={'near': x * (1 + 1e-5)})", "planted error 'near' passes"),
        ("check(x, x + 0, planted={'undefined': x * np.nan})", "planted error 'undefined' is NaN"),
        ("check(x, x + 0, planted={'a': 2 * x, 'b': x + x})", "errors 'a' and 'b' are one and the"),
        ("assert x.sum() == x.sum()", "the test never calls check"),
    ],
)
def test_a_wrong_check_fails(run, body, message):
    result = run(body)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines([f"*{message}*"])


def test_a_check_draws_its_input(run):
    test = CHECK.replace("(check, rng)", "(check)").replace("rng.normal(size=3)", "np.arange(3.0)")
    result = run("check(x, x + 0, planted={'no': x + 1})", test=test)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the test draws nothing*"])


@pytest.mark.parametrize("tolerance", [0, -1e-9, 0.1, float("inf")])
def test_a_tolerance_that_promises_nothing_is_refused(run, tolerance):
    result = run("check(x, x + 0, planted={'no': 2 * x})", f"float('{tolerance}')")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["*tolerance must be in*"])


def test_a_coarse_tolerance_still_asks_for_a_wide_margin(run):
    planted = "check(x, 1.004 * x, planted={'near': 1.05 * x})"
    result = run(planted, tolerance=5e-3)
    result.stdout.fnmatch_lines(["*planted error 'near' passes: off by 0.0476, not 0.1*"])


# What counts as a label


def test_labels_are_found_wherever_mathematics_can_stand(tmp_path):
    page = r"""
        # A page

        $$ (a + b) $$ (eq-x-line)

        $$
        \frac{a}{b}
        $$ (eq-x-block)

        - in a list

          $$
          a
          $$ (eq-x-list)

          1. in a list in a list

             $$ a $$ (eq-x-deep)

        > $$ quoted $$ (eq-x-quote)

        :::{prf:proposition} Name
        :label: prop-x

        Then

          $$
          a
          $$ (eq-x-indented)
        :::

        ::::{exercise}
        ---
        label: ex-x
        ---
        :::{note}
        $$ a $$ (eq-x-nested)
        :::
        ::::

        :::{solution-start} ex-x
        :class: dropdown
        :::

        $$ a $$ (eq-x-gated)

        :::{solution-end}
        :::

        ```{math}
        :label: eq-x-directive

        a
        ```

        term
        : $$ a $$ (eq-x-term)

        And {eq}`eq-x-line` in text, {eq}`eq-x-none` | in a table:

        | a |
        |---|
        | {eq}`eq-x-block` |
    """
    page += """
        ```{code-cell} ipython3
        print("$$ no $$ (eq-x-code)")
        ```

            $$ no $$ (eq-x-literal)

        `$$ no $$ (eq-x-inline)`

        % $$ no $$ (eq-x-comment)
    """
    (tmp_path / "page.md").write_text(dedent(page))
    found = read_page(tmp_path, Path("page.md"))
    names = "line block list deep quote indented nested gated directive term"
    assert [equation.label for equation in found.equations] == [
        f"eq-x-{name}" for name in names.split()
    ]
    assert [label for label, _ in found.references] == ["eq-x-line", "eq-x-none", "eq-x-block"]
    assert not found.slips
    lines = dedent(page).splitlines()
    for equation in found.equations:  # the line is that of the opening $$ or fence
        assert any(word in lines[equation.line - 1] for word in ("$$", "{math}")), equation


# What keeps pages and checks apart


PAGE = """
# Title

$$ a = b $$ (eq-bptt-sum)

See {eq}`eq-bptt-sum`.
"""


@pytest.fixture
def book(tmp_path):
    """A book of one page with one equation, and its check."""
    toc = "format: jb-book\nroot: book/index.md\nchapters:\n- file: book/training/two-words.md\n"
    body = "check(1, 1.0, planted={'two': 2, 'three': 3, 'four': 4})"
    check = CHECK.format(body=body, tolerance=1e-9)
    files = {
        "_toc.yml": toc,
        "book/index.md": "# Index\n",
        "book/training/two-words.md": PAGE,
        "tests/equations/test_two_words.py": check,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_book_in_step_is_in_step(book):
    assert disagreements(book) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("(eq-bptt-sum)", "(eq-bptt-sum)\n\n$$ c $$ (eq-bptt-new)", "eq-bptt-new has no check"),
        ("(eq-bptt-sum)", "", "eq-bptt-sum is checked here but labels no equation"),
        ("(eq-bptt-sum)", "(eq-bptt-sum)\n\n$$ c $$ (eq-bptt-sum)", "labels 2 equations"),
        ("(eq-bptt-sum)", "(sum)", "sum is no label of the form"),
        ("(eq-bptt-sum)", "(eq-bptt-Sum)", "eq-bptt-Sum is no label of the form"),
        ("{eq}`eq-bptt-sum`", "{eq}`eq-bptt-gone`", "`eq-bptt-gone` refers to no equation"),
        ("See", "Text:\n$$ c $$ (eq-bptt-late)\nSee", "(eq-bptt-late) labels nothing"),
        ("a = b", r"a = b \tag{7}", "make no label"),
        ("See", r"\begin{align} a \end{align} See", "TeX outside mathematics"),
    ],
)
def test_a_page_out_of_step_is_reported(book, old, new, complaint):
    edit(book / "book/training/two-words.md", old, new)
    assert any(complaint in line for line in disagreements(book)), disagreements(book)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("    check(1", "    print(1", "test_sum never calls check"),
        ('@pytest.mark.equation("eq-bptt-sum", tolerance=1e-09)', "", "0 equation markers"),
        (", tolerance=1e-09", "", "both written out"),
        ('"eq-bptt-sum"', "LABEL", "both written out"),
        ('    """Left side by one route, right side by another."""', "", "has no docstring"),
        ("def test_sum", "def test_other(check): pass\n\ndef test_sum", "0 equation markers"),
        (", 'four': 4", "", "plants 2 errors: write out 3 or more"),
        (", 'four': 4", ", 'three': 5", "plants 2 errors: write out 3 or more"),
        ("planted={'two': 2, 'three': 3, 'four': 4}", "planted=some()", "plants 0 errors"),
        ("'four': 4", "**{name: 4 for name in 'abc'}", "plants 2 errors"),
    ],
)
def test_a_check_out_of_step_is_reported(book, old, new, complaint):
    edit(book / "tests/equations/test_two_words.py", old, new)
    assert any(complaint in line for line in disagreements(book)), disagreements(book)


@pytest.mark.parametrize(
    "call",
    [
        "planted = {'two': 2, 'three': 3, 'four': 4}; check(1, 1.0, planted=planted)",
        "wrong = {'two': 2, 'three': 3, 'four': 4}; "
        "planted = {name: (x,) for name, x in wrong.items()}; check((1,), (1.0,), planted=planted)",
        "wrong = {'two': 2, 'three': 3, 'four': 4}; "
        "check((1,), (1.0,), planted={name: (x,) for name, x in wrong.items()})",
        "planted = {'two': 2, 'three': 3, 'four': 4}; "
        "planted = {name: (x,) for name, x in planted.items()}; check((1,), 1.0, planted=planted)",
        "planted = {'two': 2, 'three': 3}; check(1, 1.0, planted=planted); "
        "planted = {'four': 4}; check(1, 1.0, planted=planted)",
        "check(1, 1.0, planted={'two': 2, 'three': 3}); check(1, 1.0, planted={'four': 4})",
    ],
)
def test_planted_errors_are_found_where_they_are_written_out(book, call):
    checks = "tests/equations/test_two_words.py"
    edit(book / checks, "check(1, 1.0, planted={'two': 2, 'three': 3, 'four': 4})", call)
    assert disagreements(book) == []
    [check] = read_checks(book, book / checks).checks
    assert check.planted == ("two", "three", "four")


def test_names_that_go_round_in_a_circle_are_no_names(book):
    checks = book / "tests/equations/test_two_words.py"
    circle = "planted = {name: x for name, x in planted.items()}; check(1, 1.0, planted=planted)"
    edit(checks, "check(1, 1.0, planted={'two': 2, 'three': 3, 'four': 4})", circle)
    [line] = disagreements(book)
    assert "plants 0 errors" in line


def test_two_checks_of_one_equation_are_reported(book):
    checks = book / "tests/equations/test_two_words.py"
    text = checks.read_text()
    checks.write_text(text + text.replace("test_sum", "test_again"))
    assert any("has 2 checks, not one" in line for line in disagreements(book))


def test_a_check_in_the_wrong_file_is_reported(book):
    (book / "tests/equations/test_two_words.py").rename(book / "tests/equations/test_other.py")
    [line] = disagreements(book)
    assert line.endswith("its check belongs to tests/equations/test_two_words.py")
