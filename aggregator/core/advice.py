"""What an editor should know of a feed, each with what to do about it: one function a warning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from aggregator.core.counts import counted
from aggregator.core.schedule import LIVELY_MOST, safe_interval
from aggregator.core.toml import toml_string, written
from aggregator.core.urls import absolute, host_of
from aggregator.errors import FetchError, Refused, TlsFailed, ToldToWait
from aggregator.model import FeedRecord, FeedSettings, FeedWarning, Rhythm

LOSS_LEAST: Final = 0.05  # share of the entries; less is within what can be estimated
STALE_DAYS: Final = 30
STALE_GAPS: Final = 10
LONGEST_URL: Final = 2_000  # characters; a longer one is no line to copy
# Rules that a publisher's own word stands behind: no interval of ours makes them shorter.
PUBLISHERS: Final = frozenset({"max-age", "ttl", "skip-hours", "retry-after"})
ADAPTING: Final = frozenset({"rhythm", "surge"})  # rules that answer to a loss by themselves
UNAUTHORIZED: Final = 401
LEAVE_ALONE: Final = frozenset({429, 503})
FEED_FOUND: Final = "feed-found"
DATES_AHEAD: Final = "dates-ahead"
FARTHEST_ZONE: Final = timedelta(hours=14)
MINUTE: Final = timedelta(minutes=1)
FLOOR: Final = timedelta(minutes=15)  # whoever wants to ask a publisher more often than this asks first
# Intervals that people write, in seconds.
ROUND: Final = (1, 2, 5, 10, 15, 30, *(60 * each for each in (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90)))


def loss(
    share: float,
    rhythm: Rhythm,
    feed: FeedSettings,
    *,
    interval: timedelta | None = None,
    waited: timedelta | None = None,
    reason: str = "interval",
) -> FeedWarning | None:
    """Warn that a share (0 to 1) of a feed's entries comes and goes between two polls.

    `interval` is the one in force and `waited` the time since the poll before; where that was much longer, it was
    no interval that missed them. `reason` is the `next_due_reason` of the contract, section 4.
    """
    if share < LOSS_LEAST:
        return None
    lost = f"about {share:.0%} of its entries since the poll before were probably missed"
    if interval is not None and waited is not None and waited > 2 * interval:
        remedy = f"for {_in_words(waited)} it was not asked, or did not answer"
    elif reason in PUBLISHERS:
        remedy = (
            f"it lists only {rhythm.listed}, and its publisher wants it asked no more often ({reason}). "
            "Ask the publisher for a longer list"
        )
    else:
        asked = interval or waited or LIVELY_MOST
        remedy = _remedy(rhythm, feed, pace=asked, covered=(waited or asked) * (1 - share), reason=reason)
    return FeedWarning(kind="loss", message=f"{lost}: {remedy}")


def stale(record: FeedRecord, *, now: datetime) -> FeedWarning | None:
    """Warn of a feed that answers but brings nothing new for long, compared with its own pace."""
    answers = record.last_success is not None and not record.failures and not record.gone
    since = max(record.rhythm.published or record.added_at, record.added_at)  # before that, nobody looked
    gap = record.rhythm.gap
    quiet = now - since
    if not answers or quiet < timedelta(days=STALE_DAYS) or (gap is not None and quiet / STALE_GAPS < gap):
        return None
    pace = f", though it used to bring something every {_in_words(gap)}" if gap else ""
    message = (
        f"it answers, but nothing new has come since {since:%Y-%m-%d}, {quiet.days} days ago{pace}. "
        "Has the publisher another feed now? Write its url in feeds.toml, or paused = true to stop asking"
    )
    return FeedWarning(kind="stale", message=message)


def moved(to: str) -> FeedWarning:
    """Warn that a feed has moved for good, with the line that says so to us."""
    shown = absolute(to, to) or to  # without a user's name and password
    line = f"in feeds.toml write url = {toml_string(shown)}"
    if len(shown) > LONGEST_URL:
        line = "its new address is too long to be shown; ask its publisher for a shorter one"
    message = f"the feed has moved for good; {line}"
    return FeedWarning(kind="moved", message=message)


def feed_found(url: str, title: str) -> FeedWarning:
    """Suggest, of a feed that has died, one that its site has elsewhere, with the line that takes it."""
    name = f' ("{title}")' if title else ""
    message = f"its site, {host_of(url)}, has a feed at another address{name}; write url = {toml_string(url)}"
    return FeedWarning(kind=FEED_FOUND, message=message)


def after_failure(error: FetchError) -> str:
    """Say what an editor can do about an address that could not be had."""
    if isinstance(error, Refused):
        return _after_refusal(error.reason)
    if error.http_status == UNAUTHORIZED:
        return (
            "write the [[feed]] by hand, with its own address and credential (docs/configuration.md, Secrets)"
        )
    if error.http_status in LEAVE_ALONE or isinstance(error, ToldToWait):
        return "it wants to be left alone for a while; try again later"
    if isinstance(error, TlsFailed):
        return "tell its publisher; the address with http:// in front may do until then"
    return "is the address written right? Look at it in a browser, or try again later"


def _after_refusal(reason: str) -> str:
    """Say what an editor can do about an address that our own rules forbid."""
    if "allow_networks" in reason:
        return "write that below [polling] in feeds.toml only where you know the machine behind it"
    if "never_fetch" in reason:
        return "take it out of that list, below [polling] in feeds.toml, if it may be asked after all"
    return "give the address of the feed itself, as a browser shows it in the end"


def validators() -> FeedWarning:
    """Warn that an origin's validators cannot be sent back byte for byte (RFC 9110, 8.8)."""
    message = (
        "its ETag or Last-Modified holds bytes that cannot be sent back as they came: it is asked without, "
        "so that the whole document is sent each time. Tell its publisher"
    )
    return FeedWarning(kind="validators", message=message)


