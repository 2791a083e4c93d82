"""Find the browser that `make browser` drives, or say where to get it."""

import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = ("Google Chrome", "Chromium")  # macOS, where they are not on the PATH
ADVICE = """\
`make browser` looks at the site in Chromium or Chrome, and this machine has neither.
Debian: apt install chromium; Ubuntu: snap install chromium; Fedora: dnf install chromium;
macOS: brew install --cask google-chrome. Then run the same command again."""


def find() -> str | None:
    """The program's path."""
    places = [
        str(folder / f"{name}.app/Contents/MacOS/{name}")
        for folder in (Path("/Applications"), Path.home() / "Applications")
        for name in APPLICATIONS
    ]
    return next(filter(None, map(shutil.which, [*NAMES, *places])), None)


def main() -> None:
    if find() is None:
        sys.exit(ADVICE)
