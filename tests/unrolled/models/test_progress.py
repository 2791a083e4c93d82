"""The bar: where somebody watches, and nowhere else."""

import signal
import sys
from types import SimpleNamespace

import pytest

from unrolled.models.progress import watched


def go_through(first=0, steps=3):
    with watched(first, steps) as (numbers, note):
        for step in numbers:
            note(f"at {step}")
            yield step


@pytest.fixture
def unset(monkeypatch):
    """As without the tools, which switch the bars off."""
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    return monkeypatch


def test_quiet_where_nobody_watches(unset, capsys):
    assert [*go_through()] == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_a_bar_in_a_terminal(unset, capsys):
    unset.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert [*go_through(1, 3)] == [1, 2]
    assert "1/3 [" in capsys.readouterr().err


def test_a_bar_in_a_notebook_unless_it_is_switched_off(unset, capsys):
    shell = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=None))
    unset.setitem(sys.modules, "IPython", shell)
    assert [*go_through()] == [0, 1, 2]
    assert "/3 [" in capsys.readouterr().err
    unset.setenv("TQDM_DISABLE", "1")  # as when pages are executed
    assert [*go_through()] == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_an_interruption_waits_for_the_end_of_the_step():
    steps = []
    for step in go_through(steps=5):
        steps.append(step)
        if step == 1:
            signal.raise_signal(signal.SIGINT)
    assert steps == [0, 1]
    with pytest.raises(KeyboardInterrupt):  # and afterwards it is what it was
        signal.raise_signal(signal.SIGINT)
