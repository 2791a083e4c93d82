"""Sphinx extension: what the built pages ask for is bundled and cut down to what they use.

The theme and the extensions bring a dozen stylesheets and a dozen scripts, and fonts with two
thousand icons. When the site is written, each page gets one stylesheet and one script instead; the
twenty icons in use are in the stylesheet, and pictures are loaded when they come near.
"""

import hashlib
import re
import struct
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from icon_fonts import cut_down
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.typing import ExtensionMetadata

LINK = re.compile(r"[ \t]*<link\b[^>]*>\n?")
STYLE = re.compile(r'(?=[^>]*rel="stylesheet")[^>]*href="([^"]+)"')
PRELOAD = re.compile(r'rel="preload"')
SCRIPT = re.compile(r'[ \t]*<script\b[^>]*\bsrc="([^"]+)"[^>]*></script>\n?')
IMAGE = re.compile(r"<img\b[^>]*>")
IMPORT = re.compile(r"@import\s+(?:url\()?[\"']([^\"']+)[\"']\)?;")
ADDRESS = re.compile(r"url\(\s*[\"']?(?![\"'#]|data:|https?:)([^\"')]+)[\"']?\)")
# The theme asks each block of code on the page whether it scrolls, which lays out the whole page as
# soon as it is loaded; keyboard.js asks those that are laid out anyway. Likewise it looks where the
# sections lie; sections.js starts that once they are all laid out.
LEFT_OUT = {
    "scripts/pydata-sphinx-theme.js": (
        ',"complete"===document.readyState?T():window.addEventListener("load",T)'
    ),
    "scripts/bootstrap.js": (
        "fe.on(window,Es,(()=>{for(const t of we.find('[data-bs-spy=\"scroll\"]'))"
        "Ls.getOrCreateInstance(t)})),"
    ),
}
SHARED = "doctools.js"  # the others use its names
# One after the other, with room between them for a finger's touch; but all before the browser goes
# to a place in the page, since they fold what stands before it
IN_TURN = """
const next = () => {
  const part = parts.shift();
  if (!part) return;
  if (!location.hash) setTimeout(next);
  part();
  if (location.hash) next();
};
next();
"""
OPTIONS = "documentation_options.js"  # other scripts in the page add to them at once
PIXELS = {"": 1, "px": 1, "pt": 4 / 3, "in": 96}  # of CSS in each unit


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("build-finished", lighten, priority=900)  # the theme writes pygments.css there
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lighten(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite the pages that this build wrote; the others stay as they are."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    pages = {path: path.read_text() for path in site.rglob("*.html") if "_static" not in path.parts}
    fresh = [path for path, html in pages.items() if "_static/bundle-" not in html]
    icons = set(re.findall(r"\bfa-([\w-]+)", " ".join(pages.values())))
    bundles = Bundles(site / "_static", icons)
    for path in fresh:
        light = one_script(one_stylesheet(pages[path], bundles), bundles)
        path.write_text(with_sizes(light, path))


class Bundles:
    """Files in `_static` that hold several others; their names change with what is in them."""

    def __init__(self, static: Path, icons: set[str]) -> None:
        self.static, self.icons = static, icons
        self.made: dict[tuple[str, ...], str] = {}

    def bundle(self, names: list[str], kind: str) -> str:
        key = tuple(names)
        if key not in self.made:
            read = self.styles if kind == "css" else self.scripts
            text = read(names)
            name = f"bundle-{hashlib.sha256(text.encode()).hexdigest()[:12]}.{kind}"
            (self.static / name).write_text(text)
            self.made[key] = name
        return self.made[key]

    def styles(self, names: list[str]) -> str:
        texts = [self.style(self.static / name) for name in names]
        return '@charset "utf-8";\n' + "\n".join(cut_down(texts, self.icons, self.static))

    def style(self, path: Path) -> str:
        """A stylesheet with those it imports, its addresses as seen from `_static`."""

        def moved(found: re.Match) -> str:
            target = (path.parent / found[1]).resolve().relative_to(self.static.resolve())
            return f'url("{target.as_posix()}")'

        # rules, then the name of an imported file, then rules, …
        parts = IMPORT.split(path.read_text().replace('@charset "utf-8";', ""))
        parts[::2] = [ADDRESS.sub(moved, rules) for rules in parts[::2]]
        parts[1::2] = [self.style(path.parent / name) for name in parts[1::2]]
        return "".join(parts)

    def scripts(self, names: list[str]) -> str:
        """One script that runs several, each in a task of its own.

        Run together, they would keep a slow phone from answering for a third of a second.
        """
        texts = {name: re.sub(r"//# sourceMappingURL=.*", "", self.script(name)) for name in names}
        # an empty statement first, or one that begins with "use strict" would say it for all
        shared = "\n;\n" + texts.pop(SHARED, "")
        parts = "\n},\n() => {\n".join(texts.values())
        return f"{shared}\n{{\nconst parts = [() => {{\n{parts}\n}}];\n{IN_TURN}}}\n"

    def script(self, name: str) -> str:
        """A script without the statement that is left out, which has to be there."""
        text = (self.static / name).read_text()
        statement = LEFT_OUT.get(name)
        if statement is None:
            return text
        if text.count(statement) != 1:
            raise ExtensionError(f"{name} no longer says {statement}: see LEFT_OUT, light_pages.py")
        return text.replace(statement, "")


def in_static(address: str) -> str | None:
    """The name within `_static` that an address in a page stands for, if it does."""
    _, found, name = unquote(address).partition("?")[0].partition("_static/")
    return name if found and "://" not in address else None


def top(html: str) -> str:
    """The way from a page to the site's top folder."""
    found = re.search(r'data-content_root="([^"]*)"', html)
    return found[1] if found else ""


def one_stylesheet(html: str, bundles: Bundles) -> str:
    """The page with one stylesheet; what it would load ahead of its use is not needed any more."""
    links = [(found, STYLE.search(found[0])) for found in LINK.finditer(html)]
    names = [in_static(style[1]) for _, style in links if style]
    if len(names) < 2 or None in names:
        return html
    name = bundles.bundle(names, "css")
    link = f'    <link rel="stylesheet" href="{top(html)}_static/{name}" />\n'
    first = True

    def replaced(found: re.Match) -> str:
        nonlocal first
        if STYLE.search(found[0]):
            kept, first = (link if first else ""), False
            return kept
        return "" if PRELOAD.search(found[0]) else found[0]

    return LINK.sub(replaced, html)


def one_script(html: str, bundles: Bundles) -> str:
    """The page with one script, which runs once the page is read.

    The page that searches keeps its scripts: they need each other at once.
    """
    names = [in_static(found[1]) for found in SCRIPT.finditer(html)]
    if OPTIONS not in names or None in names or "searchtools.js" in names:
        return html
    name = bundles.bundle([name for name in names if name != OPTIONS], "js")
    options = (bundles.static / OPTIONS).read_text()
    head = (
        f"    <script>{options}</script>\n"
        f'    <script defer src="{top(html)}_static/{name}"></script>\n'
    )
    first = True

    def replaced(found: re.Match) -> str:
        nonlocal first
        kept, first = (head if first else ""), False
        return kept

    return SCRIPT.sub(replaced, html)


def with_sizes(html: str, path: Path) -> str:
    """The page with pictures that wait until they come near and keep their place meanwhile."""

    def sized(found: re.Match) -> str:
        tag = found[0]
        source = re.search(r'src="([^"]+)"', tag)
        if "loading=" in tag or not source:
            return tag
        has = "_images/" not in source[1] or re.search(r"\b(width|height)=", tag)
        size = "" if has else size_of(path.parent, source[1])
        return f'<img loading="lazy"{size}{tag.removeprefix("<img")}'

    return IMAGE.sub(sized, html)


def size_of(folder: Path, address: str) -> str:
    file = (folder / unquote(address)).resolve()
    size = picture_size(file) if file.is_file() else None
    return f' width="{round(size[0])}" height="{round(size[1])}"' if size else ""


@cache
def picture_size(file: Path) -> tuple[float, float] | None:
    """Width and height of an SVG or a PNG in pixels of CSS."""
    if file.suffix == ".png":
        return struct.unpack(">II", file.read_bytes()[16:24])
    if file.suffix != ".svg":
        return None
    tag = re.search(r"<svg\b[^>]*>", file.read_text())
    sides = [re.search(rf'\b{side}="([\d.]+)(\w*)"', tag[0]) for side in ("width", "height")]
    if not all(side and side[2] in PIXELS for side in sides):
        return None
    return tuple(float(side[1]) * PIXELS[side[2]] for side in sides)
