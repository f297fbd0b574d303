"""What autogenerate proposes for a group: changes there and back, with words on what to look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from fsql.errors import NeedsNewVersion
from fsql.migration.model.changes import Backfill, Change, CreateGroup, DropGroup, Execute, Release
from fsql.migration.model.comparing import changes, renames
from fsql.migration.model.evolving import evolved
from fsql.migration.model.reversing import reversed_
from fsql.migration.model.state import State
from fsql.migration.model.wording import words
from fsql.migration.proposing.rendering import operation_text
from fsql.migration.proposing.succession import Quote, Succession, succession

__all__ = ["Proposal", "altered", "created", "dropped", "succeeded"]

_KEPT = "Its files are kept until `fsql migrate purge`; downgrade() has its rows again."
_INSTEAD = "in the place of all that follow for this group"


@dataclass(frozen=True)
class Proposal:
    """Changes to one group, and those that take them back.

    Attributes:
        table: the group's.
        words: each change in words.
        notes, back_notes: comments above the changes in the revision's file.
    """

    table: str
    changes: tuple[Change, ...]
    back: tuple[Change, ...]
    words: tuple[str, ...]
    notes: tuple[str, ...] = ()
    back_notes: tuple[str, ...] = ()

    def reversed(self) -> Proposal:
        """The way back as the way there."""
        return replace(
            self,
            changes=self.back,
            back=self.changes,
            notes=self.back_notes,
            back_notes=self.notes,
        )

    def __str__(self) -> str:
        said = ", ".join(self.words)
        return said if self.table in said else f"{self.table}: {said}"


def created(after: State, database: str | None) -> Proposal:
    """A group that is declared and isn't there."""
    there = CreateGroup(after, database=database)
    back = DropGroup(after.table, database)
    return Proposal(after.table, (there,), (back,), (words(there),))


def dropped(before: State, released: bool, database: str | None) -> Proposal:
    """A group that is there and no longer declared."""
    there = DropGroup(before.table, database)
    back = CreateGroup(before, released, database)
    return Proposal(before.table, (there,), (back,), (words(there),), (_KEPT,))


def altered(
    before: State, after: State, database: str | None, hidden: Collection[str] = ()
) -> Proposal | None:
    """A group that is there and declared otherwise; None if nothing differs.

    Args:
        hidden: see `fsql.migration.model.comparing.changes`.

    Raises:
        NeedsNewVersion: it cannot become what is declared.
    """
    found = changes(before, after, hidden)
    if not found:
        return None
    there = _in(found, database)
    said, back = _way_back(found, before)
    return Proposal(
        before.table, there, _in(back, database), said, *_questions(before, after, database)
    )


def _in(found: Iterable[Change], database: str | None) -> tuple[Change, ...]:
    return tuple(
        change if isinstance(change, Execute) else replace(change, database=database)
        for change in found
    )


def _way_back(found: Sequence[Change], before: State) -> tuple[tuple[str, ...], list[Change]]:
    """Changes in words, and those that take them back."""
    state: State | None = before
    said, back = list[str](), list[Change]()
    for change in found:
        said.append(words(change, state))
        back = [*reversed_(change, state), *back]
        state = evolved(change, state)
    return tuple(said), back


def _questions(
    before: State, after: State, database: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whether what goes and what comes is one and the same: for upgrade, and for downgrade."""
    found = renames(before, after)
    if not found:
        return (), ()
    state: State | None = before
    for rename in found:
        state = evolved(rename, state)
    assert state is not None, "a rename drops no group"
    try:
        rest = changes(state, after)
    except NeedsNewVersion:
        return (), ()
    instead = [*found, *rest]
    _, back = _way_back(instead, before)
    pairs = " and ".join(f"{one.path!r} called {one.to!r} now" for one in found)
    question = f"Is {pairs}? What follows drops the values. These lines, {_INSTEAD}, keep them:"
    answer = f"If upgrade() renames, then these lines, {_INSTEAD}:"
    return (question, *_code(instead, database)), (answer, *_code(back, database))


def _code(found: Iterable[Change], database: str | None) -> Iterator[str]:
    for change in _in(found, database):
        yield from (f"    {line}" for line in operation_text(change).split("\n"))


def succeeded(
    before: State,
    after: State,
    quote: Quote,
    database: str | None,
    *,
    previous: str | None,
    why: Sequence[str],
) -> Proposal:
    """A new version of a group, filled from the one that is there, and released at the end.

    Args:
        before: the version that is there.
        after: the new one, under its own name.
        quote: a name as it stands in SQL.
        previous: the version that is released now; None if none is.
        why: comments that come first.
    """
    filling = succession(before, after, quote, database)
    create = CreateGroup(after, released=False, database=database)
    fill = [Backfill(after.table, filling.select, database)] if filling.columns else []
    there: tuple[Change, ...] = (create, *fill, Release(after.table, database))
    back: list[Change] = [DropGroup(after.table, database)]
    if previous is not None:
        back.insert(0, Release(previous, database))
    notes = (*why, *_filled(before, filling))
    return Proposal(after.table, there, tuple(back), tuple(map(words, there)), notes)


def _filled(before: State, filling: Succession) -> Iterator[str]:
    """What to look at in the SELECT."""
    for new, old in filling.renamed.items():
        yield f"{new!r} is filled from {old!r}: is it that?"
    if filling.left_out:
        names = ", ".join(map(repr, filling.left_out))
        yield f"{before.table} has nothing for {names}, which will be NULL."
