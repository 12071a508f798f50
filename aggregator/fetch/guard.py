"""What may be asked at all: schemes, hosts, ports, and every address that is connected to.

The URL is parsed once, as browsers do (WHATWG), and only its normalised form is used from there on, so that
the host that was checked is the host that is connected to. The address is checked where the socket is made,
after the name was looked up, so that a name cannot lead elsewhere between check and connection.
"""

from __future__ import annotations

import errno
import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import ada_url

from aggregator.core.urls import registrable_domain
from aggregator.errors import Refused
from aggregator.model import PollingSettings

Origin = tuple[str, str, int]  # scheme, host, port

PORTS: Final = frozenset({80, 443, 8080, 8443})
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
ANY_PORT: Final = 0
MAX_URL: Final = 8192  # characters

# `ipaddress.is_global` says yes to most of the IPv6 rows and to 192.88.99.0/24 (Python 3.11), so the rows are ours:
# the special-purpose registries of IANA (RFC 6890 and later), without those that are ordinary hosts after all.
FORBIDDEN: Final[tuple[IPv4Network | IPv6Network, ...]] = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # TEST-NET-1
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # TEST-NET-2
        "203.0.113.0/24",  # TEST-NET-3
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "::/3",  # ::, ::1, IPv4-compatible, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), 100::/64: none is global unicast
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
        "4000::/2",  # not assigned
        "8000::/1",  # unique local fc00::/7, link-local fe80::/10, site-local fec0::/10, multicast ff00::/8
    )
)

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class AddressRefused(OSError):
    """A name led to an address that we do not connect to. `address` is that address."""

    def __init__(self, address: str) -> None:
        # One text for all addresses: a connector that tried several then still raises this very error.
        super().__init__(errno.EACCES, "the address is not allowed")
        self.address = address


@dataclass(frozen=True, slots=True)
class Target:
    """One URL that may be asked, normalised; without user information and fragment."""

    url: str
    scheme: str
    host: str  # as in the URL: ASCII, lower case, IPv6 in brackets
    port: int
    inside_only: bool = False  # only addresses in `allow_networks` may be connected to: the port is unusual
    is_address: bool = False  # the host is no name

    @property
    def line(self) -> str:
        """What requests are counted by: the host with its port."""
        return f"{self.host.rstrip('.')}:{self.port}"

    @property
    def domain(self) -> str:
        """What the delay between requests is kept by: who owns a name; an address with its port is its own."""
        return self.line if self.is_address else registrable_domain(self.url)

    @property
    def origin(self) -> Origin:
        """What a credential belongs to."""
        return self.scheme, self.host, self.port


@lru_cache(maxsize=1024)
def judged(address: str) -> IPv4Address | IPv6Address | None:
    """Return the address as it is judged: an IPv4 one that is mapped into IPv6 as itself; None: with a zone."""
    if "%" in address:
        return None
    value = ip_address(address)
    return (value.ipv4_mapped or value) if isinstance(value, IPv6Address) else value


def is_forbidden(address: str) -> bool:
    """Tell whether an address, written as the socket layer writes it, is none of the public internet."""
    value = judged(address)
    return value is None or any(value in network for network in FORBIDDEN)


def shown(url: str) -> str:
    """Return a URL fit for a message: without user information and control characters."""
    try:
        parsed = ada_url.URL(url)
    except ValueError:
        return _CONTROL.sub("", re.sub(r"//[^/?#]*@", "//", url))[:MAX_URL]
    if parsed.username or parsed.password:  # some schemes have none, and none can be set
        parsed.username = parsed.password = ""
    return parsed.href[:MAX_URL]


def origin_of(url: str) -> Origin | None:
    """Return what a credential for this URL belongs to, whether or not it may be asked; None: no web address."""
    try:
        parsed = ada_url.URL(url)
    except ValueError:
        return None
    scheme = parsed.protocol.removesuffix(":")
    if scheme not in DEFAULT_PORTS:
        return None
    return scheme, parsed.hostname, int(parsed.port) if parsed.port else DEFAULT_PORTS[scheme]


