"""Rows in the place of those of the same key and event time: a MERGE that Athena executes.

Athena writes to 100 partitions with one statement, so that rows of more of them take several, each
for the rows of its partitions.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pyarrow as pa

from fsql import formats
from fsql.catalog import Catalog, Entry
from fsql.dbapi import connect
from fsql.errors import QueryError
from fsql.formats.iceberg import load
from fsql.formats.partitions import Partitioner
from fsql.model import FeatureGroup
from fsql.planning import Planner
from fsql.writer.hive_upsert import upsert_hive
from fsql.writer.lanes import Upload, run
from fsql.writer.merge import merges, order_column, part_column
from fsql.writer.upsert_once import Staged, UpsertOnce, in_turn, overtaken, pause

__all__ = ["upsert"]


def upsert(
    catalog: Catalog, entry: Entry, upload: Upload, token: str | None
) -> formats.Committed | None:
    """Stage the rows and merge them; see `fsql.writer.write` for which row wins.

    Raises:
        CommitConflict: other writers were always quicker; nothing was written.
        ConfigError: a Hive-style group in which a row's partition does not follow from its key
            and event time.
        PartlyWritten: of several statements the first ones were done.
        QueryFailed, InvalidQuery, QueryCancelled: Athena did not do it; nothing was written.
    """
    if entry.is_hive_group:
        return upsert_hive(catalog, entry, upload, token)
    if token is not None:
        work = UpsertOnce(catalog, entry, token)
        with work.shared():
            return _upsert_once(catalog, entry, upload, work)
        return formats.written_by(catalog, entry, token)
    with formats.stage(catalog, entry, _staged_schema(upload.group)) as write:
        staged = _staged(catalog, entry, upload, write)
        if staged is None:
            return None
        statements = merges(upload.group, entry, write.entry, staged.partitions)
        counts = _all_merged(catalog, entry, statements, staged.partitions)
    return _committed(staged, counts, _current(catalog, entry))


def _upsert_once(
    catalog: Catalog, entry: Entry, upload: Upload, work: UpsertOnce
) -> formats.Committed | None:
    staged = work.found()
    if staged is None:
        with formats.stage(catalog, entry, _staged_schema(upload.group), work.stage) as write:
            staged = _staged(catalog, entry, upload, write)
            if staged is not None:
                work.keep(staged)
        if staged is None:
            work.discard()
            return None
    stage = catalog.get(work.stage, entry.database)
    statements = merges(upload.group, entry, stage, staged.partitions)
    counts = work.merge(statements, lambda sql, request: _executed(catalog, sql, request))
    return _committed(staged, counts, work.mark())


def _staged(catalog: Catalog, entry: Entry, upload: Upload, write: formats.Write) -> Staged | None:
    """Stage the rows; None if there are none."""
    numbering = _Numbering(catalog, entry)
    rows = run(upload, lambda lane, first, table: write.write(lane, numbering.added(table, first)))
    upload.problems.check()
    if not rows:
        return None
    made = write.commit()
    return Staged(rows, made.files, made.bytes, numbering.partitions)


def _committed(
    staged: Staged, counts: Sequence[int | None], snapshot_id: int | None
) -> formats.Committed:
    known = [count for count in counts if count is not None]
    changed = sum(known) if len(known) == len(counts) else staged.rows
    return formats.Committed(
        rows=changed,
        files=staged.files,
        bytes=staged.bytes,
        snapshot_id=snapshot_id,
        passed_over=max(0, staged.rows - changed),
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
) -> list[int | None]:
    """Run the statements; how many rows each inserted or updated, if Athena says so."""

    def told(done: int, error: Exception) -> str:
        return (
            f"Rows of {partitions:,} partitions of {entry.name!r} take {len(statements)}"
            f" statements. {done} of them were done and the next one was not: {error}"
            " Write the same rows with mode='upsert' again; those that are stored already are"
            " stored again and not twice."
        )

    return in_turn(statements, lambda _, sql: _merged(catalog, sql, entry), told)


def _merged(catalog: Catalog, sql: str, entry: Entry) -> int | None:
    failures = 0
    while True:
        try:
            return _executed(catalog, sql)
        except QueryError as error:
            failures += 1
            overtaken(error, failures, entry)
        pause(failures)


def _executed(catalog: Catalog, sql: str, request_token: str | None = None) -> int | None:
    with connect(planner=Planner(catalog)) as connection, connection.cursor() as cursor:
        cursor.execute(sql, request_token=request_token)
        return cursor.rowcount if cursor.rowcount >= 0 else None
