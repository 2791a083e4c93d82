"""Real text: Python's documentation and source code, a file of your own, a corpus by name."""

import pydoc_data.topics
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from unrolled import checks
from unrolled.datasets.text import check_text

SKIPPED = {"test", "tests", "idlelib", "idle_test", "lib2to3", "turtledemo", "encodings"}
SKIPPED |= {"site-packages", "dist-packages", "pydoc_data", "__pycache__"}
# and _sysconfigdata…py, which records how one machine's Python was built


class Known(NamedTuple):
    """Where a corpus lies, and which bytes it must consist of."""

    address: str
    file: str
    sha256: str


KNOWN = {
    "tinyshakespeare": Known(
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        "tinyshakespeare.txt",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    )
}


def documentation() -> str:
    """The chapters of Python's reference that `help()` shows: about half a million characters.

    They come with CPython and differ a little from one version to the next.
    """
    topics = pydoc_data.topics.topics
    return "\n\n".join(topics[name].strip() for name in sorted(topics)) + "\n"


def source_code(limit: int = 1_000_000) -> str:
    """The first `limit` characters of the standard library's source, its files in sorted order."""
    checks.integer(limit=limit)
    if limit < 1:
        raise ValueError(f"limit must be at least 1 character, got {limit}")
    texts, length = [], 0
    for _, text in modules():
        texts.append(text)
        length += len(text)
        if length >= limit:
            break
    return "".join(texts)[:limit]


def modules() -> Iterator[tuple[str, str]]:
    """Name ("json/decoder.py") and text of the standard library's modules, in sorted order."""
    library = Path(sysconfig.get_path("stdlib"))
    paths = list(_modules(library))
    if not paths:
        raise FileNotFoundError(
            f"this Python keeps no source files in {library}: use documentation(), or read(path) "
            "with a file of your own"
        )
    for path in paths:
        yield path.relative_to(library).as_posix(), path.read_text(encoding="utf-8")


def _modules(folder: Path) -> Iterator[Path]:
    """The .py files in and below `folder`, always in the same order."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.is_dir() and path.name not in SKIPPED:
            yield from _modules(path)
        elif path.suffix == ".py" and not path.name.startswith("_sysconfigdata"):
            yield path


def read_file(path: str | Path) -> str:
    """The text of a file of yours, in UTF-8."""
    checks.path(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")  # -sig drops a byte order mark
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8 plain text first"
        ) from None
    if not text:
        raise ValueError(f"{path} is empty: give a file with some text in it")
    return text


def fetch(name: str, folder: str | Path | None = None) -> str:
    """A corpus that lectures use, downloaded on the first call and checked by its sha256.

    It is kept in `folder`, by default the user's cache. Raises ValueError for a name that is not
    in `KNOWN`, ConnectionError where it is neither kept nor to be had.
    """
    import pooch  # only here: the package works without it

    if name not in KNOWN:
        raise ValueError(f"no corpus is called {name!r}; there is {', '.join(sorted(KNOWN))}")
    known = KNOWN[name]
    folder = Path(folder or pooch.os_cache("unrolled"))
    kept = folder / known.file
    by_hand = f"Download {known.address} by hand and save it as {kept}."
    if kept.exists():
        by_hand += " (Now the file that is there has other bytes.)"
    try:
        path = pooch.retrieve(known.address, known.sha256, known.file, folder)
    except ValueError:  # pooch has thrown away what it got
        raise ConnectionError(
            f"what came from the network is not {name}: its sha256 is not {known.sha256}. {by_hand}"
        ) from None
    except OSError as error:  # which requests' own errors are, too
        kind = type(error).__name__
        raise ConnectionError(f"{name} could not be downloaded ({kind}). {by_hand}") from None
    return read_file(path)


def hold_out_end(text: str, held_out: float = 0.1) -> tuple[str, str]:
    """Cut off the last part of a text, to measure on what was not trained on."""
    checks.number(-float("inf"), float("inf"), held_out=held_out)
    if not 0 < held_out < 1:
        raise ValueError(f"held_out is a share between 0 and 1, got {held_out}")
    check_text(text)
    cut = round(len(text) * (1 - held_out))
    if not 0 < cut < len(text):
        raise ValueError(
            f"a text of {len(text)} symbols is too short to hold out {held_out:.0%}: {text!r}"
        )
    return text[:cut], text[cut:]
