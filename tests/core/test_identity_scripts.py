"""Documents edited at random: no story is ever lost or doubled, and what came once is unchanged when it comes again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.shelf import Shelf, Told, counts

SYLLABLES = (
    "banjir",
    "gempa",
    "panen",
    "timnas",
    "gubernur",
    "cabai",
    "sekolah",
    "pasar",
    "jembatan",
    "hutan",
)
IDS: dict[str, Callable[[int, int, int], str]] = {  # of a story's number, its place, and the storms so far
    "addresses": lambda number, _, storms: f"https://kabar.example/?p={number + 1000 * storms}",
    "hashes": lambda number, _, storms: f"{storms:016x}{number:016x}",
    "records": lambda number, _, storms: str(4000 + number + 1000 * storms),
    "places": lambda _number, place, _storms: str(place),
    "named places": lambda _number, place, _storms: f"item-{place}",
    "places with gaps": lambda _number, place, _storms: f"baris {place * 7}",
    "one for all": lambda _number, _place, _storms: "kabar",
    "none": lambda _number, _place, _storms: "",
}
KINDS = st.sampled_from(sorted(IDS))


def written(number: int, *, dated: bool) -> Told:
    first, second = SYLLABLES[number % 10], SYLLABLES[(number // 10 + number) % 10]
    return Told(
        title=f"Kabar{number} {first} dan {second}",
        link=f"https://kabar.example/berita/{52100 + number}",  # as records have
        date=f"Sat, 08 Jan 2022 {number // 60:02}:{number % 60:02}:30 +0700" if dated else "",
        text=f"Isi {number}.",
    )


@dataclass(slots=True)
class Publisher:
    """A paper whose site does to its feed what sites do."""

    dated: bool
    kind: str
    storms: int = 0
    scheme: str = "https"
    count: int = 0
    listed: list[int] = field(default_factory=list)
    stories: dict[int, Told] = field(default_factory=dict)

    def add(self) -> None:
        self.stories[self.count] = written(self.count, dated=self.dated)
        self.listed.insert(0, self.count)
        self.count += 1

    def drop(self, at: int) -> None:
        if self.listed:
            self.listed.pop(at % len(self.listed))

    def refill(self) -> None:
        self.listed = sorted(self.stories, reverse=True)

    def empty(self) -> None:
        self.listed = []

    def turn(self, at: int) -> None:
        middle = at % (len(self.listed) or 1)
        self.listed = self.listed[middle:] + self.listed[:middle]

    def edit(self, at: int) -> None:
        if self.listed:
            number = self.listed[at % len(self.listed)]
            told = self.stories[number]
            self.stories[number] = replace(told, title=told.title + " lagi", text=told.text + " Tambahan.")

    def storm(self, kind: str) -> None:
        self.storms += 1
        self.kind = kind

    def switch(self) -> None:
        self.scheme = "http" if self.scheme == "https" else "https"

    def told(self) -> list[Told]:
        named = IDS[self.kind]
        return [
            replace(
                self.stories[number],
                guid=named(number, place, self.storms),
                link=self.stories[number].link.replace("https", self.scheme),
            )
            for place, number in enumerate(self.listed, start=1)
        ]


PLACES = st.integers(0, 9)
STEPS = st.one_of(
    st.just(("add",)),
    st.just(("add",)),
    st.tuples(st.just("drop"), PLACES),
    st.just(("refill",)),
    st.just(("empty",)),
    st.tuples(st.just("turn"), PLACES),
    st.tuples(st.just("edit"), PLACES),
    st.tuples(st.just("storm"), KINDS),
    st.just(("switch",)),
)


@settings(deadline=None)
@given(st.booleans(), KINDS, st.integers(1, 5), st.lists(STEPS, max_size=12))
def test_no_story_is_lost_or_doubled(
    dated: bool, kind: str, start: int, script: list[tuple[object, ...]]
) -> None:
    publisher = Publisher(dated=dated, kind=kind)
    for _ in range(start):
        publisher.add()
    shelf = Shelf()
    keys: dict[int, str] = {}
    shelf.poll(*publisher.told())
    for name, *given_to in script:
        getattr(publisher, str(name))(*given_to)
        shelf.poll(*publisher.told())
        for place, number in enumerate(publisher.listed, start=1):
            assert keys.setdefault(number, shelf.listed[place]) == shelf.listed[place]
        again = counts(shelf.poll(*publisher.told()))
        assert again == (0, 0, len(publisher.listed), 0)
    seen = set(keys.values())
    assert len(seen) == len(keys)
    assert seen <= shelf.entries.keys()
    assert len(shelf.entries) == publisher.count


ODD = st.builds(
    Told,
    title=st.sampled_from(
        ["", "Banjir di Riau", "Banjir di Riau meluas", "Gempa", "Harga emas 3", "Harga emas 4"]
    ),
    link=st.sampled_from(
        [
            "",
            "https://kabar.example/",
            "https://kabar.example/1",
            "http://kabar.example/1",
            "https://lain.example/1",
        ]
    ),
    guid=st.sampled_from(
        ["", "1", "2", "3", "sama", "a-long-id-of-a-record", "https://kabar.example/1", "tag:x,1:1"]
    ),
    date=st.sampled_from(["", "Sat, 08 Jan 2022 05:06:00 +0700", "Sat, 08 Jan 2022 00:00:00 +0700"]),
    text=st.sampled_from(["", "Isi.", "Isi lain."]),
)


@settings(deadline=None)
@given(st.lists(st.lists(ODD, max_size=6), max_size=5))
def test_whatever_was_decided_the_same_document_again_is_unchanged(documents: list[list[Told]]) -> None:
    shelf = Shelf()
    for told in documents:
        shelf.poll(*told)
        for _ in range(2):
            found = shelf.poll(*told)
            assert (found.new, found.updated) == ((), ())
        shelf.poll()
        # The store finds what stood in no last document by key and address only.
        assert all(not entry.url for entry in shelf.poll(*told).new)
