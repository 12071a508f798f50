"""The command line: options, and one function a command."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated, Final

import typer

from aggregator import __version__
from aggregator.cli.context import Context, guarded

app = typer.Typer(
    name="aggregator",
    help="Reads news feeds, keeps each story once, knows where it happens, and publishes clean feeds of its own.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    suggest_commands=False,  # click does; both would say it twice
)

OBJECTS_BETWEEN_SEARCHES: Final = 50_000

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def main() -> None:
    """Run the command that the arguments name."""
    # What we make lives on: looking for garbage at Python's every 700th object is a tenth of a quiet round.
    gc.set_threshold(OBJECTS_BETWEEN_SEARCHES, 10, 10)
    app()


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"aggregator {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", envvar="AGGREGATOR_CONFIG", help="The file that editors write.")
    ] = Path("feeds.toml"),
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say only what failed.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more; show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keep what every command needs."""
    context.obj = Context(path=config, quiet=quiet, verbose=verbose)


@app.command()
def init(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path(),
    language: Annotated[str, typer.Option(help="Of the comments: en or id.")] = "en",
) -> None:
    """Write a commented feeds.toml and feeds.schema.json; overwrites nothing."""
    from aggregator.cli import setup

    guarded(context.obj, lambda: setup.init(directory, language))


@app.command()
def check(
    context: typer.Context, file: Annotated[Path | None, typer.Argument(metavar="[FILE]")] = None
) -> None:
    """Check feeds.toml: every fault at its place, and each section read back as a sentence."""
    from aggregator.cli import setup

    guarded(context.obj, lambda: setup.check(context.obj.at(file)))


@app.command()
def run(
    context: typer.Context,
    strict: Annotated[bool, typer.Option(help="Do not start on the last good configuration.")] = False,
) -> None:
    """Be the daemon: poll when due, read, publish, serve, until SIGTERM or Ctrl-C."""
    from aggregator.cli import work

    guarded(context.obj, lambda: work.run(context.obj, strict=strict))


@app.command()
def once(
    context: typer.Context,
    force: Annotated[bool, typer.Option(help="Past every interval and Retry-After.")] = False,
    feed: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this feed; may be repeated.")
    ] = None,
) -> None:
    """Do one round: poll what is due, read what waits, publish what differs."""
    from aggregator.cli import work

    guarded(context.obj, lambda: work.once(context.obj, force=force, feeds=tuple(feed or ())))


@app.command()
def publish(
    context: typer.Context,
    force: Annotated[bool, typer.Option(help="Look at every file, even when nothing has changed.")] = False,
) -> None:
    """Write the output again from what is stored; polls nothing."""
    from aggregator.cli import work

    guarded(context.obj, lambda: work.publish(context.obj, force=force))


@app.command()
def status(
    context: typer.Context,
    json: Json = False,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 unless health is ok.")] = False,
) -> None:
    """Show how it goes: health, feeds, sections."""
    from aggregator.cli import show

    guarded(context.obj, lambda: show.status(context.obj, as_json=json, check=check))


@app.command()
def entries(
    context: typer.Context,
    feed: Annotated[str | None, typer.Option(metavar="ID", help="Only of this feed.")] = None,
    json: Json = False,
) -> None:
    """List entries as the feeds gave them, and what became of each."""
    from aggregator.cli import show

    guarded(context.obj, lambda: show.entries(context.obj, feed=feed, as_json=json))


@app.command()
def stories(
    context: typer.Context,
    section: Annotated[str | None, typer.Option(metavar="ID", help="Only in this section.")] = None,
    region: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only about or naming this region.")
    ] = None,
    feed: Annotated[str | None, typer.Option(metavar="ID", help="Only with a copy of this feed.")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="First seen since a time (RFC 3339) or for a duration (24h)."),
    ] = None,
    json: Json = False,
) -> None:
    """List stories, newest first."""
    from aggregator.cli import show

    wanted = show.Wanted(section=section, region=region, feed=feed, since=since)
    guarded(context.obj, lambda: show.stories(context.obj, wanted, as_json=json))


@app.command("try")
def try_(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="URL|FEED-ID|TEXT|-",
            help="A page or a feed, a feed of feeds.toml, a text; - reads stdin.",
        ),
    ],
    feed: Annotated[str, typer.Option(metavar="ID", help="Read the page as one of this feed.")] = "",
    json: Json = False,
) -> None:
    """Show what would come of a page, a feed or a text, and where it would go; stores nothing."""
    from aggregator.cli import trial

    guarded(context.obj, lambda: trial.try_(context.obj, what, feed=feed, as_json=json))


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Of a feed, or of the site that has it.")],
    id_: Annotated[
        str, typer.Option("--id", metavar="ID", help="Its name in feeds.toml; else made from its title.")
    ] = "",
) -> None:
    """Find a feed and append it to feeds.toml; every byte that is there stays."""
    from aggregator.cli import edit

    guarded(context.obj, lambda: edit.add(context.obj, url, id_=id_))


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="A list of feeds; - reads stdin.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do; write nothing.")] = False,
) -> None:
    """Append the feeds of an OPML file to feeds.toml; its folders become sections."""
    from aggregator.cli import edit

    guarded(context.obj, lambda: edit.import_(context.obj, file, dry_run=dry_run))


@app.command()
def export(context: typer.Context) -> None:
    """Print the incoming feeds as OPML, for other readers."""
    from aggregator.cli import edit

    guarded(context.obj, lambda: edit.export(context.obj))


@app.command()
def release(context: typer.Context, name: Annotated[str, typer.Argument(metavar="FEED|SECTION")]) -> None:
    """Show what a guard holds, then let it through; ask a gone feed again."""
    from aggregator.cli import guards

    guarded(context.obj, lambda: guards.release(context.obj, name))
