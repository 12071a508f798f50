"""What is appended to feeds.toml: text that means what it should, and not a byte of what is there lost."""

import os
import re
import resource
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator import config
from aggregator.config import ids, writing
from aggregator.config.writing import FeedsFile, NewFeed, NewSection, feed_block, section_block, toml_string
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Condition, Config
from tests.config.fakes import FakePlaces

HEAD = (
    '# Kepala ✓\n[site]\ntitle = "Meja"   # remark\n\n[[feed]]\nid = "satu"\nurl = "https://satu.example/"\n'
)
BLOCK = feed_block(NewFeed(id="dua", url="https://dua.example/"))

Blocks = Callable[[Config], Sequence[str]]


def two(_: Config) -> list[str]:
    return [BLOCK]


def file_of(folder: Path, text: str | bytes = HEAD) -> FeedsFile:
    path = folder / "feeds.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return FeedsFile(path=path, gazetteer=FakePlaces(), environment={})


def ids_in(file: FeedsFile) -> list[str]:
    loaded = config.load(file.path, gazetteer=FakePlaces(), environment={})
    return [feed.id for feed in loaded.feed]


@settings(max_examples=500, deadline=None)
@given(st.text())
@example('"quoted" \\back\\slash\\ """ \'\'\'')
@example("".join(map(chr, range(0xA0))))
@example("👨‍👩‍👧 e\u0301 \u202e\u2066 \ufeff\u2028\uffff\U0010ffff")
def test_any_text_is_written_as_toml_that_means_it(text: str) -> None:
    written = toml_string(text)
    assert tomllib.loads(f"x = {written}") == {"x": text}
    assert "\n" not in written
    assert "\r" not in written
    assert not set(written) & {"\x1b", "\x9b", "\u202e", "\u2066", "\ufeff"}


def test_a_lone_surrogate_becomes_a_sign_that_can_be_saved() -> None:
    assert toml_string("a\ud800b") == '"a\ufffdb"'


def test_letters_stay_readable() -> None:
    assert toml_string("Дүние – كلمة 日本 🎉") == '"Дүние – كلمة 日本 🎉"'


def test_blocks_read_as_an_editor_would_write_them(tmp_path: Path) -> None:
    assert feed_block(NewFeed(id="a", url="https://a.example/", title="A")) == (
        '[[feed]]\nid    = "a"\nurl   = "https://a.example/"\ntitle = "A"\n'
    )
    names = tuple(f"kabar-{n:03}" for n in range(40))
    block = section_block(NewSection(id="dunia", title='Dunia "kita"', feeds=names))
    assert all(len(line) < 120 for line in block.splitlines())
    file = file_of(tmp_path)
    file.append(lambda _: [*(feed_block(NewFeed(id=n, url=f"https://{n}.example/")) for n in names), block])
    (section,) = config.load(file.path, gazetteer=FakePlaces(), environment={}).section
    assert section.title == 'Dunia "kita"'
    assert all(line == Condition(feeds=line.feeds) for line in section.include)
    assert tuple(each for line in section.include for each in line.feeds) == names


@pytest.mark.parametrize(
    ("before", "between"),
    [
        (HEAD, "\n"),
        (HEAD + "\n", ""),
        (HEAD.rstrip("\n"), "\n\n"),
        (HEAD + "# a last remark", "\n\n"),
        ("\ufeff" + HEAD, "\n"),
        (HEAD + '\n[[section]]\nid = "x"\ntitle = "X"\ninclude = [\n  { feeds = ["satu"] },\n]', "\n\n"),
        (HEAD + 'note = """\nlines\n\n"""\n', "\n"),
    ],
)
def test_every_byte_that_is_there_stays(tmp_path: Path, before: str, between: str) -> None:
    file = file_of(tmp_path, before)
    assert file.append(two) == BLOCK
    assert file.path.read_bytes() == (before + between + BLOCK).encode()
    assert ids_in(file) == ["satu", "dua"]


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\r\n", ""])
def test_a_file_from_windows_keeps_its_line_ends(tmp_path: Path, bom: str, ending: str) -> None:
    before = bom + HEAD.rstrip("\n").replace("\n", "\r\n") + ending
    file = file_of(tmp_path, before)
    file.append(two)
    after = file.path.read_bytes().decode()
    assert after.startswith(before)
    assert "\n" not in after.replace("\r\n", "")
    assert ids_in(file) == ["satu", "dua"]


