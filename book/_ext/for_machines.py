"""Sphinx extension: what search engines, link previews, language models and citations read.

Each page gets its address on the web, a description, a picture for links to it, the date of its
last change and what a citation needs. The site gets sitemap.xml, robots.txt, llms.txt and 404.html.

sphinxext-opengraph and sphinx-sitemap were considered. They know neither the chapter that a depth
belongs to nor the dates from git, and what they would save is less than what their settings take.
"""

import json
import re
from datetime import date
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from docutils import nodes
from last_changes import last_changes
from share_card import SIZE, card_name, draw_card
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.typing import ExtensionMetadata

ABOUT = "unrolled_about"  # the key of a page's description in env.metadata
LONGEST = 200  # characters of a description
SENTENCES = re.compile(r"(?<=[.?!])\s+(?=[^a-z])")


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("config-inited", set_address)
    app.connect("doctree-read", describe)
    app.connect("builder-inited", read_sources)
    app.connect("html-page-context", tag)
    app.connect("build-finished", write_files)
    app.add_js_file("cite.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def published(repository: str) -> str:
    """The address of the site: GitHub Pages makes it from the repository's."""
    owner, name = urlsplit(repository).path.strip("/").split("/")
    return f"https://{owner}.github.io/{name}/"


def set_address(app: Sphinx, config: Config) -> None:
    """With html_baseurl, Sphinx gives each page its canonical link."""
    config.html_baseurl = published(config.html_theme_options["repository_url"])


def describe(app: Sphinx, doctree: nodes.document) -> None:
    app.env.metadata[app.env.docname][ABOUT] = description(doctree)


def description(doctree: nodes.document) -> str:
    """The first sentences of the page's first paragraph that stands by itself."""
    for paragraph in doctree.findall(nodes.paragraph):
        unresolved = [xref for xref in paragraph.findall(pending_xref) if not xref["refexplicit"]]
        text = " ".join(plain(paragraph).split())
        if isinstance(paragraph.parent, nodes.section) and not unresolved and len(text) >= 40:
            return shorten(text)
    return ""


def plain(node: nodes.Node) -> str:
    """Its text, with formulas as LaTeX between dollars."""
    if isinstance(node, nodes.math):
        return f"${node.astext()}$"
    if isinstance(node, nodes.raw):  # an address that a heading left behind
        return ""
    return "".join(map(plain, node.children)) if node.children else node.astext()


def shorten(text: str) -> str:
    """As many whole sentences as fit; if not even one does, its beginning."""
    first, *others = SENTENCES.split(text)
    for sentence in others:
        if len(first) + 1 + len(sentence) > LONGEST:
            break
        first += f" {sentence}"
    return first if len(first) <= LONGEST else first[: LONGEST - 2].rpartition(" ")[0] + " …"


def read_sources(app: Sphinx) -> None:
    root = Path(app.srcdir)
    app.unrolled_dates = last_changes(root)
    app.unrolled_cff = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))


def changed(app: Sphinx, page: str) -> str:
    path = Path(app.env.doc2path(page)).relative_to(app.srcdir)
    return app.unrolled_dates.get(path.as_posix(), "")


def address(app: Sphinx, page: str) -> str:
    return app.config.html_baseurl + app.builder.get_target_uri(page)


def number_of(app: Sphinx, page: str) -> str:
    return ".".join(map(str, app.env.toc_secnumbers.get(page, {}).get("") or ()))


def heading(app: Sphinx, page: str) -> str:
    """Its title with its number, as at the top of the page."""
    number = number_of(app, page)
    return f"{number}. {title_of(app, page)}" if number else title_of(app, page)


def title_of(app: Sphinx, page: str) -> str:
    return app.env.titles[page].astext()


def chapter_of(app: Sphinx, page: str) -> str:
    """The chapter of a depth; any other page is its own."""
    above = {child: up for up, children in app.env.toctree_includes.items() for child in children}
    while above.get(page, app.config.root_doc) != app.config.root_doc:
        page = above[page]
    return page


def card_of(app: Sphinx, page: str) -> tuple[str, str, str]:
    """The file of the picture for links to a page, and the number and title it shows."""
    chapter = chapter_of(app, page)
    shown = number_of(app, chapter), title_of(app, chapter)
    return f"_images/{card_name(*shown)}", *shown


