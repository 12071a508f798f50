"""The robots exclusion protocol: which paths of an origin a robot may ask for (RFC 9309).

A robots.txt is written by anyone: whatever stands in it costs time in proportion to its length, and nothing in
it is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

MAX_BYTES: Final = 500 * 1024  # of a file; the rest is not read (2.5)
ANY_AGENT: Final = "*"

# The names of lines, with the slips that other robots forgive too.
_AGENT, _ALLOW, _DISALLOW = range(3)
_KINDS: Final = {
    b"user-agent": _AGENT, b"useragent": _AGENT, b"user agent": _AGENT, b"user_agent": _AGENT,
    b"allow": _ALLOW,
    b"disallow": _DISALLOW, b"dissallow": _DISALLOW, b"dissalow": _DISALLOW, b"disalow": _DISALLOW,
    b"diasllow": _DISALLOW, b"disallaw": _DISALLOW, b"dis-allow": _DISALLOW,
}  # fmt: skip
_BLANKS: Final = b" \t\v\f\0"
_BOM: Final = b"\xef\xbb\xbf"
_TOKEN: Final = re.compile(rb"[A-Za-z_-]+")
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# An escaped octet, or one that has to be escaped; a "%" that escapes nothing is one of these.
_ODD: Final = re.compile(rb"%([0-9A-Fa-f]{2})?|[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]")
_DELIMITERS: Final = re.compile(rb"%(3A|2F|3F|23|5B|5D|40)")  # : / ? # [ ] @


@dataclass(frozen=True, slots=True)
class _Rule:
    """One `allow` or `disallow` line, ready to be compared."""

    allows: bool
    length: int  # octets of its path, which say how special it is
    parts: tuple[bytes, ...]  # what stands between its stars, normalised
    is_whole: bool  # it ends with "$": nothing may follow

    def fits(self, path: bytes) -> bool:
        """Tell whether a normalised path is one that this rule is about.

        Each part is taken where it is found first: no other place leaves more room for those after it.
        """
        first, *others = self.parts
        if not path.startswith(first):
            return False
        if not others:
            return not self.is_whole or len(path) == len(first)
        at = len(first)
        for part in others[:-1]:
            at = path.find(part, at)
            if at < 0:
                return False
            at += len(part)
        last = others[-1]
        if self.is_whole:
            return len(path) - len(last) >= at and path.endswith(last)
        return path.find(last, at) >= 0


@dataclass(slots=True)
class _Group:
    """Lines that are for the same robots."""

    agents: set[str] = field(default_factory=set)  # product tokens in lower case
    rules: dict[tuple[bool, bytes], None] = field(default_factory=dict)  # allows and path, each once


@dataclass(frozen=True, slots=True)
class Rules:
    """What a robots.txt says, to each robot."""

    _groups: tuple[_Group, ...] = ()
    _chosen: dict[str, tuple[_Rule, ...]] = field(default_factory=dict, compare=False, repr=False)

    def allows(self, path_and_query: str, *, agent: str) -> bool:
        """Tell whether a robot may ask for a path with its query (2.2.2); `agent` is its product token.

        The rule with the longest path decides; of two that are as long, the one that allows.
        """
        path = path_and_query.partition("#")[0] or "/"
        if path == "/robots.txt":
            return True
        forms = _forms(path)
        for rule in self._for(agent):
            if any(rule.fits(form) for form in forms):
                return rule.allows
        return True

    def _for(self, agent: str) -> tuple[_Rule, ...]:
        """Give what is for a robot, the most special rule first: all its groups as one, else those for any (2.2.1)."""
        token = _token(agent.encode("utf-8", "replace"))
        chosen = self._chosen.get(token)
        if chosen is None:
            groups = [group for group in self._groups if token in group.agents]
            chosen = _merged(groups or [group for group in self._groups if ANY_AGENT in group.agents])
            self._chosen[token] = chosen
        return chosen


def clipped(body: bytes) -> bytes:
    """Give the part of a file that is read: no more than 500 KiB, in whole lines.

    A line that was cut would say something else: `Disallow: /` where `Disallow: /intern/` was meant.
    """
    if len(body) <= MAX_BYTES:
        return body
    end = max(body.rfind(b"\n", 0, MAX_BYTES), body.rfind(b"\r", 0, MAX_BYTES))
    return body[: end + 1]


def rules_of(body: bytes) -> Rules:
    """Read a robots.txt, whatever it is: what is no rule is passed over, and may stand between the rules."""
    groups: list[_Group] = []
    is_open = False  # more user-agent lines belong to the last group
    for kind, value in _lines(clipped(body).removeprefix(_BOM)):
        if kind == _AGENT:
            if not is_open:
                groups.append(_Group())
            is_open = True
            groups[-1].agents.add(_token(value))
            continue
        if not groups:
            continue
        is_open = False
        if value.startswith((b"/", b"*")):
            groups[-1].rules.setdefault((kind == _ALLOW, value))
    return Rules(tuple(groups))


def _lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and value of the lines that mean something here."""
    for line in body.splitlines():
        told = line.partition(b"#")[0]
        name, colon, value = told.partition(b":")
        if not colon:  # the colon was forgotten: two words are a name and its value
            words = told.split()
            if len(words) != 2:
                continue
            name, value = words
        kind = _KINDS.get(name.strip(_BLANKS).lower())
        if kind is not None:
            yield kind, value.strip(_BLANKS)


def _token(value: bytes) -> str:
    """Give the product token at the start of a name ("Aggregator/1.0"), "*" for any robot, "" for none."""
    if value == b"*" or value[:2] in (b"* ", b"*\t"):
        return ANY_AGENT
    found = _TOKEN.match(value)
    return found[0].decode("ascii").lower() if found else ""


def _merged(groups: list[_Group]) -> tuple[_Rule, ...]:
    lines = {line: None for group in groups for line in group.rules}
    rules = [_rule(path, allows=allows) for allows, path in lines]
    rules.sort(key=lambda rule: (-rule.length, not rule.allows))
    return tuple(rules)


def _rule(path: bytes, *, allows: bool) -> _Rule:
    is_whole = path.endswith(b"$")
    text = _loosened(_normalised(path[:-1] if is_whole else path))
    first, *others = text.replace(b"$", b"%24").split(b"*")
    # Stars side by side are one; what follows the last one may be nothing.
    parts = (first, *(part for part in others[:-1] if part), *others[-1:])
    return _Rule(allows, len(text) + is_whole, parts, is_whole)


def _forms(path: str) -> set[bytes]:
    """Give a path as rules are compared with it; stars and dollars in it are only themselves (2.2.3)."""
    plain = _normalised(path.encode("utf-8", "surrogatepass")).replace(b"*", b"%2A").replace(b"$", b"%24")
    return {plain, _loosened(plain)}


def _normalised(path: bytes) -> bytes:
    """Escape what has to be, and nothing that need not be (2.2.2): %7E is "~", %2F is no "/"."""
    return _ODD.sub(_octet, path)


def _octet(found: re.Match[bytes]) -> bytes:
    octet = int(found[1], 16) if found[1] else found[0][0]
    return bytes((octet,)) if octet in _UNRESERVED else b"%%%02X" % octet


def _loosened(path: bytes) -> bytes:
    """Undo the escaping of delimiters in the query, where they delimit nothing (2.2.2, second example)."""
    before, mark, query = path.partition(b"?")
    return before + mark + _DELIMITERS.sub(_delimiter, query)


def _delimiter(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),))
