"""Languages told by script and function words, and tags as BCP 47 writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.language import detect, tag

TEXTS = {
    "id": "Warga yang mengungsi belum bisa kembali karena air masih tinggi, kata pihak kecamatan, Sabtu.",
    "ms": "Polis berkata lelaki itu ditahan di pejabat selepas beliau mengaku mencuri wang daripada kereta mangsa.",
    "en": "The minister said that the bridge would not be open before the end of the year.",
    "de": "Die Brücke wird nach Angaben der Stadt nicht vor dem Herbst für den Verkehr geöffnet.",
    "fr": "Le pont ne sera pas ouvert avant la fin de l'année, selon les autorités de la ville.",
    "es": "El puente no se abrirá hasta el final del año, según dijo el alcalde de la ciudad.",
    "pt": "A ponte não será aberta antes do fim do ano, disse a prefeitura da cidade.",
    "it": "Il ponte non sarà aperto prima della fine dell'anno, ha detto il sindaco della città.",
    "nl": "De brug gaat niet voor het einde van het jaar open, zegt de gemeente over het werk.",
    "tr": "Köprü yıl sonuna kadar açılmayacak ve bu karar belediye için çok önemli olarak görülüyor.",
    "pl": "Most nie będzie otwarty przed końcem roku, ale prace już się zaczęły, jak mówi burmistrz.",
    "ru": "Мост не откроют до конца года, сообщил мэр города, но работы уже начались.",
    "uk": "Міст не відкриють до кінця року, повідомив мер міста, але роботи вже почалися.",
    "kk": "Көпір жылдың соңына дейін ашылмайды, бұл туралы қала әкімі айтты.",
    "ar": "لن يفتح الجسر قبل نهاية العام كما قال رئيس البلدية في المدينة",
    "fa": "شهردار گفت که این پل تا پایان سال باز نمی شود و کار برای آن ادامه دارد",
    "zh": "市长说这座桥年底前不会开放",
    "ja": "市長によると橋は年末まで開通しないという",
    "ko": "시장은 다리가 연말까지 개통되지 않을 것이라고 말했다",
    "th": "นายกเทศมนตรีกล่าวว่าสะพานจะยังไม่เปิด",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_tells_its_language(language: str) -> None:
    assert detect(TEXTS[language]) == language


@pytest.mark.parametrize("text", ["", "Almaty", "12.345", "https://kabar.example/", "!!!", "Nur-Sultan 2022"])
def test_unsure_is_an_answer(text: str) -> None:
    assert detect(text) == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("in_ID", "id-ID"),
        ("EN-us", "en-US"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("id", "id"),
        ("bahasa", ""),
        ("", ""),
        ("x y", ""),
    ],
)
def test_a_tag_is_written_as_bcp_47_wants_it(given: str, expected: str) -> None:
    assert tag(given) == expected


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text: str) -> None:
    assert tag(detect(text)) == detect(text)
    assert tag(tag(text)) == tag(text)
