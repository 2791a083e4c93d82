"""A room serves run after run, and says why it does not start."""

import os
import signal
import time

import pytest
from hostile import ENDINGS, LIMITS, outcome, running, skip_without

from unrolled.grading.confine import Confinement, Refused
from unrolled.grading.room import Room
from unrolled.grading.session import Session


def test_a_run_is_ended_and_its_time_is_known(any_room):
    reading, writing = any_room.begin()
    assert 0 <= any_room.end() < 1
    assert os.read(reading, 1) == b""  # nobody holds the other end
    os.close(reading), os.close(writing)


def test_a_room_whose_process_is_killed_starts_anew(confinement):
    with Room(confinement, LIMITS) as room:
        assert outcome(room, ENDINGS["right"][0]) == "4"
        os.killpg(room.process.pid, signal.SIGKILL)
        time.sleep(0.1)
        assert outcome(room, ENDINGS["right"][0]) == "4"


def test_a_process_that_does_not_start_says_why(monkeypatch):
    words = ["/bin/sh", "-c", "echo no such luck >&2; exit 1"]
    monkeypatch.setattr(Confinement, "command", lambda *_: words)
    with pytest.raises(Refused, match="no such luck"):
        Room(Confinement("none"))


def test_without_the_filter_no_process_outlives_its_run():
    skip_without("bwrap")
    source = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)"
    with Room(Confinement("bwrap", filtered=False), LIMITS) as room:
        before = running()
        with Session([source + "\ndef answer(x): return x + 1"], room) as student:
            assert student.answer(3) == 4
            assert running() > before + 1  # the run and what it has started
        end = time.monotonic() + 5
        while running() > before and time.monotonic() < end:
            time.sleep(0.01)
        assert running() == before


def test_no_pipe_stays_open(any_room):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        outcome(any_room, ENDINGS["right"][0])
        outcome(any_room, ENDINGS["exit at once"][0])
    assert len(os.listdir("/proc/self/fd")) == before
