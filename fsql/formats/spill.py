"""Sorted rows put aside in temporary files, until enough are known to write a file in order."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pyarrow as pa

from fsql.errors import StorageError
from fsql.formats.sorting import Order, Point

__all__ = ["RUN_BYTES", "Batch", "Run", "Spill"]

RUN_BYTES = 32 << 20
MERGE_BYTES = 32 << 20  # of all runs together so much is in memory while they are merged
LEAST_BATCH_BYTES = 32 << 10
SPILL_BYTES = 1 << 30  # a file's disk space is free again when all of its runs are done


@dataclass(frozen=True)
class Batch:
    """Some rows of a run, on disk.

    Attributes:
        first: where its first row stands in the order.
        bytes: what its rows take in memory.
    """

    first: Point
    rows: int
    bytes: int
    place: int
    length: int


class Run:
    """Rows in order, on disk as long as anyone has this object.

    Attributes:
        number: of two runs' rows that are alike in the order, those of the lower number come first.
        last: where its last row stands.
    """

    def __init__(self, file: _File, number: int, batches: list[Batch], last: Point) -> None:
        self._file = file
        self.number, self.batches, self.last = number, batches, last
        self.rows = sum(batch.rows for batch in batches)
        self.bytes = sum(batch.bytes for batch in batches)

    def read(self, batch: Batch) -> pa.RecordBatch:
        """The rows of one of its batches."""
        return pa.ipc.read_record_batch(self._file.read(batch), self._file.schema)


class Spill:
    """Temporary files that no folder lists, so that even a killed process leaves nothing.

    They lie where Python's tempfile puts them: in $TMPDIR, else /tmp.
    """

    def __init__(self, schema: pa.Schema, order: Order) -> None:
        self._schema, self._order = schema, order
        self._lock = threading.Lock()
        self._file: _File | None = None
        self._numbers = count()

    def put(self, table: pa.Table, merged: int) -> Run:
        """Put sorted rows aside; several threads may do so at the same time.

        Args:
            merged: about how many bytes of runs will be merged with them. The more, the smaller are
                the batches that are in memory then.

        Raises:
            StorageError: there is no room.
        """
        with self._lock:
            number = next(self._numbers)
            if self._file is None or self._file.size >= SPILL_BYTES:
                self._file = _File(self._schema)
            file = self._file
        size = max(LEAST_BATCH_BYTES, RUN_BYTES * MERGE_BYTES // max(merged, MERGE_BYTES))
        batches = [self._put(file, batch) for batch in _cut(table, size)]
        return Run(file, number, batches, self._order.point(table, len(table) - 1))

    def _put(self, file: _File, batch: pa.RecordBatch) -> Batch:
        message = batch.serialize()
        first = self._order.point(batch, 0)
        return Batch(first, len(batch), batch.nbytes, file.append(message), message.size)


def _cut(table: pa.Table, size: int) -> Iterator[pa.RecordBatch]:
    rows = max(1, size * len(table) // max(1, table.nbytes))
    yield from table.to_batches(max_chunksize=rows)


class _File:
    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.size = 0
        self._lock = threading.Lock()
        try:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        except OSError as error:
            raise _no_room(error) from error

    def __del__(self) -> None:
        """No run has it any more; whatever failed on the way, its room is free again."""
        if hasattr(self, "_file"):
            self._file.close()

    def append(self, message: pa.Buffer) -> int:
        """Write a message; gives its place."""
        with self._lock:
            place = self.size
            self.size += message.size
        view = memoryview(message)
        written = 0
        try:
            while written < len(view):
                written += os.pwrite(self._file.fileno(), view[written:], place + written)
        except OSError as error:
            raise _no_room(error) from error
        return place

    def read(self, batch: Batch) -> pa.Buffer:
        """The message of a batch."""
        return pa.py_buffer(os.pread(self._file.fileno(), batch.length, batch.place))


def _no_room(error: OSError) -> StorageError:
    return StorageError(
        f"Rows cannot be put aside in {tempfile.gettempdir()!r} to be sorted; nothing was written:"
        f" {error}. Make room there, let $TMPDIR name a larger disk, or write rows that are sorted"
        " by their key."
    )
