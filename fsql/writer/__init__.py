"""Writing: frames and files in, all of their rows or none.

Rows are checked, encoded and written by several threads at once. Nothing is part of the
table before the one commit at the end, so whatever happens earlier changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fsql import formats
from fsql.catalog import Catalog, Entry
from fsql.errors import ConfigError, DefinitionError, NotAFeatureGroup, UnsupportedMode
from fsql.fitting import Problems, differences
from fsql.model import FeatureGroup
from fsql.writer.inputs import open_source
from fsql.writer.lanes import Upload, run
from fsql.writer.progress import progress_bar
from fsql.writer.upsert import upsert

__all__ = ["MODES", "WriteResult", "result_of", "stored_group", "write"]


@dataclass(frozen=True)
class WriteResult:
    """What a write did.

    Attributes:
        rows: how many were written. Of an upsert those inserted or updated, which leaves out
            rows that stand in the data several times or are older than what is stored.
        files, bytes: the data files they became, and their size; of an upsert the staged ones.
        snapshot_id: the table's snapshot that first has them, after an upsert maybe a later one;
            None if there were no rows.
        seconds: how long it took.
        message: the same in words.
        replaced: the rows of the files whose place they took; not known of an upsert.
    """

    rows: int
    files: int
    bytes: int
    snapshot_id: int | None
    seconds: float
    message: str
    replaced: int = 0

    def __str__(self) -> str:
        return self.message


def write(
    catalog: Catalog,
    group: FeatureGroup | Entry,
    data: Any,
    mode: str = "append",
    progress: bool | None = None,
    token: str | None = None,
) -> WriteResult:
    """Write rows to a feature group's table: all of them or none.

    The partitions of a Hive-style group go over one by one, each of them as a whole, and there are
    no snapshots: what is said below of one holds for each partition.

    Args:
        group: as it is declared, or its table, as what it is just now.
        data: a pandas or polars DataFrame, an Arrow table, batch, reader or dataset,
            anything with ``__arrow_c_stream__``, or the path or s3:// URI of a Parquet,
            CSV or JSON lines file, or of a folder of them. Readers and files are streamed.
        mode: "append" adds the rows; "overwrite" puts them in the place of all that are there
            when it commits, in one snapshot, so that earlier ones can still be read;
            "overwrite_partitions" does so with the partitions that they have rows of, as a whole;
            "upsert" puts each in the place of the stored row of its key and event time, unless
            that one has a greater created time, NULL being the least. Of rows that stand in the
            data several times the one with the greatest created time counts, then the last.
        progress: show a bar on stderr; None shows it on a terminal and in a notebook.
        token: names the write. If the table's history has one of that name already, nothing is
            written, so a write of which nobody knows whether it was done can be repeated. In a
            Hive-style group the partitions that have its rows are left alone, others get them; of
            an upsert there that was not done to its end all are merged again.

    Raises:
        InvalidData: rows do not fit; every problem is named and nothing was written. Or
            there are none to overwrite with.
        TableNotFound, NotAFeatureGroup: there is no such table to write to.
        DefinitionError: the table is not what `group` declares.
        ConfigError: a mode that the table or the token does not go with.
        CommitConflict, StorageError: it could not be written; nothing was. Of a Hive-style group
            some partitions may have been, and which ones is said.
        PartlyWritten: an upsert of rows of more than 100 partitions, each hundred of which are
            merged by a statement of its own, was not done to the end; repeat it.
        UnsupportedMode: another `mode`.
        TypeError: `data` is none of the above.
    """
    if mode not in MODES:
        raise UnsupportedMode(mode, MODES)
    started = time.perf_counter()
    entry, stored = stored_group(catalog, group)
    committed = formats.written_by(catalog, entry, token) if token is not None else None
    if committed is None:
        committed = _write(catalog, entry, stored, data, mode, progress, token)
    return result_of(stored.name, committed, time.perf_counter() - started)


def _write(
    catalog: Catalog,
    entry: Entry,
    stored: FeatureGroup,
    data: Any,
    mode: str,
    progress: bool | None,
    token: str | None,
) -> formats.Committed | None:
    problems = Problems(stored.name, stored.columns.keys())
    source = open_source(data, stored, catalog.storage, problems)
    with progress_bar(stored.name, source.rows, progress) as show:
        upload = Upload(stored, source, problems, show)
        return MODES[mode](catalog, entry, upload, token)


def stored_group(catalog: Catalog, group: FeatureGroup | Entry) -> tuple[Entry, FeatureGroup]:
    """The table, and the group as it was created. What was looked up already is not asked again.

    Raises:
        TableNotFound, NotAFeatureGroup, DefinitionError: see `write`.
    """
    entry = group if isinstance(group, Entry) else catalog.get(group.name, group.schema)
    stored = entry.group
    if stored is None:
        raise NotAFeatureGroup(entry.name, entry.database)
    wrong = [] if isinstance(group, Entry) else differences(group, stored)
    if wrong:
        raise DefinitionError(
            f"Table {entry.name!r} is not what the group declares: {'; '.join(wrong)}."
            " Declare a new version, or take the group from FeatureGroup.reflect."
        )
    lost = [name for name in stored.arrow_schema.names if name not in entry.engine_schema.names]
    if lost:
        raise DefinitionError(
            f"Table {entry.name!r} has no column {', '.join(map(repr, lost))} any more: it was"
            " altered by other means than a migration. `alembic check` says how; `alembic -x adopt"
            " upgrade head` takes that for meant. Or put the column back. Nothing was written."
        )
    return entry, stored


def _append(
    catalog: Catalog, entry: Entry, upload: Upload, token: str | None
) -> formats.Committed | None:
    schema = upload.group.storage_schema
    with formats.open_write(catalog, entry, schema, token=token) as write:
        rows = run(upload, lambda lane, _, table: write.write(lane, table))
        upload.problems.check()
        return write.commit() if rows else None


def _overwrite(
    catalog: Catalog, entry: Entry, upload: Upload, token: str | None
) -> formats.Committed:
    schema = upload.group.storage_schema
    with formats.open_write(catalog, entry, schema, "everything", token) as write:
        rows = run(upload, lambda lane, _, table: write.write(lane, table))
        if not rows:
            upload.problems.add(None, _no_rows(entry))
        upload.problems.check()
        return write.commit()


def _overwrite_partitions(
    catalog: Catalog, entry: Entry, upload: Upload, token: str | None
) -> formats.Committed | None:
    schema = upload.group.storage_schema
    with formats.open_write(catalog, entry, schema, "partitions", token) as write:
        if not write.is_partitioned:
            raise ConfigError(
                f"{entry.name!r} has no partitions to replace. mode='overwrite' replaces all of"
                " its rows, mode='upsert' those of the same keys and event times."
            )
        rows = run(upload, lambda lane, _, table: write.write(lane, table))
        upload.problems.check()
        return write.commit() if rows else None


def _no_rows(entry: Entry) -> str:
    # A query that found nothing by mistake is far more frequent than the wish to lose all rows.
    return (
        "it has no rows, and overwriting with it would empty the table. If that is meant, run"
        f" DELETE FROM {entry.name}"
    )


Mode = Callable[[Catalog, Entry, Upload, str | None], formats.Committed | None]
MODES: Mapping[str, Mode] = {
    "append": _append,
    "upsert": upsert,
    "overwrite_partitions": _overwrite_partitions,
    "overwrite": _overwrite,
}


def result_of(name: str, committed: formats.Committed | None, seconds: float) -> WriteResult:
    """What a commit did, in words too; None is data without rows."""
    if committed is None:
        words = f"The data has no rows; nothing was written to {name}."
        return WriteResult(0, 0, 0, None, seconds, words)
    return WriteResult(
        rows=committed.rows,
        files=committed.files,
        bytes=committed.bytes,
        snapshot_id=committed.snapshot_id,
        seconds=seconds,
        message=_words(name, committed, seconds),
        replaced=committed.replaced,
    )


def _words(name: str, committed: formats.Committed, seconds: float) -> str:
    if committed.repeated:
        snapshot = committed.snapshot_id
        place = f", in snapshot {snapshot}" if snapshot is not None else ""
        return f"A write of this token is in {name} already{place}; nothing was written."
    rows, files = _counted(committed.rows, "row"), _counted(committed.files, "file")
    place = f" in place of {committed.replaced:,}" if committed.replaced else ""
    size = f"{committed.bytes / 1e6:,.1f} MB"
    passed = ""
    if committed.passed_over:
        passed = f" {_counted(committed.passed_over, 'row')} repeated or older than what is stored."
    return f"Wrote {rows} to {name}{place}: {files}, {size}, {seconds:.2f} s.{passed}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
