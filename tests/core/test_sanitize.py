"""What is passed on as HTML holds nothing that runs, loads or lies (robustness, HX)."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.core.flat import FEW_TAGS
from aggregator.core.sanitize import sanitize
from aggregator.core.text import plain
from tests.html5 import dangers, elements, swallows

BASE = "https://kabar.example/berita/1"


ATTACKS = {
    "hx_01_script": "<p>a</p><script>alert(1)</script>",
    "hx_01_img": "<img src=x onerror=alert(1)>",
    "hx_01_svg": "<svg onload=alert(1)><circle/></svg>",
    "hx_01_details": "<details ontoggle=alert(1) open>x</details>",
    "hx_01_marquee": "<marquee onstart=alert(1)>x</marquee>",
    "hx_01_video": "<video><source onerror=alert(1)></video>",
    "hx_01_any_event": "<p onmouseover=1 ONCLICK=2 onanimationstart=3 onbeforetoggle=4 onpointerrawupdate=5>x</p>",
    "hx_01_event_after_slash": "<img/src=x/onerror=alert(1)>",
    "hx_01_event_after_form_feed": "<p\x0conclick=alert(1)>x</p>",
    "hx_01_event_in_an_open_tag": '<p title="a" onclick="alert(1)" x',
    "hx_01_animation": "<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
    "hx_01_set": '<svg><a><set attributeName="href" to="javascript:alert(1)"/><text>x</text></a></svg>',
    "hx_01_script_in_svg": "<svg><script href=data:,alert(1) /></svg>",
    "hx_01_style": '<p style="background:url(javascript:alert(1));width:expression(alert(1));behavior:url(x)">x</p>',
    "hx_01_style_sheet": "<style>@import 'https://a.example/x.css';</style>",
    "hx_01_class": '<p class="modal-open" id="location" name="body" data-toggle="x" is="x-y" slot="z">x</p>',
    "hx_02_javascript": '<a href="javascript:alert(1)">x</a>',
    "hx_02_entity": '<a href="&#106;avascript:alert(1)">x</a>',
    "hx_02_tab": '<a href="jav&#x09;ascript:alert(1)">x</a>',
    "hx_02_control": '<a href=" &#1;javascript:alert(1)">x</a>',
    "hx_02_vbscript": '<a href="vbscript:x">x</a>',
    "hx_02_data": '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "hx_02_upper": '<a href="JaVaScRiPt:alert(1)">x</a><a href="javascript&colon;alert(1)">y</a>',
    "hx_02_newlines": '<a href="java\nscr\ript:alert(1)">x</a><a href="\u2028javascript:alert(1)">y</a>',
    "hx_02_other": '<a href="file:///etc/passwd">x</a><a href="blob:https://a/b">y</a><a href="about:blank">z</a>'
    '<a href="intent://x#Intent;end">i</a><a href="tel:1">t</a><a href="ftp://a/b">f</a>',
    "hx_02_base_of_its_own": '<base href="javascript:/a/"><a href="x">x</a>',
    "hx_02_credentials": '<a href="https://kabar.example:x@jahat.example/">x</a>',
    "hx_02_data_image": '<img src="data:image/svg+xml,<svg onload=alert(1)>"><img src="data:image/png;base64,AAAA">',
    "hx_02_cite": '<blockquote cite="javascript:alert(1)">x</blockquote><q cite="data:,x">y</q>',
    "hx_02_mail": '<img src="mailto:a@b.example"><a href="mailto:a@b.example&#10;Bcc: c@d.example">x</a>',
    "hx_03_comment_that_ends_early": "<!---><script>alert(1)</script>--><!--x--!><img src=x onerror=1>",
    "hx_03_conditional": "<!--[if IE]><script>alert(1)</script><![endif]--><![if !IE]><script>1</script><![endif]>",
    "hx_03_processing": "<?x ><img src=x onerror=1>?><!DOCTYPE x [<!ENTITY y '<script>1</script>'>]>&y;",
    "hx_03_empty_comment": "<!--><script>alert(1)</script>-->",
    "hx_03_empty_comment_img": "<!--><img src=x onerror=1>-->",
    "hx_04_xlink": '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "hx_04_mathml": '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=1&gt;">',
    "hx_04_noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "hx_04_xmp": '<xmp><p title="</xmp><img src=x onerror=alert(1)>">',
    "hx_04_template": "<template><script>alert(1)</script></template>",
    "hx_04_plaintext": "<plaintext><script>alert(1)</script>",
    "hx_04_mglyph_style": "<math><mtext><mglyph><style><!--</style><img src=x onerror=alert(1)>--></style></mtext>",
    "hx_04_annotation": "<math><annotation-xml encoding=text/html><img src=x onerror=1></annotation-xml></math>",
    "hx_04_foreign_object": "<svg><foreignObject><iframe src=javascript:1></iframe></foreignObject></svg>",
    "hx_04_use": '<svg><use href="data:image/svg+xml;base64,AA#x" xlink:href="https://a.example/#x"/></svg>',
    "hx_04_title_in_svg": "<svg><title><a title='</title><img src=x onerror=1>'></title></svg>",
    "hx_04_form_mutation": "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "hx_04_table_mutation": '<math><mtext><table><mglyph><style><math><table id="</table>"><img src onerror=1>">',
    "hx_04_select": "<select><template><style><!--</select><img src=x onerror=1>--></style></template></select>",
    "hx_04_noembed": "<noembed><img title='</noembed><img src=x onerror=1>'></noembed><noframes></noframes>",
    "hx_04_textarea": "<textarea><img title='</textarea><img src=x onerror=1>'></textarea>",
    "hx_04_cdata": "<svg><![CDATA[<img src=x onerror=1>]]></svg><![CDATA[><img src=x onerror=1>]]>",
    "hx_07_object": '<object data="x.swf"><param name=x><embed src=x.swf></object><applet code=x></applet>',
    "hx_07_refresh": '<meta http-equiv="refresh" content="0;url=javascript:alert(1)"><meta charset=utf-7>',
    "hx_07_frames": "<frameset onload=1><frame src=javascript:1></frameset><portal src=x></portal>",
    "hx_07_video_host": '<iframe src="https://www.youtube.com/embed/x" allow="autoplay" allowfullscreen></iframe>',
    "hx_07_dialog": "<dialog open>x</dialog><menu><menuitem onclick=1></menu><keygen autofocus onfocus=1>",
    "hx_07_iframe": "<iframe srcdoc='<script>1</script>' src=https://a.example></iframe>",
    "hx_07_form": "<form action=https://a.example><input name=x><button formaction=javascript:1>x</button></form>",
    "hx_07_base": "<base href=https://a.example><meta http-equiv=refresh><link rel=prefetch href=//a.example>",
    "hx_09_target": '<a href="/x" target="_top" rel="opener" download="x.exe" attributionsrc referrerpolicy="x">x</a>',
    "hx_09_picture": '<picture><source srcset="https://a.example 2x"><img src=/y sizes=1></picture>',
    "hx_09_background": '<table background="https://a.example/x"><tr><td background="//a.example">x</td></table>',
    "hx_09_link": '<link rel="preconnect" href="//a.example"><link rel=dns-prefetch href=//b.example>',
    "hx_09_map": "<img src=/y usemap=#m ismap longdesc=//a.example lowsrc=//b.example><map name=m><area href=x></map>",
    "hx_09_media": "<audio src=//a.example autoplay></audio><video poster=//a.example></video><track src=//b.example>",
    "hx_09_ping": '<a href="/x" ping="https://a.example">x</a><img src=/y srcset="https://a.example 2x" loading=eager>',
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_leaves_nothing_that_runs(name: str) -> None:
    cleaned = sanitize(f"<p>awal</p>{ATTACKS[name]}", base=BASE)
    assert dangers(cleaned) == []
    assert cleaned.startswith("<p>awal</p>")
    assert not swallows(cleaned)
    assert sanitize(cleaned, base=BASE) == cleaned


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_seen_as_one_where_it_is_not_cleaned(name: str) -> None:
    assert dangers(ATTACKS[name]) or swallows(ATTACKS[name])


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_leaves_nothing_that_runs_in_a_long_text_either(name: str) -> None:
    cleaned = sanitize("<p>a" * FEW_TAGS + f"<p>awal</p>{ATTACKS[name]}", base=BASE)
    assert dangers(cleaned) == []
    assert "<p>awal</p>" in cleaned
    assert not swallows(cleaned)
    assert sanitize(cleaned, base=BASE) == cleaned


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
        '<img src="/p.gif" width="1">',
        '<img src="/p.gif" width=0 height=0 alt="">',
        '<img src="/p.gif" style="height:1px !important; border:0">',
        '<img src="/p.gif" style="opacity: 0">',
        '<img src="/p.gif" style="position:absolute; left:-9999px">',
        '<img src="/p.gif" style="dis/* */play:none">',
        '<img src="/p.gif" style="VISIBILITY:hidden">',
        '<img src="/p.gif" hidden>',
        '<img src="https://feeds.feedburner.com/~r/kabar/~4/abcDEF">',
        '<img src="https://pixel.wp.com/b.gif?host=kabar.example&amp;blog=1&amp;post=2">',
        '<img src="https://stats.wordpress.com/b.gif?v=noscript">',
        '<img src="http://feeds.wordpress.com/1.0/comments/kabar.wordpress.com/1/">',
        '<img src="https://blogger.googleusercontent.com/tracker/8012345678901234567-1">',
        '<img src="https://www.facebook.com/tr?id=1&amp;ev=PageView&amp;noscript=1">',
        '<img src="https://counter.theconversation.com/content/17/count.gif?distributor=republish">',
        '<img src="https://ad.doubleclick.net/ddm/ad/x">',
        '<img src="https://sb.scorecardresearch.com/p?c1=2">',
        '<img src="https://mc.yandex.ru/watch/17">',
        '<img src="https://statistik.kabar.example/matomo.php?idsite=1&amp;rec=1">',
        '<img src="/images/rss-pixel.png?id=17">',
        '<img src="//cdn.example/spacer.gif">',
        "<span style='display:none'>rahasia<img src=/f.jpg></span>",
        "<span hidden>rahasia</span>",
    ],
)
def test_hx_09_a_picture_that_nobody_sees_is_dropped(pixel: str) -> None:
    assert sanitize(f"<p>a{pixel}b</p>", base=BASE) == "<p>ab</p>"


@pytest.mark.parametrize(
    "picture",
    [
        '<img src="/f.jpg">',
        '<img src="/f.jpg" width="1" height="200">',
        '<img src="/f.jpg" width="100%" style="height: 1em">',
        '<img src="/f.jpg" style="width:10px;max-height:120px;line-height:1px;margin-left:-100px;margin-top:-150px">',
        '<img src="/f.jpg" style="opacity:0.9">',
        '<img src="/galeri/pixel-phone.png">',
        '<img src="/2022/01/tracker-gempa.png">',
        '<img src="https://www.facebook.com/tribun/foto.jpg">',
        '<img src="https://2o7.net.kabar.example/f.jpg">',
        '<img src="https://kabar.example/~ffoto/1.jpg">',
    ],
)
def test_hx_09_a_picture_of_the_story_is_no_tracker(picture: str) -> None:
    assert [tag for tag, _ in elements(sanitize(picture, base=BASE))] == ["img"]


def test_what_a_publisher_hides_is_not_shown_unless_it_is_all_there_is() -> None:
    hidden = '<div style="display:none"><p>Bagikan</p></div>'
    assert sanitize(f"<p>Satu</p>{hidden}<p>Dua</p>", base=BASE) == "<p>Satu</p><p>Dua</p>"
    assert sanitize(hidden, base=BASE) == "<div><p>Bagikan</p></div>"
    assert sanitize("<p style='color:red'>Satu</p>", base=BASE) == "<p>Satu</p>"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<form action=/x><p>Satu</p><p>Dua</p>", "<p>Satu</p><p>Dua</p>"),
        ("<center><font size=2>Satu</font></center>", "Satu"),
        ("<article><h1>A</h1><section><p>B</p></section></article>", "<h1>A</h1><p>B</p>"),
        ('<p dir="rtl" lang="ar">خبر</p>', '<p dir="rtl" lang="ar">خبر</p>'),
        ("<pre>\n\n  a\n</pre>", "<pre>  a\n</pre>"),
        ("<p>a\u2028b\u2029c</p>", "<p>a\u2028b\u2029c</p>"),
        ("5 < 6 &amp; 7 > 3", "5 &lt; 6 &amp; 7 &gt; 3"),
        (
            '<a rel="nofollow" target=_blank href="/x">y</a>',
            '<a href="https://kabar.example/x" rel="noopener noreferrer">y</a>',
        ),
        ('<a href="javascript:1">y</a>', "<a>y</a>"),
    ],
)
def test_what_is_harmless_stays(markup: str, expected: str) -> None:
    assert sanitize(markup, base=BASE) == expected


def test_a_long_text_keeps_its_markup() -> None:
    paragraphs = [f'<p>Alinea <b>{n}</b> dengan <a href="/{n}">tautan</a>.</p>' for n in range(FEW_TAGS)]
    cleaned = sanitize("".join(paragraphs), base=BASE)
    assert cleaned.count("<p>") == cleaned.count("<b>") == cleaned.count("<a ") == FEW_TAGS
    assert sanitize(cleaned, base=BASE) == cleaned


def test_a_picture_that_is_seen_is_kept() -> None:
    cleaned = sanitize('<img src="/f.jpg" width="640" height="1" style="width:100%" alt="a">', base=BASE)
    assert cleaned == '<img src="https://kabar.example/f.jpg" width="640" height="1" alt="a">'


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 200 + "x",
        "<div>" * 1000 + "x",
        "a<!-- b",
        "<table><td>x",
        "<table><tr><td><table><tr><td>x</td></table>",
        "<b><i>x</b>y",
        "<p>a<a href='/x",
        "</div></section></body></html>x",
        "</p></br></table></li>x",
        "<ul><li><ul><li>x",
        "<a href=/x><a href=/y>x",
        "<title>x",
        "<textarea>x",
        "<select><option>x",
        "<plaintext>x",
        "<svg><style>x",
        "<math><mi>x",
        "<![CDATA[x",
        "<h1><h2><h3>x",
        "x" + "<b>" * 50,
    ],
)
def test_hx_13_open_tags_are_closed_and_swallow_nothing(markup: str) -> None:
    cleaned = sanitize(markup, base=BASE)
    assert not swallows(cleaned)
    assert not swallows(sanitize("<p>a" * FEW_TAGS + markup, base=BASE))


BOMBS = {
    "deep": "<div>" * 40_000 + "teks",
    "closed by another": "<div></b>" * 25_000 + "teks",
    "closed in a comment": "<div><!-- </div> -->" * 12_000 + "teks",
    "closed in an attribute": '<div title="</div>">' * 12_000 + "teks",
    "closed in a table": "<div><table></div></table>" * 9_000 + "teks",
    "closed in a style": "<svg><style><foreignObject>" + "<div>" * 40_000,
    "left open in every paragraph": "<p>" + "".join(f"<b title={n}>" for n in range(390)) + "<p>x" * 40_000,
    "open fonts": "".join(f"<font color={n}><p>x" for n in range(10_000)),
    "crossed": "<b><p></b>" * 25_000,
    "cells": "<table><tr>" + "<td>" * 60_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(25_000)) + ">teks",
    "brackets": "<" * 250_000,
    "comments": "<!--" * 60_000,
    "quotes": "<p title='" * 25_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_tl_13_a_text_that_only_costs_is_cleaned_at_once_and_grows_little(name: str) -> None:
    before = process_time()
    cleaned = sanitize(BOMBS[name], base=BASE)
    plain(BOMBS[name])
    assert process_time() - before < 2.5
    assert len(cleaned) < 6 * len(BOMBS[name])
    assert not swallows(cleaned)
    assert ("teks" in cleaned) == ("teks" in BOMBS[name])


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
            "<pre>\n\n",
            "</pre>",
            "<div style='display:none'>",
            "<p hidden>",
            "</div>",
            "<a rel=nofollow href=mailto:a@b.example title='",
            "<textarea>",
            "<form>",
            "<p>x" * FEW_TAGS,
            "<b>" * 4,
            "<li>",
            "<ol start='2'>",
            "</ol>",
        ]
    ),
    st.text(max_size=8),
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=14).map("".join), st.sampled_from(sorted(ATTACKS.values()))))
def test_whatever_comes_in_nothing_dangerous_goes_out_and_cleaning_twice_changes_nothing(markup: str) -> None:
    once = sanitize(markup, base=BASE)
    assert dangers(once) == []
    assert not swallows(once)
    assert sanitize(once, base=BASE) == once
