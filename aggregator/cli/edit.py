"""`add`, `import` and `export`: the commands that write feeds.toml for an editor, and hand its feeds on."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aggregator import __version__
from aggregator.cli.context import DONE, Context, own_name
from aggregator.core.counts import counted
from aggregator.errors import AggregatorError, ParseError, StoreError
from aggregator.jobs import edits, lists
from aggregator.observe import printable

if TYPE_CHECKING:
    from aggregator.config.writing import FeedsFile
    from aggregator.jobs.discover import Found
    from aggregator.jobs.services import Fetch, Work
    from aggregator.model import Config
    from aggregator.store import Store

CHILDREN: Final = 1
CHILD_MEMORY: Final = 1_500_000_000  # bytes of address space
MOST_BYTES: Final = 16_000_000  # of a list of feeds


@dataclass(frozen=True, slots=True)
class _Edges:
    """What a search for a feed works with."""

    config: Config
    fetcher: Fetch
    workers: Work


def add(context: Context, url: str, *, id_: str) -> int:
    """Find a feed and append it to feeds.toml."""
    config = context.load().config
    bar = _Bar(quiet=context.quiet)

    async def job() -> edits.Added:
        from aggregator.fetch import Fetcher, user_agent
        from aggregator.workers import Workers

        agent = user_agent(config.site, __version__)
        fetcher = Fetcher(config.polling, user_agent=agent, secrets=lambda _: None)
        edges = _Edges(config, fetcher, Workers(CHILDREN, CHILD_MEMORY))
        try:
            return await edits.add(
                url,
                wanted=id_,
                file=_file(context),
                edges=edges,
                used=_history(config),
                now=context.now,
                tell=bar.tell,
            )
        finally:
            bar.close()
            await fetcher.close()
            await edges.workers.close()

    added = asyncio.run(job())
    if not context.quiet:
        _tell_added(context, added)
    return DONE


def import_(context: Context, file: Path, *, dry_run: bool) -> int:
    """Append the feeds of an OPML file to feeds.toml, with its folders as sections."""
    config = context.load().config
    try:
        imported = lists.take_in(_bytes(file), file=_file(context), used=_history(config), dry_run=dry_run)
    except ParseError as error:
        raise AggregatorError(f"{file}: {error}") from error
    if not context.quiet:
        for line in lists.plan(imported) if dry_run else ():
            print(printable(line))
        for line in lists.notes(imported):
            print(printable(f"note: {line}"), file=sys.stderr)
        print(printable(lists.sums(imported, dry_run=dry_run)))
    return DONE


def export(context: Context) -> int:
    """Print the incoming feeds as OPML."""
    config = context.load().config
    with _stored(config) as store:
        records = []
        if store is not None:
            with suppress(StoreError):
                records = store.feed_records()
    sys.stdout.buffer.write(lists.export(config, records))
    return DONE


def _file(context: Context) -> FeedsFile:
    from aggregator.config.writing import FeedsFile
    from aggregator.jobs.places import packaged_gazetteer

    return FeedsFile(path=context.path, gazetteer=packaged_gazetteer(), environment=os.environ)


@contextmanager
def _stored(config: Config) -> Iterator[Store | None]:
    """Open the store for reading, if there is one that can be read: these commands do without."""
    from aggregator.store import open_reader

    try:
        store = open_reader(config.storage.database)
    except StoreError:
        store = None
    try:
        yield store
    finally:
        if store is not None:
            store.close()


def _history(config: Config) -> edits.Used:
    """Say of an id whether entries are stored under it, which a feed that is given it would take over."""
    names: frozenset[str] = frozenset()
    with _stored(config) as store:
        if store is not None:
            with suppress(StoreError):
                names = store.feeds_with_entries()
    return names.__contains__


def _bytes(file: Path) -> bytes:
    """Read a file, or stdin for `-`; a byte more than is allowed is enough to refuse it."""
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise AggregatorError(f"{file}: it cannot be read ({error.strerror})") from error


def _tell_added(context: Context, added: edits.Added) -> None:
    """Say what was found and written, and what happens next."""
    if added.there is not None:
        print(
            printable(
                f"{added.there.url} is in {context.path} already, as {added.there.id}; nothing was written"
            )
        )
        return
    assert added.found is not None
    found = added.found
    says = ", ".join(filter(None, (found.title, _entries(found.entries), found.language)))
    print(printable(f"{_instead(found)}found {found.url} ({says})"))
    print(f"added to {context.path}:\n")
    for line in added.text.splitlines():
        print(printable(f"    {line}"))
    print()
    command = _command(context)
    for other in found.others:
        print(
            printable(
                f"the site also has: {other.title or 'a feed'}  `{command} add {shlex.quote(other.url)}`"
            )
        )
    if added.untaken:
        print("no section takes its stories yet: add it to the include of one, or write a section of its own")
    print(
        f"next: a running daemon asks it within seconds; without one `{command} once --feed {added.id}`, "
        f"and `{command} check` shows what the sections take"
    )


def _instead(found: Found) -> str:
    """Say in front of what was found that it is not the very address that was given, and why."""
    why = f"{found.instead}; " if found.instead else ""
    return f"{why}{found.how}: " if found.how else why


def _entries(number: int) -> str:
    return counted(number, "entry") if number else "no entries yet"


def _command(context: Context) -> str:
    """Give what to type for this program and this file."""
    same = context.path == Path("feeds.toml")
    return own_name() if same else f"{own_name()} --config {shlex.quote(str(context.path))}"


class _Bar:
    """Shows on a terminal which address is asked."""

    def __init__(self, *, quiet: bool) -> None:
        from aggregator.cli.screen import Progress

        self._progress = Progress(quiet=quiet)

    def tell(self, url: str) -> None:
        """Say that an address is asked."""
        from rich.markup import escape

        self._progress.told(escape(f"asking {printable(url)}"))

    def close(self) -> None:
        """Take it away."""
        self._progress.close()
