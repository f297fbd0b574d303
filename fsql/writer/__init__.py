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
from fsql.errors import DefinitionError, NotAFeatureGroup, UnsupportedMode
from fsql.fitting import Problems, differences
from fsql.model import FeatureGroup
from fsql.writer.inputs import open_source
from fsql.writer.lanes import Upload, run
from fsql.writer.progress import progress_bar

__all__ = ["MODES", "WriteResult", "write"]


@dataclass(frozen=True)
class WriteResult:
    """What a write did.

    Attributes:
        rows: how many were written.
        files, bytes: the data files they became, and their size.
        snapshot_id: the table's snapshot that first has them; None if nothing was written.
        seconds: how long it took.
        message: the same in words.
    """

    rows: int
    files: int
    bytes: int
    snapshot_id: int | None
    seconds: float
    message: str

    def __str__(self) -> str:
        return self.message


def write(
    catalog: Catalog,
    group: FeatureGroup,
    data: Any,
    mode: str = "append",
    progress: bool | None = None,
) -> WriteResult:
    """Write rows to a feature group's table.

    Args:
        data: a pandas or polars DataFrame, an Arrow table, batch, reader or dataset,
            anything with ``__arrow_c_stream__``, or the path or s3:// URI of a Parquet,
            CSV or JSON lines file, or of a folder of them. Readers and files are streamed.
        mode: a key of `MODES`.
        progress: show a bar on stderr; None shows it on a terminal and in a notebook.

    Raises:
        InvalidData: rows do not fit; every problem is named and nothing was written.
        TableNotFound, NotAFeatureGroup: there is no such table to write to.
        DefinitionError: the table is not what `group` declares.
        CommitConflict, StorageError: it could not be written; nothing was.
        UnsupportedMode: another `mode`.
        TypeError: `data` is none of the above.
    """
    if mode not in MODES:
        raise UnsupportedMode(mode, MODES)
    started = time.perf_counter()
    entry, stored = _stored(catalog, group)
    problems = Problems(stored.name, stored.columns.keys())
    source = open_source(data, stored, catalog.storage, problems)
    with progress_bar(stored.name, source.rows, progress) as show:
        upload = Upload(stored, source, problems, show)
        committed = MODES[mode](catalog, entry, upload)
    seconds = time.perf_counter() - started
    return _result(stored.name, committed, seconds)


def _stored(catalog: Catalog, group: FeatureGroup) -> tuple[Entry, FeatureGroup]:
    """The table, and the group as it was created."""
    entry = catalog.get(group.name, group.schema)
    stored = entry.group
    if stored is None:
        raise NotAFeatureGroup(entry.name, entry.database)
    wrong = differences(group, stored)
    if wrong:
        raise DefinitionError(
            f"Table {entry.name!r} is not what the group declares: {'; '.join(wrong)}."
            " Declare a new version, or take the group from FeatureGroup.reflect."
        )
    return entry, stored


def _append(catalog: Catalog, entry: Entry, upload: Upload) -> formats.Committed | None:
    with formats.Append(catalog, entry, upload.group.storage_schema) as append:
        rows = run(upload, append.write)
        upload.problems.check()
        return append.commit() if rows else None


Mode = Callable[[Catalog, Entry, Upload], formats.Committed | None]
MODES: Mapping[str, Mode] = {"append": _append}


def _result(name: str, committed: formats.Committed | None, seconds: float) -> WriteResult:
    if committed is None:
        words = f"The data has no rows; nothing was written to {name}."
        return WriteResult(0, 0, 0, None, seconds, words)
    rows, files = _counted(committed.rows, "row"), _counted(committed.files, "file")
    size = f"{committed.bytes / 1e6:,.1f} MB"
    return WriteResult(
        rows=committed.rows,
        files=committed.files,
        bytes=committed.bytes,
        snapshot_id=committed.snapshot_id,
        seconds=seconds,
        message=f"Wrote {rows} to {name}: {files}, {size}, {seconds:.2f} s.",
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
