"""Each fence by itself: what one lets through, another might hide."""

import subprocess

import pytest
from hostile import LIMITS, NAMES, attempts, skip_without

from unrolled.grading.confine import SOMEONE, Confinement
from unrolled.grading.room import Room

FILES = ["read_secret", "read_tests", "read_passwords", "list_folder", "overwrite", "append"]
FILES += ["truncate", "remove", "rename", "new_file", "new_folder", "write_tmp", "write_here"]
FILES += ["write_library", "symbolic_link", "follow_link", "hard_link", "memory_of_judge"]
NETWORK = ["tcp", "unix", "abstract"]
OTHERS = ["signal_judge", "signal_by_pipe", "signal_queue", "signal_descriptor", "limit_judge"]
OTHERS += ["slow_judge", "trace_judge"]


def alone(kind, names, **options):
    """Which of these attempts succeed with one fence alone."""
    assert set(names) <= set(NAMES)
    skip_without(kind)
    with Room(Confinement(kind, **options), LIMITS) as room:
        return attempts(room, names, together=True)


def test_namespaces_without_the_filter():
    assert alone("bwrap", [*FILES, *NETWORK, *OTHERS, "user_namespace"], filtered=False) == []


def test_landlock_without_the_filter():
    names = [*FILES, "trace_judge", "memory_of_parent"]
    assert alone("landlock", names, filtered=False) == []


def test_the_filter_without_namespaces():
    others = ["fork", "vfork", "clone", "clone3", "program", "shell", "spawn", "become_program"]
    others += ["udp", "pair", "mode", "times", "io_uring", "user_namespace", "memory_file"]
    others += ["shared_memory", "watch", "outlive", "read_memory_of_parent"]
    assert alone("none", [*NETWORK, *OTHERS, *others]) == []


def test_attempts_would_succeed():
    """Without any fence, those that do no harm: else the tests above would prove nothing."""
    names = ["read_secret", "read_tests", "list_folder", "follow_link", "pair", "fork", "program"]
    assert alone("none", names, filtered=False) == names


@pytest.mark.parametrize("kind", ["bwrap", "landlock"])
@pytest.mark.parametrize(("judge", "submission"), [(SOMEONE + 1, None), (0, SOMEONE)])
def test_other_users(public_python, kind, judge, submission):
    """An ordinary user's judge, and root's that runs submissions as somebody else."""
    program, environment, hostile = public_python
    skip_without(kind, judge)
    words = [program, hostile, kind, *([] if submission is None else [str(submission)])]
    user = {"user": judge, "group": judge, "extra_groups": []}
    run = subprocess.run(words, env=environment, capture_output=True, text=True, cwd="/", **user)
    assert run.stdout.split() == ["4"], run.stderr
