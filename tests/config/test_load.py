"""A good feeds.toml becomes the values that it means; a file that cannot be read is told as that."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator import config
from aggregator.config.kinds import Wrong
from aggregator.config.names import region_code
from aggregator.errors import ConfigError
from aggregator.model import (
    ByteSize,
    Condition,
    Config,
    Deletions,
    Expectation,
    FeedSettings,
    LogSettings,
    OutputSettings,
    PollingSettings,
    RegionSettings,
    Republish,
    SectionSettings,
    ServerSettings,
    SiteSettings,
    StorageSettings,
)
from tests.config.fakes import FakePlaces

HERE = Path(__file__).parent
SITE = '[site]\ntitle = "Meja Kabar"\n'


def loads(text: str, **environment: str) -> Config:
    return config.loads(text, folder=Path("/srv/news"), gazetteer=FakePlaces(), environment=environment)


def fault_of(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        config.load(path, gazetteer=FakePlaces(), environment={})
    (fault,) = caught.value.faults
    assert (fault.file, fault.line, fault.column) == (str(path), 1, 1)
    return fault.message


def test_every_key_becomes_its_value() -> None:
    assert loads((HERE / "whole.toml").read_text("utf-8")) == Config(
        site=SiteSettings(
            title="Meja Kabar",
            description="Kabar dunia, sekali saja",
            url="https://feeds.example.org/",
            language="id",
            timezone="Asia/Jakarta",
            contact="redaksi@example.org",
            exclude=(Condition(headline=("slot gacor",)),),
        ),
        polling=PollingSettings(
            first_interval=timedelta(minutes=30),
            min_interval=timedelta(minutes=10),
            max_interval=timedelta(days=2),
            timeout=timedelta(seconds=20),
            max_body=ByteSize(5_000_000),
            concurrency=16,
            per_host=2,
            host_delay=timedelta(0),
            flood_limit=0,
            proxy="http://proxy.example:3128",
            allow_networks=("127.0.0.0/8", "::1/128"),
            never_fetch=("tracker.example",),
        ),
        storage=StorageSettings(
            database="postgresql://ani@db.example/news",
            keep=timedelta(days=100),
            keep_pages=timedelta(0),
            max_size=ByteSize(20_000_000_000),
        ),
        output=OutputSettings(
            directory=Path("/srv/news/public"),
            formats=("atom",),
            entries=20,
            span=None,
            backfill=None,
            republish=Republish.SUMMARY,
            regions=True,
            reasons=True,
            hub="https://hub.example/",
        ),
        server=ServerSettings(listen=""),
        log=LogSettings(level="debug", format="json"),
        feed=(
            FeedSettings(
                id="riau",
                url="https://riau.example/rss?lang=id",
                title="Riau Harian",
                language="id",
                timezone="Asia/Jakarta",
                timezone_wins=True,
                based_in="ID-RI",
                priority=-3,
                read_pages=False,
                republish=Republish.FULL,
                interval=timedelta(seconds=1),
                deletions=Deletions.HONOUR,
                exclude=(Condition(headline=("jadwal imsakiyah*",)),),
                credential="riau",
                paused=True,
                note="one\ntwo\n",
            ),
            FeedSettings(id="rferl-kz", url="https://rferl.example/kz"),
        ),
        region=(
            RegionSettings(
                id="asia-tengah",
                name="Asia Tengah",
                members=("KZ", "KG", "TJ"),
                names=("Turkestan",),
                not_names=("Riau Harian",),
                note="as the desk says",
            ),
            RegionSettings(id="KZ", names=("Astana",)),
            RegionSettings(id="dekat", members=("asia-tengah", "US-GA")),
        ),
        section=(
            SectionSettings(
                id="internasional",
                title="Internasional",
                description="Dunia",
                language="en-GB",
                include=(
                    Condition(regions=("asia-tengah", "dekat")),
                    Condition(
                        feeds=("rferl-*",),
                        categories=("World",),
                        mentions=("KZ",),
                        languages=("ru",),
                        words=("*stan",),
                    ),
                ),
                exclude=(Condition(headline=("horoskop",)),),
                entries=10,
                formerly=("dunia",),
                note="why",
            ),
        ),
        expect=(
            Expectation(
                url="https://riau.example/berita/123",
                sections=("internasional",),
                not_sections=(),
                regions=("KZ",),
                not_regions=("US",),
            ),
        ),
    )


def test_a_title_is_enough() -> None:
    loaded = loads(SITE)
    assert loaded.site == SiteSettings(title="Meja Kabar", url="http://127.0.0.1:8080/")
    assert loaded.polling == PollingSettings()
    assert not config.has_feeds(loaded)


def test_a_file_with_a_feed_has_feeds() -> None:
    assert config.has_feeds(loads(SITE + '[[feed]]\nid = "a"\nurl = "https://a.example/"\n'))


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SITE.replace("\n", "\r\n").encode())
    assert config.load(path, gazetteer=FakePlaces(), environment={}).site.title == "Meja Kabar"
    assert config.read(path) == SITE.replace("\n", "\r\n")


def test_relative_paths_start_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "feeds.toml").write_text(
        SITE + '[storage]\ndatabase = "sqlite:db/news.db"\n', "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    loaded = config.load(Path("desk/feeds.toml"), gazetteer=FakePlaces(), environment={})
    assert loaded.storage.database == f"sqlite:{tmp_path}/desk/db/news.db"
    assert loaded.output.directory == tmp_path / "desk" / "output"


def test_full_paths_stay() -> None:
    loaded = loads(
        SITE + '[storage]\ndatabase = "sqlite:/var/lib/news.db"\n[output]\ndirectory = "/var/www"\n'
    )
    assert loaded.storage.database == "sqlite:/var/lib/news.db"
    assert loaded.output.directory == Path("/var/www")


def test_the_environment_overrides_database_and_output() -> None:
    loaded = loads(
        SITE,
        AGGREGATOR_DATABASE="postgresql://ani:rahasia@db/news",
        AGGREGATOR_OUTPUT="/var/www/out",
        OTHER="x",
    )
    assert loaded.storage.database == "postgresql://ani:rahasia@db/news"
    assert loaded.output.directory == Path("/var/www/out")
    assert loads(SITE, AGGREGATOR_DATABASE="", AGGREGATOR_OUTPUT="") == loads(SITE)


def test_a_faulty_variable_is_told_by_its_name() -> None:
    with pytest.raises(ConfigError) as caught:
        loads(SITE, AGGREGATOR_DATABASE="news.db")
    assert str(caught.value).startswith('$AGGREGATOR_DATABASE:1:1: "news.db" is no database; write ')


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9000/"),
        ("0.0.0.0:80", "http://localhost:80/"),
        ("[::]:8080", "http://localhost:8080/"),
        ("[::1]:8080", "http://[::1]:8080/"),
        ("news.example:8080", "http://news.example:8080/"),
        ("", "http://localhost/"),
    ],
)
def test_links_lead_to_the_server_where_no_url_is_given(listen: str, url: str) -> None:
    assert loads(f'{SITE}[server]\nlisten = "{listen}"\n').site.url == url


def test_the_url_of_the_site_ends_in_a_slash() -> None:
    assert (
        loads(SITE + 'url = "https://feeds.example.org/news"\n').site.url == "https://feeds.example.org/news/"
    )


def test_a_region_of_the_desk_comes_before_a_known_one_of_the_same_name() -> None:
    loaded = loads(
        SITE
        + 'language = "id"\n[[region]]\nid = "tengah"\nname = "Asia Tengah"\nmembers = ["KZ"]\n'
        + '[[section]]\nid = "a"\ntitle = "A"\ninclude = { regions = ["asia tengah", "143", "Kirgizstan"] }\n'
    )
    assert loaded.section[0].include[0].regions == ("tengah", "143", "KG")


def test_a_place_is_known_by_its_name_in_the_language_of_the_site_and_in_english() -> None:
    include = '[[section]]\nid = "a"\ntitle = "A"\ninclude = { regions = ["Kirgizstan", "Kyrgyzstan"] }\n'
    assert loads(SITE + 'language = "id"\n' + include).section[0].include[0].regions == ("KG",)
    with pytest.raises(ConfigError, match="Kirgizstan"):
        loads(SITE + include)


@pytest.mark.parametrize(("given", "kept"), [("ID", "id"), ("en-gb", "en-GB"), ("ZH-hant-tw", "zh-Hant-TW")])
def test_languages_are_kept_in_their_usual_case(given: str, kept: str) -> None:
    assert loads(f'{SITE}language = "{given}"\n').site.language == kept


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "there is no such file" in fault_of(tmp_path / "feeds.toml")
    assert "a NUL" not in fault_of(tmp_path / "a\0b")


def test_a_directory_is_told(tmp_path: Path) -> None:
    assert fault_of(tmp_path).startswith("this is a directory")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "feeds.toml")
    assert fault_of(tmp_path / "feeds.toml").startswith("this is no ordinary file")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    with path.open("wb") as file:
        file.truncate(config.LARGEST_FILE + 1)
    assert fault_of(path).startswith("the file has 16,000,001 bytes")


class LockedPath(type(Path())):  # type: ignore[misc]
    """A file that may not be read: root, who may run these tests, can read every real one."""

    def read_bytes(self) -> bytes:
        raise PermissionError(13, "Permission denied")


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = LockedPath(tmp_path / "feeds.toml")
    path.write_text(SITE, "utf-8")
    assert fault_of(path).startswith("the file may not be read")


OWN_REGION = '[[region]]\nid = "asia-tengah"\nname = "Asia Tengah"\nmembers = ["KZ"]\nnames = ["Turkestan"]\n'


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("asia-tengah", "asia-tengah"),
        ("asia tengah", "asia-tengah"),
        ("Turkestan", "asia-tengah"),
        ("kz", "KZ"),
    ],
)
def test_a_place_is_named_on_the_command_line_as_in_the_file(name: str, code: str) -> None:
    assert region_code(name, loads(SITE + OWN_REGION), FakePlaces()) == code


@pytest.mark.parametrize("name", ["Kazakstann", "Georgia", ""])
def test_a_place_that_is_unknown_or_ambiguous_is_told_and_never_taken_for_a_code(name: str) -> None:
    with pytest.raises(Wrong):
        region_code(name, loads(SITE + OWN_REGION), FakePlaces())


@pytest.mark.parametrize(
    ("table", "key", "default"),
    [
        ("polling", "flood_limit", PollingSettings().flood_limit),
        ("polling", "concurrency", PollingSettings().concurrency),
        ("polling", "per_host", PollingSettings().per_host),
        ("output", "entries", OutputSettings().entries),
    ],
)
def test_a_word_where_a_number_belongs_is_answered_with_the_default(
    table: str, key: str, default: int
) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(f'{SITE}[{table}]\n{key} = "many"\n')
    (fault,) = caught.value.faults
    assert fault.message == f'{key}: "many" is no whole number; write one like {default}'
