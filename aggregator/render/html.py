"""The pages for people: a section, the index of all sections, and the page about the sources.

Everything a page shows is put together here; the templates only place it. They escape everything, hold no script
and no inline style, and load nothing but the style sheet and photos over https.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Final

from aggregator.model import Edition, EditionEntry, Image, SiteEdition, SourceFeed
from aggregator.model.labels import Labels, direction, labels_for
from aggregator.render import jsonfeed, syndication, texts

if TYPE_CHECKING:
    from jinja2 import Environment

HTML_NAME: Final = "index.html"
HTML_TYPE: Final = "text/html"
NEWEST: Final = 5  # stories of a section on the index
MOST: Final = 100  # stories on a section's page, if they fit
LARGEST: Final = 100_000  # bytes of a page
# Key of [output] formats, its name for people, its file and type; the first that is written has the button.
FEEDS: Final = (
    ("atom", "Atom", syndication.ATOM_NAME, syndication.ATOM_TYPE),
    ("rss", "RSS", syndication.RSS_NAME, syndication.RSS_TYPE),
    ("json", "JSON Feed", jsonfeed.JSON_NAME, jsonfeed.JSON_TYPE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatLink:
    """One format a section can be subscribed to in."""

    name: str
    href: str  # relative to the page
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """A story as a page shows it."""

    title: str
    link: str | None
    datetime: str  # RFC 3339
    when: str  # for people, in the site's zone
    source: str
    language: str  # "": the page's
    direction: str  # "": the page's
    kicker: str = ""
    summary: str = ""
    image: str | None = None
    caption: str = ""
    byline: str = ""
    credits: str = ""
    editor: str = ""
    places: tuple[str, ...] = ()
    related: tuple[tuple[str, str], ...] = ()
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """A section as the index shows it."""

    title: str
    description: str
    language: str
    direction: str
    labels: Labels
    anchor: str
    page: str | None  # None: no page is written for it
    formats: Sequence[FormatLink] = field(default=())
    stories: Sequence[StoryView] = field(default=())


def render(edition: Edition) -> bytes:
    """Write a section's page; as many of its newest stories as fit into 100 kB."""
    stories = [_story(entry, edition) for entry in edition.entries[:MOST]]
    while len(page := _section_page(edition, stories)) > LARGEST and stories:
        stories = stories[: min(len(stories) - 1, len(stories) * LARGEST // len(page))]
    return page


def index(site: SiteEdition) -> bytes:
    """Write the first page: every section with its newest stories and a way to subscribe."""
    most = NEWEST
    while True:
        sections = [_section(edition, most) for edition in site.editions]
        page = _page("index.html", site.language, title=texts.clean(site.title), site=site, sections=sections)
        if len(page) <= LARGEST or most == 0:
            return page
        most -= 1


def sources(site: SiteEdition) -> bytes:
    """Write the page that says what is read, how often, how it is passed on, and whom to write to."""
    labels = labels_for(site.language)
    return _page(
        "sources.html",
        site.language,
        title=f"{labels.sources} – {texts.clean(site.title)}",
        canonical=f"{site.url}sources/",
        root="../",
        site_title=texts.clean(site.title),
        feeds=[_feed(feed, labels) for feed in site.feeds],
        user_agent=texts.clean(site.user_agent),
        contact=texts.clean(site.contact),
        mail=f"mailto:{texts.clean(site.contact)}" if "@" in site.contact else texts.web_url(site.contact),
    )


def assets(site: SiteEdition) -> Mapping[str, bytes]:
    """Give the style sheets that go beside the index, by file name: of the pages, and of feeds in a browser."""
    from importlib.resources import files

    folder = files("aggregator") / "templates"
    note = labels_for(site.language).feed_note.replace("\\", "\\\\").replace('"', '\\"')
    feed = (folder / "feed.css").read_text("utf-8").replace("THE NOTE OF THE SITE", note)
    return {"style.css": (folder / "style.css").read_bytes(), "feed.css": feed.encode()}


def _section_page(edition: Edition, stories: Sequence[StoryView]) -> bytes:
    return _page(
        "section.html",
        edition.language,
        title=texts.feed_title(edition),
        description=texts.clean(edition.description),
        canonical=edition.url,
        root=texts.to_root(edition),
        site_title=texts.clean(edition.site_title),
        page_title=texts.clean(edition.title),
        formats=_formats(edition, ""),
        stories=stories,
        more=len(stories) < len(edition.entries),
    )


def _page(template: str, language: str, *, site: SiteEdition | None = None, **fields: object) -> bytes:
    """Fill a template; `site` gives the head of the index."""
    defaults = {
        "language": texts.clean(language),
        "direction": direction(language),
        "labels": labels_for(language),
        "description": texts.clean(site.description) if site else "",
        "canonical": site.url if site else "",
        "root": "",
    }
    page = _environment().get_template(template).render({**defaults, **fields})
    return page.encode()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("aggregator", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _formats(edition: Edition, folder: str) -> list[FormatLink]:
    return [
        FormatLink(name=name, href=folder + file, media_type=media_type)
        for key, name, file, media_type in FEEDS
        if key in edition.formats
    ]


def _section(edition: Edition, most: int) -> SectionView:
    folder = f"{edition.id}/"
    return SectionView(
        title=texts.clean(edition.title),
        description=texts.clean(edition.description),
        language=texts.clean(edition.language),
        direction=direction(edition.language),
        labels=labels_for(edition.language),
        anchor=edition.id.replace("/", "-"),
        page=folder + HTML_NAME if "html" in edition.formats else None,
        formats=_formats(edition, folder),
        stories=[_story(entry, edition) for entry in edition.entries[:most]],
    )


def _story(entry: EditionEntry, edition: Edition) -> StoryView:
    article, labels = entry.story.article, labels_for(edition.language)
    published, image = texts.published_of(entry), _image(entry)
    language, way = _other_language(article.language, edition.language)
    return StoryView(
        title=texts.title_of(entry),
        link=texts.link_of(entry),
        datetime=published.isoformat(),
        when=when(published, edition.language, edition.timezone),
        source=texts.clean(entry.source.title or entry.source.id),
        language=language,
        direction=way,
        kicker=texts.clean(article.kicker or ""),
        summary=texts.clean(entry.summary),
        image=texts.clean(image.url) if image else None,
        caption=texts.caption_of(image) if image else "",
        byline=labels.comma.join(filter(None, map(texts.clean, article.byline))),
        credits=labels.comma.join(map(texts.clean, article.credits)),
        editor=texts.clean(article.editor or ""),
        places=tuple(_places(entry)),
        related=tuple(texts.related_of(entry)),
        because=texts.clean(entry.because) if edition.reasons else "",
    )


def _image(entry: EditionEntry) -> Image | None:
    """Give the lead image, if it comes over TLS: the pages' policy lets no other through."""
    image = texts.image_of(entry)
    return image if image is not None and image.url.lower().startswith("https://") else None


def _other_language(language: str, page: str) -> tuple[str, str]:
    """Give a story's language and direction as far as they are not the page's; "" where they are."""
    language = texts.clean(language)
    if not language or language == page:
        return "", ""
    way = direction(language)
    return language, "" if way == direction(page) else way


def _places(entry: EditionEntry) -> list[str]:
    """Name the places a story is about; those that merely contain them are for feed readers' filters."""
    containing = {region.code for region in entry.story.regions if region.rule == "member"}
    return [texts.clean(place.name) for place in entry.places if place.code not in containing]


def _feed(feed: SourceFeed, labels: Labels) -> Mapping[str, str | None]:
    minutes = feed.interval_minutes
    return {
        "title": texts.clean(feed.title or feed.id),
        "url": texts.clean(feed.url),
        "link": texts.web_url(feed.link) or texts.web_url(feed.url),
        "language": _language_name(feed.language, labels.language),
        "interval": labels.adapts if minutes is None else labels.minutes.format(minutes=minutes),
        "republish": labels.republish.get(feed.republish, feed.republish),
    }


def _language_name(language: str, reader: str) -> str:
    """Name a language in the reader's own; its tag where nobody has a name for it."""
    from babel import Locale

    name = Locale.parse(_locale(reader)).languages.get(language.partition("-")[0].lower()) if language else ""
    return name or texts.clean(language)


def when(moment: datetime, language: str, timezone: str) -> str:
    """Write a date for people: in a language and a zone, with the zone's short name."""
    from zoneinfo import ZoneInfo

    local = moment.astimezone(ZoneInfo(timezone))
    from babel.dates import format_date, format_time

    locale = _locale(language)
    day, time = format_date(local, "long", locale=locale), format_time(local, "short", locale=locale)
    return f"{day}, {time} {local.tzname()}"


@cache
def _locale(language: str) -> str:
    """Give the nearest locale that Babel knows, as it writes it; English for a language it does not know."""
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(language.replace("_", "-"), sep="-"))
    except (UnknownLocaleError, ValueError):
        primary = language.partition("-")[0]
        return _locale(primary) if primary != language else "en"
