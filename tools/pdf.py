"""Print the built site as a book: _build/pdf/unrolled.pdf, and a PDF for each chapter."""

import os
import sys
import time
import tomllib
from datetime import date
from pathlib import Path

import yaml
from playwright.sync_api import Browser, sync_playwright

import chromium
from paper import bind, press
from paper.leaf import read
from processes import turn

SITE = Path("_build/html")
FOLDER = Path("_build/pdf")
STYLE = Path(__file__).with_name("paper") / "paper.css"
SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def facts() -> dict[str, str]:
    """What the title page says."""
    cited = yaml.safe_load(Path("CITATION.cff").read_text("utf-8"))
    version = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]["version"]
    return {
        "title": cited["title"],
        "authors": ", ".join(author["name"] for author in cited["authors"]),
        "address": cited["url"],
        "version": version,
        "date": f"{date.today():%-d %B %Y}",
        "site": SITE.resolve().as_uri(),
        "style": STYLE.resolve().as_uri(),
    }


def main() -> None:
    if chromium.find() is None:
        sys.exit(chromium.ADVICE)
    with turn(shared=True), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=[*SWITCHES])
        make(browser, os.environ.get("CHAPTER", ""))
        browser.close()


def make(browser: Browser, only: str = "") -> None:
    """All PDFs, or that of one chapter by its name in the address, such as bptt."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    plan = bind.plan(yaml.safe_load(Path("_toc.yml").read_text("utf-8")))
    if only and only not in plan:
        sys.exit(f"There is no chapter {only}; there are {', '.join(plan)}")
    known = facts()
    if not only:
        parts = [bind.chapter(SITE, *place) for place in plan.values()]
        _print(browser, "unrolled", bind.book(parts, read(SITE, bind.FRONT), known))
    for name, (part, paths) in plan.items():
        if name == only or (not only and part.get("numbered", True)):
            works = read(SITE, "book/reference/bibliography.html")
            document = bind.one_chapter(bind.chapter(SITE, part, paths), works, known)
            _print(browser, name, document)


def _print(browser: Browser, name: str, document: str) -> None:
    start = time.monotonic()
    page, target = FOLDER / f"{name}.html", FOLDER / f"{name}.pdf"
    page.write_text(document, "utf-8")
    press.press(browser, page, target, facts()["authors"])
    page.unlink()
    size = target.stat().st_size / 1e6
    print(f"{target}: {size:.1f} MB, {time.monotonic() - start:.0f} s", flush=True)
