"""Whose a file is, which of several is taken, and that no file does harm or stops the others."""

import json
import os
import stat
import zipfile

import pytest

from unrolled.grading.submissions import (
    LARGEST_FILE,
    Submission,
    Unreadable,
    collect,
    notebook_cells,
    script_cells,
    student_of,
)


def notebook(*sources, **also):
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **also})


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def laid_out(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


NAMES = {
    "Anna Ärmel_12345_assignsubmission_file_/ps1.ipynb": "Anna Ärmel_12345",
    "Ben de_la Cruz_12346_assignsubmission_file_ps1 (1).ipynb": "Ben de_la Cruz_12346",
    "meieranna_4711_8080_ps1.ipynb": "meieranna_4711",
    "zhangwei_LATE_4712_8081_my sheet-1.ipynb": "zhangwei_4712",
    "cara/deep/down/Copy of ps1.ipynb": "cara",
    "dora.py": "dora",
    "emil (2).ipynb": "emil",
    "frieda-Copy1.ipynb": "frieda",
    "group-1.ipynb": "group-1",
    "group-2.ipynb": "group-2",
}


@pytest.mark.parametrize("zips", [True, False], ids=["zip", "folder"])
def test_whose_a_file_is(tmp_path, zips):
    files = dict.fromkeys(NAMES, notebook("x = 1"))
    files |= {
        "__MACOSX/cara/._ps1.ipynb": "",
        ".DS_Store": "",
        "cara/.ipynb_checkpoints/a.ipynb": "",
    }
    source = zipped(tmp_path / "a.zip", files) if zips else laid_out(tmp_path / "a", files)
    submissions, log = collect(source)
    assert {one.name: one.student for one in submissions} == NAMES
    assert [one.student for one in submissions] == sorted(NAMES.values())
    assert log == []
    assert all(one.cells() for one in submissions)


def test_of_several_files_the_highest_number_is_taken_then_the_newest(tmp_path):
    files = {
        "anna/ps1.ipynb": notebook("old"),
        "anna/ps1 (1).ipynb": notebook("older"),
        "anna/ps1 (10).ipynb": notebook("new"),
        "anna/ps1 (9).ipynb": notebook("no"),
        "ben/a.ipynb": notebook("new"),
        "ben/b.ipynb": notebook("old"),
        "cara/work.ipynb": notebook("new"),
        "cara/picture (3).png": "",
    }
    folder = laid_out(tmp_path, files)
    os.utime(folder / "ben/b.ipynb", (10, 10))
    submissions, log = collect(folder)
    assert [one.cells() for one in submissions] == [["new"]] * 3
    assert "anna: of 4 files, anna/ps1 (10).ipynb is graded" in log
    assert any("cara/picture (3).png: it is neither" in line for line in log)


def test_names_that_lead_elsewhere_are_read_from_nowhere(tmp_path):
    (tmp_path / "secret.ipynb").write_text(notebook("secret"))
    names = ["anna/../../secret.ipynb", "/ben/secret.ipynb", "..\\cara.ipynb", "../dora/x.ipynb"]
    inside = tmp_path / "in"
    inside.mkdir()
    submissions, log = collect(zipped(inside / "a.zip", dict.fromkeys(names, notebook("x"))))
    assert len(submissions) == len(log) == 4
    for one in submissions:
        with pytest.raises(Unreadable, match="leads out"):
            one.cells()


def test_links_are_not_followed(tmp_path):
    (tmp_path / "secret.ipynb").write_text(notebook("secret"))
    folder = laid_out(tmp_path / "in", {"ben.ipynb": notebook("x")})
    (folder / "anna.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / "cara").symlink_to(tmp_path)
    os.mkfifo(folder / "dora.ipynb")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        entry = zipfile.ZipInfo("anna.ipynb")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, str(tmp_path / "secret.ipynb"))
    for source, n in ((folder, 3), (tmp_path / "a.zip", 1)):
        submissions, log = collect(source)
        refused = [one for one in submissions if one.problem]
        assert len(refused) == len(log) == n
        assert all("link" in one.problem for one in refused)
    with pytest.raises(OSError):  # a link that takes the file's place afterwards
        Submission("anna", "anna.ipynb", folder / "anna.ipynb").cells()


def test_what_unfolds_to_gigabytes_is_not_unfolded(tmp_path):
    bomb = zipped(tmp_path / "bomb.zip", {"anna.ipynb": b"0" * (2 * LARGEST_FILE)})
    assert bomb.stat().st_size < 2**20
    [one], _ = collect(bomb)
    assert len(one.read()) == LARGEST_FILE + 1
    with pytest.raises(Unreadable, match="larger than 20 MB"):
        one.cells()
    large = tmp_path / "in" / "anna.ipynb"
    large.parent.mkdir()
    with large.open("wb") as file:
        file.truncate(100 * 2**20)
    [one], log = collect(large.parent)
    assert "larger than 20 MB" in one.problem and len(log) == 1


def test_a_broken_entry_is_that_students_problem_alone(tmp_path):
    files = {"anna.ipynb": notebook("x" * 500), "ben.ipynb": notebook("right")}
    path = zipped(tmp_path / "a.zip", files)
    whole = bytearray(path.read_bytes())
    whole[45:55] = b"\0" * 10
    path.write_bytes(whole)
    anna, ben = collect(path)[0]
    with pytest.raises(Unreadable, match="broken"):
        anna.cells()
    assert ben.cells() == ["right"]
    assert len({anna.digest(), ben.digest()}) == 2


def test_what_is_neither_folder_nor_zip(tmp_path):
    for name, data in (("a.zip", b"PK no"), ("b.txt", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match="neither a folder nor a zip"):
            collect(tmp_path / name)
    with pytest.raises(ValueError, match="neither"):
        collect(tmp_path / "missing.zip")


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "1" * 5000, "[" * 10**5, "\xff"),
        *('{"nbformat": 3, "worksheets": []}', '{"nbformat": 4}', '{"nbformat": 4, "cells": {}}'),
        *('{"nbformat": 4, "cells": [1]}', '{"nbformat": 4, "cells": [{"cell_type": "code"}]}'),
        '{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}',
    ],
    ids=lambda text: text[:30],
)
def test_what_is_no_notebook_is_refused_with_a_reason(text):
    with pytest.raises(Unreadable, match=r"no notebook|without a source"):
        notebook_cells(text.encode("latin-1"))


