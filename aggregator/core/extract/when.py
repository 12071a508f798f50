"""Dates as a page shows them: where in a line they stand, and which lines are nothing else."""

from __future__ import annotations

import re
from typing import Final

DATE: Final = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d{2}|(?:19|20)\d{2}[./-]\d{1,2}[./-]\d{1,2}"
    r"|\d{1,2}(?:st|nd|rd|th|er|º)?\.?[\s-]+(?:de\s+)?[^\W\d_]{3,12}\.?,?[\s-]+(?:de\s+)?(?:19|20)\d{2}"
    r"|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d{2}|[\d٠-٩۰-۹]{1,2}\s+[^\W\d_]{3,12}\s+[\d٠-٩۰-۹]{4}"
    r"|(?:19|20)\d{2}\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日)"
)
TIME: Final = re.compile(
    r"(?<!\d)(?P<clock>[0-2]?\d[:.][0-5]\d(?::[0-5]\d)?)(?![\d.]\d)(?:\s*(?P<half>[AaPp]\.?[Mm]\b\.?))?"
    r"(?:\s*\(?(?P<zone>(?:UTC|GMT)\s?[+-]\d{1,2}(?::?\d{2})?|[+-]\d{2}:?\d{2}|[A-Z]{2,5}|МСК)\b)?"
)
UPDATED: Final = re.compile(
    r"updat|modif|diperbar|diubah|обновл|aktualis|güncel|actualiz|mis à jour|更新", re.IGNORECASE
)


def date_in(line: str) -> str | None:
    """Date, time and zone out of a line, ready to be parsed; None when it shows none, or only when it was changed."""
    for match in DATE.finditer(line):
        if UPDATED.search(line[max(0, match.start() - 30) : match.start()]):
            continue
        after = line[match.end() : match.end() + 45]
        following = DATE.search(after)
        clock = TIME.search(after[: following.start()] if following else after)
        if clock is None:
            clock = TIME.search(line[max(0, match.start() - 20) : match.start()])
        if clock is None:
            return match[0]
        return " ".join(
            filter(None, (match[0], clock["clock"].replace(".", ":"), clock["half"], clock["zone"]))
        )
    return None


def is_date_line(line: str) -> bool:
    """Whether a line shows a date and, beside a word or two ("Published", a weekday), nothing else."""
    if len(line) > 100 or not DATE.search(line):
        return False
    rest = re.findall(r"[^\W\d_]+", TIME.sub(" ", DATE.sub(" ", line)))
    return len(rest) <= 3 and line[-1] not in ".!?"
