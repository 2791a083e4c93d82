"""A plugin of pytest: what nbval runs is kept, so that the site need not run it again.

Each notebook whose cells all pass is written with its outputs below `RESULTS`, from where
`pages.execute` takes it. The two notebooks beside a page have the page's cells between them.
"""

import pytest
from nbformat import write
from nbval.plugin import IPyNbCell

from pages import RESULTS, clear_results
from processes import turn

failed = pytest.StashKey[bool]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Results of an earlier run are removed, and the cache of another package as well."""
    if not hasattr(session.config, "workerinput"):  # before the workers start
        with turn():
            clear_results()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Remember that a cell of its notebook did not pass."""
    report = yield
    if not report.passed:
        item.parent.stash[failed] = True
    return report


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Keep what the cell printed; after the last cell, write the notebook."""
    if not isinstance(item, IPyNbCell):
        return
    item.cell.outputs, item.test_outputs = item.test_outputs, []
    page = item.parent
    if (nextitem is None or nextitem.parent is not page) and not page.stash.get(failed, False):
        path = RESULTS / page.path.relative_to(page.config.rootpath)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(page.nb, path)