def test_nothing_to_add_leaves_the_very_file(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    before = file.path.stat()
    assert file.append(lambda _: []) == ""
    assert (file.path.stat().st_ino, file.path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_preview_checks_and_writes_nothing(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    assert file.preview(two) == BLOCK
    assert file.path.read_text("utf-8") == HEAD
    with pytest.raises(ConfigError):
        file.preview(lambda _: [feed_block(NewFeed(id="satu", url="https://dua.example/"))])


def test_mode_owner_and_other_attributes_stay(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    file.path.chmod(0o660)
    if os.geteuid() == 0:
        os.chown(file.path, 12345, 23456)
    labelled = True
    try:
        os.setxattr(file.path, "user.note", b"kept")
    except OSError:
        labelled = False
    before = file.path.stat()
    file.append(two)
    after = file.path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert not labelled or os.getxattr(file.path, "user.note") == b"kept"
    assert after.st_ino != before.st_ino, "replaced as a whole"
    assert os.listdir(tmp_path) == ["feeds.toml"], "nothing is left beside it"


def test_a_symbolic_link_goes_on_to_lead_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "desk").mkdir()
    real = file_of(tmp_path / "real")
    link = tmp_path / "desk" / "feeds.toml"
    (tmp_path / "desk" / "middle").symlink_to("../real/feeds.toml")
    link.symlink_to("middle")
    linked = FeedsFile(path=link, gazetteer=FakePlaces(), environment={})
    linked.append(two)
    assert link.is_symlink()
    assert not real.path.is_symlink()
    assert ids_in(real) == ["satu", "dua"]
    assert sorted(os.listdir(tmp_path / "desk")) == ["feeds.toml", "middle"]


def test_a_file_with_two_names_is_appended_to_in_place(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    other = tmp_path / "other-name"
    os.link(file.path, other)
    file.append(two)
    assert other.read_bytes() == file.path.read_bytes()
    assert file.path.stat().st_nlink == 2
    assert ids_in(file) == ["satu", "dua"]


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody may enter; root is nobody in particular there."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
        os.seteuid(os.getuid())
        folder.chmod(0o777)


def become_somebody() -> None:
    if os.getuid() == 0:
        os.seteuid(65534)


def test_a_folder_that_takes_no_new_file_is_appended_in_place(shared: Path) -> None:
    file = file_of(shared)
    file.path.chmod(0o666)
    shared.chmod(0o555)
    become_somebody()
    file.append(two)
    assert ids_in(file) == ["satu", "dua"]
    assert os.listdir(shared) == ["feeds.toml"]


@pytest.mark.system  # only root has files of two owners
def test_a_file_of_another_owner_stays_theirs(shared: Path) -> None:
    file = file_of(shared)
    file.path.chmod(0o666)
    become_somebody()
    file.append(two)
    assert ids_in(file) == ["satu", "dua"]
    assert file.path.stat().st_uid == 0
    assert os.listdir(shared) == ["feeds.toml"]


def test_a_read_only_file_is_left_alone(shared: Path) -> None:
    file = file_of(shared)
    file.path.chmod(0o444)
    become_somebody()
    with pytest.raises(
        AggregatorError, match="may not be written; its owner or root can allow it; nothing was"
    ):
        file.append(two)
    assert file.path.read_text("utf-8") == HEAD


def test_what_is_saved_meanwhile_is_not_lost(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    third = feed_block(NewFeed(id="tiga", url="https://tiga.example/"))
    seen: list[int] = []

    def while_an_editor_saves(loaded: Config) -> list[str]:
        seen.append(len(loaded.feed))
        if len(seen) == 1:
            file.path.write_text(f"{HEAD}\n{third}", "utf-8")
        return [BLOCK]

    file.append(while_an_editor_saves)
    assert seen == [1, 2]
    assert ids_in(file) == ["satu", "tiga", "dua"]


def test_several_that_add_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    names = [f"kabar-{number}" for number in range(16)]

    def add(name: str) -> str:
        return file.append(lambda _: [feed_block(NewFeed(id=name, url=f"https://{name}.example/"))])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(add, names))
    assert sorted(ids_in(file)) == sorted(["satu", *names])
    assert os.listdir(tmp_path) == ["feeds.toml"]


@pytest.mark.parametrize("in_place", [False, True])
def test_who_saves_again_and_again_wins(tmp_path: Path, in_place: bool) -> None:
    file = file_of(tmp_path)
    if in_place:
        os.link(file.path, tmp_path / "other-name")
    saved: list[str] = []

    def saving_each_time(_: Config) -> list[str]:
        saved.append(f"{HEAD}# {len(saved)}\n")
        file.path.write_text(saved[-1], "utf-8")
        return [BLOCK]

    with pytest.raises(AggregatorError, match="saves it again and again; nothing was written"):
        file.append(saving_each_time)
    assert file.path.read_text("utf-8") == saved[-1]


def test_a_file_that_is_deleted_meanwhile_is_not_made_anew(tmp_path: Path) -> None:
    file = file_of(tmp_path)

    def deleting(_: Config) -> list[str]:
        file.path.unlink()
        return [BLOCK]

    with pytest.raises(ConfigError, match="there is no such file"):
        file.append(deleting)
    assert os.listdir(tmp_path) == []


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Have the kernel refuse a write in its midst, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_write_that_fails_in_its_midst_leaves_the_file_as_it_is(tmp_path: Path, in_place: bool) -> None:
    file = file_of(tmp_path)
    if in_place:
        os.link(file.path, tmp_path / "other-name")
    names = sorted(os.listdir(tmp_path))
    with (
        no_file_longer_than(len(HEAD.encode()) + 10),
        pytest.raises(AggregatorError, match="File too large; nothing was written"),
    ):
        file.append(two)
    assert file.path.read_text("utf-8") == HEAD
    assert sorted(os.listdir(tmp_path)) == names


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[site]\ntitle = "Meja\n', "feeds.toml:2:"),
        ("", "the file is empty"),
        (HEAD + 'intervall = "15m"\n', 'did you mean "interval"?'),
        ('feed = { id = "satu", url = "https://satu.example/" }\n' + HEAD[:40], "write: [[feed]]"),
        (b"[site]\ntitle = '\xff'\n", "is not UTF-8"),
    ],
)
def test_a_file_with_faults_is_left_alone_and_they_are_told(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    file = file_of(tmp_path, text)
    before = file.path.read_bytes()
    with pytest.raises(ConfigError) as caught:
        file.append(two)
    assert told in str(caught.value)
    assert file.path.read_bytes() == before


@pytest.mark.parametrize("name", ["feeds.toml", "nowhere/feeds.toml"])
def test_a_file_that_is_not_there_is_told_as_that(tmp_path: Path, name: str) -> None:
    file = FeedsFile(path=tmp_path / name, gazetteer=FakePlaces(), environment={})
    with pytest.raises(ConfigError, match="there is no such file; `aggregator init` writes one"):
        file.append(two)


def test_what_would_be_a_fault_is_not_written(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    for wrong in (NewFeed(id="satu", url="https://x.example/"), NewFeed(id="b", url="ftp://x.example/")):
        with pytest.raises(ConfigError, match="nothing was written"):
            file.append(lambda _, wrong=wrong: [feed_block(wrong)])
    assert file.path.read_text("utf-8") == HEAD


SITE = '[site]\ntitle = "Meja"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'feed = [{ id = "satu", url = "https://satu.example/" }]\n' + SITE,
            "feeds.toml:1: feeds stand here",
        ),
        ("feed = []\n" + SITE, "feeds.toml:1: feeds stand here"),
        ("section = []\n" + HEAD, "feeds.toml:1: sections stand here"),
    ],
)
def test_feeds_in_one_list_are_refused_with_what_to_do(tmp_path: Path, text: str, told: str) -> None:
    file = file_of(tmp_path, text)
    section = section_block(NewSection(id="x", title="X", feeds=("dua",)))
    with pytest.raises(AggregatorError) as caught:
        file.append(lambda _: [BLOCK, section])
    assert told in str(caught.value)
    assert "write each as a block of its own under [[" in str(caught.value)
    assert file.path.read_text("utf-8") == text


def test_a_file_never_grows_beyond_what_can_be_read(tmp_path: Path) -> None:
    file = file_of(tmp_path, HEAD + "#" * (config.LARGEST_FILE - len(HEAD.encode()) - 10) + "\n")
    with pytest.raises(AggregatorError, match="larger than 16,000,000 bytes; nothing was written"):
        file.append(two)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://nama:rahasia@a.example/f", 'write "https://a.example/f" and credential = "NAME"'),
        ("ftp://a.example/", "only http and https can be fetched"),
        ("https://a.example/ x", "blank"),
        ("", "is empty"),
        ("https://a.example/" + "x" * 2000, "the most is 2,000"),
    ],
)
def test_a_wrong_address_is_told_as_check_tells_it(url: str, told: str) -> None:
    fault = writing.fault_of_url(url)
    assert fault is not None
    assert told in fault
    assert "rahasia" not in fault
    assert writing.fault_of_url("https://a.example/f") is None


