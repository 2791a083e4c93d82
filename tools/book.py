"""Build the book: execute what changed, then make the site in _build/html."""

import shutil
import sys
from pathlib import Path

import search_index
from pages import BUILD, DOCTREES, execute, forget_if_changed, pages
from processes import TERMINAL_COLOURS, run, turn

UNFINISHED = BUILD / ".unfinished"  # there while a build runs, and after one that failed


def build_site() -> bool:
    """Run jupyter-book with every warning an error; whether there was none."""
    # Sphinx sees no change in these: sidebars, the local extensions' marks, the look would go stale
    folders = [Path("book") / name for name in ("_ext", "_static", "_templates")]
    inside = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    unseen = [Path("_toc.yml"), *(path for path in inside if path.suffix != ".pyc")]
    forget_if_changed("site", unseen, DOCTREES, BUILD / "html")
    if UNFINISHED.exists():  # pages that gave a warning are not read again, and would pass
        shutil.rmtree(DOCTREES, ignore_errors=True)
    UNFINISHED.touch()
    print(f"Building the site of {len(pages())} pages", flush=True)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", "."]
    if run([*command, "-W", "--keep-going", "-n"], hear=show_progress) != 0:
        return False
    UNFINISHED.unlink()
    return True


def show_progress(coloured: str) -> None:
    line = TERMINAL_COLOURS.sub("", coloured)
    if line.startswith(("reading sources", "writing output")) and "%" in line:
        print(line, end="", flush=True)


def main() -> None:
    with turn():
        if not execute():
            sys.exit("The site was not built: mend the page(s) above and run `make book` again.")
        if not build_site():
            sys.exit("The site has faults: mend what is said above and run `make book` again.")
        search_index.write()
    print(f"The book is built: open {BUILD / 'html' / 'index.html'} in a browser.")
