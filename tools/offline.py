"""Pack the built site into one zip, to be read from a folder: no network, no server."""

import tomllib
import zipfile
from pathlib import Path

from processes import turn

SITE = Path("_build/html")
FOR_THE_WEB = ("404.html", "robots.txt", "sitemap.xml", "llms.txt", "_images/card-*.png")
FOR_THE_WEB += ("pagefind/**/*",)  # from a folder, the search is that of Sphinx
FOR_THE_WEB += ("_static/live/*", "**/*.cells.json")  # from a folder, no module can be imported
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same site makes the same zip


def main() -> None:
    version = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]["version"]
    with turn(shared=True):
        made = pack(SITE, SITE.parent / f"unrolled-{version}-offline.zip")
    print(f"{made}, {made.stat().st_size / 1e6:.0f} MB: unpack it, and open index.html.")


def pack(site: Path, target: Path) -> Path:
    """All files but those that only a server has a use for, in one folder named like the zip."""
    left_out = {path for pattern in FOR_THE_WEB for path in site.glob(pattern)}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(site.rglob("*")):
            if path.is_file() and path not in left_out:
                name = Path(target.stem) / path.relative_to(site)
                entry = zipfile.ZipInfo(name.as_posix(), LONG_AGO)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target
