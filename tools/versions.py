"""The site that is published: the newest at the root, each release under its tag.

python tools versions RELEASES TARGET reads the offline zips of the releases from the first folder
and the built site from _build/html. In a release each page says that there is a newer one and leads
to it; search engines are told to keep the newest (its canonical link) or, of a page that exists no
more, none. A citation leads to the release that it names.
"""

import json
import re
import shutil
import sys
import zipfile
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from offline import SITE

NAME = re.compile(r"unrolled-(\d+)\.(\d+)\.(\d+)-offline\.zip")
WARNING = re.compile(r'<aside id="bd-header-version-warning"[^>]*></aside>')
CANONICAL = re.compile(r'<link rel="canonical" href="[^"]*"\s*/>')
CITATION = re.compile(r'(<script type="application/json" id="citation">)(.*?)(</script>)')
FOOTER = re.compile(r'(<footer class="bd-footer-content">\s*<div[^>]*>)')
LIST = "versions.html"


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("Expected two folders: python tools versions RELEASES TARGET")
    versions = publish(SITE, Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"In {sys.argv[2]}: the newest, and {', '.join(versions) or 'no release'}")


def publish(site: Path, releases: Path, target: Path) -> list[str]:
    """Make the target folder; returns the releases in it, the newest first."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(site, target)
    zips = sorted((number(path), path) for path in releases.glob("*.zip") if number(path))
    versions = []
    for parts, path in reversed(zips):
        versions.append("v" + ".".join(map(str, parts)))
        unpack(path, target / versions[-1])
        for page in pages(target / versions[-1]):
            page.write_text(as_old(page, site, target, versions[-1]), "utf-8")
    if versions:
        (target / LIST).write_text(list_of(versions), "utf-8")
        for page in pages(site):
            place = target / page.relative_to(site)
            place.write_text(with_menu(place, target), "utf-8")
    return versions


def number(path: Path) -> tuple[int, ...]:
    """The version in the name of an offline zip; of another file, nothing."""
    found = NAME.fullmatch(path.name)
    return tuple(map(int, found.groups())) if found else ()


def unpack(path: Path, folder: Path) -> None:
    """What is in the zip's only folder, which is named like the zip."""
    with zipfile.ZipFile(path) as archive:
        outside = [name for name in archive.namelist() if not name.startswith(f"{path.stem}/")]
        if outside:
            raise ValueError(f"{path}: expected all in {path.stem}/, and there is {outside[0]}")
        archive.extractall(folder.parent)
    (folder.parent / path.stem).rename(folder)


def pages(site: Path) -> list[Path]:
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def up(page: Path, target: Path) -> str:
    """The way from a page to the root of what is published."""
    return "../" * (len(page.relative_to(target).parts) - 1)


def as_old(page: Path, site: Path, target: Path, version: str) -> str:
    """A page of a release, with the way to the newest."""
    html = page.read_text("utf-8")
    name = page.relative_to(target / version).as_posix()
    still = (site / name).exists()
    newest = up(page, target) + (name if still else "index.html")
    html = WARNING.sub(
        '<aside id="bd-header-version-warning" class="other-version d-print-none"'
        f' aria-label="Version">This is version {version[1:]} of the book.'
        f' <a href="{escape(newest)}">Read the newest.</a></aside>',
        html,
        count=1,
    )
    if not still:
        html = CANONICAL.sub('<meta name="robots" content="noindex" />', html, count=1)
    return CITATION.sub(lambda found: found[1] + in_release(found[2], version) + found[3], html)


def in_release(citation: str, version: str) -> str:
    """What a citation needs, with the address under the tag."""
    data = json.loads(citation)
    home, slash, place = data["address"].partition("/book/")
    data["address"] = f"{home}/{version}{slash}{place}"
    return json.dumps(data, ensure_ascii=False).replace("</", "<\\/")


def with_menu(page: Path, target: Path) -> str:
    """A page of the newest, with the way to the releases."""
    link = f'<a href="{up(page, target)}{LIST}">Other versions</a>'
    item = f'<div class="footer-item"><p class="other-versions">{link}</p></div>'
    return FOOTER.sub(lambda found: found[1] + item, page.read_text("utf-8"), count=1)


def list_of(versions: list[str]) -> str:
    templates = Environment(loader=FileSystemLoader("book/_templates"), autoescape=True)
    return templates.get_template(LIST).render(versions=versions)
