"""Languages told by script, common words and parts of words; what is declared of them; and their tags."""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.language import choose, detect, spoken_in, tag
from aggregator.core.language.data import packaged
from aggregator.core.language.stronger import _classifier

TEXTS = {
    "id": "Warga yang mengungsi belum bisa kembali karena air masih tinggi, kata pihak kecamatan, Sabtu.",
    "ms": "Polis berkata lelaki itu ditahan di pejabat selepas beliau mengaku mencuri wang daripada kereta mangsa.",
    "jv": "Warga sing ngungsi durung bisa bali amarga banyune isih dhuwur, ngono kandhane wong kecamatan.",
    "en": "The minister said that the bridge would not be open before the end of the year.",
    "de": "Die Brücke wird nach Angaben der Stadt nicht vor dem Herbst für den Verkehr geöffnet.",
    "fr": "Le pont ne sera pas ouvert avant la fin de l'année, selon les autorités de la ville.",
    "es": "El puente no se abrirá hasta el final del año, según dijo el alcalde de la ciudad.",
    "pt": "A ponte não será aberta antes do fim do ano, disse a prefeitura da cidade.",
    "it": "Il ponte non sarà aperto prima della fine dell'anno, ha detto il sindaco della città.",
    "nl": "De brug gaat niet voor het einde van het jaar open, zegt de gemeente over het werk.",
    "sv": "Bron öppnas inte före årets slut, säger kommunen, men arbetet har redan börjat och går bra.",
    "da": "Broen åbner ikke før årets slutning, siger kommunen, men arbejdet er begyndt og går godt efter planen.",
    "no": "Broen åpner ikke før årets slutt, sier kommunen, men arbeidet har begynt og det går bra nå.",
    "fi": "Silta ei avaudu ennen vuoden loppua, kertoo kaupunki, mutta työt ovat jo alkaneet ja ne jatkuvat.",
    "is": "Brúin verður ekki opnuð fyrir lok ársins, segir borgin, en verkið er hafið og það gengur vel.",
    "et": "Silda ei avata enne aasta lõppu, ütles linn, aga tööd on juba alanud ning need jätkuvad.",
    "lv": "Tiltu neatvērs pirms gada beigām, sacīja pašvaldība, bet darbi jau ir sākušies un tie turpinās.",
    "lt": "Tiltas nebus atidarytas iki metų pabaigos, sakė savivaldybė, bet darbai jau prasidėjo ir jie tęsiasi.",
    "tr": "Köprü yıl sonuna kadar açılmayacak ve bu karar belediye için çok önemli olarak görülüyor.",
    "az": "Körpü ilin sonuna qədər açılmayacaq və bu qərar bələdiyyə üçün çox vacib olaraq qeyd edilib.",
    "uz": "Ko'prik yil oxirigacha ochilmaydi, bu haqida shahar hokimi aytdi va ishlar davom etadi.",
    "pl": "Most nie będzie otwarty przed końcem roku, ale prace już się zaczęły, jak mówi burmistrz.",
    "cs": "Most nebude otevřen před koncem roku, uvedl starosta, ale práce už začaly a pokračují.",
    "sk": "Most nebude otvorený pred koncom roka, uviedol starosta, ale práce už začali a pokračujú ďalej.",
    "hu": "A hidat nem nyitják meg az év vége előtt, közölte a város, de a munka már megkezdődött.",
    "ro": "Podul nu va fi deschis până la sfârșitul anului, a spus primarul, dar lucrările au început deja.",
    "hr": "Most neće biti otvoren prije kraja godine, rekao je gradonačelnik, ali su radovi već počeli.",
    "sq": "Ura nuk do të hapet para fundit të vitit, tha kryetari i bashkisë, por punimet kanë filluar.",
    "vi": "Cây cầu sẽ không được mở trước cuối năm, theo lời của thành phố, nhưng công việc đã bắt đầu.",
    "fil": "Hindi bubuksan ang tulay bago matapos ang taon, ayon sa alkalde, pero nagsimula na ang mga trabaho.",
    "sw": "Daraja hilo halitafunguliwa kabla ya mwisho wa mwaka, alisema meya, lakini kazi imeanza.",
    "ca": "El pont no s'obrirà fins al final de l'any, segons l'ajuntament, però les obres ja han començat.",
    "ru": "Мост не откроют до конца года, сообщил мэр города, но работы уже начались.",
    "uk": "Міст не відкриють до кінця року, повідомив мер міста, але роботи вже почалися.",
    "be": "Мост не адкрыюць да канца года, паведаміў мэр горада, але працы ўжо пачаліся.",
    "bg": "Мостът няма да бъде отворен преди края на годината, каза кметът, но работата вече започна.",
    "mk": "Мостот нема да биде отворен пред крајот на годината, изјави градоначалникот, но работите веќе почнаа.",
    "sr": "Мост неће бити отворен пре краја године, рекао је градоначелник, али су радови већ почели.",
    "kk": "Көпір жылдың соңына дейін ашылмайды, бұл туралы қала әкімі айтты.",
    "ky": "Көпүрө жылдын аягына чейин ачылбайт, бул тууралуу шаар мэри айтты.",
    "tg": "Пул то охири сол кушода намешавад, гуфт раиси шаҳр, аммо корҳо оғоз шудаанд.",
    "mn": "Гүүрийг оны эцэс хүртэл нээхгүй гэж хотын дарга хэлсэн бөгөөд ажил эхэлсэн байна.",
    "ar": "لن يفتح الجسر قبل نهاية العام كما قال رئيس البلدية في المدينة",
    "fa": "شهردار گفت که این پل تا پایان سال باز نمی شود و کار برای آن ادامه دارد",
    "ur": "میئر نے کہا کہ یہ پل سال کے آخر تک نہیں کھلے گا لیکن کام شروع ہو گیا ہے",
    "ps": "ښاروال وویل چې دا پل به د کال تر پایه پورې خلاص نه شي خو کار یې پیل شوی دی",
    "he": "הגשר לא ייפתח לפני סוף השנה, אמר ראש העיר, אבל העבודות כבר החלו",
    "hi": "महापौर ने कहा कि यह पुल साल के अंत से पहले नहीं खुलेगा लेकिन काम शुरू हो गया है",
    "mr": "हा पूल वर्षाच्या अखेरीपर्यंत उघडणार नाही असे महापौरांनी सांगितले आणि काम सुरू झाले आहे",
    "ne": "यो पुल वर्षको अन्त्यसम्म नखुल्ने मेयरले बताए तर काम सुरु भएको छ",
    "zh": "市长说这座桥年底前不会开放",
    "ja": "市長によると橋は年末まで開通しないという",
    "ko": "시장은 다리가 연말까지 개통되지 않을 것이라고 말했다",
    "th": "นายกเทศมนตรีกล่าวว่าสะพานจะยังไม่เปิด",
    "el": "Η γέφυρα δεν θα ανοίξει πριν από το τέλος του χρόνου",
    "ka": "ხიდი წლის ბოლომდე არ გაიხსნება",
    "hy": "Կամուրջը չի բացվի մինչև տարեվերջ",
    "bn": "মেয়র বলেছেন সেতুটি বছরের শেষের আগে খুলবে না",
    "ta": "பாலம் ஆண்டு இறுதிக்கு முன் திறக்கப்படாது",
    "my": "တံတားကို နှစ်ကုန်မတိုင်မီ ဖွင့်မည်မဟုတ်ပါ",
    "km": "ស្ពាននឹងមិនបើកមុនចុងឆ្នាំទេ",
    "am": "ድልድዩ ከዓመቱ መጨረሻ በፊት አይከፈትም",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_tells_its_language(language: str) -> None:
    assert detect(TEXTS[language]) == language


@pytest.mark.parametrize(
    "text",
    ["", "Almaty", "12.345", "https://kabar.example/", "!!!", "Nur-Sultan 2022", "@kabar #foto", "<br>"],
)
def test_unsure_is_an_answer(text: str) -> None:
    assert detect(text) == ""


def test_tags_addresses_and_entities_are_in_no_language() -> None:
    wrapped = f'<p class="the of and to in a is that for on was with">{TEXTS["id"]}</p>&nbsp;https://the.example/of/and'
    assert detect(wrapped) == "id"


# -- tags


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("in_ID", "id-ID"),
        ("in", "id"),
        ("id_ID", "id-ID"),
        ("id_ID.UTF-8", "id-ID"),
        ("ID", "id"),
        ("ind", "id"),
        ("Bahasa Indonesia", "id"),
        ("bahasa", "id"),
        ("Indonesian", "id"),
        ("indonesia", "id"),
        ("Bahasa Melayu", "ms"),
        ("may", "ms"),
        ("english", "en"),
        ("English (US)", "en"),
        ("EN-us", "en-US"),
        ("en-us, id", "en-US"),
        ("American English", "en-US"),
        ("ru-RU", "ru-RU"),
        ("русский", "ru"),
        ("Қазақ тілі", "kk"),
        ("العربية", "ar"),
        ("iw", "he"),
        ("cmn", "zh"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("ZH_TW", "zh-TW"),
        ("sr-LATN", "sr-Latn"),
        ("tl", "fil"),
        ("Deutsch", "de"),
        ("rus", "ru"),
        ("es-419", "es-419"),
        ("de-CH-1996", "de-CH-1996"),
        ("x y", ""),
        ("", ""),
        ("   ", ""),
        ("und", ""),
        ("mul", ""),
        ("C.UTF-8", ""),
        ("RSS", ""),
        ("default", ""),
        ("utf-8", ""),
        ("1", ""),
        ("<b>en</b>", ""),
    ],
)
def test_a_tag_is_written_as_bcp_47_wants_it(given: str, expected: str) -> None:
    assert tag(given) == expected


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text: str) -> None:
    assert tag(detect(text)) == detect(text)
    assert tag(tag(text)) == tag(text)


