"""The real program in a network of its own, where every address there is answers: it asks public ones alone.

In a private network namespace all addresses are this machine's, IPv4 and IPv6, and one origin listens on all of them:
whoever could be reached by mistake would answer. What is judged is every attempt to connect, as it is on the wire.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Final

import pytest

from tests.daemon.program import Room, newsfeed
from tests.jobs.conftest import entry_xml, rss
from tests.origin import Answer, Origin, Seen, reply
from tests.robustness.test_addresses import FORMS, NO_ADDRESS, with_links

pytestmark = pytest.mark.system
CLONE_NEWNET: Final = 0x40000000
ETH_P_ALL: Final = 3
PUBLIC: Final = (ip_network("93.184.0.0/16"), ip_network("2606:4700::/32"))
NAME_SERVER: Final = "127.0.0.1"
Address = IPv4Address | IPv6Address


@contextmanager
def private_network() -> Iterator[None]:
    """Put this thread, and all that it starts, into a network in which every address is this machine's."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/proc/self/task/{threading.get_native_id()}/ns/net").open("rb") as before:
        if libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "no network namespace")
        try:
            for command in (
                "ip link set lo up",
                "ip route add local 0.0.0.0/0 dev lo",
                "ip -6 route add local ::/0 dev lo",
            ):
                subprocess.run(command.split(), check=True, capture_output=True)
            yield
        finally:
            assert libc.setns(before.fileno(), 0) == 0


