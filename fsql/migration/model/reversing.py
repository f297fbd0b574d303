"""What takes a change back, or why nothing does."""

from __future__ import annotations

from dataclasses import fields
from functools import singledispatch
from typing import Any

from fsql.errors import Irreversible
from fsql.migration.model import paths
from fsql.migration.model.changes import (
    KEEP,
    AddColumn,
    AlterColumn,
    AlterGroup,
    Backfill,
    Change,
    CreateGroup,
    DropColumn,
    DropGroup,
    Execute,
    MoveColumn,
    Release,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.evolving import evolved
from fsql.migration.model.noting import with_notes
from fsql.migration.model.state import State
from fsql.migration.model.wording import words

__all__ = ["reversed_"]


def reversed_(change: Change, before: State | None) -> list[Change]:
    """The changes that, made one after the other, lead from after a change to before it.

    Args:
        change: one that `evolved` takes.
        before: the group before it; None if there was none.

    Raises:
        Irreversible: nothing does; it says why, and what to write instead.
        MigrationError: the group cannot take the change in the first place.
    """
    after = evolved(change, before)
    back = _back(change, before)
    return back if before is None or after is None else with_notes(back, after, before)


@singledispatch
def _back(change: Any, before: Any) -> list[Change]:
    raise TypeError(f"{type(change).__name__} is no change of a migration.")


def _none(change: Any, why: str) -> Irreversible:
    group = getattr(change, "group", "")
    return Irreversible(f"Nothing takes back what {words(change)}: {why}", group)


@_back.register
def _(change: CreateGroup, before: State | None) -> list[Change]:
    return [DropGroup(change.group, change.database)]


@_back.register
def _(change: DropGroup, before: State) -> list[Change]:
    return [CreateGroup(before, database=change.database)]


@_back.register
def _(change: AddColumn, before: State) -> list[Change]:
    return [DropColumn(change.group, change.path, change.database)]


@_back.register
def _(change: DropColumn, before: State) -> list[Change]:
    path = paths.resolved(before.schema, change.path)
    field = paths.get(before.schema, path)
    group, database = change.group, change.database
    comment = before.comments.get(path)
    back: list[Change] = [
        AddColumn(group, path, field.with_nullable(True), comment, database=database)
    ]
    if not field.nullable:  # once the values are there again
        back.append(AlterColumn(group, path, nullable=False, database=database))
    beside = paths.siblings(before.schema, path)
    if beside[-1] != field.name:
        back.append(MoveColumn(group, path, _behind(beside, field.name), database))
    return back


def _behind(beside: list[str], name: str) -> str | None:
    place = beside.index(name)
    return beside[place - 1] if place else None


@_back.register
def _(change: RenameColumn, before: State) -> list[Change]:
    above, old = paths.split(paths.resolved(before.schema, change.path))
    now = paths.dotted([*(paths.parts(above) if above else ()), change.to])
    return [RenameColumn(change.group, now, old, change.database)]


@_back.register
def _(change: MoveColumn, before: State) -> list[Change]:
    path = paths.resolved(before.schema, change.path)
    after = _behind(paths.siblings(before.schema, path), paths.split(path)[1])
    return [MoveColumn(change.group, path, after, change.database)]


@_back.register
def _(change: AlterColumn, before: State) -> list[Change]:
    path = paths.resolved(before.schema, change.path)
    field = paths.get(before.schema, path)
    was = {
        "type": field.type,
        "nullable": field.nullable,
        "comment": before.comments.get(path),
        "metadata": field.metadata,
    }
    old: dict[str, Any] = {name: was[name] for name in was if getattr(change, name) is not KEEP}
    return [AlterColumn(change.group, path, **old, database=change.database)]


@_back.register
def _(change: AlterGroup, before: State) -> list[Change]:
    known = {field.name for field in fields(before.definition)}
    old = {name: getattr(before.definition, name) for name in change.options if name in known}
    if "schema_metadata" in change.options:
        old["schema_metadata"] = dict(before.schema.metadata or {})
    return [AlterGroup(change.group, old, change.database)]


@_back.register
def _(change: SetPartitioning, before: State) -> list[Change]:
    return [SetPartitioning(change.group, before.definition.partition_by, change.database)]


@_back.register
def _(change: Backfill, before: State) -> list[Change]:
    return []  # the version that it fills goes as a whole


@_back.register
def _(change: Release, before: State) -> list[Change]:
    raise _none(
        change,
        "which version was released before is not known here. Write op.release() of that one.",
    )


@_back.register
def _(change: Execute, before: State | None) -> list[Change]:
    raise _none(
        change,
        "what a statement did cannot be told. Write op.execute() of one that undoes it, or nothing"
        " if none is needed.",
    )
