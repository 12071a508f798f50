"""Addresses: absolute, comparable, and whose they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.urls import absolute, canonical_url, host_of, registrable_domain, same_site

BASE = "https://kabar.example/rubrik/daftar.html"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/berita/1", "https://kabar.example/berita/1"),
        ("2.html", "https://kabar.example/rubrik/2.html"),
        ("../3", "https://kabar.example/3"),
        ("//lain.example/x", "https://lain.example/x"),
        ("?id=7", "https://kabar.example/rubrik/daftar.html?id=7"),
        ("  http://kabar.example/a b ", "http://kabar.example/a%20b"),
        ("HTTP://KABAR.example:80/./a/../b", "http://kabar.example/b"),
        ("http://bücher.example/ä", "http://xn--bcher-kva.example/%C3%A4"),
        ("http://pengguna:rahasia@kabar.example/", "http://kabar.example/"),
    ],
)
def test_fs_23_a_link_becomes_absolute(link: str, expected: str) -> None:
    assert absolute(link, BASE) == expected


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "jav\tascript:alert(1)",
        " \x01javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "vbscript:x",
        "data:text/html,<script>",
        "mailto:redaksi@kabar.example",
        "ftp://kabar.example/",
        "file:///etc/passwd",
        "http://",
        "http://a b/",
        "https://kabar.example:99999/",
        "",
        "   ",
        None,
    ],
)
def test_hx_05_what_is_no_http_address_is_none(link: str | None) -> None:
    assert absolute(link, BASE) is None


def test_a_base_that_is_none_leaves_absolute_links_alone() -> None:
    assert absolute("https://kabar.example/1", "bukan alamat") == "https://kabar.example/1"
    assert absolute("/1", "bukan alamat") is None


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://kabar.example/1?utm_source=rss&utm_medium=x", "https://kabar.example/1"),
        ("https://kabar.example/1?id=5&fbclid=abc&page=2", "https://kabar.example/1?id=5&page=2"),
        ("https://kabar.example/1?ref=rss", "https://kabar.example/1"),
        ("https://kabar.example/1?ref=7", "https://kabar.example/1?ref=7"),
        ("https://kabar.example:443/1#komentar", "https://kabar.example/1"),
        ("https://kabar.example/#!/berita/1", "https://kabar.example/#!/berita/1"),
        ("https://Kabar.Example./1?", "https://kabar.example/1"),
        ("https://kabar.example/%7ewarga/%c3%a4", "https://kabar.example/~warga/%C3%A4"),
        ("https://kabar.example/?b=2&a=1", "https://kabar.example/?b=2&a=1"),
        (" bukan alamat ", "bukan alamat"),
    ],
)
def test_equal_addresses_get_one_form(link: str, expected: str) -> None:
    assert canonical_url(link) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.pekanbaru.riau.co.id/x", "riau.co.id"),
        ("https://a.b.example/", "b.example"),
        ("https://warga.blogspot.com/", "warga.blogspot.com"),
        ("http://127.0.0.1:8080/", "127.0.0.1"),
        ("http://[::1]/", "[::1]"),
        ("http://localhost/", "localhost"),
        ("bukan alamat", ""),
    ],
)
def test_the_domain_that_one_owner_registers(url: str, expected: str) -> None:
    assert registrable_domain(url) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://kabar.co.id/", "https://feeds.kabar.co.id/x", True),
        ("https://kabar.co.id/", "https://lain.co.id/", False),
        ("https://a.blogspot.com/", "https://b.blogspot.com/", False),
        ("http://127.0.0.1:1/", "http://127.0.0.1:2/", True),
        ("http://127.0.0.1/", "http://127.0.0.2/", False),
        ("http://xn--bcher-kva.example/", "http://www.bücher.example/", True),
        ("", "", False),
        ("no address", "no address", False),
    ],
)
def test_a_site_is_what_one_owner_can_register(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) == same


def test_a_host_is_named_without_port_and_in_lower_case() -> None:
    assert host_of("HTTPS://WWW.Kabar.Example:8443/x") == "www.kabar.example"
    assert host_of("") == ""


URLS = st.builds(
    lambda host, path, query: f"http://{host}.example/{path}?{query}",
    st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True),
    st.text(max_size=30),
    st.text(max_size=30),
)


@given(URLS)
def test_a_canonical_url_is_its_own_canonical_url(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), URLS), st.one_of(st.text(max_size=30), st.just(BASE)))
def test_no_text_makes_an_address_that_is_not_http(link: str, base: str) -> None:
    found = absolute(link, base)
    assert found is None or found.startswith(("http://", "https://"))
    assert found is None or absolute(found, "") == found
    canonical_url(link)
    registrable_domain(link)
