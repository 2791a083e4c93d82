"""Whatever is handed to a public function, it does what it says or names the wrong argument.

For every callable of the package, `calls_*.py` make one valid call. Here each of its arguments is
spoiled in all ways of `spoiling.py`, and hypothesis draws more, two arguments at once among them.
Then either there is a result, without a warning and without NaN or infinity from finite numbers, or
the package itself raises a ValueError or TypeError that names one of the arguments. Nothing that
is passed in changes.
"""

import copy
import os
import re
import traceback
import warnings
from typing import Any

import calls_datasets  # noqa: F401
import calls_decoding  # noqa: F401
import calls_experiments  # noqa: F401
import calls_layers  # noqa: F401  (they fill CALLS)
import calls_models  # noqa: F401
import calls_practice  # noqa: F401
import numpy as np
import pytest
from exceptions import EXCEPTIONS, INNER
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registry import CALLS, Call, public
from spoiling import numbers, same, spoiled

EXAMPLES = int(os.environ.get("EXAMPLES", "8"))  # for each callable; EXAMPLES=1000 to look longer
MANY = 100  # things in the place of one argument


def excepted(name: str) -> bool:
    return name in EXCEPTIONS or any(name.startswith(f"{part}.") or name == part for part in INNER)


def test_every_public_callable_has_a_valid_call_or_a_reason():
    names = {name for name, _ in public()}
    assert {name for name in names if not excepted(name)} == set(CALLS)
    assert set(EXCEPTIONS) <= names and not any(excepted(name) for name in CALLS)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_valid_call(call):
    """It works, and changes no more than it says."""
    arguments, before = call.make(), call.make()
    assert same(arguments, before), "made twice, it must be the same"
    call(arguments)
    assert unchanged(call, arguments, before)


def spoilable(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments that are spoiled, what the package itself has made only as a whole."""
    names = [name for name in arguments if name not in ("self", *call.left)]
    return {name: object() if name in call.whole else arguments[name] for name in names}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_anything_for_one_argument(call, tmp_path, monkeypatch):
    """One after the other, all that is tried; of very many every second or third."""
    monkeypatch.chdir(tmp_path)  # a text may be taken for a file's name
    for name, value in spoilable(call, call.make()).items():
        others = list(spoiled(value))
        for other in others[:: len(others) // MANY + 1]:
            judge(call, call.make() | {name: other})


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_any_input(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a text may be taken for a file's name

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def holds(data):
        arguments = call.make()
        values = spoilable(call, arguments)
        names = list(values)
        for name in data.draw(
            st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)
        ):
            arguments[name] = data.draw(drawn(values[name]), label=name)
        judge(call, arguments)

    if spoilable(call, call.make()):
        holds()


def drawn(value: Any) -> st.SearchStrategy:
    """Anything in the place of a value."""
    some = st.sampled_from(list(spoiled(value)))
    if isinstance(value, np.ndarray) and value.size:
        shapes = st.lists(st.integers(0, 5), max_size=4)
        return some | shapes.map(lambda shape: np.resize(value, shape))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return some | st.integers(-4, 30) | st.floats()
    return some


def judge(call: Call, arguments: dict[str, Any]) -> None:
    """Call, and fail if the rule is broken."""
    before = copy.deepcopy(arguments)
    try:
        with warnings.catch_warnings():
            if call.overflows:
                warnings.filterwarnings("ignore", "overflow|invalid", RuntimeWarning)
            result = call(arguments)
    except OSError:  # a file that is not there, or may not be read: the error names it
        assert {"path", "file"} & call.names
        return
    except (ValueError, TypeError) as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        assert "/unrolled/" in where.filename and where.line.startswith("raise"), (
            f"not ours: {error!r}"
        )
        assert names_one(call, str(error)), f"which argument? {error}"
        assert unchanged(call, arguments, before, refused=True), "changed although refused"
        return
    assert unchanged(call, arguments, before), "an argument has changed"
    if all(np.isfinite(a).all() for a in numbers(before)):
        for a in numbers(result):
            assert call.nan or call.overflows or not np.isnan(a).any(), "NaN from finite numbers"
            assert call.infinite or call.overflows or not np.isinf(a).any(), (
                "infinity from finite numbers"
            )


def names_one(call: Call, message: str) -> bool:
    """Does the message begin with, or contain as a word, the name of an argument?"""
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message) for name in call.names)


def unchanged(call: Call, arguments: dict, before: dict, refused: bool = False) -> bool:
    kept = [name for name in arguments if refused or name not in call.changes]
    return all(same(arguments[name], before[name]) for name in kept)
