"""What the tests of the built site share, in `site/` and in `browser/`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from collect_equations import pages

from processes import turn

# The kernels in which nbval runs the notebooks inherit it, as those of tools/pages.py do
os.environ.setdefault("TQDM_DISABLE", "1")


@pytest.fixture(scope="session")
def root(pytestconfig) -> Path:
    """The repository."""
    return pytestconfig.rootpath


@pytest.fixture(scope="session")
def site(root) -> Iterator[Path]:
    """The folder of the built site, which nobody builds anew while tests look at it."""
    folder = root / "_build" / "html"
    with turn(shared=True):
        if not (folder / "index.html").exists():
            pytest.fail(f"there is no site in {folder}: run `make book` first", pytrace=False)
        yield folder


@pytest.fixture(scope="module")
def html(site, book_page) -> Path:
    """The file built from a page."""
    path = site / book_page.path.with_suffix(".html")
    if not path.exists():
        pytest.fail(f"{book_page.path} was not built: run `make book`", pytrace=False)
    return path


def pytest_generate_tests(metafunc):
    """A test that takes `book_page` or its `html` runs once for each page of the contents."""
    if "book_page" in metafunc.fixturenames:
        book = pages(metafunc.config.rootpath)
        names = [str(page.path) for page in book]
        metafunc.parametrize("book_page", book, ids=names, scope="module")
