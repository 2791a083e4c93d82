"""The guard of the claims' guard: sentences and tests agree, and no test claims by mistake."""

import json
import shutil
from pathlib import Path

import checked_claims
import pytest
from collect_claims import claim_files, disagreements, mirrored, never_seen, read_claims, where

import claims as tool

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]
PAGE = """
# Title

A first sentence. With $n = 3$ *three*
in ten learn it. The last one: see [there](other.md#place).

> About one in six. (In brackets.)

It stands here twice. It stands here twice.

:::{exercise}
Within an exercise.
:::

```{code-cell} ipython3
print("Only in code.")
```
"""
TEST = '''
import pytest

def test_three(claim):
    """Ten networks."""
    claim("With $n = 3$ *three* in ten learn it.")
    assert 3 == 3
'''


@pytest.fixture
def book(tmp_path):
    """A book of one page with one claimed sentence, and its test."""
    toc = "format: jb-book\nroot: book/index.md\nchapters:\n- file: book/training/two-words.md\n"
    files = {
        "_toc.yml": toc,
        "book/index.md": "# Index\n",
        "book/training/two-words.md": PAGE,
        "tests/claims/test_two_words.py": TEST,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# The book itself


def test_every_claim_quotes_its_page():
    found = disagreements(ROOT)
    assert not found, "pages and claims disagree:\n" + "\n".join(found)


def test_every_slow_claim_was_seen_to_hold():
    found = never_seen(ROOT)
    assert not found, "\n".join(found)


# What keeps pages and claims apart


def test_a_book_in_step_is_in_step(book):
    assert disagreements(book) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("*three*", "*four*"), ("$n = 3$", "$n = 4$"), ("*three*", "three"), ("learn it.", "learn.")],
)
def test_a_sentence_that_changed_is_reported(book, old, new):
    edit(book / "book/training/two-words.md", old, new)
    [line] = disagreements(book)
    assert line.startswith("tests/claims/test_two_words.py:4: ")
    assert "does not say (any more)" in line


def test_white_space_may_change(book):
    edit(book / "book/training/two-words.md", "*three*\nin ten", "*three* in\nten")
    assert disagreements(book) == []


@pytest.mark.parametrize(
    ("sentence", "complaint"),
    [
        ("With $n = 3$ *three* in ten", "quote to the end of the sentence"),
        ("ith $n = 3$ *three* in ten learn it.", "does not say"),
        ("It stands here twice.", "says 2 times"),
        ('print("Only in code.")', "in code, not in its prose"),
        ("Nowhere.", "does not say"),
    ],
)
def test_a_quotation_that_is_none_is_reported(book, sentence, complaint):
    edit(
        book / "tests/claims/test_two_words.py",
        '"With $n = 3$ *three* in ten learn it."',
        repr(sentence),
    )
    [line] = disagreements(book)
    assert complaint in line


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("    claim(", "    print(", "test_three claims nothing"),
        ("def test_three", "def test_other(claim): pass\n\ndef test_three", "test_other claims no"),
        ('    """Ten networks."""\n', "", "no docstring"),
        ('"With $n = 3$ *three* in ten learn it."', "SENTENCE", "written out"),
        ('learn it.")', 'learn it.", 3)', "written out"),
        (
            "    assert",
            '    claim("A first sentence. With $n = 3$ *three*:")\n    assert',
            "not say",
        ),
        (
            "    assert",
            '    claim("With $n = 3$ *three* in ten learn it.")\n    assert',
            "both quote",
        ),
        ("    assert", '    claim("in ten learn it.")\n    assert', "both quote"),
        ("def test", f"{TEST.partition('import pytest')[2]}\ndef test", "2 tests are called"),
    ],
)
def test_a_test_out_of_step_is_reported(book, old, new, complaint):
    edit(book / "tests/claims/test_two_words.py", old, new)
    assert any(complaint in line for line in disagreements(book)), disagreements(book)


def test_a_claim_outside_the_mirror_is_reported(book):
    (book / "tests/claims/test_two_words.py").rename(book / "tests/claims/test_other.py")
    [line] = disagreements(book)
    assert line.startswith("tests/claims/test_other.py mirrors no page")


def test_quotations_in_quotes_and_exercises_are_found(book):
    page, text = mirrored(book, Path("tests/claims/test_two_words.py")), PAGE
    for sentence in ("About one in six.", "(In brackets.)", "Within an exercise."):
        start, end = where(sentence, page, text)
        assert text[start:end] == sentence


# The fixture


