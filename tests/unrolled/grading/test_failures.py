from unrolled.grading.failures import Failure, Wrong, blame, refused


def test_the_students_sentence_has_no_values():
    error = Wrong("the result is not right", "expected 3, got 4")
    assert isinstance(error, Failure)
    assert str(error) == "the result is not right"
    assert error.detail == "expected 3, got 4"


def test_an_error_is_told_by_what_the_submission_cannot_choose():
    """Names of types come from a list, and lines exist: else inputs could leave by either."""
    cells = ["a\nb", "c"]
    error = blame(cells, "ValueError", 1, 2)
    assert str(error) == "it stopped with ValueError, in line 2 of code cell 1"
    assert "own" in str(blame(cells, "x_was_12345", 1, 2))
    assert blame(cells, "KeyError", 2, 2).line == 1
    for cell in (0, -1, 3, 10**9):
        assert str(blame(cells, "KeyError", cell, 1)) == "it stopped with KeyError"


def test_what_cannot_be_judged_is_named_from_a_list():
    assert refused("a value of type matrix cannot be sent").startswith("matrix where only")
    assert refused("a value of type x12345 cannot be sent").startswith("a value where only")
    assert "12345" not in refused(["12345", "matrix"])
