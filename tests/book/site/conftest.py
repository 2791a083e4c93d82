"""The built pages, each parsed once."""

from functools import cache
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup, Tag


@pytest.fixture(scope="session")
def address(root) -> dict:
    """`url` and `branch` of the repository, from the one place that knows them."""
    return yaml.safe_load((root / "_config.yml").read_text("utf-8"))["repository"]


@pytest.fixture(scope="session")
def parse():
    """parse(path) -> the HTML file's tree."""

    @cache
    def parsed(path: Path) -> BeautifulSoup:
        return BeautifulSoup(path.read_text("utf-8"), "html.parser")

    return parsed


@pytest.fixture
def article(html, parse) -> Tag:
    """A page's own content, without the theme's bars around it."""
    return parse(html).find("article")
