"""Single lines of an article: credits, editors, reporters, captions, datelines, and what is no part of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aggregator.core.extract import labels
from aggregator.core.extract.when import DATE
from aggregator.core.text import fold

LONGEST_LABEL_LINE: Final = 200
_EDGES: Final = " \t-–—•·*|>»«\"'“”_.,;"
_BRACKETS: Final = {"(": ")", "[": "]", "（": "）", "【": "】"}
_VARIOUS: Final = frozenset(labels.merged(labels.VARIOUS))
_KINDS: Final = labels.kinds(
    (("credit", labels.CREDIT), ("editor", labels.EDITOR), ("author", labels.AUTHOR), ("photo", labels.PHOTO))
)
_PHOTO: Final = "|".join(map(re.escape, labels.merged(labels.PHOTO)))
_CAPTION: Final = "|".join(map(re.escape, labels.merged(labels.CAPTION)))
_LABELS: Final = "|".join(
    map(re.escape, labels.merged(labels.CREDIT, labels.EDITOR, labels.AUTHOR, labels.PHOTO))
)
_LABEL: Final = re.compile(rf"(?<!\w)(?P<label>{_LABELS})\s*[:：]\s*", re.IGNORECASE)
_BARE: Final = re.compile(
    r"(?<!\w)(?P<label>reporting by|written by|edited by|editing by|redigiert von)\s+(?=[^\W\d_])",
    re.IGNORECASE,
)
_BYLINE: Final = re.compile(
    rf"^(?:{'|'.join(map(re.escape, labels.BARE_BYLINE))})\s*[:：]?\s+(?P<names>.+)$", re.IGNORECASE
)
_INLINE_CREDIT: Final = re.compile(
    rf"\((?:{'|'.join(map(re.escape, labels.merged(labels.CREDIT)))})\s*[:：/]?\s*(?P<value>[^()]{{2,80}})\)[\s.]*$",
    re.IGNORECASE,
)
_CAPTION_LABEL: Final = re.compile(rf"^(?:{_CAPTION})\s*[:：.]\s*", re.IGNORECASE)
_PHOTO_TAIL: Final = re.compile(
    rf"[\s(\[–—|/-]*(?<!\w)(?:{_PHOTO})\s*[:：/]\s*(?P<credit>[^()\[\]]{{2,80}}?)[\s.)\]]*$", re.IGNORECASE
)
_PHOTO_BY: Final = re.compile(
    r"[\s(\[–—|-]*(?<!\w)(?:photo|photograph|image|picture) by (?P<credit>[^()\[\]]{2,60}?)[\s.)\]]*$",
    re.IGNORECASE,
)
_BRACKETED_TAIL: Final = re.compile(r"\s*[(\[（](?P<credit>[^()\[\]（）]{2,60})[)\]）]\s*\.?\s*$")
_CAPITAL_TAIL: Final = re.compile(
    r"(?<=[.!?…\"”»)])\s*(?P<credit>[A-Z][A-Z .&-]{1,30}(?:/[A-Z][A-Za-z .&-]{1,30})+)\s*$"
)
_PIECES: Final = re.compile(r"\s*[/;|]\s*")
_LIST: Final = re.compile(r"\s*,\s*|\s+(?:dan|and|и|und|et|y|ve|та|және|&)\s+", re.IGNORECASE)
_BEFORE_DATE: Final = re.compile(
    r"(?:\s+(?:am|on|pada|at|le|el|il|em|den)|\s*[,|•·–—-]\s*[^\W\d_]{3,9},?)?[\s|•·–—,-]*$"
)
_BAR: Final = re.compile(r"\s*[|•·]\s")
DATE_WORDS: Final = 4  # words behind a date behind names: the zone, "Uhr"
_SENTENCE: Final = re.compile(r"[.!?]\s+\w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What one or more lines say of an article's making."""

    credits: tuple[str, ...] = ()
    editor: str | None = None
    byline: tuple[str, ...] = ()
    photo: str | None = None

    def joined(self, other: Marks) -> Marks:
        """Both together: the first editor, all credits and reporters, each once."""
        return Marks(
            credits=tuple(dict.fromkeys(self.credits + other.credits)),
            editor=self.editor or other.editor,
            byline=tuple(dict.fromkeys(self.byline + other.byline)),
            photo=self.photo or other.photo,
        )


def read_marks(line: str) -> Marks | None:
    """What a whole line says of credits, editor, reporters; None when it is ordinary text."""
    inner = _unbracketed(line.strip())
    if not inner or len(inner) > LONGEST_LABEL_LINE:
        return None
    if inner != line.strip() and (names := wires(inner)):
        return Marks(credits=names)
    found = _labels_in(inner)
    if not found or inner[: found[0].start()].strip(_EDGES):
        return None
    ends = [match.start() for match in found[1:]] + [len(inner)]
    marks = Marks()
    for match, end in zip(found, ends, strict=True):
        read = _mark(fold(match["label"]), inner[match.end() : end].strip(_EDGES + "()[]"))
        if read is None:
            return None
        marks = marks.joined(read)
    return marks


def _labels_in(line: str) -> list[re.Match[str]]:
    """Labels with a colon, and behind the last of them those that need none ("Editing by")."""
    with_colon = list(_LABEL.finditer(line))
    last = with_colon[-1].end() if with_colon else 0
    return with_colon + list(_BARE.finditer(line, last))


