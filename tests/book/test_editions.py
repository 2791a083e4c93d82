"""Dates from git, descriptions, the offline zip, a release's tag: on material of their own."""

import subprocess
import zipfile

import for_machines
import last_changes
import pytest
from docutils import nodes
from sphinx.addnodes import pending_xref

import offline
import release


def git(folder, *command, date="2026-03-04T12:00:00"):
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    times = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date, "HOME": str(folder)}
    subprocess.run(
        ["git", *who, *command], cwd=folder, check=True, capture_output=True,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", **times},
    )  # fmt: skip


@pytest.fixture
def history(tmp_path):
    """Two pages, of which the second changes a month later."""
    folder = tmp_path / "whole"
    (folder / "book").mkdir(parents=True)
    git(folder, "init", "-q")
    for name in ("a", "ä"):
        (folder / f"book/{name}.md").write_text("first")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    (folder / "book/ä.md").write_text("second")
    git(folder, "commit", "-q", "-a", "-m", "second", date="2026-04-05T12:00:00")
    return folder


def test_each_page_has_the_date_of_its_own_last_change(history):
    dates = last_changes.last_changes(history)
    assert dates == {"book/a.md": "2026-03-04", "book/ä.md": "2026-04-05"}


def test_no_dates_without_the_history(history, tmp_path):
    """A zip has none, and a clone cut short would give one date to all."""
    (tmp_path / "zip").mkdir()
    assert last_changes.last_changes(tmp_path / "zip") == {}
    git(tmp_path, "clone", "-q", "--depth", "1", history.as_uri(), "short")
    assert last_changes.last_changes(tmp_path / "short") == {}


def test_no_dates_without_git(history, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert last_changes.last_changes(history) == {}


def page(*paragraphs):
    document, section = nodes.document(None, None), nodes.section()
    document += section
    for parts in paragraphs:
        section += nodes.paragraph("", "", *parts)
    return document


def test_a_description_is_the_first_paragraph_that_stands_by_itself():
    begins = (
        nodes.Text("It begins with a formula, "),
        nodes.math("", "h_t"),
        nodes.Text(", like so."),
    )
    span = nodes.raw("", '<span id="old"></span>', format="html")
    cites = (
        nodes.Text("A long sentence that says what was found by "),
        pending_xref("", refexplicit=False),
    )
    document = page([nodes.Text("Short.")], cites, [span, *begins])
    assert for_machines.description(document) == "It begins with a formula, $h_t$, like so."


@pytest.mark.parametrize("words", [10, 60, 300])
def test_a_description_is_of_whole_sentences_and_fits(words):
    sentence = "Word " * (words - 1) + "word."
    short = for_machines.shorten(f"First. {sentence} Last.")
    assert len(short) <= for_machines.LONGEST
    assert short == ("First." if words > 30 else f"First. {sentence} Last.")
    assert len(for_machines.shorten(sentence)) <= for_machines.LONGEST


def test_the_address_of_the_site_follows_from_the_repository():
    assert for_machines.published("https://github.com/o/n") == "https://o.github.io/n/"


def test_the_zip_has_the_site_in_one_folder_and_is_the_same_each_time(tmp_path):
    site = tmp_path / "html"
    for folder in ("_images", "pagefind/a"):
        (site / folder).mkdir(parents=True)
    for name in (
        "404.html",
        "index.html",
        "sitemap.xml",
        "_images/card-1.png",
        "_images/figure.svg",
        "pagefind/a/b.pf",
    ):
        (site / name).write_text("")
    made = [offline.pack(site, tmp_path / folder / "book.zip") for folder in ("a", "b")
            if (tmp_path / folder).mkdir() is None]  # fmt: skip
    assert made[0].read_bytes() == made[1].read_bytes()
    with zipfile.ZipFile(made[0]) as archive:
        assert archive.namelist() == ["book/_images/figure.svg", "book/index.html"]


@pytest.mark.parametrize("tag", ["", "0.2.0", "v0.2.1", "v0.2"])
def test_a_release_refuses_a_tag_that_is_not_its_version(tag):
    assert "expected TAG=v0.2.0" in release.unfit(tag, "0.2.0", "0.2.0")


def test_a_release_is_the_version_that_is_cited():
    assert release.unfit("v0.2.0", "0.2.0", "0.2.0") == ""
    assert "CITATION.cff says 0.1.0" in release.unfit("v0.2.0", "0.2.0", "0.1.0")