# -- what is declared

LONG = {language: f"{text} " * 3 for language, text in TEXTS.items()}


@pytest.mark.parametrize(
    ("declared", "text", "expected"),
    [
        ("en-US", "id", "id"),  # as WordPress is installed
        ("en", "ar", "ar"),
        ("en-US", "ja", "ja"),
        ("en-US", "th", "th"),
        ("id", "en", "en"),
        ("ru", "kk", "kk"),
        ("ru", "uk", "uk"),
        ("en-GB", "en", "en-GB"),
        ("id-ID", "id", "id-ID"),
        ("ms", "id", "ms"),  # alike: whoever declares is believed
        ("id", "ms", "id"),
        ("id", "jv", "id"),
        ("sr", "hr", "sr"),
        ("nb", "no", "nb"),
        ("zh-TW", "zh", "zh-TW"),
        ("la", "la", "la"),
        ("", "id", "id"),
    ],
)
def test_what_is_declared_holds_unless_the_text_clearly_belies_it(
    declared: str, text: str, expected: str
) -> None:
    assert choose(declared, LONG.get(text, "Gallia est omnis divisa in partes tres")) == expected


def test_a_short_text_belies_nobody() -> None:
    assert choose("en", "Warga yang mengungsi") == "en"
    assert choose("en", "") == "en"
    assert choose("en", "Almaty, Astana, Bishkek 2022") == "en"


