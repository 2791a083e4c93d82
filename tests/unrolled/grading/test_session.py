"""What submissions answer, and what comes of those that do all they can but the task."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hostile import ENDINGS, LIMITS, NAMES, WRITE, attempts, outcome, running

from unrolled.grading.failures import BadReply, Failure, NotFound, StudentError, TimedOut
from unrolled.grading.room import Room
from unrolled.grading.session import Session


@pytest.mark.parametrize("name", ENDINGS)
def test_endings(room, name):
    source, expected = ENDINGS[name]
    start = time.monotonic()
    came = outcome(room, source)
    assert time.monotonic() - start < LIMITS.wall + 2
    kind, _, part = expected.partition(" ")
    if expected:
        assert came == expected or (came.split()[0] == kind and part in came and came != "4")
    assert outcome(room, ENDINGS["right"][0]) == "4"  # the next one is served


def test_nothing_is_reached(room):
    assert attempts(room) == []
    assert len(NAMES) > 60


def test_nothing_survives(confinement):
    before = running()
    for source in ("import time\ndef answer(x): time.sleep(99)", ENDINGS["right"][0]):
        with (
            Room(confinement, replace(LIMITS, wall=0.3)) as room,
            Session([source], room) as student,
        ):
            assert running() > before
            try:
                student.answer(3)
            except TimedOut:
                continue
    end = time.monotonic() + 5  # the system takes a moment to clear a namespace away
    while running() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert running() == before


def test_values_of_all_kinds(any_room):
    values = [None, True, 3, 0.1, "ä", [1, (2, "x")], {("a", "b"): 2, 3: [4]}, float("inf")]
    source = "def same(*values, **named): return values, named"
    with Session([source], any_room) as student:
        assert student.same(*values, key=values) == (tuple(values), {"key": values})
        for dtype in ("float64", "float32", "int64", "bool"):
            x = np.arange(6).reshape(2, 3).astype(dtype)
            (y,), _ = student.same(x)
            assert y.dtype == x.dtype and np.array_equal(x, y)


def test_what_the_submission_changes_is_its_own(any_room):
    x, source = np.ones(3), "def spoil(x):\n    x += 1\n    return x"
    with Session([source], any_room) as student:
        assert student.spoil(x).tolist() == [2, 2, 2]
    assert x.tolist() == [1, 1, 1]


def test_functions_of_ours_are_called(any_room):
    seen = []

    def look(x, name):
        seen.append(name)
        return 2 * x, [name]

    source = "def twice(look, x): return look(look(x, 'a')[0], 'b')"
    with Session([source], any_room) as student:
        y, names = student.twice(look, np.ones(2))
        assert (y.tolist(), names, seen) == ([4, 4], ["b"], ["a", "b"])


def test_an_error_of_our_function_reaches_the_submission_by_its_type(any_room):
    def fails(x):
        raise KeyError("secret")

    source = "def f(g):\n    try: g(1)\n    except KeyError as e: return str(e)"
    with Session([source], any_room) as student:
        assert "secret" not in student.f(fails)


def test_what_a_cell_fails_to_define_is_missing_and_the_rest_is_there(any_room):
    cells = ["x = 1 / 0\ny = 2", "def g(:", "def f(): return y"]
    with Session(cells, any_room) as student:
        assert student.f() == 2
        with pytest.raises(NotFound, match="there is no g"):
            student.g()


def test_an_error_says_type_cell_and_line_of_the_submission(any_room):
    cells = ["import numpy as np", "def f(x):\n    return np.ones(2) @ np.ones(3)"]
    with Session(cells, any_room) as student, pytest.raises(StudentError) as caught:
        student.f(12345)
    assert (caught.value.type_name, caught.value.cell, caught.value.line) == ("ValueError", 2, 2)
    assert "12345" not in str(caught.value)


def test_after_an_error_the_session_goes_on_after_the_end_it_does_not(any_room):
    with Session(["def f(x): return 1 / x\ndef g():\n    while True: pass"], any_room) as student:
        with pytest.raises(StudentError):
            student.f(0)
        assert student.f(1) == 1
        for _ in range(2):
            with pytest.raises(TimedOut):
                student.g()
        with pytest.raises(TimedOut):
            student.f(1)


def test_what_comes_after_an_answer_is_no_answer_to_the_next_question(any_room):
    source = WRITE + "def f(x):\n    if x == 1: line().say('value', 1, 'early')\n    return x"
    with Session([source], any_room) as student:
        assert student.f(1) == "early"
        assert student.f(2) == 2


def test_the_clock_runs_over_all_calls(any_room):
    with Session(["import time\ndef f(): time.sleep(0.4)"], any_room) as student:
        start = time.monotonic()
        with pytest.raises(TimedOut):
            for _ in range(10):
                student.f()
    assert time.monotonic() - start < LIMITS.wall + 1


def test_two_sessions_share_nothing(any_room):
    with Session(["import numpy as np\nnp.trace_left = 1"], any_room):
        pass
    with Session(["import numpy as np\ndef f(): return hasattr(np, 'trace_left')"], any_room) as s:
        assert s.f() is False


def test_hashes_and_unseeded_numbers_are_the_same_in_every_run(any_room):
    source = ["import random, numpy as np\ndef f():\n    a = list({'a', 'b', 'c', 'd', 'e'})"]
    source = [source[0] + "\n    return a + [random.random(), np.random.rand()]"]
    orders = set()
    for _ in range(2):
        with Room(any_room.confinement) as room, Session(source, room) as student:
            orders.add(tuple(student.f()))
    assert len(orders) == 1


def test_large_arrays_pass_both_ways(any_room):
    x = np.ones((2**20,))
    with Session(["def f(x): return x + 1"], any_room) as student:
        assert student.f(x)[-1] == 2


def test_cells_that_are_too_long_to_be_sent_are_the_submissions_mistake(any_room):
    with pytest.raises(BadReply), Session(["# " + "\N{SNOWMAN}" * 10**6], any_room):
        pass
    assert outcome(any_room, ENDINGS["right"][0]) == "4"


def test_what_we_cannot_send_is_our_mistake(any_room):
    with Session(["def f(x): return x"], any_room) as student:
        with pytest.raises(ValueError, match="set"):
            student.f({1})
        assert student.f(1) == 1


def test_sentences_have_no_inputs(any_room):
    source = "def f(x): raise ValueError(x)\ndef g(x): return {x}\n"
    source += "def h(x): return [str(x) * 1000] * 10**4"
    with Session([source], any_room) as student:
        for name in "fgh":
            with pytest.raises(Failure) as caught:
                student.call(name, 12345)
            assert "12345" not in str(caught.value)
        assert isinstance(caught.value, BadReply | StudentError)


def test_the_time_is_over_in_our_functions_too(any_room):
    """A submission may ask them for more than anybody can compute."""

    def count(n):
        for _ in range(n):
            pass

    start = time.monotonic()
    with Session(["def ask(f): f(10**10)"], any_room) as student, pytest.raises(TimedOut):
        student.ask(count)
    assert time.monotonic() - start < LIMITS.wall + 2
    time.sleep(0.1)  # no alarm is left to go off


def test_what_a_submission_adds_to_its_start_is_not_looked_at(any_room):
    flood = "line().say('ran', 0, [('E', 1, 1)] * 10**4, None)\ntime.sleep(9)"
    with Session([WRITE + flood], any_room):
        pass
