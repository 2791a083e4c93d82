"""The filter on system calls as a program: which calls it lets through, on both machines."""

import errno
import resource
import subprocess
import sys

import pytest

from unrolled.grading import restrict

ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000


def verdict(machine, number, *arguments, audited=None):
    """What the program says, run here as the kernel runs it."""
    words = {0: number, 4: restrict.AUDITED[machine] if audited is None else audited}
    for k in range(6):
        words[16 + 8 * k] = arguments[k] & 0xFFFFFFFF if k < len(arguments) else 0
    steps, k, a = restrict.program(machine), 0, 0
    while True:
        code, true, false, value = steps[k]
        k += 1
        if code == 0x06:
            return value
        if code == 0x20:
            a = words[value]
        else:
            test = {0x15: a == value, 0x35: a >= value, 0x45: bool(a & value)}[code]
            k += true if test else false


@pytest.mark.parametrize("machine", restrict.REFUSED)
def test_the_program(machine):
    read = {"x86_64": 0, "aarch64": 63}[machine]
    socket = {"x86_64": 41, "aarch64": 198}[machine]
    clone, fcntl = restrict.CLONE[machine], restrict.FCNTL[machine]
    prlimit, prctl = restrict.PRLIMIT[machine], restrict.PRCTL[machine]
    refused, unknown = REFUSE | errno.EPERM, REFUSE | errno.ENOSYS
    assert verdict(machine, read) == ALLOW
    assert verdict(machine, socket) == refused
    shared = {"x86_64": (29, 30, 64, 68, 240), "aarch64": (194, 196, 190, 186, 180)}[machine]
    assert {verdict(machine, number) for number in shared} == {refused}
    assert verdict(machine, 435) == verdict(machine, 463) == verdict(machine, 9999) == unknown
    assert verdict(machine, read | 0x40000000) == unknown  # the numbers of x32
    assert verdict(machine, read, audited=0x40000003) == KILL  # those of 32 bits
    assert verdict(machine, clone, 0x3D0F00) == ALLOW  # a thread
    assert verdict(machine, clone, 17) == refused  # a process
    assert [verdict(machine, fcntl, 5, k) for k in (1, 3, 8, 10, 15)] == [
        *(ALLOW, ALLOW),
        *(refused, refused, refused),
    ]
    assert verdict(machine, prlimit, 0) == ALLOW and verdict(machine, prlimit, 77) == refused
    assert verdict(machine, prctl, 15) == ALLOW and verdict(machine, prctl, 1) == refused


def test_each_call_stands_once_and_no_jump_leads_out():
    for machine, groups in restrict.REFUSED.items():
        calls = " ".join(groups.values()).split()
        assert len(set(calls)) == len(calls) > 50
        steps = restrict.program(machine)
        for k, (code, true, false, _) in enumerate(steps):
            assert code == 0x06 or k + 1 + max(true, false) < len(steps)
        assert steps[-1][0] == 0x06


def test_limits_cannot_be_raised_again_and_lower_ones_stay():
    program = (
        "import resource; from unrolled.grading.restrict import limit\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "limit({'NOFILE': 30, 'FSIZE': 5})\n"
        "print(*resource.getrlimit(resource.RLIMIT_NOFILE), *resource.getrlimit(4), "
        "*resource.getrlimit(resource.RLIMIT_FSIZE))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert resource.RLIMIT_CORE == 4
    assert run.stdout.split() == ["20", "20", "0", "0", "5", "5"]


def test_a_refused_call_says_what_was_tried():
    with pytest.raises(OSError, match="what was tried"):
        restrict.called(-1, "what was tried")
    assert restrict.called(3, "") == 3
