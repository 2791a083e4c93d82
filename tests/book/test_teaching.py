"""What the page for teachers says can be typed, opened and counted; what lies beside it parses."""

import asyncio
import json
import re
import shlex
import subprocess
import tomllib
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from pathspec import GitIgnoreSpec

import pages
import try_hub
from unrolled.grading.commands import main, parser
from unrolled.grading.questions import printing
from unrolled.grading.questions.bank import kinds
from unrolled.grading.tasks import load

PAGE = Path("book/reference/teaching.md")
TEXT = PAGE.read_text().replace("\\\n", " ")  # a command may go on in the next line
ASSIGNMENTS = Path("assignments")
HUB, GRADESCOPE = ASSIGNMENTS / "hub", ASSIGNMENTS / "gradescope"
TEMPLATE, PROJECTS = ASSIGNMENTS / "course-template", ASSIGNMENTS / "projects"
SETS = sorted(path.parent.name for path in ASSIGNMENTS.glob("*/tests.py"))
VERSION = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
VALUES = yaml.safe_load((HUB / "values.yaml").read_text())
COMMAND = re.compile(r"python3? -m (unrolled\.grading .*)")
LINK = re.compile(r"\]\((?:\.\./|[^)\s]*?/book/)([\w/-]+)\.(?:md|html)")


def tables():
    """The page's tables, each as a list of rows, each row as a dict by the table's head."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE):
        head, _, *rows = ([c.strip() for c in line.split("|")[1:-1]] for line in block.splitlines())
        found.append([dict(zip(head, row, strict=True)) for row in rows])
    return found


def table(*columns):
    """The tables with these columns."""
    return [rows for rows in tables() if set(columns) <= set(rows[0])]


def parsed(command):
    """The command as the real parser reads it; it ends the test where it cannot."""
    return parser().parse_args(shlex.split(command.partition(" ")[2]))


def test_the_table_of_sets_says_what_the_sets_say():
    (rows,) = table("set", "title", "needs")
    assert sorted(row["set"].strip("`") for row in rows) == SETS
    numbers = {"four": "4", "five": "5", "six": "6"}
    for row in rows:
        name = row["set"].strip("`")
        problem_set = load(name)
        assert row["title"] == problem_set.title
        assert int(row["points"]) == sum(problem_set.points.values()), name
        head = (ASSIGNMENTS / name / "sheet.md").read_text().partition("\n# ")[2].split("\n\n")[1]
        low, high = re.search(r"(\w+) to (\w+) hours", head.lower()).groups()
        assert row["hours"] == f"{numbers[low]}–{numbers[high]}", name
        assert LINK.findall(row["needs"]) == LINK.findall(head), name


def test_commands_can_be_typed():
    commands = COMMAND.findall("\n".join(re.findall(r"^```sh\n(.*?)^```", TEXT, re.M | re.S)))
    assert {"probe", "sheet", "practice", "grade", "quiz", "exam"} == {
        shlex.split(command)[1] for command in commands
    }
    for command in commands:
        for chapter in getattr(parsed(command), "chapters", []):
            assert Path(f"book/{chapter}.md").exists(), command


def test_commands_that_write_a_file_write_it(tmp_path, monkeypatch):
    """Sheets and quizzes; the judge and the papers have tests of their own."""
    key = tmp_path / "key"
    key.write_text("a key for the page for teachers")
    monkeypatch.chdir(tmp_path)
    for command in COMMAND.findall(TEXT):
        words = shlex.split(command.replace("~/.unrolled-key", str(key)))[1:]
        if words[0] in ("sheet", "quiz"):
            assert main(words) == 0, command
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert {"sequences.ipynb", "solved.ipynb", "anna.ipynb", "week-5.xml"} <= made


def test_what_a_paper_needs_is_named(monkeypatch):
    monkeypatch.setattr(printing, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError) as raised:
        printing.mathjax()
    assert re.search(r"pip install [\w-]+", str(raised.value))[0] in TEXT


def test_every_chapter_has_kinds_for_a_quiz():
    counts = Counter(kind.chapter for kind in kinds())
    assert min(counts[f"{path.parent.name}/{path.stem}"] for path in cores()) >= 4


def test_files_that_are_named_exist():
    named = re.findall(r"(?<=[`/])assignments/[\w./-]+", TEXT)
    assert len(named) > 8
    assert [name for name in named if not Path(name).exists()] == []


def test_calendars_teach_before_they_ask():
    """A set comes with its chapters or later, a quiz after its chapters, and none is lost."""
    calendars = table("week", "chapters", "quiz on")
    (rows,) = table("set", "title", "needs")
    needs = {row["set"]: LINK.findall(row["needs"]) for row in rows}
    chapters = {path.relative_to("book").with_suffix("").as_posix() for path in cores()}
    for calendar in calendars:
        taught, given = set(), []
        for row in calendar:
            asked = set(row["quiz on"].strip("`").split())
            assert asked <= taught, f"week {row['week']}"
            taught |= set(LINK.findall(row["chapters"]))
            assert taught <= chapters
            if row["set"]:
                given.append(row["set"])
                assert set(needs[row["set"]]) & chapters <= taught, f"week {row['week']}"
                assert int(row["due in week"]) > int(row["week"])
        assert len(given) == len(set(given))
    assert (taught, sorted(given)) == (chapters, sorted(needs))  # of the longer one


def cores():
    """The pages of chapters, the pages below them left out."""
    listed = [page for page in pages.pages() if page.parts[1] not in ("index.md", "reference")]
    return [page for page in listed if not any(is_below(page, other) for other in listed)]


def is_below(page, other):
    return page.parent == other.parent and page.stem.startswith(other.stem + "-")


def test_the_table_of_projects_says_what_the_projects_say():
    """That their points add up is a test of the projects' own."""
    (rows,) = table("project", "points", "file")
    files = [re.search(r"assignments/projects/[\w-]+\.md", row["file"])[0] for row in rows]
    assert sorted(files) == sorted(map(str, PROJECTS.glob("*.md")))
    for row, file in zip(rows, files, strict=True):
        first, then = Path(file).read_text().splitlines()[0:3:2]
        assert first.removeprefix("# Project: ").lower() == row["project"].lower()
        assert then.lower().startswith(row["time"]) and f"{row['points']} points" in then


