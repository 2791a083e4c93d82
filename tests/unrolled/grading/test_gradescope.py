"""The layout of a Gradescope container."""

import json
import shutil

import tiny

from unrolled.grading.confine import Limits
from unrolled.grading.grade import Course
from unrolled.grading.gradescope import grade_one


def test_results_lie_where_they_are_looked_for(tmp_path):
    sets, handed_in = tiny.written(tmp_path)
    course = Course("tiny", tiny.KEY, folder=sets, limits=Limits(cpu=1, wall=5.0))
    root = tmp_path / "autograder"
    for name, expected in (("cara", [3, 2, 0]), ("zoe", [0, 0, 0]), (None, [0, 0, 0])):
        shutil.rmtree(root, ignore_errors=True)
        (root / "submission").mkdir(parents=True)
        if name:
            (root / "submission" / "picture (9).png").write_bytes(b"")
            shutil.copy(handed_in / f"{name}.ipynb", root / "submission" / "my work (1).ipynb")
        grade_one(course, root)
        results = json.loads((root / "results" / "results.json").read_text())
        assert [test["score"] for test in results["tests"]] == expected
        assert [test["max_score"] for test in results["tests"]] == [3, 2, 1]
        assert all(test["output"] for test in results["tests"])
    assert "no file" in results["output"]
