"""What `try` found, as JSON and as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aggregator.core.regions import Gazetteer
from aggregator.core.stories import mint
from aggregator.jobs import shapes
from aggregator.jobs.trial import FeedTrial, Trial
from aggregator.model import Copy, Region, Role, RuleUse, Story

Shape = dict[str, Any]
MOST_WORDS = 160  # characters of a text that are shown
_ROWS = ("headline", "kicker", "byline", "date", "caption", "credits", "editor", "image", "categories")


def as_story(trial: Trial) -> Story:
    """Give the story that it would be, alone or as a copy of the one that it says the same as."""
    verdict, entry = trial.verdict, trial.entry
    copy = Copy(
        row=0,
        feed_id=trial.feed_id,
        guid=entry.guid,
        url=entry.url,
        published=trial.published,
        first_seen=trial.published,
        length=len(trial.article.text),
        rule=verdict.rule if verdict else "first",
        score=verdict.score if verdict else 1.0,
        lead=True,
    )
    known = verdict.story_id if verdict else None
    return Story(
        id=known or mint(trial.feed_id, entry.key),
        url=trial.article.canonical_url or entry.url,
        article=trial.article,
        regions=trial.regions,
        published=trial.published,
        updated=trial.published,
        first_seen=trial.published,
        copies=(copy,),
        sections=trial.sections,
    )


def trial(found: Trial, gazetteer: Gazetteer, language: str) -> Shape:
    """Give one trial: the story as `stories --json` has it, and how it came about."""
    return {
        "feed": found.feed_id or None,
        "story": shapes.story(as_story(found), gazetteer, language),
        "sources": found.sources,
        "rules": [_rule(use, found) for use in found.uses],
        "same_as": _same_as(found),
        "page_error": found.page_error or None,
    }


def feed(found: FeedTrial, gazetteer: Gazetteer, language: str) -> Shape:
    """Give a feed with what would become of each entry."""
    said = found.normalized.feed
    return {
        "kind": "feed",
        "url": found.url,
        "title": said.title,
        "language": said.language,
        "empty": found.normalized.empty,
        "quarantined": len(found.normalized.quarantined),
        "entries": [
            {"entry": each.entry.guid, "url": each.entry.url, **trial(each, gazetteer, language)}
            for each in found.trials
        ],
    }


def _rule(use: RuleUse, found: Trial) -> Shape:
    return {
        "rule": use.rule,
        "used": use.is_used,
        "matched": dict(use.matched),
        "missed": {field: list(_selectors(use, field, found)) for field in use.missed},
        "note": use.note or None,
    }


def _selectors(use: RuleUse, field: str, found: Trial) -> tuple[str, ...]:
    rule = found.rules.get(use.rule)
    return rule.selectors(field) if rule is not None else ()


def _same_as(found: Trial) -> Shape | None:
    verdict = found.verdict
    if verdict is None or verdict.story_id is None:
        return None
    return {
        "story": verdict.story_id,
        "headline": found.twin,
        "because": {"rule": verdict.rule, "score": verdict.score, "compared": verdict.compared},
    }


def lines(found: Trial, gazetteer: Gazetteer, language: str) -> Iterator[str]:
    """Give what a person reads of one trial, a row a fact: what it is, and from where it was read."""
    shown = _shown(found)
    yield from (_row(name, shown[name], found.sources.get(name, "")) for name in _ROWS if shown[name])
    yield _row("text", _extract(found.article.text), found.sources.get("body", ""))
    yield _row("language", found.article.language or "not known")
    yield from _how(found)
    yield from _places(found.regions, gazetteer, language)
    yield _row("story", _story(found))
    yield from (_row("goes to", f"{each.section_id}, because of {each.because}") for each in found.sections)
    if not found.sections:
        yield _row("goes to", "no section")


def _extract(text: str) -> str:
    words = " ".join(text.split())
    return f"{len(text):,} characters: {words[:MOST_WORDS]}{'…' if len(words) > MOST_WORDS else ''}"


def _how(found: Trial) -> Iterator[str]:
    """Say what became of the page, and of each rule that was for it."""
    if found.page_error:
        yield _row("page", f"not read: {found.page_error}")
    yield from (_row("site rule", told) for use in found.uses for told in _used(use, found))
    if found.sources and not found.uses:
        yield _row("site rule", "none is for this page")


def _shown(found: Trial) -> dict[str, str]:
    article = found.article
    lead = article.images[0] if article.images else None
    caption = " / ".join(filter(None, (lead.caption, lead.credit))) if lead else ""
    return {
        "headline": article.headline,
        "kicker": article.kicker or "",
        "byline": ", ".join(article.byline),
        "date": f"{article.published:%Y-%m-%d %H:%M %z}" if article.published else "",
        "caption": caption,
        "credits": ", ".join(article.credits),
        "editor": article.editor or "",
        "image": lead.url if lead else "",
        "categories": ", ".join(article.categories),
    }


def _row(name: str, value: str, source: str = "") -> str:
    return f"  {name:<11} {value}" + (f"   [{source}]" if source else "")


def _used(use: RuleUse, found: Trial) -> Iterator[str]:
    """Say of a rule what it gave, and of each field that it did not, which selectors found nothing."""
    gave = ", ".join(name for name, _ in use.matched) or "nothing"
    yield f"{use.rule}: gave {gave}" if use.is_used else f"{use.rule}: not used: {use.note}"
    for field in use.missed:
        yield f"{use.rule}: no {field}: nothing fits {', '.join(_selectors(use, field, found))}"


def _places(found: tuple[Region, ...], gazetteer: Gazetteer, language: str) -> Iterator[str]:
    own = [region for region in found if region.rule != "member"]
    for region in own:
        words = ", ".join(dict.fromkeys(f'"{each.text}" in the {each.field}' for each in region.evidence))
        kind = "about" if region.role is Role.FOCUS else "names"
        because = words or region.rule.replace("_", " ")
        yield _row(
            "place",
            f"{kind} {gazetteer.name(region.code, language)} ({region.code}), {region.score:.2f}: {because}",
        )
    if not own:
        yield _row("place", "none found")


def _story(found: Trial) -> str:
    verdict = found.verdict
    if verdict is None:
        return "nothing is stored yet to compare it with"
    if verdict.story_id is None:
        return "new: nothing stored says the same"
    return f'a copy of "{found.twin}" ({verdict.rule}, {verdict.score:.2f}), {verdict.story_id}'
