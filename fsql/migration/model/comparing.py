"""The changes that lead from one state of a group to another."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pyarrow as pa

from fsql.errors import MigrationError, NeedsNewVersion
from fsql.migration.model import paths
from fsql.migration.model.bearing import unbearable
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    Change,
    CreateGroup,
    DropColumn,
    DropGroup,
    MoveColumn,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.evolving import OPTIONS, evolved
from fsql.migration.model.noting import with_notes
from fsql.migration.model.ordering import moves
from fsql.migration.model.state import State
from fsql.migration.model.widening import widens

__all__ = ["apart", "changes", "declared", "renames"]

_ALIKE = 0.6  # how much of a name has to be the same, as difflib measures it
_BEGINNING = 3  # letters that are more than chance


def changes(
    before: State | None, after: State | None, hidden: Collection[str] = ()
) -> list[Change]:
    """The changes that make `after` of `before`, in an order in which each can be made.

    A column that is gone is dropped and one that is new is added, even if one may be the other
    renamed; see `renames`.

    Args:
        before, after: the group's states; None where there is no group.
        hidden: lower-case names of columns that are in the files and no longer in the table.

    Raises:
        NeedsNewVersion: the group cannot become that; it says everything that stands against it.
    """
    if before is None:
        return [] if after is None else [CreateGroup(after)]
    if after is None:
        return [DropGroup(before.table)]
    _check_same(before, after)
    found = with_notes(_Difference(before, after).changes(), before, after)
    _check_possible(found, before, hidden)
    return found


def apart(before: State, after: State) -> list[Change]:
    """What differs between two states, as changes, whether or not a group can make them."""
    return _Difference(before, after).changes()


def declared(after: State, before: State) -> State:
    """What a declaration means for a group that is there already.

    Columns that are written out say nothing of pandas' dtypes and of the order of categories, so
    that what the group notes of these stays.
    """
    if after.schema.metadata or not before.schema.metadata:
        return after
    try:
        _check_same(before, after)
    except NeedsNewVersion:
        return after
    state: State | None = before
    try:
        for change in _Difference(before, after).changes():
            state = evolved(change, state)
    except MigrationError:
        return after
    kept = after.schema.metadata if state is None else state.schema.metadata
    return replace(after, schema=after.schema.with_metadata(kept))


def renames(before: State, after: State) -> list[RenameColumn]:
    """The columns and fields that are gone and may be ones that are new under another name.

    They are at the same place of the same parent or their names are alike, and the type is the
    same or a wider one; the likeliest first, each at most once.
    """
    if before.table != after.table:
        return []
    difference = _Difference(before, after)
    found = sorted(_candidates(difference), key=lambda candidate: -candidate[0])
    taken: set[str] = set()
    chosen = []
    for _, gone, new in found:
        if gone not in taken and new not in taken:
            taken |= {gone, new}
            chosen.append(RenameColumn(before.table, gone, paths.split(new)[1]))
    return chosen


def _candidates(difference: _Difference) -> Iterator[tuple[float, str, str]]:
    """Pairs of paths that may be renamed, and how likely that is."""
    for drop in difference.drops:
        for add in difference.adds:
            gone, new = drop.path, add.path
            if paths.split(gone)[0].lower() == paths.split(new)[0].lower():
                likely = _likely(difference, gone, new)
                if likely:
                    yield likely, gone, new


def _likely(difference: _Difference, gone: str, new: str) -> float:
    before, after = difference.before.schema, difference.after.schema
    old, made = paths.get(before, gone), paths.get(after, new)
    if not widens(old.type, made.type):
        return 0.0
    alike = _alike(old.name.lower(), made.name.lower())
    same_place = _place(before, after, gone) == _place(after, before, new)
    if not same_place and alike < _ALIKE:
        return 0.0
    return alike + float(same_place) + float(old.type.equals(made.type))


def _alike(old: str, new: str) -> float:
    """How alike two names are, from 0 to 1; one that begins with the other is much like it."""
    short, long = sorted((old, new), key=len)
    begins = long.startswith(short) and len(short) >= _BEGINNING
    return max(float(begins), difflib.SequenceMatcher(None, old, new).ratio())


def _place(schema: pa.Schema, other: pa.Schema, path: str) -> tuple[str, int]:
    """The last sibling before a field that the other schema has too, and how far behind it."""
    above, name = paths.split(path)
    beside = paths.siblings(schema, path)
    before = beside[: beside.index(name)]
    steps = paths.parts(above) if above else ()
    for distance, sibling in enumerate(reversed(before), 1):
        if paths.find(other, paths.dotted([*steps, sibling])) is not None:
            return sibling.lower(), distance
    return "", len(before)


def _check_same(before: State, after: State) -> None:
    if before.table != after.table:
        raise MigrationError(
            f"{before.table!r} and {after.table!r} are two groups. Compare states of one.",
            before.table,
        )
    old, new = before.definition.table_format, after.definition.table_format
    if old != new:
        raise NeedsNewVersion(before.table, [f"its files are those of {old!r}, not of {new!r}."])


def _check_possible(found: Sequence[Change], before: State, hidden: Collection[str]) -> None:
    """Everything that a group cannot take, by making the changes one after the other."""
    state, reasons = before, []
    for change in found:
        try:
            state = evolved(change, state) or state
        except MigrationError as error:
            reasons.append(str(error))
    if before.definition.table_format == "hive":
        reasons += _hidden(found, before, hidden)
    if reasons:
        raise NeedsNewVersion(before.table, reasons)


def _hidden(found: Sequence[Change], before: State, hidden: Collection[str]) -> Iterator[str]:
    """Columns that a Hive-style group lets go only for a revision that is taken back.

    One that comes later, under the name of one that went so, would read the old one's values.
    """
    for change in found:
        if isinstance(change, AddColumn) and change.path.lower() in hidden:
            yield f"{change.path!r} was dropped, and its Parquet files keep that column's values."
        if isinstance(change, DropColumn) and unbearable(change, before) is None:
            yield f"{change.path!r} is dropped, and its Parquet files keep the column."


@dataclass
class _Difference:
    """What differs between two states of a group."""

    before: State
    after: State
    adds: list[AddColumn] = field(default_factory=list)
    alters: list[AlterColumn] = field(default_factory=list)
    drops: list[DropColumn] = field(default_factory=list)
    names: list[RenameColumn] = field(default_factory=list)
    moved: list[MoveColumn] = field(default_factory=list)
    shells: list[AlterColumn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.group = self.before.table
        self._level((), list(self.before.schema), list(self.after.schema))

    def changes(self) -> list[Change]:
        """In an order in which nothing is dropped while it is still needed."""
        return [
            *self.names,
            *self.adds,
            *self.alters,
            *self._definition(),
            *self.drops,
            *self.moved,
            *self.shells,
        ]

    def _definition(self) -> Iterator[Change]:
        old, new = self.before.definition, self.after.definition
        names = [one.name for one in fields(new) if one.name in OPTIONS]
        options = {name: getattr(new, name) for name in names}
        options = {name: given for name, given in options.items() if given != getattr(old, name)}
        if options:
            yield AlterGroup(self.group, options)
        if old.partition_by != new.partition_by:
            yield SetPartitioning(self.group, new.partition_by)

    def _level(self, above: tuple[str, ...], old: list[pa.Field], new: list[pa.Field]) -> None:
        """The fields of a struct, or the columns, of before and of after."""
        known = {one.name.lower(): one for one in old}
        wanted = {one.name.lower(): one for one in new}
        self.drops += [
            DropColumn(self.group, paths.dotted([*above, one.name]))
            for folded, one in known.items()
            if folded not in wanted
        ]
        for folded, one in wanted.items():
            if folded in known:
                self._field((*above, one.name), known[folded], one)
            else:
                self._add((*above, one.name), one)
        self._order(above, [*known], [*wanted], wanted)

    def _order(
        self,
        above: tuple[str, ...],
        known: list[str],
        wanted: list[str],
        spelled: dict[str, pa.Field],
    ) -> None:
        kept = [name for name in known if name in spelled]
        now = [*kept, *(name for name in wanted if name not in kept)]
        for name, after in moves(now, wanted):
            behind = None if after is None else spelled[after].name
            path = paths.dotted([*above, spelled[name].name])
            self.moved.append(MoveColumn(self.group, path, behind))

    def _add(self, path: tuple[str, ...], new: pa.Field) -> None:
        made, comment = paths.dotted(path), self._comment(self.after, path)
        self.adds.append(AddColumn(self.group, made, new.with_nullable(True), comment))
        if not new.nullable:  # once rows that are there have a value
            self.alters.append(AlterColumn(self.group, made, nullable=False))

    def _field(self, path: tuple[str, ...], old: pa.Field, new: pa.Field) -> None:
        """A field of both, which may be spelled in another case."""
        if old.name != new.name:
            spelled = paths.dotted([*path[:-1], old.name])
            self.names.append(RenameColumn(self.group, spelled, new.name))
        leaf = False
        if paths.is_struct(old.type) and paths.is_struct(new.type):
            self._level(path, list(old.type), list(new.type))
        elif paths.names(old.type) and paths.names(old.type) == paths.names(new.type):
            self._nested(path, old, new)
        else:
            leaf = True
        self._alter(path, old, new, retyped=leaf)

    def _nested(self, path: tuple[str, ...], old: pa.Field, new: pa.Field) -> None:
        """A list or a map in both, and what it is made of."""
        parts = zip(
            paths.names(old.type), paths.children(old.type), paths.children(new.type), strict=True
        )
        made = []
        for name, mine, theirs in parts:
            self._field((*path, name), mine, theirs.with_name(mine.name))
            made.append(theirs.with_name(mine.name))
        if not paths.with_children(old.type, made).equals(new.type, check_metadata=True):
            self.shells.append(AlterColumn(self.group, paths.dotted(path), type=new.type))

    def _alter(self, path: tuple[str, ...], old: pa.Field, new: pa.Field, *, retyped: bool) -> None:
        said: dict[str, Any] = {}
        if retyped and not old.type.equals(new.type, check_metadata=True):
            said["type"] = new.type
        if old.nullable != new.nullable:
            said["nullable"] = new.nullable
        if (old.metadata or {}) != (new.metadata or {}):
            said["metadata"] = new.metadata
        comment = self._comment(self.after, path)
        if comment != self._comment(self.before, path):
            said["comment"] = comment
        if said:
            self.alters.append(AlterColumn(self.group, paths.dotted(path), **said))

    def _comment(self, state: State, path: tuple[str, ...]) -> str | None:
        return state.comments.get(path[0]) if len(path) == 1 else None
