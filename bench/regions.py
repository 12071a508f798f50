"""Speed and memory of the gazetteer: `python bench/regions.py [LANGUAGE …]` (default: id en ru).

Prints the CPU time of opening the file, of the first look-up by name and of the first text of each language, then
stories of 2 kB a second, and the memory that came on top of the bare imports.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from aggregator.core.regions import Gazetteer, tag
from aggregator.model import Article

DATA = Path(__file__).resolve().parents[1] / "aggregator" / "data" / "regions.bin"
T = TypeVar("T")
STORIES = 1000
LENGTH = 2000

PARAGRAPHS = {
    "id": "Ketua panitia, Siti Marwoto, mengatakan rombongan dari {place} tiba semalam. Anggaran acara itu naik lima "
    "persen, kata seorang pejabat yang tidak mau disebut namanya, dan warga Pekanbaru menyambutnya.",
    "en": "The head of the committee, Ann Orrin, said the delegates from {place} arrived overnight. The budget rose "
    "by five per cent, according to an official who would not be named, and people in Nairobi welcomed it.",
    "ru": "Глава комитета Анна Орлова сообщила, что делегация из страны {place} прибыла ночью. Расходы выросли на "
    "пять процентов, рассказал чиновник, не пожелавший назвать имя, а в Москве это приветствуют.",
}


def main(languages: list[str]) -> None:
    """Measure, and print one line a figure."""
    data = DATA.read_bytes()
    before = memory()
    took, gazetteer = timed(lambda: Gazetteer.from_bytes(data))
    print(f"file                 {len(data) / 1000:8.0f} kB")
    print(f"from_bytes           {took * 1000:8.2f} ms")
    took, _ = timed(lambda: gazetteer.find("Kazakhstan", languages=["id"]))
    print(f"first find           {took * 1000:8.2f} ms")
    for language in languages:
        articles = stories(gazetteer, language)
        took, _ = timed(partial(count, articles[:1], gazetteer, language))
        print(f"first text in {language:6} {took * 1000:8.2f} ms")
        took, found = timed(partial(count, articles, gazetteer, language))
        print(f"stories of 2 kB, {language:3} {len(articles) / took:8.0f} a second ({found} regions)")
    print(f"memory               {(memory() - before) / 1000:8.1f} MB")


def stories(gazetteer: Gazetteer, language: str) -> list[Article]:
    """Return stories of about 2 kB, each on another country."""
    paragraph = PARAGRAPHS.get(language, PARAGRAPHS["en"])
    codes = [code for code in gazetteer.names("en") if gazetteer.kind(code) == "country"]
    made = []
    for number in range(STORIES):
        place = gazetteer.name(codes[number % len(codes)], language)
        text = paragraph.format(place=place)
        body = "\n\n".join([text] * (LENGTH // len(text) + 1))[:LENGTH]
        made.append(Article(headline=f"{place} 2022: {text[:60]}", text=body, language=language))
    return made


def count(articles: list[Article], gazetteer: Gazetteer, language: str) -> int:
    """Tag articles, and return how many regions that gave."""
    return sum(len(tag(article, gazetteer, language=language, based_in="ID-RI")) for article in articles)


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the CPU seconds that some work took, and what it gave."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def memory() -> float:
    """Return the peak of resident memory so far, in kB."""
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main(sys.argv[1:] or ["id", "en", "ru"])
