"""What each element adds to the draft of its feed or entry, by feedparser's rules of precedence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, Protocol

from lxml import etree

from aggregator.core.formats.elements import Names
from aggregator.core.formats.inline import XHTML, markup_of, text_of
from aggregator.core.formats.limits import NAME as NAME_LONGEST
from aggregator.core.formats.quirks import Scope, Unusual, looks_like_html, mended, resolved
from aggregator.core.formats.reading import Body, Draft

KINDS: Final[Mapping[str, str]] = {
    "text": "text/plain",
    "plain": "text/plain",
    "html": "text/html",
    "xhtml": XHTML,
}
SHOWN: Final = frozenset({"text/plain", "text/html", XHTML})
PAGES: Final = frozenset({"text/html", XHTML})
PODCASTS: Final = "http://www.itunes.com/"
MEDIA_LABELS: Final = "http://search.yahoo.com/mrss/category_schema"
PERSON: Final[Mapping[str, str]] = {
    "name": "name",
    "itunes_name": "name",
    "email": "email",
    "itunes_email": "email",
    "uri": "href",
    "url": "href",
    "homepage": "href",
}
PERSON_NAMES: Final = frozenset(PERSON)
# An ampersand with its name, as in "?a=1&b=2" that was read as an entity.
QUERY: Final = re.compile("&([A-Za-z0-9_]+);")


@dataclass(slots=True)
class Document:
    """What counts for a whole document."""

    names: Names
    version: str
    is_atom: bool
    has_content: bool = False  # since the last entry ended


Attributes = dict[str, str]


class Handler(Protocol):
    """What reads one kind of element into the draft that it belongs to."""

    def __call__(
        self, document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope, /
    ) -> None:
        """Read `element`, with its attributes in lower case, inside `scope`; raises Unusual."""


def _field(
    name: str, document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Read an element that is nothing but a text."""
    text = text_of(element)
    setattr(draft, name, text if text.isascii() else mended(text))


