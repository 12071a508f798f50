"""Which sections a story is in, since when, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from aggregator.model import Membership, StoryRules
from aggregator.store import copies
from aggregator.store.codec import article_from, regions_from
from aggregator.store.schema import Utc, article, section_story, story
from aggregator.store.sql import chunks

_CHANGE: Final = (
    update(section_story)
    .where(section_story.c.section == bindparam("in_section"), section_story.c.story == bindparam("of_story"))
    .values(because=bindparam("reason"), left_at=bindparam("left", type_=Utc))
)
_KNOWN: Final = select(section_story).where(section_story.c.story.in_(bindparam("stories", expanding=True)))
_NEW: Final = insert(section_story)
_AHEAD: Final = (
    select(section_story.c.section, func.max(section_story.c.entered_at).label("newest"))
    .where(
        section_story.c.section.in_(bindparam("sections", expanding=True)),
        section_story.c.entered_at > bindparam("now", type_=Utc),
    )
    .group_by(section_story.c.section)
)
_RESELECTED_AT_ONCE: Final = 200


@dataclass(slots=True)
class Places:
    """Changes of stories' places, gathered and written at once."""

    now: datetime
    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)

    def put(self, story_id: str, selected: Sequence[Membership], known: Mapping[str, Any]) -> bool:
        """Put a story into the sections that select it; it leaves none. Say whether anything changed.

        One that comes back keeps the time at which it first entered: to subscribers it is not new.
        """
        before = len(self.new) + len(self.changed)
        for place in selected:
            row = known.get(place.section_id)
            if row is None:
                self.new.append(
                    {
                        "section": place.section_id,
                        "story": story_id,
                        "because": place.because,
                        "entered_at": self.now,
                        "left_at": None,
                        "archived": False,
                    }
                )
            elif row.left_at is not None or row.because != place.because:
                self._change(row, place.because, None)
        return len(self.new) + len(self.changed) > before

    def take_out(self, selected: Sequence[Membership], known: Mapping[str, Any]) -> bool:
        """Take a story out of the sections that no longer select it."""
        wanted = {place.section_id for place in selected}
        leaving = [row for row in known.values() if row.left_at is None and row.section not in wanted]
        for row in leaving:
            self._change(row, row.because, self.now)
        return bool(leaving)

    def _change(self, row: Any, because: str, left: datetime | None) -> None:
        values = {"in_section": row.section, "of_story": row.story, "reason": because, "left": left}
        self.changed.append(values)

    def write(self, connection: Connection) -> None:
        """Write what was gathered.

        Nothing enters a section before what is in it: a clock that was ahead, and is set right, would else keep
        all that follows below the fold of its feed.
        """
        if self.new:
            sections = sorted({row["section"] for row in self.new})
            ahead = {
                row.section: row.newest
                for row in connection.execute(_AHEAD, {"sections": sections, "now": self.now})
            }
            for row in self.new:
                row["entered_at"] = ahead.get(row["section"], self.now)
            connection.execute(_NEW, self.new)
        if self.changed:
            connection.execute(_CHANGE, self.changed)


def known_places(connection: Connection, stories: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give the places that these stories have or had, by story and section."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for some in chunks(stories):
        for row in connection.execute(_KNOWN, {"stories": some}):
            found[row.story][row.section] = row
    return found


def reselect(connection: Connection, rules: StoryRules, *, now: datetime) -> int:
    """Select every story anew whose texts are kept, and say how many changed their sections."""
    with_texts = (
        select(story.c.id)
        .join(article, article.c.entry == story.c.lead)
        .where(article.c.text.is_not(None), story.c.merged_into.is_(None))
        .order_by(story.c.date_utc, story.c.id)
    )
    changed = 0
    for some in chunks(connection.scalars(with_texts).all(), _RESELECTED_AT_ONCE):
        changed += _reselect(connection, some, rules, now)
    return changed


def _reselect(connection: Connection, stories: Sequence[str], rules: StoryRules, now: datetime) -> int:
    leads = copies.lead_articles(connection, stories)
    found = copies.of_stories(connection, stories)
    known = known_places(connection, stories)
    places = Places(now=now)
    changed = 0
    for each in stories:
        lead = leads[each]
        ordered = copies.lead_first(found[each], lead.lead)
        view = copies.view(each, ordered, article_from(lead), regions_from(lead.regions))
        selected = rules.select(view)
        entered = places.put(each, selected, known[each])
        left = places.take_out(selected, known[each])
        changed += entered or left
    places.write(connection)
    entered_now = sorted({row["story"] for row in places.new})
    if entered_now:
        connection.execute(update(story).where(story.c.id.in_(entered_now)).values(placed=True))
    return changed


def freeze(connection: Connection) -> None:
    """Fix the date of every story that is or was in a section and has none: that of its lead."""
    date = select(article.c.published).where(article.c.entry == story.c.lead).scalar_subquery()
    date_utc = select(article.c.published_utc).where(article.c.entry == story.c.lead).scalar_subquery()
    unfrozen = update(story).where(story.c.placed, story.c.published.is_(None))
    connection.execute(unfrozen.values(published=date, date_utc=date_utc, updated=date_utc))
