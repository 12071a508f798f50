"""`try`: what would come of a page, a feed or a text; nothing is stored."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aggregator.cli.context import DONE, Context
from aggregator.cli.work import services_for
from aggregator.config import siterules
from aggregator.config.shown import no_such
from aggregator.core.counts import counted
from aggregator.errors import AggregatorError, StoreError
from aggregator.jobs import shapes, trial, trial_shapes
from aggregator.jobs.services import StoreThread
from aggregator.jobs.trial import Bench, FeedTrial, Trial, Unwritten
from aggregator.observe import printable, printable_json

if TYPE_CHECKING:
    from aggregator.daemon import InForce
    from aggregator.store import Store

T = TypeVar("T")
LONGEST_LINE: Final = 16_000_000  # characters of one line that a program writes
MOST_TEXT: Final = 4_000_000  # characters of a text
MOST_SHOWN: Final = 30  # entries of a feed; nobody reads more of it on a screen
_URL: Final = re.compile(r"https?://\S+", re.IGNORECASE)


def try_(context: Context, what: str, *, feed: str, as_json: bool) -> int:
    """Show what would come of an address, a feed or a text."""
    loaded = context.load()
    if feed and feed not in {each.id for each in loaded.config.feed}:
        raise AggregatorError(no_such("feed", feed, {each.id: each for each in loaded.config.feed}))

    async def job(bench: Bench) -> int:
        if what == "-" and as_json:
            return _tag_lines(bench)
        return _show(await _tried(what, bench, feed), bench, as_json=as_json)

    return _with_bench(context, loaded, job)


async def _tried(what: str, bench: Bench, feed: str) -> Trial | FeedTrial:
    known = bench.services.feeds
    if what in known:
        return await trial.try_feed(known[what], bench)
    if _URL.fullmatch(what.strip()):
        return await trial.try_url(what.strip(), bench, feed=known.get(feed))
    text = sys.stdin.read(MOST_TEXT) if what == "-" else what
    return trial.try_text(text, bench)


def _with_bench(context: Context, loaded: InForce, job: Callable[[Bench], Coroutine[Any, Any, T]]) -> T:
    """Run one job with all that it reads from, and nothing that it could write to."""
    from aggregator.observe import configure_logging

    configure_logging("debug" if context.verbose else "error", loaded.config.log.format)
    store = _stored(loaded.config.storage.database)
    call = StoreThread()
    services = services_for(loaded.config, Unwritten(store).as_store(), call)
    bench = Bench(
        services=replace(services, site_rules=siterules.in_force(loaded.rules)), store=store, now=context.now
    )

    async def main() -> T:
        try:
            return await job(bench)
        finally:
            await services.fetcher.close()
            await services.workers.close()

    try:
        return asyncio.run(main())
    finally:
        call.close()
        if store is not None:
            store.close()


def _stored(database: str) -> Store | None:
    """Open what is stored, to compare with; a trial does without."""
    from aggregator.store import open_reader

    try:
        return open_reader(database)
    except StoreError:
        return None


def _show(found: Trial | FeedTrial, bench: Bench, *, as_json: bool) -> int:
    gazetteer, language = bench.services.gazetteer, bench.services.config.site.language
    if as_json:
        if isinstance(found, FeedTrial):
            shape = trial_shapes.feed(found, gazetteer, language)
        else:
            kind = "page" if found.entry.url else "text"
            shape = {"kind": kind, "url": found.entry.url, **trial_shapes.trial(found, gazetteer, language)}
        print(printable_json(shape, indent=1))
        return DONE
    for line in _lines(found, bench):
        print(printable(line))
    return DONE


def _lines(found: Trial | FeedTrial, bench: Bench) -> Iterator[str]:
    gazetteer, language = bench.services.gazetteer, bench.services.config.site.language
    if isinstance(found, Trial):
        if found.entry.url:
            whose = f"of the feed {found.feed_id}" if found.feed_id else "of no feed in feeds.toml"
            yield f"{found.entry.url}, read as a page {whose}"
        yield from trial_shapes.lines(found, gazetteer, language)
        return
    yield from _entries(found)
    if found.trials:
        yield "the first of them, with its page where it is read:"
        yield from trial_shapes.lines(found.trials[0], gazetteer, language)


def _entries(found: FeedTrial) -> Iterator[str]:
    title = found.normalized.feed.title or "without a title"
    yield f'{found.url}: a feed, "{title}", {counted(len(found.trials), "entry")}'
    for number, each in enumerate(found.trials[:MOST_SHOWN], start=1):
        sections = ", ".join(place.section_id for place in each.sections) or "no section"
        yield f"{number:>3}. {each.article.headline or each.entry.url} -> {sections}"
    if len(found.trials) > MOST_SHOWN:
        yield f"     … and {len(found.trials) - MOST_SHOWN} more"


def _tag_lines(bench: Bench) -> int:
    """Tag each line of JSON on stdin, and write one for it."""
    language = bench.services.config.site.language
    for number, line in enumerate(_stdin_lines(), start=1):
        if not line.strip():
            continue
        given = _object(line, number)
        spoken, found = trial.tagged(given, bench)
        regions = shapes.regions(found, bench.services.gazetteer, language)
        print(printable_json({"id": given.get("id"), "language": spoken, "regions": regions}))
    return DONE


def _stdin_lines() -> Iterator[str]:
    while line := sys.stdin.readline(LONGEST_LINE):
        yield line


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise AggregatorError(f"stdin, line {number}: this is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise AggregatorError(f'stdin, line {number}: an object is wanted, as in {{"id": 1, "text": "…"}}')
    return given
