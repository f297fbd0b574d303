"""Sorted runs merged to row groups, each of which can be made apart from the others.

All rows have one order: by their point, rows that are alike by their run's number, then as they
stand in it. A row group is what lies between two cuts of that order; it takes a slice of each run.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa

from fsql.formats.sorting import Order, Point
from fsql.formats.spill import Run

__all__ = ["Merge", "merges"]

SLICE_BYTES = 8 << 20  # what is sorted at once

Cut: TypeAlias = tuple[Point, int, int]
"""The first row of a batch: its point, its run's number, its place in the run."""


@dataclass(frozen=True)
class Merge:
    """The rows of some runs between the first and the last of some cuts; None is an end.

    Attributes:
        bytes: about what they take in memory.
    """

    runs: Sequence[Run]
    cuts: Sequence[Cut | None]
    bytes: int
    order: Order

    def rows(self) -> pa.Table:
        """The rows, read and sorted."""
        cursors = [_Cursor(run, self.order, self.cuts[0]) for run in self.runs]
        tables = [self._between(cursors, cut) for cut in self.cuts[1:]]
        return pa.concat_tables([table for table in tables if table is not None])

    def _between(self, cursors: list[_Cursor], end: Cut | None) -> pa.Table | None:
        batches = [batch for cursor in cursors for batch in cursor.until(end)]
        return self.order.sort(pa.Table.from_batches(batches)) if batches else None


def merges(runs: Sequence[Run], order: Order, size: int, rows: int) -> list[Merge]:
    """Row groups of all rows of some runs, in their order.

    Args:
        size, rows: about how many bytes and at most about how many rows a row group has.
    """
    runs = sorted(runs, key=lambda run: run.number)
    starts = sorted(start for run in runs for start in _starts(run))
    total = sum(run.bytes for run in runs)
    # The last row group must not be a crumb.
    size = total // max(1, round(total / size)) + 1
    made: list[Merge] = []
    cuts: list[Cut | None] = [None]
    in_group = in_slice = group_rows = 0
    for cut, batch_bytes, batch_rows in starts:
        if in_group and (in_group >= size or group_rows + batch_rows > rows):
            made.append(Merge(runs, (*cuts, cut), in_group, order))
            cuts, in_group, in_slice, group_rows = [cut], 0, 0, 0
        elif in_slice >= SLICE_BYTES:
            cuts.append(cut)
            in_slice = 0
        in_group, in_slice = in_group + batch_bytes, in_slice + batch_bytes
        group_rows += batch_rows
    return [*made, Merge(runs, (*cuts, None), in_group, order)]


def _starts(run: Run) -> Iterator[tuple[Cut, int, int]]:
    """Where batches begin, with the bytes and rows that this makes likely from there on.

    A batch reaches as far as the next one of its run, so half of it is counted where it begins and
    half where it ends.
    """
    bytes = rows = 0
    for place, batch in enumerate(run.batches):
        half = batch.bytes // 2, batch.rows // 2
        yield (batch.first, run.number, place), bytes + half[0], rows + half[1]
        bytes, rows = batch.bytes - half[0], batch.rows - half[1]


class _Cursor:
    """A place in a run from which on its rows are taken."""

    def __init__(self, run: Run, order: Order, start: Cut | None) -> None:
        self._run, self._order = run, order
        self._place = 0
        self._rest: pa.RecordBatch | None = None
        if start is not None:
            for _ in self._skip(start):
                pass

    def _skip(self, start: Cut) -> Iterator[pa.RecordBatch]:
        """Go to the first row from a cut on; only the batch that it lies in is read."""
        firsts = [(batch.first, self._run.number, at) for at, batch in enumerate(self._run.batches)]
        self._place = max(0, bisect_left(firsts, start) - 1)
        yield from self.until(start)

    def until(self, end: Cut | None) -> Iterator[pa.RecordBatch]:
        """The rows up to a cut; the cursor stands there afterwards."""
        while self._load():
            assert self._rest is not None
            rows = len(self._rest) if end is None else self._rows_before(self._rest, end)
            if rows:
                yield self._rest.slice(0, rows)
            if rows < len(self._rest):
                self._rest = self._rest.slice(rows)
                return
            self._rest = None
            self._place += 1

    def _load(self) -> bool:
        if self._rest is None and self._place < len(self._run.batches):
            self._rest = self._run.read(self._run.batches[self._place])
        return self._rest is not None

    def _rows_before(self, batch: pa.RecordBatch, end: Cut) -> int:
        def position(row: int) -> Cut:
            return self._order.point(batch, row), self._run.number, self._place

        return bisect_left(range(len(batch)), end, key=position)