@pytest.fixture
def run(book, pytester):
    """Run a test with this body in the small book; tell how it ended, and the output."""
    shutil.copytree(book, pytester.path, dirs_exist_ok=True)
    shutil.copy(ROOT / "tests" / "claims" / "conftest.py", pytester.path / "tests" / "claims")
    pytester.makeini("[pytest]\nfilterwarnings = error")

    def run_test(body: str, name: str = "test_two_words"):
        test = f"import pytest\n\ndef test_one(claim):\n    {body}\n"
        path = pytester.path / "tests" / "claims" / f"{name}.py"
        path.write_text(test)
        options = ["--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:randomly"]
        return pytester.runpytest_inprocess(path, *options)

    return run_test


def test_a_claim_that_holds_passes(run):
    run('claim("A first sentence."); claim("About one in six.")').assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('claim("A second sentence.")', "does not say"),
        ('claim("It stands here twice.")', "says 2 times"),
        ('claim("A first sentence."); claim("A  first sentence.")', "claimed twice"),
        ("assert 1 == 1", "the test claims nothing"),
        ('claim("A first sentence."); assert 1 == 2', "assert 1 == 2"),
    ],
)
def test_a_claim_that_does_not_hold_fails(run, body, message):
    result = run(body)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{message}*"])


def test_the_fixture_knows_the_mirror(run):
    result = run('claim("A first sentence.")', "test_other")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*mirrors no page*"])


# When each was seen to hold


def test_slow_claims_have_to_be_seen_as_they_are(book):
    tests = book / "tests/claims/test_two_words.py"
    assert never_seen(book) == []  # quick ones need not be seen
    edit(tests, "def test", "@pytest.mark.slow\ndef test")
    assert "was never seen" in never_seen(book)[0]
    [claim] = claim_files(book)[0].claims
    assert claim.slow
    watch = tool.Watch()
    watch.seconds[claim.key] = 99.0
    assert tool.note(book, watch)[claim.key]["digest"] == claim.digest
    assert never_seen(book) == []
    edit(tests, "assert 3 == 3", "assert 3 == 4")
    assert "was never seen" in never_seen(book)[0]


def test_a_failure_keeps_the_day_on_which_it_held_and_a_test_that_went_is_forgotten(book):
    [claim] = claim_files(book)[0].claims
    held = {"date": "2026-01-01", "seconds": 1.0, "digest": "0"}
    seen = book / "tests/claims/seen.json"
    seen.write_text(json.dumps({claim.key: held, "test_gone.py::test_gone": held}))
    watch = tool.Watch()
    watch.seconds[claim.key] = 2.0
    watch.failed.add(claim.key)
    assert tool.note(book, watch) == {claim.key: held} == json.loads(seen.read_text())
    assert "2026-01-01, 1.0 s (changed since)" in tool.table([claim], {claim.key: held})
    watch.failed.clear()
    assert tool.note(book, watch)[claim.key]["seconds"] == 2.0


def test_a_sentence_leads_to_its_test(book):
    claims = [claim for file in claim_files(book) for claim in file.claims]
    [place] = tool.find(claims, "*Three* in\n ten")
    assert place.startswith("tests/claims/test_two_words.py:4: With $n = 3$")
    assert tool.find(claims, "four in ten") == []


def test_a_claim_that_takes_long_has_to_be_marked(book):
    [claim] = claim_files(book)[0].claims
    watch = tool.Watch()
    watch.seconds[claim.key] = 99.0
    tool.note(book, watch)
    assert "took 99.0 s" in never_seen(book)[0]


# The marks


def test_marks_stand_behind_their_sentences(book):
    edit(
        book / "tests/claims/test_two_words.py",
        "    assert",
        '    claim("About one in six.")\n    claim("A first sentence.")\n    assert',
    )
    page = mirrored(book, Path("tests/claims/test_two_words.py"))
    claims = read_claims(book, book / "tests/claims/test_two_words.py").claims
    marked = checked_claims.with_marks(PAGE, page, claims)
    assert "sentence.{claim}`claim-two-words-three-at-2` With" in marked
    assert "in ten learn it.{claim}`claim-two-words-three-at-0` The" in marked
    assert "in six.{claim}`claim-two-words-three-at-1` (In" in marked
    assert marked.count("\n") == PAGE.count("\n")  # no line of the page moves


def test_targets_of_links_are_left_out_of_the_list():
    sentence = "See [there](other.md#place), $f(x)[a](b)$ too."
    assert checked_claims.without_targets("See [there](other.md#place).") == "See there."
    assert checked_claims.without_targets("[Prop](#prop-x) says $g(x)$.") == "Prop says $g(x)$."
    assert "there," in checked_claims.without_targets(sentence)
