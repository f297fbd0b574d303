"""Everything that is wrong with a frame, gathered before anyone is told."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from fsql.conversion import python_value
from fsql.errors import InvalidData, Problem

__all__ = ["Problems"]

SHOWN_ROWS = 5


@dataclass
class _Found:
    """The rows that show one problem: how many, and the first few with their values."""

    count: int = 0
    rows: list[tuple[int, object]] = field(default_factory=list)

    def add(self, count: int, rows: list[tuple[int, object]]) -> None:
        self.count += count
        self.rows = sorted(self.rows + rows, key=lambda row: row[0])[:SHOWN_ROWS]

    def problem(self, column: str | None, what: str) -> Problem:
        rows, values = zip(*self.rows, strict=True) if self.rows else ((), ())
        return Problem(column, what, list(rows), self.count, values)


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

    def add_rows(
        self, column: str, what: str, refused: pa.Array, values: pa.Array, first_row: int
    ) -> None:
        """Report the rows where `refused` is true, counted from `first_row`."""
        rows = pc.indices_nonzero(pc.fill_null(refused, False))
        if not len(rows):
            return
        places = rows[:SHOWN_ROWS].to_pylist()
        shown = [(first_row + place, python_value(values, place)) for place in places]
        with self._lock:
            self._found.setdefault((column, what), _Found()).add(len(rows), shown)

    def include(self, problems: Iterable[Problem]) -> None:
        """Report what was found elsewhere."""
        for problem in problems:
            values = problem.values or [None] * len(problem.rows)
            rows = list(zip(problem.rows, values, strict=True))
            with self._lock:
                found = self._found.setdefault((problem.column, problem.what), _Found())
                found.add(problem.count, rows)

    def concern(self, column: str) -> bool:
        """Whether anything is wrong with a column."""
        with self._lock:
            return any(name == column for name, _ in self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    def sorted(self) -> list[Problem]:
        """The problems, by column in the group's order, strangers last."""
        last = len(self._order)
        with self._lock:
            found = sorted(self._found.items(), key=lambda f: self._order.get(f[0][0] or "", last))
        return [f.problem(column, what) for (column, what), f in found]

    def check(self) -> None:
        """Raise what was found.

        Raises:
            InvalidData: there is anything.
        """
        if self:
            raise InvalidData(self._table, self.sorted())
