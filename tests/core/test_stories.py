"""Which articles are one story."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core import stories
from aggregator.model import Article, Candidate, Copy, Entry, Fingerprint, RawEntry, ReadArticle, WaitingEntry

NOW = datetime(2022, 1, 8, tzinfo=UTC)
TEXT = (
    "Warga pesisir menutup jalan utama menuju pelabuhan pada Jumat pagi untuk menolak kenaikan tarif angkutan. "
    "Mereka membentangkan spanduk dan membakar ban bekas di tengah jalan sehingga antrean truk mengular. "
    "Kepala dinas perhubungan berjanji menemui perwakilan warga sebelum akhir pekan ini juga. "
    "Sekitar 120 personel dikerahkan untuk mengatur lalu lintas dan tidak ada laporan korban luka sejauh ini."
)
OTHER = (
    "Panen raya bawang merah tahun ini diperkirakan turun akibat hujan yang tidak kunjung berhenti sejak awal musim. "
    "Petani mengeluhkan harga pupuk yang naik dua kali lipat dan meminta pemerintah daerah membuka gudang cadangan."
)


def read(
    text: str = TEXT, headline: str = "Warga Tutup Jalan", url: str | None = "https://a.example/1"
) -> ReadArticle:
    article = Article(headline=headline, text=text, canonical_url=url)
    entry = Entry(
        feed_id="a",
        key="1",
        position=1,
        guid="1",
        url=url,
        canonical_url=url,
        title=headline,
        hash="h",
        raw=RawEntry(),
    )
    return ReadArticle(
        waiting=WaitingEntry(row=1, entry=entry, first_seen=NOW, effective=NOW),
        article=article,
        regions=(),
        fingerprint=stories.fingerprint(article),
        published=NOW,
    )


def candidate(
    text: str = TEXT, headline: str = "Warga Tutup Jalan", url: str | None = "https://b.example/9"
) -> Candidate:
    return Candidate(
        row=9,
        story_id="urn:uuid:9",
        feed_id="b",
        key_in_feed="9",
        canonical_url=url,
        headline=headline,
        text=text,
        text_hash=stories.fingerprint(Article(headline=headline, text=text)).text_hash,
        published=NOW,
        shared_keys=3,
    )


def test_nothing_stored_founds_a_story() -> None:
    assert stories.assign(read(), []).rule == "first"


def test_the_same_words_are_one_story_whatever_the_marks() -> None:
    verdict = stories.assign(read(TEXT.upper().replace(",", " –")), [candidate()])
    assert (verdict.rule, verdict.score, verdict.story_id) == ("same-text", 1.0, "urn:uuid:9")


def test_a_shortened_copy_is_one_story() -> None:
    verdict = stories.assign(read(TEXT.rsplit(". ", 1)[0] + "."), [candidate()])
    assert verdict.rule == "same-text"
    assert verdict.score > 0.9


def test_another_text_is_another_story() -> None:
    assert stories.assign(read(OTHER, "Panen Bawang", None), [candidate()]).rule == "first"


def test_a_template_with_other_figures_is_another_story() -> None:
    daily = "Harga emas batangan hari ini {} rupiah per gram, naik {} rupiah dari kemarin, kata pedagang di pasar {}."
    one, other = (
        daily.format(*each) + " " + " ".join(TEXT.split()[:4])
        for each in (("942.000", "3.500", 17), ("951.250", "9.250", 18))
    )
    assert stories.assign(read(one, "Harga Emas", None), [candidate(other, "Harga Emas")]).rule == "first"


def test_the_same_address_is_one_story_when_the_headline_is() -> None:
    verdict = stories.assign(read(OTHER, url="https://b.example/9"), [candidate()])
    assert verdict.rule == "same-url"


def test_an_address_used_again_for_another_text_is_another_story() -> None:
    verdict = stories.assign(read(OTHER, "Panen Bawang", "https://b.example/9"), [candidate()])
    assert verdict.rule == "first"


def test_two_headlines_of_one_feed_are_two_stories_whatever_they_share() -> None:
    other = replace(
        candidate(url="https://a.example/1"), feed_id="a", headline="Buletin 16: celah pada surat"
    )
    assert stories.assign(read(headline="Buletin 17: celah pada gambar"), [other]).rule == "first"


def test_two_summaries_of_one_feed_that_share_a_sentence_are_two_stories() -> None:
    shared = "Polisi menahan kepala dinas perhubungan di wilayah pesisir pada Jumat, 7 Januari 2022."
    one = read(
        f"{shared} Ia dibawa ke ibu kota untuk diperiksa.",
        "Kepala Dinas Pesisir Ditahan",
        "https://a.example/1",
    )
    other = f"{shared} Bagaimana riwayat dan hartanya menurut laporan?"
    elsewhere = candidate(other, "Profil Kepala Dinas Pesisir yang Ditahan", "https://b.example/2")
    assert stories.assign(one, [elsewhere]).rule == "same-text"
    assert stories.assign(one, [replace(elsewhere, feed_id="a")]).rule == "first"


def test_an_entry_that_comes_again_under_another_id_is_one_story() -> None:
    moved = replace(candidate(url="https://a.example/1"), feed_id="a")
    assert stories.assign(read(headline="Warga tutup jalan"), [moved]).rule == "same-url"


def test_a_short_text_within_a_roundup_is_another_story() -> None:
    roundup = ". ".join(
        [OTHER, TEXT, OTHER.upper() + " lagi", "Sisanya menyusul besok pagi di halaman dalam koran ini"] * 1
    )
    short = ". ".join(TEXT.split(". ")[:1])
    assert (
        stories.assign(
            read(short, "Jalan Ditutup", None), [candidate(roundup * 3, "Lima Berita Terpopuler")]
        ).rule
        == "first"
    )


def test_scripts_without_blanks_are_compared_by_letters() -> None:
    text = (
        "哈萨克斯坦总统表示全国各地的秩序已经基本恢复执法部门仍在继续清理行动并呼吁民众留在家中等待进一步通知"
    )
    verdict = stories.assign(read(text, "秩序恢复", None), [candidate(text[:-6], "秩序")])
    assert verdict.rule == "same-text"


def test_a_text_of_a_few_words_is_found_by_nothing() -> None:
    assert stories.fingerprint(Article(headline="x", text="Selamat pagi semua.")) == Fingerprint(text_hash=0)


@given(st.text(max_size=400))
def test_a_fingerprint_is_bounded_and_the_same_at_every_run(text: str) -> None:
    one, other = (stories.fingerprint(Article(headline="", text=text)) for _ in range(2))
    assert one == other
    assert len(one.keys) <= stories.WINNOWED + stories.SMALLEST
    assert all(-(2**63) <= key < 2**63 for key in one.keys)


@pytest.mark.parametrize(
    ("priorities", "expected"),
    [({}, 2), ({"a": 5}, 1), ({"a": 5, "b": 5}, 2)],
    ids=["fullest", "priority", "tie"],
)
def test_the_lead_goes_by_priority_then_by_the_fullest_text(
    priorities: dict[str, int], expected: int
) -> None:
    one = Copy(
        row=1,
        feed_id="a",
        guid=None,
        url=None,
        published=NOW,
        first_seen=NOW,
        length=100,
        rule="first",
        score=1.0,
    )
    other = replace(one, row=2, feed_id="b", length=200, first_seen=NOW + timedelta(hours=1))
    assert stories.choose_lead(priorities)([one, other]).row == expected


def test_ids_are_minted_from_the_first_entry_alone() -> None:
    assert stories.mint("a", "1") == stories.mint("a", "1") != stories.mint("b", "1")
    assert stories.mint("a", "1").startswith("urn:uuid:")


def test_substance_ignores_blanks_and_marks_but_not_numbers() -> None:
    article = Article(headline="Naik 10 persen", text="Satu.\n\nDua.")
    assert stories.substance(article) == stories.substance(replace(article, text="Satu,  dua!"))
    assert stories.substance(article) != stories.substance(replace(article, headline="Naik 11 persen"))
