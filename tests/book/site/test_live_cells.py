"""What “Run here” reads: every cell of the page, in the page's order, and where Binder is asked."""

import json
from urllib.parse import urlsplit


def test_the_cells_that_run_are_those_of_the_page(book_page, html, article, root, address):
    written = (root / book_page.path).read_text("utf-8").count("\n```{code-cell}")
    listed = html.with_suffix(".cells.json")
    assert listed.exists() == bool(written)
    if not written:
        return
    data = json.loads(listed.read_text("utf-8"))
    assert len(data["cells"]) == written
    shown = [cell["source"].strip() for cell in data["cells"] if not cell["hidden"]]
    assert shown == [box.pre.get_text().strip() for box in article.select(".cell .cell_input")]
    name = urlsplit(address["url"]).path.strip("/")
    assert data["binder"] == f"https://mybinder.org/build/gh/{name}/{address['branch']}"
    assert (root / data["notebook"]).exists()
