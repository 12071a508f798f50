"""Which articles are one story: the same link, the same text, or nearly the same text.

Nearly the same is decided by word shingles and the containment of the shorter text in the longer (A. Broder,
"On the resemblance and containment of documents", 1997); what is compared at all is found by a bounded
selection of those shingles: winnowing (Schleimer, Wilkerson, Aiken, 2003) and the smallest hashes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final
from uuid import UUID, uuid5

from aggregator.core import text as texts
from aggregator.model import Article, Candidate, Copy, Fingerprint, ReadArticle, Verdict

STORIES: Final = UUID("7d0f5a52-3f0c-5b0e-9a39-6c1d1f3f8a11")
GRAM_LETTERS: Final = 6  # of scripts that put no blanks between words
WINDOW: Final = 6
WINNOWED: Final = 10
SMALLEST: Final = 6
FEWEST_GRAMS: Final = 8  # below this a text says too little to be compared
SAME_TEXT: Final = 0.6
SAME_TEXT_OTHER_LENGTH: Final = 0.8  # when one text is three times the other: an extract, or a roundup
SAME_TEXT_ONE_FEED: Final = 0.8  # of two entries of one feed, whose summaries of one event share a sentence
SAME_LINK: Final = 0.3
SAME_NUMBERS: Final = 0.6
# A word gram of three words, or letters of a script without blanks.
Gram = tuple[str, str, str] | str
_MASK: Final = (1 << 64) - 1
_ODD: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")


def mint(feed_id: str, key: str) -> str:
    """Give the id of the story that this entry founds: a name-based UUID, the same on any machine."""
    return "urn:uuid:" + str(uuid5(STORIES, feed_id + "\n" + key))


def _hash(value: str) -> int:
    """Hash to 64 bits, unsigned, the same on any machine."""
    return int.from_bytes(blake2b(value.encode("utf-8", "replace"), digest_size=8).digest(), "big")


_word_hash: Final = lru_cache(maxsize=1 << 16)(_hash)


def _signed(value: int) -> int:
    """Write 64 bits as both engines store them."""
    return value - (1 << 64) if value >> 63 else value


@lru_cache(maxsize=512)
def grams(text: str) -> tuple[Gram, ...]:
    """Give every run of three words, or of six letters where the script has no blanks, in their order."""
    words = texts.words(texts.fold(text))
    joined = "".join(words)
    if len(texts.UNSPACED.findall(joined)) * 2 > len(joined):
        return tuple(joined[at : at + GRAM_LETTERS] for at in range(len(joined) - GRAM_LETTERS + 1))
    return tuple(zip(words, words[1:], words[2:], strict=False))


def _shingle(gram: Gram) -> int:
    """Hash a gram from the hashes of its words: words come again and again, so that theirs are looked up."""
    if isinstance(gram, str):
        return _hash(gram)
    first, second, third = gram
    return (_word_hash(first) * _ODD[0] + _word_hash(second) * _ODD[1] + _word_hash(third) * _ODD[2]) & _MASK


def fingerprint(article: Article) -> Fingerprint:
    """Give what the article's text is found by; a text of a few words gives nothing."""
    found = grams(article.text)
    if len(found) < FEWEST_GRAMS:
        return Fingerprint(text_hash=0)
    shingles = [_shingle(gram) for gram in found]
    keys = {*_winnowed(shingles), *sorted(set(shingles))[:SMALLEST]}
    whole = _hash("\n".join("".join(gram) for gram in found)) or 1
    return Fingerprint(text_hash=_signed(whole), keys=tuple(sorted(map(_signed, keys))))


def _winnowed(shingles: Sequence[int]) -> list[int]:
    """Select the smallest of every window, the first few: what stands at the head of a text is cut last."""
    selected: list[int] = []
    for at in range(len(shingles) - WINDOW + 1):
        smallest = min(shingles[at : at + WINDOW])
        if not selected or selected[-1] != smallest:
            selected.append(smallest)
        if len(selected) == WINNOWED:
            break
    return selected


def containment(one: Sequence[Gram], other: Sequence[Gram]) -> float:
    """Say how much of the shorter list of grams stands in the longer, from 0 to 1."""
    shorter, longer = sorted((set(one), set(other)), key=len)
    return len(shorter & longer) / len(shorter) if shorter else 0.0


def assign(read: ReadArticle, candidates: Sequence[Candidate]) -> Verdict:
    """Say which story an article belongs to: that of the best candidate that is the same, else one of its own."""
    own = grams(read.article.text)
    verdicts = [verdict for each in candidates if (verdict := _compare(read, own, each)) is not None]
    if not verdicts:
        return Verdict(rule="first", compared="nothing stored says the same")
    # The sort is stable and candidates come in a fixed order, so equal scores fall the same way at every replay.
    return max(verdicts, key=lambda verdict: (verdict.rule == "same-url", verdict.score))


