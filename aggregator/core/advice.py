"""What an editor should know of a feed, each with what to do about it: one function a warning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from aggregator.core.schedule import LIVELY_MOST, safe_interval
from aggregator.core.toml import toml_string, written
from aggregator.core.urls import absolute
from aggregator.model import FeedRecord, FeedSettings, FeedWarning, Rhythm

LOSS_LEAST: Final = 0.05  # share of the entries; less is within what can be estimated
STALE_DAYS: Final = 30
STALE_GAPS: Final = 10
LONGEST_URL: Final = 2_000  # characters; a longer one is no line to copy
# Rules that a publisher's own word stands behind: no interval of ours makes them shorter.
PUBLISHERS: Final = frozenset({"max-age", "ttl", "skip-hours", "retry-after"})
ADAPTING: Final = frozenset({"rhythm", "surge"})  # rules that answer to a loss by themselves
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


def validators() -> FeedWarning:
    """Warn that an origin's validators cannot be sent back byte for byte (RFC 9110, 8.8)."""
    message = (
        "its ETag or Last-Modified holds bytes that cannot be sent back as they came: it is asked without, "
        "so that the whole document is sent each time. Tell its publisher"
    )
    return FeedWarning(kind="validators", message=message)


def flood(held: int, feed_id: str) -> FeedWarning:
    """Warn that a guard holds entries of a feed."""
    entries = "1 entry is" if held == 1 else f"{held} entries are"
    message = (
        f"{entries} held: more old or undated entries came at once than flood_limit lets through. "
        f"`aggregator entries --feed {_argument(feed_id)}` lists them, `aggregator release {_argument(feed_id)}` lets "
        "them through"
    )
    return FeedWarning(kind="flood", message=message)


def dates_ahead(ahead: Sequence[datetime]) -> FeedWarning | None:
    """Warn of dates of entries, as claimed, that lie in the future."""
    if not ahead:
        return None
    entries = "1 entry is" if len(ahead) == 1 else f"{len(ahead)} entries are"
    message = (
        f"{entries} dated in the future, the furthest {max(ahead)}; what is dated so goes out with the time at "
        "which it was first seen. Is the feed's time zone right? See `timezone_wins`"
    )
    return FeedWarning(kind="dates-ahead", message=message)


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
