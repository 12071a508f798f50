"""Selectors of our own, held against soupsieve, which bs4 uses; and what no page and no rule can stretch."""

from contextlib import suppress

import pytest
import soupsieve
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from aggregator.core.siterules.matching import MOST_STEPS, PageIndex, TooManySteps, select
from aggregator.core.siterules.selectors import LONGEST, SelectorError, compiled

PAGE = """
<html lang="id-ID"><head><meta property="og:title" content="Judul">
<meta name="author" content="Ani"></head><body>
<div id="atas" class="menu  utama"><a href="/a.html">A</a>
<a href="https://b.example/b.pdf" rel="nofollow author">B</a></div>
<article class="berita"><p class="kicker">RIAU</p><h1 class="judul">Judul <span>kecil</span></h1><div class="tgl"></div>
<p>Satu</p><p data-x="Dua">Dua <b>tebal</b></p><p></p>
<ul><li>1</li><li class="dua">2</li><li>3</li><li>4</li><li>5</li></ul>
<div class="isi"><p>Tiga</p><div><p class="Tiga">Empat</p></div><p>Lima</p></div></article></body></html>
"""

AGREED = [
    "*", "p", "P", ".kicker", "p.kicker", "#atas", "div#atas.menu.utama", ".menu .utama", "article p",
    "article > p", "h1 + div", "h1 ~ p", "p + p", "article > p ~ ul li", "[href]", "a[href$='.pdf']",
    'a[href^="/a"]', "a[href*=example]", "a[rel~=author]", "html[lang|=id]", "[class='tgl']",
    "[class='TGL' i]", "p:not(.kicker)", "p:not(.kicker, .Tiga)", "li:first-child", "li:last-child",
    "li:nth-child(2)", "li:nth-child(odd)", "li:nth-child(2n+1)", "li:nth-child(-n+2)",
    "li:nth-child(n+4)", "li:nth-last-child(2)", "p:first-of-type", "p:last-of-type",
    "p:nth-of-type(2)", "p:nth-last-of-type(1)", "div:has(> p)", "div:has(p)", "p:has(+ ul)",
    "h1:has(~ ul)", ":is(h1, h2) span", "p:empty", "b:only-child", "h1, .kicker, li", "p, article p",
    "div div p", "article :not(p) p", ".isi > div > p", ".tidak-ada", "div:where(.isi, .tgl)",
    "meta[property='og:title']", "li.dua ~ li", "li:nth-child(3n)", "p:nth-child(1)", "a:not([rel])",
    "div:not(:has(p))",
]  # fmt: skip


def ours(page: str, selector: str) -> list[str]:
    tree = html.document_fromstring(page)
    return [tag(node) for node in select(PageIndex(tree), compiled(selector), most=10_000)]


def tag(node: etree._Element) -> str:
    number = sum(1 for _ in node.iter(etree.Element)), sum(1 for _ in node.iterancestors())
    return f"{node.tag} {sorted(node.attrib.items())} {number} {''.join(node.itertext())}"


def theirs(page: str, selector: str) -> list[str]:
    # The same tree, from lxml to bs4, so that only the selectors can differ.
    tree = html.document_fromstring(page)
    for number, node in enumerate(tree.iter(etree.Element)):
        node.set("data-number", str(number))
    soup = BeautifulSoup(etree.tostring(tree, encoding="unicode", method="html"), "lxml")
    found = {element["data-number"] for element in soupsieve.select(selector, soup)}
    nodes = [node for node in tree.iter(etree.Element) if node.get("data-number") in found]
    for node in tree.iter(etree.Element):
        del node.attrib["data-number"]
    return [tag(node) for node in nodes]


@pytest.mark.parametrize("selector", AGREED)
def test_a_selector_means_what_soupsieve_takes_it_to_mean(selector: str) -> None:
    assert ours(PAGE, selector) == theirs(PAGE, selector)


