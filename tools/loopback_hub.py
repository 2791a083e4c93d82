"""A JupyterHub on loopback whose servers see the files that pods on Kubernetes would see."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

COURSE = "unrolled"


def pod(storage: Path, name: str, mounts: dict[str, tuple[Path, bool]]) -> list[str]:
    """What to put before a command, so that it runs as `name` would in a pod.

    Parameters
    ----------
    storage
        The folder of everybody's files, hidden but for the mounts.
    name
        Whose pod.
    mounts
        Where a folder is seen -> the folder, and whether it can be written.
    """
    words = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "100", "--die-with-parent"]
    words += ["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--tmpfs", "/srv"]
    for place, (folder, writable) in mounts.items():
        words += ["--bind" if writable else "--ro-bind", str(folder), place]
    words += ["--ro-bind", str(storage / "passwd"), "/etc/passwd", "--tmpfs", str(storage)]
    words += ["--dir", "/srv/tmp", "--setenv", "TMPDIR", "/srv/tmp", "--chdir", "/srv/home"]
    words += ["--setenv", "JUPYTER_CONFIG_PATH", "/srv/config", "--setenv", "HOME", "/srv/home"]
    return [*words, "--setenv", "JUPYTERHUB_USER", name]


class Hub:
    """The hub while it runs: `with Hub(folder, pods, bin) as hub`, and nothing of it is left."""

    def __init__(self, folder: Path, pods: dict[str, list[str]], programs: Path, proxy: Path):
        """Keeps its files in `folder`; `programs` holds JupyterHub's."""
        url, hub, proxy_api = (f"http://127.0.0.1:{port}" for port in free_ports(3))
        self.folder, self.url, self.programs = folder, url, programs
        self.password = secrets.token_hex(16)
        self.settings = {
            "url": url,
            "hub": hub,
            "proxy_api": proxy_api,
            "proxy": str(proxy),
            "token": secrets.token_hex(32),
            "password": self.password,
            "folder": str(folder),
            "pods": pods,
            "server": str(programs / "jupyterhub-singleuser"),
        }

    def __enter__(self) -> "Hub":
        config = Path(__file__).with_name("hub_config.py")
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [self.programs / "jupyterhub", "--config", config],
                cwd=self.folder,
                env=os.environ | {"HUB_SETTINGS": json.dumps(self.settings)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.wait("the hub", lambda: self.ask("GET", "/hub/api"))
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, kind: type | None, *error) -> None:
        """A request first, on which it ends its servers and its proxy; then force."""
        if kind not in (None, KeyboardInterrupt):
            print(self.last_words(), file=sys.stderr)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=20)
                break
        with suppress(OSError, ValueError):  # where force was needed, the proxy is still there
            os.kill(int((self.folder / "proxy.pid").read_text().split()[0]), signal.SIGKILL)

    def ask(self, how: str, where: str, token: str = "", **content) -> dict:
        """What the hub, or a student's server behind it, answers."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"token {token}"} if token else {}
        data = json.dumps(content).encode() if content else b"" if how == "POST" else None
        request = urllib.request.Request(self.url + quote(where, "/?=&"), data, headers, method=how)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def last_words(self) -> str:
        """The end of the hub's log, in which its servers speak too."""
        log = (self.folder / "log").read_text(errors="replace")
        return "\n".join(log.splitlines()[-20:])

    def wait(self, what: str, ready: Callable[[], object], seconds: float = 120.0) -> None:
        """Ask until the answer is yes."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                if ready():
                    return
            time.sleep(0.2)
        sys.exit(f"Failed: {what} did not start.")

    def log_in(self, name: str) -> str:
        """A token of this user's, whose server then runs."""
        who = {"username": name, "password": self.password}
        token = self.ask("POST", f"/hub/api/users/{name}/tokens", auth=who)["token"]
        self.ask("POST", f"/hub/api/users/{name}/server", token)

        def ready() -> bool:
            servers = self.ask("GET", f"/hub/api/users/{name}", token)["servers"]
            return "" in servers and servers[""]["ready"]

        self.wait(f"{name}'s server", ready)
        return token


def free_ports(n: int) -> list[int]:
    """Ports that nothing listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
