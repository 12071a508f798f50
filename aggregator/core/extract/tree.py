"""A page's bytes as a tree, within bounds: what is too big or too deep is refused before it costs anything."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

from lxml import etree, html

from aggregator.core.formats.sniff import BINARY
from aggregator.errors import ExtractError
from aggregator.model import Page

MAX_BYTES: Final = 8_000_000
MAX_TAGS: Final = 120_000  # "<" in the bytes; a page of 1,018 captured ones has 23,000 at most
MAX_ELEMENTS: Final = 40_000  # the largest captured page has 11,529
MAX_DEPTH: Final = 200  # the deepest captured page has 51; libxml2 silently drops what is below 256
MAX_ATTRIBUTES: Final = 8_000  # of one tag; libxml2 compares each with all before it: 200,000 take minutes
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_CHARSET: Final = re.compile(
    rb"""<meta[^<>]{0,200}?charset\s*=\s*["']?\s*([a-z0-9_:.+-]{2,30})""", re.IGNORECASE
)
_HEADER_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?\s*([a-z0-9_:.+-]{2,30})", re.IGNORECASE)
# Labels as the Encoding Standard (encoding.spec.whatwg.org) reads them; nothing else is decoded.
_CODECS: Final = {
    "utf-8": "utf-8", "utf8": "utf-8", "unicode-1-1-utf-8": "utf-8", "us-ascii": "cp1252", "ascii": "cp1252",
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252", "windows-1252": "cp1252", "cp1252": "cp1252",
    "windows-1251": "cp1251", "cp1251": "cp1251", "win-1251": "cp1251", "koi8-r": "koi8-r", "koi8-u": "koi8-u",
    "windows-1250": "cp1250", "windows-1253": "cp1253", "windows-1254": "cp1254", "iso-8859-9": "cp1254",
    "windows-1255": "cp1255", "windows-1256": "cp1256", "windows-1257": "cp1257", "windows-1258": "cp1258",
    "iso-8859-2": "iso8859-2", "iso-8859-5": "iso8859-5", "iso-8859-6": "iso8859-6", "iso-8859-7": "iso8859-7",
    "iso-8859-8": "iso8859-8", "iso-8859-15": "iso8859-15", "windows-874": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs", "big5-hkscs": "big5hkscs",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "x-mac-cyrillic": "mac-cyrillic",
}  # fmt: skip
_SEVEN_BIT: Final = frozenset({"iso2022_jp"})  # looks like ASCII, and so like UTF-8
# A start tag as libxml2 reads it; possessive, so that no byte is read twice.
_TAG: Final = re.compile(rb"""<[a-zA-Z](?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))*+""")
_ATTRIBUTE: Final = re.compile(rb"""[^\s"'/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"']*+))?""")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
# Soft hyphens and the like split words for whoever searches them.
_INVISIBLE: Final = re.compile("[\u00ad\u200b\u2060\ufeff]|&shy;|&#173;|&#xad;", re.IGNORECASE)
_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]{0,200}\?>", re.IGNORECASE)


def parse_page(page: Page) -> html.HtmlElement:
    """The page as a tree without comments; raises ExtractError when it is none, or beyond the bounds."""
    if not page.body.strip():
        raise ExtractError("the page is empty")
    _refuse_files(page.body)
    if len(page.body) > MAX_BYTES:
        raise ExtractError(f"the page is larger than {MAX_BYTES // 1_000_000} MB")
    if page.body.count(b"<") > MAX_TAGS:
        raise ExtractError(f"the page has more than {MAX_TAGS:,} tags")
    if any(len(tag) > MAX_ATTRIBUTES * 2 and _attributes(tag) > MAX_ATTRIBUTES for tag in _tags(page.body)):
        raise ExtractError(f"a tag of the page has more than {MAX_ATTRIBUTES:,} attributes")
    text = _INVISIBLE.sub("", _CONTROL.sub(" ", decode(page.body, page.content_type)))
    # One class for all elements, as trafilatura wants it: html.HTMLParser asks Python for each, which took a tenth
    # of all the time that a page takes.
    parser = etree.HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8")
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=html.HtmlElement))
    try:
        tree = html.document_fromstring(_DECLARATION.sub("", text).encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise ExtractError("the page is no HTML") from error
    _check_size(tree)
    _unframe(tree)
    return tree


def _refuse_files(body: bytes) -> None:
    """Raise ExtractError for a file that libxml2 would read as one long paragraph."""
    for mark, name in BINARY:
        if body.startswith(mark):
            raise ExtractError(f"{name}, not a page")
    if body.lstrip()[:1] in (b"{", b"["):
        raise ExtractError("a JSON document, not a page")


def _unframe(tree: etree._Element) -> None:
    """Turn tables that only lay out the page, as before 2005, into plain boxes: a cell with paragraphs is no datum."""
    frames = {_table_of(cell) for cell in tree.iter("td") if _is_frame(cell)}
    if frames:
        parts = tree.iter("table", "tbody", "thead", "tr", "td", "th", "center")
        for element in [part for part in parts if _table_of(part) in frames]:
            element.tag = "div"


def _is_frame(cell: etree._Element) -> bool:
    inner = [child.tag for child in cell]
    return "h1" in inner or "table" in inner or inner.count("p") > 2


def _table_of(element: etree._Element) -> etree._Element | None:
    return element if element.tag == "table" else next(element.iterancestors("table"), None)


def _tags(body: bytes) -> Iterator[bytes]:
    return (match[0] for match in _TAG.finditer(body))


def _attributes(tag: bytes) -> int:
    return len(_ATTRIBUTE.findall(tag))


def _check_size(tree: etree._Element) -> None:
    depth = count = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        count += 1
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise ExtractError(
                f"the page is deeper than {MAX_DEPTH} or has more than {MAX_ELEMENTS:,} elements"
            )


def decode(body: bytes, content_type: str | None) -> str:
    """Text of a page, by its byte order mark, header and meta element, in that order; never fails.

    Bytes that are valid UTF-8 are that, whatever is declared: no text in an older coding is so by chance.
    """
    for mark, marked in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(marked, "replace")
    declared = _declared(body, content_type)
    for codec in (declared if declared in _SEVEN_BIT else None, "utf-8", declared):
        decoded = _strictly(body, codec)
        if decoded is not None:
            return decoded
    return body.decode(declared if declared and declared != "utf-8" else _guess(body), "replace")


def _strictly(body: bytes, codec: str | None) -> str | None:
    if codec is None:
        return None
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return None


def _declared(body: bytes, content_type: str | None) -> str | None:
    header = _HEADER_CHARSET.search(content_type or "")
    if header and header[1].lower() in _CODECS:
        return _CODECS[header[1].lower()]
    meta = _META_CHARSET.search(body[:4096])
    return _CODECS.get(meta[1].decode("ascii").lower()) if meta else None


def _guess(body: bytes) -> str:
    """Western or Cyrillic: in Cyrillic the high bytes stand together, in Western text alone.

    A page that is UTF-8 but for a few broken bytes, say a text cut within a letter, is UTF-8.
    """
    high = len(body) - len(body.translate(None, bytes(range(128, 256))))
    if body.decode("utf-8", "replace").count("\ufffd") * 50 < high:
        return "utf-8"
    together = sum(map(len, re.findall(rb"[\xc0-\xff]{3,}", body)))
    return "cp1251" if together * 2 > high else "cp1252"