@pytest.mark.parametrize("target", ["sheet", "grade", "quiz", "exam"])
def test_the_template_types_commands_too(target):
    words = [f"SET={SETS[-1]}", "FROM=a zip (1).zip", "CHAPTERS=gates/lstm gates/gru"]
    words = ["make", "-n", "-C", TEMPLATE, target, *words, "QUESTIONS=6"]
    made = subprocess.run(words, capture_output=True, text=True, check=True)
    (command,) = COMMAND.findall(made.stdout)
    given = parsed(command)
    assert given.run.__name__.strip("_") == target
    if target in ("quiz", "exam"):
        assert (given.chapters, given.questions) == (["gates/lstm", "gates/gru"], 6)


def test_the_template_keeps_students_and_keys_out_of_git():
    ignored = GitIgnoreSpec.from_lines((TEMPLATE / ".gitignore").read_text().splitlines())
    out = ["key.txt", "exams/july/key-A.pdf", "submissions/anna/sequences.ipynb", "a.zip"]
    out += ["grades/gates/grades.csv", "grades/gates/feedback/anna.html", "solutions/gates.ipynb"]
    assert [name for name in out if not ignored.match_file(name)] == []
    kept = ["README.md", "Makefile", ".gitignore", "sheets/gates.ipynb", "plan.md"]
    assert [name for name in kept if ignored.match_file(name)] == []


