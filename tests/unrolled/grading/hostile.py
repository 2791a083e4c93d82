"""Submissions that do all they can but the task, and what must come of each.

Run as a program, with the name of a confinement, it prints what is not as it should be: so the
tests run it as another user too.
"""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from unrolled.grading import child, restrict
from unrolled.grading.confine import Confinement, Limits
from unrolled.grading.failures import Failure
from unrolled.grading.room import Room
from unrolled.grading.session import Session

LEFT = Path("/tmp/left-by-a-submission")
OWN = os.getpid() % 2**16 * 4096  # tells the submissions of this process from those of another
LIMITS = Limits(cpu=1, wall=1.5, memory=2**30 + OWN)

# Every function here must raise; where one does not, the least harm is done.
# `THINGS` is given by the test: paths, ports, processes.
ATTEMPTS = r"""
import ctypes, fcntl, gc, mmap, os, resource, signal, socket, struct, subprocess, sys, threading

C = ctypes.CDLL(None, use_errno=True)

def must(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result

def read_secret(): return open(THINGS["secret"]).read()
def read_tests(): return open(THINGS["tests"]).read()
def read_passwords(): return open("/etc/passwd").read()
def read_key_by_descriptor(): return os.listdir("/proc/self/fd")
def list_folder(): return os.listdir(THINGS["folder"])
def overwrite(): open(THINGS["open"], "w")
def append(): open(THINGS["open"], "a")
def truncate(): os.truncate(THINGS["open"], 0)
def remove(): os.unlink(THINGS["open"])
def rename(): os.rename(THINGS["open"], THINGS["open"] + "2")
def new_file(): open(THINGS["folder"] + "/new", "w")
def new_folder(): os.mkdir(THINGS["folder"] + "/new")
def write_tmp(): open("/tmp/left-by-a-submission", "w")
def write_shared_memory(): open("/dev/shm/left-by-a-submission", "w")
def write_here(): open("left-by-a-submission", "w")
def write_library(): open(os.__file__, "a")
def symbolic_link(): os.symlink(THINGS["secret"], THINGS["folder"] + "/link")
def symbolic_link_tmp(): os.symlink(THINGS["secret"], "/tmp/left-by-a-submission")
def follow_link(): return open(THINGS["link"]).read()
def hard_link(): os.link(THINGS["secret"], THINGS["folder"] + "/hard")
def mode(): os.chmod(THINGS["open"], 0)
def times(): os.utime(THINGS["open"], (0, 0))
def attribute(): os.setxattr(THINGS["open"], "user.x", b"1")
def owner(): os.chown(THINGS["open"], 1, 1)
def pipe_by_name(): os.mkfifo("/tmp/left-by-a-submission")
def tcp(): socket.create_connection(("127.0.0.1", THINGS["tcp"]), 1)
def udp():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", THINGS["udp"]))
def unix(): socket.socket(socket.AF_UNIX).connect(THINGS["unix"])
def abstract(): socket.socket(socket.AF_UNIX).connect("\0" + THINGS["abstract"])
def netlink(): socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
def pair(): socket.socketpair()
def listen(): socket.create_server(("127.0.0.1", 0))
def io_uring(): must(C.syscall(425, 8, ctypes.create_string_buffer(120)))
def fork(): os.fork() or os._exit(0)
def vfork(): must(C.syscall({"x86_64": 58}.get(os.uname().machine, -1)))
def clone(): must(C.syscall(56, 17, 0, 0, 0, 0)) or os._exit(0)
def clone3(): must(C.syscall(435, struct.pack("<8Q", 0, 0, 0, 0, 17, 0, 0, 0), 64)) or os._exit(0)
def many_forks(): [os.fork() or os._exit(0) for _ in range(300)]
def program(): subprocess.run(["/bin/true"])
def shell(): assert os.system("true") == 0
def spawn(): os.posix_spawn("/bin/true", ["true"], {})
def become_program(): os.execv(sys.executable or "/bin/true", ["x", "-c", "pass"])
def signal_judge(): os.kill(THINGS["judge"], signal.SIGUSR1)
def signal_parent(): os.kill(os.getppid(), 0)
def signal_all(): os.kill(-1, 0)
def signal_group(): os.killpg(0, 0)
def stop_itself(): os.kill(os.getpid(), signal.SIGSTOP)
def signal_by_pipe(): fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, THINGS["judge"])
def signal_queue(): must(C.sigqueue(THINGS["judge"], signal.SIGUSR1, 0))
def signal_descriptor(): os.pidfd_open(THINGS["judge"])
def limit_judge(): resource.prlimit(THINGS["judge"], resource.RLIMIT_CPU)
def slow_judge(): os.setpriority(os.PRIO_PROCESS, THINGS["judge"], 0)
def slow_user(): os.setpriority(os.PRIO_USER, os.getuid(), 0)
def pin_judge(): os.sched_setaffinity(THINGS["judge"], os.sched_getaffinity(0))
def trace_judge(): must(C.ptrace(0x4206, THINGS["judge"], 0, 0))
def trace_parent(): must(C.ptrace(0x4206, os.getppid(), 0, 0))
def memory_of_judge(): open(f"/proc/{THINGS['judge']}/mem", "rb").read(1)
def memory_of_parent(): open(f"/proc/{os.getppid()}/mem", "rb").read(1)
def environment_of_judge(): return open(f"/proc/{THINGS['judge']}/environ").read()
def command_of_parent(): return open(f"/proc/{os.getppid()}/cmdline").read()
def read_memory_of_parent():
    here = ctypes.create_string_buffer(8)
    part = struct.pack("<QQ", ctypes.addressof(here), 8)
    must(C.process_vm_readv(os.getppid(), part, 1, part, 1, 0))
def user_namespace(): must(C.unshare(0x10000000))
def mount_namespace(): must(C.unshare(0x20000))
def mount(): must(C.mount(b"none", b"/tmp", b"tmpfs", 0, None))
def change_root(): os.chroot("/tmp")
def become_root(): os.setuid(0); open(THINGS["secret"])
def become_other(): os.setuid(1 if os.getuid() != 1 else 2)
def raise_limit(): resource.setrlimit(resource.RLIMIT_CPU, (10**6, 10**6))
def raise_memory(): resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
def outlive(): must(C.prctl(1, 0, 0, 0, 0))
def undo_filter(): must(C.prctl(22, 0, 0, 0, 0))
def memory_file(): os.memfd_create("x")
def shared_memory(): must(C.shmget(0x1234, 4096, 0o1666))
def message_queue(): must(C.msgget(0x1234, 0o1666))
def keyring(): must(C.syscall(248, b"user", b"x", b"x", 1, -4))
def watch(): must(C.inotify_init())
def huge(): bytearray(50 * 2**30)
def map_huge(): mmap.mmap(-1, 50 * 2**30)
def thousand_threads():
    threads = [threading.Thread(target=threading.Event().wait, daemon=True) for _ in range(1000)]
    [thread.start() for thread in threads]
def third_descriptor():
    known = {line.reading for line in gc.get_objects() if type(line).__name__ == "Line"}
    known |= {line.writing for line in gc.get_objects() if type(line).__name__ == "Line"}
    for n in set(range(3, 64)) - known:
        try:
            os.fstat(n)
        except OSError:
            continue
        return n
    raise OSError("there is none")
def the_package():
    import unrolled.layers
def other_packages():
    import pytest
def packages_of_the_system():
    import glob
    tops = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/opt"]
    found = [p for top in tops for p in glob.glob(top + "/python3*/*-packages/*")]
    assert [path for path in found if "numpy" not in path]
def environment():
    assert set(os.environ) - {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                              "PYTHONHASHSEED", "LC_ALL", "PWD", "LC_CTYPE", "LD_LIBRARY_PATH"}
def arguments(): assert [word for word in sys.argv if word] or sys.orig_argv[99]
"""

