"""Send a problem set once round a JupyterHub: released, fetched, handed in, collected, graded.

The hub runs on loopback, with two students and a teacher. Each has a server that sees the files
which its pod on Kubernetes would see (assignments/hub/values.yaml). Needs npm, Node 20 and
bubblewrap; where one is missing it says so and ends with status 77.
"""

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import venv
from pathlib import Path

from loopback_hub import COURSE, Hub, pod
from processes import run, turn
from unrolled.grading import sheets, tasks

HUB = Path("assignments/hub").resolve()
BUILT = Path("_build/hub").resolve()
PROGRAMS = BUILT / "venv/bin"
PROXY = BUILT / "node_modules/.bin/configurable-http-proxy"
SET = "sequences"
KEY = "a key for one round"
HEARD = {"capture_output": True, "text": True, "timeout": 120}
STUDENTS = {"anna": f"{SET}.ipynb", "ben": "my sheet (2).ipynb"}  # and their files' names
NOT_HERE = 77


def main() -> None:
    why = missing()
    if why:
        not_here(why)
    with turn():
        prepare()
        start = time.monotonic()
        with tempfile.TemporaryDirectory(dir=BUILT, prefix="round-") as folder:
            try:
                points = go_round(Path(folder))
            except urllib.error.URLError as error:
                sys.exit(f"Failed: a request to the hub: {error}")
    most = sum(tasks.load(SET).points.values())
    if points != {"anna": str(most), "ben": "0"}:
        sys.exit(f"Failed: anna solved the set and ben did nothing, and they got {points}.")
    print(f"Once round in {time.monotonic() - start:.0f} s: anna {most} points, ben none.")


