"""The tool behind `make mutants`: what it draws, what it runs, what it says."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import mutants
from mutant_trials import Outcome

ROOT = Path(__file__).parents[2]
DIED, SURVIVED = Outcome(True, 2.0, "FAILED"), Outcome(False, 4.0, "1 passed")

TRIALS = """\
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from mutant_trials import Trials
trials = Trials(Path("away"), ["math"], memory=4)
tests = ["tests/unrolled/test_a.py"]
original = Path("code/unrolled/a.py").read_text()
print(trials.run(tests).died)
for old, new in (("+ 1", "- 1"), ("0.0", "0.5"), ("1  # once", "0  # once"), ("+ 1", "- 1 (")):
    outcome = trials.try_mutant("a.py", original.replace(old, new), tests, seconds=1)
    print(outcome.died, outcome.said)
print(trials.run(tests).died)
"""
MODULE = """\
def f(x):
    while x < 0:
        x += 1  # once
    return x + 1 if x else 0.0
"""
TEST = """\
from unrolled.a import f


def test_f():
    assert f(2) == 3 and f(-1) in (0, 0.5)
"""


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A package of one module, and all that the tool takes for granted."""
    monkeypatch.chdir(tmp_path)
    for name in ("code/unrolled", "tests/unrolled", "tools", "book/_ext", "away"):
        Path(name).mkdir(parents=True)
    Path("code/unrolled/__init__.py").touch()
    Path("code/unrolled/a.py").write_text(MODULE)
    Path("tests/conftest.py").touch()
    Path("tests/unrolled/test_a.py").write_text(TEST)
    Path("pyproject.toml").touch()


