"""`add`, `import` and `export` as people call them: beside a daemon, without a store, and on what strangers serve."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from lxml import etree

from tests.daemon.program import Room, finished, newsfeed, one_line, until
from tests.origin import Origin, reply

LINK = 'rel="alternate" type="application/rss+xml"'


def page(*links: str) -> bytes:
    return f"<!DOCTYPE html><title>Beranda</title>{''.join(links)}".encode()


def addresses(exported: bytes | str) -> dict[str, str]:
    """The addresses of a list of feeds, with the folder of each."""
    root = etree.fromstring(exported.encode() if isinstance(exported, str) else exported)
    return {
        each.get("xmlUrl", ""): each.getparent().get("text", "")  # type: ignore[union-attr]
        for each in root.iter("outline")
        if each.get("xmlUrl")
    }


def test_a_feed_that_is_added_beside_a_daemon_is_polled_by_it(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin, Origin("127.0.0.2") as site:
        room.write(feeds={"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))})
        before = room.config.read_bytes()
        site.answer(
            "/",
            reply(
                200,
                page(f"<link {LINK} title='Siak' href='/siak'>", f"<link {LINK} title='Lain' href='/lain'>"),
            ),
        )
        site.answer("/siak", reply(200, newsfeed("siak", 4)))
        with room.daemon() as daemon:
            daemon.ready()
            until(
                lambda: room.output.joinpath("semua", "feed.json").exists() and len(room.ids()) == 3,
                "stories",
            )
            added = room.run("add", site.url("/"))
            assert added.returncode == 0, added.stderr
            assert added.stderr == ""
            assert f"found {site.url('/siak')} (Surat siak, 4 entries)" in added.stdout
            assert '    id    = "surat-siak"' in added.stdout
            (other,) = [
                line for line in added.stdout.splitlines() if line.startswith("the site also has: Lain")
            ]
            assert other.endswith(f" add {site.url('/lain')}`")
            until(lambda: len(room.ids()) == 7, "the stories of the new feed")
            again = room.run("add", site.url("/siak/"))
            assert again.returncode == 0
            assert again.stdout == (
                f"{site.url('/siak')} is in feeds.toml already, as surat-siak; nothing was written\n"
            )
        after = room.config.read_bytes()
        assert after.startswith(before)
        assert after.count(b"[[feed]]") == before.count(b"[[feed]]") + 1
        assert len(site.seen("/siak")) >= 2
        export = room.run("export")
        assert export.returncode == 0
        assert list(addresses(export.stdout)) == [origin.url("/kampar"), site.url("/siak")]
        assert 'htmlUrl="https://kampar.example/"' in export.stdout, "the store knows the site"


def test_an_id_with_stored_entries_of_a_feed_that_was_removed_is_not_given_again(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        feeds = {"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))}
        room.write(feeds={**feeds, "surat-siak": origin.answer("/old", reply(200, newsfeed("lama")))})
        assert room.run("once", "--force").returncode == 0
        room.write(feeds=feeds)
        origin.answer("/siak", reply(200, newsfeed("siak")))
        assert '"surat-siak-2"' in room.run("add", origin.url("/siak")).stdout


def test_what_cannot_be_added_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        origin.answer("/", reply(200, page()))
        room.write(feeds={"kampar": origin.url("/kampar")})
        before = room.config.read_bytes()
        for arguments, told in (
            ([origin.url("/")], "no feed found there"),
            (["http://127.0.0.9:1/"], "127.0.0.9"),
            (["http://10.0.0.1/"], "http://10.0.0.1/"),
            (["https://nama:rahasia@kabar.example/rss"], "credential = "),
            (["nama:rahasia@kabar.example/rss"], "kabar.example"),
            ([origin.url("/x"), "--id", "kampar"], "another feed has this id"),
        ):
            done = room.run("add", *arguments)
            assert done.returncode == 1, done.stdout
            assert told in one_line(done)
            assert "rahasia" not in done.stderr
        assert room.config.read_bytes() == before
        assert not room.database.exists(), "it does without a store"


def test_a_faulty_file_is_told_and_left_alone(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.write('[site]\ntitle = "Meja\n')
    (tmp_path / "list.opml").write_text("<opml><body/></opml>", "utf-8")
    for arguments in (["add", "https://kabar.example/"], ["import", "list.opml"], ["export"]):
        done = room.run(*arguments)
        assert done.returncode == 78
        assert one_line(done).startswith("feeds.toml:2:")
    assert room.config.read_text("utf-8") == '[site]\ntitle = "Meja\n'


def test_xp_05_an_import_runs_nothing_asks_nobody_and_says_what_it_refused(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        room.write(feeds={"kampar": origin.url("/kampar")})
        attack = f"touch {tmp_path}/pwned"
        (tmp_path / "list.opml").write_text(
            f"""<?xml version="1.0"?><opml version="2.0"><body>
            <outline text="Satu" xmlUrl="|{attack}"/><outline text="Dua" xmlUrl="exec:{attack}"/>
            <outline text="Tiga" filtercmd="{attack}" xmlUrl="{origin.url("/x")}"/>
            <outline text="Empat" xmlUrl="file:///etc/passwd"/>
            <outline text="Lima" xmlUrl="https://nama:rahasia@kabar.example/"/>
            <outline text="Dunia &#x1b;[31m"><outline text="Enam" xmlUrl="{origin.url("/enam")}"/>
            <outline text="Kampar" xmlUrl="{origin.url("/kampar/")}"/></outline>
            </body></opml>""",
            "utf-8",
        )
        before = room.config.read_bytes()
        dry = room.run("import", "list.opml", "--dry-run")
        assert room.config.read_bytes() == before
        done = room.run("import", "list.opml")
        assert (dry.returncode, done.returncode) == (0, 0), done.stderr
        *listed, summed = dry.stdout.splitlines(keepends=True)
        assert summed == done.stdout.replace("imported", "would import")
        assert [line.split()[0] for line in listed] == ["feed", "section", "there", *["refused"] * 5]
        assert listed[0].split() == ["feed", "enam", origin.url("/enam"), "(Enam)"]
        assert done.stdout.startswith("imported 1 feed and 1 section; 1 was there already; 5 refused: ")
        assert len(done.stdout.splitlines()) == 1
        for name in ("Satu", "Dua", "Tiga", "Empat", "Lima"):
            assert f'"{name}" (' in done.stdout
        said = done.stdout + done.stderr + dry.stderr + room.config.read_text("utf-8")
        assert "rahasia" not in said
        assert "\x1b" not in said
        assert origin.connections == 0
        assert not (tmp_path / "pwned").exists()
        assert room.config.read_bytes().startswith(before)
        assert room.run("check").returncode == 0
        exported = room.run("export")
        assert addresses(exported.stdout)[origin.url("/enam")].startswith("Dunia")
        again = room.run("import", "-", stdin=subprocess.DEVNULL)
        assert again.returncode == 1
        assert one_line(again) == "-: the document is empty"


def test_an_import_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.write(feeds={"kampar": "https://kampar.example/rss"})
    (tmp_path / "no.opml").write_text("<html><body>no", "utf-8")
    for name, told in (
        ("no.opml", "no.opml: it is no OPML"),
        ("nowhere.opml", "nowhere.opml: it cannot be read (No such file or directory)"),
        (".", ".: it cannot be read (Is a directory)"),
    ):
        done = room.run("import", name)
        assert done.returncode == 1
        assert one_line(done).startswith(told)


def test_a_list_from_stdin_is_taken_and_an_export_is_the_same_whatever_the_locale(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.write(feeds={"kampar": "https://kampar.example/rss"})
    listed = '<opml version="2.0"><body><outline text="Дүние" xmlUrl="https://dunie.example/"/></body></opml>'
    process = room.start("import", "-", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(listed)
    process.stdin.close()
    process.stdin = None
    done = finished(process)
    assert done.stdout == "imported 1 feed\n", done.stderr
    plain = room.run(
        "export", env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}, text=False
    )
    assert plain.returncode == 0
    assert "Дүние".encode() in plain.stdout
    assert set(addresses(plain.stdout)) == {"https://kampar.example/rss", "https://dunie.example/"}


def test_no_secret_of_a_feed_is_exported_or_shown(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.write(feeds={"kampar": "https://kampar.example/rss"}, feed='credential = "kampar"')
    secret = {"AGGREGATOR_CREDENTIAL_KAMPAR": "nama:rahasia"}
    for arguments in (["export"], ["add", "https://kampar.example/rss"]):
        done = room.run(*arguments, env={**os.environ, **secret})
        assert done.returncode == 0
        assert "rahasia" not in done.stdout + done.stderr


def test_a_name_that_nothing_has_is_told_as_that_even_an_empty_one(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.write(feeds={f"koran-{number}": f"https://s{number}.example/rss" for number in range(60)})
    for arguments in (
        ["once", "--feed", "{}"],
        ["release", "{}"],
        ["entries", "--feed", "{}"],
        ["stories", "--feed", "{}"],
    ):
        for given, told in (("", '"": no such feed'), ("kroan-7", "kroan-7: no such feed")):
            done = room.run(*(each.replace("{}", given) for each in arguments))
            assert done.returncode == 1
            line = one_line(done)
            assert line.startswith(told)
            assert len(line) < 200
            assert ("koran-7" in line) == bool(given)


def test_what_is_found_in_place_of_a_page_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        room.write()
        origin.answer("/mati", reply(404))
        origin.answer("/feed", reply(200, newsfeed("siak")))
        done = room.run("add", origin.url("/mati"))
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[0] == (
            f"{origin.url('/mati')}: it answered 404 Not Found; where sites usually have a feed: "
            f"found {origin.url('/feed')} (Surat siak, 3 entries)"
        )