def tag(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document) -> None:
    if page not in app.env.found_docs:
        return
    card, number, chapter = card_of(app, page)
    path = Path(app.outdir, card)
    if not path.exists():  # now, not at the end: numbers may be others when the page stays as it is
        draw_card(path, number, chapter, app.unrolled_cff["title"])
    about = app.env.metadata[page].get(ABOUT, "") or title_of(app, page)
    properties = {
        "og:type": "article",
        "og:site_name": app.unrolled_cff["title"],
        "og:title": heading(app, page),
        "og:description": about,
        "og:url": address(app, page),
        "og:image": app.config.html_baseurl + card,
        "og:image:width": SIZE[0],
        "og:image:height": SIZE[1],
        "og:image:alt": f"Chapter {number}: {chapter}" if number else chapter,
    }
    lines = [f'<meta name="description" content="{escape(about)}" />']
    lines += [
        f'<meta property="{name}" content="{escape(str(value))}" />'
        for name, value in properties.items()
    ]
    lines.append('<meta name="twitter:card" content="summary_large_image" />')
    lines.append(citation(app, page))
    if when := changed(app, page):
        day = date.fromisoformat(when)
        context["last_updated"] = f"{day.day} {day:%B %Y}"
        lines.append(f'<meta property="article:modified_time" content="{when}" />')
    context["metatags"] = "\n".join([context.get("metatags", ""), *lines])


def citation(app: Sphinx, page: str) -> str:
    """What cite.js puts together when a section's sign is pressed."""
    cff = app.unrolled_cff
    data = {
        "author": ", ".join(author["name"] for author in cff["authors"]),
        "year": cff["preferred-citation"]["year"],
        "book": cff["title"],
        "version": cff["version"],
        "address": address(app, page),
    }
    text = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/json" id="citation">{text}</script>'


def write_files(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    out, pages = Path(app.outdir), sorted(app.env.found_docs)
    robots = f"User-agent: *\nAllow: /\n\nSitemap: {app.config.html_baseurl}sitemap.xml\n"
    (out / "robots.txt").write_text(robots, "utf-8")
    (out / "sitemap.xml").write_text(sitemap(app, pages), "utf-8")
    (out / "llms.txt").write_text(for_models(app), "utf-8")
    place = {"home": urlsplit(app.config.html_baseurl).path, "root": app.config.root_doc}
    missing = app.builder.templates.render(
        "404.html", {**place, "title": app.unrolled_cff["title"]}
    )
    (out / "404.html").write_text(missing, "utf-8")


def sitemap(app: Sphinx, pages: list[str]) -> str:
    lines = ['<?xml version="1.0" encoding="utf-8"?>']
    lines.append('<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">')
    for page in pages:
        when = changed(app, page)
        seen = f"<lastmod>{when}</lastmod>" if when else ""
        lines.append(f"<url><loc>{escape(address(app, page))}</loc>{seen}</url>")
    return "\n".join([*lines, "</urlset>", ""])


def for_models(app: Sphinx) -> str:
    """llms.txt: every page in the book's order, with its first sentences."""
    cff = app.unrolled_cff
    lines = [f"# {cff['title']}", "", f"> {' '.join(cff['abstract'].split())}"]
    root = app.config.root_doc
    lines += ["", f"Version {cff['version']}. Source: {cff['repository-code']}", ""]
    lines.append(entry(app, root))
    for part in app.env.tocs[root].findall(lambda node: node.tagname == "toctree"):
        lines += ["", f"## {part.get('caption') or 'More'}", ""]
        for _, page in part["entries"]:
            lines += [entry(app, each) for each in with_pages_below(app, page)]
    return "\n".join([*lines, ""])


def with_pages_below(app: Sphinx, page: str) -> list[str]:
    found = [page]
    for below in app.env.toctree_includes.get(page, []):
        found += with_pages_below(app, below)
    return found


def entry(app: Sphinx, page: str) -> str:
    about = app.env.metadata[page].get(ABOUT, "")
    line = f"- [{heading(app, page)}]({address(app, page)})"
    return f"{line}: {about}" if about else line
