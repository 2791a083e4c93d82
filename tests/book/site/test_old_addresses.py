"""A link that once led to a section still leads to it, or to the sentence that leads on."""

from pathlib import Path

import pytest

ADDRESSES = [
    line.split("#") for line in Path(__file__).with_name("old_addresses.txt").read_text().split()
]


@pytest.mark.parametrize("page", dict.fromkeys(page for page, _ in ADDRESSES))
def test_sections_that_moved_left_an_address(page, site, parse):
    tree = parse(site / page)
    lost = [name for where, name in ADDRESSES if where == page and tree.find(id=name) is None]
    assert not lost, f'{page} needs <span id="{lost[0]}"></span>, and so for {lost[1:]}'
