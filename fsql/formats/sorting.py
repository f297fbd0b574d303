"""The order of rows within data files: by some columns, so that a file's pages can be skipped.

Values are ordered as Arrow does: text and bytes bytewise, NaN after all numbers, NULL last.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fsql.model import FeatureGroup

__all__ = ["Order", "Point", "row_order"]

Point: TypeAlias = tuple[tuple[int, Any], ...]
"""Where a row stands in the order; points of one `Order` can be compared."""

Numbers: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]

_GLANCE = 1000  # rows that show of most tables that they are not sorted
_BITS = 64


def row_order(group: FeatureGroup | None) -> tuple[str, ...]:
    """The columns by which rows are sorted in files: by default the keys, then the event time."""
    if group is None:
        return ()
    if group.definition.sort_by:
        return group.definition.sort_by
    return (*group.keys, *(() if group.event_time is None else (group.event_time,)))


class Order:
    """An order by columns, which need not be unique.

    Args:
        schema: of the tables that are ordered.
        names: the columns, the first one counting most; those that have no order, such as
            lists, are left out.
    """

    def __init__(self, schema: pa.Schema, names: Iterable[str] = ()) -> None:
        known = (name for name in dict.fromkeys(names) if name in schema.names)
        self.places = [
            place for place in map(schema.get_field_index, known) if _sortable(schema.types[place])
        ]

    def __bool__(self) -> bool:
        """Whether there is any order."""
        return len(self.places) > 0

    def is_sorted(self, table: pa.Table) -> bool:
        """Whether the rows stand in this order already. A column with NULLs counts as not."""
        columns = [_physical(table.column(place)) for place in self.places]
        return all(_ascending(columns, min(rows, len(table))) for rows in (_GLANCE, len(table)))

    def sort(self, table: pa.Table) -> pa.Table:
        """The rows in this order, those that are alike in it as they stood."""
        if not self or self.is_sorted(table):
            return table
        indices = self._indices(table)
        # One after the other, so that no second copy of the whole table is needed.
        columns = [column.combine_chunks().take(indices) for column in table.columns]
        return pa.Table.from_arrays(columns, schema=table.schema)

    def _indices(self, table: pa.Table) -> pa.Array:
        columns = [_physical(table.column(place)) for place in self.places]
        numbers = _numbers(columns)
        if numbers is not None:
            return pa.array(_argsort(numbers))
        # Names may be such that Arrow cannot tell the columns apart.
        names = [str(place) for place in range(len(columns))]
        keys = pa.Table.from_arrays(columns, names=names)
        return pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in names])

    def point(self, table: pa.Table | pa.RecordBatch, row: int) -> Point:
        """Where a row stands."""
        return tuple(_comparable(table.column(place)[row]) for place in self.places)


def _sortable(type_: pa.DataType) -> bool:
    return any(
        is_kind(type_)
        for is_kind in (
            pa.types.is_primitive,
            pa.types.is_decimal,
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _comparable(value: pa.Scalar) -> tuple[int, Any]:
    if not value.is_valid:
        return (2, None)
    if pa.types.is_temporal(value.type):  # Python's own end with the year 9999
        width = pa.int32() if value.type.bit_width == 32 else pa.int64()
        return (0, value.cast(width).as_py())
    plain = value.as_py()
    return (1, None) if plain != plain else (0, plain)


def _physical(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, times as numbers."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # which pyarrow leaves of a table without rows
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_temporal(array.type):
        return array.view(pa.int32() if array.type.bit_width == 32 else pa.int64())
    return array


def _ascending(columns: list[pa.Array], rows: int) -> bool:
    """Whether the first rows are in order, NULLs aside, of which nothing is known."""
    ascending: pa.Array | None = None
    for column in reversed(columns):
        if column.null_count:
            return False
        before, after = column[: rows - 1], column[1:rows]
        less = pc.less(before, after)
        same = pc.equal(before, after)
        ascending = pc.or_(less, same if ascending is None else pc.and_(same, ascending))
    return ascending is None or bool(pc.all(ascending, min_count=0).as_py())


def _numbers(columns: list[pa.Array]) -> Numbers | None:
    """One number for each row, in the rows' order, which is much quicker to sort by.

    None if 64 bits are too few for it, or a column has no such numbers.
    """
    total: Numbers | None = None
    width = 0
    for column in columns:
        own = _own_numbers(column)
        if own is None:
            return None
        bits = int(own.max(initial=0)).bit_length()
        width += bits
        if width > _BITS:
            return None
        total = own if total is None else _wider(total, bits) | own
    return total


def _wider(numbers: Numbers, bits: int) -> Numbers:
    wider: Numbers = numbers << np.uint64(bits % _BITS)  # all are 0 if others need every bit
    return wider


def _own_numbers(column: pa.Array) -> Numbers | None:
    """Numbers from 0 on, in the order of a column's values."""
    if column.null_count or not len(column):
        return None
    if pa.types.is_integer(column.type):
        return _from_zero(column.to_numpy(zero_copy_only=False))
    if pa.types.is_boolean(column.type):
        return _from_zero(column.cast(pa.uint8()).to_numpy())
    if pa.types.is_floating(column.type):
        return None
    return _ranks(column)


def _from_zero(values: np.ndarray[Any, Any]) -> Numbers:
    least = values.min()
    if values.dtype.kind == "u":
        unsigned: Numbers = (values - least).astype(np.uint64)
        return unsigned
    # Their distance has no room in 63 bits, but wraps around to what it is in 64.
    numbers: Numbers = values.astype(np.int64).view(np.uint64) - np.int64(least).view(np.uint64)
    return numbers


def _ranks(column: pa.Array) -> Numbers:
    """Each value's place among the distinct ones."""
    encoded = column.dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    ranks = np.empty(len(order), np.uint64)
    ranks[order] = np.arange(len(order), dtype=np.uint64)
    numbers: Numbers = ranks[encoded.indices.to_numpy()]
    return numbers


def _argsort(numbers: Numbers) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The quick sort is not stable, so it will do only where no two rows are alike."""
    order = np.argsort(numbers)
    taken = numbers[order]
    if np.any(taken[1:] == taken[:-1]):
        return np.argsort(numbers, kind="stable")
    return order
