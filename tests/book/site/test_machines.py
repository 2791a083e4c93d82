"""What the built site tells search engines, link previews, language models and citations."""

import json
import re
import struct
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import yaml


@pytest.fixture(scope="session")
def home(root) -> str:
    return yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))["url"]


def content(tree, name):
    (tag,) = tree.find_all("meta", attrs={"property": name}) or tree.find_all(
        "meta", {"name": name}
    )
    return tag["content"]


def test_page_gives_its_address_title_and_description(html, parse, site, home):
    tree = parse(html)
    address = home + html.relative_to(site).as_posix()
    assert tree.find("link", rel="canonical")["href"] == address
    assert content(tree, "og:url") == address
    title = tree.select_one("article h1").get_text().removesuffix("#")
    assert content(tree, "og:title") == title.strip()
    about = content(tree, "description")
    assert content(tree, "og:description") == about
    assert 20 <= len(about) <= 200 and "<" not in about, about


def test_page_has_a_picture_of_the_promised_size(html, parse, site, home):
    tree = parse(html)
    path = site / content(tree, "og:image").removeprefix(home)
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    size = struct.unpack(">II", head[16:24])
    assert size == (1200, 630)
    assert size == (int(content(tree, "og:image:width")), int(content(tree, "og:image:height")))


def test_page_carries_what_its_citation_needs(html, parse, root):
    cff = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))
    data = json.loads(parse(html).find("script", id="citation").string)
    assert data["book"] == cff["title"] and data["version"] == cff["version"]
    assert data["author"] == cff["authors"][0]["name"]
    assert data["address"] == parse(html).find("link", rel="canonical")["href"]


def test_a_depth_shows_the_picture_of_its_chapter(site, parse):
    chapter = parse(site / "book/training/bptt.html")
    depth = parse(site / "book/training/bptt-index-form.html")
    other = parse(site / "book/gates/gru.html")
    pictures = [content(tree, "og:image") for tree in (chapter, depth, other)]
    assert pictures[0] == pictures[1] != pictures[2]


def test_the_sitemap_lists_every_page_once(root, site, home):
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    tree = ElementTree.parse(site / "sitemap.xml")
    listed = [loc.text for loc in tree.iterfind("s:url/s:loc", names)]
    built = {home + path.relative_to(site).as_posix() for path in (site / "book").rglob("*.html")}
    settings = yaml.safe_load((root / "_config.yml").read_text("utf-8"))["sphinx"]["config"]
    built -= {f"{home}{old}.html" for old in settings["moved_pages"]}  # they only lead on
    assert len(listed) == len(set(listed)) and set(listed) == built
    for date in tree.iterfind("s:url/s:lastmod", names):
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", date.text)
    assert f"Sitemap: {home}sitemap.xml" in (site / "robots.txt").read_text("utf-8")


def test_llms_txt_has_a_line_for_each_page_in_the_order_of_the_contents(site, home, parse):
    text = (site / "llms.txt").read_text("utf-8")
    assert text.startswith("# Unrolled") and "\n> " in text
    lines = re.findall(r"^- \[(.+)\]\((\S+)\): (.+)$", text, re.MULTILINE)
    assert len(lines) == text.count("\n- "), "a page without a description"
    contents = parse(site / "book/index.html").select("nav.bd-docs-nav a.reference.internal")
    order = [a["href"].removeprefix("#") for a in contents if a["href"] != "#"]
    listed = [address for _, address, _ in lines]
    assert listed[0] == f"{home}book/index.html"
    assert listed[1:] == [f"{home}book/{href}" for href in order]


def test_the_missing_page_depends_on_no_depth(site, parse, home):
    tree = parse(site / "404.html")
    assert not tree.find_all(src=True) and not tree.find_all("link")
    prefix = urlsplit(home).path
    links = [a["href"] for a in tree.find_all("a")]
    assert links and all(link.startswith(prefix) for link in links)
    assert all((site / link.removeprefix(prefix)).is_file() for link in links)
