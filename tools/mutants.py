"""Change the package at one place at a time, and see whether the tests of the module notice.

`make mutants` draws 400 such mutants (tools/mutants.toml says from what), runs the module's own
tests on each, and prints the share that died and those that survived. A survivor whose reason
stands in tools/mutants-survivors.txt is accepted; it counts as a survivor all the same. A mutant
takes about two seconds of the processor, all of them a quarter of an hour on two quiet cores.

What a mutant came to is kept in _build/mutants and taken from there as long as module and tests
are the same, so a run that was stopped goes on. `python tools mutants 60 models/` tries the first
60, of these modules alone; `WORKERS=1` makes it use one process instead of one for each core.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from functools import cache
from multiprocessing import get_context
from pathlib import Path, PurePath

from mutant_trials import Outcome, Trials

PACKAGE, TESTS = Path("code/unrolled"), Path("tests/unrolled")
CONFIG = Path("tools/mutants.toml")
SURVIVORS = Path("tools/mutants-survivors.txt")
REQUIREMENTS = Path("tools/mutants-requirements.txt")
STORE = Path("_build/mutants")


def provide_cosmic_ray() -> None:
    """Install the tool beside the environment, which does without it otherwise."""
    folder = STORE / hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:8]
    if not folder.exists():
        print(f"Installing cosmic-ray into {folder}", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        with tempfile.TemporaryDirectory(dir=_made(STORE)) as new:
            command = [*pip, "--target", f"{new}/tool", "-r", str(REQUIREMENTS)]
            if subprocess.run(command).returncode != 0:
                sys.exit("cosmic-ray did not install: the cause is in pip's lines above.")
            Path(new, "tool").rename(folder)
    sys.path.append(str(folder.resolve()))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sources(left_out: list[str]) -> dict[str, str]:
    """Path below the package -> text, of the modules that are drawn from."""

    def is_drawn(path: PurePath) -> bool:
        return not any(path.match(pattern.removeprefix("**/")) for pattern in left_out)

    paths = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    return {str(p): (PACKAGE / p).read_text("utf-8") for p in paths if is_drawn(p)}


def tests_of(path: str, also: dict[str, list[str]]) -> list[str]:
    """The files of a module's own tests."""
    module = Path(path)
    own = [TESTS / module.with_name(f"test_{module.name}")]
    own += [TESTS / shared for shared, modules in also.items() if path in modules]
    return [str(name) for name in dict.fromkeys(own)]


class Kept:
    """Outcomes of earlier runs, which hold for the very same mutant and the very same tests."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self.found = {key: Outcome(*rest) for key, *rest in map(json.loads, lines)}

    @staticmethod
    def key(source: str, tests: list[str]) -> str:
        texts = [source, *(Path(name).read_text("utf-8") for name in tests)]
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()

    def add(self, key: str, outcome: Outcome) -> None:
        self.found[key] = outcome
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, outcome.died, outcome.seconds, outcome.said]) + "\n")


def reasons(text: str) -> dict[str, str]:
    """Mutant -> why it may live: a line for the mutant, and below it, indented, the reason."""
    found, mutant = {}, ""
    for line in text.splitlines():
        if line.startswith(" "):
            if not mutant:
                raise ValueError(f"no mutant above the reason {line.strip()!r}")
            found[mutant] = f"{found[mutant]} {line.strip()}".strip()
        elif line and not line.startswith("#"):
            mutant = line
            found[mutant] = ""
    return found


# In a worker: one copy of the tree, and how long the tests of a module take without a mutant
_trials: Trials


def _start(folder: str, config: dict) -> None:
    global _trials
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the first process to say when to stop
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and a worker ends its child before
    _trials = Trials(Path(tempfile.mkdtemp(dir=folder)), config["warm"], config["memory"])


@cache
def _usual(test: str) -> float:
    outcome = _trials.run([test])
    if outcome.died:
        raise RuntimeError(f"without a mutant {test} fails: {outcome.said}")
    return outcome.seconds


def _try(job: tuple) -> tuple[int, Outcome]:
    number, path, source, tests, (times, plus) = job
    seconds = times * sum(map(_usual, tests)) + plus
    return number, _trials.try_mutant(path, source, tests, seconds)


def try_all(mutants: list, config: dict) -> Iterator[tuple]:
    """(mutant, outcome) for all, those that are known first."""
    kept = Kept(_made(STORE) / "outcomes.jsonl")
    tests = [tests_of(mutant.path, config["also"]) for mutant in mutants]
    keys = [kept.key(m.source, own) for m, own in zip(mutants, tests, strict=True)]
    jobs = []
    for n, mutant in enumerate(mutants):
        if keys[n] in kept.found:
            yield mutant, kept.found[keys[n]]
        else:
            jobs.append((n, mutant.path, mutant.source, tests[n], config["cpu"]))
    workers = min(int(os.environ.get("WORKERS") or os.cpu_count() or 1), len(jobs))
    if not jobs:
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        get_context("fork").Pool(workers, _start, (folder, config)) as pool,
    ):
        for n, outcome in pool.imap_unordered(_try, sorted(jobs, key=lambda job: job[1])):
            kept.add(keys[n], outcome)
            yield mutants[n], outcome


def report(outcomes: dict, accepted: dict[str, str], kept: float) -> bool:
    """Print the share that died and who survived; whether it is enough."""
    survivors = sorted(f"{m.path} {m.name}" for m, outcome in outcomes.items() if not outcome.died)
    for known in (True, False):
        lines = [line for line in survivors if (line in accepted) is known]
        if lines:
            print(f"\nSurvived, {'for a reason' if known else 'and no reason is known'}:")
        for line in lines:
            print(line + (f"\n    {accepted[line]}" if known else ""))
    died = len(outcomes) - len(survivors)
    share, seconds = died / len(outcomes), sum(o.seconds for o in outcomes.values())
    print(f"\n{died} of {len(outcomes)} mutants died: {share:.1%}", end="")
    print(f" ({seconds / len(outcomes):.1f} seconds of the processor for each)")
    return share >= kept and all(line in accepted for line in survivors)


def configuration() -> dict:
    """What tools/mutants.toml says."""
    return tomllib.loads(CONFIG.read_text("utf-8"))


def main() -> None:
    config = configuration()
    provide_cosmic_ray()
    from mutations import draw_mutants  # needs cosmic-ray

    only = next((word for word in sys.argv[2:] if not word.isdigit()), "")
    number = next((int(word) for word in sys.argv[2:] if word.isdigit()), config["number"])
    mutants = draw_mutants(sources(config["left_out"]), config)[:number]
    mutants = [mutant for mutant in mutants if mutant.path.startswith(only)]
    if not mutants:
        sys.exit(f"Among the first {number} mutants none is in {only}.")
    outcomes = {}
    try:
        for mutant, outcome in try_all(mutants, config):
            outcomes[mutant] = outcome
            how = "died    " if outcome.died else "SURVIVED"
            print(f"{len(outcomes):3} {how} {mutant.path} {mutant.name}", flush=True)
    except RuntimeError as error:  # the tests of a module fail as it is
        sys.exit(str(error))
    sys.exit(not report(outcomes, reasons(SURVIVORS.read_text("utf-8")), config["kept"]))
