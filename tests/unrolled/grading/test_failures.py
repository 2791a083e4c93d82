from unrolled.grading.failures import Failure, Wrong


def test_the_students_sentence_has_no_values():
    error = Wrong("the result is not right", "expected 3, got 4")
    assert isinstance(error, Failure)
    assert str(error) == "the result is not right"
    assert error.detail == "expected 3, got 4"
