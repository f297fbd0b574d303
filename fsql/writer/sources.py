"""Rows cut into lanes that can be worked on side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import pyarrow as pa

__all__ = ["Lane", "Piece", "Source", "of_batches", "of_pieces", "of_table"]

T = TypeVar("T")
Numbered: TypeAlias = tuple[int, pa.Table]
Lane: TypeAlias = Iterator[Numbered]
"""Tables, each with the number of its first row in all of the data."""

MOST_LANES = 8  # each keeps a row group in memory
LANE_BYTES = 32 << 20  # less than this is not worth a file of its own
BLOCK_BYTES = 64 << 20
BLOCK_ROWS = 1 << 20


@dataclass(frozen=True)
class Source:
    """Rows to write.

    Attributes:
        lanes: each is consumed by one thread.
        rows: how many there are in all; None if that shows only at the end.
    """

    lanes: Sequence[Lane]
    rows: int | None = None


@dataclass(frozen=True)
class Piece:
    """A part of the data that can be read apart from the others.

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
    """A table in memory: every lane gets rows that follow each other, as views."""
    lanes = _lane_count(table.nbytes)
    ends = [table.num_rows * (lane + 1) // lanes for lane in range(lanes)]
    step = _block_rows(table)
    spans = zip([0, *ends], ends, strict=False)
    return Source([_slices(table, start, end, step) for start, end in spans], table.num_rows)


def _slices(table: pa.Table, start: int, end: int, step: int) -> Lane:
    if not table.num_rows:
        yield 0, table  # its columns count all the same
    for row in range(start, end, step):
        yield row, table.slice(row, min(step, end - row))


def _block_rows(table: pa.Table) -> int:
    by_size = BLOCK_BYTES * max(1, table.num_rows) // max(1, table.nbytes)
    return int(max(1, min(BLOCK_ROWS, by_size)))


def _lane_count(nbytes: int) -> int:
    return int(max(1, min(pa.cpu_count(), MOST_LANES, nbytes // LANE_BYTES)))


def of_batches(batches: Iterable[pa.RecordBatch]) -> Source:
    """A stream: lanes take turns, so its rows may be stored in another order."""
    return Source(_taking_turns(_blocks(batches, 0), min(pa.cpu_count(), MOST_LANES)))


def of_pieces(pieces: Sequence[Piece]) -> Source:
    """Pieces that may be read in any order; lanes take turns."""
    count = _lane_count(sum(piece.bytes for piece in pieces))
    queues = _taking_turns(iter(pieces), min(count, max(1, len(pieces))))
    return Source([_read(queue) for queue in queues], sum(piece.rows for piece in pieces))


def _read(pieces: Iterator[Piece]) -> Lane:
    for piece in pieces:
        yield from _blocks(piece.read(), piece.first_row)


def _blocks(batches: Iterable[pa.RecordBatch], row: int) -> Lane:
    """Batches put together, or cut, to tables that are worth the work on each."""
    waiting: list[pa.RecordBatch] = []
    for batch in _cut(batches):
        waiting.append(batch)
        if sum(b.nbytes for b in waiting) >= LANE_BYTES or len(waiting) >= 64:
            table = pa.Table.from_batches(waiting)
            yield row, table
            waiting, row = [], row + len(table)
    if waiting:
        yield row, pa.Table.from_batches(waiting)


def _cut(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, len(batch), BLOCK_ROWS):
            yield batch.slice(start, BLOCK_ROWS)


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

    return [turns() for _ in range(count)]
