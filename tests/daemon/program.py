"""The real program in a process of its own: a newsroom's folder, its feeds.toml, its commands and its daemon.

room = Room(tmp_path)
room.write(feeds={"kampar": origin.url("/kampar")})
with room.daemon() as daemon:
    daemon.ready()
    assert room.once().returncode == 0
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from tests.jobs.conftest import entry_xml, rss

PATIENCE: Final = 60.0  # seconds until a test gives up on a loaded machine; nothing that is measured
# What the program listens to, and what would hide that its output is buffered.
OURS: Final = (
    "AGGREGATOR_CONFIG",
    "AGGREGATOR_DATABASE",
    "AGGREGATOR_OUTPUT",
    "NOTIFY_SOCKET",
    "PYTHONUNBUFFERED",
)
SYLLABLES: Final = (
    "ba",
    "ca",
    "di",
    "fu",
    "ga",
    "hi",
    "ja",
    "ku",
    "la",
    "mi",
    "na",
    "pu",
    "ra",
    "si",
    "tu",
    "wa",
)
_NUMBERS = itertools.count(1)

Snapshot = dict[str, tuple[int, int, bytes]]


def newsfeed(name: str, entries: int = 3) -> bytes:
    """A feed with so many entries of its own, each with enough text to be a story."""
    each = [
        entry_xml(f"{name}-{number}", f"Kabar {name} nomor {number}", text_of(f"{name} {number}"))
        for number in range(1, entries + 1)
    ]
    return rss(*each, title=f"Surat {name}")


def text_of(name: str, words: int = 60) -> str:
    """A text that is like no other, the same for a name at every run."""
    found = []
    for number in range(words):
        digest = blake2b(f"{name} {number}".encode(), digest_size=4).digest()
        found.append("".join(SYLLABLES[byte % 16] for byte in digest) + (". " if number % 12 == 11 else " "))
    return f"Warga Kazakhstan: {''.join(found).strip()}"


def snapshot(folder: Path) -> Snapshot:
    """Every file below a folder with inode, time of change and bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(each): (each.stat().st_ino, each.stat().st_mtime_ns, each.read_bytes()) for each in files}


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def until(true: Callable[[], Any], what: str, *, seconds: float = PATIENCE) -> Any:
    """Wait until something is so, and give it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:g} s: {what}")


class Supervisor:
    """Listens where systemd would."""

    def __init__(self) -> None:
        self.address = f"aggregator-test-{os.getpid()}-{next(_NUMBERS)}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + self.address)
        self._socket.setblocking(False)
        self._heard: list[str] = []

    @property
    def heard(self) -> list[str]:
        """Every line so far, in order."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._heard += self._socket.recv(4096).decode().split("\n")
        return self._heard

    def close(self) -> None:
        self._socket.close()


class Room:
    """A folder with feeds.toml, state/ and output/."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "feeds.toml"
        self.output = folder / "output"
        self.database = folder / "state" / "aggregator.db"

    def write(self, text: str | None = None, **settings: Any) -> None:
        """Save feeds.toml as an editor does: beside it, then renamed."""
        beside = self.folder / "feeds.toml.new"
        beside.write_text(text if text is not None else configuration(**settings), "utf-8")
        beside.replace(self.config)

    def start(self, *arguments: str, **how: Any) -> subprocess.Popen[str]:
        """Start a command."""
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": self.folder, **how}
        how["env"] = environment | how.get("env", {})
        return subprocess.Popen(
            [sys.executable, "-m", "aggregator", "--config", "feeds.toml", *arguments], **how
        )

    def run(self, *arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return finished(self.start(*arguments, **how))

    def status(self) -> dict[str, Any]:
        """What `status --json` says."""
        done = self.run("status", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        """What a command says in JSON Lines."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def daemon(self, *arguments: str, **how: Any) -> Daemon:
        """A daemon, started by `with` and ended with it."""
        return Daemon(self, arguments, how)

    def ids(self) -> list[str]:
        """The ids of a section's stories as subscribers see them."""
        document = json.loads((self.output / "semua" / "feed.json").read_text("utf-8"))
        return [each["id"] for each in document["items"]]


def configuration(
    *,
    feeds: Mapping[str, str] = {},
    sections: Sequence[str] = ("semua",),
    listen: str = "",
    feed: str = 'read_pages = false\ninterval = "1s"',
    polling: str = 'timeout = "20s"',
    more: str = "",
) -> str:
    """A feeds.toml with short times, for a loopback origin."""
    blocks = [
        f'[site]\ntitle = "Meja Kabar"\nurl = "https://meja.example/"\nlanguage = "id"\n'
        f'[polling]\nallow_networks = ["127.0.0.0/8"]\nhost_delay = "0s"\nper_host = 64\nflood_limit = 0\n'
        f'{polling}\n[server]\nlisten = "{listen}"\n'
    ]
    blocks += [f'[[feed]]\nid = "{name}"\nurl = "{url}"\n{feed}\n' for name, url in feeds.items()]
    blocks += [f'[[section]]\nid = "{name}"\ntitle = "{name.title()}"\n' for name in sections]
    return "\n".join(blocks) + more


class Daemon:
    """`aggregator run`, with its words in files, and somebody who listens to its notices."""

    def __init__(self, room: Room, arguments: Sequence[str], how: Mapping[str, Any]) -> None:
        self._room = room
        self._arguments = arguments
        self._how = dict(how)
        self.supervisor = Supervisor()
        number = next(_NUMBERS)
        self._said, self._logged = room.folder / f"stdout-{number}", room.folder / f"stderr-{number}"

    def __enter__(self) -> Daemon:
        with self._said.open("wb") as said, self._logged.open("wb") as logged:
            environment = {
                "PYTHONFAULTHANDLER": "1",
                "NOTIFY_SOCKET": "@" + self.supervisor.address,
                **self._how.pop("env", {}),
            }
            how = {"stdout": said, "stderr": logged, "env": environment, **self._how}
            self.process = self._room.start("run", *self._arguments, **how)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGABRT)  # it says where every thread stands
            self.process.wait()
        self.supervisor.close()
        if error is not None:
            print(self.log)

    @property
    def said(self) -> str:
        """What it wrote for people."""
        return self._said.read_text("utf-8")

    @property
    def log(self) -> str:
        """What it wrote into the log."""
        return self._logged.read_text("utf-8", "replace")

    def ready(self) -> Daemon:
        """Wait until it says so to its supervisor."""
        until(lambda: "READY=1" in self.supervisor.heard or self.process.poll() is not None, "READY=1")
        assert self.process.poll() is None, self.log
        return self

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def ended(self, seconds: float = PATIENCE) -> int:
        """Wait for its end, and give the exit code."""
        return self.process.wait(seconds)


def finished(process: subprocess.Popen[str], seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Wait for a command's end, and give what it said."""
    with process:
        try:
            said, logged = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, said, logged)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a failed command says, without a traceback."""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert done.stdout == ""
    return lines[0]


@contextlib.contextmanager
def asked(
    port: int, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Iterator[tuple[http.client.HTTPResponse, bytes]]:
    """One answer of the built-in server, with its body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        response = connection.getresponse()
        yield response, response.read()
    finally:
        connection.close()


def health(port: int) -> dict[str, Any]:
    """What /-/health says."""
    with asked(port, "/-/health") as (_, body):
        return json.loads(body)
