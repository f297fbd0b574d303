"""Rows in the place of those of the same key and event time: a MERGE that Athena executes.

Athena writes to 100 partitions with one statement, so that rows of more of them take several, each
for the rows of its partitions.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence

import pyarrow as pa

from fsql import formats
from fsql.catalog import Catalog, Entry
from fsql.dbapi import connect
from fsql.errors import (
    CommitConflict,
    ConfigError,
    PartlyWritten,
    QueryError,
    QueryFailed,
    ServiceError,
    StorageError,
)
from fsql.formats.iceberg import load
from fsql.formats.partitions import Partitioner
from fsql.model import FeatureGroup
from fsql.planning import Planner
from fsql.writer.hive_upsert import upsert_hive
from fsql.writer.lanes import Upload, run
from fsql.writer.merge import merges, order_column, part_column

__all__ = ["upsert"]

ATTEMPTS = 4  # Athena itself tries several times before it gives up
OVERTAKEN = "ICEBERG_COMMIT_ERROR"


def upsert(
    catalog: Catalog, entry: Entry, upload: Upload, token: str | None
) -> formats.Committed | None:
    """Stage the rows and merge them; see `fsql.writer.write` for which row wins.

    Raises:
        CommitConflict: other writers were always quicker; nothing was written.
        ConfigError: a token, which a MERGE leaves nowhere; or a Hive-style group in which a row's
            partition does not follow from its key and event time.
        PartlyWritten: of several statements the first ones were done.
        QueryFailed, InvalidQuery, QueryCancelled: Athena did not do it; nothing was written.
    """
    _check(token)
    if entry.is_hive_group:
        return upsert_hive(catalog, entry, upload)
    numbering = _Numbering(catalog, entry)
    with formats.stage(catalog, entry, _staged_schema(upload.group)) as write:
        rows = run(
            upload, lambda lane, first, table: write.write(lane, numbering.added(table, first))
        )
        upload.problems.check()
        if not rows:
            return None
        staged = write.commit()
        statements = merges(upload.group, entry, write.entry, numbering.partitions)
        changed = _all_merged(catalog, entry, statements, numbering.partitions)
    changed = rows if changed is None else changed
    return formats.Committed(
        rows=changed,
        files=staged.files,
        bytes=staged.bytes,
        snapshot_id=_current(catalog, entry),
        passed_over=max(0, rows - changed),
    )


def _check(token: str | None) -> None:
    if token is not None:
        raise ConfigError(
            "token= does not go with mode='upsert'. A MERGE leaves none; leave it out,"
            " an upsert that is repeated stores the same rows again and not twice."
        )


def _current(catalog: Catalog, entry: Entry) -> int | None:
    return formats.totals(catalog, catalog.get(entry.name, entry.database)).snapshot_id


def _staged_schema(group: FeatureGroup) -> pa.Schema:
    added = (pa.field(name(group), pa.int64()) for name in (order_column, part_column))
    return pa.schema([*group.storage_schema, *added])


class _Numbering:
    """Numbers rows as they come, and the target's partitions that they belong to."""

    def __init__(self, catalog: Catalog, entry: Entry) -> None:
        table = load(catalog, entry.name, entry.database)
        self._partitioner = Partitioner(table.spec(), table.schema())
        self._numbers: dict[tuple[object, ...], int] = {}
        self._lock = threading.Lock()

    @property
    def partitions(self) -> int:
        """How many there were."""
        return len(self._numbers)

    def added(self, table: pa.Table, first_row: int) -> pa.Table:
        """A table with both numbers."""
        rows = pa.arange(first_row, first_row + len(table))
        numbered = table.append_column(pa.field("row", pa.int64()), rows)
        parts = [
            part.append_column("part", pa.repeat(self._number(values), len(part)))
            for values, part in self._partitioner.split(numbered)
        ]
        return pa.concat_tables(parts)

    def _number(self, values: tuple[object, ...]) -> pa.Scalar:
        key = tuple("NaN" if value != value else (value,) for value in values)
        with self._lock:
            return pa.scalar(self._numbers.setdefault(key, len(self._numbers)), pa.int64())


def _all_merged(
    catalog: Catalog, entry: Entry, statements: Sequence[str], partitions: int
) -> int | None:
    """Run the statements; how many rows they inserted or updated, if Athena says so."""
    counts: list[int | None] = []
    for sql in statements:
        try:
            counts.append(_merged(catalog, sql, entry))
        except (QueryError, CommitConflict, ServiceError, StorageError) as error:
            if not counts:
                raise
            raise PartlyWritten(
                f"Rows of {partitions:,} partitions of {entry.name!r} take {len(statements)}"
                f" statements. {len(counts)} of them were done and the next one was not: {error}"
                " Write the same rows with mode='upsert' again; those that are stored already are"
                " stored again and not twice."
            ) from error
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _merged(catalog: Catalog, sql: str, entry: Entry) -> int | None:
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
