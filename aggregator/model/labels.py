"""The few words of our own that subscribers read, in each language the site speaks.

A language is one `Labels` and one line in `LABELS`; a section in any other language gets the English ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Scripts that run from right to left (Unicode UAX 9), by the primary tags of the languages written in them.
RIGHT_TO_LEFT: Final = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})
RIGHT_TO_LEFT_SCRIPTS: Final = frozenset({"adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What our own output says around the stories, in one language."""

    language: str  # BCP 47, of these words
    credits: str  # before the wires and papers: "Source: AFP, Reuters"
    editor: str
    also_in: str  # before the links to the other copies
    comma: str = ", "
    colon: str = ": "
    why: str  # before the reason a story is in a section
    updated: str
    no_stories: str
    older_in_feeds: str  # the page is cut; the feeds have more
    subscribe: str
    subscribe_to: str  # {title}
    other_formats: str
    all_feeds: str  # the link to the OPML file
    sections: str
    all_sections: str
    skip: str  # the link past the page's head
    sources: str  # title of the page that says what is read
    sources_intro: str
    feed: str
    language_name: str
    how_often: str
    minutes: str  # {minutes}
    adapts: str  # the interval is not fixed
    republished: str
    republish: Mapping[str, str]  # a line for each value of `republish`
    our_agent: str  # before the User-Agent
    write_to: str  # before the contact address
    no_feeds: str
    feed_note: str  # what a feed is, over its text in a browser


EN: Final = Labels(
    language="en",
    credits="Source",
    editor="Editor",
    also_in="Also in",
    why="Here because of",
    updated="Updated",
    no_stories="No stories yet. They appear here as soon as there are some.",
    older_in_feeds="Older stories are in the feeds.",
    subscribe="Subscribe",
    subscribe_to="Subscribe to {title}",
    other_formats="Other formats",
    all_feeds="All feeds (OPML)",
    sections="Sections",
    all_sections="All sections",
    skip="Skip to the stories",
    sources="Sources",
    sources_intro="These feeds are read. Each story links to the publisher that it comes from.",
    feed="Feed",
    language_name="Language",
    how_often="Read",
    minutes="every {minutes} min",
    adapts="as often as it changes",
    republished="Passed on",
    republish={
        "as-given": "what its feed gives",
        "full": "in full",
        "summary": "summary only",
        "headline": "headline only",
    },
    our_agent="Our requests say",
    write_to="Questions, or a wish to be left out? Write to",
    no_feeds="No feeds are read yet.",
    feed_note="This is a feed. Copy its address into a feed reader to subscribe.",
)

ID: Final = Labels(
    language="id",
    credits="Sumber",
    editor="Editor",
    also_in="Juga di",
    why="Ada di sini karena",
    updated="Diperbarui",
    no_stories="Belum ada berita. Berita akan muncul di sini begitu tersedia.",
    older_in_feeds="Berita yang lebih lama ada di umpan.",
    subscribe="Berlangganan",
    subscribe_to="Berlangganan {title}",
    other_formats="Format lain",
    all_feeds="Semua umpan (OPML)",
    sections="Rubrik",
    all_sections="Semua rubrik",
    skip="Langsung ke berita",
    sources="Sumber berita",
    sources_intro="Umpan-umpan ini dibaca. Setiap berita bertaut ke penerbit asalnya.",
    feed="Umpan",
    language_name="Bahasa",
    how_often="Dibaca",
    minutes="tiap {minutes} menit",
    adapts="sesering perubahannya",
    republished="Diteruskan",
    republish={
        "as-given": "sebanyak isi umpannya",
        "full": "utuh",
        "summary": "ringkasan saja",
        "headline": "judul saja",
    },
    our_agent="Permintaan kami memperkenalkan diri sebagai",
    write_to="Ada pertanyaan, atau tidak ingin dimuat? Tulis ke",
    no_feeds="Belum ada umpan yang dibaca.",
    feed_note="Ini umpan berita. Salin alamatnya ke pembaca umpan untuk berlangganan.",
)

RU: Final = Labels(
    language="ru",
    credits="Источник",
    editor="Редактор",
    also_in="Также в",
    why="Здесь, потому что",
    updated="Обновлено",
    no_stories="Новостей пока нет. Они появятся здесь сразу, как только будут.",
    older_in_feeds="Более ранние новости есть в лентах.",
    subscribe="Подписаться",
    subscribe_to="Подписаться: {title}",
    other_formats="Другие форматы",
    all_feeds="Все ленты (OPML)",
    sections="Рубрики",
    all_sections="Все рубрики",
    skip="Перейти к новостям",
    sources="Источники",
    sources_intro="Мы читаем эти ленты. Каждая новость ведёт на сайт своего издания.",
    feed="Лента",
    language_name="Язык",
    how_often="Читаем",
    minutes="раз в {minutes} мин",
    adapts="по мере обновления",
    republished="Передаём",
    republish={
        "as-given": "то, что даёт лента",
        "full": "полностью",
        "summary": "только начало",
        "headline": "только заголовок",
    },
    our_agent="Наши запросы представляются так",
    write_to="Есть вопросы или не хотите быть здесь? Пишите",
    no_feeds="Мы пока не читаем ни одной ленты.",
    feed_note="Это новостная лента. Чтобы подписаться, скопируйте её адрес в программу для чтения лент.",
)

LABELS: Final[Mapping[str, Labels]] = {labels.language: labels for labels in (EN, ID, RU)}


def labels_for(language: str) -> Labels:
    """Give the words in this language (BCP 47), or in English where we have none in it."""
    return LABELS.get(language.partition("-")[0].lower(), EN)


def direction(language: str) -> str:
    """Say which way a language is written: "rtl" or "ltr"; its script, where the tag names one, decides."""
    primary, *rest = language.lower().replace("_", "-").split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), None)
    if script is not None:
        return "rtl" if script in RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if primary in RIGHT_TO_LEFT else "ltr"
