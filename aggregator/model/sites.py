"""How the pages of a site are read: rules that editors write, and how well they still fit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

# What a rule may say where to find, in the order in which people are told of it.
RULE_FIELDS: Final = ("headline", "kicker", "byline", "date", "body", "caption", "credits", "editor")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRule:
    """Where the pages of a site, or of every site with one markup, show what.

    The value of a field is CSS selectors, tried in their order; `selector@name` takes an attribute's value.
    """

    name: str  # of its file, without .toml
    digest: str  # moves with what the rule says: what was counted of another version counts no more
    shipped: bool = False  # comes with the program; an editor's own rules win over it
    hosts: tuple[str, ...] = ()  # and all below them; (): every host whose page fits `detect`
    detect: tuple[str, ...] = ()  # selectors of which one must match for the rule to be for a page
    headline: tuple[str, ...] = ()
    kicker: tuple[str, ...] = ()
    byline: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    date_format: tuple[str, ...] = ()  # "DD/MM/YYYY HH:mm"; (): read as dates are read anywhere
    timezone: str = ""  # IANA; of dates on the page that name no zone. "": the feed's
    body: tuple[str, ...] = ()
    caption: tuple[str, ...] = ()  # of the lead image
    credits: tuple[str, ...] = ()
    editor: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()  # what is no part of the article, wherever it stands; all are applied

    def selectors(self, field: str) -> tuple[str, ...]:
        """Give the selectors of one of `RULE_FIELDS`."""
        found: tuple[str, ...] = getattr(self, field)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """What one rule did on one page."""

    rule: str
    digest: str
    is_used: bool = True  # False: the page was read without it
    matched: tuple[tuple[str, str], ...] = ()  # field and the selector that gave it
    missed: tuple[str, ...] = ()  # fields of which no selector gave anything
    note: str = ""  # why it was not used


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStanding:
    """How well one field of a rule has fitted the pages of one feed."""

    feed_id: str
    rule: str
    digest: str
    field: str  # one of RULE_FIELDS
    hits: int  # pages on which it gave something
    misses: int  # pages on which it did not
    missed_in_row: int  # the newest of them, without a hit between
    missing_since: datetime | None  # when the first of that row was read; None: the newest page was a hit
