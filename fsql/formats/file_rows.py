"""The rows of an Iceberg table's data files, one file at a time, whatever their schema was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.io.pyarrow import ArrowScan, _read_all_delete_files
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from fsql.errors import UnsupportedType
from fsql.formats.choosing import Choice

__all__ = ["FileRows", "planned"]

_EVERY = AlwaysTrue()
READERS = 4  # files whose keys are looked at side by side


def planned(table: Table, predicate: BooleanExpression = _EVERY) -> list[FileScanTask]:
    """The current snapshot's files that may hold rows that are meant, with their deletes.

    Raises:
        UnsupportedType: there are equality deletes.
    """
    try:
        return list(table.scan(row_filter=predicate).plan_files())
    except ValueError as error:
        if "equality deletes" not in str(error):
            raise
        raise UnsupportedType(
            f"{table.name()[-1]!r} has equality deletes of another engine, which fsql cannot apply."
            f" Run OPTIMIZE {table.name()[-1]} REWRITE DATA USING BIN_PACK first, then again."
        ) from error


class FileRows:
    """Rows of a table's files under the table's current columns, found by field id.

    pyiceberg reads them, so files from before a column was renamed or added will do, and so will
    position deletes. Its own `ArrowScan.to_record_batches` keeps a whole file in memory; the
    generator and the reader of deletes behind it, which a test pins, do not.

    Args:
        schema: the columns in their storage types.
    """

    def __init__(self, table: Table, schema: pa.Schema) -> None:
        self._table, self._schema = table, schema

    def live(self, task: FileScanTask) -> Iterator[pa.Table]:
        """A file's rows but those that position deletes have taken out, in order."""
        deletes = _read_all_delete_files(self._table.io, [task])
        return self._read(task, self._schema, deletes)

    def holding(
        self, files: Iterable[DataFile], choice: Choice, gone: Callable[[DataFile], bool]
    ) -> list[DataFile]:
        """The files that hold rows that are meant, position deletes or not.

        Args:
            gone: what to think of a file that does not exist any more.
        """

        def holds(file: DataFile) -> bool:
            try:
                return self._holds(file, choice)
            except FileNotFoundError:
                return gone(file)

        listed = list(files)
        with ThreadPoolExecutor(READERS, "fsql-keys") as pool:
            found = pool.map(holds, listed)
            return [file for file, held in zip(listed, found, strict=True) if held]

    def _holds(self, file: DataFile, choice: Choice) -> bool:
        schema = pa.schema([self._schema.field(name) for name in choice.columns])
        parts = self._read(FileScanTask(file), schema, {})
        return any(pc.any(choice.mask(part)).as_py() for part in parts)

    def _read(
        self, task: FileScanTask, schema: pa.Schema, deletes: dict[str, list[pa.ChunkedArray]]
    ) -> Iterator[pa.Table]:
        columns = self._table.schema().select(*schema.names)
        scan = ArrowScan(self._table.metadata, self._table.io, columns, AlwaysTrue())
        for batch in scan._record_batches_from_scan_tasks_and_deletes([task], deletes):
            yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)
