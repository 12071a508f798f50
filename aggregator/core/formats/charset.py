"""Which characters the bytes mean: by BOM, content, header and declaration, from a list of real charsets."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from typing import Final

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Names that browsers read as a larger set (WHATWG Encoding, 4.2), under the name that Python has for that set.
READ_AS: Final[Mapping[str, str]] = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "tis-620": "cp874",
}
# What an origin may name. Python has codecs that are no charsets: some run escapes, some raise, some unpack.
_ALLOWED: Final = (
    "utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be cp1250 cp1251 cp1252 cp1253 cp1254"
    " cp1255 cp1256 cp1257 cp1258 cp866 cp874 cp932 cp949 koi8-r koi8-u iso8859-2 iso8859-3 iso8859-4"
    " iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16"
    " gb18030 big5 big5hkscs euc_jp iso2022_jp mac-roman mac-cyrillic kz1048 ptcp154"
)
ALLOWED: Final = frozenset(_ALLOWED.split())
UNICODE: Final = ("utf-8", "utf-16", "utf-32")
HEADER: Final = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:\-]{1,40})", re.IGNORECASE)
DECLARATION: Final = re.compile(
    rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:\-]{1,40})[\"']", re.IGNORECASE
)
SAMPLE: Final = 200_000  # bytes looked at to guess
BAD: Final = "\ufffd"


def utf8_at_hand(body: bytes) -> bytes | None:
    """Give the bytes that are XML in UTF-8, if they are XML at all; None where they must be decoded to know."""
    data = body.removeprefix(codecs.BOM_UTF8)
    data = data if data[:1] == b"<" else data.lstrip()
    # Zeros tell of UTF-16, and an escape of ISO-2022-JP, which both are valid UTF-8.
    is_plain = data[:1] == b"<" and b"\0" not in body[:4] and b"\x1b" not in data
    return data if is_plain else None


def decode(body: bytes, content_type: str | None) -> str:
    """Turn the bytes of a document into text; a byte that means nothing becomes U+FFFD, and nothing else is lost.

    Valid UTF-8 beats a label that says otherwise (RFC 7303, 3.2, gives the header the last word; too many
    servers say iso-8859-1 of everything). A name that is no charset is not looked at.
    """
    for mark, name in BOMS:
        if body.startswith(mark) and len(body) > len(mark):
            return body[len(mark) :].decode(name, "replace")
    wide = _wide(body)
    if wide:
        return body.decode(wide, "replace")
    labels = _labels(body, content_type)
    if "iso2022_jp" in labels and b"\x1b" in body:
        return body.decode("iso2022_jp", "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _not_quite_utf8(body, labels)


def known(name: str) -> str | None:
    """Name the codec for a charset's name; None when it is not on the list."""
    try:
        found = codecs.lookup(name.replace("x-sjis", "shift_jis").replace("windows-31j", "cp932")).name
    except (LookupError, ValueError):
        return None
    found = READ_AS.get(found, found)
    return found if found in ALLOWED else None


def _labels(body: bytes, content_type: str | None) -> list[str]:
    header = HEADER.search(content_type or "")
    declared = DECLARATION.match(body[:400])
    names = [header.group(1) if header else "", declared.group(1).decode("ascii") if declared else ""]
    return [codec for codec in map(known, filter(None, names)) if codec]


def _wide(body: bytes) -> str:
    """Tell UTF-16 and UTF-32 without a BOM by the zeros around the first `<` or `{`."""
    start = body[:4]
    if len(start) == 4 and start.count(0) == 3:
        return "utf-32-be" if start[0] == 0 else "utf-32-le"
    if len(start) == 4 and start[0:1] in (b"<", b"{") and start[1] == 0:
        return "utf-16-le"
    if len(start) == 4 and start[0] == 0 and start[1:2] in (b"<", b"{"):
        return "utf-16-be"
    return ""


def _not_quite_utf8(body: bytes, labels: list[str]) -> str:
    """Choose for bytes that are no valid UTF-8: still UTF-8 where most of it is, a label that fits, a guess."""
    text = _utf8_with_pairs(body)
    bad = text.count(BAD, 0, SAMPLE)
    if _beyond_ascii(text[:SAMPLE]) > 3 * bad:
        return text
    others = [label for label in labels if not label.startswith(UNICODE)]
    if labels and not others and bad <= 3:
        return text  # it says UTF-8, and is but for a byte or two
    fitting = [label for label in others if _misses(body, label) * 10 <= bad]
    return body.decode((fitting or _guesses(body, others))[0], "replace")


def _guesses(body: bytes, others: list[str]) -> list[str]:
    return [name for name in (_guess(body[:SAMPLE]), *others, "utf-8") if name]


def _beyond_ascii(text: str) -> int:
    return sum(1 for c in text if c > "\x7f")


def _misses(body: bytes, name: str) -> int:
    return body[:SAMPLE].decode(name, "replace").count(BAD)


def _utf8_with_pairs(body: bytes) -> str:
    """Read UTF-8; surrogates in pairs (CESU-8, as old Java and Oracle write it) become their character."""
    if b"\xed" not in body:
        return body.decode("utf-8", "replace")
    try:
        return (
            body.decode("utf-8", "surrogatepass")
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace")


def _guess(sample: bytes) -> str:
    """Guess by what the text would look like; "" when nothing looks right."""
    scores: list[tuple[float, str]] = []
    for name, share in LOOKS.items():
        decoded = sample.decode(name, "replace")
        letters = [c for c in decoded if c > "\x7f"]
        if letters and letters.count(BAD) * 50 <= len(letters):
            scores.append((share(letters), name))
    best = max(scores, default=(0.0, ""))
    return best[1] if best[0] >= 0.5 else ""


def _share(inside: Callable[[str], bool]) -> Callable[[list[str]], float]:
    return lambda letters: sum(1 for c in letters if inside(c)) / len(letters)


# A share of the letters beyond ASCII that is usual in a text of that charset, and rare in the same bytes read as
# another: lower-case Cyrillic, Japanese syllables, the plain Chinese signs, accented Latin letters.
LOOKS: Final[Mapping[str, Callable[[list[str]], float]]] = {
    "cp1251": _share(lambda c: "а" <= c <= "я" or c in "ёіїєғқңәөұүһ"),
    "koi8-r": _share(lambda c: "а" <= c <= "я"),
    "cp932": lambda letters: min(1.0, 2 * _share(lambda c: "\u3040" <= c <= "\u30ff")(letters)),
    "euc_jp": lambda letters: min(1.0, 2 * _share(lambda c: "\u3040" <= c <= "\u30ff")(letters)),
    "cp949": lambda letters: 0.95 * _share(lambda c: "\uac00" <= c <= "\ud7af")(letters),
    "gb18030": lambda letters: 0.9 * _share(_is_plain_chinese)(letters),
    "cp1252": _share(lambda c: c in "áàâãäåéèêëíìîïóòôõöøúùûüçñßÁÉÍÓÚÄÖÜÇÑ’‘“”–—…«»€£©®°·½ºª "),
}


def _is_plain_chinese(letter: str) -> bool:
    """Whether a sign is in the first level of GB 2312, or Chinese punctuation."""
    code = letter.encode("gb18030")
    return len(code) == 2 and (0xB0 <= code[0] <= 0xD7 or code[0] in (0xA1, 0xA3)) and code[1] >= 0xA1
