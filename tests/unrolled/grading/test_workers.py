"""Each item is done once; what breaks a worker is tried once more, and holds up nobody."""

import time

import jobs
import pytest

from unrolled.grading.workers import side_by_side


@pytest.mark.parametrize("workers", [1, 2])
def test_each_item_is_done_once(tmp_path, workers):
    items = list(range(7))
    done = list(side_by_side(items, workers, 30.0, jobs.job, tmp_path / "log"))
    assert sorted(done) == [(k, True, 2 * k) for k in items]
    assert sorted(map(int, (tmp_path / "log").read_text().split())) == items


def test_what_breaks_a_worker_is_tried_twice(tmp_path):
    items = ["dies", "a", "raises", "b", "dies once", "c"]
    done = {item: rest for item, *rest in side_by_side(items, 2, 30.0, jobs.job, tmp_path / "log")}
    assert {item: well for item, (well, _) in done.items() if not well} == {
        "dies": False,
        "raises": False,
    }
    assert done["dies once"] == [True, "dies oncedies once"]
    assert "KeyError" in done["raises"][1] and "ended" in done["dies"][1]
    tried = (tmp_path / "log").read_text().splitlines()
    assert {item: tried.count(item) for item in items} == {
        **dict.fromkeys(items, 1),
        **dict.fromkeys(["dies", "raises", "dies once"], 2),
    }


def test_what_does_not_end_is_ended(tmp_path):
    start = time.monotonic()
    done = sorted(side_by_side(["sleeps", "a"], 2, 3.0, jobs.job, tmp_path / "log"))
    assert [item[:2] for item in done] == [("a", True), ("sleeps", False)]
    assert time.monotonic() - start < 20


def test_where_no_worker_starts_every_item_says_so():
    done = list(side_by_side([1, 2], 2, 30.0, jobs.never))
    assert sorted((item, well) for item, well, _ in done) == [(1, False), (2, False)]
    assert all("no room" in why for _, _, why in done)


def test_whoever_stops_listening_leaves_nobody_working(tmp_path):
    results = side_by_side(["a", "sleeps", "sleeps"], 2, 60.0, jobs.job, tmp_path / "log")
    assert next(results)[0] == "a"
    results.close()
    import multiprocessing

    assert not multiprocessing.active_children()


def test_a_job_that_takes_all_memory_gets_an_error(tmp_path):
    assert list(side_by_side(["eats"], 1, 30.0, jobs.job, tmp_path / "log")) == [
        ("eats", True, "refused")
    ]
