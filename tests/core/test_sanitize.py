"""What is passed on as HTML holds nothing that runs, loads or lies (robustness, HX)."""

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.core.sanitize import sanitize

BASE = "https://kabar.example/berita/1"
FORBIDDEN = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "form",
    "input",
    "button",
    "svg",
    "math",
    "template",
    "base",
    "meta",
    "link",
    "noscript",
    "xmp",
    "plaintext",
    "textarea",
    "select",
    "frameset",
    "video",
    "audio",
    "applet",
    "title",
}


def dangers(markup: str) -> list[str]:
    """What a browser would run or load, told from two parsers' trees and not from the text."""
    found = []
    for parser in ("lxml", "html.parser"):
        for tag in BeautifulSoup(markup, parser).find_all(True):
            if tag.name in FORBIDDEN:
                found.append(tag.name)
            for name, value in tag.attrs.items():
                text = re.sub(
                    r"[\x00-\x20]", "", value if isinstance(value, str) else " ".join(value)
                ).lower()
                if name.startswith("on") or name in {
                    "style",
                    "srcset",
                    "ping",
                    "srcdoc",
                    "formaction",
                    "id",
                    "class",
                }:
                    found.append(name)
                if name in {"href", "src", "cite"} and not text.startswith(
                    ("http://", "https://", "mailto:")
                ):
                    found.append(f"{name}={value}")
    return found


ATTACKS = {
    "hx_01_script": "<p>a</p><script>alert(1)</script>",
    "hx_01_img": "<img src=x onerror=alert(1)>",
    "hx_01_svg": "<svg onload=alert(1)><circle/></svg>",
    "hx_01_details": "<details ontoggle=alert(1) open>x</details>",
    "hx_01_marquee": "<marquee onstart=alert(1)>x</marquee>",
    "hx_01_video": "<video><source onerror=alert(1)></video>",
    "hx_02_javascript": '<a href="javascript:alert(1)">x</a>',
    "hx_02_entity": '<a href="&#106;avascript:alert(1)">x</a>',
    "hx_02_tab": '<a href="jav&#x09;ascript:alert(1)">x</a>',
    "hx_02_control": '<a href=" &#1;javascript:alert(1)">x</a>',
    "hx_02_vbscript": '<a href="vbscript:x">x</a>',
    "hx_02_data": '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "hx_03_empty_comment": "<!--><script>alert(1)</script>-->",
    "hx_03_empty_comment_img": "<!--><img src=x onerror=1>-->",
    "hx_04_xlink": '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "hx_04_mathml": '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=1&gt;">',
    "hx_04_noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "hx_04_xmp": '<xmp><p title="</xmp><img src=x onerror=alert(1)>">',
    "hx_04_template": "<template><script>alert(1)</script></template>",
    "hx_04_plaintext": "<plaintext><script>alert(1)</script>",
    "hx_07_iframe": "<iframe srcdoc='<script>1</script>' src=https://a.example></iframe>",
    "hx_07_form": "<form action=https://a.example><input name=x><button formaction=javascript:1>x</button></form>",
    "hx_07_base": "<base href=https://a.example><meta http-equiv=refresh><link rel=prefetch href=//a.example>",
    "hx_09_ping": '<a href="/x" ping="https://a.example">x</a><img src=/y srcset="https://a.example 2x" loading=eager>',
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_leaves_nothing_that_runs(name: str) -> None:
    assert dangers(sanitize(f"<p>awal</p>{ATTACKS[name]}", base=BASE)) == []
    assert "awal" in sanitize(f"<p>awal</p>{ATTACKS[name]}", base=BASE)


def test_links_are_made_absolute_and_mail_is_kept() -> None:
    cleaned = sanitize(
        '<a href="../2">x</a> <a href="mailto:a@kabar.example">y</a> <img src="//cdn.example/a.jpg">',
        base=BASE,
    )
    assert 'href="https://kabar.example/2"' in cleaned
    assert 'href="mailto:a@kabar.example"' in cleaned
    assert 'src="https://cdn.example/a.jpg"' in cleaned


@pytest.mark.parametrize(
    "pixel",
    [
        '<img src="/p.gif" width="1" height="1">',
        '<img src="/p.gif" width="1px" height="0">',
        '<img src="/p.gif" style="display: none">',
        '<img src="/p.gif" style="width:1px;height:1px">',
        "<img>",
        '<img alt="tanpa alamat">',
    ],
)
def test_hx_09_a_picture_that_nobody_sees_is_dropped(pixel: str) -> None:
    assert sanitize(f"<p>a{pixel}b</p>", base=BASE) == "<p>ab</p>"


def test_a_picture_that_is_seen_is_kept() -> None:
    cleaned = sanitize('<img src="/f.jpg" width="640" height="1" style="width:100%" alt="a">', base=BASE)
    assert cleaned == '<img src="https://kabar.example/f.jpg" width="640" height="1" alt="a">'


@pytest.mark.parametrize(
    "markup",
    ["<div>" * 300 + "x", "<div>" * 1000 + "x", "a<!-- b", "<table><td>x", "<b><i>x</b>y", "<p>a<a href='/x"],
    ids=["300 open", "1000 open", "open comment", "open table", "crossed", "open attribute"],
)
def test_hx_13_open_tags_are_closed_and_swallow_nothing(markup: str) -> None:
    cleaned = sanitize(markup, base=BASE)
    page = BeautifulSoup(f"<section>{cleaned}</section><aside>berikut</aside>", "html.parser")
    aside = page.find("aside")
    assert aside is not None
    assert aside.parent is page


def test_ch_01_characters_that_xml_forbids_come_back_through_no_reference() -> None:
    cleaned = sanitize("a&#11;b&#xFFFE;c&#xD800;d\x00", base=BASE)
    etree.fromstring(f"<p>{cleaned}</p>")
    assert "\ufffd" in cleaned


PIECES = st.one_of(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<a href='",
            "'>",
            "</a>",
            "<img src=x ",
            "onerror=1>",
            "<svg>",
            "<math>",
            "<style>",
            "<!--",
            "-->",
            "<table>",
            "<td>",
            "&#x6a;avascript:",
            "javascript:",
            '"',
            "`",
            "<![CDATA[",
            "]]>",
            "<noscript>",
            "</noscript>",
            "<title>",
            "<mglyph>",
        ]
    ),
    st.text(max_size=8),
)


@settings(max_examples=300)
@given(st.one_of(st.lists(PIECES, max_size=14).map("".join), st.sampled_from(sorted(ATTACKS.values()))))
def test_whatever_comes_in_nothing_dangerous_goes_out_and_cleaning_twice_changes_nothing(markup: str) -> None:
    once = sanitize(markup, base=BASE)
    assert dangers(once) == []
    assert sanitize(once, base=BASE) == once
