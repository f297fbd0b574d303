"""Rows cut into blocks that can be worked on side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import pyarrow as pa

__all__ = ["Lane", "Piece", "Source", "of_batches", "of_pieces", "of_table"]

T = TypeVar("T")
Lane: TypeAlias = Iterator[tuple[int, pa.Table]]
"""Tables, each with the number of its first row in all of the data."""

MOST_LANES = 8  # each keeps some blocks in memory
LANE_BYTES = 16 << 20  # less than this is not worth a thread of its own
BLOCK_BYTES = 16 << 20
BLOCK_ROWS = 1 << 18


@dataclass(frozen=True)
class Source:
    """Rows to write.

    Attributes:
        lanes: each is consumed by one thread; they take turns, so that rows that are in order
            stay nearly so.
        rows: how many there are in all; None if that shows only at the end.
    """

    lanes: Sequence[Lane]
    rows: int | None = None


@dataclass(frozen=True)
class Piece:
    """A part of the data that is read by itself.

    Attributes:
        first_row: the number of its first row in all of the data.
        rows, bytes: its size, in memory.
        read: gives its rows.
    """

    first_row: int
    rows: int
    bytes: int
    read: Callable[[], Iterator[pa.RecordBatch]]


def of_table(table: pa.Table) -> Source:
    """A table in memory, cut into views."""
    return Source(_taking_turns(_slices(table), _lane_count(table.nbytes)), table.num_rows)


def _slices(table: pa.Table) -> Lane:
    step = _block_rows(table)
    # Without rows its columns count all the same.
    for row in range(0, max(table.num_rows, int(table.num_columns > 0)), step):
        yield row, table.slice(row, step)


def _block_rows(rows: pa.Table | pa.RecordBatch) -> int:
    by_size = BLOCK_BYTES * max(1, len(rows)) // max(1, _size(rows))
    return int(max(1, min(BLOCK_ROWS, by_size)))


def _size(rows: pa.Table | pa.RecordBatch) -> int:
    """Bytes of rows as they are stored, where each has its category's text."""
    size = int(rows.nbytes)
    for column in rows.columns if len(rows) else ():
        if pa.types.is_dictionary(column.type):
            chunk = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
            values = chunk.dictionary
            size += len(rows) * values.nbytes // max(1, len(values))
    return size


def _lane_count(nbytes: int) -> int:
    return int(max(1, min(pa.cpu_count(), MOST_LANES, nbytes // LANE_BYTES)))


def of_batches(batches: Iterable[pa.RecordBatch]) -> Source:
    """A stream."""
    return Source(_taking_turns(_blocks(batches, 0), min(pa.cpu_count(), MOST_LANES)))


def of_pieces(pieces: Sequence[Piece]) -> Source:
    """Pieces, one after the other."""
    lanes = _lane_count(sum(piece.bytes for piece in pieces))
    return Source(_taking_turns(_read(pieces), lanes), sum(piece.rows for piece in pieces))


def _read(pieces: Iterable[Piece]) -> Lane:
    for piece in pieces:
        yield from _blocks(piece.read(), piece.first_row)


def _blocks(batches: Iterable[pa.RecordBatch], row: int) -> Lane:
    """Batches put together, or cut, to tables that are worth the work on each."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in _cut(batches):
        waiting.append(batch)
        size += _size(batch)
        if size >= LANE_BYTES or len(waiting) >= 64:
            table = pa.Table.from_batches(waiting)
            yield row, table
            waiting, size, row = [], 0, row + len(table)
            del table
    if waiting:
        yield row, pa.Table.from_batches(waiting)


def _cut(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        step = _block_rows(batch)
        for start in range(0, max(1, len(batch)), step):
            yield batch.slice(start, step)


def _taking_turns(items: Iterator[T], count: int) -> list[Iterator[T]]:
    """Several iterators that share out one, for several threads."""
    lock = threading.Lock()

    def turns() -> Iterator[T]:
        while True:
            with lock:
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item
            del item

    return [turns() for _ in range(count)]
