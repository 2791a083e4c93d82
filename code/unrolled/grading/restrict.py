"""What a process can take from itself, for good, before it runs a submission: Linux only.

Three fences, each one-way. Limits on memory, time, files. Landlock: which files can be read; none
can be written, and no TCP port reached. A filter on system calls: no sockets, no new processes, no
signals to others, no changed permissions. The submission's side loads this file by itself, so it
imports the standard library alone.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

NO_NEW_PRIVILEGES, SECCOMP, DROP_BOUND, DIE_WITH_PARENT = 38, 22, 24, 1  # of prctl(2)
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
CAPSET = {"x86_64": 126, "aarch64": 91}

# System calls by number (arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h): sockets and
# io_uring; starting, signalling or reading processes; namespaces, keys, BPF; memory that no limit
# counts or that others have; modes, times and attributes of files, which Landlock leaves open
REFUSED = {
    "x86_64": {
        "network": "41 53 425 426 427",
        "processes": "57 58 59 322 101 310 311 440 62 200 234 129 297 434 424 438 312 141 251 203"
        " 142 144 314 256 279",
        "kernel": "272 308 165 166 428 429 430 433 161 321 298 323 250 248 249 154 135",
        "memory": "319 447 29 30 31 64 65 66 220 68 69 70 71 240 241 162",
        "files": "90 91 268 452 92 94 93 260 132 235 261 280 188 189 190 197 198 199 253 294 300"
        " 303 304 73",
    },
    "aarch64": {
        "network": "198 199 425 426 427",
        "processes": "221 281 117 270 271 440 129 130 131 138 240 434 424 438 272 140 30"
        " 122 118 119 274 238 239",
        "kernel": "97 268 40 39 428 429 430 433 51 280 241 282 219 217 218 92",
        "memory": "279 447 194 196 195 190 193 191 192 186 189 188 187 180 181 81",
        "files": "52 53 452 55 54 88 5 6 7 14 15 16 26 262 264 265 32",
    },
}
AUDITED = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # what the kernel calls the two
CLONE, CLONE3 = {"x86_64": 56, "aarch64": 220}, 435
FCNTL, PRLIMIT = {"x86_64": 72, "aarch64": 25}, {"x86_64": 302, "aarch64": 261}
PRCTL = {"x86_64": 157, "aarch64": 167}
NEWER = 463  # and above: what this list does not know


def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def called(result: int, what: str) -> int:
    """The result of a system call, or an OSError that says what was tried."""
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def limit(limits: dict[str, int]) -> None:
    """Sets limits by their names, such as {"CPU": 10}, of which none can be raised again."""
    import resource  # which Windows lacks

    for name, most in {**limits, "CORE": 0}.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def renounce() -> None:
    """Gives up every capability, and that a program could ever bring any back."""
    c = libc()
    called(c.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    if os.getuid() == 0:
        for capability in range(64):
            c.prctl(DROP_BOUND, capability, 0, 0, 0)
    header, none = struct.pack("<Ii", 0x20080522, 0), bytes(24)
    called(c.syscall(CAPSET[platform.machine()], header, none), "capset")


def die_with_parent(parent: int) -> None:
    """From now on the end of the process `parent` is the end of this one."""
    called(libc().prctl(DIE_WITH_PARENT, 9, 0, 0, 0), "die with the parent")
    if os.getppid() != parent:
        os._exit(1)


def filterable() -> bool:
    """Whether the system calls of this machine are known."""
    return sys.platform == "linux" and platform.machine() in REFUSED


def landlock_version() -> int:
    """Which Landlock the kernel has, 0 where none."""
    return max(0, libc().syscall(LANDLOCK_CREATE, None, 0, 1))


def landlock(readable: list[str]) -> None:
    """From now on these files and folders can be read, and nothing else; nothing written."""
    c, version = libc(), landlock_version()
    if version < 1:
        raise OSError(errno.ENOSYS, "no Landlock")
    files = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    network = 0b11 if version >= 4 else 0  # TCP: bind, connect
    scope = 0b11 if version >= 6 else 0  # abstract sockets, signals
    rules = struct.pack("<QQQ", files, network, scope)
    ruleset = called(c.syscall(LANDLOCK_CREATE, rules, len(rules), 0), "Landlock")
    for path in readable:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rights = READ_FILE | READ_FOLDER if os.path.isdir(path) else READ_FILE
        rule = struct.pack("<Qi", rights, place)
        called(c.syscall(LANDLOCK_ADD, ruleset, 1, rule, 0), f"Landlock for {path}")
        os.close(place)
    called(c.syscall(LANDLOCK_RESTRICT, ruleset, 0), "Landlock")
    os.close(ruleset)


def program(machine: str) -> list[tuple[int, int, int, int]]:
    """The filter on system calls, for the kernel's small machine: (code, if true, if false, k).

    It loads a word of the call (LOAD), compares (EQUAL, AT_LEAST, ANY_BIT) and jumps that many
    steps, or gives a verdict (GIVE).
    """
    LOAD, EQUAL, AT_LEAST, ANY_BIT, GIVE = 0x20, 0x15, 0x35, 0x45, 0x06
    ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
    no, unknown = (GIVE, 0, 0, REFUSE | errno.EPERM), (GIVE, 0, 0, REFUSE | errno.ENOSYS)
    yes = (GIVE, 0, 0, ALLOW)
    number, first, second = (LOAD, 0, 0, 0), (LOAD, 0, 0, 16), (LOAD, 0, 0, 24)
    steps = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, AUDITED[machine]), (GIVE, 0, 0, KILL), number]
    steps += [(AT_LEAST, 0, 1, NEWER), unknown, (EQUAL, 0, 1, CLONE3), unknown]
    for call in map(int, " ".join(REFUSED[machine].values()).split()):
        steps += [(EQUAL, 0, 1, call), no]
    # a thread is no process; limits of one's own only; the end of the parent stays one's own end;
    # no signals by way of files (SETOWN, SETSIG, SETOWN_EX)
    steps += [(EQUAL, 0, 4, CLONE[machine]), first, (ANY_BIT, 1, 0, 0x10000), no, yes]
    steps += [(EQUAL, 0, 4, PRLIMIT[machine]), first, (EQUAL, 1, 0, 0), no, yes]
    steps += [(EQUAL, 0, 4, PRCTL[machine]), first, (EQUAL, 0, 1, DIE_WITH_PARENT), no, yes]
    steps += [(EQUAL, 0, 5, FCNTL[machine]), second]
    steps += [(EQUAL, 2, 0, 8), (EQUAL, 1, 0, 10), (EQUAL, 0, 1, 15), no, yes]
    return steps


def filter_calls() -> None:
    """From now on the refused system calls fail, in every thread begun later."""
    steps = program(platform.machine())
    code = b"".join(struct.pack("<HBBI", *step) for step in steps)
    array = ctypes.create_string_buffer(code, len(code))
    whole = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(array))
    called(libc().prctl(SECCOMP, 2, ctypes.create_string_buffer(whole), 0, 0), "seccomp")
