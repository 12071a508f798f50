"""Text: characters that XML can carry, HTML turned into paragraphs, words, sentences, and where to cut."""

from __future__ import annotations

import html as entities
import re
import unicodedata
from typing import Final

# XML 1.0, 2.2: tab, line feed, return, and everything from U+0020 but surrogates, U+FFFE and U+FFFF.
ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
SURROGATES: Final = re.compile("[\ud800-\udfff]")
# Legal in XML, yet no text: some of them steer a terminal (U+009B is CSI).
CONTROLS: Final = re.compile("[\x7f-\x84\x86-\x9f]")
_BLOCKS: Final = (
    "address article aside blockquote caption dd details div dl dt fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody tfoot thead tr ul"
)
BLOCKS: Final = frozenset(_BLOCKS.split())
SILENT: Final = frozenset(
    {"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head"}
)
TAGS: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)>")
OPENING: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
PRE: Final = re.compile(r"(<pre\b.*?</pre>)", re.IGNORECASE | re.DOTALL)
DEEPEST: Final = 400
LONGEST: Final = 4 * 2**20  # characters of HTML that are looked at; a whole feed may have 10 MB
_VOID: Final = "area base br col embed hr img input link meta source track wbr p li"
VOID: Final = frozenset(_VOID.split())

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
    """Keep legal characters, drop control characters, fold every run of blanks into one space."""
    return " ".join(CONTROLS.sub("", legal(text.replace("\0", ""))).split())


def plain(html: str) -> str:
    """Turn HTML into plain text: paragraphs separated by a blank line, a `<br>` a line break.

    Entities are undone once; scripts and styles are gone. A text without tags keeps its own blank lines.
    """
    if "<" not in html:
        text = entities.unescape(html) if "&" in html else html
        return _paragraphs(re.sub(r"(?<!\n)\r?\n(?!\s*\n)", " ", text))
    import nh3

    body = nh3.clean(
        _fold_lines(flatten(legal(html))),
        tags=set(BLOCKS) | {"br", "td", "th"},
        attributes={},
        clean_content_tags=set(SILENT),
        link_rel=None,
    )
    return _paragraphs(entities.unescape(TAGS.sub(_break, body)))


def _fold_lines(html: str) -> str:
    """Fold line ends into blanks, which they are in HTML but inside `<pre>`."""
    if "<pre" not in html.lower():
        return re.sub(r"\s+", " ", html)
    parts = PRE.split(html)
    parts[::2] = [re.sub(r"\s+", " ", part) for part in parts[::2]]
    return "".join(parts)


def flatten(html: str) -> str:
    """Give the HTML back as it is, or without any tags where it nests deeper than anything written by people.

    A parser that follows HTML5 looks through all open elements at each tag: 30,000 of them cost it seconds.
    """
    given = html[:LONGEST]
    depth = deepest = 0
    for closing, name in OPENING.findall(given):
        if name.lower() in VOID:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return given if deepest <= DEEPEST else re.sub(r"<[^<>]*>?", " ", given)


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


def _break(found: re.Match[str]) -> str:
    name = found.group(2)
    if name == "br":
        return "\n"
    return " " if name in {"td", "th"} else "\n\n"


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
