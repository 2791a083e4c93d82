"""Every page of the built site, by itself: nothing broken, nothing foreign, nothing heavy."""

import re
from collections import Counter
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

MOST_BYTES = 500_000


def test_no_cell_shows_an_error_or_a_warning(article):
    bad = article.select(".output.traceback, .output.stderr, .system-message, .problematic")
    assert not bad, [element.get_text()[:300] for element in bad]


def test_every_picture_says_what_is_there(article):
    for image in article.find_all("img"):
        alt = image.get("alt", "").strip()
        assert alt, f"{image['src']} has no alternative text (mystnb: image: {{alt: …}})"
        assert "_images/" not in alt, f"{image['src']} has its file name for alternative text"


def test_every_figure_has_a_numbered_caption(article):
    for figure in article.find_all("figure"):
        if "coloured" in figure["class"]:  # text in colours stands in the text's flow, unnumbered
            assert figure.figcaption.get_text(strip=True), str(figure)[:300]
            continue
        number = figure.select_one("figcaption .caption-number")
        text = figure.select_one("figcaption .caption-text")
        assert number and text and text.get_text(strip=True), str(figure)[:300]


def test_every_plot_is_a_figure(article):
    for image in article.select(".cell_output img"):
        assert image.find_parent("figure"), f"{image['src']}: no caption (mystnb: figure: …)"


def test_solutions_are_collapsed(article):
    for solution in article.select("div.solution"):
        assert "dropdown" in solution["class"], f"#{solution['id']}: add `:class: dropdown`"


def test_no_id_stands_twice(html, parse):
    ids = Counter(element["id"] for element in parse(html).find_all(id=True))
    assert not [name for name, count in ids.items() if count > 1]


def test_everything_the_page_loads_comes_with_the_site(html, parse):
    tree = parse(html)
    loaded = [element["src"] for element in tree.find_all(src=True)]
    loaded += [
        element["href"]
        for element in tree.find_all("link", href=True)
        if not {"search", "index", "next", "prev", "author", "canonical"} & set(element["rel"])
    ]
    loaded += re.findall(r"url\(([^)]*)\)", " ".join(style.text for style in tree("style")))
    for address in loaded:
        assert not re.match(r"(https?:)?//", address), f"{address} comes from another host"
        path = unquote(urlsplit(address).path)
        assert address.startswith("data:") or (html.parent / path).exists(), address


def test_the_page_is_light(html, article):
    images = {(html.parent / unquote(image["src"])).resolve() for image in article("img")}
    sizes = {path.name: path.stat().st_size for path in [html, *images]}
    heaviest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    assert sum(sizes.values()) <= MOST_BYTES, heaviest


DOUBLED = re.compile(r",\s*[,;:]|;\s*[,;:.]|:\s*[,;:]|(?<!\.)\.\.(?!\.)|(?<=\w),\s*\.(?!\.)")


def test_no_punctuation_stands_twice(html):
    """In the page's own words: outside code and output, with each formula as one letter."""
    article = BeautifulSoup(html.read_text("utf-8"), "html.parser").find("article")
    for element in article.select("pre, code, .cell_output, script, sup.claim-mark"):
        element.replace_with("x")
    for formula in article.select(".math"):
        formula.replace_with("x")
    blocks = article.find_all(["p", "li", "td", "figcaption", "h1", "h2", "h3", "dd"])
    texts = [" ".join(block.get_text().split()) for block in blocks]
    found = [
        text[max(0, m.start() - 40) : m.end() + 20]
        for text in texts
        for m in DOUBLED.finditer(text)
    ]
    assert not found, found
