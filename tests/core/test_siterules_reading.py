"""A page read by a rule: what it says comes first, and where it does not fit the page is read as any other."""

from datetime import UTC, datetime

import pytest

from aggregator.core.extract import PageReading, read_page
from aggregator.core.siterules.dates import FormatError, compiled, read_formatted
from aggregator.model import Entry, Page, RawEntry, SiteRule

PARAGRAPHS = [
    "The ferry between the two islands runs again from Monday, four times a day, now that its pier is rebuilt.",
    "Its captain told this paper that the new engine uses a third less fuel, and that the fare stays as it was.",
    "Children under ten travel free until the end of August, and dogs pay what they always paid, which is nothing.",
]
OTHER = "The bakery on the quay opens an hour earlier from now on, so that whoever takes the first boat has bread."
TEXT = "".join(f"<p>{each}</p>" for each in PARAGRAPHS)
LINKS = '<a href="/x">Another story of this paper that somebody may like to read now</a> ' * 9
PAGE = f"""<html lang="en"><head><title>Ferry Runs Again - The Quay Post</title></head><body>
<nav><a href="/">Home</a></nav>
<article><div class="top">ISLANDS</div><h1 class="head">Ferry Runs Again</h1><p class="who">By Ada Moore</p>
<span class="when">03/04/2023 18.05</span><div class="text">{TEXT}</div><div class="more"><p>{OTHER}</p></div>
<div class="links">{LINKS}</div></article></body></html>"""


def rule(name: str = "quay", **fields: object) -> SiteRule:
    values = {
        key: value if isinstance(value, tuple) or key == "timezone" else (value,)
        for key, value in fields.items()
    }
    return SiteRule(name=name, digest="d", **({"hosts": ("quay.example",)} | values))  # type: ignore[arg-type]


def read(*rules: SiteRule, page: str = PAGE, timezone: str = "UTC", **given: object) -> PageReading:
    entry = Entry(
        feed_id="f",
        key="1",
        position=1,
        guid=None,
        url="https://quay.example/1",
        canonical_url=None,
        title=str(given.pop("title", "")),
        hash="",
        raw=RawEntry(),
        **given,  # type: ignore[arg-type]
    )
    fetched = Page(url="https://quay.example/1", content_type=None, body=page.encode())
    return read_page(entry, fetched, language="", timezone=timezone, rules=rules)


FULL = rule(headline="h1.head", kicker=".top", byline=".who", date=".when", body=".text")


def test_what_a_rule_says_comes_before_the_feed_and_the_page() -> None:
    found = read(FULL, title="Ferry!").article
    assert (found.headline, found.kicker, found.byline) == ("Ferry Runs Again", "ISLANDS", ("Ada Moore",))
    assert found.text == "\n\n".join(PARAGRAPHS)
    assert found.text_from == "page"


def test_selectors_are_tried_in_their_order() -> None:
    found = read(rule(kicker=(".none", ".top", "h1"), body=(".gone", ".text")))
    (use,) = found.uses
    assert use.matched == (("kicker", ".top"), ("body", ".text"))
    assert use.missed == ()


WORSE = {
    "its body finds nothing": (rule(body=".gone"), "no selector"),
    "its body finds an empty element": (rule(body="nav > b, .empty"), "no selector"),
    "its body finds links": (rule(body=".links"), "links"),
    "its body finds a line of a long text": (rule(body=".who"), "little of the text"),
    "it would remove everything": (rule(kicker=".top", remove="article"), "take away"),
}


@pytest.mark.parametrize("case", WORSE)
def test_a_rule_that_would_make_a_page_worse_is_passed_over_and_told_of(case: str) -> None:
    bad, reason = WORSE[case]
    found = read(bad)
    assert found.article == read().article
    (use,) = found.uses
    assert not use.is_used
    assert reason in use.note
    assert "body" not in dict(use.matched)
    assert ("body" in use.missed) is bool(bad.body)


def test_after_a_rule_that_does_not_fit_the_next_one_has_its_turn() -> None:
    found = read(rule("old", body=".gone"), rule("new", hosts=(), detect="h1.head", body=".text"))
    assert [(use.rule, use.is_used) for use in found.uses] == [("old", False), ("new", True)]
    assert found.article.text == "\n\n".join(PARAGRAPHS)


def test_a_rule_that_knows_markup_is_not_asked_of_a_page_without_it() -> None:
    assert read(rule("other", hosts=(), detect=".wordpress", body=".text")).uses == ()


def test_a_rule_without_a_body_leaves_the_text_to_others() -> None:
    found = read(rule(kicker=".top", remove=(".more", ".links")))
    assert found.article.kicker == "ISLANDS"
    assert OTHER in read().article.text
    assert found.article.text == "\n\n".join(PARAGRAPHS)