def flood(held: int, feed_id: str) -> FeedWarning:
    """Warn that a guard holds entries of a feed."""
    message = (
        f"{counted(held, 'entry', 'is')} held: more old or undated entries came at once than flood_limit lets through. "
        f"`aggregator entries --feed {_argument(feed_id)}` lists them, `aggregator release {_argument(feed_id)}` lets "
        "them through"
    )
    return FeedWarning(kind="flood", message=message)


def dates_ahead(
    ahead: Sequence[datetime], feed: FeedSettings, *, zone: str, now: datetime
) -> FeedWarning | None:
    """Warn of dates of entries, as claimed, that lie in the future, with the lines that mend a wrong zone.

    `zone` (IANA) is that of the feed, else of the site.
    """
    if not ahead:
        return None
    furthest = max(ahead)
    remedy = _zone_remedy(ahead, feed, zone=zone, now=now)
    message = (
        f"{counted(len(ahead), 'entry', 'is')} dated in the future, the furthest {furthest}; what is dated so goes "
        f"out with the time at which it was first seen. {remedy}"
    )
    return FeedWarning(kind=DATES_AHEAD, message=message)


def _zone_remedy(ahead: Sequence[datetime], feed: FeedSettings, *, zone: str, now: datetime) -> str:
    """Say what an editor can do: where the zone is at fault, no date is ahead any more when it is read in another."""
    if max(ahead) - now > FARTHEST_ZONE:
        return "No zone is that far ahead: its publisher writes wrong dates, or announces what is to come"
    if feed.timezone_wins:
        return f"They are read in {zone} (timezone_wins): is that its zone?"
    from aggregator.core.dates.zones import zone_of

    local = [moment.replace(tzinfo=zone_of(zone) or UTC) for moment in ahead]
    if max(local) <= now:
        lines = (
            "timezone_wins = true"
            if feed.timezone
            else f"timezone = {toml_string(zone)} and timezone_wins = true"
        )
        return (
            f"It seems to write the time of {zone} under the name of another zone: "
            f"write {lines} under it in feeds.toml"
        )
    return (
        "Is the time zone that it writes right? If not, write the one it is in as timezone, "
        "and timezone_wins = true, under it in feeds.toml"
    )


def not_modified_unasked() -> FeedWarning:
    """Warn of a 304 to a request that was not conditional."""
    message = (
        "it answers that nothing has changed (304), though it was not asked that: no document comes. "
        "Tell its publisher"
    )
    return FeedWarning(kind="not-modified-unasked", message=message)


def _remedy(rhythm: Rhythm, feed: FeedSettings, *, pace: timedelta, covered: timedelta, reason: str) -> str:
    wanted = _wanted(rhythm, feed.interval or pace, covered=covered)
    adapting = feed.interval is None and reason in ADAPTING and wanted >= FLOOR
    return f"it lists only {rhythm.listed}. {_line(wanted, adapting=adapting)}"


def _wanted(rhythm: Rhythm, pace: timedelta, *, covered: timedelta) -> timedelta:
    """Give the interval, shorter than the pace, that brings the loss near zero, as people write it.

    `covered` is the time that the list reached back.
    """
    safe = safe_interval(rhythm.gap, rhythm.listed)
    at_most = min(covered / 2, pace / 2, safe or pace).total_seconds()
    return timedelta(seconds=max((each for each in ROUND if each <= at_most), default=ROUND[0]))


def _line(wanted: timedelta, *, adapting: bool) -> str:
    """Give the line to write into feeds.toml, and what to think of before."""
    line = f'rite interval = "{written(wanted)}" under it in feeds.toml'
    if adapting:
        return f"It is asked more often from now on; if this goes on, w{line}"
    asking = "" if wanted >= FLOOR else "; ask its publisher before, for that is more often than is usual"
    return f"W{line}{asking}"


def _in_words(duration: timedelta) -> str:
    """Give a duration roughly, for people: "40 minutes", "9 hours", "3 days"."""
    minutes = max(1, round(duration / MINUTE))
    for unit, size in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * size:
            return f"{round(minutes / size)} {unit}s"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _argument(text: str) -> str:
    """Give a text as a shell takes it for one argument."""
    return text if re.fullmatch(r"[\w.+@:-]+", text, re.ASCII) else "'" + text.replace("'", "'\\''") + "'"
