"""Rows whose key and event time stand in the data before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from fsql.conversion import stored

__all__ = ["Repeated", "Repeats"]

SHOWN_ROWS = 5
WAITING_ROWS = 1 << 20
_ROW, _TIMES = "row", "times"


@dataclass(frozen=True)
class Repeated:
    """Rows that have the key and event time of an earlier one.

    Attributes:
        count: how many.
        rows: the numbers of a few of them.
    """

    count: int = 0
    rows: tuple[int, ...] = ()


class Repeats:
    """Counts repeated rows; keeps the distinct ones in memory, of the given columns only.

    Args:
        names: the columns that together say which row it is.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(dict.fromkeys(names))
        self._by = [f"c{place}" for place in range(len(self._names))]
        self._waiting: list[pa.Table] = []
        self._rows = self._known = 0

    def add(self, fitted: Mapping[str, pa.ChunkedArray], first_row: int) -> None:
        """See more rows; rows with NULLs, which no write takes, are left out."""
        if not all(name in fitted for name in self._names):
            return
        columns = [stored(fitted[name]) for name in self._names]
        row = pa.arange(first_row, first_row + len(columns[0]))
        counts = pa.repeat(pa.scalar(1), len(row))
        table = pa.table([*columns, row, counts], [*self._by, _ROW, _TIMES]).drop_null()
        self._waiting.append(table)
        self._rows += len(table)
        # As many new ones as are known: each row is looked at a few times, however many come.
        if self._rows >= max(WAITING_ROWS, self._known):
            self._waiting = [self._distinct()]
            self._known, self._rows = len(self._waiting[0]), 0

    def found(self) -> Repeated:
        """What was found."""
        if not self._waiting:
            return Repeated()
        distinct = self._distinct()
        again = distinct.filter(pc.greater(distinct[_TIMES], 1))
        count = pc.sum(pc.subtract(again[_TIMES], 1), min_count=0).as_py()
        rows = again[_ROW].take(pc.sort_indices(again[_ROW])[:SHOWN_ROWS])
        return Repeated(count, tuple(rows.to_pylist()))

    def _distinct(self) -> pa.Table:
        """Each row once, with the last number and the count of those that are like it."""
        grouped = pa.concat_tables(self._waiting).group_by(self._by)
        found = grouped.aggregate([(_ROW, "max"), (_TIMES, "sum")])
        return found.rename_columns([*self._by, _ROW, _TIMES])
