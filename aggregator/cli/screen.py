"""What people see while something happens: a bar for `once`, a screen for `run`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aggregator.cli.context import nobody_reads, own_name
from aggregator.core.counts import counted
from aggregator.model import Config, Edition, FeedRecord, Polled, PollOutcome
from aggregator.observe import printable


class Progress:
    """A bar on a terminal; nothing elsewhere, so that logs stay short."""

    def __init__(self, *, quiet: bool) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._shown = sys.stderr.isatty() and not quiet

    def started(self, feeds: int) -> None:
        """Begin with the polls."""
        self._begin("polling", feeds)

    def polled(self, outcome: PollOutcome, record: FeedRecord) -> None:
        """One more feed has answered."""
        self._advance(1)

    def reading(self, done: int, waiting: int) -> None:
        """Go on with the entries."""
        if self._bar is None:
            self._begin("reading", done + waiting)
        elif self._shown:
            self._bar.update(self._task, description="reading", completed=done, total=done + waiting)

    def asked(self, polled: Sequence[Polled]) -> None:
        """Leave the bar full: reading follows."""

    def published(self, edition: Edition, files: int) -> None:
        """End with the sections."""
        if self._bar is not None:
            self._bar.update(self._task, description=f"publishing {edition.id}")

    def told(self, text: str) -> None:
        """Show what a daemon says of its round."""
        if self._shown and text:
            self._begin(text, None)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _begin(self, what: str, total: int | None) -> None:
        if not self._shown:
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress as Bar

            self._bar = Bar(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(what, total=total)
        self._bar.update(self._task, description=what, total=total)

    def _advance(self, steps: int) -> None:
        if self._bar is not None:
            self._bar.advance(self._task, steps)


def print_round(summary: Mapping[str, Any], config: Config, *, quiet: bool) -> None:
    """Say in a few lines what a round did, whoever did it; `summary` is `RoundResult.summary()`."""
    if quiet:
        return
    print(
        f"{counted(summary['polled'], 'feed')} asked, {summary['failed']} failed; "
        f"{counted(summary['new'], 'new entry')}, {summary['updated']} changed; {summary['read']} read; "
        f"{counted(summary['replaced'], 'file')} replaced in {config.output.directory}"
    )
    for kind, count in summary["problems"].items():
        print(f"  {count} {kind}: `aggregator status` says which and why")
    _print_failed(summary)


def print_published(summary: Mapping[str, Any], config: Config, *, quiet: bool) -> None:
    """Say what was written."""
    if quiet:
        return
    print(f"{counted(summary['replaced'], 'file')} replaced in {config.output.directory}")
    _print_failed(summary)


def _print_failed(summary: Mapping[str, Any]) -> None:
    for section, reason in summary["sections_failed"]:
        print(printable(f"  section {section} keeps its files: {reason}"))


class DaemonScreen:
    """The first screen of `run`, and a line for each feed and section as it comes."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._seen: set[str] = set()
        self._unreached: list[str] = []  # lines that wait until it is clear whether there is a network at all
        self._online = False
        self._offline = False  # and it was said
        self._sections: set[str] = set()

    def hello(self, config: Config, path: Path) -> None:
        """Say what runs, where to look, what to subscribe to, what to edit, and how to stop."""
        feeds, sections = counted(len(config.feed), "feed"), counted(len(config.section), "section")
        lines = [f"{config.site.title}: {feeds}, {sections}, read from {path}"]
        lines.append(f"  open       {config.site.url}")
        if config.section:
            lines.append(f"  subscribe  {config.site.url}{config.section[0].id}/atom.xml")
        lines.append(f"  edit       {path}   (a saved file is in force within 10 seconds)")
        lines.append(f"  try        {own_name()} --config {path} stories   (in another terminal)")
        lines.append("  stop       Ctrl-C")
        self._say("\n".join(lines) + "\n")

    def started(self, feeds: int) -> None:
        """Say nothing: the lines of the feeds follow."""

    def polled(self, outcome: PollOutcome, record: FeedRecord) -> None:
        """Give a line a feed: at its first answer, and whenever it brings something or begins to fail."""
        first = outcome.feed_id not in self._seen
        self._seen.add(outcome.feed_id)
        when = f"asked again at {outcome.next.at.astimezone():%H:%M}"
        if outcome.problem is None:
            self._online = True
            if line := _news(outcome, first=first):
                self._say(f"  {outcome.feed_id:<20} {line}; {when}")
        elif first or record.failures == 0:
            line = f"  {outcome.feed_id:<20} {outcome.problem.message}; {when}"
            unreachable = outcome.problem.kind == "unreachable" and not self._online
            self._unreached.append(line) if unreachable else self._say(line)

    def asked(self, polled: Sequence[Polled]) -> None:
        """Say once that there is no network, or else which feeds could not be reached."""
        offline = not self._online and len(polled) == len(self._unreached) > 1
        if offline and not self._offline:
            self._say(
                f"  No network: none of {len(polled)} feeds can be reached. What is stored is served; "
                "they are asked again."
            )
        elif self._unreached and not offline:
            self._say("\n".join(self._unreached))
        self._offline = offline
        self._unreached.clear()

    def reading(self, done: int, waiting: int) -> None:
        """Say nothing: the sections' lines tell."""

    def published(self, edition: Edition, files: int) -> None:
        """Give a line a section whose files were replaced."""
        if not files and edition.id in self._sections:
            return
        self._sections.add(edition.id)
        if not edition.entries:
            self._say(f"→ {edition.title}: no stories yet")
            return
        stories = len(edition.entries)
        entries = sum(len(each.story.copies) for each in edition.entries)
        newest = edition.entries[0]
        told = {region.code for region in newest.story.regions if region.rule != "member"}
        places = ", ".join(place.name for place in newest.places if place.code in told)
        self._say(
            f"→ {edition.title}: {counted(stories, 'story')} from {counted(entries, 'entry')}, "
            f"{_copies(entries - stories)}"
        )
        self._say(f"    {newest.story.article.headline}" + (f" ({places})" if places else ""))

    def _say(self, text: str) -> None:
        if self._quiet:
            return
        try:
            print("\n".join(map(printable, text.split("\n"))), flush=True)
        except OSError:  # nobody reads any more (`| head`), or what it goes to is full: the news goes on
            self._quiet = True
            nobody_reads()


def _copies(number: int) -> str:
    return "1 was a copy" if number == 1 else f"{number} were copies"


def _news(outcome: PollOutcome, *, first: bool) -> str:
    """Say what a feed brought; "" when there is nothing to say."""
    if outcome.new:
        dated = [entry for entry in outcome.new if entry.published]
        newest = max(dated, key=lambda entry: entry.published or outcome.at) if dated else outcome.new[0]
        return f"{len(outcome.new)} new, the newest “{newest.title[:60]}”"
    return "nothing new" if first else ""
