"""What pandas and the categories note of columns, set where changes do not keep it true."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fsql.errors import MigrationError
from fsql.migration.model.changes import AlterGroup, Change
from fsql.migration.model.column_notes import meaning
from fsql.migration.model.evolving import evolved
from fsql.migration.model.state import State
from fsql.notes import CATEGORIES

__all__ = ["with_notes"]


def with_notes(changes: Sequence[Change], before: State, after: State) -> list[Change]:
    """The changes, with one that sets the schema's own notes where they lead to others.

    The notes are set first, since a column of ordered categories is refused as long as nothing
    notes their order.
    """
    if not before.schema.metadata and not after.schema.metadata:
        return list(changes)
    first = AlterGroup(after.table, {"schema_metadata": _of_both(before, after)})
    last = AlterGroup(after.table, {"schema_metadata": dict(after.schema.metadata or {})})
    for noted in ([*changes], [first, *changes], [*changes, last], [first, *changes, last]):
        if _leads_to(noted, before, after):
            return noted
    return list(changes)


def _leads_to(changes: Sequence[Change], before: State, after: State) -> bool:
    state: State | None = before
    try:
        for change in changes:
            state = evolved(change, state)
    except MigrationError:  # who makes the changes will hear of it
        return False
    return state is not None and meaning(state.schema.metadata) == meaning(after.schema.metadata)


def _of_both(before: State, after: State) -> dict[bytes, bytes]:
    """The notes of after, and the categories of those columns that are still there before."""
    notes = dict(after.schema.metadata or {})
    old, new = (
        json.loads((state.schema.metadata or {}).get(CATEGORIES, b"{}"))
        for state in (before, after)
    )
    return {**notes, CATEGORIES: json.dumps({**old, **new}).encode()} if old or new else notes
