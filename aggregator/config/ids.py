"""Ids for feeds and sections that a program writes into feeds.toml: short, plain, and of their own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Final

from aggregator.config.words import RESERVED, slug
from aggregator.core.urls import host_of, registrable_domain

LONGEST: Final = 32  # characters of an id that is made; what editors write may have 64
SHORTEST: Final = 3  # letters and digits: less says nothing of a name
_SEPARATORS: Final = re.compile(r"\s+[-–—|»«·:•/]+\s+|\s*[|»«•]\s*|:\s+")
# What feeds are called that have no name: the host says more.
_NAMELESS: Final = (
    "atom berita blog feed feeds home index main-feed news newsfeed posts rss rss-2-0 rss-feed terbaru title"
    " untitled xml"
)
_GENERIC: Final = frozenset(_NAMELESS.split())
# As the press of these languages writes its names in Latin letters (ISO 9 and BGN/PCGN, without their marks).
# The letter, then what stands for it; a letter alone is left out.
_LETTERS: Final = (
    "аa бb вv гg дd еe зz иi йy кk лl мm нn оo пp рr сs тt уu фf ыy эe ёyo жzh хkh цts чch шsh щshch "
    "ъ ь юyu яya іi їyi єye ґg ўu әa ғgh қq ңng өo ұu үu һh ҳh ҷj ӣi ӯu ђdj јj љlj њnj ћc џdz ѓg ќk "
    "ѕdz "
    "ßss æae øo œoe đd ðd þth łl ıi "
    "اa أa إi آa بb تt ثth جj حh خkh دd ذdh رr زz سs شsh صs ضd طt ظz عa غgh فf قq كk لl مm نn هh وw "
    "يy ىa ةa ء ئy ؤw پp چch گg کk یy ژzh ـ "
)
_TABLE: Final = {ord(each[0]): each[1:] for each in _LETTERS.split()}


class Ids:
    """Gives each id once. Capital and small letters are the same here: ids that differ in them alone confuse."""

    def __init__(self, taken: Collection[str] = (), *, used: Callable[[str], bool] = lambda _: False) -> None:
        self._taken = {each.casefold() for each in taken}
        self._used = used  # of ids that are not in the file, and still are not to be given
        self._next: dict[str, int] = {}  # the number to try next, by name

    def __contains__(self, id_: str) -> bool:
        return id_.casefold() in self._taken or self._used(id_)

    def take(self, wanted: str) -> str:
        """Give the id that is wanted, else the same with the first number from 2 on that is free."""
        found, number = wanted, self._next.get(wanted, 2)
        while not found or found in self:
            found = f"{wanted[: LONGEST - 6].rstrip('-')}-{number}" if wanted else f"feed-{number}"
            number += 1
        self._next[wanted] = number
        self._taken.add(found.casefold())
        return found


def feed_id(title: str, url: str) -> str:
    """Make the id of a feed of its title, else of its host; not yet one of its own."""
    named = name_of(title)
    return named if _tells(named) else host_name(url)


def section_id(title: str) -> str:
    """Make the id of a section, which is also its folder, of its title; not yet one of its own."""
    named = name_of(title) or "section"
    return f"{named}-1" if named in RESERVED else named


def name_of(title: str) -> str:
    """Make an id of a name: Latin letters, digits and hyphens, at most 32, of the whole or of its first part."""
    whole = slug(latin(title[:1000]))
    if len(whole) <= LONGEST:
        return whole
    first = slug(latin(_SEPARATORS.split(title[:1000].strip(), maxsplit=1)[0]))
    return _shortened(first if _tells(first) else whole)


def host_name(url: str) -> str:
    """Make an id of a host: `news.detik.com` gives `news-detik`, `127.0.0.1` gives `127-0-0-1`."""
    host, domain = _readable(host_of(url)), _readable(registrable_domain(url))
    if re.fullmatch(r"[\d.]+|\[.*", host):  # an address
        return slug(host)
    before = re.sub(r"^www\d*(?:\.|$)", "", host.removesuffix(domain).strip("."))
    name = domain.partition(".")[0]
    return _shortened(slug(latin(f"{before.replace('.', '-')}-{name}" if before else name))) or "feed"


def latin(text: str) -> str:
    """Write Cyrillic and Arabic letters, and special Latin ones, with plain ones; the others stay."""
    return unicodedata.normalize("NFC", text).casefold().translate(_TABLE)


def _tells(named: str) -> bool:
    return len(named.replace("-", "")) >= SHORTEST and named not in _GENERIC and not named.isdigit()


def _shortened(named: str) -> str:
    """Cut after a word, where one ends in the second half, else within."""
    if len(named) <= LONGEST:
        return named
    head = named[: LONGEST + 1]
    end = head.rfind("-")
    return (head[:end] if end >= LONGEST // 2 else named[:LONGEST]).strip("-")


def _readable(host: str) -> str:
    """Give a host in its own letters, where it is written as "xn--"."""
    if "xn--" not in host:
        return host
    import ada_url

    return str(ada_url.idna_to_unicode(host.encode()))
