"""Lines that are the page's own: where to read on, shares, comments, tags, advertisements, what only machines read."""

from __future__ import annotations

import re
from typing import Final

from aggregator.core.extract import labels, prompts
from aggregator.core.text import fold

LONGEST: Final = 140
LONGEST_REQUEST: Final = 220
_EDGES: Final = " \t-–—•·*|>»«\"'“”_.,;#+▶►→⇒▸👉📲🔗📌"
LONGEST_WALL: Final = 3_000
WALL_LINE: Final = 20
_WALL: Final = re.compile(
    r"\b(?:we|our partners|this (?:web)?site|wir|unsere partner|nous|nos partenaires|nosotros|situs ini|kami)\b"
    r"[^.]{0,80}\b(?:use|uses|store|verwenden|speichern|nutzen|utilisons|utilizamos|menggunakan)\b[^.]{0,60}\bcookies?\b|"
    r"\b(?:accept|reject|manage|allow|zustimmen|akzeptieren|accepter|aceptar|terima)\b[^.]{0,40}\bcookies?\b|"
    r"\bcookie (?:policy|settings|einstellungen|preferences)\b|personali[sz]ed (?:ads|advertising)|"
    r"personalisierte werbung|мы используем (?:файлы )?cookie|使用\s?cookie|çerez(?:ler)? kullan|"
    r"\b(?:subscribe|sign in|log in|register)\b[^.]{0,40}\b(?:to (?:continue|read|keep)|for full access)|"
    r"abonnieren sie[^.]{0,40}weiterlesen",
    re.IGNORECASE,
)
_COPYRIGHT: Final = re.compile(r"^(?:©|\(c\)|copyright\b|hak cipta\b|all rights reserved)", re.IGNORECASE)
_MACHINE: Final = re.compile(
    r"(?:https?://\S+|www\.\S+|\d{4}-\d\d-\d\dT\d\d:\d\d\S*|[\d:.,%/\s|-]{1,7}|(?:[#@][\w.]+[\s,]*)+|\{.{0,400}\}|\[/?\w+(?:\s\w+=[^\]]*)?\])"
)
_PHOTO: Final = re.compile(
    r"(?:©\s*)?[^.!?:]{0,60}(?:/|\bvia\b|\bfor\b|,|\s)\s*(?:getty images|getty|shutterstock|istock|alamy|reuters|"
    r"afp|ap|ap photo|epa|imago|dpa|picture alliance|keystone|zuma press|unsplash|pixabay|depositphotos|"
    r"adobe stock|pexels|bloomberg)"
    r"(?:\s+(?:images|photo|stock))?(?:\s*/[^.!?]{0,40})?",
    re.IGNORECASE,
)
_PHOTO_ALONE: Final = re.compile(
    r"(?:getty images|shutterstock(?:\.com)?|istock(?:photo)?|alamy|adobe stock|imago images)", re.IGNORECASE
)


def _any(*tables: prompts._Table) -> str:
    return "|".join(map(re.escape, labels.merged(*tables)))


def _furniture_words() -> tuple[re.Pattern[str], re.Pattern[str]]:
    every = labels.merged(labels.FURNITURE)
    phrases = [word for word in every if " " in word or word.endswith((":", "："))]
    single = [word for word in every if word not in phrases]
    elsewhere = labels.merged(labels.SEE_ALSO, prompts.ELSEWHERE)
    loose = re.compile(rf"(?:{'|'.join(map(re.escape, phrases))})(?!\w)")
    strict = re.compile(rf"(?:{'|'.join(map(re.escape, (*single, *elsewhere)))})\s*(?:[:：|»>›→].*)?")
    return loose, strict


_LOOSE, _STRICT = _furniture_words()
_ELSEWHERE: Final = re.compile(rf"(?:{_any(labels.SEE_ALSO, prompts.ELSEWHERE)})(?!\w)")
_REQUEST: Final = re.compile(rf"(?:{_any(prompts.REQUESTS)})(?!\w)|(?:{_any(prompts.REQUESTS)})(?<=\W)")
_COMMENTS: Final = re.compile(
    rf"(?:\d{{1,5}}\s*)?(?:{_any(prompts.COMMENTS)})\s*[:：]?(?:\s*[(\[]?\s*\d{{1,5}}\s*[)\]]?)?\s*[:：]?"
)


def _folded(line: str) -> str:
    """A line for comparing; the dotted capital I of Turkish leaves a mark behind the small one."""
    return fold(line).replace("i\u0307", "i").strip(_EDGES)


def is_furniture(line: str, *, linked: bool = False) -> bool:
    """Whether a line is the page's own: shares, comments, "read also", tags, advertisements.

    `linked`: the better part of it is links, so that a "read also" needs no colon.
    """
    folded = _folded(line)
    if not folded or len(folded) > LONGEST:
        return len(folded) <= LONGEST
    if _LOOSE.match(folded) or _STRICT.fullmatch(folded) or _COPYRIGHT.match(folded):
        return True
    if linked and _ELSEWHERE.match(folded):
        return True
    return _is_share_line(folded)


def is_request(line: str) -> bool:
    """Whether a paragraph asks something of its reader: to subscribe, to follow, to consent to what is embedded."""
    folded = _folded(line)
    return (
        len(folded) <= LONGEST_REQUEST
        and bool(_REQUEST.match(folded))
        and "“" not in line
        and '"' not in line
    )


def is_wall(text: str) -> bool:
    """Whether all that a page shows is what stands before it: a banner for cookies, a form to subscribe."""
    paragraphs = [paragraph for paragraph in text.split("\n\n") if len(paragraph) >= WALL_LINE]
    walls = sum(len(paragraph) for paragraph in paragraphs if _WALL.search(paragraph))
    return len(text) <= LONGEST_WALL and walls * 2 > len(text)


def heads_comments(line: str) -> bool:
    """Whether a line is the heading of the readers' comments."""
    return len(line) <= 60 and bool(_COMMENTS.fullmatch(_folded(line)))


def is_for_machines(line: str) -> bool:
    """Whether a line is an address, a timestamp, a number, a row of hashtags or a piece of code."""
    return len(line) <= 500 and bool(_MACHINE.fullmatch(line.strip()))


def is_photo_credit(line: str) -> bool:
    """Whether a line is nothing but the credit of a photo: "JANE DOE/AFP via Getty Images"."""
    bare = line.strip(" ()[]|")
    if len(bare) > 90 or bare[-1:] in ".!?":
        return False
    return bool(_PHOTO_ALONE.fullmatch(bare) or (_PHOTO.fullmatch(bare) and _looks_signed(bare)))


def _looks_signed(line: str) -> bool:
    """A slash or "via", and every longer word with a capital: no sentence about an agency."""
    words = [word for word in re.findall(r"[^\W\d_]+", line) if len(word) > 3]
    return bool(re.search(r"/|\bvia\b", line)) and all(word[0].isupper() for word in words)


def _is_share_line(folded: str) -> bool:
    words = re.findall(r"[\w-]+", folded)
    networks = sum(word in labels.NETWORKS for word in words)
    return networks >= 2 and networks * 2 >= len(words)
