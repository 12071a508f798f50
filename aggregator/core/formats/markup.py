"""HTML inside a feed: links made absolute in place, and plain text turned into HTML."""

from __future__ import annotations

import html
import re
from typing import Final

from aggregator.core.text import clean, legal, plain
from aggregator.core.urls import absolute

TAG_LONGEST: Final = 8192  # characters
TAG: Final = re.compile(rf"<[a-zA-Z][^<>]{{0,{TAG_LONGEST}}}>")
LINK: Final = re.compile(
    r"""(\s(?:href|src|cite|poster)\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.IGNORECASE
)
# A link that may be relative: at once found or not, where looking at each tag would cost ten times as much.
SUSPECT: Final = re.compile(
    r"""=(?:(?<=href=)|(?<=src=)|(?<=cite=)|(?<=poster=)|(?<=\s=))(?!\s{0,9}["']?\s{0,9}(?:[a-zA-Z][a-zA-Z0-9+.\-]*:|\#))""",
    re.IGNORECASE,
)
# What needs no base, or must be left for the sanitiser to judge.
SCHEME: Final = re.compile(r"\s*(?:[a-zA-Z][a-zA-Z0-9+.\-]*:|#)")


def absolute_links(markup: str | None, base: str) -> str | None:
    """Resolve the relative links of HTML against a base, and change nothing else; None stays None."""
    if markup is None or "<" not in markup:
        return markup

    def link(found: re.Match[str]) -> str:
        given = found.group(2) or found.group(3) or found.group(4) or ""
        if not given.strip() or SCHEME.match(given):
            return found.group()
        resolved = absolute(html.unescape(given), base)
        return f'{found.group(1)}"{html.escape(resolved)}"' if resolved else found.group()

    pieces: list[str] = []
    done = 0
    for suspect in SUSPECT.finditer(markup):
        if suspect.start() < done:
            continue
        start = markup.rfind("<", max(done, suspect.start() - TAG_LONGEST - 2), suspect.start())
        tag = TAG.match(markup, start) if start >= 0 else None
        if tag is not None and tag.end() > suspect.start():
            pieces += (markup[done:start], LINK.sub(link, tag.group()))
            done = tag.end()
    return "".join(pieces) + markup[done:] if pieces else markup


def from_plain(text: str | None) -> str | None:
    """Write plain text as HTML: a blank line between paragraphs, a break for a line's end."""
    if text is None:
        return None
    paragraphs = [
        part.strip() for part in re.split(r"\n\s*\n", legal(text).replace("\r\n", "\n")) if part.strip()
    ]
    if len(paragraphs) <= 1:
        return html.escape("".join(paragraphs), quote=False).replace("\n", "<br>")
    return "".join(f"<p>{html.escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in paragraphs)


def line(markup: str) -> str:
    """Read HTML as one line of plain text."""
    if "<" not in markup and "&" not in markup and markup.isprintable():
        return " ".join(markup.split())  # what all that follows comes to, for most
    return clean(plain(markup))
