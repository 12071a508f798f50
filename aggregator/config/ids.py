"""Ids for feeds and sections that a program writes into feeds.toml: short, plain, and of their own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from hashlib import blake2b
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
# As the press of these languages writes its names in Latin letters (ISO 9 and BGN/PCGN, without their marks): Cyrillic,
# special Latin letters, Arabic, Greek, Hebrew, Georgian, Armenian.
# The letter, then what stands for it; a letter alone is left out.
_LETTERS: Final = (
    "аa бb вv гg дd еe зz иi йy кk лl мm нn оo пp рr сs тt уu фf ыy эe ёyo жzh хkh цts чch шsh щshch "
    "ъ ь юyu яya іi їyi єye ґg ўu әa ғgh қq ңng өo ұu үu һh ҳh ҷj ӣi ӯu ђdj јj љlj њnj ћc џdz ѓg ќk "
    "ѕdz "
    "ßss æae øo œoe đd ðd þth łl ıi "
    "اa أa إi آa بb تt ثth جj حh خkh دd ذdh رr زz سs شsh صs ضd طt ظz عa غgh فf قq كk لl مm نn هh وw "
    "يy ىa ةa ء ئy ؤw پp چch گg کk یy ژzh ـ "
    "αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo "
    "אa בb גg דd הh וv זz חh טt יy כk ךk לl מm םm נn ןn סs ע פp ףp צts ץts קk רr שsh תt "
    "აa ბb გg დd ეe ვv ზz თt იi კk ლl მm ნn ოo პp ჟzh რr სs ტt უu ფp ქk ღgh ყq შsh ჩch ცts ძdz წts ჭch ხkh ჯj ჰh "
    "աa բb գg դd եe զz էe ըy թt ժzh իi լl խkh ծts կk հh ձdz ղgh ճch մm յy նn շsh ոo չch պp ջj ռr սs վv տt րr ցts "
    "ւv փp քk օo ֆf ー "
)
# Scripts whose letters Unicode names by their sound, and the vowel signs of India, which take the place of the "a"
# that the letter before them has by itself.
_SYLLABLES: Final = re.compile(r"(?:HANGUL SYLLABLE|(?:HIRAGANA|KATAKANA) LETTER(?: SMALL)?) (\w+)")
_OF_INDIA: Final = "(?:DEVANAGARI|BENGALI|GURMUKHI|GUJARATI|ORIYA|TAMIL|TELUGU|KANNADA|MALAYALAM)"
_INDIAN: Final = re.compile(rf"{_OF_INDIA} (LETTER|VOWEL SIGN|SIGN VIRAMA|SIGN ANUSVARA)(?:.* (\w+))?")
_INSTEAD: Final = "\0"  # of the "a" before it


class _Letters(dict[int, str]):
    """What stands for a letter; one that is not in the table has what stands for it without its marks."""

    def __missing__(self, code: int) -> str:
        plain = ord(unicodedata.normalize("NFD", chr(code))[0])
        return self[plain] if plain != code and plain in self else chr(code)


_TABLE: Final = _Letters({ord(each[0]): each[1:] for each in _LETTERS.split()})


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
    """Make the id of a section, which is also its folder, of its title; not yet one of its own.

    A title that cannot be written in Latin letters at all gives a number, the same for it anywhere.
    """
    named = name_of(title) or f"section-{_digest(title)}"
    return whole_section_id(title) or (f"{named}-1" if named in RESERVED else named)


def whole_section_id(title: str) -> str:
    """Make the id that says all of a title; "": it would leave letters out, and might be that of another title."""
    sounds = _sounds(latin(title[:1000]))
    whole = slug(sounds)
    left_out = any(each.isalnum() and not each.isascii() for each in unicodedata.normalize("NFKD", sounds))
    if left_out or len(whole) > LONGEST:
        return ""
    return f"{whole}-1" if whole in RESERVED else whole


def _digest(title: str) -> str:
    folded = unicodedata.normalize("NFKC", title).casefold().strip()
    return blake2b(folded.encode("utf-8", "replace"), digest_size=3).hexdigest()


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
    """Write the letters of other alphabets with Latin ones, roughly; signs for syllables and words stay."""
    return unicodedata.normalize("NFC", text).casefold().translate(_TABLE)


def _sounds(text: str) -> str:
    """Write signs for syllables as they sound, roughly."""
    return text if text.isascii() else re.sub("a?\0", "", "".join(map(_sound, text.replace("\0", ""))))


def _sound(letter: str) -> str:
    name = unicodedata.name(letter, "")
    if found := _SYLLABLES.fullmatch(name):
        return found[1].lower()
    indian = _INDIAN.fullmatch(name)
    if indian is None:
        return letter
    kind, sound = indian[1], (indian[2] or "").lower()
    return {"LETTER": sound, "SIGN ANUSVARA": "n", "SIGN VIRAMA": _INSTEAD}.get(kind, _INSTEAD + sound)


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
