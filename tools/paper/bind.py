"""Bind pages of the site into one document: title, contents, parts, solutions, index."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from paper.leaf import HEADINGS, Leaf, key, read
from unrolled.figures import coloured_text

FRONT = "book/index.html"
# Made for a screen, and on the site: what the tests say, a list of functions, a list of exercises
LEFT_OUT = ("checks", "claims", "package", "exercises")
LAST = ("bibliography", "terms")  # these end the book, behind the solutions
AT = '<span class="at">000</span>'  # where the page will stand that a link leads to


@dataclass
class Chapter:
    """A page of the contents with the pages that stand below it."""

    leaves: list[Leaf]
    part: str

    @property
    def key(self) -> str:
        return self.leaves[0].key

    @property
    def title(self) -> str:
        return self.leaves[0].title


def plan(contents: dict) -> dict[str, tuple[dict, list[str]]]:
    """The chapters that go on paper, in the order of _toc.yml: part and pages of each."""
    found = {}
    for part in contents["parts"]:
        for entry in part["chapters"]:
            files = [entry["file"], *(below["file"] for below in entry.get("sections", ()))]
            paths = [str(Path(file).with_suffix(".html")) for file in files]
            if key(paths[0]) not in LEFT_OUT:
                found[key(paths[0])] = (part, paths)
    return found


def chapter(site: Path, part: dict, paths: list[str]) -> Chapter:
    return Chapter([read(site, path) for path in paths], part["caption"])


def order(parts: list[Chapter]) -> tuple[list[Chapter], list[Chapter]]:
    """The chapters before the solutions, and those behind them."""
    last = [chapter for chapter in parts if chapter.key in LAST]
    last.sort(key=lambda chapter: LAST.index(chapter.key))
    return [chapter for chapter in parts if chapter.key not in LAST], last


def set_levels(leaf: Leaf, shift: int) -> None:
    """A page's title becomes a heading as deep as its place in the book."""
    for heading in leaf.article.find_all(HEADINGS):
        heading.name = f"h{min(6, int(heading.name[1]) + shift)}"


def resolve(leaves: Iterable[Leaf], extra: set[str], address: str) -> None:
    """Links lead to places in this document, with their page; what it lacks is on the site."""
    leaves = list(leaves)
    places = {leaf.path: leaf for leaf in leaves}
    ids = {name for leaf in leaves for name in leaf.ids()} | extra
    for leaf in leaves:
        for part in (leaf.article, *leaf.solutions):
            for link in part.select("a[data-page]"):
                page, place = link.attrs.pop("data-page"), link.attrs.pop("data-place")
                target = f"{key(page)}--{place}".replace("/", "-") if place else f"{key(page)}"
                if page not in places:
                    link["href"] = f"{address}{page}" + (f"#{place}" if place else "")
                    continue
                link["href"] = f"#{target if target in ids else key(page)}"
                if page != leaf.path and wants_page(link) and not link.select_one(".at"):
                    link["class"] = [*link["class"], "page"]
                    link.append(BeautifulSoup(AT, "html.parser").span)


def shorten_index(leaf: Leaf) -> None:
    """The index of terms on paper: a word and its pages, in place of titles."""
    for entry in leaf.article.select("li:has(strong)"):
        _, *links = entry.select("a[data-page]")  # the first is the word itself, in the glossary
        nexts = [*(link["data-page"] for link in links[1:]), ""]
        places = [link for link, then in zip(links, nexts, strict=True)
                  if link["data-place"] or link["data-page"] != then]  # fmt: skip
        line = entry.p or entry
        strong = entry.strong.extract()
        line.clear()
        line.append(strong)
        for link in places:
            link.clear()
            link.append(BeautifulSoup(AT, "html.parser").span)
            link["class"] = [*link["class"], "bare"]
            line.append(link)
        entry["class"] = ["entry"]
    leaf.article["class"] = ["index"]
    leaf.article.find("p", recursive=False).decompose()  # of the search field


def wants_page(link: Tag) -> bool:
    """Whether a reader of paper would look it up: not every term and every work."""
    if "term" in link["class"] or link.select_one(".std-term"):
        return False
    marks = ("bibtex-citation", "claim-mark", "equation-mark")
    return not any(link.find_parent(class_=mark) for mark in marks)


def book(parts: list[Chapter], front: Leaf, facts: dict[str, str]) -> str:
    """The whole book as one document."""
    body, last = order(parts)
    leaves = [front, *(leaf for chapter in parts for leaf in chapter.leaves)]
    for leaf in leaves:
        if leaf.key == "terms":
            shorten_index(leaf)
    resolve(leaves, set(), facts["address"])
    inside, part = [_leaf(front, 0, "front")], ""
    for chapter in body:
        if chapter.part != part:
            part = chapter.part
            inside.append(f'<section class="part"><h1>{escape(part)}</h1></section>')
        inside += _chapter(chapter)
    inside.append('<section class="part"><h1>Appendix</h1></section>')
    inside.append(_solutions(body, "Answers and solutions", 2))
    for chapter in last:
        inside += _chapter(chapter)
    rules = [_running_heads(chapter.key, chapter.part, chapter.title) for chapter in parts]
    rules += [_running_heads("front", facts["title"], front.title)]
    rules += [_running_heads("solutions", "Appendix", "Answers and solutions")]
    return document(facts, inside, rules)


