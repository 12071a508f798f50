"""Which rules may be for a page: those of its host, the nearest name first, then those that know its markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from aggregator.core.urls import host_of
from aggregator.model import Page, SiteRule

MOST_HEAD: Final = 200_000  # bytes in which a page says what its own address is
_CANONICAL: Final = re.compile(
    rb"""<link\b(?=[^<>]{0,500}?\brel\s*=\s*["']?canonical\b)[^<>]{0,500}?\bhref\s*=\s*(?:"([^"<>]{1,2000})"|'([^'<>]{1,2000})')""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SiteRules:
    """Every rule there is: editors' own before the shipped ones."""

    own: tuple[SiteRule, ...] = ()
    shipped: tuple[SiteRule, ...] = ()
    _of_host: dict[str, tuple[SiteRule, ...]] = field(init=False, repr=False, compare=False)
    _of_markup: tuple[SiteRule, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        hosts: dict[str, tuple[SiteRule, ...]] = {}
        replaced = {rule.name for rule in self.own}
        shipped = tuple(rule for rule in self.shipped if rule.name not in replaced)
        for rule in (*self.own, *shipped):
            for host in rule.hosts:
                hosts[host] = (*hosts.get(host, ()), rule)
        object.__setattr__(self, "_of_host", hosts)
        object.__setattr__(
            self, "_of_markup", tuple(each for each in (*self.own, *shipped) if not each.hosts)
        )

    def for_page(self, page: Page) -> tuple[SiteRule, ...]:
        """Give the rules for a page by its address, and by the one that it says is its own (`rel=canonical`).

        A copy of a page on another host has the markup of the first; a page that lies is read by another rule, and
        gains nothing.
        """
        found = self.for_url(page.url)
        claimed = _CANONICAL.search(page.body[:MOST_HEAD])
        if claimed is None:
            return found
        address = next(filter(None, claimed.groups())).decode("utf-8", "replace")
        return tuple(
            dict.fromkeys((*self._for_host(host_of(page.url)), *self._for_host(host_of(address)), *found))
        )

    def for_url(self, url: str) -> tuple[SiteRule, ...]:
        """Give the rules to be tried on a page, in their order; an editor's own of the host come first."""
        return (*self._for_host(host_of(url)), *self._of_markup)

    def _for_host(self, host: str) -> list[SiteRule]:
        found: list[SiteRule] = []
        while host:
            found += self._of_host.get(host, ())
            host = host.partition(".")[2]
        return sorted(
            found, key=lambda rule: rule.shipped
        )  # stable: the nearest host stays first within each

    def digests(self) -> dict[str, str]:
        """Give the digest of every rule in force, by name."""
        return {rule.name: rule.digest for rule in reversed((*self.own, *self.shipped))}

    def named(self, name: str) -> SiteRule | None:
        """Give the rule of this name that is in force."""
        return next((rule for rule in (*self.own, *self.shipped) if rule.name == name), None)


def hosts_twice(rules: Iterable[SiteRule]) -> list[tuple[SiteRule, SiteRule, str]]:
    """Give every host that two rules claim, with the first of them and the other."""
    first: dict[str, SiteRule] = {}
    claims = [(rule, host) for rule in rules for host in rule.hosts]
    return [(first[host], rule, host) for rule, host in claims if first.setdefault(host, rule) is not rule]
