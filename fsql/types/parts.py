"""Types taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

__all__ = ["mapped_field"]


def mapped_field(field: pa.Field, change: Callable[[pa.DataType], pa.DataType]) -> pa.Field:
    """A field whose type, or what it is made of at any depth, is changed.

    Args:
        change: is asked for each type that is no list, struct or map.
    """
    type_ = field.type

    def mapped(part: pa.Field) -> pa.Field:
        return mapped_field(part, change)

    if pa.types.is_struct(type_):
        return field.with_type(pa.struct(list(map(mapped, type_))))
    if pa.types.is_map(type_):
        parts = mapped(type_.key_field), mapped(type_.item_field)
        return field.with_type(pa.map_(*parts, type_.keys_sorted))
    if pa.types.is_fixed_size_list(type_):
        return field.with_type(pa.list_(mapped(type_.value_field), type_.list_size))
    if pa.types.is_large_list(type_):
        return field.with_type(pa.large_list(mapped(type_.value_field)))
    if pa.types.is_list(type_):
        return field.with_type(pa.list_(mapped(type_.value_field)))
    return field.with_type(change(type_))
