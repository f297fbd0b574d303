"""Rows in the place of those of the same key and event time, in a Hive-style group.

Athena merges into Iceberg tables only. So it reads the rows that partitions have after the merge,
these are written as new files, and each partition goes over to them if nobody else was quicker.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from fsql import formats
from fsql.catalog import Catalog, Entry
from fsql.conversion import decode
from fsql.dbapi import connect
from fsql.errors import CommitConflict, ConfigError
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.layout import Layout, layout_of
from fsql.formats.hive.rewriting import Rewriting
from fsql.formats.hive.write import note
from fsql.model import FeatureGroup
from fsql.planning import Planner
from fsql.writer.lanes import Upload, run
from fsql.writer.merge import MAX_PARTITIONS, merged_rows, order_column, part_column

__all__ = ["upsert_hive"]

ATTEMPTS = 5
LONGEST_WHERE = 50_000  # of the 262,144 bytes that a query may have; it stands there twice


def upsert_hive(
    catalog: Catalog, entry: Entry, upload: Upload, token: str | None
) -> formats.Committed | None:
    """Stage the rows, and write the partitions anew that they belong to.

    Args:
        token: is noted when all partitions are done; a repetition of an upsert that came less far
            merges its rows again.

    Raises:
        ConfigError: a row's partition does not follow from its key and event time.
        CommitConflict: other writers were always quicker in some partitions.
        QueryFailed, InvalidQuery, QueryCancelled: Athena did not do it.
    """
    _check(entry, upload.group)
    numbering = _Numbering(layout_of(entry))
    with formats.stage(catalog, entry, _staged_schema(upload.group)) as write:
        rows = run(
            upload, lambda lane, first, table: write.write(lane, numbering.added(table, first))
        )
        upload.problems.check()
        if not rows:
            return None
        staged = write.commit()
        merge = _Merge(catalog, entry, upload.group, write.entry, numbering.numbers)
        changed = sum(merge.done(batch) for batch in merge.batches())
    if token is not None:
        note(catalog, entry, token)
    return formats.Committed(
        rows=changed,
        files=staged.files,
        bytes=staged.bytes,
        snapshot_id=None,
        passed_over=rows - changed,
    )


def _check(entry: Entry, group: FeatureGroup) -> None:
    identity = {*group.keys, group.event_time}
    strays = [p.column for p in group.definition.partition_by if p.column not in identity]
    if strays:
        raise ConfigError(
            f"{entry.name!r} is a Hive-style group partitioned by {', '.join(strays)}, which is"
            " neither key nor event time: a new row and the one that it is for may be in different"
            " partitions. Use mode='overwrite_partitions', or declare a version of the group that"
            " is partitioned by keys or event time, or has table_format='iceberg'."
        )


def _staged_schema(group: FeatureGroup) -> pa.Schema:
    added = (pa.field(name(group), pa.int64()) for name in (order_column, part_column))
    return pa.schema([*group.storage_schema, *added])


class _Numbering:
    """Numbers rows as they come, and the partitions that they belong to."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lock = threading.Lock()
        self.numbers: dict[Texts, int] = {}

    def added(self, table: pa.Table, first_row: int) -> pa.Table:
        """A table with both numbers."""
        rows = pa.arange(first_row, first_row + len(table))
        numbered = table.append_column(pa.field("row", pa.int64()), rows)
        parts = [
            part.append_column("part", pa.repeat(self._number(texts), len(part)))
            for texts, part in self._layout.parts(numbered)
        ]
        return pa.concat_tables(parts)

    def _number(self, texts: Texts) -> pa.Scalar:
        with self._lock:
            return pa.scalar(self.numbers.setdefault(texts, len(self.numbers)), pa.int64())


class _Merge:
    """Staged rows on their way into the partitions of a group.

    Args:
        numbers: the partitions, as the staged rows number them.
    """

    def __init__(
        self,
        catalog: Catalog,
        entry: Entry,
        group: FeatureGroup,
        staged: Entry,
        numbers: dict[Texts, int],
    ) -> None:
        self._catalog, self._entry, self._group = catalog, entry, group
        self._staged, self._numbers = staged, numbers
        self._layout = layout_of(entry)

    def batches(self) -> Iterator[list[Texts]]:
        """The partitions, as many at a time as one query can name."""
        batch: list[Texts] = []
        size = 0
        for texts in self._numbers:
            length = len(self._layout.where(texts, "t").encode())
            if batch and (len(batch) == MAX_PARTITIONS or size + length > LONGEST_WHERE):
                yield batch
                batch, size = [], 0
            batch.append(texts)
            size += length
        if batch:
            yield batch

    def done(self, partitions: Sequence[Texts]) -> int:
        """Merge into some partitions; how many rows were inserted or updated."""
        rows = 0
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0.5, 1) * 0.2 * 2**attempt)
            merged, partitions = self._once(partitions)
            rows += merged
            if not partitions:
                return rows
        folders = ", ".join(self._layout.folder(texts).rstrip("/") for texts in partitions[:5])
        raise CommitConflict(
            f"Other writers to {self._entry.name!r} were quicker {ATTEMPTS} times over in"
            f" {len(partitions):,} partitions, such as {folders}; what is there is theirs. Write"
            " the same rows with mode='upsert' again; those that are stored already are stored"
            " again and not twice."
        )

    def _once(self, partitions: Sequence[Texts]) -> tuple[int, list[Texts]]:
        """How many rows were merged, and the partitions in which others were quicker."""
        won: Counter[Texts] = Counter()
        with Rewriting(self._catalog, self._entry, partitions) as rewriting:
            for table in self._rows(partitions):
                for texts, part in self._layout.parts(table):
                    won[texts] += pc.sum(part.column(part.num_columns - 1), min_count=0).as_py()
                    rewriting.write(texts, part)
            changed = [texts for texts, count in won.items() if count]
            overtaken = rewriting.commit(changed)
        return sum(won[texts] for texts in changed if texts not in overtaken), overtaken

    def _rows(self, partitions: Sequence[Texts]) -> Iterator[pa.Table]:
        """What the partitions hold after the merge, in storage types, and which rows are new."""
        where = " OR ".join(self._layout.where(texts, "t") for texts in partitions)
        parts = [self._numbers[texts] for texts in partitions]
        sql = merged_rows(self._group, self._entry, self._staged, parts, where)
        schema = self._group.storage_schema.append(pa.field("merged", pa.bool_()))
        planner = Planner(self._catalog)
        with connect(planner=planner) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            for batch in cursor.as_batches():
                columns = [
                    decode(pa.chunked_array([column]), field)
                    for column, field in zip(batch.columns, schema, strict=True)
                ]
                yield pa.Table.from_arrays(columns, schema=schema)