def test_scripts_and_settings_parse():
    for path in (HUB / "nbgrader_config.py", Path("tools/hub_config.py")):
        compile(path.read_text(), path, "exec")
    for path in (GRADESCOPE / "setup.sh", GRADESCOPE / "run_autograder"):
        subprocess.run(["bash", "-n", path], check=True)
        assert path.stat().st_mode & 0o111, f"{path} must be executable"
    claim = yaml.safe_load((HUB / "exchange.yaml").read_text())
    volume = VALUES["singleuser"]["storage"]["extraVolumes"]["1-exchange"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert json.loads((HUB / "package.json").read_text())["dependencies"]


def test_gradescope_runs_a_command_that_exists():
    text = (GRADESCOPE / "run_autograder").read_text()
    name = re.search(r"^SET=(\S+)", text, re.MULTILINE)[1]
    (command,) = COMMAND.findall(text)
    assert parsed(command.replace('"$SET"', name)).key == "source/key.txt"


def test_versions_agree():
    for text in TEXT, (GRADESCOPE / "setup.sh").read_text():
        assert set(re.findall(r"unrolled@v([\d.]+)", text)) == {VERSION}
    assert VALUES["singleuser"]["image"]["tag"] == VERSION
    image = (HUB / "Dockerfile").read_text()
    pins = re.findall(r"^([\w-]+)==(\S+)", (HUB / "requirements.txt").read_text(), re.MULTILINE)
    assert "nbgrader" in dict(pins)
    for name, version in pins:
        if name != "jupyterhub":  # which must be that of the chart's hub
            assert f" {name}=={version}" in image


def mounts(admin):
    """Mount path -> (folder of the exchange, whether it can be written), in a user's pod."""
    config = SimpleNamespace(KubeSpawner=SimpleNamespace())
    exec(VALUES["hub"]["extraConfig"]["10-teachers"], {"c": config})
    given = {k: dict(v) for k, v in VALUES["singleuser"]["storage"]["extraVolumeMounts"].items()}
    spawner = SimpleNamespace(user=SimpleNamespace(admin=admin), volume_mounts=given)
    asyncio.run(config.KubeSpawner.pre_spawn_hook(spawner))
    return {
        mount["mountPath"]: (mount["subPath"], not mount.get("readOnly", False))
        for mount in given.values()
    }


def test_a_student_s_pod_sees_what_is_released_and_a_folder_of_its_own():
    course = "/srv/exchange/unrolled"
    own = {f"{course}/inbound": ("inbound/{username}", True)}
    assert mounts(admin=False) == own | {f"{course}/outbound": ("outbound", False)}
    everyones = {"/srv/inbound": ("inbound", True), f"{course}/outbound": ("outbound", True)}
    assert mounts(admin=True) == own | everyones


@pytest.mark.parametrize("name", ["anna", "teacher"])
def test_make_hub_shows_what_a_pod_would_show(tmp_path, name):
    words = try_hub.arrange(tmp_path)[name]
    expected = {
        place: (str(tmp_path / folder.format(username=name)), writable)
        for place, (folder, writable) in mounts(admin=name == "teacher").items()
    }
    seen = {}
    for how, folder, place in zip(words, words[1:], words[2:], strict=False):
        if how in ("--bind", "--ro-bind"):
            seen[place] = folder, how == "--bind"
    assert {place: seen[place] for place in seen if place in expected} == expected
    assert {place for place in seen if place.startswith(("/srv/exchange", "/srv/inb"))} == set(
        expected
    )
    assert words.index("--tmpfs", words.index("--tmpfs") + 1) > words.index("/srv/home"), (
        "the storage is hidden after its parts are mounted"
    )


@pytest.mark.parametrize("program", ["node", "npm", "bwrap"])
def test_make_hub_says_what_is_not_there(monkeypatch, capsys, program):
    monkeypatch.setattr("shutil.which", lambda name: None if name == program else name)
    with pytest.raises(SystemExit) as ended:
        try_hub.main()
    assert ended.value.code == try_hub.NOT_HERE
    (line,) = capsys.readouterr().err.splitlines()
    assert {"node": "Node 20", "npm": "npm", "bwrap": "bubblewrap"}[program] in line


def test_make_hub_wants_a_node_that_runs_the_proxy(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: name)
    old = SimpleNamespace(stdout="v18.20.4\n", stderr="", returncode=0)
    monkeypatch.setattr("subprocess.run", lambda *args, **kwargs: old)
    assert "this is v18.20.4" in try_hub.missing()