class Guard:
    """The rules for one configuration."""

    def __init__(self, polling: PollingSettings) -> None:
        self._allowed = tuple(ip_network(network, strict=False) for network in polling.allow_networks)
        # Behind a proxy it is the proxy that looks names up: where a name leads is not known here.
        self._names_may_lead_inside = bool(self._allowed) and not polling.proxy
        self._never = tuple(_host_name(host) for host in polling.never_fetch)

    def target(self, url: str, *, own_port: int | None = None) -> Target:
        """Check a URL. `own_port` is the port that an editor wrote, allowed beside the usual ones; 0: any.

        Raises `Refused` with a plain reason.
        """
        parsed = self._parsed(url)
        scheme = parsed.protocol.removesuffix(":")
        host = parsed.hostname
        written = parsed.port
        port = int(written) if written else DEFAULT_PORTS[scheme]
        address = self._checked_literal(url, host)
        unusual = port not in PORTS and own_port not in (port, ANY_PORT)
        if unusual and not (self._names_may_lead_inside if address is None else self._is_inside(address)):
            raise Refused(shown(url), f"port {port} is not asked, only 80, 443, 8080 and 8443")
        href = parsed.href
        if "@" in href or "#" in href:
            parsed.username = parsed.password = parsed.hash = ""
            href = parsed.href
        return Target(href, scheme, host, port, inside_only=unusual, is_address=address is not None)

    def open_socket(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """Make the socket for one address; raises `AddressRefused` before anything is sent to a forbidden one."""
        family, kind, protocol, _, address = info
        if is_forbidden(str(address[0])) and not self._is_inside(str(address[0])):
            raise AddressRefused(str(address[0]))
        return socket.socket(family, kind, protocol)

    def open_inside_socket(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """Make the socket for one address that must lie in `allow_networks`; else `AddressRefused`."""
        family, kind, protocol, _, address = info
        if not self._is_inside(str(address[0])):
            raise AddressRefused(str(address[0]))
        return socket.socket(family, kind, protocol)

    def _parsed(self, url: str) -> ada_url.URL:
        if len(url) > MAX_URL:
            raise Refused(shown(url), f"the address is longer than {MAX_URL} characters")
        if _CONTROL.search(url):
            raise Refused(shown(url), "the address holds control characters")
        try:
            parsed = ada_url.URL(url)
        except ValueError:
            raise Refused(shown(url), "the address is no proper URL") from None
        if parsed.protocol not in ("http:", "https:"):
            raise Refused(shown(url), "only http and https are fetched")
        return parsed

    def _checked_literal(self, url: str, host: str) -> str | None:
        """Return the address that a host is, None for a name; raises `Refused` for what is never asked."""
        name = host.rstrip(".")
        if self._never and any(name == never or name.endswith("." + never) for never in self._never):
            raise Refused(shown(url), f"{name} is listed in never_fetch")
        address = _literal(host)
        if address is not None and is_forbidden(address) and not self._is_inside(address):
            raise Refused(shown(url), refusal(address))
        return address

    def _is_inside(self, address: str) -> bool:
        value = judged(address)
        return value is not None and any(value in network for network in self._allowed)


def refusal(address: str) -> str:
    """Say in a sentence why an address is not connected to."""
    return f"{address} is no public address; `allow_networks` can allow its network"


def _literal(host: str) -> str | None:
    """Return the address that a host of a parsed URL is, or None for a name."""
    if host.startswith("["):
        return host[1:-1]
    # ada-url has already turned 127.1, 0x7f000001 and 2130706433 into four decimal numbers.
    return host if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", host) else None


def _host_name(written: str) -> str:
    """Return a host as an editor wrote it, as it stands in a parsed URL."""
    host = written.strip().rstrip(".")
    try:
        return str(ada_url.URL(f"http://{host}/").hostname)
    except ValueError:
        return host.casefold()
