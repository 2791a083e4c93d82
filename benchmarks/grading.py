"""How long do 600 submissions of a problem set take on two workers, and what memory?

    python benchmarks/grading.py [NAME] [HOW MANY]

All submissions are the solved sheet, but one in a hundred has a loop without end in place of its
first function, which costs its limit in each test that calls it. The judge's memory is flat if it
is the same after all as after the first tenth.
"""

import re
import resource
import sys
import tempfile
import time
from pathlib import Path

from unrolled.grading import sheets
from unrolled.grading.grade import Course, grade
from unrolled.grading.tasks import load

KEY = "a key for the benchmark"


def hand_in(name: str, n: int, folder: Path) -> None:
    """Writes n submissions."""
    given = sheets.given(load(name), name, KEY)
    solved = sheets.cells(name, given, solution=True)
    first = re.search(
        r"^def (\w+)", "\n".join(text for kind, text in solved if kind == "code"), re.M
    )
    endless = [*solved, ("code", f"def {first[1]}(*values, **named):\n    while True: pass")]
    texts = sheets.notebook(solved), sheets.notebook(endless)
    for k in range(n):
        (folder / f"student {k:03}.ipynb").write_text(texts[k % 100 == 19], encoding="utf-8")


def megabytes() -> float:
    """The most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def watched(lines, total):
    """Passes results on, and prints the time and the memory for each tenth."""
    start = time.monotonic()
    for k, line in enumerate(lines, start=1):
        if k % max(1, total // 10) == 0:
            minutes = (time.monotonic() - start) / 60
            print(f"{k:>5} {minutes:6.2f} minutes, {megabytes():.0f} MB", flush=True)
        yield line


def main(name: str = "sequences", n: str = "600") -> None:
    tests = len(load(name).tests)
    print(f"{name}: {n} submissions, {tests} tests each, two workers")
    with tempfile.TemporaryDirectory() as folder:
        handed_in = Path(folder, "in")
        handed_in.mkdir()
        hand_in(name, int(n), handed_in)
        grade(Course(name, KEY), handed_in, Path(folder, "out"), progress=watched)
        rows = Path(folder, "out", "grades.csv").read_text().splitlines()
        print(f"{len(rows) - 1} graded, the first: {rows[1]}; an endless one: {rows[20:21]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