def _compare(read: ReadArticle, own: Sequence[Gram], candidate: Candidate) -> Verdict | None:
    article = read.article
    is_own = read.waiting.entry.feed_id == candidate.feed_id
    if is_own and not _same_headline(article, candidate):
        # A feed that lists two entries under two headlines means two stories, whatever they share: comments on
        # one page, bulletins of one form, news that all link to one address.
        return None
    theirs = grams(candidate.text)
    score = containment(own, theirs)
    if _same_link(article, candidate, score, min(len(own), len(theirs))):
        return _joined(candidate, "same-url", 1.0, f"the same address, {candidate.canonical_url}")
    if read.fingerprint.text_hash and read.fingerprint.text_hash == candidate.text_hash:
        return _joined(candidate, "same-text", 1.0, "the same words in the same order")
    enough = SAME_TEXT_ONE_FEED if is_own else SAME_TEXT
    if score < enough or not _same_text(article, candidate, score, sorted((len(own), len(theirs)))):
        return None
    compared = f"{score:.0%} of the shorter text stands in the other"
    return _joined(candidate, "same-text", round(score, 3), compared)


def _same_text(article: Article, candidate: Candidate, score: float, lengths: Sequence[int]) -> bool:
    """Take two texts for one when most of the shorter stands in the longer; `lengths` in grams, shorter first."""
    short, long = lengths
    if short < FEWEST_GRAMS or not _same_numbers(article, candidate):
        return False
    if long <= 3 * short:
        return score >= SAME_TEXT
    # A text far shorter than the other is an extract of it, or one of many in a roundup.
    return score >= SAME_TEXT_OTHER_LENGTH and _shared(article.headline, candidate.headline) >= SAME_TEXT


def _joined(candidate: Candidate, rule: str, score: float, compared: str) -> Verdict:
    return Verdict(
        rule=rule, score=score, story_id=candidate.story_id, partner=candidate.row, compared=compared
    )


def _same_link(article: Article, candidate: Candidate, score: float, length: int) -> bool:
    """Trust an address, unless two other texts stand behind it: some are used again for another story.

    An article's canonical address lies within its own registrable domain: no outlet can claim another's story.
    """
    if not article.canonical_url or article.canonical_url != candidate.canonical_url:
        return False
    if _shared(article.headline, candidate.headline) >= SAME_TEXT:
        return True
    return score >= SAME_LINK if length >= FEWEST_GRAMS else not article.text or not candidate.text


def _same_headline(article: Article, candidate: Candidate) -> bool:
    ours, theirs = (set(_NUMBER.findall(each.headline)) for each in (article, candidate))
    if ours and theirs and not ours & theirs:
        return False
    return _shared(article.headline, candidate.headline) >= SAME_TEXT


def _shared(one: str, other: str) -> float:
    ours, theirs = set(texts.words(texts.fold(one))), set(texts.words(texts.fold(other)))
    fewest = min(len(ours), len(theirs))
    return len(ours & theirs) / fewest if fewest else 0.0


def _same_numbers(article: Article, candidate: Candidate) -> bool:
    """Refuse two texts whose figures differ: the same template on another day says something else."""
    ours, theirs = set(_NUMBER.findall(article.text)), set(_NUMBER.findall(candidate.text))
    fewest = min(len(ours), len(theirs))
    return fewest < 2 or len(ours & theirs) / fewest >= SAME_NUMBERS


def choose_lead(priorities: Mapping[str, int]) -> Callable[[Sequence[Copy]], Copy]:
    """Give the rule that picks the copy that stands for its story.

    The editor's priority comes first, then the fullest text, then the first seen; feeds that were asked together
    answer in any order, so that their ids decide then, and not which of them was stored first.
    """

    def lead(copies: Sequence[Copy]) -> Copy:
        if not copies:
            raise ValueError("a story has at least one copy")
        return min(
            copies,
            key=lambda copy: (
                -priorities.get(copy.feed_id, 0),
                -copy.length,
                copy.first_seen,
                copy.feed_id,
                copy.row,
            ),
        )

    return lead


def substance(article: Article) -> str:
    """Hash what subscribers would want to know of: words and numbers, not blanks, marks or pictures."""
    parts = (article.headline, article.kicker or "", article.text)
    words = "\n".join(" ".join(texts.words(texts.fold(part))) for part in parts)
    return blake2b(words.encode("utf-8", "replace"), digest_size=16).hexdigest()
