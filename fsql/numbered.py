"""Rows put into the order of their numbers, in bounded memory.

Numbers are those of a count: each there once, no gaps. So it is known which rows belong together
before any of them are sorted: those of the same million, say, are put aside in the same place, and
read again, sorted and given when their turn comes.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["in_order", "sorted_by"]

BLOCK_BYTES = 32 << 20  # of rows that are shared out at once
SHELF_BYTES = 64 << 20  # of rows that are sorted at once


def in_order(batches: Iterable[pa.RecordBatch], column: int, first: int = 0) -> Iterator[pa.Table]:
    """Rows in the order of their numbers.

    As long as they come in order they are given as they come. From the first that does not, all go
    into a temporary file, in $TMPDIR or else /tmp, that even a killed process leaves no trace of.

    Args:
        column: the place of the numbers among the columns.
        first: the least number.

    Raises:
        OSError: there is no room for the file.
    """
    rest = iter(batches)
    for batch in rest:
        if not _counts(batch.column(column), first):
            yield from _from_shelves(_blocks(batch, rest), column)
            return
        first += len(batch)
        yield pa.Table.from_batches([batch])


def sorted_by(table: pa.Table, column: int) -> pa.Table:
    """A table in the order of its numbers; itself, if it is in order."""
    numbers = table.column(column)
    if pc.all(pc.less(numbers[:-1], numbers[1:]), min_count=0).as_py():
        return table
    return table.take(pc.sort_indices(numbers))


def _counts(numbers: pa.Array, first: int) -> bool:
    expected = pa.array(np.arange(first, first + len(numbers)))
    return bool(pc.all(pc.equal(numbers, expected), min_count=0).as_py())


def _blocks(batch: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches put together, so that each has many rows for a place."""
    waiting, size = [batch], batch.nbytes
    for each in rest:
        if size >= BLOCK_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting, size = [], 0
        waiting.append(each)
        size += each.nbytes
    yield pa.Table.from_batches(waiting)


def _from_shelves(blocks: Iterator[pa.Table], column: int) -> Iterator[pa.Table]:
    with tempfile.TemporaryFile(prefix="fsql-") as file:
        shelves = _Shelves(file)
        for block in blocks:
            shelves.put(block, column)
            del block
        yield from (sorted_by(table, column) for table in shelves.taken())


@dataclass
class _Shelves:
    """Rows in a file, found again by the range that their numbers are in."""

    file: Any
    rows: int = 0  # that a range has
    places: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def put(self, block: pa.Table, column: int) -> None:
        """Put rows aside."""
        if not self.rows:
            self.rows = max(1, SHELF_BYTES * len(block) // max(1, block.nbytes))
        numbers = block.column(column).to_numpy() // self.rows
        order = np.argsort(numbers, kind="stable")
        ranges, starts = np.unique(numbers[order], return_index=True)
        arranged = block.take(pa.array(order))
        for place, start, end in zip(ranges, starts, [*starts[1:], len(block)], strict=True):
            self._write(int(place), arranged.slice(start, end - start))

    def _write(self, place: int, rows: pa.Table) -> None:
        start = self.file.tell()
        # A stream of its own each, since dictionaries may differ.
        with pa.ipc.new_stream(self.file, rows.schema) as writer:
            writer.write_table(rows.combine_chunks())
        self.places[place].append((start, self.file.tell() - start))

    def taken(self) -> Iterator[pa.Table]:
        """The rows of one range after the other."""
        for place in sorted(self.places):
            parts = self.places.pop(place)
            yield pa.concat_tables(self._read(*part) for part in parts)

    def _read(self, start: int, length: int) -> pa.Table:
        self.file.seek(start)
        return pa.ipc.open_stream(self.file.read(length)).read_all()
