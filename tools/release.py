"""Gather what a release is made of in _build/release; refuse a tag that is not this version's."""

import os
import shutil
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

import yaml

import epub
import offline
import pdf
import try_wheel
from pages import pages
from processes import turn
from readers_edition import both_paths

FOLDER = Path("_build/release")


def main() -> None:
    version = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]["version"]
    cited = yaml.safe_load(Path("CITATION.cff").read_text("utf-8"))["version"]
    if fault := unfit(os.environ.get("TAG", ""), version, cited):
        sys.exit(fault)
    with turn(shared=True):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        offline.pack(offline.SITE, FOLDER / f"unrolled-{version}-offline.zip")
        pack_notebooks(FOLDER / f"unrolled-{version}-notebooks.zip")
        pack_pdfs(pdf.FOLDER, f"unrolled-{version}")
        shutil.copy(epub.TARGET, FOLDER / f"unrolled-{version}.epub")
        take_wheel(FOLDER)
    print("\n".join(str(path) for path in sorted(FOLDER.iterdir())))


def unfit(tag: str, version: str, cited: str) -> str:
    """What is wrong with this tag for a release, or nothing."""
    if tag != f"v{version}":
        return f"pyproject.toml says {version}: expected TAG=v{version}, not TAG={tag}"
    if cited != version:
        return f"CITATION.cff says {cited}, and pyproject.toml {version}"
    return ""


def pack_notebooks(target: Path) -> None:
    """Both notebooks of every page, in the folders of the book."""
    beside = {path for page in pages() for path in both_paths(page) if path.exists()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(beside):
            archive.write(path, Path(target.stem) / path.relative_to("book"))


def pack_pdfs(made: Path, name: str) -> None:
    """The book as one PDF, and its chapters in a zip."""
    shutil.copy(made / "unrolled.pdf", FOLDER / f"{name}.pdf")
    with zipfile.ZipFile(FOLDER / f"{name}-chapters-pdf.zip", "w") as archive:
        for path in sorted(set(made.glob("*.pdf")) - {made / "unrolled.pdf"}):
            archive.write(path, Path(f"{name}-chapters-pdf") / path.name)


def take_wheel(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(try_wheel.build(Path(place)), folder)