def _bare_field(
    name: str, document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Read an element that feedparser does not know: its text, unless it has attributes."""
    setattr(draft, name, None if given else mended(text_of(element)))


@lru_cache(maxsize=256)
def _kind(given: str) -> str:
    """Give the media type that a type means; Unusual for one that feedparser takes for base64."""
    kind = KINDS.get(given, given)
    if not (kind.startswith("text/") or kind.endswith(("+xml", "/xml"))):
        raise Unusual
    return kind


def _body(kind: str, document: Document, element: etree._Element, given: Attributes, scope: Scope) -> Body:
    """Read title, summary or content with its type: plain text, HTML as text, or markup as elements."""
    if given:
        kind = _kind(given.get("type", kind))
        if given.get("mode") == "base64":
            raise Unusual
    if len(element) or kind == XHTML:
        return _elements(kind, document, element, scope)
    value = (element.text or "").strip()
    if kind == "text/plain" and not document.is_atom and looks_like_html(value):
        kind = "text/html"
    return Body(kind, scope.language, scope.base, value if value.isascii() else mended(value))


def _elements(kind: str, document: Document, element: etree._Element, scope: Scope) -> Body:
    """Read markup; where nobody escaped it, the text is HTML, whatever it calls itself."""
    unwrap = kind == XHTML and document.version == "atom10"
    value = markup_of(element, document.names, unwrap=unwrap).strip()
    return Body(kind if kind == XHTML else "text/html", scope.language, scope.base, mended(value))


def _title(
    document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Keep the first title that says something."""
    body = _body("text/plain", document, element, given, scope)
    if not draft.has_title:
        draft.title = body
        draft.has_title = bool(body.value)


def _summary(
    kind: str, document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Read a summary; a second one, where there is no content, is the content."""
    if draft.has_summary and not document.has_content:
        _content("text/plain", document, draft, element, given, scope)
        return
    draft.summary = _body(kind, document, element, given, scope)
    # feedparser keeps the description of a feed under another name
    draft.has_summary = draft.has_summary or draft.is_entry or kind == "text/plain"


def _content(
    kind: str, document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    document.has_content = True
    body = _body(kind, document, element, given, scope)
    draft.contents.append(body)
    draft.has_summary = draft.has_summary or body.kind in SHOWN


def _link(document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope) -> None:
    if not given:
        given = {"rel": "alternate", "type": "text/html"}
        href = None
    else:
        rel = given.setdefault("rel", "alternate")
        given.setdefault("type", "application/atom+xml" if rel == "self" else "text/html")
        href = _address(given)
    draft.links.append(given)
    if href is None:
        _written_link(draft, element, given, scope)
        return
    given["href"] = resolved(href, scope.base)
    if given["rel"] == "alternate" and KINDS.get(given["type"], given["type"]) in PAGES:
        draft.link = given["href"]


def _written_link(draft: Draft, element: etree._Element, given: Attributes, scope: Scope) -> None:
    link = text_of(element)
    if link:
        link = mended(resolved(link, scope.base))
    if "&" in link:
        link = QUERY.sub(r"&\g<1>", link.replace("&amp;", "&") if draft.is_entry else link)
    draft.link = link
    if link or not draft.is_entry:
        given["href"] = link


def _address(given: Attributes) -> str | None:
    """Give what is linked to, whatever the attribute is called; None where none is."""
    href = given.get("url", given.get("uri", given.get("href")))
    return href or given.get("href")


def _enclosure(
    document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    href = _address(given)
    draft.links.append({**given, "rel": "enclosure"} | ({"href": href} if href else {}))


def _guid(document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope) -> None:
    """Read an id, which is the link where it does not say that it is none, and there is none."""
    is_link = given.get("ispermalink", "true") == "true"
    value = text_of(element)
    value = mended(resolved(value, scope.base) if is_link and value else value)
    draft.id = value
    if is_link and draft.link is None:
        draft.link = value


def _author(
    document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    if is_in_parts(element, document.names):
        _person(document, draft, element)
        return
    draft.author = mended(text_of(element)[:NAME_LONGEST].rstrip())
    draft.authors.append(draft.author or None)


def is_in_parts(element: etree._Element, names: Names) -> bool:
    """Whether a person has name, email or address as elements; other elements are markup around a name."""
    return len(element) > 0 and any(names.key(child) in PERSON for child in element)


def _person(document: Document, draft: Draft, element: etree._Element) -> None:
    person = {PERSON[key]: text for key, text in _parts(document, element)}
    around = (element.text or "")[:NAME_LONGEST] + "".join(child.tail or "" for child in element)
    own = mended(around.strip())
    draft.author = _written(person.get("name"), person.get("email")) or own
    # feedparser looks for an address in a text, and cuts one in ".media" or ".online" in two
    draft.authors.append(person.get("name") if person else own or None)


def _written(name: str | None, email: str | None) -> str | None:
    return f"{name} ({email})" if name and email else name or email


def _parts(document: Document, element: etree._Element) -> list[tuple[str, str]]:
    """Give name, email and address of a person that are elements of their own; what else stands there is nothing."""
    named = [(document.names.key(child), child) for child in element]
    own = [(key, child) for key, child in named if key in PERSON]
    if any(len(child) for _, child in own):
        raise Unusual
    return [(key, (child.text or "")[:NAME_LONGEST].strip()) for key, child in own]


def _tag(draft: Draft, term: str | None, scheme: str | None, label: str | None) -> None:
    value = (term, scheme, label)
    if (term or scheme or label) and value not in draft.tags:
        draft.tags.append(value)


def _category(
    scheme: str | None,
    document: Document,
    draft: Draft,
    element: etree._Element,
    given: Attributes,
    scope: Scope,
) -> None:
    """Read a label in attributes, in its text, or half in each."""
    text = text_of(element)
    if given:
        scheme = given.get("scheme", scheme or given.get("domain"))
        _tag(draft, given.get("term"), scheme, given.get("label"))
    elif scheme:
        _tag(draft, None, scheme, None)
    if text:
        _end_category(draft, mended(text))


def _end_category(draft: Draft, text: str) -> None:
    if text and draft.tags and not draft.tags[-1][0]:
        draft.tags[-1] = (text, *draft.tags[-1][1:])
    elif text:
        _tag(draft, text, None, None)


def _podcast_category(
    document: Document, draft: Draft, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Read a label and those inside it, which are narrower."""
    _tag(draft, given.get("text"), PODCASTS, None)
    for child in element:
        if document.names.key(child) == "itunes_category" and not len(child):
            _tag(draft, child.get("text"), PODCASTS, None)
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    _end_category(draft, mended(text.strip()))


def _keywords(
    scheme: str | None,
    document: Document,
    draft: Draft,
    element: etree._Element,
    given: Attributes,
    scope: Scope,
) -> None:
    text = text_of(element)
    for term in [] if given else mended(text).split(","):
        if term.strip():
            _tag(draft, term.strip(), scheme, None)


_published = partial(_field, "published")
_updated = partial(_field, "updated")
_created = partial(_field, "created")
_html_summary = partial(_summary, "text/html")
_plain_summary = partial(_summary, "text/plain")
HANDLERS: Final[Mapping[str, Handler]] = {
    **dict.fromkeys(("title", "dc_title"), _title),
    **dict.fromkeys(("published", "issued", "pubdate", "dcterms_issued"), _published),
    **dict.fromkeys(("updated", "modified", "lastbuilddate", "dc_date", "dcterms_modified"), _updated),
    **dict.fromkeys(("created", "dcterms_created"), _created),
    **dict.fromkeys(("language", "dc_language"), partial(_field, "language")),
    "date": _updated,
    **dict.fromkeys(("description", "dc_description"), _html_summary),
    **dict.fromkeys(("summary", "itunes_summary", "abstract"), _plain_summary),
    **dict.fromkeys(("guid", "id"), _guid),
    **dict.fromkeys(("author", "managingeditor", "dc_creator", "dc_author", "itunes_author"), _author),
    **dict.fromkeys(("category", "keywords", "dc_subject"), partial(_category, None)),
    **{name: partial(_bare_field, name) for name in ("ttl", "sy_updateperiod", "sy_updatefrequency")},
    **{name: partial(_bare_field, name) for name in ("feedburner_origlink", "pheedo_origlink")},
    "link": _link,
    "enclosure": _enclosure,
    "content": partial(_content, "text/plain"),
    **dict.fromkeys(("content_encoded", "fullitem"), partial(_content, "text/html")),
    **dict.fromkeys(("body", "xhtml_body"), partial(_content, XHTML)),
    "media_category": partial(_category, MEDIA_LABELS),
    "media_keywords": partial(_keywords, None),
    "itunes_category": _podcast_category,
    "itunes_keywords": partial(_keywords, PODCASTS),
}
