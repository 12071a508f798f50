"""JSON Feed 1.1."""

import json

from aggregator.render import jsonfeed
from tests.render.samples import EDITION, ENTRY, edition, entry


def test_an_entry_carries_what_the_contract_lists() -> None:
    feed = json.loads(jsonfeed.render(edition()))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (feed["feed_url"], feed["home_page_url"]) == (EDITION.url + "feed.json", EDITION.url)
    assert feed["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    assert feed["items"] == [
        {
            "id": ENTRY.story.id,
            "url": "https://lembah.example/a",
            "title": "Jembatan ditutup",
            "content_html": ENTRY.content_html,
            "summary": "Isi berita.",
            "image": "https://img.example/foto.jpg",
            "date_published": "2022-01-08T05:06:00+07:00",
            "date_modified": "2022-01-08T08:30:00+07:00",
            "authors": [{"name": "Sari Wulandari"}, {"name": "Joko"}],
            "tags": ["Kazakhstan", "Asia Tengah", "Dunia"],
            "language": "id",
            "attachments": [
                {"url": "https://lembah.example/suara.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1234}
            ],
            "_aggregator": {
                "source": {
                    "title": "Lembah Pos",
                    "url": "https://lembah.example/",
                    "feed_url": "https://lembah.example/rss",
                },
                "credits": ["AFN"],
                "editor": "Bima",
                "image_caption": "Di jembatan (AFN)",
                "regions": [
                    {
                        "code": "KZ",
                        "name": "Kazakhstan",
                        "scheme": "urn:iso:std:iso:3166",
                        "point": [51.1801, 71.446],
                    },
                    {"code": "143", "name": "Asia Tengah", "scheme": "urn:un:m49"},
                ],
                "copies": [{"title": "Radio Pantai", "url": "https://pantai.example/b?x=1&y=2"}],
            },
        }
    ]


def test_an_edition_without_entries_has_an_empty_list_of_them() -> None:
    assert json.loads(jsonfeed.render(EDITION))["items"] == []


def test_texts_are_as_they_are_and_not_escaped_for_html() -> None:
    read = json.loads(jsonfeed.render(edition(entry(headline="A <b> & Ж"))))
    assert read["items"][0]["title"] == "A <b> & Ж"
    assert "Ж" in jsonfeed.render(edition(entry(headline="A <b> & Ж"))).decode()
