"""Writing by a SELECT that Athena runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from fsql.catalog import Catalog, Entry
from fsql.dbapi import connect
from fsql.inserts import insert_select
from fsql.model import FeatureGroup
from fsql.planning import Planner
from fsql.writer import WriteResult, result_of, stored_group
from fsql.writer.progress import progress_bar

__all__ = ["insert_from"]


def insert_from(
    catalog: Catalog,
    group: FeatureGroup | Entry,
    sql: str,
    token: str | None = None,
    progress: bool | None = None,
) -> WriteResult:
    """Write the rows of a SELECT to a group, all or none; they never leave AWS.

    Args:
        sql: gives columns of the group's names, in any order. Columns that it leaves out become
            NULL where they may.
        token: names the write; one that is in the table's history already writes nothing. Without
            one the same SELECT of tables that have not changed goes on with what a run that was
            killed has left.
        progress: show a bar; None shows it where somebody watches.

    Raises:
        InvalidData: columns or rows do not fit the group; nothing was written.
        InvalidQuery: it is no query, or Athena refuses it; nothing was written.
        QueryFailed, QueryCancelled, CommitConflict, StorageError: it was not done; the same call
            goes on from where it ended.
        ConfigError: the rows go to too many partitions, and SQL cannot tell them apart.
        TableNotFound, NotAFeatureGroup, DefinitionError: see `fsql.writer.write`.
    """
    started = time.perf_counter()
    entry, stored = stored_group(catalog, group)

    def bar(batches: int) -> AbstractContextManager[Callable[[int], None]]:
        return progress_bar(stored.name, batches, progress, "batches")

    with connect(planner=Planner(catalog)) as connection:
        inserted = insert_select(connection, entry, sql, token, bar)
    result = result_of(stored.name, inserted.committed, time.perf_counter() - started)
    if not (inserted.missing and result.rows):
        return result
    words = f"{result.message} NULL, for want of them in the SELECT: {', '.join(inserted.missing)}."
    return replace(result, message=words)