def _mark(label: str, value: str) -> Marks | None:
    """What a label and its value mean; None when the value reads like a sentence."""
    kind = _KINDS.get(label, "")
    if _is_sentence(value, words=14 if kind == "credit" else 10):
        return None
    match kind:
        case "credit":
            return Marks(credits=split_credits(value))
        case "editor":
            return Marks(editor=value or None)
        case "photo":
            return Marks(photo=value or None)
    return Marks(byline=split_names(value, with_place=label in labels.REPORT_WITH_PLACE))


def _is_sentence(value: str, *, words: int) -> bool:
    return (
        len(value) > 110
        or len(value.split()) > words
        or value.endswith(("?", "!"))
        or bool(_SENTENCE.search(value))
    )


def split_credits(value: str) -> tuple[str, ...]:
    """Wires and papers of a credit line: "AFP/Reuters/Berbagai Sumber" names two."""
    value = re.sub(r"https?://(?:www\.)?([^\s/,;]+)\S*", r"\1", value)
    pieces = _PIECES.split(value)
    if len(pieces) == 1:
        listed = _LIST.split(value)
        pieces = listed if all(len(piece.split()) <= 3 for piece in listed) else pieces
    names = (piece.strip(_EDGES + "()") for piece in pieces)
    return tuple(dict.fromkeys(name for name in names if name and fold(name) not in _VARIOUS))


def split_names(value: str, *, with_place: bool = False) -> tuple[str, ...]:
    """Names of people: "A dan B", "A, B"; with a place, what follows the last comma is dropped."""
    if with_place and "," in value:
        value = value.rsplit(",", 1)[0]
    names = (name.strip(_EDGES + "()") for piece in _PIECES.split(value) for name in _LIST.split(piece))
    return tuple(dict.fromkeys(name for name in names if name and len(name) <= 60))


def read_byline(line: str) -> tuple[str, ...]:
    """Names in a line like "By Jane Doe" or "Oleh Budi"; () when it is something else."""
    line = line.strip(_EDGES)
    match = _BYLINE.match(line)
    if match is None or len(line) > 100:
        return ()
    said, dated = _undated(match["names"])
    names = split_names(said)
    good = all(
        dated < len(name.split()) <= 5 and name[:1].isupper() and not any(c.isdigit() for c in name)
        for name in names
    )
    return names if good else ()


def _undated(names: str) -> tuple[str, bool]:
    """Names without the date behind them, and whether there was one: "Jana Feld am 08.01.2022 - 05:06"."""
    found = DATE.search(names) or _BAR.search(names)
    if found is None or len(re.findall(r"[^\W\d_]+", names[found.end() :])) > DATE_WORDS:
        return names, False
    return _BEFORE_DATE.sub("", names[: found.start()]), True


def inline_credits(paragraph: str) -> tuple[str, ...]:
    """Credits in brackets at the end of running text: "… (Sumber: kompas.example)", "… (AFP/Reuters)"."""
    match = _INLINE_CREDIT.search(paragraph[-120:])
    if match:
        return split_credits(match["value"])
    tail = _BRACKETED_TAIL.search(paragraph[-80:])
    return wires(tail["credit"]) if tail else ()


def wires(value: str) -> tuple[str, ...]:
    """The names, when all pieces are wires that stand alone in brackets; else ()."""
    pieces = [piece.strip() for piece in re.split(r"[/,;-]", value) if piece.strip()]
    return tuple(pieces) if pieces and all(piece in labels.AGENCIES for piece in pieces) else ()


def strip_caption_label(line: str) -> str | None:
    """The caption behind a label like "Keterangan Gambar :"; None when there is no such label."""
    inner = _unbracketed(line.strip())
    match = _CAPTION_LABEL.match(inner)
    return inner[match.end() :].strip() if match else None


def split_caption(text: str) -> tuple[str, str | None]:
    """A caption and the photo's credit, which ends it: "(REUTERS/DAILY MAIL)", "Foto: ANTARA/…", "AFP/Getty"."""
    labelled = strip_caption_label(text)
    caption = (text if labelled is None else labelled).strip()
    for pattern in (_PHOTO_TAIL, _PHOTO_BY, _BRACKETED_TAIL, _CAPITAL_TAIL):
        match = pattern.search(caption)
        if match is None:
            continue
        credit = match["credit"].strip(_EDGES)
        if pattern is _BRACKETED_TAIL and not _is_photo_credit(credit):
            continue
        return caption[: match.start()].strip(), credit or None
    return caption, None


def _is_photo_credit(text: str) -> bool:
    """Whether brackets at the end of a caption hold agencies or a photographer, not a date or a remark."""
    if re.search(r"[!?]|^[\d/\s]+$", text):
        return False
    if wires(text) or any(_is_capital(piece) for piece in text.split("/")[1:] + text.split("/")[:-1]):
        return True
    return _is_capital(text) and len(text) > 2 and not re.search(r"\d", text)


def _is_capital(text: str) -> bool:
    return text.strip().isupper() and len(text.strip()) > 1


def _unbracketed(line: str) -> str:
    closing = _BRACKETS.get(line[:1])
    return line[1:-1].strip() if closing and line.endswith(closing) else line