@pytest.mark.parametrize(
    ("title", "url", "expected"),
    [
        ("Riau Pos", "https://riaupos.example/rss", "riau-pos"),
        ("Riau Pos - Berita Terkini Hari Ini dari Riau", "https://x.example/", "riau-pos"),
        (
            "Kabar Hulu Kampar Hilir Siak Sri Indrapura",
            "https://x.example/",
            "kabar-hulu-kampar-hilir-siak-sri",
        ),
        ("", "https://www.riaupos.co.id/feed", "riaupos"),
        ("RSS", "https://news.detik.com/rss", "news-detik"),
        ("24", "https://24.kg/rss", "24"),
        ("Қазақ әдебиеті", "https://q.example/", "qazaq-adebieti"),
        ("Казинформ", "https://inform.example/", "kazinform"),
        ("الجزيرة", "https://aljazeera.example/", "aljzyra"),
        ("ニュース", "https://www3.nhk.or.jp/rss", "nhk"),
        ("ニュース", "http://例え.jp/feed", "feed"),
        ("Ünïcödé", "https://a.example/", "unicode"),
        ("🎉", "https://kabar.blogspot.com/", "kabar"),
        ("", "http://127.0.0.1:8080/x", "127-0-0-1"),
        ("", "http://cafe.de/", "cafe"),
        ("x" * 5000, "https://a.example/", "x" * 32),
    ],
)
def test_an_id_is_made_of_the_title_or_the_host(title: str, url: str, expected: str) -> None:
    assert ids.feed_id(title, url) == expected


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=80), st.sampled_from(["https://a.example/", "http://[::1]/", "http://例え.jp/", "", "x"])
)
def test_every_id_that_is_made_can_stand_in_the_file(title: str, url: str) -> None:
    made = ids.Ids(["a", "feed"])
    for id_ in (made.take(ids.feed_id(title, url)), made.take(ids.feed_id(title, url))):
        assert writing.fault_of_feed_id(id_) is None
        assert id_ == id_.lower()
        assert len(id_) <= 34
    section = ids.Ids().take(ids.section_id(title))
    assert tomllib.loads(section_block(NewSection(id=section, title="x", feeds=())))
    loaded = config.loads(
        f"{HEAD}{section_block(NewSection(id=section, title='x', feeds=()))}",
        folder=Path(),
        gazetteer=FakePlaces(),
        environment={},
    )
    assert loaded.section[0].id == section


