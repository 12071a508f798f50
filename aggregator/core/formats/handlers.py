"""What each element adds to its feed or entry: in feedparser's fields, and by its rules of precedence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from lxml import etree

from aggregator.core.formats.elements import TOLD, Names
from aggregator.core.formats.inline import XHTML, inline
from aggregator.core.formats.quirks import Scope, Unusual, looks_like_html, mended, resolved

KINDS: Final[Mapping[str, str]] = {
    "text": "text/plain",
    "plain": "text/plain",
    "html": "text/html",
    "xhtml": XHTML,
}
PAGES: Final = frozenset({"text/html", XHTML})
PODCASTS: Final = "http://www.itunes.com/"
MEDIA_LABELS: Final = "http://search.yahoo.com/mrss/category_schema"
NAME_LONGEST: Final = (
    1024  # characters; what is longer is cut for feedparser, which looks for an address in it
)
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


@dataclass(slots=True)
class Context:
    """What has been read of the feed or of one entry."""

    is_entry: bool
    fields: dict[str, object] = field(default_factory=dict)
    links: list[dict[str, str]] = field(default_factory=list)
    tags: list[tuple[str | None, str | None, str | None]] = field(default_factory=list)  # term, scheme, label
    authors: list[dict[str, str]] = field(default_factory=list)
    content: list[dict[str, object]] = field(default_factory=list)
    has_title: bool = False
    has_summary: bool = False

    def collected(self) -> dict[str, object]:
        """Give the fields, as feedparser's lists and texts."""
        tags = [{"term": term, "scheme": scheme, "label": label} for term, scheme, label in self.tags]
        lists = {"links": self.links, "tags": tags, "authors": self.authors, "content": self.content}
        return {**self.fields, **{name: found for name, found in lists.items() if found}}


Attributes = Mapping[str, str]
Handler = Callable[..., None]  # takes Document, Context, the element, its attributes and its Scope


def text_of(element: etree._Element) -> str:
    """Give the text of an element that has no elements in it; Unusual where it has."""
    if len(element):
        raise Unusual
    return (element.text or "").strip()


