"""HTML as a row of blocks: paragraphs, headings, entries of lists, rows of tables, each with text and markup.

A local paper's system separates paragraphs by `<br>` as often as by `<p>`, so both end a block. Everything here
walks the tree without recursion: depth costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final

from lxml import etree

BLOCK_TAGS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
INLINE_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "b",
        "cite",
        "code",
        "del",
        "em",
        "i",
        "ins",
        "mark",
        "q",
        "s",
        "small",
        "strong",
        "sub",
        "sup",
        "u",
    ]
)
SKIPPED_TAGS: Final = frozenset(
    [
        "audio",
        "button",
        "canvas",
        "head",
        "iframe",
        "input",
        "math",
        "noscript",
        "object",
        "option",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "video",
    ]
)
_KINDS: Final = {
    "h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h5", "h6": "h6", "li": "li", "tr": "row",
    "blockquote": "quote", "pre": "pre", "dt": "h4", "dd": "p",
}  # fmt: skip
_WRAPPERS: Final = {"ul": "ul", "ol": "ol", "quote": "blockquote", "row": "table"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph or what stands in its place."""

    kind: str  # p | h2 … h6 | ul | ol (one entry of the list) | quote | row | pre
    text: str  # plain, blanks folded
    markup: str  # inside of the element, balanced
    linked: int = 0  # how many characters of the text are links

    @property
    def is_heading(self) -> bool:
        """Whether it is a subheading."""
        return self.kind.startswith("h")

    @property
    def is_linked(self) -> bool:
        """Whether the better part of it is links."""
        return self.linked * 2 > len(self.text)


class _Builder:
    """Collects blocks while the tree is walked."""

    def __init__(self, *, images: bool) -> None:
        self.blocks: list[Block] = []
        self.images = images
        self.kinds: list[tuple[str, str]] = []  # open elements that give a kind: tag, kind
        self.lists: list[str] = []
        self.inline: list[tuple[str, str]] = []  # open inline elements: tag, opening markup
        self.markup: list[str] = []
        self.words: list[str] = []
        self.linked = 0
        self.has_image = False

    def add_text(self, text: str | None) -> None:
        if not text:
            return
        self.words.append(text)
        self.markup.append(escape(text, quote=False))
        if any(tag == "a" for tag, _ in self.inline):
            self.linked += len(" ".join(text.split()))

    def flush(self) -> None:
        """End the block that is open, if there is anything in it."""
        text = " ".join("".join(self.words).split())
        if text.strip("|") or self.has_image:
            closing = "".join(f"</{tag}>" for tag, _ in reversed(self.inline))
            inner = " ".join(("".join(self.markup) + closing).split())
            self.blocks.append(Block(kind=self._kind(), text=text, markup=inner, linked=self.linked))
        self.words, self.linked, self.has_image = [], 0, False
        self.markup = [opening for _, opening in self.inline]

    def _kind(self) -> str:
        kind = self.kinds[-1][1] if self.kinds else "p"
        if kind == "li":
            return self.lists[-1] if self.lists else "ul"
        return kind

    def open(self, element: etree._Element, tag: str) -> None:
        if tag in ("td", "th"):
            if "".join(self.words).strip():
                self.add_text(" | ")
        elif tag == "br":
            self._break()
        elif tag == "img":
            self._image(element)
        elif tag in BLOCK_TAGS:
            self._open_block(tag)
        elif tag in INLINE_TAGS:
            self._open_inline(element, tag)

    def pass_over(self, tag: str) -> None:
        """Leave an element out; what stands on both sides of a block are two paragraphs."""
        if tag in BLOCK_TAGS:
            self.flush()

    def _break(self) -> None:
        if self.kinds and self.kinds[-1][1] == "row":
            self.add_text(" ")
        else:
            self.flush()

    def _in_row(self) -> bool:
        return bool(self.kinds) and self.kinds[-1][1] == "row"

    def _open_block(self, tag: str) -> None:
        if self._in_row() and tag in ("p", "div"):
            self.add_text(" ")
            return
        self.flush()
        if tag in _KINDS:
            self.kinds.append((tag, _KINDS[tag]))
        if tag in ("ul", "ol"):
            self.lists.append(tag)

    def _open_inline(self, element: etree._Element, tag: str) -> None:
        opening = f"<{tag}>"
        if tag == "a":
            opening = f'<a href="{escape(element.get("href") or "")}">'
        self.inline.append((tag, opening))
        self.markup.append(opening)

    def _image(self, element: etree._Element) -> None:
        source = element.get("src")
        if self.images and source:
            alt = escape(element.get("alt") or "")
            size = "".join(
                f' {name}="{escape(element.get(name) or "")}"'
                for name in ("width", "height")
                if element.get(name)
            )
            self.markup.append(f'<img src="{escape(source)}" alt="{alt}"{size}>')
            self.has_image = True

    def close(self, tag: str) -> None:
        if tag in BLOCK_TAGS and not (self._in_row() and tag in ("p", "div")):
            self.flush()
            if self.kinds and self.kinds[-1][0] == tag:
                self.kinds.pop()
            if self.lists and self.lists[-1] == tag:
                self.lists.pop()
        elif self.inline and self.inline[-1][0] == tag:
            self.inline.pop()
            self.markup.append(f"</{tag}>")


def blocks_of(
    root: etree._Element, *, images: bool = False, skip: Set[etree._Element] = frozenset()
) -> list[Block]:
    """Cut what is under `root` into blocks, in the order of the document; what is in `skip` is left out.

    With `images` the pictures are kept in the markup, and a block may have no text.
    """
    builder = _Builder(images=images)
    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walker:
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in SKIPPED_TAGS or element in skip:
            builder.pass_over(tag)
            walker.skip_subtree()
        elif event == "start":
            builder.open(element, tag)
            builder.add_text(element.text)
        elif event == "end":
            builder.close(tag)
        if event != "start" and element is not root:
            builder.add_text(element.tail)
    builder.flush()
    return builder.blocks


def text_of(blocks: Iterable[Block]) -> str:
    """Plain text, paragraphs separated by a blank line."""
    return "\n\n".join(block.text for block in blocks if block.text)


def html_of(blocks: Iterable[Block]) -> str:
    """Markup of the blocks, lists and tables put together again; still to be sanitised."""
    return "\n".join(_grouped(blocks))


def _grouped(blocks: Iterable[Block]) -> Iterator[str]:
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        wrapper = _WRAPPERS.get(kind)
        inner = {"ul": "li", "ol": "li", "quote": "p"}.get(kind, kind)
        if kind == "row":
            pieces = [f"<tr><td>{'</td><td>'.join(block.markup.split(' | '))}</td></tr>" for block in group]
        else:
            pieces = [f"<{inner}>{block.markup}</{inner}>" for block in group]
        joined = "\n".join(pieces)
        yield f"<{wrapper}>{joined}</{wrapper}>" if wrapper else joined