def test_mutants_die_by_a_failed_test_a_broken_module_or_their_time(small):
    """In a process of its own, since it forks; afterwards all is as it was, in the copy too."""
    command = [sys.executable, "-c", TRIALS, str(ROOT / "tools")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    good, worse, other, endless, broken, again = result.stdout.splitlines()
    assert good == again == "False"
    assert worse.startswith("True FAILED tests/unrolled/test_a.py::test_f")
    assert other.startswith("False 1 passed")
    assert endless in ("True ended by SIGXCPU", "True ended by SIGKILL")
    assert broken.startswith("True ERROR tests/unrolled/test_a.py")
    assert Path("code/unrolled/a.py").read_text() == MODULE
    assert sorted(path.name for path in Path("code/unrolled").iterdir()) == ["__init__.py", "a.py"]


def test_a_module_s_own_tests_and_those_of_a_shared_promise():
    also = {"layers/test_layer_contract.py": ["layers/fast/gru.py", "layers/layer_contract.py"]}
    contract = "tests/unrolled/layers/test_layer_contract.py"
    assert mutants.tests_of("layers/ctc.py", also) == ["tests/unrolled/layers/test_ctc.py"]
    fast = ["tests/unrolled/layers/fast/test_gru.py", contract]
    assert mutants.tests_of("layers/fast/gru.py", also) == fast
    assert mutants.tests_of("layers/layer_contract.py", also) == [contract]


def test_every_module_that_is_drawn_from_has_tests():
    config = mutants.configuration()
    drawn = mutants.sources(config["left_out"])
    assert len(drawn) > 50 and not any(path.endswith("__init__.py") for path in drawn)
    assert "figures/source.py" in drawn and "figures/plot.py" not in drawn
    for path in drawn:
        assert all(Path(test).is_file() for test in mutants.tests_of(path, config["also"])), path
    for modules in config["also"].values():
        assert set(modules) <= set(drawn)


def test_reasons_are_read():
    text = "# note\n\na.py f: x = 1  =>  x = 2\n    equal: it is\n    doubled\nb.py g: y\n    z\n"
    assert mutants.reasons(text) == {
        "a.py f: x = 1  =>  x = 2": "equal: it is doubled",
        "b.py g: y": "z",
    }
    with pytest.raises(ValueError, match="no mutant above the reason"):
        mutants.reasons("    for what?\n")


def test_every_survivor_on_file_has_a_reason_and_its_line_is_still_there():
    drawn = mutants.sources(mutants.configuration()["left_out"])
    for mutant, reason in mutants.reasons(mutants.SURVIVORS.read_text("utf-8")).items():
        path, _, rest = mutant.partition(" ")
        line = rest.partition(": ")[2].partition("  =>  ")[0]
        assert len(reason.split()) > 2, mutant
        assert line in " ".join(drawn[path].split()), f"{mutant}: no such line any more"


class Named:
    def __init__(self, name):
        self.path, self.name = "a.py", name


def test_what_is_reported(capsys):
    outcomes = {Named("one"): DIED, Named("two"): SURVIVED, Named("three"): DIED}
    assert mutants.report(outcomes, {"a.py two": "no effect"}, 0.6)
    said = capsys.readouterr().out
    assert "Survived, for a reason:\na.py two\n    no effect" in said
    assert "2 of 3 mutants died: 66.7% (2.7 seconds of the processor for each)" in said
    assert not mutants.report(outcomes, {"a.py two": "no effect"}, 0.7)  # not enough
    capsys.readouterr()
    assert not mutants.report(outcomes, {}, 0.6)  # a survivor that nobody has looked at
    assert "Survived, and no reason is known:\na.py two\n" in capsys.readouterr().out


def test_outcomes_are_kept_for_the_same_mutant_and_the_same_tests(small):
    kept = mutants.Kept(Path("outcomes.jsonl"))
    tests = ["tests/unrolled/test_a.py"]
    key = kept.key("mutant", tests)
    kept.add(key, DIED)
    again = mutants.Kept(Path("outcomes.jsonl"))
    assert again.found == {key: DIED} and again.found != {key: replace(DIED, died=False)}
    assert kept.key("another", tests) != key == kept.key("mutant", tests)
    Path(tests[0]).write_text(TEST + "# changed\n")
    assert kept.key("mutant", tests) != key


@pytest.fixture
def draw():
    """draw(source, number): the names of the mutants of a module, as the configuration says."""
    sys.path += map(str, mutants.STORE.glob("*/"))
    pytest.importorskip(
        "cosmic_ray", reason="`make mutants` installs cosmic-ray when it first runs"
    )
    from mutations import draw_mutants

    config = mutants.configuration()
    return lambda source, number=999, **other: [
        mutant.name
        for mutant in draw_mutants({"a.py": source}, config | other | {"number": number})
    ]


SOURCE = '''\
def f(x: int | None = 3, *, W) -> int | None:
    """Add 5 to 2."""
    y: float | None = 0.25
    return x @ W.T + y if x == 0 else -x
'''


def test_what_can_be_changed(draw):
    changed = [name.split("  =>  ") for name in draw(SOURCE)]
    lines = {old for old, _ in changed}
    assert all(old != new for old, new in changed)
    assert lines == {
        "f: def f(x: int | None = 3, *, W) -> int | None:",
        "f: y: float | None = 0.25",
        "f: return x @ W.T + y if x == 0 else -x",
    }
    new = {new for _, new in changed}
    assert "return x @ W + y if x == 0 else -x" in new
    assert new & {"y: float | None = 0.5", "y: float | None = 0.125"}
    assert not any("&" in line for line in new)  # type hints are left alone
    assert len(changed) == 7  # 3, 0.25, the transpose, the sum, ==, 0, the minus, one each


def test_the_draw_is_the_same_wherever_a_line_stands(draw):
    names = draw(SOURCE)
    assert set(names) < set(draw("a = 1 - 2\n\n\n" + SOURCE))
    changed = draw(SOURCE.replace("0.25", "0.75"))
    assert len(set(names) - set(changed)) == len(set(changed) - set(names)) == 1
    assert draw(SOURCE, 2) == names[:2] and draw(SOURCE, seed="another") != names