def _field(
    name: str, document: Document, context: Context, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    context.fields[name] = mended(text_of(element))


def _bare_field(
    name: str, document: Document, context: Context, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Read an element that feedparser does not know: its text, unless it has attributes."""
    text = text_of(element)
    context.fields[name] = None if given else mended(text)


def _body(
    kind: str, document: Document, element: etree._Element, given: Attributes, scope: Scope
) -> dict[str, object]:
    """Read title, summary or content with its type: plain text, HTML as text, or XHTML as elements."""
    kind = given.get("type", kind)
    kind = KINDS.get(kind, kind)
    is_text = kind.startswith("text/") or kind.endswith(("+xml", "/xml"))
    if given.get("mode") == "base64" or not is_text:
        raise Unusual  # base64, which feedparser decodes
    value = inline(element, kind, document.names, unwrap=document.version == "atom10").strip()
    if kind == "text/plain" and not document.is_atom and looks_like_html(value):
        kind = "text/html"
    language = scope.language.replace("_", "-") if scope.language else None
    return {"type": kind, "language": language, "base": scope.base, "value": mended(value)}


def _title(
    document: Document, context: Context, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Keep the first title that says something."""
    detail = _body("text/plain", document, element, given, scope)
    if not context.has_title:
        context.fields |= {"title": detail["value"], "title_detail": detail}
        context.has_title = bool(detail["value"])


def _summary(
    kind: str, document: Document, context: Context, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Read a summary; a second one, where there is no content, is the content."""
    if context.has_summary and not document.has_content:
        _content("text/plain", document, context, element, given, scope)
        return
    detail = _body(kind, document, element, given, scope)
    context.fields |= {"summary": detail["value"], "summary_detail": detail}
    # feedparser keeps the description of a feed under another name
    context.has_summary = context.has_summary or context.is_entry or kind == "text/plain"


def _content(
    kind: str, document: Document, context: Context, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    document.has_content = True
    detail = _body(kind, document, element, given, scope)
    context.content.append(detail)
    context.has_summary = context.has_summary or str(detail["type"]) in {*PAGES, "text/plain"}


def _link(
    document: Document, context: Context, element: etree._Element, given: dict[str, str], scope: Scope
) -> None:
    given.setdefault("rel", "alternate")
    given.setdefault("type", "application/atom+xml" if given["rel"] == "self" else "text/html")
    href = _address(given)
    context.links.append(given)
    if href is None:
        _written_link(context, element, given, scope)
        return
    given["href"] = resolved(href, scope.base)
    if given["rel"] == "alternate" and KINDS.get(given["type"], given["type"]) in PAGES:
        context.fields["link"] = given["href"]
    if len(element):
        raise Unusual


def _written_link(context: Context, element: etree._Element, given: dict[str, str], scope: Scope) -> None:
    link = text_of(element)
    link = mended(resolved(link, scope.base) if link else link)
    if context.is_entry:
        link = link.replace("&amp;", "&")
    if "&" in link:
        link = QUERY.sub(r"&\g<1>", link)
    context.fields["link"] = link
    if link or not context.is_entry:
        given["href"] = link


def _address(given: dict[str, str]) -> str | None:
    """Give what is linked to, whatever the attribute is called; None where none is."""
    href = given.get("url", given.get("uri", given.get("href")))
    return href or given.get("href")


def _enclosure(
    document: Document, context: Context, element: etree._Element, given: dict[str, str], scope: Scope
) -> None:
    href = _address(given)
    if len(element):
        raise Unusual
    context.links.append({**given, "rel": "enclosure"} | ({"href": href} if href else {}))


def _guid(
    document: Document, context: Context, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Read an id, which is the link where it does not say that it is none, and there is none."""
    is_link = given.get("ispermalink", "true") == "true"
    value = text_of(element)
    value = mended(resolved(value, scope.base) if is_link and value else value)
    context.fields["id"] = value
    if is_link:
        context.fields.setdefault("link", value)


def _author(
    document: Document, context: Context, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    person = {PERSON[key]: text for key, text in _parts(document, element)}
    own = mended(((element.text or "") + "".join(child.tail or "" for child in element)).strip())
    context.fields["author"] = _written(person.get("name"), person.get("email")) or own
    # feedparser looks for an address in a text, and cuts one in ".media" or ".online" in two
    context.authors.append(person or ({"name": own} if own else {}))


def _written(name: str | None, email: str | None) -> str | None:
    return f"{name} ({email})" if name and email else name or email


def _parts(document: Document, element: etree._Element) -> list[tuple[str, str]]:
    """Give name, email and address of a person that are elements of their own."""
    if len(element.text or "") > NAME_LONGEST:
        raise Unusual
    named = [(document.names.key(child), child) for child in element]
    for key, child in named:
        if not _is_of_person(key, child):
            raise Unusual
    return [(key, text_of(child)) for key, child in named if key in PERSON]


def _is_of_person(key: str, element: etree._Element) -> bool:
    """Whether an element is one of a person, or one that nobody knows with nothing in it (a picture of Blogger's)."""
    if len(element) or len(element.text or "") > NAME_LONGEST:
        return False
    return key in PERSON or not (key in TOLD or "_" not in key or element.text)


def _tag(context: Context, term: str | None, scheme: str | None, label: str | None) -> None:
    value = (term, scheme, label)
    if (term or scheme or label) and value not in context.tags:
        context.tags.append(value)


def _category(
    scheme: str | None,
    document: Document,
    context: Context,
    element: etree._Element,
    given: Attributes,
    scope: Scope,
) -> None:
    """Read a label in attributes, in its text, or half in each."""
    scheme = given.get("scheme", scheme or given.get("domain"))
    _tag(context, given.get("term"), scheme, given.get("label"))
    _end_category(context, mended(text_of(element)))


def _end_category(context: Context, text: str) -> None:
    if text and context.tags and not context.tags[-1][0]:
        context.tags[-1] = (text, *context.tags[-1][1:])
    elif text:
        _tag(context, text, None, None)


def _podcast_category(
    document: Document, context: Context, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    if len(element):
        raise Unusual
    _tag(context, given.get("text"), PODCASTS, None)
    _end_category(context, mended(text_of(element)))


def _keywords(
    scheme: str | None,
    document: Document,
    context: Context,
    element: etree._Element,
    given: Attributes,
    scope: Scope,
) -> None:
    text = text_of(element)
    for term in [] if given else mended(text).split(","):
        if term.strip():
            _tag(context, term.strip(), scheme, None)


def _source(
    document: Document, context: Context, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Pass over where an entry was taken from; feedparser keeps a title that comes after it."""
    for child in element.iterdescendants():
        key = document.names.key(child)
        if key in TOLD and (key not in SOURCE or (len(child) and key not in PEOPLE)):
            raise Unusual
    context.has_title = False


def _picture(
    document: Document, context: Context, element: etree._Element, given: Attributes, scope: Scope
) -> None:
    """Pass over `<image>` in an entry, which no format has; feedparser keeps a title that comes after it."""
    if len(element) or not context.is_entry:
        raise Unusual
    context.has_title = False


PEOPLE: Final = frozenset({"author", "contributor"})
_SOURCE: Final = (
    "title link id updated published category subtitle tagline rights generator logo icon modified"
)
SOURCE: Final = PERSON_NAMES | PEOPLE | frozenset(_SOURCE.split())

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
    **dict.fromkeys(("description", "dc_description"), _html_summary),
    **dict.fromkeys(("summary", "itunes_summary"), _plain_summary),
    **dict.fromkeys(("guid", "id"), _guid),
    **dict.fromkeys(("author", "managingeditor", "dc_creator", "dc_author", "itunes_author"), _author),
    **dict.fromkeys(("category", "keywords", "dc_subject"), partial(_category, None)),
    **{name: partial(_bare_field, name) for name in ("ttl", "sy_updateperiod", "sy_updatefrequency")},
    "feedburner_origlink": partial(_bare_field, "feedburner_origlink"),
    "link": _link,
    "enclosure": _enclosure,
    "content": partial(_content, "text/plain"),
    "content_encoded": partial(_content, "text/html"),
    "media_category": partial(_category, MEDIA_LABELS),
    "media_keywords": partial(_keywords, None),
    "itunes_category": _podcast_category,
    "itunes_keywords": partial(_keywords, PODCASTS),
    "source": _source,
    "image": _picture,
}
