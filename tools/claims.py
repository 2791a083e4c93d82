"""Run the tests of the book's sentences, slow ones too, and note when each was seen to hold.

`python tools claims --find "a few words"` only says where they are claimed. What else is given on
the command line goes to pytest: `python tools claims -k parity`.
"""

import json
import sys
from datetime import date
from pathlib import Path

import pytest
from collect_claims import CLAIMS, SEEN, Claim, claim_files, last_seen


class Watch:
    """A pytest plugin: the seconds of each test over all its parameters, and which failed."""

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report) -> None:
        path, _, name = report.nodeid.partition("::")
        key = f"{Path(path).name}::{name.partition('[')[0]}"
        self.seconds[key] = self.seconds.get(key, 0.0) + report.duration
        if not report.passed:
            self.failed.add(key)


def note(root: Path, watch: Watch) -> dict[str, dict]:
    """Write the tests that held into the file; one that is gone leaves it, a failed one stays."""
    claims = [claim for file in claim_files(root) for claim in file.claims]
    seen, entries = last_seen(root), {}
    for claim in sorted(claims, key=lambda claim: claim.key):
        if claim.key in watch.seconds.keys() - watch.failed:
            seconds = round(watch.seconds[claim.key], 1)
            entry = {"date": str(date.today()), "seconds": seconds, "digest": claim.digest}
            entries[claim.key] = entry
        elif claim.key in seen:
            entries[claim.key] = seen[claim.key]
    lines = [f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in entries.items()]
    (root / SEEN).write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    return entries


def table(claims: list[Claim], entries: dict[str, dict]) -> str:
    """A line for each test: when it was last seen to hold, how long it took."""
    width = max((len(claim.key) for claim in claims), default=0)
    lines = [f"{'claim':{width}}  last seen to hold"]
    for claim in claims:
        entry = entries.get(claim.key)
        when = f"{entry['date']}, {entry['seconds']:.1f} s" if entry else "never"
        changed = " (changed since)" if entry and entry["digest"] != claim.digest else ""
        lines.append(f"{claim.key:{width}}  {when}{changed}")
    return "\n".join(lines)


def find(claims: list[Claim], words: str) -> list[str]:
    """Where sentences with these words are claimed; white space and case do not matter."""

    def folded(text: str) -> str:
        return " ".join(text.split()).lower()

    return [
        f"{claim.path}:{claim.first_line}: {sentence}"
        for claim in claims
        for sentence in claim.sentences
        if folded(words) in folded(sentence)
    ]


def main() -> None:
    if sys.argv[2:3] == ["--find"]:
        claims = [claim for file in claim_files(Path.cwd()) for claim in file.claims]
        print("\n".join(find(claims, " ".join(sys.argv[3:]))) or "No test claims it.")
        return
    watch = Watch()
    code = pytest.main([str(CLAIMS), "-m", "", *sys.argv[2:]], plugins=[watch])
    root = Path.cwd()
    entries = note(root, watch)
    print(table([claim for file in claim_files(root) for claim in file.claims], entries))
    sys.exit(code)
