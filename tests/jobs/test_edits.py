"""What is written for an editor: each feed once, folders as sections, and a line that says what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator import config
from aggregator.config.writing import FeedsFile
from aggregator.core import outlines
from aggregator.errors import AggregatorError
from aggregator.jobs import edits
from aggregator.jobs.places import packaged_gazetteer
from aggregator.jobs.services import Services
from aggregator.model import Condition, Config, FeedRecord, FeedSettings, SectionSettings, SiteSettings
from tests.jobs.conftest import NOW, Web, entry_xml, rss

HEAD = '[site]\ntitle = "Meja"\n'
NEWS = rss(entry_xml(1, "Judul"), title="Riau Pos")


def never(_: str) -> bool:
    return False


def outline(url: str, title: str = "") -> str:
    return f'<outline text="{title}" xmlUrl="{url}"/>'


def opml(inner: str) -> bytes:
    return f"<opml version='2.0'><body>{inner}</body></opml>".encode()


def folder(name: str, *inner: str) -> str:
    return f'<outline text="{name}">{"".join(inner)}</outline>'


@pytest.fixture
def file(tmp_path: Path) -> FeedsFile:
    path = tmp_path / "feeds.toml"
    path.write_text(HEAD, "utf-8")
    return FeedsFile(path=path, gazetteer=packaged_gazetteer(), environment={})


def loaded(file: FeedsFile) -> Config:
    return config.load(file.path, gazetteer=file.gazetteer, environment={})


def take_in(file: FeedsFile, inner: str, *, dry_run: bool = False) -> edits.Imported:
    return edits.take_in(opml(inner), file=file, used=never, dry_run=dry_run)


def members(file: FeedsFile) -> dict[str, set[str]]:
    """The addresses that each section chooses, by its title."""
    now = loaded(file)
    urls = {feed.id: feed.url for feed in now.feed}
    return {
        section.title: {urls[each] for line in section.include for each in line.feeds}
        for section in now.section
    }


@pytest.mark.anyio
async def test_a_feed_is_found_named_and_appended(file: FeedsFile, services: Services, web: Web) -> None:
    web.answers["https://riaupos.example/feed"] = NEWS
    added = await edits.add("riaupos.example", file=file, edges=services, used=never, now=NOW)
    assert (added.id, added.there) == ("riau-pos", None)
    assert added.text == '[[feed]]\nid    = "riau-pos"\nurl   = "https://riaupos.example/feed"\n'
    assert file.path.read_text("utf-8") == f"{HEAD}\n{added.text}"
    assert added.untaken, "there is no section at all"


@pytest.mark.anyio
@pytest.mark.parametrize("url", ["http://www.kampar.example/rss/", "kampar.example/rss"])
async def test_a_feed_that_is_there_is_not_even_asked(
    file: FeedsFile, services: Services, web: Web, url: str
) -> None:
    added = await edits.add(url, file=file, edges=services, used=never, now=NOW)
    assert added.there is not None
    assert (added.there.id, added.text) == ("kampar", "")
    assert web.asked == []
    assert file.path.read_text("utf-8") == HEAD


@pytest.mark.anyio
async def test_a_feed_that_somebody_else_adds_meanwhile_is_not_written_twice(
    file: FeedsFile, services: Services, web: Web
) -> None:
    web.answers["https://riaupos.example/feed"] = NEWS
    await edits.add("riaupos.example", file=file, edges=services, used=never, now=NOW)
    before = file.path.read_bytes()
    again = await edits.add("riaupos.example", file=file, edges=services, used=never, now=NOW)
    assert again.there is not None
    assert again.there.id == "riau-pos"
    assert file.path.read_bytes() == before


@pytest.mark.anyio
async def test_an_id_may_be_chosen(file: FeedsFile, services: Services, web: Web) -> None:
    web.answers["https://riaupos.example/rss"] = NEWS
    url = "https://riaupos.example/rss"
    added = await edits.add(url, wanted="Pos_1", file=file, edges=services, used=lambda _: True, now=NOW)
    assert [feed.id for feed in loaded(file).feed] == ["Pos_1"] == [added.id]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("wanted", "told"),
    [("kampar", "--id kampar: another feed has this id"), ("a b", '--id "a b" cannot be an id')],
)
async def test_an_id_that_cannot_be_is_told_before_anything_is_asked(
    file: FeedsFile, services: Services, web: Web, wanted: str, told: str
) -> None:
    with pytest.raises(AggregatorError) as caught:
        await edits.add("riaupos.example", wanted=wanted, file=file, edges=services, used=never, now=NOW)
    assert told in str(caught.value)
    assert web.asked == []


@pytest.mark.anyio
async def test_an_id_with_the_history_of_another_feed_is_not_given(
    file: FeedsFile, services: Services, web: Web
) -> None:
    web.answers["https://riaupos.example/feed"] = NEWS
    added = await edits.add(
        "riaupos.example", file=file, edges=services, used=lambda id_: id_ == "riau-pos", now=NOW
    )
    assert added.id == "riau-pos-2"


def test_folders_become_sections_with_their_feeds(file: FeedsFile) -> None:
    imported = take_in(
        file,
        outline("https://a.example/", "A Kabar")
        + folder(
            "Dunia", outline("https://b.example/", "B Kabar"), folder("Asia", outline("https://c.example/"))
        )
        + folder("Olahraga", outline("http://b.example")),
    )
    assert [feed.title for feed in loaded(file).feed] == ["A Kabar", "B Kabar", ""]
    assert members(file) == {
        "Dunia": {"https://b.example/"},
        "Dunia / Asia": {"https://c.example/"},
        "Olahraga": {"https://b.example/"},
    }
    assert [section.id for section in loaded(file).section] == ["dunia", "dunia-asia", "olahraga"]
    assert edits.sums(imported, dry_run=False) == "imported 3 feeds and 3 sections"
    assert list(edits.notes(imported)) == [
        "1 new feed is in no section; add it to the include of one, or write a section that takes everything"
    ]


def test_the_same_list_again_changes_nothing(file: FeedsFile) -> None:
    inner = folder("Dunia", outline("https://a.example/"), outline("https://b.example/"))
    take_in(file, inner)
    before = file.path.stat()
    again = take_in(file, inner)
    assert file.path.stat().st_mtime_ns == before.st_mtime_ns
    assert edits.sums(again, dry_run=False) == "imported 0 feeds; 2 were there already"
    assert list(edits.notes(again)) == []


def test_a_dry_run_says_the_same_and_writes_nothing(file: FeedsFile) -> None:
    inner = folder("Dunia", outline("https://a.example/"), outline("|x", "Jahat"))
    planned = take_in(file, inner, dry_run=True)
    assert file.path.read_text("utf-8") == HEAD
    done = take_in(file, inner)
    assert planned == done
    assert edits.sums(planned, dry_run=True) == edits.sums(done, dry_run=False).replace(
        "imported", "would import"
    )


def test_feeds_that_are_there_go_into_the_new_sections_by_their_id(file: FeedsFile) -> None:
    file.path.write_text(HEAD + '[[feed]]\nid = "punya-kita"\nurl = "http://www.a.example/"\n', "utf-8")
    take_in(file, folder("Dunia", outline("https://a.example", "Lain"), outline("https://b.example/")))
    (section,) = loaded(file).section
    assert section.include == (Condition(feeds=("punya-kita", "b")),)
    assert loaded(file).feed[0].title == ""


def test_a_section_that_is_there_stays_and_what_it_lacks_is_told(file: FeedsFile) -> None:
    section = '[[section]]\nid = "dunia"\ntitle = "Kabar Dunia"\ninclude = { feeds = ["b*"] }\n'
    file.path.write_text(
        f'{HEAD}[[feed]]\nid = "b1"\nurl = "https://b.example/"\n[[section]]\nid = "semua"\ntitle = "Semua"\n{section}',
        "utf-8",
    )
    imported = take_in(
        file,
        folder("Dunia", outline("https://a.example/"), outline("https://b.example/"))
        + folder("KABAR DUNIA", outline("https://c.example/"))
        + folder("Semua", outline("https://d.example/")),
    )
    assert section in file.path.read_text("utf-8")
    assert [each.id for each in loaded(file).section] == ["semua", "dunia"]
    assert list(edits.notes(imported)) == [
        'section "dunia" is there already and stays as it is; to have it take 1 feed more of the folder, put into '
        'its include: { feeds = ["a"] }',
        'section "dunia" is there already and stays as it is; to have it take 1 feed more of the folder, put into '
        'its include: { feeds = ["c"] }',
    ]


def test_a_section_gets_no_id_that_another_one_has_or_had(file: FeedsFile) -> None:
    file.path.write_text(
        f'{HEAD}[[feed]]\nid = "x"\nurl = "https://x.example/"\n'
        '[[section]]\nid = "internasional"\ntitle = "I"\nformerly = ["dunia"]\n',
        "utf-8",
    )
    take_in(
        file, folder("Dunia", outline("https://a.example/")) + folder("Feeds", outline("https://b.example/"))
    )
    assert [each.id for each in loaded(file).section] == ["internasional", "dunia-2", "feeds-1"]


def test_titles_that_are_alike_give_ids_that_are_not(file: FeedsFile) -> None:
    take_in(file, "".join(outline(f"https://s{n}.example/", "Kabar") for n in range(3)))
    assert [feed.id for feed in loaded(file).feed] == ["kabar", "kabar-2", "kabar-3"]


def test_xp_05_what_is_refused_is_counted_and_named_and_the_rest_is_taken(file: FeedsFile) -> None:
    imported = take_in(
        file,
        outline("|touch pwned", "Satu")
        + outline("file:///etc/passwd", "Dua")
        + outline("https://nama:rahasia@a.example/", "Tiga")
        + outline("https://b.example/ x", "Empat")
        + outline("https://c.example/", "Lima")
        + "".join(outline("exec:x", f"Lagi {n}") for n in range(5)),
    )
    assert [feed.url for feed in loaded(file).feed] == ["https://c.example/"]
    said = edits.sums(imported, dry_run=False)
    assert said.startswith(
        'imported 1 feed; 9 refused: "Satu" (a command, which is never run), "Dua" (a file of'
    )
    assert said.endswith("and 4 more (above)")
    assert len(said.splitlines()) == 1
    assert "rahasia" not in said + file.path.read_text("utf-8")


def test_any_title_is_written_so_that_the_file_stays_good(file: FeedsFile) -> None:
    title = "&quot;&quot;&quot; \\ [[feed]] # &#x202e; ''' 🎉"
    take_in(file, folder(title, outline("https://a.example/", title)))
    assert loaded(file).feed[0].title == loaded(file).section[0].title == "\"\"\" \\ [[feed]] # \u202e ''' 🎉"


def exported(config: Config, *records: FeedRecord) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    listed = outlines.read(edits.export(config, records))
    return {each.url: (each.title, each.link, each.folders) for each in listed.feeds}


FEEDS = (
    FeedSettings(id="a-1", url="https://a.example/", title="A", credential="rahasia"),
    FeedSettings(id="a-2", url="https://b.example/?x=1&y=2"),
    FeedSettings(id="c", url="https://c.example/", paused=True),
)


def test_sections_that_choose_their_feeds_by_name_are_the_folders() -> None:
    sections = (
        SectionSettings(id="semua", title="Semua"),
        SectionSettings(id="dua", title="Dua <&>", include=(Condition(feeds=("a-*",)),)),
        SectionSettings(
            id="tiga", title="Tiga", include=(Condition(feeds=("c",)), Condition(feeds=("a-2",)))
        ),
        SectionSettings(id="asia", title="Asia", include=(Condition(feeds=("c",), regions=("KZ",)),)),
    )
    record = FeedRecord(
        id="a-2",
        url="https://b.example/?x=1&y=2",
        title="Nama\x00 \x1b[31mB",
        link="https://nama:kunci@b.example/depan",
        added_at=NOW,
        next_due=NOW,
    )
    found = exported(Config(site=SiteSettings(title="Meja"), feed=FEEDS, section=sections), record)
    assert found == {
        "https://a.example/": ("A", "", ("Dua <&>",)),
        "https://b.example/?x=1&y=2": ("Nama [31mB", "https://b.example/depan", ("Dua <&>", "Tiga")),
        "https://c.example/": ("c", "", ("Tiga",)),
    }
    written = edits.export(Config(site=SiteSettings(title="Meja"), feed=FEEDS, section=sections), [record])
    assert b"rahasia" not in written
    assert b"kunci" not in written
    assert b'version="2.0"' in written


def test_what_is_exported_and_imported_is_the_same_feeds_and_folders(file: FeedsFile, tmp_path: Path) -> None:
    take_in(
        file,
        outline("https://loose.example/", "Lepas")
        + folder(
            "Dunia",
            outline("https://a.example/?x=1&amp;y=2", "A &amp; B"),
            folder("Asia", outline("https://c.example/")),
        )
        + folder(
            "Олжаbasqa", outline("https://a.example/?x=1&amp;y=2"), outline("https://d.example/", "Дүние")
        ),
    )
    other = FeedsFile(path=tmp_path / "other.toml", gazetteer=file.gazetteer, environment={})
    other.path.write_text(HEAD, "utf-8")
    edits.take_in(edits.export(loaded(file)), file=other, used=never, dry_run=False)
    assert {feed.url for feed in loaded(other).feed} == {feed.url for feed in loaded(file).feed}
    assert members(other) == members(file)
    assert edits.export(loaded(other)) == edits.export(loaded(file))
