"""The mark at each numbered equation: there, true, and leading to the right check."""

import re
from urllib.parse import unquote, urlsplit

import pytest
from collect_equations import check_files


@pytest.fixture(scope="module")
def checks(root) -> dict:
    return {check.label: check for file in check_files(root) for check in file.checks}


def numbered(article) -> list:
    return [number.find_parent("div", class_="math") for number in article.select("span.eqno")]


def test_the_site_numbers_the_equations_that_the_tests_count(book_page, article):
    built = [equation["id"] for equation in numbered(article)]
    assert built == [f"equation-{equation.label}" for equation in book_page.equations]


def test_each_numbered_equation_has_its_mark(html, article, parse, checks):
    for equation in numbered(article):
        label = equation["id"].removeprefix("equation-")
        mark = equation.find_next_sibling()
        assert mark and "equation-mark" in mark.get("class", []), f"{label} has no mark"
        assert stated_tolerance(mark) == pytest.approx(checks[label].tolerance, abs=0)
        link = urlsplit(mark.a["href"])
        assert link.fragment == f"check-{label}"
        entry = parse((html.parent / unquote(link.path)).resolve()).find(id=link.fragment)
        assert entry and f"def {checks[label].name}(" in entry.get_text(), label


def stated_tolerance(mark) -> float:
    text = mark.get_text().replace("−", "-")
    factor, exponent = re.search(r"checked to (?:([\d.]+)·)?10(-\d+)", text).groups()
    return float(factor or 1) * 10.0 ** int(exponent)
