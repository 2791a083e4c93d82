"""The text format of text2qti: parsed here by its own rules, and by text2qti itself."""

import re
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import kinds
from unrolled.grading.questions.qti import text2qti

QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
CONTENT = "{http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1}"


@pytest.fixture(scope="module")
def questions():
    return [one.make(Draw("key", one.name)) for one in kinds()]


def test_the_text_can_be_read_line_by_line(questions):
    """What stands behind the marks, with the indented lines after it, is the question."""
    blocks = text2qti(questions, "A quiz").split("\n\nTitle: ")
    assert "GROUP" not in "".join(blocks) and blocks[0].startswith("Quiz title: A quiz")
    for number, (q, block) in enumerate(zip(questions, blocks[1:], strict=True), 1):
        name, points, *lines = block.strip().splitlines()
        assert (name, points) == (q.name, f"Points: {q.difficulty}")
        marked = []
        for line in lines:
            if line.startswith("    ") or not line:
                marked[-1] += "\n" + line[4:]
            else:
                marked.append(line)
        parts = [part.split(None, 1) for part in marked]
        assert [mark for mark, _ in parts[:2]] == [f"{number}.", "..."]
        assert [text for _, text in parts[:2]] == [q.text, q.worked]
        if q.kind == "number":
            ((mark, text),) = parts[2:]
            value, _, off = text.partition(" +- ")
            assert mark == "=" and float(value) == q.answer and float(off or 0) == q.tolerance
        else:
            right = [mark.startswith("*") for mark, _ in parts[2:]]
            assert [text for _, text in parts[2:]] == [*q.choices]
            assert right == [n == q.answer for n in range(4)]


@pytest.fixture(scope="module")
def package(questions, tmp_path_factory):
    """The QTI package that text2qti makes of all questions."""
    pytest.importorskip("text2qti")
    folder = tmp_path_factory.mktemp("qti")
    (folder / "quiz.txt").write_text(text2qti(questions, "A quiz"), encoding="utf-8")
    code = "from text2qti.cmdline import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", code, "quiz.txt"], cwd=folder, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    with zipfile.ZipFile(folder / "quiz.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".xml")}


def test_the_manifest_names_what_is_there(package):
    manifest = ElementTree.fromstring(package["imsmanifest.xml"])
    named = {file.get("href") for file in manifest.iter() if file.tag.endswith("}file")}
    assert named == set(package) - {"imsmanifest.xml"} and len(named) == 2


def test_every_question_arrives(package, questions):
    """Kind, points, the number with its margins, the right choice."""
    (name,) = (name for name in package if "meta" not in name and "manifest" not in name)
    items = list(ElementTree.fromstring(package[name]).iter(f"{QTI}item"))
    assert [item.get("title") for item in items] == [q.name for q in questions]
    total = 0.0
    for q, item in zip(questions, items, strict=True):
        fields = {
            field.findtext(f"{QTI}fieldlabel"): field.findtext(f"{QTI}fieldentry")
            for field in item.iter(f"{QTI}qtimetadatafield")
        }
        kind = {"number": "numerical_question", "choice": "multiple_choice_question"}[q.kind]
        assert fields["question_type"] == kind
        total += float(fields["points_possible"])
        right = [float(v.text) for v in item.iter(f"{QTI}varequal")] if q.kind == "number" else []
        if q.kind == "number":
            low, high = ([*item.iter(f"{QTI}{tag}")] for tag in ("vargte", "varlte"))
            assert right == [q.answer]
            assert [float(v.text) for v in low] == [pytest.approx(q.answer - q.tolerance)]
            assert [float(v.text) for v in high] == [pytest.approx(q.answer + q.tolerance)]
        else:
            (right,) = (v.text for v in item.iter(f"{QTI}varequal"))
            labels = [label.get("ident") for label in item.iter(f"{QTI}response_label")]
            assert labels.index(right) == q.answer
        html = item.find(f"{QTI}presentation/{QTI}material/{QTI}mattext").text
        formulas = re.findall(r'data-equation-content="(.*?)"', html)
        assert len(formulas) == len(re.findall(r"\$[^$]+\$", q.text))
    (meta,) = (name for name in package if name.endswith("meta.xml"))
    points = re.search(rb"<points_possible>(.*?)</points_possible>", package[meta])[1]
    assert float(points) == total == sum(q.difficulty for q in questions)
