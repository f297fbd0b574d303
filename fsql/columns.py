"""The columns that a group's table really has, beside those that the group declares.

They are the same unless SQL has altered the table by itself. A column's stored type may be wider
than its exact one needs.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from fsql.errors import UnsupportedType
from fsql.types import storage_type
from fsql.typetext import parse_type

__all__ = ["Columns", "engine_type", "holds", "real_columns"]

Columns = tuple[tuple[pa.Field, pa.DataType], ...]
"""Each column as it is read, and the type in which it is stored."""


def engine_type(text: str) -> pa.DataType:
    """The Arrow type of one of Glue's; null if it has no counterpart."""
    try:
        return parse_type(text)
    except UnsupportedType:
        return pa.null()


def real_columns(exact: pa.Schema, listed: tuple[tuple[str, str], ...]) -> Columns:
    """The columns of a table in its order, in their exact types as far as these still stand.

    Args:
        exact: what the group declares.
        listed: names and Hive types, as the catalog has them.
    """
    return tuple(_real(exact, name, engine_type(text)) for name, text in listed)


def _real(exact: pa.Schema, name: str, stored: pa.DataType) -> tuple[pa.Field, pa.DataType]:
    if name in exact.names:
        field = exact.field(name)
        needed = storage_type(field.type)
        is_same = holds(needed, needed=stored) and holds(stored, needed=needed)
        if is_same or pa.types.is_null(stored):
            return field, needed  # with names of fields in the group's own case
        if holds(stored, needed=needed):
            return field, stored
    return pa.field(name, stored), stored


def holds(stored: pa.DataType, *, needed: pa.DataType) -> bool:
    """Whether a stored type has room for every value of another, as Iceberg widens types.

    Source: https://iceberg.apache.org/spec/#schema-evolution.
    """
    if pa.types.is_struct(stored) and pa.types.is_struct(needed):
        return _names(stored) == _names(needed) and _all(list(stored), list(needed))
    if pa.types.is_map(stored) and pa.types.is_map(needed):
        return _all([stored.key_field, stored.item_field], [needed.key_field, needed.item_field])
    if pa.types.is_list(stored) and pa.types.is_list(needed):
        return holds(stored.value_type, needed=needed.value_type)
    if pa.types.is_decimal(stored) and pa.types.is_decimal(needed):
        return bool(stored.scale == needed.scale and stored.precision >= needed.precision)
    return bool(stored == needed) or (stored, needed) in _WIDER


_WIDER = ((pa.int64(), pa.int32()), (pa.float64(), pa.float32()))


def _names(type_: pa.StructType) -> list[str]:
    return [field.name.lower() for field in type_]


def _all(stored: Sequence[pa.Field], needed: Sequence[pa.Field]) -> bool:
    pairs = zip(stored, needed, strict=True)
    return all(holds(one.type, needed=other.type) for one, other in pairs)
