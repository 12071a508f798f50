"""Which elements of a page a selector means, within a number of steps that no page and no rule can stretch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from lxml import etree

from aggregator.core.siterules.selectors import Attribute, Chain, Compound, Inner, Place, Selector

MOST_STEPS: Final = 400_000  # elements looked at, for all selectors of a page together; 0.3 s
LONGEST_NAMES: Final = 4_000  # characters of a class attribute
LONGEST_TEXT: Final = 4_000  # characters in which `:contains` looks
TEXT_STEPS: Final = 20  # what a look into a text costs
# An empty value fits nothing but equality (Selectors Level 4, 6.2).
_COMPARED: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": lambda given, value: given == value,
    "~=": lambda given, value: value in given[:LONGEST_NAMES].split(),
    "|=": lambda given, value: given == value or given.startswith(f"{value}-"),
    "^=": lambda given, value: bool(value) and given.startswith(value),
    "$=": lambda given, value: bool(value) and given.endswith(value),
    "*=": lambda given, value: bool(value) and value in given,
}


class TooManySteps(Exception):
    """The selectors of a rule look at more elements of a page than they may."""


class PageIndex:
    """The elements of a page, found by tag, class and id."""

    def __init__(self, tree: etree._Element, *, most_steps: int = MOST_STEPS) -> None:
        self.root = tree
        self.left = most_steps

    @cached_property
    def nodes(self) -> tuple[etree._Element, ...]:
        """Every element, in document order."""
        return tuple(self.root.iter(etree.Element))

    @cached_property
    def position(self) -> dict[etree._Element, int]:
        """Where each element stands in document order."""
        return {node: number for number, node in enumerate(self.nodes)}

    @cached_property
    def _names(self) -> tuple[dict[str, list[etree._Element]], ...]:
        tags: dict[str, list[etree._Element]] = {}
        classes: dict[str, list[etree._Element]] = {}
        ids: dict[str, list[etree._Element]] = {}
        for node in self.nodes:
            tags.setdefault(str(node.tag), []).append(node)
            given = node.get("class")
            for name in dict.fromkeys(given[:LONGEST_NAMES].split()) if given else ():
                classes.setdefault(name, []).append(node)
            identity = node.get("id")
            if identity:
                ids.setdefault(identity, []).append(node)
        return tags, classes, ids

    def may_have(self, chain: Chain) -> bool:
        """Whether every class and id that a chain names is on the page at all; most rules end here."""
        _, classes, ids = self._names
        return all(
            all(name in classes for name in compound.classes) and all(name in ids for name in compound.ids)
            for _, compound in chain.parts
        )

    def candidates(self, compound: Compound) -> Sequence[etree._Element]:
        """Give the elements that may be this one, in document order: those with the name that tells most."""
        tags, classes, ids = self._names
        if compound.ids:
            return ids.get(compound.ids[0], ())
        if compound.classes:
            return min((classes.get(name, []) for name in compound.classes), key=len)
        return tags.get(compound.tag, ()) if compound.tag else self.nodes

    def step(self, cost: int = 1) -> None:
        """Count a look at an element; raises TooManySteps."""
        self.left -= cost
        if self.left < 0:
            raise TooManySteps


def select(index: PageIndex, selector: Selector, *, most: int) -> list[etree._Element]:
    """Give the first elements that a selector means, in document order; raises TooManySteps."""
    found: dict[etree._Element, None] = {}
    for chain in selector.chains:
        for number, node in enumerate(_of_chain(index, chain), start=1):
            found[node] = None
            if number >= most:
                break
    if len(selector.chains) == 1:
        return list(found)
    return sorted(found, key=index.position.__getitem__)[:most]


def _of_chain(index: PageIndex, chain: Chain) -> Iterator[etree._Element]:
    last = len(chain.parts) - 1
    if not index.may_have(chain):
        return
    for node in index.candidates(chain.parts[last][1]):
        if _fits(index, node, chain, last):
            yield node


def _fits(
    index: PageIndex, node: etree._Element, chain: Chain, at: int, scope: etree._Element | None = None
) -> bool:
    """Whether an element is part `at` of a chain, with all that must stand before it.

    Within `:has`, what the first part is joined to is the `scope`.
    """
    joint, compound = chain.parts[at]
    if not _is(index, node, compound):
        return False
    if at == 0:
        return scope is None or scope in _joined(index, node, joint)
    return any(_fits(index, before, chain, at - 1, scope) for before in _joined(index, node, joint))


def _joined(index: PageIndex, node: etree._Element, joint: str) -> Iterator[etree._Element]:
    """Give the elements that stand to this one as a combinator says."""
    if joint in " >":
        above = node.getparent()
        while above is not None:
            index.step()
            yield above
            above = above.getparent() if joint == " " else None
        return
    for before in node.itersiblings(etree.Element, preceding=True):
        index.step()
        yield before
        if joint == "+":
            return


def _is(index: PageIndex, node: etree._Element, compound: Compound) -> bool:
    """Whether an element is all that a compound says."""
    index.step()
    if compound.tag and node.tag != compound.tag:
        return False
    if any(node.get("id") != name for name in compound.ids):
        return False
    if compound.classes and not set(compound.classes) <= set(
        (node.get("class") or "")[:LONGEST_NAMES].split()
    ):
        return False
    if not all(_has_attribute(node, attribute) for attribute in compound.attributes):
        return False
    return _is_placed(index, node, compound)


def _is_placed(index: PageIndex, node: etree._Element, compound: Compound) -> bool:
    if compound.is_empty and (len(node) or (node.text or "").strip()):
        return False
    return (
        all(_stands(index, node, place) for place in compound.places)
        and all(_says(index, node, words) for words in compound.words)
        and all(_inside(index, node, inner) for inner in compound.inner)
    )


def _has_attribute(node: etree._Element, wanted: Attribute) -> bool:
    given = node.get(wanted.name)
    if given is None:
        return False
    value = wanted.value
    if wanted.folds:
        given, value = given.casefold(), value.casefold()
    return not wanted.operator or _COMPARED[wanted.operator](given, value)


def _stands(index: PageIndex, node: etree._Element, place: Place) -> bool:
    """Whether the number of an element among its siblings is one of `step * n + offset`, n from 0."""
    number = 1
    exact = place.offset if not place.step else None
    for other in node.itersiblings(etree.Element, preceding=not place.from_end):
        index.step()
        number += not place.of_type or other.tag == node.tag
        if exact is not None and number > exact:
            return False
    if not place.step:
        return number == place.offset
    steps, rest = divmod(number - place.offset, place.step)
    return rest == 0 and steps >= 0


def _says(index: PageIndex, node: etree._Element, words: str) -> bool:
    text: list[str] = []
    size = 0
    for piece in node.itertext():
        index.step()
        text.append(str(piece))
        size += len(piece)
        if size > LONGEST_TEXT:
            break
    index.step(TEXT_STEPS)
    return words in "".join(text)


def _inside(index: PageIndex, node: etree._Element, inner: Inner) -> bool:
    if inner.kind == "has":
        return any(_has(index, node, chain) for chain in inner.chains)
    fits = any(_fits(index, node, chain, len(chain.parts) - 1) for chain in inner.chains)
    return fits is (inner.kind == "is")


def _has(index: PageIndex, node: etree._Element, chain: Chain) -> bool:
    last = len(chain.parts) - 1
    sideways = chain.parts[0][0] in "+~"
    within = node.itersiblings(etree.Element) if sideways else iter((node,))
    for root in within:
        for other in root.iter(etree.Element):
            index.step()
            if other is not node and _fits(index, other, chain, last, node):
                return True
    return False
