"""What the search is given: sections as results, with the words of readers."""

import pytest

import search_index

PAGE = """<nav>Menu</nav><article class="bd-article">
<section id="clipping"><span id="sec-clip"></span>
<h1><span class="section-number">5.18. </span>★ Ways &amp; means
<a class="headerlink" href="#clipping">#</a></h1>
<p>First.</p>
<section id="by-norm"><h2><span class="section-number">5.18.1. </span>By
<math><mi>x</mi><annotation>x_1</annotation></math></h2><p>Second.</p></section>
<section id="in-short"><h2>In short</h2><p>Third.</p></section>
</section></article><footer>End</footer>"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "_build" / "html"
    folder.mkdir(parents=True)
    (tmp_path / "book").mkdir()
    (folder / "clip.html").write_text(PAGE)
    return folder


def test_sections_have_their_own_text_and_address(site):
    first, second, third = search_index.sections(site / "clip.html", "clip.html")
    assert first.addresses == ["clip.html", "clip.html#clipping", "clip.html#sec-clip"]
    assert (first.number, first.heading) == ("5.18", "Ways &amp; means")
    assert "First" in first.html and "Second" not in first.html
    assert (second.addresses, second.heading) == (["clip.html#by-norm"], "By x")
    assert second.page == first.heading
    assert [section.late for section in (first, second, third)] == [False, False, True]


def test_lists_come_after_what_teaches():
    late = {
        name: search_index.Section([f"book/reference/{name}.html#a"], "", "A", "A", "").late
        for name in ("errata", "glossary", "notation", "keras")
    }
    assert late == {"errata": True, "glossary": True, "notation": False, "keras": False}


def test_the_index_is_made_again_when_something_changed(site, capsys):
    search_index.write(site)
    assert (site / "pagefind" / "pagefind.js").exists()
    assert "3 sections" in capsys.readouterr().out
    search_index.write(site)
    assert not capsys.readouterr().out
    search_index.WORDS.write_text("clip.md#by-norm: gradients blow up\n")
    search_index.write(site)
    assert "3 sections" in capsys.readouterr().out


def test_words_for_a_section_that_is_not_there_are_refused(site):
    search_index.WORDS.write_text("clip.md#by-norm: one\nclip.md#by-nom: other\n")
    for _ in range(2):  # the next build does not pass either
        with pytest.raises(SystemExit, match=r"clip.html#by-nom$"):
            search_index.write(site)
