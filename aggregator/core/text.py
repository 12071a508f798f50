"""Text: characters that XML can carry, HTML turned into paragraphs, words, sentences, and where to cut."""

from __future__ import annotations

import html as entities
import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aggregator.core.flat import SILENT, TAG, tree_of

if TYPE_CHECKING:
    from lxml import etree

# XML 1.0, 2.2: tab, line feed, return, and everything from U+0020 but surrogates, U+FFFE and U+FFFF.
ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
SURROGATES: Final = re.compile("[\ud800-\udfff]")
# Legal in XML, yet no text: some of them steer a terminal (U+009B is CSI).
CONTROLS: Final = re.compile("[\x7f-\x84\x86-\x9f]")
# Unicode's signs that turn the direction of what follows until they are ended (UAX 9): overrides, which only serve
# to show "gpj.exe" as "exe.jpg", and embeddings and isolates, which right-to-left papers use in earnest.
TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
OVERRIDES: Final = re.compile("[\u202d\u202e]")
TURN_ENDS: Final = {"\u202c": "\u202a\u202b", "\u2069": "\u2066\u2067\u2068"}
_BLOCKS: Final = (
    "address article aside blockquote caption dd details div dl dt fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody tfoot thead tr ul"
)
# What stands at the start and at the end of an element.
BREAKS: Final = {**dict.fromkeys(_BLOCKS.split(), "\n\n"), "br": "\n", "td": " ", "th": " "}
BLANKS: Final = re.compile(r"\s+")

# A word is letters, marks and digits, joined by apostrophe or hyphen; a Chinese or Japanese sign is one by itself.
# \w leaves out the vowel signs of Indic and Thai letters, hence the ranges.
LETTER: Final = (
    "[^\\W_\u3040-\u30ff\u3400-\u9fff]|[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ecd\u0f71-\u0fbc\u102b-\u103e\u17b4-\u17d3]"
)
WORDS: Final = re.compile(f"[\u3040-\u30ff\u3400-\u9fff]|(?:{LETTER})+(?:['’ʼ\\-](?:{LETTER})+)*")
# Scripts that put no blanks between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese.
UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
)
SENTENCE_ENDS: Final = re.compile(r"[.!?…؟।。！？]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[”’」』）]*")
# After these a full stop ends no sentence: titles and shortened words of the languages we read most.
_SHORT: Final = (
    "mr mrs ms dr drs dra ir prof st jr sr no hal tgl jl jln kab kec kel prov gub h hj kh ust vs etc al"
    " dll dsb dst a.n u.p jan feb mar apr jun jul aug agt sep sept oct okt nov dec des gen col lt sgt capt"
    " bzw z.b d.h ca nr г гг ул им тыс млн млрд руб см напр т.е т.д т.п m mme"
)
SHORT: Final = frozenset(_SHORT.split())


def legal(text: str) -> str:
    """Keep what XML 1.0 can carry: illegal characters go, a lone surrogate becomes U+FFFD."""
    return SURROGATES.sub("\ufffd", ILLEGAL.sub("", text))


def clean(text: str) -> str:
    """Keep legal characters, drop control characters, fold every run of blanks into one space.

    A line that turns the direction of reading and does not turn it back would turn what stands after it, too.
    """
    return " ".join(_unturned(CONTROLS.sub("", legal(text.replace("\0", "")))).split())


def _unturned(text: str) -> str:
    """Take out what overrides the direction of letters, and all that turns it where it is not turned back."""
    if TURNS.search(text) is None:
        return text
    kept = OVERRIDES.sub("", text) if OVERRIDES.search(text) else text
    open_ones: list[str] = []
    for sign in TURNS.findall(kept):
        if sign not in TURN_ENDS:
            open_ones.append(sign)
        elif not open_ones or open_ones.pop() not in TURN_ENDS[sign]:
            return TURNS.sub("", text)
    return TURNS.sub("", text) if open_ones else kept


def plain(html: str) -> str:
    """Turn HTML into plain text: paragraphs separated by a blank line, a `<br>` a line break.

    Entities are undone once; scripts and styles are gone. A text without tags keeps its own blank lines.
    """
    if "<" not in html:
        text = entities.unescape(html) if "&" in html else html
        return _paragraphs(re.sub(r"(?<!\n)\r?\n(?!\s*\n)", " ", text))
    given = legal(html)
    body = tree_of(given)
    if body is None:
        return _paragraphs(entities.unescape(BLANKS.sub(" ", TAG.sub(" ", given))))
    return _paragraphs("".join(_pieces(body)))


def _pieces(body: etree._Element) -> Iterator[str]:
    """Give the text under an element piece by piece; a line end is a blank, as it is in HTML but inside `<pre>`."""
    from lxml import etree

    kept = 0  # elements that keep line ends, and are open
    walker = etree.iterwalk(body, events=("start", "end"))
    for event, element in walker:
        tag = str(element.tag)
        if event == "start" and tag in SILENT:
            walker.skip_subtree()
            continue
        if tag in BREAKS and (event, tag) != ("start", "br"):
            yield BREAKS[tag]
        kept += (event == "start") - (event == "end") if tag == "pre" else 0
        text = (element.text if event == "start" else element.tail) or ""
        yield text if kept else text.replace("\n", " ").replace("\r", " ").replace("\u0085", " ")


def fold(text: str) -> str:
    """Give the form for comparing: NFKC, no case, single blanks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def words(text: str) -> list[str]:
    """List the words of a text in their order, as written."""
    return WORDS.findall(text)


def sentences(text: str) -> list[str]:
    """List the sentences of a text in their order, without surrounding blanks; a paragraph's end ends one."""
    return [sentence for paragraph in text.split("\n\n") for sentence in _sentences(paragraph)]


def cut(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters: after a sentence, else after a word, marked with "…"."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    ends = [end for end in _ends(text[: limit + 1]) if end <= limit]
    if ends and ends[-1] >= limit // 3:
        return head[: ends[-1]].rstrip()
    head = text[: max(0, limit - 1)]
    blank = (
        max(head.rfind(" "), head.rfind("\n")) if not text[len(head) : len(head) + 1].isspace() else len(head)
    )
    return head[: blank if blank > 0 else len(head)].rstrip(" \n,;:–—-") + "…"


def _paragraphs(text: str) -> str:
    text = CONTROLS.sub("", legal(text)).replace("\r\n", "\n").replace("\r", "\n").replace("\u0085", "\n")
    lines = (
        "\n".join(" ".join(line.split()) for line in part.split("\n")).strip()
        for part in re.split(r"\n\s*\n", text)
    )
    return "\n\n".join(line for line in lines if line)


def _sentences(paragraph: str) -> list[str]:
    starts = [0, *_ends(paragraph)]
    parts = [
        paragraph[start:end].strip() for start, end in zip(starts, [*starts[1:], len(paragraph)], strict=True)
    ]
    return [part for part in parts if part]


def _ends(text: str) -> list[int]:
    """Where sentences end: offsets just after their last sign."""
    return [found.end() for found in SENTENCE_ENDS.finditer(text) if not _is_short(text, found)]


def _is_short(text: str, found: re.Match[str]) -> bool:
    if found.group() != ".":
        return False
    before = text[max(0, found.start() - 12) : found.start()].split()
    word = before[-1].strip("(\"'“‘«").lower() if before else ""
    after = text[found.end() :].lstrip()[:1]
    return word in SHORT or (len(word) == 1 and word.isalpha()) or after.islower()
