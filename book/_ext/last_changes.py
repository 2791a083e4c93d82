"""When each page last changed, from git. A copy of the book without git has no dates."""

import re
import subprocess
from pathlib import Path

DATE = re.compile(r"\d{4}-\d\d-\d\d")


def last_changes(root: Path) -> dict[str, str]:
    """File -> date (2026-11-30) of the last commit that changed it, for the files of the book."""
    # A shallow clone would name its one commit for every file
    if git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        return {}
    log = git(root, "-c", "core.quotePath=false", "log", "--relative", "--name-only",
              "--date=short", "--format=%cd", "--", "book")  # fmt: skip
    dates, date = {}, ""
    for line in log.splitlines():
        if DATE.fullmatch(line):
            date = line
        elif line:
            dates.setdefault(line, date)  # the newest comes first
    return dates


def git(root: Path, *command: str) -> str:
    """What git says; nothing where there is no git, or no repository."""
    try:
        return subprocess.run(
            ["git", *command], cwd=root, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