_TAGS = ["div", "p", "span", "b"]
_ELEMENTS = st.recursive(
    st.sampled_from(["teks", ""]),
    lambda inner: st.builds(
        lambda name, given, children: f"<{name}{given}>{''.join(children)}</{name}>",
        st.sampled_from(["div", "span", "b"]),
        st.sampled_from(["", ' class="a"', ' class="b a"', ' id="x"', ' data-v="ab"']),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)
_COMPOUNDS = st.sampled_from(
    ["div", "span", "b", "*", ".a", ".b", "#x", "[data-v]", "[data-v^=a]", "div.a", "span:first-child",
     "b:nth-child(2)", ":not(.a)", "div:has(> b)", ":is(.a, #x)", "span:last-of-type", ".a:not(:has(b))"]
)  # fmt: skip
_SELECTORS = st.builds(
    lambda first, rest: first + "".join(rest),
    _COMPOUNDS,
    st.lists(
        st.builds(lambda joint, each: joint + each, st.sampled_from([" ", " > ", " + ", " ~ "]), _COMPOUNDS),
        max_size=3,
    ),
)


@given(st.lists(_ELEMENTS, min_size=1, max_size=4), _SELECTORS)
def test_any_selector_on_any_tree_finds_what_soupsieve_finds(elements: list[str], selector: str) -> None:
    page = f"<html><body>{''.join(elements)}</body></html>"
    assert ours(page, selector) == theirs(page, selector)


@given(st.text(max_size=60))
def test_any_text_is_a_selector_or_is_refused_with_a_column(text: str) -> None:
    with suppress(SelectorError):
        compiled(text)
        return
    with pytest.raises(SelectorError) as raised:
        compiled(text)
    assert 1 <= raised.value.column <= len(text) + 1
    assert str(raised.value)


REFUSED = {
    "": (1, "element is missing"),
    "div >": (6, "element is missing"),
    "> div": (1, "element is missing"),
    "div..a": (5, "class"),
    "a[href": (7, "]"),
    "a[href='x]": (8, "value"),
    "div:hover": (5, ":hover is not known"),
    "div::before": (5, "colon"),
    "p:nth-child(x)": (13, "number"),
    "p:not(": (7, "element is missing"),
    "p:not(.a": (9, ")"),
    "p:has(:has(:has(b)))": (17, "brackets"),
    "div {": (5, "element is missing"),
    "time@": (6, "attribute"),
    "time@datetime x": (15, "cannot stand here"),
    "a, ": (4, "element is missing"),
    "//div": (1, "element is missing"),
}


@pytest.mark.parametrize("text", REFUSED, ids=repr)
def test_a_selector_that_cannot_be_used_is_refused_where_it_goes_wrong(text: str) -> None:
    column, words = REFUSED[text]
    with pytest.raises(SelectorError) as raised:
        compiled(text)
    assert (raised.value.column, words in str(raised.value)) == (column, True), str(raised.value)


@pytest.mark.parametrize(
    "text", ["x" * (LONGEST + 1), "* " * 20 + "p", ",".join(["p"] * 30), "p:is(" * 20 + "b" + ")" * 20]
)
def test_a_selector_that_would_cost_too_much_is_refused(text: str) -> None:
    with pytest.raises(SelectorError):
        compiled(text)


def test_an_attribute_can_be_asked_for() -> None:
    assert (compiled("time@datetime").attribute, compiled("a[title='@x']").attribute) == ("datetime", "")


def test_words_of_an_element_can_be_asked_for() -> None:
    assert [each.split()[-1] for each in ours(PAGE, "p:contains('Lima')")] == ["Lima"]
    assert ours(PAGE, "p:contains('tidak ada')") == []


def deep(levels: int) -> html.HtmlElement:
    root = html.document_fromstring("<html><body></body></html>")
    for _ in range(20):
        node = etree.SubElement(root[0], "div")
        for _ in range(levels):
            node = etree.SubElement(node, "div")
    return root


@pytest.mark.parametrize(
    "selector",
    [
        "div div div div div div div div div p",
        "div:has(div div div div p)",
        "p, " * 4 + "* * * * * * *",
        "* * * * * .x",
    ],
)
def test_no_selector_takes_more_steps_than_a_page_is_given(selector: str) -> None:
    tree = deep(180)
    etree.SubElement(tree[0][0], "p")
    etree.SubElement(tree[0][19], "i").set("class", "x")
    index = PageIndex(tree)
    try:
        select(index, compiled(selector), most=50)
    except TooManySteps:
        assert index.left < 0
    assert MOST_STEPS - index.left <= MOST_STEPS + 200


def test_a_selector_that_fits_a_hundred_thousand_elements_gives_no_more_than_asked_for() -> None:
    root = html.document_fromstring("<html><body></body></html>")
    for _ in range(100_000):
        etree.SubElement(root[0], "p").set("class", "x")
    index = PageIndex(root)
    assert len(select(index, compiled("body > .x"), most=40)) == 40
    with pytest.raises(TooManySteps):
        select(index, compiled("p, .x + .x, .x ~ .x, body > p, p + p"), most=100_000)
