"""Reads feeds.toml into a frozen `Config`, or tells every fault of it at its place."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from aggregator.config import addresses, cross
from aggregator.config.check import Checker, Problem
from aggregator.config.kinds import Wrong
from aggregator.config.names import Names, Places
from aggregator.config.shapes import table
from aggregator.config.syntax import Source, parse
from aggregator.errors import ConfigError, Fault
from aggregator.model import Config

DATABASE_VARIABLE: Final = "AGGREGATOR_DATABASE"
OUTPUT_VARIABLE: Final = "AGGREGATOR_OUTPUT"
LARGEST_FILE: Final = 16_000_000
EVERY_ADDRESS: Final = ("0.0.0.0", "[::]")  # noqa: S104 - recognised, not bound


def load(path: Path, *, gazetteer: Places, environment: Mapping[str, str]) -> Config:
    """The configuration in a file; raises ConfigError with every fault of it."""
    text = read(path)
    folder = path.absolute().parent
    return loads(text, file=str(path), folder=folder, gazetteer=gazetteer, environment=environment)


def read(path: Path) -> str:
    """The text of a configuration file (UTF-8, a BOM accepted); raises ConfigError with the one fault."""
    return decode(contents(path), file=str(path))


def contents(path: Path) -> bytes:
    """The bytes of a configuration file; raises ConfigError which says in plain words why there are none."""
    file = str(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a directory" if stat.S_ISDIR(status.st_mode) else "no ordinary file"
            raise _file_fault(file, f"this is {what}; name the feeds.toml itself")
        if status.st_size > LARGEST_FILE:
            raise _file_fault(file, f"the file has {status.st_size:,} bytes; the most is {LARGEST_FILE:,}")
        return path.read_bytes()
    except FileNotFoundError:
        raise _file_fault(file, "there is no such file; `aggregator init` writes one to begin with") from None
    except PermissionError:
        raise _file_fault(
            file, "the file may not be read; its owner or root can allow it (chmod a+r)"
        ) from None
    except (OSError, ValueError) as error:
        raise _file_fault(file, f"the file cannot be read: {error}") from error


def _file_fault(file: str, message: str) -> ConfigError:
    return ConfigError([Fault(file=file, line=1, column=1, message=message)])


def decode(data: bytes, *, file: str) -> str:
    """The text of bytes in UTF-8; raises ConfigError at the first byte that is not."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _file_fault(file, "the file is saved as UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line_start = before.rfind(b"\n") + 1
        fault = Fault(
            file=file,
            line=before.count(b"\n") + 1,
            column=len(before[line_start:].decode("utf-8").removeprefix("\ufeff")) + 1,
            message=f"the byte 0x{data[error.start]:02X} is not UTF-8; save the file as UTF-8",
        )
        raise ConfigError([fault]) from None


def loads(
    text: str,
    *,
    file: str = "feeds.toml",
    folder: Path,
    gazetteer: Places,
    environment: Mapping[str, str],
) -> Config:
    """The configuration in a text, with relative paths from `folder`; raises ConfigError with every fault."""
    source, raw = parse(text.removeprefix("\ufeff"), file=file)
    names = Names(raw, places=gazetteer, folder=folder)
    checker = Checker(names)
    config = checker.table(raw, table())
    problems = [*checker.problems, *cross.problems(raw, names, gazetteer)]
    faults = [*source.faults, *_located(problems, source)]
    if not raw and not source.faults:
        faults = [source.fault((1, 1), f"the file is empty: {problems[0].message}")]
    variables, overridden = _overrides(folder, environment)
    faults += variables
    if faults:
        raise ConfigError(sorted(set(faults), key=lambda fault: (fault.line, fault.column, fault.message)))
    return _completed(config, overridden, folder)


def _located(problems: Iterable[Problem], source: Source) -> list[Fault]:
    """The problems as faults at their places; not those of a value that a slip left to be guessed."""
    faults = []
    for problem in problems:
        message = problem.message
        if problem.other is not None:
            message += f" (see line {source.place(problem.other, at_key=False)[0]})"
        fault = source.fault(source.place(problem.path, at_key=problem.at_key), message)
        if fault.line not in source.filled:
            faults.append(fault)
    return faults


def _overrides(folder: Path, environment: Mapping[str, str]) -> tuple[list[Fault], dict[str, Any]]:
    """What the environment says instead of the file; empty variables say nothing."""
    faults: list[Fault] = []
    found: dict[str, Any] = {}
    for variable, key, read_value in (
        (DATABASE_VARIABLE, "database", partial(addresses.database, secrets=True)),
        (OUTPUT_VARIABLE, "directory", addresses.directory),
    ):
        given = environment.get(variable)
        if not given:
            continue
        try:
            found[key] = read_value(given, folder=folder)
        except Wrong as wrong:
            faults.append(Fault(file=f"${variable}", line=1, column=1, message=str(wrong)))
    return faults, found


def _completed(config: Config, overridden: Mapping[str, Any], folder: Path) -> Config:
    """The configuration with its paths absolute, the environment's word, and an address for links."""
    storage, output, site = config.storage, config.output, config.site
    url = overridden.get("database") or addresses.database(storage.database, folder=folder)
    directory = overridden.get("directory") or folder / output.directory
    return replace(
        config,
        site=site if site.url else replace(site, url=default_url(config.server.listen)),
        storage=replace(storage, database=url),
        output=replace(output, directory=directory),
    )


def default_url(listen: str) -> str:
    """The address of the built-in server as links may use it; where it listens everywhere or is off, localhost."""
    host, _, port = listen.rpartition(":")
    if not host:
        return "http://localhost/"
    return f"http://{'localhost' if host in EVERY_ADDRESS else host}:{port}/"
