"""Rows in the place of those of the same key and event time: one MERGE that Athena executes."""

from __future__ import annotations

import random
import time

import pyarrow as pa

from fsql import formats
from fsql.catalog import Catalog, Entry
from fsql.dbapi import connect
from fsql.errors import CommitConflict, ConfigError, QueryFailed
from fsql.model import FeatureGroup
from fsql.planning import Planner
from fsql.writer.lanes import Upload, run
from fsql.writer.merge import merge_sql, order_column

__all__ = ["upsert"]

ATTEMPTS = 4  # Athena itself tries several times before it gives up
OVERTAKEN = "ICEBERG_COMMIT_ERROR"


def upsert(
    catalog: Catalog, entry: Entry, upload: Upload, token: str | None
) -> formats.Committed | None:
    """Stage the rows and merge them; see `fsql.writer.write` for which row wins.

    Raises:
        CommitConflict: other writers were always quicker; nothing was written.
        ConfigError: a token, which a MERGE leaves nowhere.
        QueryFailed, InvalidQuery, QueryCancelled: Athena did not do it; nothing was written.
    """
    if token is not None:
        raise ConfigError(
            "token= does not go with mode='upsert'. A MERGE leaves none; leave it out,"
            " an upsert that is repeated stores the same rows again and not twice."
        )
    with formats.stage(catalog, entry, _staged_schema(upload.group)) as write:
        rows = run(upload, lambda lane, first, table: write.write(lane, _numbered(table, first)))
        upload.problems.check()
        if not rows:
            return None
        staged = write.commit()
        changed = _merged(catalog, merge_sql(upload.group, entry, write.entry), entry)
    changed = rows if changed is None else changed
    return formats.Committed(
        rows=changed,
        files=staged.files,
        bytes=staged.bytes,
        snapshot_id=_current(catalog, entry),
        passed_over=max(0, rows - changed),
    )


def _current(catalog: Catalog, entry: Entry) -> int | None:
    return formats.totals(catalog, catalog.get(entry.name, entry.database)).snapshot_id


def _staged_schema(group: FeatureGroup) -> pa.Schema:
    return group.storage_schema.append(pa.field(order_column(group), pa.int64()))


def _numbered(table: pa.Table, first_row: int) -> pa.Table:
    numbers = pa.arange(first_row, first_row + len(table))
    return table.append_column(pa.field("row", pa.int64()), numbers)


def _merged(catalog: Catalog, sql: str, entry: Entry) -> int | None:
    """Run a MERGE; how many rows it inserted or updated, if Athena says so."""
    failure: QueryFailed | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0.5, 1) * 0.2 * 2**attempt)
        try:
            return _executed(catalog, sql)
        except QueryFailed as error:
            if OVERTAKEN not in str(error):
                raise
            failure = error
    raise CommitConflict(
        f"Other writers to {entry.name!r} were quicker {ATTEMPTS} times over; nothing was"
        " written. Write again, in fewer and larger batches."
    ) from failure


def _executed(catalog: Catalog, sql: str) -> int | None:
    with connect(planner=Planner(catalog)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.rowcount if cursor.rowcount >= 0 else None
