"""A group filled with the rows of a SELECT, once."""

from __future__ import annotations

from fsql.catalog import Catalog, Entry
from fsql.migration.making import records
from fsql.migration.making.checks import group_of
from fsql.migration.making.filling import anti_join
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from fsql.writer.inserting import insert_from

__all__ = ["backfill"]


def backfill(catalog: Catalog, entry: Entry, select: str, step: Step) -> None:
    """Insert the rows of a SELECT; a step that was killed on the way is gone on with.

    Into a group that the same revision has brought back go only rows that it does not have.

    Raises:
        InvalidData, InvalidQuery: the rows do not fit, or Athena refuses the SELECT.
        QueryFailed, CommitConflict, StorageError: it was not done.
    """
    group = group_of(entry)
    is_back = any(one.restored and one.run == step.run for one in records.read(entry.parameters))
    sql = anti_join(entry, State.of(group), select) if is_back else select
    insert_from(catalog, group, sql, f"{step.run}:{step.number}")
