"""The rules behind the pages: what is a name, a request, a heading of comments, a date in an address."""

import pytest

from aggregator.core.extract.bylines import best_byline, is_person
from aggregator.core.extract.dated import _day_in
from aggregator.core.extract.furniture import (
    heads_comments,
    is_for_machines,
    is_furniture,
    is_photo_credit,
    is_request,
    is_wall,
)
from aggregator.core.extract.headlines import headline_of, without_site
from aggregator.core.extract.jsonld import loads
from aggregator.core.extract.metadata import Metadata
from aggregator.core.extract.people import people


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("By Una Hale and Tomas Reid", ("Una Hale", "Tomas Reid")),
        ("ByUna Hale", ("Una Hale",)),
        ("Una Hale, Tomas W. Reid, Ann Lee and Bo Ek", ("Una Hale", "Tomas W. Reid", "Ann Lee", "Bo Ek")),
        ("Una Hale, PhD", ("Una Hale",)),
        ("Jörg Feld, dpa", ("Jörg Feld", "dpa")),
        ("Anna Feld, Hamburg", ("Anna Feld",)),
        ("Una Hale October 2, 2016", ("Una Hale",)),
        ("Una Hale • 8h", ("Una Hale",)),
        ("Una Hale Sports Editor", ("Una Hale",)),
        ("Una Hale (Wexley, own correspondent)", ("Una Hale",)),
        ("Una Hale @unahale", ("Una Hale",)),
        ("Una Hale Twitter", ("Una Hale",)),
        ("Maria E Costa", ("Maria E Costa",)),
        ("林小雨、王海", ("林小雨", "王海")),
        ("Una Hale/Tomas Reid", ("Una Hale", "Tomas Reid")),
        ("AFP/The Local", ("AFP/The Local",)),
        ("https://red.example/una", ()),
        ("una@paper.example", ()),
        ("12345", ()),
        ("", ()),
    ],
)
def test_names_are_taken_out_of_what_stands_around_them(line: str, names: tuple[str, ...]) -> None:
    assert people([line]) == names


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Una Hale", True),
        ("林小雨", True),
        ("d.feld", False),
        ("Redaktion Küste", False),
        ("AFP", False),
        ("News Desk", False),
    ],
)
def test_a_person_is_told_from_a_handle_and_a_desk(name: str, person: bool) -> None:
    assert is_person(name) is person


def test_the_page_may_show_more_people_than_it_says() -> None:
    said, shown = ("Una Hale",), ("Una Hale", "Tomas Reid")
    assert best_byline([said], shown, site="") == shown
    assert best_byline([said], ("Tomas Reid",), site="") == said
    assert best_byline([said], ("Una Hale", "News Desk"), site="") == said
    assert best_byline([("The Gull",), ("Una Hale",)], (), site="The Gull") == ("Una Hale",)
    assert best_byline([("The Gull",)], (), site="The Gull") == ("The Gull",)


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("Sign up for our morning letter.", True),
        ("Follow us on every network.", True),
        ("Ikuti saluran WhatsApp kami untuk kabar terbaru.", True),
        ("Suscríbete a nuestro boletín.", True),
        ("Externer Inhalt", True),
        ("Подписывайтесь на наш канал.", True),
        ("“Sign up for the choir”, said the poster on the pier.", False),
        ("Follow the river and you reach the harbour.", False),
        ("The fishermen signed up for the course.", False),
        ("Downloaded films are not counted by the office.", False),
    ],
)
def test_a_request_to_the_reader_is_told_from_a_sentence(line: str, asks: bool) -> None:
    assert is_request(line) is asks


@pytest.mark.parametrize(
    ("line", "heads"),
    [
        ("3 Comments", True),
        ("Comments (12)", True),
        ("Kommentare", True),
        ("Tinggalkan Balasan", True),
        ("댓글", True),
        ("Комментарии: 5", True),
        ("Comments by the mayor", False),
        ("No comment", False),
        ("Kommentar: Zu spät", False),
    ],
)
def test_the_heading_of_comments_is_known(line: str, heads: bool) -> None:
    assert heads_comments(line) is heads


@pytest.mark.parametrize(
    ("line", "machine"),
    [
        ("https://paper.example/a.jpg", True),
        ("2022-01-08T05:06:00Z", True),
        ("1/50", True),
        ("#laut #nelayan", True),
        ('{"a": 1}', True),
        ("[button link=x]", True),
        ("[Read: Why it rains]", False),
        ("02-751-1500", False),
        ("2022 was wet.", False),
    ],
)
def test_a_line_for_machines_is_known(line: str, machine: bool) -> None:
    assert is_for_machines(line) is machine