WRITE = """
import gc, os, threading, time
def line():
    return next(x for x in gc.get_objects() if type(x).__name__ == "Line")
"""
# What `answer(3)` must come to: a value's repr, or the name of a failure and a part of its
# sentence; "" leaves it open
ENDINGS = {
    "right": ("def answer(x): return x + 1", "4"),
    "exit at once": ("import os; os._exit(0)", "Ended"),
    "exit in the answer": ("import os\ndef answer(x): os._exit(0)", "Ended"),
    "sys.exit": ("import sys\nsys.exit(0)\ndef answer(x): return x + 1", "4"),
    "sys.exit in the answer": ("import sys\ndef answer(x): sys.exit()", "StudentError SystemExit"),
    "interrupt": ("def answer(x): raise KeyboardInterrupt", "StudentError KeyboardInterrupt"),
    "blank": ("", "NotFound no answer"),
    "syntax": ("def answer(x) return x", "NotFound"),
    "endless in a cell": ("while True: pass", "TimedOut"),
    "endless in the answer": ("def answer(x):\n    while True: pass", "TimedOut"),
    "endless, deaf to signals": (
        "import signal\nfor s in range(1, 64):\n"
        "    try: signal.signal(s, signal.SIG_IGN)\n    except Exception: pass\n"
        "def answer(x):\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass",
        "TimedOut",
    ),
    "asleep": ("import time\ndef answer(x): time.sleep(1000)", "TimedOut"),
    "endless beside a right answer": (
        "import threading\ndef f():\n    while True: pass\n"
        "threading.Thread(target=f).start()\ndef answer(x): return x + 1",
        "4",
    ),
    "50 GB": ("def answer(x): return bytearray(50 * 2**30)", "StudentError MemoryError"),
    "more and more": (
        "def answer(x):\n    all = []\n    while True: all.append(bytes(2**24))",
        "StudentError MemoryError",
    ),
    "no end of calls": ("def answer(x): return answer(x)", "StudentError RecursionError"),
    "segmentation fault": ("import ctypes\ndef answer(x): ctypes.string_at(0)", "Ended"),
    "abort": ("import os\ndef answer(x): os.abort()", "Ended"),
    "equal to everything": (
        "class E:\n    def __eq__(self, other): return True\ndef answer(x): return E()",
        "BadReply",
    ),
    "a number equal to everything": (
        "class E(float):\n    def __eq__(self, other): return True\n"
        "    def __sub__(self, other): return 0.0\ndef answer(x): return E(7)",
        "7.0",
    ),
    "an array equal to everything": (
        "import numpy as np\nclass E(np.ndarray):\n    def __eq__(self, other): return True\n"
        "def answer(x): return np.zeros(2).view(E)",
        "BadReply",
    ),
    "a subclass": ("import numpy as np\ndef answer(x): return np.matrix([1])", "BadReply matrix"),
    "objects": ("import numpy as np\ndef answer(x): return np.array([{}])", "BadReply object"),
    "NaN": ("def answer(x): return float('nan')", "nan"),
    "allclose is true": (
        "import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\n"
        "def answer(x): return 0",
        "0",
    ),
    "no JSON": (
        "import json\njson.dumps = lambda *a, **k: '\"passed\"'\ndef answer(x): return 0",
        "BadReply",
    ),
    "an error with a name": (
        "def answer(x): raise type(f'all passed, x was {x}', (Exception,), {})()",
        "StudentError an exception of its own",
    ),
    "an error elsewhere": (
        "def answer(x):\n    exec(compile('\\n' * 98765 + '1/0', '<cell 1>', 'exec'))",
        "StudentError in line 1 of",
    ),
    "an error in an error": (
        "class E(Exception):\n    @property\n    def __traceback__(self): raise ValueError\n"
        "def answer(x): raise E",
        "",
    ),
    "huge array": ("import numpy as np\ndef answer(x): return np.zeros(2**24)", "BadReply"),
    "huge text": ("def answer(x): return 'x' * 10**7", "BadReply"),
    "huge integer": ("def answer(x): return 2**10**6", "BadReply"),
    "deep": (
        "def answer(x):\n    y = []\n    for _ in range(500): y = [y]\n    return y",
        "BadReply",
    ),
    "itself": ("def answer(x):\n    y = []\n    y.append(y)\n    return y", "BadReply"),
    "garbage": (WRITE + "def answer(x): os.write(line().writing, b'passed' * 100)", "BadReply"),
    "endless garbage": (
        WRITE + "def answer(x):\n    while True: os.write(line().writing, bytes(2**16))",
        "BadReply",
    ),
    "a promise of 64 MB": (
        WRITE + "def answer(x):\n    os.write(line().writing, b'\\x02\\0\\0\\0\\0\\0\\0\\x04[]')\n"
        "    time.sleep(9)",
        "TimedOut",
    ),
    "a promise of 4 GB": (
        WRITE + "def answer(x): os.write(line().writing, b'\\xff' * 8)",
        "BadReply too large",
    ),
    "endless messages": (
        WRITE + "def answer(x):\n    while True: line().say('points', 0, 10)",
        "TimedOut",
    ),
    "a verdict": (WRITE + "def answer(x):\n    line().say('passed', 1, 10)\n    return 0", "0"),
    "a number for a message": (
        WRITE + "def answer(x): os.write(line().writing, line().wire.pack(5))",
        "BadReply could not be read",
    ),
    "a message without a number": (
        WRITE + "def answer(x): line().say('value', 'one', 4)",
        "BadReply could not be read",
    ),
    "a callback with a number for arguments": (
        WRITE + "def answer(x): line().say('callback', 0, 4)",
        "",
    ),
    "a callback without arguments": (
        WRITE + "def answer(x):\n    line().say('callback', 0)\n    return 0",
        "0",
    ),
    "an error without a place": (
        WRITE + "def answer(x): line().say('error', 1, 'KeyError')",
        "BadReply could not be read",
    ),
    "an answer before": (WRITE + "line().say('value', 1, 5)\ndef answer(x): return 0", "0"),
    "a function of its own": (
        WRITE + "def answer(x):\n    line().say('callback', -10**9, ())\n    return 0",
        "0",
    ),
    "a call without end": ("def answer(x, step):\n    while True: step(1)", "TimedOut"),
    "a call with anything": (
        "def answer(x, step):\n    try: step('a', [])\n    except TypeError: return 0",
        "0",
    ),
    "closed pipes": ("import os\ndef answer(x): os.closerange(0, 99)", "Ended"),
    "everything printed": (
        "import sys\nfor _ in range(200): print('x' * 10**6, file=sys.stderr)\n"
        "def answer(x): return x + 1",
        "4",
    ),
    "written to the terminal": (
        "import os\nfor n in (0, 1, 2):\n    try: os.write(n, b'10 of 10 points')\n"
        "    except OSError: pass\ndef answer(x): return x + 1",
        "4",
    ),
    "no stdout": (
        "import sys\nsys.stdout = sys.stderr = None\nprint(1)\ndef answer(x): return 4",
        "4",
    ),
    "another clock": (
        "import time\ntime.time = time.monotonic = lambda: -1e9\ndef answer(x): return 4",
        "4",
    ),
    "at exit": (
        "import atexit\natexit.register(lambda: [0 for _ in iter(int, 1)])\n"
        "def answer(x): return 4",
        "4",
    ),
    "hooks": (
        "import builtins, sys\nsys.settrace(lambda *a: 1/0)\n"
        "builtins.isinstance = lambda *a: True\n"
        "def answer(x): return 0",
        "",
    ),
    "no builtins": (
        "import builtins\nfor n in list(vars(builtins)):\n    delattr(builtins, n)\n",
        "",
    ),
    "text that is no text": ("def answer(x): return '\\ud800'", "'\\ud800'"),
    "a name that is no name": (
        "globals()['x' * 10**7] = 1\nglobals()[3] = 1\ndef answer(x): return 4",
        "4",
    ),
}


