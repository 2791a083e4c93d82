"""Links: inside the site, into the repository, and to where a chapter can be run."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit


def test_links_within_the_site_arrive(html, parse):
    broken = []
    for link in parse(html).find_all("a", href=True):
        parts = urlsplit(link["href"])
        if parts.scheme or parts.netloc:
            continue
        target = (html.parent / unquote(parts.path)).resolve() if parts.path else html
        place = unquote(parts.fragment)
        if not target.exists():
            broken.append(f"{link['href']} ({link.get_text(strip=True)}): no such file")
        elif place and target.suffix == ".html" and not parse(target).find(id=place):
            broken.append(f"{link['href']} ({link.get_text(strip=True)}): no such place")
    assert not broken, "\n".join(broken)


def test_links_into_the_repository_arrive(html, parse, root, address):
    start = re.compile(f"^{re.escape(address['url'])}/(blob|edit|raw|tree)/")
    for link in parse(html).find_all("a", href=start):
        parts = urlsplit(start.sub("", link["href"]))
        branch, _, path = parts.path.partition("/")
        assert branch == address["branch"], link["href"]
        assert (root / unquote(path)).exists(), f"{link['href']}: not in the repository"
        lines = [int(number) for number in re.findall(r"\d+", parts.fragment)]
        if lines:
            count = len((root / unquote(path)).read_text("utf-8").splitlines())
            assert max(lines) <= count, f"{link['href']}: {path} has {count} lines"


def test_a_page_with_code_can_be_launched(book_page, html, parse, root, address):
    links = {link["href"] for link in parse(html).select(".dropdown-launch-buttons a[href]")}
    if "```{code-cell}" not in (root / book_page.path).read_text("utf-8"):
        assert not links, "nothing to launch on a page without code"
        return
    notebook = book_page.path.with_suffix(".ipynb")
    name = urlsplit(address["url"]).path.strip("/")
    branch = address["branch"]
    assert links == {
        f"https://mybinder.org/v2/gh/{name}/{branch}?urlpath=lab/tree/{notebook}",
        f"https://colab.research.google.com/github/{name}/blob/{branch}/{notebook}",
        f"https://kaggle.com/kernels/welcome?src={address['url']}/blob/{branch}/{notebook}",
    }
    assert (root / notebook).exists(), f"no {notebook}: run `make notebooks`"
    assert in_repository(root, notebook), f"{notebook} is not committed: nobody can launch it"


def test_what_can_be_downloaded_is_what_lies_beside_the_page(book_page, html, parse, root):
    """The page as a notebook, and its solutions where it has exercises."""
    menu = parse(html).select(".dropdown-download-buttons a[href$='.ipynb']")
    there = [book_page.path.with_suffix(".ipynb")]
    there.append(there[0].with_stem(f"{there[0].stem}-solutions"))
    there = [path for path in there if (root / path).exists()]
    assert [link.get_text(strip=True) for link in menu] == ["Notebook", "Solutions"][: len(there)]
    for link, path in zip(menu, there, strict=True):
        given = (html.parent / link["href"]).resolve()
        assert given.read_bytes() == (root / path).read_bytes(), link["href"]


def in_repository(root: Path, path: Path) -> bool:
    """Whether git has the file; a copy of the book without git has nothing to say."""
    if not (root / ".git").exists():
        return True
    command = ["git", "ls-files", "--error-unmatch", str(path)]
    return subprocess.run(command, cwd=root, capture_output=True).returncode == 0