@pytest.mark.parametrize(
    ("line", "credit"),
    [
        ("ANN LEE/AFP via Getty Images", True),
        ("Getty Images", True),
        ("Rina/Reuters", True),
        ("The agency Reuters", False),
        ("He worked for Reuters and for a bakery.", False),
        ("and/or the reuters", False),
    ],
)
def test_a_credit_of_a_photo_is_known(line: str, credit: bool) -> None:
    assert is_photo_credit(line) is credit


@pytest.mark.parametrize(
    "line",
    [
        "Baca juga: Jembatan dibuka",
        "Lesen Sie auch: Brücke offen",
        "Читайте также: Мост открыт",
        "Leia também: A ponte",
        "İlgili Haber: Köprü",
        "Läs också: Bron",
        "اقرأ أيضا: الجسر",
        "相关阅读：新桥",
        "Čtěte také: Most",
        "Đọc thêm: Cầu",
        "Aynı gün: değil",
    ],
)
def test_where_to_read_on_is_known_in_many_languages(line: str) -> None:
    assert is_furniture(line) is not line.startswith("Aynı")


def test_a_wall_is_told_from_a_story_about_cookies() -> None:
    assert is_wall(
        "We use cookies on this site and store what you like.\n\nYou can reject all cookies here, too."
    )
    story = (
        "Bakers in Wexley sold forty thousand cookies on Monday, more than on any other day of this year. "
        * 4
    )
    assert not is_wall(
        f"{story}\n\nThe mayor accepted all cookies that she was given, and ate them on the pier."
    )


@pytest.mark.parametrize(
    ("address", "day"),
    [
        ("https://a.example/2022/01/08/x", "2022-01-08"),
        ("https://a.example/news/2022-1-8-x", "2022-01-08"),
        ("https://a.example/x_20220108.html", "2022-01-08"),
        ("https://a.example/2022/13/08/x", ""),
        ("https://a.example/id/2022010812", ""),
        ("https://a.example/?d=2022-01-08", ""),
        ("https://a.example/1899/01/08/", ""),
    ],
)
def test_a_day_is_read_out_of_an_address(address: str, day: str) -> None:
    assert _day_in(address) == day


@pytest.mark.parametrize(
    ("said", "shown", "title", "headline"),
    [
        ({"headline": "Ferry line open again"}, "Ferry open", "Ferry line | Gull", "Ferry line open again"),
        (
            {"headline": "Ferry line open again", "titles": ("Ferry line open again", "Old ferry sails")},
            "Old ferry sails",
            "Ferry line open again | Gull",
            "Old ferry sails",
        ),
        ({"headline": "Old ferry…"}, "Old ferry sails again", "", "Old ferry sails again"),
        ({"headline": "Old ferry…"}, "Bridge is closed", "", "Old ferry…"),
        (
            {"site_name": "The Gull", "titles": ("Old ferry sails",)},
            "The Gull",
            "Old ferry sails | The Gull",
            "Old ferry sails",
        ),
        (
            {"titles": ("Mayor calls it",)},
            "",
            'Mayor calls it "a fine day" | Gull',
            'Mayor calls it "a fine day"',
        ),
        ({}, "Old ferry sails", "The Gull", "Old ferry sails"),
        ({}, "", "Old ferry sails again - The Gull", "Old ferry sails again"),
    ],
)
def test_the_headline_is_chosen_of_all_that_a_page_calls_itself(
    said: dict[str, object], shown: str, title: str, headline: str
) -> None:
    assert headline_of(Metadata(**said), shown, title) == headline  # type: ignore[arg-type]


def test_the_papers_name_is_taken_off_a_title() -> None:
    assert without_site(
        "Old ferry sails again | The Wexley Gull and Courier of the Whole Coast",
        "The Wexley Gull and Courier of the Whole Coast",
    ) == ("Old ferry sails again")
    assert without_site("Gull: Old ferry sails again", "Gull") == "Old ferry sails again"
    assert without_site("The Gull", "The Gull") == "The Gull"


@pytest.mark.parametrize(
    ("script", "authors"),
    [
        ('{"@type":"NewsArticle","author":"A B",}', ["A B"]),
        ('<!-- {"@type":"NewsArticle","author":"A B"} -->', ["A B"]),
        ('/*<![CDATA[*/{"@type":"NewsArticle","author":"A B"}/*]]>*/', ["A B"]),
        ('{"@type":"WebSite"}{"@type":"NewsArticle","author":"A B"}', [None, "A B"]),
        ('{"@type":"NewsArticle","name":"x "y" z","author":{"@type":"Person","name":"A B"}}', ["A B"]),
        ("oops", []),
        ("", []),
    ],
)
def test_json_ld_is_mended_where_it_can_be(script: str, authors: list[str | None]) -> None:
    assert [node.get("author") for node in loads(script) if isinstance(node, dict)] == authors