def test_what_is_removed_is_gone_from_fields_too() -> None:
    page = PAGE.replace("Ferry Runs Again</h1>", "Ferry Runs Again <sup>new</sup></h1>")
    assert (
        read(rule(headline="h1", body=".text", remove="sup"), page=page).article.headline
        == "Ferry Runs Again"
    )


def test_a_kicker_within_the_headline_is_no_part_of_it() -> None:
    page = PAGE.replace('<h1 class="head">', '<h1 class="head"><small>ISLES</small> ')
    found = read(rule(headline="h1", kicker="h1 small", body=".text"), page=page).article
    assert (found.headline, found.kicker) == ("Ferry Runs Again", "ISLES")


def test_a_date_is_read_as_the_rule_says_it_is_written() -> None:
    american = rule(date=".when", date_format="MM/DD/YYYY HH.mm", timezone="America/New_York", body=".text")
    assert read(american).article.published == datetime.fromisoformat("2023-03-04T18:05:00-05:00")


def test_the_feeds_date_stands_and_its_mere_day_does_not() -> None:
    dated = rule(date=".when", date_format="DD/MM/YYYY HH.mm", body=".text")
    given = datetime(2023, 4, 3, 12, 0, tzinfo=UTC)
    assert read(dated, published=given).article.published == given
    day = given.replace(hour=0)
    assert read(dated, published=day, day_only=True).article.published == given.replace(hour=18, minute=5)


def test_people_in_comments_wrote_nothing_of_the_article() -> None:
    page = PAGE.replace("</article>", '</article><div class="comments"><p class="who">Old Salt</p></div>')
    assert read(rule(byline=".who", body=".text"), page=page).article.byline == ("Ada Moore",)


def test_an_attribute_may_hold_the_value() -> None:
    page = PAGE.replace("<title>", '<meta name="kick" content="SEA"><link rel="x" title="Bob Dean"><title>')
    found = read(rule(kicker="meta[name=kick]", byline="link[rel=x]@title", body=".text"), page=page).article
    assert (found.kicker, found.byline) == ("SEA", ("Bob Dean",))


def test_a_page_on_which_a_rule_has_too_much_to_look_at_is_read_without_it() -> None:
    page = PAGE.replace("</article>", "<i class=x></i>" * 30_000 + "</article>")
    found = read(rule(kicker="b ~ i.x", body=".text"), page=page)
    (use,) = found.uses
    assert (use.is_used, "too much" in use.note) == (False, True)
    assert PARAGRAPHS[0] in found.article.text


def test_a_selector_that_fits_thirty_thousand_elements_costs_no_more_than_its_first() -> None:
    page = PAGE.replace("</article>", "<i class=x>y</i>" * 30_000 + "</article>")
    found = read(rule(byline=".x", kicker=".x", body=".text", remove=".x"), page=page)
    assert found.uses[0].is_used
    assert found.article.text == "\n\n".join(PARAGRAPHS)


def test_a_page_cannot_hide_its_text_by_an_attribute_of_ours() -> None:
    page = PAGE.replace("<p>", '<p Left-Out="" left-out="">')
    markup = rule("markup", hosts=(), detect="h1", body=".text")
    assert read(markup, page=page).article.text == "\n\n".join(PARAGRAPHS)


FORMATS = {
    "DD/MM/YYYY HH.mm": ("Posted 03/04/2023 18.05 WIB", "2023-04-03T18:05:00+07:00"),
    "MM-DD-YY": ("04-03-23", "2023-04-03T00:00:00+00:00"),
    "D MMMM YYYY [jam] HH:mm": ("3 April 2023 jam 18:05", "2023-04-03T18:05:00+00:00"),
    "YYYY.MM.DD. h:mm A": ("2023.04.03. 6:05 PM", "2023-04-03T18:05:00+00:00"),
}


@pytest.mark.parametrize("written", FORMATS)
def test_a_format_reads_what_is_written_so(written: str) -> None:
    text, expected = FORMATS[written]
    found = read_formatted(text, (written,), language="id", timezone="UTC")
    assert found is not None
    assert found.value == datetime.fromisoformat(expected)
    assert read_formatted("no date", (written,), language="id", timezone="UTC") is None


@pytest.mark.parametrize("given", ["", "YYYY", "DD/MM", "DD/MM/YYYY mm", "DD/DD/MM/YYYY", "D" * 99])
def test_a_format_that_names_no_whole_day_is_refused(given: str) -> None:
    with pytest.raises(FormatError):
        compiled(given)
