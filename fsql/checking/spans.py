"""The earliest and the latest of many times."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from fsql.conversion import python_value, stored
from fsql.types import InstantType

__all__ = ["Span"]


class Span:
    """The range of a column, gathered over tables.

    Args:
        name: the column; None for a group without one.
    """

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._ends: list[pa.Array] = []

    def add(self, fitted: Mapping[str, pa.ChunkedArray]) -> None:
        """See more rows."""
        column = fitted.get(self._name) if self._name is not None else None
        if column is None or column.null_count == len(column):
            return
        shown_otherwise = isinstance(column.type, InstantType)
        self._ends.append(_ends(stored(column) if shown_otherwise else column))

    def ends(self) -> tuple[object, object] | None:
        """The least and the greatest value; None where there is none."""
        if not self._ends:
            return None
        found = _ends(pa.chunked_array(self._ends))
        return python_value(found, 0), python_value(found, 1)


def _ends(column: pa.ChunkedArray) -> pa.Array:
    found = pc.min_max(column)
    return pa.array([found["min"], found["max"]], column.type)