def test_ids_are_given_once_and_not_those_with_a_history() -> None:
    made = ids.Ids(["Kabar"], used=lambda id_: id_ == "kabar-2")
    assert [made.take("kabar"), made.take("kabar"), made.take("dunia")] == ["kabar-3", "kabar-4", "dunia"]
    assert ids.section_id("Feeds") == "feeds-1"


@pytest.mark.parametrize(
    ("title", "id_"),
    [
        ("Новости", "novosti"),
        ("أخبار العالم", "akhbar-alaalm"),
        ("Ειδήσεις", "eidiseis"),
        ("חדשות", "hdshvt"),
        ("ქართული", "kartuli"),
        ("Հայաստան", "hayastan"),
        ("한국", "hangug"),
        ("ガーデン", "gaden"),
        ("हिन्दी", "hindii"),
        ("বাংলা", "baanlaa"),
        ("తెలుగు", "telugu"),
    ],
)
def test_a_section_in_another_alphabet_is_called_as_it_sounds(title: str, id_: str) -> None:
    assert ids.section_id(title) == ids.whole_section_id(title) == id_


def test_a_section_in_signs_for_words_has_an_id_of_its_own_and_the_same_everywhere() -> None:
    titles = ["世界", "香港", "ไทย", "🎉", "..."]
    made = [ids.section_id(title) for title in titles]
    assert len(set(made)) == len(titles)
    assert made == [ids.section_id(title) for title in titles]
    assert all(re.fullmatch("section-[0-9a-f]{6}", each) for each in made)
    assert not any(map(ids.whole_section_id, titles))


@pytest.mark.parametrize(
    "title",
    ["世界 News", "世界ニュース", "中国 2024", "Ekonomi dan keuangan dari seluruh dunia sekarang", ""],
)
def test_an_id_that_leaves_letters_out_says_not_all_of_a_title(title: str) -> None:
    assert ids.section_id(title)
    assert ids.whole_section_id(title) == ""
