"""`init` and `check`: feeds.toml before anything runs."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.cli.context import DONE, FAILED, Context, own_name
from aggregator.errors import AggregatorError

if TYPE_CHECKING:
    from aggregator.model import Config


def init(directory: Path, language: str) -> int:
    """Write feeds.toml and feeds.schema.json; a file that is there stays as it is."""
    from aggregator import config
    from aggregator.config.starter import LANGUAGES as STARTERS

    schema = json.dumps(config.schema(), indent=2, ensure_ascii=False) + "\n"
    starter = config.starter(language)
    if language.partition("-")[0].casefold() not in STARTERS:
        print(
            f"there is no starter in {language}, only in {', '.join(STARTERS)}: en is taken", file=sys.stderr
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        kept = [
            _write_new(directory / name, text)
            for name, text in (("feeds.toml", starter), ("feeds.schema.json", schema))
        ]
    except OSError as error:
        raise AggregatorError(f"{directory}: cannot write there ({error.strerror})") from error
    if all(kept):
        file = directory / "feeds.toml"
        command = own_name() if directory == Path() else f"{own_name()} --config {shlex.quote(str(file))}"
        print(f"\nNext: edit {file}, then `{command} check`, then `{command} run`.")
    return DONE


def _write_new(path: Path, text: str) -> bool:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        print(f"{path} is there already and stays as it is")
        return False
    print(f"{path} written")
    return True


def check(context: Context) -> int:
    """Say what the file means, or raise ConfigError with every fault."""
    from aggregator import config as configuration
    from aggregator.core.counts import counted
    from aggregator.jobs.places import packaged_gazetteer

    config = context.load().config
    for notice in configuration.notices(config):
        print(f"{context.path}: note: {notice}", file=sys.stderr)
    feeds, sections = counted(len(config.feed), "feed"), counted(len(config.section), "section")
    print(f"{context.path}: good. {feeds}, {sections}.")
    for sentence in configuration.sentences(config, packaged_gazetteer()):
        print(f"  {sentence}")
    return _expectations(context, config) if config.expect else DONE


def _expectations(context: Context, config: Config) -> int:
    """Hold the tests that travel with the configuration against what is stored."""
    from aggregator.errors import StoreError
    from aggregator.jobs.expect import failures
    from aggregator.store import open_reader

    try:
        store = open_reader(config.storage.database)
    except StoreError as error:
        print(f"{context.path}: note: [[expect]] not run: {error}", file=sys.stderr)
        return DONE
    failed, unknown = failures(config, store)
    for link in unknown:
        print(f"{context.path}: note: [[expect]] {link}: no story with this link is stored", file=sys.stderr)
    for failure in failed:
        print(f"{context.path}: [[expect]] {failure}", file=sys.stderr)
    return FAILED if failed else DONE
