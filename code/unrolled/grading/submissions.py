"""Finds the submissions in a folder or a zip, whatever Moodle, Canvas and students call them.

Nothing is unpacked: names are labels here, never places to write to. What cannot be read becomes
a submission with a `problem`, which gets no points and a line in the log.
"""

import hashlib
import json
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

LARGEST_FILE = 20 * 2**20  # bytes: a notebook with its pictures
TOO_LARGE = f"the file is larger than {LARGEST_FILE >> 20} MB"
LARGEST_SOURCE = 2**20  # characters of all code
MOST_FILES = 50_000
NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
MOODLE = re.compile(r"(?P<student>.+_\d+)_assignsubmission_file_?(?P<file>.*)")
CANVAS = re.compile(r"(?P<student>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)", re.IGNORECASE)
COPY = re.compile(r"(?: ?\((\d+)\)|-Copy(\d+)|-(\d+))$")  # of one student's: Canvas writes "ps1-1"
COPIED = re.compile(r"(?: ?\(\d+\)|-Copy\d+)$")  # after a student's name, which may be "group-1"


class Unreadable(ValueError):
    """Why a file is no submission, in words for whoever handed it in."""


@dataclass(frozen=True)
class Submission:
    """A student's name, and the file: by itself, or an entry of a zip."""

    student: str
    name: str
    source: Path
    entry: int | None = None
    age: tuple = ()  # of a student's files the one with the greatest is taken
    problem: str = ""

    def read(self) -> bytes:
        """What is in the file, a little more than it may have at most; no link is followed."""
        if self.entry is None:
            with open(os.open(self.source, os.O_RDONLY | NO_LINK), "rb") as file:
                return file.read(LARGEST_FILE + 1)
        try:
            with zipfile.ZipFile(self.source) as archive:
                return archive.open(archive.infolist()[self.entry]).read(LARGEST_FILE + 1)
        except Exception as error:  # whatever a broken zip makes of its reader
            raise Unreadable("the file in the zip is broken") from error

    def digest(self) -> str:
        """Tells contents apart."""
        try:
            data = b"" if self.problem else self.read()
        except (OSError, Unreadable):
            data = b""
        return hashlib.sha256(self.problem.encode() + b"\0" + data).hexdigest()[:16]

    def cells(self) -> list[str]:
        """The code cells. Raises `Unreadable` with the reason where there are none to be had."""
        if self.problem:
            raise Unreadable(self.problem)
        data = self.read()
        if len(data) > LARGEST_FILE:
            raise Unreadable(TOO_LARGE)
        suffix = PurePosixPath(self.name).suffix.lower()
        cells = notebook_cells(data) if suffix == ".ipynb" else script_cells(data)
        if sum(map(len, cells)) > LARGEST_SOURCE:
            raise Unreadable("there is more than a million characters of code")
        return cells


def notebook_cells(data: bytes) -> list[str]:
    """The code cells of a notebook of format 4."""
    try:
        book = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("the file is no notebook: it cannot be read as JSON") from None
    form = book.get("nbformat") if isinstance(book, dict) else None
    if form != 4 or not isinstance(book.get("cells"), list):
        raise Unreadable("the file is no notebook of format 4")
    cells = []
    for cell in book["cells"]:
        source = cell.get("source") if isinstance(cell, dict) else None
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            raise Unreadable("the notebook has a cell without a source")
        if cell.get("cell_type") == "code":
            cells.append(source)
    return cells


def script_cells(data: bytes) -> list[str]:
    """The parts of a program between lines that begin with # %%."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Unreadable("the file is no text in UTF-8") from None
    return [part for part in re.split(r"^# ?%%.*$", text, flags=re.MULTILINE) if part.strip()]


def collect(source: Path) -> tuple[list[Submission], list[str]]:
    """One submission for each student, by name, and lines for the log.

    Raises
    ------
    ValueError
        The source is neither a folder nor a zip that can be read.
    """
    found = list(in_folder(source) if source.is_dir() else in_zip(source))
    log = [f"{one.student}: {one.name}: {one.problem}" for one in found if one.problem]
    students: dict[str, list[Submission]] = {}
    for one in found:
        students.setdefault(one.student, []).append(one)
    chosen = []
    for student, files in sorted(students.items()):
        files.sort(key=lambda one: (not one.problem, one.age, one.name))
        chosen.append(files[-1])
        if sum(not one.problem for one in files) > 1:
            log.append(f"{student}: of {len(files)} files, {files[-1].name} is graded")
    return chosen, log


def in_folder(folder: Path) -> Iterator[Submission]:
    """The files below a folder. No link is followed."""
    for here, folders, names in os.walk(folder):
        links = [name for name in folders if Path(here, name).is_symlink()]
        folders[:] = sorted(name for name in folders if not hidden(name) and name not in links)
        for name in sorted([*names, *links]):
            path = Path(here, name)
            about = path.lstat()
            problem = "" if stat.S_ISREG(about.st_mode) else "it is no file but a link or the like"
            if not problem and about.st_size > LARGEST_FILE:
                problem = TOO_LARGE
            label = PurePosixPath(*path.relative_to(folder).parts)
            yield from labelled(label, Submission("", "", path, None, (about.st_mtime,), problem))


def in_zip(path: Path) -> Iterator[Submission]:
    """The files in a zip, read where they are."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is neither a folder nor a zip: {error}") from error
    if len(entries) > MOST_FILES:
        raise ValueError(f"{path} has {len(entries)} files, more than {MOST_FILES}")
    for k, entry in enumerate(entries):
        if entry.is_dir():
            continue
        problem = ""
        if stat.S_ISLNK(entry.external_attr >> 16):
            problem = "it is no file but a link"
        if entry.flag_bits & 1:
            problem = "it is encrypted"
        label = PurePosixPath(entry.filename.replace("\\", "/"))
        yield from labelled(label, Submission("", "", path, k, entry.date_time, problem))


def hidden(name: str) -> bool:
    """Whether a name is of what programs leave beside one's own files."""
    return name.startswith(".") or name in ("__MACOSX", "__pycache__")


def labelled(label: PurePosixPath, one: Submission) -> Iterator[Submission]:
    """The submission that a file is by its name, if it is any."""
    parts, problem = [part for part in label.parts if part not in ("/", ".")], one.problem
    if ".." in parts or label.is_absolute():
        problem = "its name leads out of the folder"
        parts = [part for part in parts if part != ".."]
    if not parts or any(map(hidden, parts)):
        return
    if label.suffix.lower() not in (".ipynb", ".py"):
        problem = problem or "it is neither a notebook nor a program (.ipynb, .py)"
    copy = COPY.search(label.stem)
    number = int(copy[copy.lastindex][:9]) if copy else 0
    student, age = student_of(parts), (number, *one.age)
    yield replace(one, student=student, name=str(label), age=age, problem=problem)


def student_of(parts: list[str]) -> str:
    """Whose a file is: by Moodle's or Canvas's name for it, by its folder, or by its own name."""
    if match := MOODLE.fullmatch(parts[0]):
        return match["student"]
    if match := CANVAS.fullmatch(parts[0]):
        return f"{match['student']}_{match['id']}"
    if len(parts) > 1:
        return parts[0]
    return COPIED.sub("", PurePosixPath(parts[0]).stem).strip() or "nameless"
