"""Quizzes and examinations as the command line makes them."""

import argparse
from xml.etree import ElementTree

import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.questions import commands
from unrolled.grading.questions.bank import kinds


@pytest.fixture
def run(tmp_path):
    """Run a command line; the key lies in a file."""
    (tmp_path / "key").write_text("a secret of ours\n")

    def called(*words):
        parser = argparse.ArgumentParser()
        commands.add_commands(parser.add_subparsers(required=True))
        arguments = parser.parse_args([*words, "--key", str(tmp_path / "key")])
        arguments.run(arguments)

    return called


def test_a_quiz_for_moodle(run, tmp_path, capsys):
    path = tmp_path / "sub" / "week-3.xml"
    run("quiz", "--chapters", "gates/lstm", "gates/gru", "--questions", "5", "--out", str(path))
    assert capsys.readouterr().out == f"{path}\n"
    names = [q.findtext("name/text") for q in ElementTree.parse(path).getroot()]
    chapters = {one.name: one.chapter for one in kinds()}
    found = [chapters[name] for name in names if name]
    assert found == sorted(found, reverse=True)  # the LSTM comes before the GRU
    assert len(found) == 5 and set(found) == {"gates/lstm", "gates/gru"}


@pytest.mark.parametrize(("format", "ending"), [("text2qti", ".txt"), ("markdown", ".md")])
def test_other_formats(run, tmp_path, monkeypatch, format, ending):
    monkeypatch.chdir(tmp_path)
    run("quiz", "--name", "week-3", "--format", format, "--questions", "3")
    text = (tmp_path / f"week-3{ending}").read_text()
    assert "Week 3" in text.splitlines()[0]
    first = (tmp_path / f"week-3{ending}").read_bytes()
    run("quiz", "--name", "week-3", "--format", format, "--questions", "3")
    assert (tmp_path / f"week-3{ending}").read_bytes() == first
    run("quiz", "--name", "week-4", "--format", format, "--questions", "3")
    assert (tmp_path / f"week-4{ending}").read_text() != text.replace("Week 3", "Week 4")


def test_markdown_has_questions_choices_and_answers():
    questions = [one.make(Draw("key", one.name)) for one in kinds(["gates/lstm"])]
    text = commands.markdown(questions, "Gates")
    asked, answers = text.split("## Answers")
    for q in questions:
        assert q.text in asked and q.worked in answers and q.solution in answers
        assert all(choice in asked for choice in q.choices)


def test_an_exam_is_printed_in_its_variants(run, tmp_path, monkeypatch, capsys):
    """Without the browser: what it is asked to print, and where to."""
    printed = {}
    monkeypatch.setattr(commands, "write", lambda *a: printed.setdefault("a", a) and [a[3] / "x"])
    run("exam", "--out", str(tmp_path), "--variants", "ABC", "--questions", "7", "--title", "T")
    draw, chapters, count, folder, title, variants = printed["a"]
    assert (draw.key, draw.path) == ("a secret of ours", ("exam", "exam"))
    assert (chapters, count, folder, title, variants) == ([], 7, tmp_path, "T", "ABC")
    assert capsys.readouterr().out == f"{tmp_path / 'x'}\n"


def test_what_is_refused(run, tmp_path):
    with pytest.raises(ValueError, match="chapters"):
        run("quiz", "--chapters", "gates/elman", "--out", str(tmp_path / "x"))
    with pytest.raises(ValueError, match="count"):
        run("quiz", "--chapters", "gates/gru", "--questions", "50", "--out", str(tmp_path / "x"))
    with pytest.raises(ValueError, match="format"):
        commands.quiz(Draw("key"), [], 3, "word", tmp_path / "x")
    (tmp_path / "key").write_text("too short\n")
    with pytest.raises(ValueError, match="key"):
        run("quiz", "--out", str(tmp_path / "x"))


def test_they_are_commands_of_the_package(tmp_path, capsys):
    """Beside those for problem sets, with an exit status and a sentence if something is wrong."""
    from unrolled.grading.__main__ import main

    (tmp_path / "key").write_text("a secret of ours\n")
    words = ["quiz", "--key", str(tmp_path / "key"), "--out", str(tmp_path / "quiz.xml")]
    assert main(words) == 0 and (tmp_path / "quiz.xml").exists()
    assert main([*words, "--questions", "500"]) == 1
    assert "count" in capsys.readouterr().err