def one_chapter(chapter: Chapter, bibliography: Leaf, facts: dict[str, str]) -> str:
    """A chapter by itself, with its solutions and the works that it cites."""
    works = _cited(chapter, bibliography)
    resolve([*chapter.leaves, works], set(), facts["address"])
    inside = [*_chapter(chapter, 0), _solutions([chapter], "Answers and solutions", 1)]
    inside.append(_leaf(works, 0, "chapter"))
    rules = [_running_heads(chapter.key, chapter.part, chapter.title)]
    rules += [_running_heads("solutions", chapter.title, "Answers and solutions")]
    rules += [_running_heads(works.key, chapter.title, "Works cited")]
    return document(facts | {"chapter": chapter.title}, inside, rules)


def _cited(chapter: Chapter, bibliography: Leaf) -> Leaf:
    soup = BeautifulSoup(str(bibliography.article), "html.parser").section
    links = [link for leaf in chapter.leaves for link in leaf.article.select("a[data-page]")]
    links += [
        a for leaf in chapter.leaves for s in leaf.solutions for a in s.select("a[data-page]")
    ]
    cited = {
        f"{bibliography.key}--{link['data-place']}"
        for link in links
        if link["data-page"] == bibliography.path
    }
    for work in soup.select("div.citation"):
        if work["id"] not in cited:
            work.decompose()
    soup.find(HEADINGS).string = "Works cited"
    for line in soup.find_all("p", recursive=False):
        line.decompose()
    return Leaf(bibliography.path, soup)


def _chapter(chapter: Chapter, shift: int = 1) -> list[str]:
    first = chapter.leaves[0]
    made = []
    for leaf in chapter.leaves:
        depth = shift if leaf is first else shift + 1
        kind = "chapter" if leaf is first else "depth"
        made.append(_leaf(leaf, depth, kind, page=chapter.key))
    return made


def _leaf(leaf: Leaf, shift: int, kind: str, page: str = "") -> str:
    set_levels(leaf, shift)
    page = page or ("front" if kind == "front" else leaf.key)
    return f'<div id="{leaf.key}" class="leaf {kind}" style="page: {page}">{leaf.article}</div>'


def _solutions(parts: list[Chapter], title: str, level: int) -> str:
    made = [f'<h{level} id="solutions">{title}</h{level}>']
    for chapter in parts:
        boxes = [box for leaf in chapter.leaves for box in leaf.solutions]
        if boxes and len(parts) > 1:
            made.append(f"<h{level + 1}>{escape(chapter.title)}</h{level + 1}>")
        made += map(str, boxes)
    return f'<div class="leaf chapter" style="page: solutions">{"".join(made)}</div>'


def _running_heads(page: str, left: str, right: str) -> str:
    left, right = (text.replace('"', r"\"") for text in (left, right))
    return (
        f'@page {page}:left {{ @top-left {{ content: counter(page) "\\2003 {left}" }} }}\n'
        f'@page {page}:right {{ @top-right {{ content: "{right}\\2003 " counter(page) }} }}\n'
    )


def _title(facts: dict[str, str]) -> str:
    name, _, below = facts["title"].partition(": ")
    chapter = f'<p class="of">{escape(facts["chapter"])}</p>' if "chapter" in facts else ""
    return f"""<section class="title"><img src="{facts["site"]}/_static/logo.svg" alt="">
<p class="name">{escape(name)}</p><p class="below">{escape(below)}</p>{chapter}
<p class="who">{escape(facts["authors"])}</p>
<p class="what">Version {facts["version"]}, {facts["date"]}<br>
<a href="{facts["address"]}">{facts["address"]}</a><br>
Text under CC BY 4.0, code under MIT</p>
<div class="edition"><p>This edition has the numbers of the site, on which each chapter also runs.
Programs that only draw a figure or prepare a result are left out here, and can be unfolded there.
What the tests say of each equation and sentence marked ✓ stands there too.
Answers and solutions are at the end.</p>
<p>A reference to another section names its page. In a PDF it is also a link.</p></div></section>"""


def contents(inside: str, deepest: int) -> str:
    """A table of contents with page numbers, and an id for each heading that it names."""
    lines = []
    for level, attributes, text in re.findall(r"<h([1-6])([^>]*)>(.*?)</h\1>", inside, re.DOTALL):
        if int(level) <= deepest and (place := re.search(r'id="([^"]*)"', attributes)):
            plain = re.sub(r"<(?!/?(math|m[a-z]+)\b)[^>]*>", "", text)
            lines.append(
                f'<li class="l{level}"><a href="#{place[1]}"><span>{plain}</span>{AT}</a></li>'
            )
    short = " short" if deepest < 3 else ""
    heading = '<p class="heading">Contents</p>'
    return f'<nav class="contents{short}">{heading}<ul>{"".join(lines)}</ul></nav>'


def _name_headings(inside: str) -> str:
    """Each heading gets a name of its own, which the contents and the outline lead to."""
    count = iter(range(10**6))

    def name(match: re.Match) -> str:
        return (
            match[0] if "id=" in match[2] else f'<h{match[1]}{match[2]} id="heading-{next(count)}">'
        )

    return re.sub(r"<h([1-6])([^>]*)>", name, inside)


def document(facts: dict[str, str], inside: list[str], rules: list[str]) -> str:
    body = _name_headings("\n".join(inside))
    body = body.replace('src="_images/', f'src="{facts["site"]}/_images/')
    deepest = 2 if "chapter" in facts else 3
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light"><head><meta charset="utf-8">
<title>{escape(facts.get("chapter") or facts["title"])}</title>
<meta name="author" content="{escape(facts["authors"])}">
<link rel="stylesheet" href="{facts["site"]}/_static/pygments.css">
<link rel="stylesheet" href="{facts["site"]}/_static/unrolled.css">
<link rel="stylesheet" href="{facts["style"]}">
<style>{coloured_text.stylesheet()}{"".join(rules)}</style></head>
<body>{_title(facts)}{contents(body, deepest)}{body}</body></html>"""
