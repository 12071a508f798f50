"""Which language a text is in, by its script and its function words; unsure is an answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from aggregator.core.text import words

# Words that carry grammar and no topic, so that they stand in any text of a few sentences.
FUNCTION_WORDS: Final[Mapping[str, frozenset[str]]] = {
    language: frozenset(listed.split())
    for language, listed in {
        "id": "yang dan di ke dari untuk pada dengan ini itu dalam tidak adalah akan juga oleh karena saat"
        " telah bisa sudah para atau sebagai hingga usai jadi bahwa kata pihak tersebut belum kepada"
        " setelah ia mereka warga polisi hari lebih agar saja namun secara bagi serta antara lain soal tak"
        " bakal jumat sabtu beberapa uang kantor mobil karena berbeda",
        "ms": "yang dan di ke dari untuk pada dengan ini itu dalam tidak adalah akan juga oleh kerana ialah"
        " telah boleh sudah para atau sebagai hingga selepas bahawa pihak tersebut belum kepada beliau"
        " mereka polis wang pejabat kereta berkata ketika turut mahu jumaat ahad isnin selasa rabu khamis"
        " sabtu iaitu bagi manakala daripada seorang sebanyak malah namun katanya lebih agar",
        "en": "the of and to in a is that for on was with as it by at from has are be this an have not he his"
        " were after will their they who its but said which been new over more about out than into would"
        " could",
        "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an"
        " werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum nur"
        " oder aber vor zur bis mehr",
        "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont"
        " avec aux d'un d'une cette ont son ses mais comme ou leur être été deux après n'est c'est l'on",
        "es": "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha"
        " me sin sobre este ya entre cuando todo esta ser son dos también fue había era muy hasta desde",
        "pt": "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu"
        " sua ou quando muito nos já eu também só pelo pela até isso ela entre depois sem mesmo aos foi"
        " são está",
        "it": "di e il la che in a per un è del non una da con i si della le al sono come nel dei più alla ha"
        " gli lo anche ma delle dal nella suo sua se o ci degli questo dopo essere stato due tra",
        "nl": "de van het een en in is dat op te zijn met voor die niet aan er om ook als dan maar bij nog uit"
        " door naar heeft hij ze wordt over tot werd meer worden deze was we kan geen jaar na",
        "tr": "ve bir bu da de için ile olarak çok daha olan gibi en kadar sonra ne ya her o ama değil var mi"
        " mı ki ancak göre yeni olduğunu oldu tarafından ise yok üzerinde",
        "pl": "w i na z do że się nie to jest o po jak przez dla od za co są tym ma ale oraz jego być był tego"
        " już tylko przed które który która ze lub może także było",
        "ro": "de și în a la cu pe care din un o nu pentru este că au fost mai dar ca sunt prin după dintre lui"
        " să",
        "sv": "och i att det som en på är av för med till den har de inte om ett men var sig så från vid när"
        " kan",
        "vi": "và của là có trong được cho không một các với những người này đã tại khi để từ về ông ra theo",
        "uz": "va bilan uchun bu ham bir deb edi yil haqida bo'yicha o'zbekiston bo'lgan bo'ldi kerak emas"
        " boʻyicha",
        "tl": "ang ng sa na mga ay at ni si hindi para ito kay nang ko niya may mula kung",
        "ru": "и в на не что с по как из это за от у о для к его но он также был года было или при после до же"
        " все который чтобы их она они мы бы том со только уже во сообщил рублей",
        "uk": "і в на не що з та у до за як від це про для його але він також був року або при після які який"
        " щоб їх вона вони ми ще під вже якщо та є цього повідомив",
        "be": "і ў на не што з да у за як ад гэта пра для яго але ён таксама быў года або пры пасля якія які"
        " каб",
        "kk": "және мен бұл үшін деп бір осы туралы болып екі жаңа жылы бойынша да де қазақстан еді бар емес ол"
        " кейін арқылы дейін болды керек өз әлі бірақ сондай-ақ",
        "ky": "жана менен бул үчүн деп бир бул тууралуу болуп эки жаңы жылы боюнча да кыргызстан эле бар эмес"
        " ал кийин аркылуу чейин болду керек өз бирок ошондой",
        "tg": "ва дар аз ба ки бо барои ин он аст тоҷикистон шуд буд низ як мешавад карда мекунад дигар онҳо",
        "mn": "нь байна болон юм энэ гэж монгол улсын тухай бол хийж байгаа",
        "bg": "на и да се за от в с че по са не е като до са към при след това ще беше",
        "sr": "и у је да на се за од са су о који а не као што",
        "ar": "في من على إلى أن التي عن الذي مع هذا هذه بعد كان ما لا قال بين كما أو ذلك خلال وفي وقد",
        "fa": "در به از که این با را است برای آن بود شد می خود تا یک های کرد گفت پس هم بر",
        "ur": "کے میں کی سے ہے نے کا اور پر کو ہیں کہ یہ اس بھی تھا",
        "ps": "د په چې او له کې ته سره هم یو دی دا شوي",
        "hi": "के में की है और से को का ने पर कि यह भी हैं एक था",
        "mr": "आहे आणि या व हे की ते आहेत नाही होते",
        "ne": "को र मा छ लाई ले पनि हो छन् गरेको भएको",
    }.items()
}
# Letters that only some languages of a script write.
LETTERS: Final = (
    ("kk", "әғқңұһ", ("kk",)),
    ("uk", "їєґ", ("uk",)),
    ("be", "ў", ("be",)),
    ("tg", "ҷӣӯҳ", ("tg",)),
    ("fa", "پچژگ", ("fa", "ur", "ps")),
    ("ur", "ٹڈڑںے", ("ur",)),
    ("vi", "ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệ", ("vi",)),
)
# First and last code point of a script, and the language or the languages it stands for.
SCRIPTS: Final = (
    (0x0041, 0x024F, "latin"),
    (0x1E00, 0x1EFF, "latin"),
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0530, 0x058F, "hy"),
    (0x0590, 0x05FF, "he"),
    (0x0600, 0x077F, "arabic"),
    (0x0900, 0x097F, "devanagari"),
    (0x0980, 0x09FF, "bn"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0C80, 0x0CFF, "kn"),
    (0x0D00, 0x0D7F, "ml"),
    (0x0D80, 0x0DFF, "si"),
    (0x0E00, 0x0E7F, "th"),
    (0x0E80, 0x0EFF, "lo"),
    (0x1000, 0x109F, "my"),
    (0x10A0, 0x10FF, "ka"),
    (0x1200, 0x137F, "am"),
    (0x1780, 0x17FF, "km"),
    (0x3040, 0x30FF, "ja"),
    (0x3400, 0x9FFF, "han"),
    (0xAC00, 0xD7AF, "ko"),
)
WRITTEN_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "latin": ("id", "ms", "en", "de", "fr", "es", "pt", "it", "nl", "tr", "pl", "ro", "sv", "vi", "uz", "tl"),
    "cyrillic": ("ru", "uk", "be", "kk", "ky", "tg", "mn", "bg", "sr"),
    "arabic": ("ar", "fa", "ur", "ps"),
    "devanagari": ("hi", "mr", "ne"),
}
TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
# ISO 639 renamed them in 1989; Java, and the CMS made with it, did so much later.
RENAMED: Final[Mapping[str, str]] = {"in": "id", "iw": "he", "ji": "yi"}
LOOKED_AT: Final = 4000  # characters: more tell no more


def tag(name: str) -> str:
    """Write a language tag as BCP 47 wants it ("in_ID" is "id-ID"); "" for what is none."""
    parts = name.strip().replace("_", "-").split("-")
    if not TAG.fullmatch("-".join(parts)):
        return ""
    primary = parts[0].lower()
    rest = (
        part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part for part in parts[1:]
    )
    return "-".join((RENAMED.get(primary, primary), *rest))


def detect(text: str) -> str:
    """Name the language as a BCP 47 primary tag; "" when the text is too short or too mixed to tell."""
    sample = text[:LOOKED_AT].lower()
    script = _script(sample)
    if script == "han":
        return "zh"
    if script not in WRITTEN_IN:
        return script
    return _by_words(sample, WRITTEN_IN[script]) or _by_letters(sample, WRITTEN_IN[script])


def _script(sample: str) -> str:
    """Name the script of more than half the letters; Japanese is told by its syllables among Chinese signs."""
    counts: Counter[str] = Counter()
    for letter, times in Counter(sample).items():
        if letter.isalpha():
            counts[_script_of(ord(letter))] += times
    half = counts.total() / 2
    if counts["ja"] and counts["ja"] + counts["han"] > half:
        return "ja" if counts["ja"] * 8 > counts["han"] else "han"
    name, times = max(counts.items(), key=lambda each: each[1], default=("", 0))
    return name if times > half and times >= 3 else ""


def _script_of(point: int) -> str:
    return next((name for first, last, name in SCRIPTS if first <= point <= last), "")


def _by_words(sample: str, languages: tuple[str, ...]) -> str:
    found = Counter(words(sample))
    scores = {
        language: sum(times for word, times in found.items() if word in FUNCTION_WORDS[language])
        + 2 * _letters(sample, language)
        for language in languages
    }
    ranked = sorted(scores, key=lambda language: -scores[language])
    first, second = scores[ranked[0]], scores[ranked[1]]
    if first < 2 or first == second:
        return ""
    return ranked[0]


def _by_letters(sample: str, languages: tuple[str, ...]) -> str:
    given = [language for language in languages if _letters(sample, language) > 0]
    return given[0] if len(given) == 1 else ""


def _letters(sample: str, language: str) -> int:
    return sum(
        1 for _, letters, owners in LETTERS if language in owners for letter in letters if letter in sample
    )