class Wire:
    """Every attempt to connect, by the address it was made to."""

    def __init__(self) -> None:
        self._attempts: list[Address] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self._socket.bind(("lo", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**24)
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    @property
    def attempts(self) -> set[Address]:
        """To whom, up to now: a connection of our own shows that all before it was seen."""
        marker = ip_address(f"127.99.0.{len(self._attempts) % 200 + 1}")
        with contextlib.suppress(OSError):
            socket.create_connection((str(marker), 9), timeout=1).close()
        for _ in range(500):
            if marker in self._attempts:
                return {each for each in self._attempts if each not in ip_network("127.99.0.0/16")}
            threading.Event().wait(0.01)
        raise AssertionError("nothing is heard on the wire")

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                packet = self._socket.recv(2048)
                if (found := attempted(packet)) is not None:
                    self._attempts.append(found)


def attempted(packet: bytes) -> Address | None:
    """The address to which a packet asks for a connection (SYN without ACK); None: it does not."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and packet[9] == socket.IPPROTO_TCP:
        start, target = (packet[0] & 15) * 4, packet[16:20]
    elif version == 6 and packet[6] == socket.IPPROTO_TCP:
        start, target = 40, packet[24:40]
    else:
        return None
    return ip_address(target) if len(packet) > start + 13 and packet[start + 13] & 0x12 == 0x02 else None


class NameServer:
    """Answers for a name in turn, with nothing to live for (TTL 0), and for every other that there is none."""

    def __init__(self, names: Mapping[str, tuple[str, ...]]) -> None:
        self._names = {name: list(addresses) for name, addresses in names.items()}
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((NAME_SERVER, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                question, who = self._socket.recvfrom(512)
                if not question:  # closed
                    return
                self._socket.sendto(self._answer(question), who)

    def _answer(self, question: bytes) -> bytes:
        labels, at = [], 12
        while size := question[at]:
            labels.append(question[at + 1 : at + 1 + size].decode())
            at += size + 1
        [kind] = struct.unpack("!H", question[at + 1 : at + 3])
        queue, records = self._names.get(".".join(labels), []), b""
        if kind == 1 and queue:
            self.asked.append(".".join(labels))
            found = queue.pop(0)
            queue.append(found)
            records = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(found)
        head = struct.pack("!HHHHH", 0x8180 if queue else 0x8183, 1, bool(records), 0, 0)
        return question[:2] + head + question[12 : at + 5] + records


class World:
    """A private network with an origin at every address, and a newsroom whose settings are the defaults."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        stack.enter_context(private_network())
        self.room = Room(folder)
        self.wire = Wire()
        stack.callback(self.wire.close)
        self.answers: dict[str, Answer] = {}
        self.origins = [stack.enter_context(Origin(host, port=80)) for host in ("0.0.0.0", "::")]
        self._stack = stack

    def answer(self, path: str, answer: Answer) -> None:
        for origin in self.origins:
            origin.answer(path, answer)

    def seen(self) -> list[Seen]:
        return [seen for origin in self.origins for seen in origin.seen()]

    def names(self, names: Mapping[str, tuple[str, ...]]) -> NameServer:
        server = NameServer(names)
        self._stack.callback(server.close)
        return server

    def write(self, feeds: Mapping[str, str], *, read_pages: bool = False, polling: str = "") -> None:
        text = f'[site]\ntitle = "Meja"\nurl = "https://meja.example/"\nlanguage = "id"\n{polling}'
        for name, url in feeds.items():
            text += f'[[feed]]\nid = "{name}"\nurl = "{url}"\nread_pages = {str(read_pages).lower()}\n'
        self.room.write(text + '[[section]]\nid = "semua"\ntitle = "Semua"\n')

    def once(self, *, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """One round of the real program, with our name server in place of this machine's."""
        for name, text in {"hosts": "127.0.0.1 localhost\n::1 localhost\n", "resolv.conf": RESOLVER}.items():
            (self.room.folder / name).write_text(text, "utf-8")
        mounts = " && ".join(
            f"mount --bind {self.room.folder}/{name} /etc/{name}" for name in ("hosts", "resolv.conf")
        )
        command = [*before, sys.executable, "-m", "aggregator", "--config", "feeds.toml", "once", "--force"]
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh", *command],
            cwd=self.room.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    def errors(self) -> dict[str, str]:
        return {each["id"]: (each["error"] or {"kind": ""})["kind"] for each in self.room.status()["feeds"]}

    def strangers(self) -> set[Address]:
        """To whom it connected that is not public."""
        return {each for each in self.wire.attempts if not any(each in network for network in PUBLIC)}


RESOLVER: Final = f"nameserver {NAME_SERVER}\noptions timeout:1 attempts:1\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(tmp_path, stack)


def test_the_wire_shows_whoever_is_connected_to(world: World) -> None:
    assert world.wire.attempts == set()
    for address in ("169.254.169.254", "10.1.2.3", "93.184.216.34", "fd00:ec2::254", "::1"):
        socket.create_connection((address, 80), timeout=2).close()
        assert ip_address(address) in world.wire.attempts
    assert ip_address("::1") in world.strangers()


def test_ss_01_02_03_04_no_forbidden_address_is_connected_to(world: World) -> None:
    world.answer("/feed", reply(200, newsfeed("rahasia")))
    feeds = {"umum": "http://93.184.216.34/umum", "enam": "http://[2606:4700::1111]/umum"}
    world.answer("/umum", reply(200, newsfeed("umum")))
    for number, host in enumerate(FORMS):
        world.answer(f"/{number}", reply(200, newsfeed("rahasia")))
        if NO_ADDRESS not in host:  # no address at all: feeds.toml with it is faulty
            feeds[f"di{number}"] = f"http://{host}/{number}"
        # Each from an address of its own, which makes it a host of its own: they need not wait for one another.
        feeds[f"ke{number}"] = f"http://93.184.1.{number}/ke{number}"
        world.answer(f"/ke{number}", reply(302, headers={"Location": f"http://{host}/feed".encode()}))
    world.write(feeds)
    done = world.once()
    assert done.returncode == 0, done.stderr
    errors = world.errors()
    assert {name for name, kind in errors.items() if not kind} == {"umum", "enam"}
    assert set(errors.values()) == {"", "refused", "rejected", "unreachable"}
    # `localhost.` is a name that no file of names knows.
    unknown = {name for name, kind in errors.items() if kind == "unreachable"}
    assert {FORMS[int(name[2:])] for name in unknown} == {"localhost."}
    rejected = {name for name, kind in errors.items() if kind == "rejected"}
    assert rejected == {f"ke{number}" for number, host in enumerate(FORMS) if NO_ADDRESS in host}
    assert world.strangers() == set()
    assert len(world.wire.attempts) == len(FORMS) + 2
    assert len(world.room.ids()) == 3  # the same three stories, from both


def test_ss_05_a_name_server_that_changes_its_mind_leads_nobody_inside(world: World) -> None:
    world.answer("/feed", reply(200, newsfeed("kabar")))
    names = world.names(
        {
            "rebind.example": ("93.184.216.34", "127.0.0.1"),
            "inside.example": ("10.0.0.1",),
            "meta.example": ("169.254.169.254",),
        }
    )
    world.write({name: f"http://{name}.example/feed" for name in ("rebind", "inside", "meta")})
    kinds = []
    for _ in range(4):
        assert world.once().returncode == 0
        errors = world.errors()
        kinds.append(errors.pop("rebind"))
        assert errors == {"inside": "refused", "meta": "refused"}
    assert kinds == ["", "refused", "", "refused"]
    assert names.asked.count("rebind.example") == 4
    assert world.strangers() == set()


def test_ss_07_what_feeds_pages_and_redirects_name_is_not_connected_to_inside(world: World) -> None:
    world.names({"dalam.example": ("192.168.1.1",)})
    places = ("http://169.254.169.254", "http://dalam.example", "http://[::1]", "http://10.0.0.1:8080")
    for number, place in enumerate(places):
        world.answer(f"/{number}", reply(200, with_links(place)))
    world.answer("/public", reply(200, with_links("http://93.184.9.9")))
    page = (
        f"<html><body><article><p>{'kata ' * 300}</p><img src='http://[::1]/x.png'></article></body></html>"
    )
    world.answer("/link", reply(200, page.encode(), {"Content-Type": "text/html"}))
    world.answer("/robots.txt", reply(302, headers={"Location": "http://169.254.169.254/robots.txt"}))
    feeds = {f"f{number}": f"http://93.184.2.{number}/{number}" for number in range(len(places))}
    world.write(feeds | {"umum": "http://93.184.2.99/public"}, read_pages=True)
    for _ in range(2):
        assert world.once().returncode == 0
    assert set(world.errors().values()) == {""}
    assert world.strangers() == set()
    expected = {f"93.184.2.{number}" for number in (*range(len(places)), 99)} | {"93.184.9.9"}
    assert {str(address) for address in world.wire.attempts} == expected
    assert {seen.target for seen in world.seen()} >= {"/robots.txt", "/link"}


SECRET: Final = "rahasia-9f2c"
EXTERNAL: Final = {
    "entity": '<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{0}">]>',
    "path": '<!DOCTYPE rss [<!ENTITY x SYSTEM "{0}">]>',
    "remote": '<!DOCTYPE rss [<!ENTITY x SYSTEM "http://10.0.0.1/canary">]>',
    "parameter": '<!DOCTYPE rss [<!ENTITY % p SYSTEM "file://{0}"> %p; <!ENTITY x "y">]>',
    "dtd": '<!DOCTYPE rss SYSTEM "file://{0}">',
    "remote-dtd": '<!DOCTYPE rss PUBLIC "-//X//Y" "http://10.0.0.1/canary.dtd">',
    "stylesheet": '<?xml-stylesheet type="text/xsl" href="file://{0}"?>',
}


def test_ss_10_xp_03_no_file_is_opened_and_nobody_asked_because_a_document_says_so(
    world: World, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_bytes(rss(entry_xml(9, SECRET)))
    bodies = {
        name: (head.format(secret).encode() + newsfeed(name).partition(b"?>")[2]).replace(
            b"</title><desc", b" &x;</title><desc", 1
        )
        for name, head in EXTERNAL.items()
    }
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{secret}"/></channel>'
    bodies["xinclude"] = newsfeed("xinclude").replace(b"</channel>", include.encode())
    for number, named in enumerate((secret, f"file://{secret}", "http://10.0.0.1/canary", secret.name)):
        bodies[f"named{number}"] = str(named).encode()
    feeds = {}
    for number, (name, body) in enumerate(bodies.items()):
        world.answer(f"/{name}", reply(200, body, {"Content-Type": "application/rss+xml"}))
        feeds[name] = f"http://93.184.3.{number}/{name}"
    world.write(feeds)
    trace = tmp_path / "trace"
    calls = "trace=open,openat,openat2,execve,connect"
    done = world.once(before=("strace", "-f", "-qq", "-s", "400", "-e", calls, "-o", str(trace)))
    assert done.returncode == 0, done.stderr
    lines = trace.read_text("utf-8", "replace").splitlines()
    assert any("aggregator.db" in line for line in lines), "the trace is of something else"
    assert sum("connect(" in line for line in lines) >= len(feeds)
    assert [line for line in lines if secret.name in line] == []
    assert world.strangers() == set()
    started = {line.partition("execve(")[2].partition(",")[0] for line in lines if "execve(" in line}
    assert all("python" in each for each in started if each), started
    kept = (tmp_path / "state" / "aggregator.db").read_bytes()
    published = b"".join(path.read_bytes() for path in world.room.output.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept + published
