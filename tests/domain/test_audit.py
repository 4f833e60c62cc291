"""A section that is saved, pruned and restored as anybody likes is found right, and only then."""

from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rollbook.domain.attendance import Change, RollTaken
from rollbook.domain.audit import Audit
from rollbook.domain.record import GENESIS, Author, Channel, RecordEntry, chain_hash
from rollbook.domain.retention import Anchor, Statement, entry_of, is_older

DAYS = [f"202{year}-0{month}-01" for year in range(5) for month in (3, 9)]
AUTHOR = Author(user_id=1, channel=Channel.API)


class Section:
    """A section's marks, rolls and record, and what was taken out of them, in memory."""

    def __init__(self) -> None:
        self.today = 0
        self.entries: list[RecordEntry] = []
        self.marks: dict[Any, Any] = {}
        self.rolls: dict[str, RollTaken] = {}
        self.gone: list[tuple[Anchor, list[RecordEntry], dict[Any, Any], dict[str, Any]]] = []
        self.prunings = 0

    @property
    def anchor(self) -> Anchor | None:
        return self.gone[-1][0] if self.gone else None

    @property
    def at(self) -> str:
        return f"{DAYS[self.today]}T09:00:00.000Z"

    def head(self) -> tuple[int, bytes]:
        if self.entries:
            return self.entries[-1].number, self.entries[-1].hash
        return (self.anchor.number, self.anchor.hash) if self.anchor else (0, GENESIS)

    def add(self, entry: RecordEntry) -> None:
        entry = msgspec.structs.replace(entry, number=self.head()[0] + 1)
        digest = chain_hash(self.head()[1], entry)
        self.entries.append(msgspec.structs.replace(entry, hash=digest))

    def save(self, day: str, who: int, status: int) -> None:
        former = self.marks.get((day, who), (None, ""))
        self.marks[day, who] = (status, "")
        roll = self.rolls.get(day) or RollTaken(
            date=day,
            first_taken_at=self.at,
            first_taken_by=1,
            last_taken_at=self.at,
            last_taken_by=1,
        )
        self.rolls[day] = msgspec.structs.replace(roll, last_taken_at=self.at)
        change = Change(who, day, former[0], status, former[1], "")
        self.add(
            RecordEntry(
                section_id=1,
                number=0,
                at=self.at,
                author=AUTHOR,
                dates=(day,),
                changes=(change,),
            )
        )

    def prune(self, before: str) -> None:
        if self.anchor and self.anchor.before > before:
            return  # the store leaves it for the next that reaches further
        self.prunings += 1
        old = []
        while self.entries and is_older(self.entries[0], before):
            old.append(self.entries.pop(0))
        number, digest = (old[-1].number, old[-1].hash) if old else (0, GENESIS)
        if not old and self.anchor:
            number, digest = self.anchor.number, self.anchor.hash
        marks = {key: self.marks.pop(key) for key in [*self.marks] if key[0] < before}
        rolls = {day: self.rolls.pop(day) for day in [*self.rolls] if day < before}
        anchor = Anchor(
            pruning_id=self.prunings, before=before, number=number, hash=digest, at=self.at
        )
        self.say(Statement(anchor.pruning_id, before, number), before=(number, digest))
        self.gone.append((anchor, old, marks, rolls))

    def say(self, statement: Statement, before: tuple[int, bytes]) -> None:
        number, digest = self.head() if self.entries else before
        entry = entry_of(statement, section_id=1, number=number + 1, at=self.at)
        self.entries.append(msgspec.structs.replace(entry, hash=chain_hash(digest, entry)))

    def restore(self) -> None:
        if not self.gone:
            return
        anchor, old, marks, rolls = self.gone[-1]
        if marks.keys() & self.marks.keys() or rolls.keys() & self.rolls.keys():
            return  # the store refuses
        self.gone.pop()
        self.entries[:0] = old
        self.marks |= marks
        self.rolls |= rolls
        self.say(
            Statement(anchor.pruning_id, anchor.before, anchor.number, brought_back=True),
            before=(0, GENESIS),
        )

    def found(self) -> list[str]:
        audit = Audit(1, self.anchor)
        for entry in self.entries:
            audit.follow(entry)
        audit.compare(self.marks, self.rolls.values())
        return [str(finding) for finding in audit.findings]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.sampled_from(DAYS), st.integers(1, 2), st.integers(1, 4)),
        st.tuples(st.just("prune"), st.sampled_from(DAYS)),
        st.tuples(st.just("restore")),
        st.tuples(st.just("wait")),
    ),
    max_size=25,
)


def lived(steps: list[Any]) -> Section:
    section = Section()
    for what, *how in steps:
        if what == "wait":
            section.today = min(section.today + 1, len(DAYS) - 1)
        else:
            getattr(section, what)(*how)
        assert section.found() == [], (what, how)
    return section


@settings(deadline=None, max_examples=50)
@example(
    [
        ("save", DAYS[0], 1, 1),
        ("wait",),
        ("prune", DAYS[5]),
        ("restore",),
        ("save", DAYS[0], 1, 2),
        ("prune", DAYS[1]),  # takes the first save, not what changed its mark
    ]
)
@given(STEPS)
def test_whatever_was_done_as_it_should_be_is_right(steps: list[Any]) -> None:
    """
    Saves of any day, prunings and restorations in any order leave a record that holds.
    """
    lived(steps)


@settings(deadline=None, max_examples=50)
@given(STEPS, st.data())
def test_what_is_missing_is_found(steps: list[Any], data: st.DataObject) -> None:
    """
    After all that, a mark, a roll or an entry that somebody takes out is found.
    """
    section = lived([*steps, ("save", DAYS[-1], 1, 2), ("save", DAYS[-1], 1, 3)])
    kind = data.draw(st.sampled_from(["marks", "rolls", "entries"]))
    if kind == "entries":
        place = data.draw(st.integers(0, len(section.entries) - 2))
        del section.entries[place]
    else:
        table = getattr(section, kind)
        del table[data.draw(st.sampled_from(sorted(table)))]

    assert section.found() != []


@settings(deadline=None, max_examples=50)
@given(STEPS)
def test_a_return_that_did_not_happen_is_found(steps: list[Any]) -> None:
    """
    Who hides a pruning by taking away its anchor is found.
    """
    section = lived([*steps, ("save", DAYS[0], 1, 2), ("prune", DAYS[-1])])
    section.gone.pop()

    assert section.found() != []
