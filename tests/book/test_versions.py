"""What is published: two pretended releases beside the newest site, of three pages each."""

import json
import re
import zipfile

import pytest

import offline
import versions

PAGE = """<head><link rel="canonical" href="https://unrolled-book.github.io/unrolled/{name}" />
<script type="application/json" id="citation">{citation}</script></head><body>
<aside id="bd-header-version-warning" class="d-none d-print-none" aria-label="Warning"></aside>
<main>{text}<footer class="bd-footer-content">
<div class="bd-footer-content__inner container"></div></footer></main></body>"""


def write(site, name, text):
    address = f"https://unrolled-book.github.io/unrolled/{name}"
    page = PAGE.format(name=name, text=text, citation=json.dumps({"address": address}))
    (site / name).parent.mkdir(parents=True, exist_ok=True)
    (site / name).write_text(page)


def make_site(site, text, *names):
    for name in names:
        write(site, name, text)
    (site / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=book/a.html" />')
    (site / "_static").mkdir()
    (site / "_static" / "webpack-macros.html").write_text(text)
    return site


@pytest.fixture
def published(tmp_path, root, monkeypatch):
    monkeypatch.chdir(root)
    releases = tmp_path / "releases"
    releases.mkdir()
    for version in ("0.9.0", "0.10.0"):
        old = make_site(tmp_path / version, version, "book/a.html", "book/gone.html")
        offline.pack(old, releases / f"unrolled-{version}-offline.zip")
    (releases / "unrolled-0.9.0-notebooks.zip").write_text("something else")
    newest = make_site(tmp_path / "html", "newest", "book/a.html", "book/part/new.html")
    assert versions.publish(newest, releases, tmp_path / "published") == ["v0.10.0", "v0.9.0"]
    assert not {path.name for path in newest.iterdir()} - {"book", "index.html", "_static"}
    return tmp_path / "published"


def links(path):
    """Where a page's links lead, from its own place."""
    return [path.parent / link for link in re.findall(r'<a href="([^"]+)"', path.read_text())]


def test_each_release_lies_under_its_tag_and_the_newest_at_the_root(published):
    assert ">newest<" in (published / "book/a.html").read_text()
    assert ">0.9.0<" in (published / "v0.9.0/book/a.html").read_text()
    assert ">0.10.0<" in (published / "v0.10.0/book/a.html").read_text()
    assert (published / "v0.9.0/_static/webpack-macros.html").read_text() == "0.9.0"


def test_a_page_of_a_release_leads_to_the_newest(published):
    (link,) = links(published / "v0.9.0/book/a.html")
    assert link.resolve() == published / "book/a.html"
    (link,) = links(published / "v0.9.0/book/gone.html")
    assert link.resolve() == published / "index.html"
    assert "This is version 0.9.0 of the book." in (published / "v0.9.0/book/a.html").read_text()


def test_search_engines_keep_the_newest_and_nothing_that_is_gone(published):
    newest = '<link rel="canonical" href="https://unrolled-book.github.io/unrolled/book/a.html" />'
    for page in (published / "v0.9.0/book/a.html", published / "book/a.html"):
        assert newest in page.read_text() and "noindex" not in page.read_text()
    gone = (published / "v0.9.0/book/gone.html").read_text()
    assert 'name="robots" content="noindex"' in gone and "canonical" not in gone


def test_a_citation_leads_to_the_release_it_names(published):
    for folder, home in (("v0.9.0/", "unrolled/v0.9.0"), ("", "unrolled")):
        page = (published / f"{folder}book/a.html").read_text()
        assert f'{{"address": "https://unrolled-book.github.io/{home}/book/a.html"}}' in page


def test_every_page_of_the_newest_leads_to_the_list(published):
    for name in ("book/a.html", "book/part/new.html"):
        (link,) = links(published / name)
        assert link.resolve() == published / "versions.html"
    found = [link.relative_to(published).as_posix() for link in links(published / "versions.html")]
    assert found == ["index.html", "v0.10.0/index.html", "v0.9.0/index.html"]


def test_without_releases_the_site_stays_as_it_is(tmp_path, root, monkeypatch):
    monkeypatch.chdir(root)
    site = make_site(tmp_path / "html", "newest", "book/a.html")
    assert versions.publish(site, tmp_path, tmp_path / "published") == []
    for path in site.rglob("*.*"):
        assert (tmp_path / "published" / path.relative_to(site)).read_bytes() == path.read_bytes()


def test_a_zip_with_other_things_in_it_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "unrolled-1.0.0-offline.zip", "w") as archive:
        archive.writestr("../elsewhere.html", "")
    with pytest.raises(ValueError, match="elsewhere"):
        versions.unpack(tmp_path / "unrolled-1.0.0-offline.zip", tmp_path / "v1.0.0")