def step(k: int) -> int:
    """A function of the judge's that submissions can call."""
    return k + 1


def outcome(room: Room, source: str) -> str:
    """What `answer(3)` comes to, as the tables say it."""
    try:
        with Session([source], room) as student:
            return repr(student.answer(3, *[step] * ("step" in source)))
    except Failure as failure:
        return f"{type(failure).__name__} {failure}"


def marks(folder: Path) -> dict[str, tuple]:
    """What would tell that a file was touched, for each in a folder."""
    found = {path.name: path.stat() for path in folder.iterdir()}
    return {
        name: (s.st_mode, s.st_mtime, s.st_uid, s.st_size, s.st_nlink) for name, s in found.items()
    }


@contextlib.contextmanager
def things() -> Iterator[dict]:
    """A folder, sockets and a process to lay hands on; at the end, whether one was touched."""
    LEFT.unlink(missing_ok=True)  # of an earlier run that failed
    heard: list[int] = []
    old = signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o777)
        for name in ("secret", "open"):
            (folder / name).write_text(name)
            (folder / name).chmod(0o666)
        (folder / "link").symlink_to(folder / "secret")
        kinds = {
            "tcp": (socket.AF_INET, 1),
            "udp": (socket.AF_INET, 2),
            "unix": (socket.AF_UNIX, 1),
        }
        kinds["abstract"] = kinds["unix"]
        places = {"unix": str(folder / "unix"), "abstract": f"\0judge-{os.getpid()}"}
        sockets = {}
        for name, kind in kinds.items():
            sockets[name] = stack.enter_context(socket.socket(*kind))
            sockets[name].bind(places.get(name, ("127.0.0.1", 0)))
            if name != "udp":
                sockets[name].listen()
        before = marks(folder)
        yield {
            "folder": str(folder),
            **{name: str(folder / name) for name in ("secret", "open", "link", "unix")},
            **{name: sockets[name].getsockname()[1] for name in ("tcp", "udp")},
            "abstract": places["abstract"][1:],
            "tests": __file__,
            "judge": os.getpid(),
        }
        assert marks(folder) == before
        assert not select.select(list(sockets.values()), [], [], 0)[0], "somebody called"
        assert not heard, "somebody sent a signal"
        assert not LEFT.is_symlink() and not LEFT.exists()
    signal.signal(signal.SIGUSR1, old)