def test_a_text_that_says_too_little_is_in_the_language_of_its_feed() -> None:
    assert choose("", "Almaty", feed="kk") == "kk"
    assert choose("", "Almaty") == ""
    assert choose("", TEXTS["en"], feed="id") == "en"


def test_indonesian_against_malay_is_decided_by_the_feed() -> None:
    assert choose("", TEXTS["ms"], feed="id") == "id"
    assert choose("", TEXTS["id"], feed="ms") == "ms"


def test_a_feed_is_in_the_language_that_its_entries_show_together() -> None:
    titles = [
        "Banjir surut",
        "Warga pulang",
        "Polisi tangkap dua tersangka",
        "Harga cabai naik",
        "Jembatan dibuka",
    ]
    assert spoken_in("", titles) == "id"
    assert spoken_in("en-US", [TEXTS["id"], *titles]) == "id"
    assert spoken_in("en-US", [TEXTS["en"]]) == "en-US"
    assert spoken_in("ms", [TEXTS["id"], *titles]) == "ms"
    assert spoken_in("", []) == ""


def test_the_country_of_a_host_decides_where_the_texts_of_indonesia_and_malaysia_do_not() -> None:
    either = [
        "Orang yang tidak ada di rumah itu akan kembali pada hari ini",
        "Tahun ini mereka masih di sini",
    ]
    found = {host: spoken_in("", either, host=host) for host in ("a.co.id", "a.com.my", "a.com")}
    assert (found["a.co.id"], found["a.com.my"]) == ("id", "ms")
    assert found["a.com"] in {"id", "ms"}
    assert spoken_in("", [LONG["ms"]], host="a.co.id") == "ms"
    assert spoken_in("", [LONG["en"]], host="a.co.id") == "en"


# -- the data


def test_what_tells_a_language_is_written_as_it_is_looked_for() -> None:
    for tells in packaged().known.values():
        for word in tells.words:
            assert word == word.lower(), word
            assert "’" not in word
        for part in tells.parts:
            assert part.strip(" "), tells.language
    assert len(packaged().known) >= 60


# -- the extra


class Identifier:
    """As py3langid has it."""

    asked: list[str]

    def __init__(self) -> None:
        self.asked = []

    @classmethod
    def from_pickled_model(cls, path: str) -> "Identifier":
        assert path == "model"
        return cls()

    def set_languages(self, languages: list[str]) -> None:
        assert {"id", "ms", "kk"} <= set(languages)

    def classify(self, text: str) -> tuple[str, float]:
        self.asked.append(text)
        return "nb" if "skisenter" in text else "tl", 0.9


@pytest.fixture
def stronger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    library = ModuleType("py3langid.langid")
    library.LanguageIdentifier = Identifier  # type: ignore[attr-defined]
    library.MODEL_FILE = "model"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "py3langid", ModuleType("py3langid"))
    monkeypatch.setitem(sys.modules, "py3langid.langid", library)
    _classifier.cache_clear()
    yield
    _classifier.cache_clear()


@pytest.mark.usefixtures("stronger")
def test_the_extra_is_asked_where_our_own_look_settles_nothing() -> None:
    assert detect("Nytt skisenter Trysilfjellet Lillehammer") == "no"
    assert detect("Barangay Tanza Navotas Malabon") == "fil"
    assert detect(TEXTS["id"]) == "id"
    assert detect("Almaty") == ""
    assert detect("") == ""


def test_without_the_extra_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py3langid", None)
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    _classifier.cache_clear()
    assert detect("Barangay Tanza Navotas Malabon") == ""
    _classifier.cache_clear()
