"""Lists of feeds for an editor: each feed once, folders as sections, and a line that says what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import pytest

from aggregator import config
from aggregator.config.writing import FeedsFile
from aggregator.core import outlines
from aggregator.jobs import lists
from aggregator.jobs.places import packaged_gazetteer
from aggregator.model import Condition, Config, FeedRecord, FeedSettings, SectionSettings, SiteSettings

NOW = datetime(2022, 1, 8, tzinfo=UTC)
HEAD = '[site]\ntitle = "Meja"\n'


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


def take_in(file: FeedsFile, inner: str, *, dry_run: bool = False) -> lists.Imported:
    return lists.take_in(opml(inner), file=file, used=never, dry_run=dry_run)


def members(file: FeedsFile) -> dict[str, set[str]]:
    """The addresses that each section chooses, by its title."""
    now = loaded(file)
    urls = {feed.id: feed.url for feed in now.feed}
    return {
        section.title: {urls[each] for line in section.include for each in line.feeds}
        for section in now.section
    }


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
    assert lists.sums(imported, dry_run=False) == "imported 3 feeds and 3 sections"
    assert list(lists.notes(imported)) == [
        "1 new feed is in no section; add it to the include of one, or write a section that takes everything"
    ]


def test_the_same_list_again_changes_nothing(file: FeedsFile) -> None:
    inner = folder("Dunia", outline("https://a.example/"), outline("https://b.example/"))
    take_in(file, inner)
    before = file.path.stat()
    again = take_in(file, inner)
    assert file.path.stat().st_mtime_ns == before.st_mtime_ns
    assert lists.sums(again, dry_run=False) == "imported 0 feeds; 2 were there already"
    assert list(lists.notes(again)) == []


def test_a_dry_run_says_the_same_and_writes_nothing(file: FeedsFile) -> None:
    inner = folder("Dunia", outline("https://a.example/"), outline("|x", "Jahat"))
    planned = take_in(file, inner, dry_run=True)
    assert file.path.read_text("utf-8") == HEAD
    done = take_in(file, inner)
    assert planned == done
    assert lists.sums(planned, dry_run=True) == lists.sums(done, dry_run=False).replace(
        "imported", "would import"
    )


def test_a_dry_run_names_every_feed_and_section_and_what_is_not_taken_and_why(file: FeedsFile) -> None:
    file.path.write_text(f'{HEAD}[[feed]]\nid = "punya"\nurl = "https://there.example/"\n', "utf-8")
    inner = (
        outline("https://a.example/", "Kabar A")
        + outline("http://a.example")
        + outline("https://there.example")
        + folder("世界", *(outline(f"https://s{n}.example/") for n in range(7)))
        + "".join(outline("|x", f"Jahat {n}") for n in range(7))
        + '<outline text="Catatan"/><outline text="Daftar" type="include" url="https://b.example/x.opml"/>'
    )
    planned = take_in(file, inner, dry_run=True)
    lines = [" ".join(line.split()) for line in lists.plan(planned)]
    assert lines == [
        "feed kabar-a https://a.example/ (Kabar A)",
        *(f"feed s{n} https://s{n}.example/" for n in range(7)),
        "section section-5dcf1e 世界: s0, s1, s2, s3, s4 and 2 more",
        "there https://there.example is there already, as punya",
        "repeated http://a.example",
        *(f'refused "Jahat {n}": a command, which is never run' for n in range(7)),
        'skipped "Catatan": an empty folder or a remark',
        'skipped "Daftar": a link to another list',
    ]
    assert lists.sums(planned, dry_run=True).endswith(
        "2 skipped: an empty folder or a remark (1), a link to another list (1)"
    )
    take_in(file, inner)
    assert [each.id for each in loaded(file).feed] == ["punya", "kabar-a", *(f"s{n}" for n in range(7))]
    assert [each.id for each in loaded(file).section] == ["section-5dcf1e"]


def test_folders_in_any_script_become_sections_of_their_own(file: FeedsFile) -> None:
    titles = ["世界", "香港", "世界 News", "香港 News", "Новости", "أخبار", "한국", "🎉"]
    take_in(file, "".join(folder(each, outline(f"https://s{n}.example/")) for n, each in enumerate(titles)))
    sections = loaded(file).section
    assert [each.title for each in sections] == titles
    assert len({each.id for each in sections}) == len(titles)
    assert [each.include[0].feeds for each in sections] == [(f"s{n}",) for n in range(len(titles))]


@pytest.mark.parametrize("name", ["世界", "世界 News", "🎉"])
def test_a_folder_is_not_taken_for_a_section_whose_id_leaves_its_letters_out(
    file: FeedsFile, name: str
) -> None:
    file.path.write_text(
        HEAD + "".join(f'[[section]]\nid = "{id_}"\ntitle = "T"\n' for id_ in ("news", "section")), "utf-8"
    )
    imported = take_in(file, folder(name, outline("https://a.example/")))
    assert imported.lacking == ()
    assert [each.title for each in imported.sections] == [name]


def test_folders_beyond_the_bound_are_told(file: FeedsFile) -> None:
    many = (folder(f"F{n}", outline(f"https://s{n}.example/")) for n in range(outlines.MOST_FOLDERS + 2))
    imported = take_in(file, "".join(many))
    assert lists.sums(imported, dry_run=False) == "imported 1002 feeds and 1000 sections"
    assert list(lists.notes(imported)) == [
        "2 more folders have feeds than the 1000 that become sections; what is in such a folder went to the one "
        "around it, or into no section",
        "2 new feeds are in no section; add them to the include of one, or write a section that takes everything",
    ]


def test_a_list_full_of_what_is_refused_is_told_in_a_hundred_lines(file: FeedsFile) -> None:
    imported = take_in(file, "".join(outline("|x", f"Jahat {n}") for n in range(5000)))
    told = list(lists.notes(imported))
    assert len(told) == lists.MOST_TOLD + 1
    assert (
        told[-1] == f"{5000 - lists.MOST_NAMED - lists.MOST_TOLD} more are refused; --dry-run lists them all"
    )


def test_an_import_of_twenty_thousand_feeds_takes_seconds(file: FeedsFile) -> None:
    listed = "".join(
        folder(f"F{f}", *(outline(f"https://s{f}-{n}.example/rss", f"Kabar {f} {n}") for n in range(100)))
        for f in range(200)
    )
    before = process_time()
    imported = take_in(file, listed)
    assert process_time() - before < 20, "seconds of CPU; 3 as a rule"
    assert len(imported.feeds) == 20_000
    assert len(loaded(file).section) == 200


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
    assert list(lists.notes(imported)) == [
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
    said = lists.sums(imported, dry_run=False)
    assert said.startswith(
        'imported 1 feed; 9 refused: "Satu" (a command, which is never run), "Dua" (a file of'
    )
    assert said.endswith("and 4 more (above)")
    assert len(said.splitlines()) == 1
    assert "rahasia" not in said + file.path.read_text("utf-8")


def test_an_address_that_cannot_be_used_is_told_with_what_is_wrong_with_it(file: FeedsFile) -> None:
    inner = outline("https://a.example/ x", "Satu") + outline("https://b.example:99999/" + "x" * 1900)
    imported = take_in(file, inner)
    assert [(each.title, each.reason) for each in imported.refused] == [
        ("Satu", '"https://a.example/ x" has a blank in it'),
        (
            "a feed",
            f'"https://b.example:99999/{"x" * 46}…" is no address that can be opened',
        ),
    ]


def test_of_two_sections_with_one_title_the_first_is_the_folder(file: FeedsFile) -> None:
    sections = "".join(
        f'[[section]]\nid = "{id_}"\ntitle = "{title}"\ninclude = {{ feeds = ["x"] }}\n'
        for id_, title in (("satu", "Dunia"), ("dua", "DUNIA"))
    )
    file.path.write_text(f'{HEAD}[[feed]]\nid = "x"\nurl = "https://x.example/"\n{sections}', "utf-8")
    imported = take_in(file, folder("dunia", outline("https://a.example/")))
    assert [each.id for each in imported.lacking] == ["satu"]


def test_any_title_is_written_so_that_the_file_stays_good(file: FeedsFile) -> None:
    title = "&quot;&quot;&quot; \\ [[feed]] # &#x200e; ''' 🎉"
    take_in(file, folder(title, outline("https://a.example/", title)))
    assert loaded(file).feed[0].title == loaded(file).section[0].title == "\"\"\" \\ [[feed]] # \u200e ''' 🎉"


def exported(config: Config, *records: FeedRecord) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    listed = outlines.read(lists.export(config, records))
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
    written = lists.export(Config(site=SiteSettings(title="Meja"), feed=FEEDS, section=sections), [record])
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
    lists.take_in(lists.export(loaded(file)), file=other, used=never, dry_run=False)
    assert {feed.url for feed in loaded(other).feed} == {feed.url for feed in loaded(file).feed}
    assert members(other) == members(file)
    assert lists.export(loaded(other)) == lists.export(loaded(file))