NAMES = [line.split("(")[0][4:] for line in ATTEMPTS.splitlines() if line.startswith("def ")][1:]


def attempts(room: Room, names: list[str] = NAMES, together: bool = False) -> list[str]:
    """Which attempts succeed: each in a session of its own, or all in one."""
    done = []
    with things() as given:
        cells = [f"THINGS = {given!r}\ndef things(): return THINGS", ATTEMPTS]
        for group in [names] if together else [[name] for name in names]:
            with Session(cells, room) as student:
                for name in group:
                    with contextlib.suppress(Failure):
                        student.call(name)
                        done.append(name)
                if together and student.things() != given:  # or it has ended: a Failure
                    done.append("the session is spoilt")
        if outcome(room, ENDINGS["right"][0]) != "4":
            done.append("something spoils what follows")
    return done


def skip_without(kind: str, user: int | None = None) -> None:
    """Skips a test where the machine lacks what a confinement is made of, and only there."""
    import pytest

    if kind == "landlock" and not restrict.landlock_version():
        pytest.skip("this kernel has no Landlock")
    if kind == "bwrap":
        if not shutil.which("bwrap"):
            pytest.skip("bubblewrap is not installed")
        words = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
        who = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        run = subprocess.run(words, capture_output=True, text=True, cwd="/", **who)
        if run.returncode:
            pytest.skip(f"this machine lets nobody make namespaces: {run.stderr}")


def running() -> int:
    """How many processes on this machine run submissions of ours: their limits tell."""
    ours = str(child.__file__).encode(), f"'AS': {LIMITS.memory}".encode()
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes()
            found += all(part in words for part in ours)
    return found


if __name__ == "__main__":
    kind, user = sys.argv[1], int(sys.argv[2]) if sys.argv[2:] else None
    with Room(Confinement(kind, user), LIMITS) as room:
        print(outcome(room, ENDINGS["right"][0]), *attempts(room))
