"""Kinds of values that name something: ids, languages, time zones, places, words to look for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from aggregator.config.kinds import Context, Kind, Wrong, as_text, control_in, or_empty, pattern_text
from aggregator.config.shown import guess, quoted

SECTION_ID: Final = r"^(?!(?:regions|sources|archive|index|feeds)$)[a-z0-9][a-z0-9-]{0,63}$"
RESERVED: Final = ("regions", "sources", "archive", "index", "feeds")
FEED_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
FEED_GLOB: Final = r"^[A-Za-z0-9*][A-Za-z0-9._*-]{0,63}$"
CREDENTIAL: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
# RFC 5646, section 2.1, without the tags that were registered before it and without four to eight letters
# for the language itself, which nothing is registered for: "english" is a slip.
LANGUAGE: Final = (
    r"^[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[Xx](?:-[A-Za-z0-9]{1,8})+)?$"
)
WORDS: Final = r"^(?=.*[^\s*])\*?[^*\x00-\x1f]+\*?$"
_LANGUAGE_NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("indonesian", "indonesia", "bahasa", "bahasa indonesia"), "id"),
    **dict.fromkeys(("english", "inggris", "bahasa inggris"), "en"),
    **dict.fromkeys(("malay", "melayu"), "ms"),
    "arabic": "ar",
    "chinese": "zh",
    "dutch": "nl",
    "french": "fr",
    "german": "de",
    "japanese": "ja",
    "javanese": "jv",
    "kazakh": "kk",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "turkish": "tr",
}
_ZONE_NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("wib", "gmt+7", "utc+7", "+07:00", "+0700", "jakarta"), "Asia/Jakarta"),
    **dict.fromkeys(("wita", "gmt+8", "utc+8", "+08:00", "+0800", "makassar"), "Asia/Makassar"),
    **dict.fromkeys(("wit", "gmt+9", "utc+9", "+09:00", "+0900", "jayapura"), "Asia/Jayapura"),
    **dict.fromkeys(("gmt", "z", "utc+0"), "UTC"),
    "msk": "Europe/Moscow",
}


def hyphened(given: str) -> str:
    """The text with `-` for the longer dashes that word processors put in its place."""
    return re.sub("[\u2010-\u2015\u2212]", "-", given)


def slug(given: str) -> str:
    """The id that is nearest to a name: lower case, plain letters, digits and hyphens; may be empty."""
    plain = unicodedata.normalize("NFKD", hyphened(given)).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-")


def _wrong_section_id(given: str) -> str:
    if given in RESERVED:
        return (
            f"{quoted(given)} is taken by the program itself; write another, such as {quoted(given + '-1')}"
        )
    near = slug(given)
    meant = f"; write {quoted(near)}" if near and near not in RESERVED else ""
    return f"{quoted(given)} cannot be an id; it has only a-z, 0-9 and -, and begins with a letter or digit{meant}"


def _wrong_feed_id(given: str) -> str:
    near = slug(given)
    meant = f"; write {quoted(near)}" if near else ""
    return f"{quoted(given)} cannot be an id; it has only letters, digits, . _ and -{meant}"


def _wrong_credential(_: str) -> str:
    return (
        "is no name of a secret: it has only letters, digits, _ and -. The secret itself never stands in this "
        "file (docs/configuration.md, Secrets)"
    )


SECTION_ID_KIND: Final = pattern_text(SECTION_ID, _wrong_section_id, longest=64)
FEED_ID_KIND: Final = pattern_text(FEED_ID, _wrong_feed_id, longest=64)
CREDENTIAL_KIND: Final = pattern_text(CREDENTIAL, _wrong_credential, longest=64, empty=True)
REGION_ID_KIND: Final = pattern_text(r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$", _wrong_section_id, longest=64)


def _read_language(value: object, _: Context) -> str:
    given = as_text(value)
    if not re.fullmatch(LANGUAGE, given):
        name = (
            _LANGUAGE_NAMES.get(given.strip().casefold()) or given.strip().replace("_", "-").partition(".")[0]
        )
        meant = (
            f"; write {quoted(name)}"
            if re.fullmatch(LANGUAGE, name)
            else '; write for example "id" or "en-GB"'
        )
        raise Wrong(f"{quoted(given)} is no code of a language{meant}")
    primary, *rest = given.split("-")
    return "-".join([primary.lower(), *map(_subtag_case, rest)])


def _subtag_case(subtag: str) -> str:
    """The usual case of a subtag (RFC 5646, section 2.1.1), as far as its length tells it."""
    return {2: subtag.upper(), 4: subtag.title()}.get(len(subtag), subtag.lower())


LANGUAGE_KIND: Final = Kind(_read_language, {"type": "string", "pattern": LANGUAGE})
LANGUAGE_OR_NONE: Final = or_empty(LANGUAGE_KIND)


def is_zone(name: str) -> bool:
    """Whether this is a time zone of the IANA database."""
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


def _read_zone(value: object, _: Context) -> str:
    given = as_text(value)
    if re.fullmatch(ZONE, given) and is_zone(given):
        return given
    known = _ZONE_NAMES.get(given.strip().casefold().replace(" ", ""))
    if known:
        raise Wrong(f'{quoted(given)} is no time zone; write "{known}"')
    import zoneinfo

    zones = (zone for zone in zoneinfo.available_timezones() if re.fullmatch(ZONE, zone))
    meant = guess(given, zones) or '; write for example "Asia/Jakarta"'
    raise Wrong(f"{quoted(given)} is no time zone{meant}")


ZONE: Final = r"^(?!localtime$|posixrules$|Factory$)[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}$"
ZONE_KIND: Final = Kind(_read_zone, {"type": "string", "pattern": ZONE})
ZONE_OR_NONE: Final = or_empty(ZONE_KIND)


def _named(find: Callable[[Context, str], str], schema: Mapping[str, object]) -> Kind:
    """A name that the rest of the file, or the gazetteer, must know."""

    def read(value: object, context: Context) -> str:
        given = as_text(value)
        if not given.strip():
            raise Wrong("is empty; write a name between the quotes, or leave the line out")
        return find(context, given)

    return Kind(read, {"type": "string", "pattern": r"\S", **schema})


REGION_KIND: Final = _named(lambda context, name: context.region(name), {})
REGION_OR_NONE: Final = or_empty(REGION_KIND)
FEEDS_KIND: Final = _named(lambda context, name: context.feeds(name), {"pattern": FEED_GLOB})
SECTION_KIND: Final = _named(lambda context, name: context.section(name), {"pattern": SECTION_ID})


def _wrong_words(given: str) -> str:
    if not given.strip(" *"):
        return f"{quoted(given)} would fit everything; write at least one word"
    control = next((character for character in given if ord(character) < 32), None)
    if control is not None:
        return control_in(control)
    clean = given.strip("*").partition("*")[0].strip()
    return (
        f"{quoted(given)} has a * in the middle; it may stand at either end only, like {quoted(clean + '*')}"
    )


WORDS_KIND: Final = pattern_text(WORDS, _wrong_words, longest=200)