def missing() -> str:
    """What this machine lacks."""
    for program, where in {
        "node": "Node 20 or later: https://nodejs.org",
        "npm": "npm, which comes with Node: https://nodejs.org",
        "bwrap": "bubblewrap (Debian, Ubuntu: apt install bubblewrap)",
    }.items():
        if not shutil.which(program):
            return f"it needs {where}"
    node = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    if int(node.removeprefix("v").partition(".")[0] or 0) < 20:
        return f"it needs Node 20 or later, and this is {node}"
    command = ["bwrap", "--unshare-user", "--ro-bind", "/", "/", "--tmpfs", "/srv", "true"]
    tried = subprocess.run(command, capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"bubblewrap does not work: {tried.stderr.strip()}"


def not_here(why: str) -> None:
    print(f"The round through a JupyterHub is left out: {why}.", file=sys.stderr)
    sys.exit(NOT_HERE)


def prepare() -> None:
    """An environment of the hub's own, and its proxy; nothing is fetched once they are there."""
    BUILT.mkdir(parents=True, exist_ok=True)
    wanted = (HUB / "requirements.txt").read_text() + (HUB / "package.json").read_text()
    ready = BUILT / "ready"
    if ready.exists() and ready.read_text() == wanted and PROGRAMS.exists() and PROXY.exists():
        return
    print("Fetching JupyterHub, nbgrader and the proxy into _build/hub", flush=True)
    shutil.copy(HUB / "package.json", BUILT)
    quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    if run(["npm", "install", "--prefix", BUILT, *quiet]) != 0:
        not_here("npm could not fetch the proxy, for the reason above")
    venv.create(PROGRAMS.parent, clear=True, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", PROGRAMS / "python", "install", "--quiet"]
    if run([*pip, "--disable-pip-version-check", "-r", HUB / "requirements.txt"]) != 0:
        sys.exit("Failed: pip could not install what assignments/hub/requirements.txt names.")
    ready.write_text(wanted)


def go_round(folder: Path) -> dict[str, str]:
    """Who got how many points, at the end of the round."""
    views = arrange(folder)
    teacher, solved = views.pop("teacher"), write_sheet(folder)
    print(courier(teacher, "release_assignment", SET), flush=True)
    with Hub(folder, views, PROGRAMS, PROXY) as hub:
        for name, file in STUDENTS.items():
            hand_in(hub, name, file, solved if name == "anna" else None)
    cheat(views["ben"])
    print(courier(teacher, "collect", SET), flush=True)
    return graded(folder / "teacher/submitted" / SET, folder / "key")


def arrange(folder: Path) -> dict[str, list[str]]:
    """The folders of the course, and for each name the way into that pod."""
    (folder / "passwd").write_text("jovyan:x:1000:100::/srv/home:/bin/sh\n")
    (folder / "config").mkdir()
    shutil.copy(HUB / "nbgrader_config.py", folder / "config")
    outbound, everyones = folder / "outbound", folder / "inbound"
    course = f"/srv/exchange/{COURSE}"
    views = {}
    for name in (*STUDENTS, "teacher"):
        mine = {"/srv/inbound": everyones} if name == "teacher" else {}
        mine[f"{course}/inbound"] = everyones / name
        mine["/srv/home"] = folder / name
        for path in (outbound, *mine.values()):
            path.mkdir(parents=True, exist_ok=True)
        mounts = {place: (path, True) for place, path in mine.items()}
        mounts[f"{course}/outbound"] = outbound, name == "teacher"
        mounts["/srv/config"] = folder / "config", False
        views[name] = pod(folder, name, mounts)
    return views


def write_sheet(folder: Path) -> str:
    """The sheet, in the place from which it is released; the solved one is given back."""
    (folder / "key").write_text(KEY + "\n")
    release = folder / "teacher/release" / SET
    release.mkdir(parents=True)
    given = sheets.given(tasks.load(SET), SET, KEY)
    blank, solved = (sheets.notebook(sheets.cells(SET, given, kind)) for kind in (False, True))
    (release / f"{SET}.ipynb").write_text(blank)
    return solved


def courier(view: list[str], *command: str) -> str:
    """The last thing that nbgrader says to a command in this pod."""
    path = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}  # it calls alembic by its name
    done = subprocess.run([*view, PROGRAMS / "nbgrader", *command], env=os.environ | path, **HEARD)
    if done.returncode != 0:
        sys.exit(f"{done.stderr}\nFailed: nbgrader {' '.join(command)}")
    return done.stderr.strip().splitlines()[-1]


def hand_in(hub: Hub, name: str, file: str, work: str | None) -> None:
    """What a student does: log in, fetch, write (or only rename), hand in."""
    token, what = hub.log_in(name), {"course_id": COURSE, "assignment_id": SET}
    server, sheet = f"/user/{name}", f"{SET}/{SET}.ipynb"
    listed = hub.ask("POST", f"{server}/assignments/fetch", token, **what)
    states = [each["status"] for each in listed["value"]]
    if states != ["fetched"]:
        sys.exit(f"Failed: {name} should have fetched the sheet, and has {listed}")
    if work is not None:
        content = {"type": "file", "format": "text", "content": work}
        hub.ask("PUT", f"{server}/api/contents/{sheet}", token, **content)
    if file != f"{SET}.ipynb":
        hub.ask("PATCH", f"{server}/api/contents/{sheet}", token, path=f"{SET}/{file}")
    listed = hub.ask("POST", f"{server}/assignments/submit", token, **what)
    states = [each["status"] for each in listed["value"]]
    if "submitted" not in states:
        sys.exit(f"Failed: {name} should have handed in, and has {listed}")
    print(f"{name} fetched {SET}.ipynb and handed in {file}", flush=True)


def cheat(view: list[str]) -> None:
    """What ben might try: look for anna's work, hand in under her name, send a link along."""
    found = subprocess.run([*view, "find", "/srv/exchange"], **HEARD).stdout
    if "/ben+" not in found or "anna" in found:
        sys.exit(f"Failed: of all that was handed in, ben sees {found}")
    forged = f"anna+{SET}+2100-01-01 00:00:00 UTC+x"
    script = f'cp -r ben+* "{forged}" && ln -s /etc/passwd "{forged}/answers.py"'
    place = ["--chdir", f"/srv/exchange/{COURSE}/inbound"]
    subprocess.run([*view, *place, "sh", "-c", script], check=True, **HEARD)


def graded(submitted: Path, key: Path) -> dict[str, str]:
    """Each student's points, from the table that the judge writes."""
    files = [path for path in submitted.rglob("*") if path.suffix in (".ipynb", ".py")]
    found = sorted(path.relative_to(submitted) for path in files)
    expected = sorted(Path(name, file) for name, file in STUDENTS.items())
    if found != expected:
        sys.exit(f"Failed: collected were {found}, not {expected}")
    command = [sys.executable, "-m", "unrolled.grading", "grade", SET, submitted, "--key", key]
    if run([*command, "--out", submitted.with_name("grades")]) != 0:
        sys.exit("Failed: the judge graded nothing, for the reason above.")
    with open(submitted.with_name("grades") / "grades.csv", newline="") as file:
        return {line["student"]: line["points"] for line in csv.DictReader(file)}
