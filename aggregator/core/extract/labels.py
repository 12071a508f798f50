"""Words that papers put before credits, editors, reporters, captions and furniture, by language.

Every table maps a language to folded words (see `core.text.fold`). They are looked up across languages: the
label of a line says more of its meaning than what a feed claims of its language, and no word stands for two
kinds. To add a language, add a line to each table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

_Table = Mapping[str, tuple[str, ...]]

CREDIT: Final[_Table] = {
    "ar": ("المصدر", "المصادر", "مصدر", "وكالات"),
    "de": ("quelle", "quellen"),
    "en": ("source", "sources"),
    "es": ("fuente", "fuentes"),
    "fa": ("منبع",),
    "hi": ("स्रोत",),
    "id": ("sumber", "sumber berita", "dikutip dari", "dilansir dari"),
    "it": ("fonte", "fonti"),
    "ja": ("出典", "情報元"),
    "kk": ("дереккөз", "дереккөзі"),
    "ko": ("출처",),
    "nl": ("bron", "bronnen"),
    "pl": ("źródło", "źródła"),
    "pt": ("fontes",),
    "ru": ("источник", "источники"),
    "tr": ("kaynak", "kaynaklar"),
    "uk": ("джерело", "джерела"),
    "uz": ("manba",),
    "vi": ("nguồn",),
    "zh": ("来源", "來源", "文章来源", "消息来源", "新闻来源"),
}

EDITOR: Final[_Table] = {
    "ar": ("تحرير", "المحرر"),
    "de": ("redigiert von", "bearbeitet von"),
    "en": ("editor", "edited by", "editing by"),
    "es": ("editado por", "editora"),
    "fr": ("édité par",),
    "id": ("editor berita", "redaktur", "penyunting", "redaktur pelaksana"),
    "kk": ("редакциялаған",),
    "pl": ("redaktor", "oprac", "opracował", "opracowała"),
    "ru": ("редактор", "редактор материала"),
    "tr": ("editör",),
    "uz": ("muharrir",),
    "vi": ("biên tập",),
    "zh": ("责任编辑", "責任編輯", "责编", "编辑", "編輯"),
}

AUTHOR: Final[_Table] = {
    "ar": ("بقلم", "كتب", "إعداد", "مراسل"),
    "de": ("autor", "autorin", "von"),
    "en": ("reporter", "reporters", "reporting by", "author", "written by", "by"),
    "es": ("por", "redactor", "redactora"),
    "fr": ("auteur", "par"),
    "id": ("laporan", "penulis", "pewarta", "wartawan", "kontributor", "oleh", "jurnalis"),
    "it": ("autore", "di"),
    "kk": ("авторы",),
    "pl": ("autorka",),
    "pt": ("repórter",),
    "ru": ("автор", "авторы", "корреспондент", "автор текста"),
    "tr": ("muhabir", "yazan"),
    "vi": ("tác giả",),
    "zh": ("记者", "記者", "作者", "撰文"),
}

# After these the last piece between commas is where the report was written: "Laporan: Tim, Bengkalis".
REPORT_WITH_PLACE: Final = frozenset({"laporan"})

# Words that are labels only with a colon behind them; without one they are ordinary words of a sentence.
BARE_BYLINE: Final = (
    "by",
    "oleh",
    "von",
    "por",
    "par",
    "di",
    "reporting by",
    "written by",
    "бы",
    "بقلم",
    "автор",
    "autorin/autor",
    "text von",
    "verfasst von",
    "geschrieben von",
    "posted by",
    "published by",
    "submitted by",
    "story by",
    "words by",
    "ditulis oleh",
    "diposting oleh",
    "escrito por",
    "publicado por",
    "rédigé par",
    "publié par",
    "scritto da",
    "pubblicato da",
    "опубликовал",
    "опубликовано",
)

PHOTO: Final[_Table] = {
    "ar": ("صورة", "تصوير", "الصورة"),
    "de": ("bild", "bildquelle", "fotograf"),
    "en": ("photo", "photos", "photo credit", "photo by", "photograph", "photograph by", "image", "image credit",
           "image source", "picture", "credit", "photo courtesy of", "courtesy of", "courtesy"),
    "es": ("fotografía", "imagen", "crédito"),
    "fr": ("crédit photo", "crédits", "crédit"),
    "id": ("foto", "sumber foto", "foto ilustrasi", "fotografer", "dok", "dokumentasi", "foto oleh"),
    "ru": ("фото", "фотография", "снимок"),
    "tr": ("fotoğraf",),
    "zh": ("图片来源", "图源", "摄影", "图"),
}  # fmt: skip

CAPTION: Final[_Table] = {
    "en": ("caption", "image caption", "photo caption", "media caption"),
    "de": ("bildunterschrift",),
    "es": ("pie de foto",),
    "id": ("keterangan gambar", "keterangan foto", "ket gambar", "ket foto", "ket. gambar", "ket. foto",
           "teks foto", "ket"),
    "ru": ("подпись к фото", "на фото"),
    "tr": ("fotoğraf altı",),
}  # fmt: skip

# "Various sources" and the like name nobody, so they are no credit.
VARIOUS: Final[_Table] = {
    "ar": ("مصادر متعددة", "مصادر مختلفة"),
    "de": ("verschiedene quellen", "agenturen"),
    "en": (
        "various sources",
        "various",
        "agencies",
        "news agencies",
        "staff and agencies",
        "others",
        "other sources",
        "wire reports",
        "wires",
    ),
    "es": ("varias fuentes", "agencias", "varios"),
    "fr": ("sources diverses", "agences"),
    "id": (
        "berbagai sumber",
        "dari berbagai sumber",
        "bbs",
        "dbs",
        "int",
        "ist",
        "net",
        "istimewa",
        "berbagai media",
    ),
    "ru": ("разные источники", "агентства", "сми", "из открытых источников", "открытые источники"),
    "tr": ("ajanslar", "çeşitli kaynaklar"),
}

SEE_ALSO: Final[_Table] = {
    "ar": ("اقرأ أيضا", "اقرأ أيضاً", "إقرأ أيضا", "إقرأ أيضاً", "شاهد أيضا", "اقرأ المزيد"),
    "de": ("lesen sie auch", "lesen sie mehr", "mehr zum thema", "siehe auch", "auch interessant"),
    "en": ("read also", "also read", "read more", "read next", "see also", "related story", "related stories",
           "related article", "related articles", "related", "more on this", "don't miss", "recommended"),
    "es": ("lea también", "lee también", "lea más", "leer más", "te puede interesar", "le puede interesar"),
    "fr": ("lire aussi", "à lire aussi", "lire également", "voir aussi", "à lire"),
    "id": ("baca juga", "baca pula", "baca selengkapnya", "baca artikel", "simak juga", "lihat juga", "simak video",
           "berita terkait", "artikel terkait", "berita lainnya", "tonton juga"),
    "it": ("leggi anche",),
    "ja": ("関連記事", "あわせて読みたい"),
    "ms": ("baca lagi", "berita berkaitan"),
    "nl": ("lees ook", "lees verder"),
    "pl": ("czytaj także", "czytaj też", "zobacz także", "zobacz też"),
    "pt": ("leia também", "veja também", "leia mais"),
    "ru": ("читайте также", "читать также", "читайте ещё", "читайте еще", "смотрите также", "см. также",
           "по теме", "материалы по теме"),
    "tr": ("ayrıca okuyun", "bunu da okuyun", "ilgili haber", "ilgili haberler"),
    "uk": ("читайте також", "дивіться також"),
    "vi": ("xem thêm", "đọc thêm"),
    "zh": ("相关阅读", "延伸阅读", "相关新闻", "推荐阅读"),
}  # fmt: skip

# Short lines that begin like this are the page's, not the article's.
FURNITURE: Final[_Table] = {
    "ar": ("شارك", "التعليقات", "الأكثر قراءة", "كلمات مفتاحية", "اشترك"),
    "de": ("teilen", "kommentare", "kommentar schreiben", "meistgelesen", "anzeige", "schlagworte", "werbung"),
    "en": ("share this", "share on", "share:", "share via", "tags:", "tag:", "topics:", "filed under", "comments",
           "leave a comment", "leave a reply", "write a comment", "post a comment", "most read", "most popular",
           "popular news", "advertisement", "story continues below", "scroll to continue", "sponsored",
           "subscribe to our", "sign up for our", "sign up to our", "follow us on", "click here to subscribe",
           "recommended for you", "trending now", "join our telegram", "join our whatsapp", "print this"),
    "es": ("compartir", "comentarios", "publicidad", "etiquetas:", "lo más leído"),
    "fr": ("partager", "commentaires", "publicité", "les plus lus", "mots-clés"),
    "id": ("bagikan", "tuliskan komentar", "tulis komentar", "beri komentar", "kirim komentar", "isi komentar",
           "komentar anda", "komentar:", "terpopuler", "berita populer", "terkini", "berita terkini",
           "pasang iklan", "iklan", "kata kunci:", "topik:", "label:", "ikuti kami di", "ikuti berita",
           "dapatkan update berita", "dapatkan berita", "gabung di grup", "mari bergabung", "cek berita",
           "lanjutkan membaca", "gulir untuk", "advertorial:", "isi komentar sepenuhnya tanggung jawab",
           "redaksi tidak bertanggung jawab atas", "komentar di luar tanggung jawab", "seluruh komentar menjadi"),
    "it": ("condividi", "commenti", "pubblicità"),
    "ms": ("kongsi", "ikuti kami"),
    "nl": ("delen", "reacties", "advertentie"),
    "pt": ("compartilhe", "comentários", "publicidade", "mais lidas"),
    "ru": ("поделиться", "поделитесь", "комментарии", "оставить комментарий", "написать комментарий", "реклама",
           "теги:", "метки:", "самое читаемое", "подписывайтесь на", "подпишитесь на", "популярное",
           "нашли ошибку", "если вы нашли ошибку"),
    "tr": ("paylaş", "yorumlar", "yorum yap", "reklam", "etiketler", "en çok okunan"),
    "uk": ("поділитися", "коментарі", "реклама", "підписуйтесь на"),
    "zh": ("分享到", "分享至", "责任编辑：", "标签："),
}  # fmt: skip

# A content that ends like this goes on elsewhere.
GOES_ON: Final[_Table] = {
    "ar": ("اقرأ المزيد", "المزيد", "تابع القراءة"),
    "de": ("weiterlesen", "mehr lesen", "mehr"),
    "en": ("read more", "continue reading", "keep reading", "full story", "read the full story", "more"),
    "es": ("leer más", "seguir leyendo", "sigue leyendo"),
    "fr": ("lire la suite", "en savoir plus"),
    "id": (
        "baca selengkapnya",
        "selengkapnya",
        "baca lebih lanjut",
        "lanjutkan membaca",
        "baca berita selengkapnya",
    ),
    "it": ("leggi tutto", "continua a leggere"),
    "kk": ("толығырақ",),
    "pl": ("czytaj więcej", "czytaj dalej"),
    "pt": ("leia mais", "continue lendo", "continuar a ler"),
    "ru": ("читать далее", "читать дальше", "подробнее", "далее", "читать полностью"),
    "tr": ("devamını oku", "devamı"),
    "uk": ("читати далі", "докладніше"),
    "vi": ("xem tiếp", "đọc tiếp"),
    "zh": ("阅读全文", "閱讀全文", "查看全文"),
}

# Wires that stand alone in brackets at the end of a text, as they are written there.
AGENCIES: Final = (
    "AA", "AAP", "ABC", "ADN", "AFP", "AKIpress", "ANSA", "ANTARA", "Antara", "AP", "APA", "APP", "ATS", "BBC", "Belga",
    "Bernama", "BTA", "CNA", "CNN", "CTK", "DHA", "DPA", "dpa", "Efe", "EFE", "Interfax", "IRNA", "Jawa Pos", "JPG",
    "JPNN", "Kazinform", "Kyodo", "LUSA", "Lusa", "MTI", "NTB", "PA", "PAP", "PTI", "Reuters", "REUTERS", "RIA", "SPA",
    "SUNA", "TASS", "TT", "UNIAN", "UPI", "VOA", "WAM", "Xinhua", "XINHUA", "Yonhap", "Ukrinform", "Trend", "ИТАР-ТАСС",
    "ТАСС", "РИА Новости", "Интерфакс", "新华社", "中新社", "法新社", "路透社", "رويترز", "أ ف ب", "واس", "وام",
)  # fmt: skip

# Bylines that name a desk and no person (folded).
DESKS: Final = frozenset(
    ("redaksi", "admin", "administrator", "editor", "editorial", "redaktion", "redacción", "redaction", "rédaction",
     "redazione", "redacția", "redakcja", "редакция", "редакція", "newsroom", "staff", "news desk", "web desk",
     "webmaster", "root", "tim redaksi", "guest", "user")
)  # fmt: skip

NETWORKS: Final = frozenset(
    [
        "facebook",
        "twitter",
        "whatsapp",
        "telegram",
        "x",
        "linkedin",
        "line",
        "instagram",
        "pinterest",
        "email",
        "e-mail",
        "vk",
        "reddit",
        "print",
        "copy",
        "link",
        "youtube",
        "tiktok",
        "threads",
        "messenger",
        "viber",
        "skype",
        "вконтакте",
        "одноклассники",
        "фейсбук",
    ]
)


def merged(*tables: _Table) -> tuple[str, ...]:
    """All words of the tables, the longest first, so that a longer label wins over its beginning."""
    words: set[str] = {word for table in tables for language in table.values() for word in language}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def kinds(tables: Iterable[tuple[str, _Table]]) -> dict[str, str]:
    """From each label to what it stands for."""
    return {word: kind for kind, table in tables for words in table.values() for word in words}
