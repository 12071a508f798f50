"""Which addresses, hosts and URLs are asked (robustness.md: SS)."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from aggregator.errors import Refused
from aggregator.fetch.guard import AddressRefused, Guard, is_forbidden, shown
from aggregator.model import PollingSettings

# first and last address of each network that is forbidden, and the neighbours that are not
NETWORKS = [
    ("0.0.0.0", "0.255.255.255", None, "1.0.0.0"),
    ("10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
    ("100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"),
    ("127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"),
    ("169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"),
    ("169.254.169.254", "169.254.169.254", None, None),
    ("172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"),
    ("192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"),
    ("192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"),
    ("192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"),
    ("192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"),
    ("198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"),
    ("198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"),
    ("203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"),
    ("224.0.0.0", "239.255.255.255", "223.255.255.255", None),
    ("240.0.0.0", "255.255.255.255", None, None),
    ("::", "::1", None, None),
    ("::127.0.0.1", "::8.8.8.8", None, None),
    ("64:ff9b::", "64:ff9b::ffff:ffff", None, None),
    ("64:ff9b::7f00:1", "64:ff9b::808:808", None, None),
    ("64:ff9b:1::a00:1", "64:ff9b:1:ffff::", None, None),
    ("100::", "100::ffff:ffff:ffff:ffff", None, None),
    ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff::1", "2001:200::"),
    ("2001:0:7f00:1::", "2001:20::1", None, None),
    ("2001:db8::", "2001:db8:ffff:ffff::1", "2001:db7:ffff::1", "2001:db9::"),
    ("2002::", "2002:ffff:ffff::", "2001:ffff::", "2003::"),
    ("2002:7f00:1::", "2002:808:808::1", None, None),
    ("3fff::", "3fff:fff:ffff::", "3ffe:ffff::", "3fff:1000::"),
    ("4000::", "fbff:ffff::", None, None),
    ("fc00::", "fdff:ffff:ffff::", None, None),
    ("fd00:ec2::254", "fd00:ec2::254", None, None),
    ("fe80::", "febf:ffff::1", None, None),
    ("fe80::1%eth0", "fe80::1%2", None, None),
    ("2606:4700::1%eth0", "2606:4700::1%1", None, None),
    ("fec0::1", "feff:ffff::1", None, None),
    ("ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
    ("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:93.184.216.34"),
    ("::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8", None, None),
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::2003", "2400:cb00::1"]


@pytest.mark.parametrize(("first", "last", "before", "after"), NETWORKS, ids=[row[0] for row in NETWORKS])
def test_ss_01_04_a_network_is_forbidden_from_end_to_end(
    first: str, last: str, before: str | None, after: str | None
) -> None:
    assert is_forbidden(first)
    assert is_forbidden(last)
    assert not (before and is_forbidden(before))
    assert not (after and is_forbidden(after))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not_forbidden(address: str) -> None:
    assert not is_forbidden(address)


def guard(**settings: Any) -> Guard:
    return Guard(PollingSettings(**settings))


def info(address: str) -> tuple[int, int, int, str, tuple[object, ...]]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, 80)


@pytest.mark.parametrize("address", [row[0] for row in NETWORKS])
def test_ss_01_04_no_socket_is_made_for_a_forbidden_address(address: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        guard().open_socket(info(address))
    assert caught.value.address == address


@pytest.mark.parametrize("address", PUBLIC)
def test_a_socket_is_made_for_a_public_address_unless_it_must_lie_inside(address: str) -> None:
    guard().open_socket(info(address)).close()
    with pytest.raises(AddressRefused):
        guard(allow_networks=("10.0.0.0/8",)).open_inside_socket(info(address))


@pytest.mark.parametrize(
    ("allowed", "address", "fits"),
    [
        ("127.0.0.0/8", "127.0.0.1", True),
        ("127.0.0.0/8", "::ffff:127.0.0.1", True),
        ("127.0.0.0/8", "::1", False),
        ("::1/128", "::1", True),
        ("::1/128", "127.0.0.1", False),
        ("10.1.0.0/16", "10.1.2.3", True),
        ("10.1.0.0/16", "10.2.2.3", False),
        ("10.1.2.3/16", "10.1.0.1", True),
        ("fe80::/10", "fe80::1", True),
        ("fe80::/10", "fe80::1%eth0", False),
        ("64:ff9b::/96", "64:ff9b::808:808", True),
    ],
)
def test_an_allowed_network_is_asked_and_no_other(allowed: str, address: str, fits: bool) -> None:
    rules = guard(allow_networks=(allowed,))
    for opening in (rules.open_socket, rules.open_inside_socket):
        try:
            opening(info(address)).close()
        except AddressRefused:
            assert not fits
        except OSError:  # this machine has no IPv6
            assert fits
        else:
            assert fits


@pytest.mark.parametrize(
    ("url", "host", "port", "asked"),
    [
        ("http://kabar.example", "kabar.example", 80, "http://kabar.example/"),
        ("https://KABAR.example:443/a?b#c", "kabar.example", 443, "https://kabar.example/a?b"),
        ("http://ani:sandi@kabar.example/a", "kabar.example", 80, "http://kabar.example/a"),
        ("http://kabar.example\\@127.0.0.1/", "kabar.example", 80, "http://kabar.example/@127.0.0.1/"),
        (
            "http://b\u00fccher.example/\u00e4",
            "xn--bcher-kva.example",
            80,
            "http://xn--bcher-kva.example/%C3%A4",
        ),
        ("http://8.8.8.8:8080/", "8.8.8.8", 8080, "http://8.8.8.8:8080/"),
        ("http://134744072/", "8.8.8.8", 80, "http://8.8.8.8/"),
        ("https://[2606:4700::1111]:8443/", "[2606:4700::1111]", 8443, "https://[2606:4700::1111]:8443/"),
    ],
)
def test_ss_08_a_url_is_read_once_as_browsers_do(url: str, host: str, port: int, asked: str) -> None:
    target = guard().target(url)
    assert (target.host, target.port, target.url) == (host, port, asked)
    assert not target.inside_only


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://\u2460\u2461\u2466.0.0.1/",
        "http://public@127.0.0.1/",
        "http://127.0.0.1#@public/",
        "http://127.0.0.1.:80/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b:1::a00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fec0::1]/",
        "http://[ff02::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://224.0.0.1/",
        "http://192.88.99.1/",
        "http://kabar.example%00.evil.example/",
        "http://kabar.example\r\nX: y/",
        "http://kabar.example/a\r\nX: y",
        "http://kabar\texample/",
        "http://kabar example/",
        "http:///",
        "http://",
        "//kabar.example/",
        "kabar.example/rss",
        "",
        "ftp://kabar.example/",
        "file:///etc/passwd",
        "gopher://kabar.example/",
        "javascript:alert(1)",
        "http://kabar.example:99999/",
        "http://kabar.example:22/",
        "http://8.8.8.8:25/",
        "http://kabar.example/" + "a" * 9000,
    ],
)
def test_ss_03_04_08_what_is_no_public_web_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(Refused) as caught:
        guard().target(url)
    assert caught.value.reason.isprintable()
    assert len(caught.value.url) <= 8192


def test_ports_follow_the_editor_and_the_allowed_networks() -> None:
    inside = guard(allow_networks=("10.0.0.0/8",))
    assert guard().target("http://kabar.example:9000/", own_port=9000).port == 9000
    assert inside.target("http://10.0.0.1:9000/").port == 9000
    assert inside.target("http://kabar.example:9000/").inside_only
    assert not inside.target("http://kabar.example:9000/", own_port=9000).inside_only
    with pytest.raises(Refused):
        inside.target("http://8.8.8.8:9000/")
    with pytest.raises(Refused):
        guard(allow_networks=("10.0.0.0/8",), proxy="http://10.0.0.9:3128").target(
            "http://kabar.example:9000/"
        )


@pytest.mark.parametrize(
    ("url", "fit"),
    [
        ("http://ani:sandi@kabar.example/a", "http://kabar.example/a"),
        ("ftp://ani:sandi@kabar.example/a", "ftp://kabar.example/a"),
        ("http://ani:sandi@kabar example/a", "http://kabar example/a"),
        ("http://kabar example/\x1b[31m", "http://kabar example/[31m"),
        ("http://a b@c d@kabar.example:x/", "http://kabar.example:x/"),
    ],
)
def test_ss_08_a_url_is_shown_without_secrets_and_control_characters(url: str, fit: str) -> None:
    assert shown(url) == fit
