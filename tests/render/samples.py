"""Entries and editions for the tests of the renderers; every value can be said otherwise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from aggregator.model import (
    Article,
    Copy,
    Edition,
    EditionEntry,
    Enclosure,
    Image,
    PlaceName,
    SiteEdition,
    SourceFeed,
    Story,
)

WIB = timezone(timedelta(hours=7))
PUBLISHED = datetime(2022, 1, 8, 5, 6, tzinfo=WIB)
UPDATED = datetime(2022, 1, 8, 1, 30, tzinfo=UTC)
ARTICLE = Article(
    headline="Jembatan ditutup",
    byline=("Sari Wulandari", "Joko"),
    credits=("AFN",),
    editor="Bima",
    language="id",
    categories=("Dunia",),
)
LEAD = Copy(
    row=1,
    feed_id="lembah",
    guid="g",
    url="https://lembah.example/a",
    published=PUBLISHED,
    first_seen=UPDATED,
    length=10,
    rule="first",
    score=1.0,
    lead=True,
)
STORY = Story(
    id="urn:uuid:4a1d2f60-1d0e-5a5b-9b54-2f7a4f1c0001",
    url="https://lembah.example/a",
    article=ARTICLE,
    regions=(),
    published=PUBLISHED,
    updated=UPDATED,
    first_seen=UPDATED,
    copies=(LEAD,),
    enclosures=(Enclosure(url="https://lembah.example/suara.mp3", type="audio/mpeg", length=1234),),
)
ENTRY = EditionEntry(
    story=STORY,
    content_html='<p>Isi berita.</p><p lang="id"><a href="https://lembah.example/a">Lembah Pos</a></p>',
    summary="Isi berita.",
    image=Image(url="https://img.example/foto.jpg", caption="Di jembatan", credit="AFN"),
    places=(
        PlaceName(code="KZ", name="Kazakhstan", scheme="urn:iso:std:iso:3166", point=(51.1801, 71.446)),
        PlaceName(code="143", name="Asia Tengah", scheme="urn:un:m49"),
    ),
    source=SourceFeed(
        id="lembah", title="Lembah Pos", url="https://lembah.example/rss", link="https://lembah.example/"
    ),
    related=(("Radio Pantai", "https://pantai.example/b?x=1&y=2"),),
    because="regions: Asia Tengah (KZ)",
)
EDITION = Edition(
    id="dunia",
    title="Dunia",
    description="Luar negeri",
    language="id",
    site_title="Meja Kabar",
    site_url="https://meja.example/",
    timezone="Asia/Jakarta",
    contact="redaksi@meja.example",
    hub="https://hub.example/",
    updated=UPDATED,
)


def entry(
    number: int = 1,
    *,
    headline: str = "Jembatan ditutup",
    article: Any = None,
    story: Any = None,
    **fields: Any,
) -> EditionEntry:
    """An entry with its number in its id; fields of the article, of the story, and of the entry can be given."""
    made = replace(ARTICLE, headline=headline, **(article or {}))
    uid = f"urn:uuid:4a1d2f60-1d0e-5a5b-9b54-2f7a4f1c{number:04d}"
    return replace(ENTRY, story=replace(STORY, id=uid, article=made, **(story or {})), **fields)


def edition(*entries: EditionEntry, **fields: Any) -> Edition:
    return replace(EDITION, entries=entries or (ENTRY,), **fields)


def site(*editions: Edition, **fields: Any) -> SiteEdition:
    base = SiteEdition(
        title="Meja Kabar",
        description="Kabar dunia",
        url="https://meja.example/",
        language="id",
        timezone="Asia/Jakarta",
        contact="redaksi@meja.example",
        user_agent="aggregator/0.1.0 (+https://meja.example/sources/)",
        editions=editions or (edition(),),
        feeds=(ENTRY.source,),
    )
    return replace(base, **fields)
