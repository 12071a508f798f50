"""Entries normalised: what they are known by, what counts as a change, what they say (robustness, FS and HX)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.effective import effective
from aggregator.core.entries import UNSEEN, read_feed
from aggregator.core.formats import limits
from aggregator.errors import ParseError
from aggregator.model import FeedSettings, NormalizedFeed, SiteSettings, Standing

REAL = Path(__file__).resolve().parents[2] / "../shared/corpus/feeds/real"
FEED = FeedSettings(id="kabar", url="https://kabar.example/rss")
SITE = SiteSettings(title="Meja Kabar", timezone="Asia/Jakarta")
SEEN = datetime(2022, 1, 8, 6, 0, tzinfo=UTC)


def element(title: str = "", link: str = "", guid: str = "", more: str = "") -> str:
    parts = (("title", title), ("link", link), ("guid", guid))
    return f"<item>{''.join(f'<{name}>{value}</{name}>' for name, value in parts if value)}{more}</item>"


def read(
    *items: str, head: str = "", feed: FeedSettings = FEED, known: Mapping[str, str] | None = None
) -> NormalizedFeed:
    channel = (
        f"<channel><title>Kabar</title><link>https://kabar.example/</link>{head}{''.join(items)}</channel>"
    )
    document = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0">{channel}</rss>'
    return read_feed(
        document.encode(), url=feed.url, content_type=None, feed=feed, site=SITE, known=known or {}
    )


def keys(*items: str) -> list[str]:
    return [entry.key for entry in read(*items).entries]


def stored(found: NormalizedFeed) -> Mapping[str, str]:
    """Give what the next document is compared with, once all of this one is stored."""
    kept: dict[str, str] = {}
    for entry in found.entries:
        kept.setdefault(entry.key, entry.hash)
    return kept


def places(found: NormalizedFeed) -> list[tuple[str, int]]:
    """Give key and position of what is not normalised again; the rest must be nothing."""
    assert (found.entries, found.quarantined) == ((), ())
    return [(each.key, each.position) for each in found.unchanged]


LINK = "https://kabar.example/berita/{}"


def test_fs_01_the_same_document_again_is_unchanged_and_not_normalised() -> None:
    items = [element(f"Judul {n}", LINK.format(n), f"g{n}") for n in range(3)]
    first = read(*items)
    assert [entry.position for entry in first.entries] == [1, 2, 3]
    again = read(*items, known=stored(first))
    assert places(again) == [(entry.key, entry.position) for entry in first.entries]
    assert replace(again, unchanged=()) == replace(first, entries=())


def test_of_a_document_only_what_differs_is_normalised() -> None:
    before = read(*(element(f"Judul {n}", LINK.format(n), f"kabar-{n}") for n in (12, 11, 10)))
    items = [element("Baru", LINK.format(13), "kabar-13"), element("Judul 12", LINK.format(12), "kabar-12")]
    after = read(*items, element("Judul 11, dibetulkan", LINK.format(11), "kabar-11"), known=stored(before))
    assert [(entry.key, entry.position) for entry in after.entries] == [("kabar-13", 1), ("kabar-11", 3)]
    assert after.unchanged == (Standing(key="kabar-12", position=2),)


def test_fs_06_what_comes_again_under_other_ids_is_known_by_its_bytes() -> None:
    before = read(*(element(f"Judul {n}", LINK.format(n), f"https://kabar.example/?p={n}") for n in (2, 1)))
    after = read(
        *(element(f"Judul {n}", LINK.format(n), f"tag:kabar,{n}") for n in (2, 1)), known=stored(before)
    )
    assert places(after) == [("//kabar.example/?p=2", 1), ("//kabar.example/?p=1", 2)]


def test_two_entries_that_say_the_same_are_found_as_two() -> None:
    twins = [element("Sama", LINK.format(1), guid) for guid in ("kembar-a", "kembar-b")]
    known = stored(read(*twins))
    assert len(known) == 2
    assert places(read(*reversed(twins), known=known)) == [("kembar-b", 1), ("kembar-a", 2)]
    storm = [element("Sama", LINK.format(1), guid) for guid in ("x", "y", "z")]
    third = read(*storm, known=known)
    assert sorted(each.key for each in third.unchanged) == ["kembar-a", "kembar-b"]
    assert [entry.key for entry in third.entries] == ["z"]


def test_of_a_repeated_key_the_first_element_counts_before_and_after() -> None:
    old, new = element("A", LINK.format(1), "g"), element("A, diperbarui", LINK.format(1), "g")
    known = stored(read(old))
    assert places(read(old, new, known=known)) == [("g", 1), ("g", 2)]
    assert [entry.position for entry in read(new, old, known=known).entries] == [1, 2]


IDS = st.sampled_from(["", "1", "2", "3", "sama", "item-1", "item-2", "https://kabar.example/?p=3"])
ELEMENTS = st.builds(
    element,
    st.sampled_from(["", "Banjir", "Gempa di Cianjur", "Harga emas"]),
    st.sampled_from(["", LINK.format(1), LINK.format(2), "https://kabar.example/"]),
    IDS,
)


@given(st.lists(ELEMENTS, max_size=6), st.sets(st.integers(0, 5)))
def test_what_is_known_changes_no_key(items: list[str], known_at: set[int]) -> None:
    whole = read(*items)
    known = {entry.key: entry.hash for at, entry in enumerate(whole.entries) if at in known_at}
    first = {entry.key: entry.hash for entry in reversed(whole.entries)}
    known = {key: told for key, told in known.items() if first[key] == told}
    partly = read(*items, known=known)
    named = {entry.position: entry.key for entry in whole.entries}
    assert all(named[entry.position] == entry.key for entry in partly.entries)
    assert {each.key for each in partly.unchanged} == known.keys()
    assert len(partly.entries) + len(partly.unchanged) == len(whole.entries)


def test_hashes_of_what_is_stored_stay() -> None:
    entry = """<item><link>https://kabar.example/1?utm_source=rss</link><title>Banjir</title>
        <description>Air naik.</description><category>Riau</category>
        <pubDate>Sat, 08 Jan 2022 05:06:00 WIB</pubDate></item>"""
    hashes = {
        read(entry).entries[0].hash,
        read(entry.replace("<link>", "<guid>9</guid><link>")).entries[0].hash,
    }
    assert hashes == {"92372389738ded30c6294c142e5e94808556f2f2a9a577bfd1aa903642b3616c"}


def test_fs_06_a_move_to_https_makes_no_new_keys() -> None:
    before = keys(
        element("A", "http://kabar.example/?p=1", "http://kabar.example/?p=1"),
        element("B", "http://kabar.example/b"),
    )
    after = keys(
        element("A", "https://kabar.example/?p=1", "https://kabar.example/?p=1"),
        element("B", "https://kabar.example/b"),
    )
    assert before == after


def test_fs_09_a_guid_that_stands_for_several_stories_is_not_trusted() -> None:
    items = [element(f"Judul {n}", LINK.format(n), "sama") for n in range(3)]
    assert len(set(keys(*items))) == 3
    assert sorted(keys(*items)) == sorted(keys(*reversed(items)))


def test_fs_09_one_shared_guid_leaves_the_others_as_they_were() -> None:
    shared = [element("A", LINK.format(1), "x"), element("B", LINK.format(2), "x")]
    assert keys(*shared, element("C", LINK.format(3), "c"))[2] == "c"


@pytest.mark.parametrize(
    "ids",
    [("1", "2", "3"), ("3", "1", "2"), ("0", "1", "2"), ("001", "002", "003")],
    ids=" ".join,
)
def test_guids_that_only_count_are_not_trusted(ids: tuple[str, ...]) -> None:
    today = keys(*(element(f"Judul {n}", LINK.format(n), given) for n, given in enumerate(ids)))
    tomorrow = keys(*(element(f"Judul {n - 1}", LINK.format(n - 1), given) for n, given in enumerate(ids)))
    assert tomorrow[1:] == today[:2]


@pytest.mark.parametrize(
    "ids",
    [
        ("12", "11", "10"),
        ("item-3", "item-2", "item-1"),
        ("item-1", "item-2", "item-3"),
        ("a-1", "b-2", "c-3"),
        ("1", "3", "9"),
    ],
    ids=" ".join,
)
def test_guids_that_number_records_are_trusted(ids: tuple[str, ...]) -> None:
    assert keys(*(element(f"Judul {n}", LINK.format(n), given) for n, given in enumerate(ids))) == list(ids)


def test_a_link_that_all_entries_share_is_no_name() -> None:
    items = [element(f"Judul {n}", "https://kabar.example/") for n in range(3)]
    assert len(set(keys(*items))) == 3
    assert keys(*items)[::-1] == keys(*reversed(items))


@pytest.mark.parametrize(
    "only",
    [
        element("Hanya judul"),
        element(more="<description>Hanya teks</description>"),
        element(link=LINK.format(1)),
    ],
    ids=["title", "description", "link"],
)
def test_fs_10_an_entry_with_one_thing_only_is_accepted_under_a_stable_key(only: str) -> None:
    found = read(only)
    assert (len(found.entries), found.quarantined) == (1, ())
    assert keys(only) == keys(only) == keys(element("Lain", LINK.format(9)), only)[1:]


NOTHING_TO_SEE = {
    "nothing at all": "",
    "a date": "<pubDate>Sat, 08 Jan 2022 05:06:00 +0700</pubDate>",
    "a guid that is no link": "<guid isPermaLink='false'>g-1</guid>",
    "an author": "<author>redaksi@kabar.example (Siti)</author>",
    "a label": "<category>Kota</category>",
    "a title of nothing but a pixel": "<title>&lt;span&gt;&amp;nbsp;&lt;/span&gt;</title>",
    "a link that runs something": "<link>javascript:alert(1)</link>",
}


@pytest.mark.parametrize("case", NOTHING_TO_SEE)
def test_an_element_that_shows_nothing_is_kept_aside_under_a_stable_key(case: str) -> None:
    only = element(more=NOTHING_TO_SEE[case])
    found = read(only, element("Ada"))
    assert [entry.position for entry in found.entries] == [2]
    [(kept, reason)] = found.quarantined
    assert (kept.position, found.empty) == (1, 1)
    assert "nothing that a reader could see" in reason
    assert read(element("Lain"), only).quarantined[0][0].key == kept.key


def test_a_date_that_is_that_of_the_poll_makes_no_new_element_each_time() -> None:
    dated = "<pubDate>Sat, 08 Jan 2022 0{}:00:00 +0700</pubDate>"
    keys_of = {read(element(more=dated.format(hour))).quarantined[0][0].key for hour in range(3)}
    assert len(keys_of) == 1


def test_an_element_that_shows_nothing_keeps_what_it_says() -> None:
    more = "<pubDate>Sat, 08 Jan 2022 05:06:00 +0700</pubDate><category>Kota</category>"
    [(kept, _)] = read(element(guid="g-1", more=more)).quarantined
    assert (kept.guid, kept.key, kept.categories) == ("g-1", "g-1", ("Kota",))
    assert str(kept.published) == "2022-01-08 05:06:00+07:00"


@pytest.mark.parametrize(
    "shown",
    [
        "<description>&lt;img src='https://kabar.example/f.jpg'&gt;</description>",
        "<enclosure url='https://kabar.example/a.mp3' type='audio/mpeg'/>",
        "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>Isi</content:encoded>",
    ],
)
def test_a_picture_a_file_or_a_text_is_enough(shown: str) -> None:
    found = read(element(more=shown))
    assert (len(found.entries), found.quarantined) == (1, ())


def test_xp_08_a_link_beyond_its_limit_quarantines_its_entry_alone() -> None:
    found = read(element("A", LINK.format("x" * limits.URL)), element("B", LINK.format(2)))
    assert [entry.title for entry in found.entries] == ["B"]
    [(entry, reason)] = found.quarantined
    assert (entry.position, entry.title, entry.url) == (1, "A", None)
    assert "longer than" in reason


def test_xp_08_a_long_title_is_cut_and_a_long_guid_is_known_by_its_digest() -> None:
    entry = read(element("kata " * 10_000, LINK.format(1), "g" * 100_000)).entries[0]
    assert len(entry.title) <= limits.TITLE
    assert entry.title.endswith("…")
    assert entry.key.startswith("sha256:")
    assert entry.guid == "g" * 100_000


def test_fs_12_an_edit_changes_the_hash_and_not_the_key() -> None:
    [before] = read(element("Judul", LINK.format(1), "g1")).entries
    known = {before.key: before.hash}
    [after] = read(element("Judul dibetulkan", LINK.format(1), "g1"), known=known).entries
    assert (after.key, after.hash != before.hash) == (before.key, True)


@pytest.mark.parametrize(
    "noise",
    [
        '<slash:comments xmlns:slash="http://purl.org/rss/1.0/modules/slash/">{}</slash:comments>',
        '<thr:total xmlns:thr="http://purl.org/syndication/thread/1.0">{}</thr:total>',
        '<media:content xmlns:media="http://search.yahoo.com/mrss/" url="https://k.example/f?t={}" medium="image"/>',
    ],
    ids=["comments", "replies", "token"],
)
def test_what_changes_of_itself_is_no_change(noise: str) -> None:
    before = read(element("Judul", LINK.format(1), "g1", noise.format(17)))
    after = read(element("Judul", LINK.format(1), "g1", noise.format(18)), known=stored(before))
    assert places(after) == [("g1", 1)]


def test_fs_23_tracking_parameters_are_no_change_and_make_no_new_entry() -> None:
    before = read(element("Judul", LINK.format(1) + "?utm_campaign=a"))
    after = read(element("Judul", LINK.format(1) + "?utm_campaign=b"), known=stored(before))
    assert places(after) == [("//kabar.example/berita/1", 1)]


def test_a_date_that_all_entries_share_tells_only_when_the_file_was_written() -> None:
    stamp = (
        '<dcterms:modified xmlns:dcterms="http://purl.org/dc/terms/">2022-01-08T05:0{}:00Z</dcterms:modified>'
    )
    before = read(*(element(f"J{n}", LINK.format(n), more=stamp.format(1)) for n in range(2)))
    items = [element(f"J{n}", LINK.format(n), more=stamp.format(2)) for n in range(2)]
    assert len(places(read(*items, known=stored(before)))) == 2


def test_fs_16_the_date_of_an_indonesian_paper_is_its_own() -> None:
    for text in ("Sat, 08 Jan 2022 05:06:00 WIB", "Sabtu, 08 Januari 2022 - 05:06 WIB"):
        entry = read(element("A", more=f"<pubDate>{text}</pubDate>")).entries[0]
        assert entry.published == datetime(2022, 1, 7, 22, 6, tzinfo=UTC)
        assert entry.published.utcoffset() == timedelta(hours=7)


def test_a_date_without_a_zone_is_in_the_zone_of_the_feed_else_of_the_site() -> None:
    dated = element("A", more="<pubDate>8 Jan 2022 05:06</pubDate>")
    makassar = FeedSettings(id="m", url=FEED.url, timezone="Asia/Makassar")
    assert [str(read(dated, feed=feed).entries[0].published)[-6:] for feed in (FEED, makassar)] == [
        "+07:00",
        "+08:00",
    ]


def test_a_zone_that_the_editor_calls_wrong_is_not_believed() -> None:
    wrong = FeedSettings(id="m", url=FEED.url, timezone="Asia/Makassar", timezone_wins=True)
    dated = element("A", more="<pubDate>Sat, 08 Jan 2022 05:06:00 +0000</pubDate>")
    assert str(read(dated, feed=wrong).entries[0].published) == "2022-01-08 05:06:00+08:00"


@pytest.mark.parametrize(
    "text", ["", "0000-00-00", "10000-01-01", "Wed, 30 Feb 2022 05:06:00 GMT", "-1", str(2**63)]
)
def test_fs_17_a_date_that_is_none_is_none(text: str) -> None:
    assert read(element("A", more=f"<pubDate>{text}</pubDate>")).entries[0].published is None


def test_fs_18_the_effective_date_is_never_ahead_and_never_before_the_web() -> None:
    soon, later = SEEN + timedelta(minutes=4), SEEN + timedelta(minutes=6)
    assert effective(soon, first_seen=SEEN) == soon
    assert effective(later, first_seen=SEEN) == SEEN
    assert effective(None, first_seen=SEEN) == SEEN
    assert effective(datetime(1989, 12, 31, tzinfo=UTC), first_seen=SEEN) == SEEN
    assert effective(datetime(2012, 1, 1, tzinfo=UTC), first_seen=SEEN) == datetime(2012, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Tim &amp; Pelatih", "Tim & Pelatih"),
        ("Tim &amp;amp; Pelatih", "Tim & Pelatih"),
        ("Tim &amp;amp;amp; Pelatih", "Tim & Pelatih"),
        ("<![CDATA[Judul <b>tebal</b>]]>", "Judul tebal"),
        ("&lt;script&gt; di HTML", "<script> di HTML"),
        ("5 &lt; 6 &gt; 4", "5 < 6 > 4"),
        ("  Judul\n  panjang ", "Judul panjang"),
        ("&lt;b&gt;x&lt;/b&gt;&lt;script&gt;1&lt;/script&gt;", "<b>x</b><script>1</script>"),
    ],
)
def test_hx_06_a_title_is_plain_text(title: str, expected: str) -> None:
    assert read(element(title)).entries[0].title == expected


def test_hx_05_a_link_that_runs_something_is_no_link() -> None:
    entry = read(element("A", "javascript:alert(1)", "g")).entries[0]
    assert (entry.url, entry.canonical_url, entry.title) == (None, None, "A")


def test_html_that_came_with_its_own_tags_escaped_is_undone_once() -> None:
    entry = read(
        element(
            "A", more="<description>&amp;lt;p&amp;gt;Air &amp;amp;amp; api&amp;lt;/p&amp;gt;</description>"
        )
    ).entries[0]
    assert (entry.summary, entry.summary_html) == ("Air & api", "<p>Air &amp; api</p>")


def test_content_and_summary_are_sanitised() -> None:
    entry = read(
        element(
            "A",
            LINK.format(1),
            more="<description><![CDATA[<p onclick=x>a</p><script>1</script>]]></description>",
        )
    ).entries[0]
    assert (entry.summary_html, entry.content_html) == ("<p>a</p>", None)


@pytest.mark.parametrize(
    ("configured", "head", "expected"),
    [("ms", "<language>en</language>", "ms"), ("", "<language>en-us</language>", "en-US"), ("", "", "id")],
)
def test_the_language_is_the_editors_then_the_feeds_then_the_texts(
    configured: str, head: str, expected: str
) -> None:
    feed = FeedSettings(id="k", url=FEED.url, language=configured)
    assert (
        read(element("Warga yang mengungsi belum bisa kembali ke rumah"), head=head, feed=feed)
        .entries[0]
        .language
        == expected
    )


def test_entries_keep_the_order_of_the_document() -> None:
    found = read(*(element(f"J{n}", LINK.format(n)) for n in range(5))).entries
    assert [(entry.position, entry.title) for entry in found] == [(n + 1, f"J{n}") for n in range(5)]


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="<&>]"), max_size=30)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=6))
def test_every_element_is_an_entry_or_quarantined_and_keys_are_stable(
    given_items: list[tuple[str, str, str]],
) -> None:
    items = [element(title, link, guid) for title, link, guid in given_items]
    first, second = read(*items), read(*items)
    assert len(first.entries) + len(first.quarantined) == len(items)
    assert first == second
    assert first.empty == len(first.quarantined)
    again = read(*items, known=stored(first))
    assert (len(again.unchanged), again.entries) == (len(first.entries), ())
    assert again.quarantined == first.quarantined


@pytest.mark.corpus
@pytest.mark.skipif(not REAL.is_dir(), reason="the corpus is not here")
def test_every_real_feed_is_read_or_told_why_not() -> None:
    quarantined, failed = [], []
    for path in sorted(REAL.iterdir()):
        before = process_time()
        try:
            found = read_feed(path.read_bytes(), url=FEED.url, content_type=None, feed=FEED, site=SITE)
        except ParseError as error:
            failed.append((path.name, error.kind))
            continue
        assert process_time() - before < 20, path.name
        quarantined += [(path.name, reason) for _, reason in found.quarantined if reason != UNSEEN]
    assert quarantined == []
    assert {kind for _, kind in failed} <= {"truncated", "not-a-feed"}
    assert len(failed) <= 2, failed
