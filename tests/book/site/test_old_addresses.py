"""A link that once led to a section still leads to it, or to the sentence that leads on."""

from pathlib import Path

import pytest
import yaml

ADDRESSES = [
    line.split("#") for line in Path(__file__).with_name("old_addresses.txt").read_text().split()
]


@pytest.mark.parametrize("page", dict.fromkeys(page for page, _ in ADDRESSES))
def test_sections_that_moved_left_an_address(page, site, parse):
    tree = parse(site / page)
    if moved := tree.find("a", id="moved"):
        tree = parse((site / page).parent / moved["href"])
    lost = [name for where, name in ADDRESSES if where == page and tree.find(id=name) is None]
    assert not lost, f'{page} needs <span id="{lost[0]}"></span>, and so for {lost[1:]}'


def test_pages_that_moved_lead_on(root, site, parse):
    settings = yaml.safe_load((root / "_config.yml").read_text("utf-8"))["sphinx"]["config"]
    for old, new in settings["moved_pages"].items():
        tree = parse(site / f"{old}.html")
        (link,) = tree.find_all("a")
        way = link["href"]
        assert (site / old).parent.joinpath(way).resolve() == (site / f"{new}.html").resolve()
        assert f'"{way}" + location.search + location.hash' in tree.script.text
        assert tree.noscript.meta["content"] == f"0; url={way}"
        there = parse(site / f"{new}.html")
        canonical = [page.find("link", rel="canonical")["href"] for page in (tree, there)]
        assert canonical[0] == canonical[1]
