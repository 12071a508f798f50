"""Kinds of values that say where something is: URLs, hosts, networks, the database, the output directory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from aggregator.config.kinds import Context, Kind, Wrong, as_text, control_in, or_empty
from aggregator.config.shown import quoted, shown

# The authority may hold no "@": a name and a password in a URL end in logs, pages and other people's readers.
URL: Final = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@\\]+(?:[/?#]\S*)?$"
LISTEN: Final = r"^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$"
HOST: Final = r"^(?:\[[0-9A-Fa-f:.]+\]|[^\s/:?#@\[\]*\\]+)$"
DATABASE: Final = r"^(?:sqlite:(?!//)[^\x00-\x1f]+|postgresql://[^\s]+)$"
_LONGEST_URL: Final = 2000


def _wrong_url(given: str, example: str, credential: str) -> str:
    """What is wrong with a URL that does not fit the pattern; never repeats a password."""
    if not given:
        return f'is empty; write an address such as "{example}"'
    if re.search(r"\s", given):
        return f"{quoted(given)} has a blank in it; an address has none (write %20 where one is meant)"
    scheme, separator, rest = given.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if separator and "@" in authority:
        clean = f"{scheme}://{rest.partition('@')[2]}"
        return (
            f"has a name or a password in it, which would end up in logs; write {quoted(clean)}{credential}"
        )
    if re.match(r"[\w-]+(?:\.[\w-]+)+(?:[:/?#]|$)", given):
        return f"{quoted(given)} has no http:// or https:// in front; write {quoted('https://' + given)}"
    if scheme.casefold() not in {"http", "https"} and re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", given):
        meant = f"; write {quoted('https://' + rest)}" if re.match(r"[\w-]+\.", rest) else ""
        return f"{quoted(given)} is of another kind: only http and https can be fetched{meant}"
    return f'{quoted(given)} names no host; write an address such as "{example}"'


def parsed_url(given: str) -> str | None:
    """The URL as browsers normalise it (WHATWG), without fragment; None when no browser would open it."""
    import ada_url

    try:
        url = ada_url.URL(given)
    except ValueError:
        return None
    url.hash = ""
    return str(url.href) if url.hostname else None


def url(example: str, *, credential: str = "") -> Kind:
    """An http or https URL with a host, without name and password; `credential` is what to write for those."""

    def read(value: object, _: Context) -> str:
        given = as_text(value)
        if len(given) > _LONGEST_URL:
            raise Wrong(f"is {len(given):,} characters long; the most is {_LONGEST_URL:,}")
        if not re.fullmatch(URL, given) or any(ord(character) < 32 for character in given):
            raise Wrong(_wrong_url(given, example, credential))
        if parsed_url(given) is None:
            raise Wrong(f"{quoted(given)} is no address that can be opened; check its host and port")
        return given

    return Kind(read, {"type": "string", "pattern": URL, "maxLength": _LONGEST_URL})


def folder_url(example: str) -> Kind:
    """A URL of a folder: made to end in "/", without query and fragment; "" stays."""
    plain = url(example)

    def read(value: object, context: Context) -> str:
        given = plain.read(value, context)
        if "?" in str(given) or "#" in str(given):
            raise Wrong(f"{shown(value)} has a ? or # in it; write the address of the folder alone")
        return f"{str(given).rstrip('/')}/"

    return or_empty(Kind(read, {**plain.schema, "not": {"pattern": "[?#]"}}))


def _read_listen(value: object, _: Context) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        raise Wrong(f'{value} is only a port; write "127.0.0.1:{value}"')
    given = as_text(value)
    if not re.fullmatch(LISTEN, given):
        port = re.search(r"(?:^|:)([0-9]{1,5})/?$", given)
        raise Wrong(
            f'{quoted(given)} is no address to listen at; write host and port: "127.0.0.1:{port[1] if port else 8080}"'
        )
    host, _colon, port_text = given.rpartition(":")
    if not 1 <= int(port_text) <= 65535:
        raise Wrong(f"{quoted(given)}: {port_text} is no port; write one from 1 to 65535")
    if host.startswith("[") or re.fullmatch(r"[0-9.]+", host):
        _address(host.strip("[]"), given)
    return given


def _address(host: str, given: str) -> None:
    import ipaddress

    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise Wrong(f'{quoted(given)}: {quoted(host)} is no address; write "127.0.0.1:8080"') from None


LISTEN_KIND: Final = or_empty(Kind(_read_listen, {"type": "string", "pattern": LISTEN}))


def _read_host(value: object, _: Context) -> str:
    given = as_text(value)
    if not re.fullmatch(HOST, given):
        bare = re.sub(r"^[a-z]+://", "", given.casefold()).lstrip("*.")
        bare = re.split(r"[/:?#]", bare, maxsplit=1)[0]
        meant = (
            f"; write {quoted(bare)}" if re.fullmatch(HOST, bare) else '; write one such as "news.example"'
        )
        raise Wrong(f"{quoted(given)} is no name of a host{meant}")
    import ada_url

    try:
        return str(ada_url.URL(f"http://{given}/").hostname)
    except ValueError:
        raise Wrong(f"{quoted(given)} is no name of a host") from None


HOST_KIND: Final = Kind(_read_host, {"type": "string", "pattern": HOST})


def _read_network(value: object, _: Context) -> str:
    import ipaddress

    given = as_text(value)
    try:
        return str(ipaddress.ip_network(given))
    except ValueError:
        pass
    if given.casefold() == "localhost":
        raise Wrong('"localhost" is a name, not a network; write "127.0.0.0/8" and "::1/128"')
    try:
        meant = ipaddress.ip_network(given, strict=False)
    except ValueError:
        raise Wrong(f'{quoted(given)} is no network; write one such as "192.168.0.0/16"') from None
    raise Wrong(f'{quoted(given)} is an address within a network; write "{meant}"')


NETWORK: Final = r"^[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?$"
NETWORK_KIND: Final = Kind(_read_network, {"type": "string", "pattern": NETWORK})


def database(given: str, *, folder: Path, secrets: bool = False) -> str:
    """The database URL with its path made absolute; raises Wrong. `secrets`: a password may stand in it."""
    if given.startswith("sqlite:"):
        return f"sqlite:{folder / _database_file(given)}"
    if given.startswith("postgresql://") and re.fullmatch(DATABASE, given):
        user = given.removeprefix("postgresql://").partition("/")[0].rpartition("@")[0]
        if (":" in user or "password=" in given) and not secrets:
            raise Wrong(
                "has a password in it; leave it out here and put it into ~/.pgpass, "
                "or the whole address into $AGGREGATOR_DATABASE"
            )
        return given
    meant = '"sqlite:state/aggregator.db" or "postgresql://user@host/name"'
    if re.match(r"postgres[a-z0-9+]*://", given):
        meant = quoted(re.sub(r"^[^:]+", "postgresql", given))
    raise Wrong(f"{quoted(given)} is no database; write {meant}")


def _database_file(given: str) -> str:
    """The path behind `sqlite:`; raises Wrong when it names no file."""
    path = given.removeprefix("sqlite:")
    if path.startswith("//"):
        meant = quoted("sqlite:" + path.lstrip("/"))
        raise Wrong(f"{quoted(given)} has // in it; write {meant}, or sqlite: and a full path")
    if (
        not re.fullmatch(DATABASE, given)
        or path.endswith(("/", "/.", "/.."))
        or path in {".", "..", ":memory:"}
    ):
        raise Wrong(f'{quoted(given)} names no file; write for example "sqlite:state/aggregator.db"')
    return path


def _read_database(value: object, context: Context) -> str:
    return database(as_text(value), folder=context.folder)


DATABASE_KIND: Final = Kind(_read_database, {"type": "string", "pattern": DATABASE})


def directory(given: str, *, folder: Path) -> Path:
    """The directory, made absolute; raises Wrong."""
    control = next((character for character in given if ord(character) < 32), None)
    if control is not None:
        raise Wrong(control_in(control))
    if not given.strip():
        raise Wrong(f'{quoted(given)} names no directory; write for example "output"')
    return folder / given


def _read_directory(value: object, context: Context) -> Path:
    return directory(as_text(value), folder=context.folder)


DIRECTORY_KIND: Final = Kind(_read_directory, {"type": "string", "pattern": r"^(?=.*\S)[^\x00-\x1f]+$"})
