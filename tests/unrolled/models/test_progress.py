"""The bar: where somebody watches, and nowhere else."""

import signal
import subprocess
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
    # as when pages are executed; tqdm reads its switch when it is imported
    code = (
        "import sys; from types import SimpleNamespace as N\n"
        "sys.modules['IPython'] = N(get_ipython=lambda: N(kernel=None), version_info=(9,))\n"
        "from unrolled.models.progress import watched\n"
        "with watched(0, 3) as (numbers, note): print([*numbers])"
    )
    for value, barred in (("1", False), ("", True)):
        unset.setenv("TQDM_DISABLE", value)
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert run.stdout == "[0, 1, 2]\n" and ("/3 [" in run.stderr) == barred


def test_an_interruption_waits_for_the_end_of_the_step():
    steps = []
    for step in go_through(steps=5):
        steps.append(step)
        if step == 1:
            signal.raise_signal(signal.SIGINT)
    assert steps == [0, 1]
    with pytest.raises(KeyboardInterrupt):  # and afterwards it is what it was
        signal.raise_signal(signal.SIGINT)
