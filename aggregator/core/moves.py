"""Where a feed that has moved for good is asked (RFC 9110, 15.4.2 and 15.4.9), and when it is asked for all it has.

A permanent redirect is followed at once, but remembered only when a document behind it could be read, and
adopted when that is seen again a day later: the page of a captive portal must not become a feed's address.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from aggregator.core.urls import absolute
from aggregator.model import FeedRecord, FeedSettings, Move

ADOPTED_AFTER: Final = timedelta(days=1)
WHOLE_EVERY: Final = timedelta(days=7)  # origins err in what they call unchanged
LONGEST_URL: Final = 2_000  # characters; what is longer is followed, never remembered


def after(
    before: Move,
    *,
    asked: str,
    configured: str,
    moved_to: str | None,
    succeeded: bool,
    now: datetime,
) -> Move:
    """Give where the redirects of a feed lead after a poll.

    `asked` is the address of the request, `configured` the editor's; `moved_to` is where a chain of nothing but
    permanent redirects led; `succeeded`: the document behind it was read, or was a 304.
    A failure says nothing of a redirect; what it changes is whom `address` asks next.
    """
    if not succeeded:
        return before
    if asked == configured:
        return _led(before, moved_to, configured, now)
    if asked != before.adopted:  # the editor wrote another address meanwhile
        return before
    if moved_to is None:
        return Move(to=asked, since=_since(before, asked, now), adopted=asked)
    led = _led(before, moved_to, configured, now)
    # On the way to its next address the feed goes on being asked at the one that is known to work.
    return led if led.to is None or led.adopted else Move(to=led.to, since=led.since, adopted=asked)


def address(record: FeedRecord, feed: FeedSettings, *, whole: bool) -> str:
    """Say which address of a feed to ask: the adopted one, where there is one.

    The weekly whole request goes to the configured one, so that a redirect that ended is noticed. While polls
    fail the two take turns: neither an old host that was switched off nor a new one that broke loses the feed.
    """
    adopted = record.move.adopted
    if adopted is None:
        return feed.url
    asks_configured = whole != (record.failures % 2 == 1)
    return feed.url if asks_configured else adopted


def must_be_whole(record: FeedRecord, now: datetime) -> bool:
    """Tell whether validators are left out this time: once in seven days, with one more try at the other address."""
    since = record.whole_at or record.added_at
    tries = 1 if record.move.adopted is None else 2
    # A clock that was years ahead, and was set right, left a date that would put this off for as long.
    return abs(now - since) >= WHOLE_EVERY and record.failures < tries


def _led(before: Move, moved_to: str | None, configured: str, now: datetime) -> Move:
    # Redirects are told as they were asked for: "https://a.example" of feeds.toml comes back with its slash.
    if (
        moved_to is None
        or moved_to in (configured, absolute(configured, configured))
        or not _can_be_kept(moved_to, configured)
    ):
        return Move()
    since = _since(before, moved_to, now)
    if before.to != moved_to:
        return Move(to=moved_to, since=since)
    return Move(
        to=moved_to, since=since, adopted=moved_to if now - since >= ADOPTED_AFTER else before.adopted
    )


def _since(before: Move, to: str, now: datetime) -> datetime:
    """Give since when it is led to: from now on where that is new, or where the clock was set back since."""
    known = before.since if before.to == to else None
    return known if known is not None and known <= now else now


def _can_be_kept(moved_to: str, configured: str) -> bool:
    """Tell whether a redirect's target may be remembered."""
    # An address in clear is followed as long as the safe one leads there; whoever listens could keep it for good.
    downgraded = configured.startswith("https:") and not moved_to.startswith("https:")
    with_user = "@" in moved_to.partition("://")[2].partition("/")[0]
    return not (downgraded or with_user) and len(moved_to) <= LONGEST_URL