def test_cells_as_editors_write_them():
    colab = notebook(["a = 1\n", "b = 2"], "c", metadata={"colab": {"provenance": []}})
    assert notebook_cells(colab.encode()) == ["a = 1\nb = 2", "c"]
    assert notebook_cells(b"\xef\xbb\xbf" + notebook("x").encode()) == ["x"]
    mixed = json.loads(notebook("x"))
    mixed["cells"].insert(0, {"cell_type": "markdown", "source": "prose"})
    assert notebook_cells(json.dumps(mixed).encode()) == ["x"]


def test_a_program_has_cells_too(tmp_path):
    assert script_cells(b"a\r\n# %% second\r\nb\r\n") == ["a\n", "\nb\n"]
    with pytest.raises(Unreadable, match="UTF-8"):
        script_cells(b"\xff")
    (tmp_path / "long.py").write_text("x" * (2**20 + 1))
    with pytest.raises(Unreadable, match="million"):
        collect(tmp_path)[0][0].cells()


def test_a_name_that_has_another_students_in_it_is_its_own():
    """On a Moodle where students choose how they are called."""
    eve = student_of(["Anna_77_assignsubmission_file__12_assignsubmission_file_", "ps.ipynb"])
    assert eve != student_of(["Anna_77_assignsubmission_file_", "ps.ipynb"]) == "Anna_77"
