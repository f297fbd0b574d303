"""Everything that is wrong with a frame, gathered before anyone is told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from fsql.errors import InvalidData, Problem

__all__ = ["Problems"]

SHOWN_ROWS = 5


@dataclass
class _Found:
    """The rows that show one problem: how many, and the first few."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, count: int, rows: list[int]) -> None:
        self.count += count
        self.rows = sorted(self.rows + rows)[:SHOWN_ROWS]


class Problems:
    """The problems of one upload; several threads may report at once.

    Args:
        table: the name that stands in the error.
        columns: the group's columns, in whose order problems are told.
    """

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self._table = table
        self._order = {name: place for place, name in enumerate(columns)}
        self._found: dict[tuple[str | None, str], _Found] = {}
        self._lock = threading.Lock()

    def add(self, column: str | None, what: str) -> None:
        """Report what is not about rows."""
        with self._lock:
            self._found.setdefault((column, what), _Found())

    def add_rows(self, column: str, what: str, refused: pa.Array, first_row: int) -> None:
        """Report the rows where `refused` is true, counted from `first_row`."""
        rows = pc.indices_nonzero(pc.fill_null(refused, False))
        if not len(rows):
            return
        shown = [first_row + row for row in rows[:SHOWN_ROWS].to_pylist()]
        with self._lock:
            self._found.setdefault((column, what), _Found()).add(len(rows), shown)

    def __bool__(self) -> bool:
        return bool(self._found)

    def sorted(self) -> list[Problem]:
        """The problems, by column in the group's order, strangers last."""
        last = len(self._order)
        with self._lock:
            found = sorted(self._found.items(), key=lambda f: self._order.get(f[0][0] or "", last))
        return [Problem(column, what, f.rows, f.count) for (column, what), f in found]

    def check(self) -> None:
        """Raise what was found.

        Raises:
            InvalidData: there is anything.
        """
        if self:
            raise InvalidData(self._table, self.sorted())
