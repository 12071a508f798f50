"""Work for child processes that goes wrong, each in its own way."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import sys
import time
from datetime import UTC, datetime

from aggregator.errors import ConfigError, ExtractError, Fault, NotAFeed, Rejected


class Unportable(Exception):
    """Pickles, but cannot be made again: it wants more than its text."""

    def __init__(self, text: str, more: int) -> None:
        super().__init__(text)
        self.more = more


def double(number: int, *, plus: int = 0) -> int:
    return 2 * number + plus


def pid() -> int:
    return os.getpid()


def echo(data: bytes) -> bytes:
    return data


def endless_in_c() -> None:
    re.match(r"(a+)+$", "a" * 64 + "b")


def endless_in_python() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(60)


def greedy() -> int:
    return len([b"x" * 2**20 for _ in range(10_000)])


def bottomless() -> object:
    return bottomless()


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(3)


def chatter() -> str:
    print("the words of a document")
    os.write(1, b"more of them\n")
    os.write(2, b"and more\n")
    print("and more", file=sys.stderr)
    return "done"


def fail(name: str) -> None:
    raise {
        "not-a-feed": NotAFeed("it is a page"),
        "extract": ExtractError("there is no article"),
        "rejected": Rejected(
            "http://a/", "it answered 503", http_status=503, retry_after=datetime(2022, 1, 9, tzinfo=UTC)
        ),
        "config": ConfigError([Fault(file="feeds.toml", line=3, column=1, message="no such key")]),
        "value": ValueError("no number"),
        "unportable": Unportable("it broke", 7),
    }[name]


def inherited_sockets() -> list[str]:
    """What stands behind each socket that is open here, apart from multiprocessing's own pipes."""
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
            if target.startswith("socket:"):
                with socket.socket(fileno=os.dup(int(descriptor))) as open_one:
                    found.append(f"{open_one.family.name} {open_one.getsockname()}")
        except OSError:
            continue
    return found


def loaded_modules() -> list[str]:
    return sorted(sys.modules)


def cpu_limit() -> tuple[float, int]:
    """Give the processor time that this process has used, and how much it may."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, resource.getrlimit(resource.RLIMIT_CPU)[0]
