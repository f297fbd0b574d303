"""Columns of older data files brought to the table's present ones, by field id.

A field keeps its id through renames and moves, and never shares it with another, see "Column
Projection" in https://iceberg.apache.org/spec/#column-projection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import pyarrow as pa

from fsql.formats.fields import FIELD_ID
from fsql.rebuilding import rebuilt

__all__ = ["Align", "aligned", "id_of", "is_alike"]

Align: TypeAlias = Callable[[pa.Array], pa.Array]
"""Makes an array of a file one of the table."""


def id_of(field: pa.Field) -> bytes | None:
    """A field's id, as Parquet files carry it."""
    id_: bytes | None = (field.metadata or {}).get(FIELD_ID)
    return id_


def is_alike(file: pa.Schema, wanted: pa.Field) -> bool:
    """Whether Arrow, which goes by names, finds in a file what goes by the wanted field's id.

    Values of another width it casts by itself, at the top level only.
    """
    found = next((field for field in file if id_of(field) == id_of(wanted)), None)
    if found is None:
        return wanted.name not in file.names
    if found.name != wanted.name:
        return False
    return not pa.types.is_nested(wanted.type) or bool(
        found.type.equals(wanted.type, check_metadata=True)
    )


def aligned(found: pa.Field | None, wanted: pa.Field) -> Align | None:
    """What makes a file's field the wanted one; None if the file has nothing of it.

    Args:
        found: the file's field of the same id, with the ids of all fields in it.
    """
    return None if found is None else _aligned(found.type, wanted.type)


def _aligned(found: pa.DataType, wanted: pa.DataType, *, inside: bool = False) -> Align | None:
    """What makes values of one type those of another.

    Args:
        inside: they are items of lists or maps.
    """
    if found.equals(wanted, check_metadata=True):
        return lambda array: array
    if pa.types.is_struct(wanted):
        return _struct(found, wanted, inside)
    if pa.types.is_map(wanted):
        return _container(wanted, [found.key_field, found.item_field])
    if pa.types.is_list(wanted):
        return _container(wanted, [found.value_field])
    return lambda array: array.cast(wanted)


def _struct(found: pa.StructType, wanted: pa.StructType, inside: bool) -> Align | None:
    """A struct of which a file has no field is NULL, as engines read it, but for items of lists."""
    places = {id_of(field): place for place, field in enumerate(found)}
    pairs = [(field, places.get(id_of(field))) for field in wanted]
    makers = [
        (field, place, None if place is None else _inner(found.field(place), field, inside))
        for field, place in pairs
    ]
    if not inside and all(make is None for _, _, make in makers):
        return None

    def align(array: pa.Array) -> pa.Array:
        parts = array.flatten()
        children = [
            pa.nulls(len(array), field.type) if make is None else make(parts[place])
            for field, place, make in makers
        ]
        return pa.StructArray.from_arrays(children, fields=list(wanted), mask=array.is_null())

    return align


def _inner(found: pa.Field, wanted: pa.Field, inside: bool) -> Align | None:
    return _aligned(found.type, wanted.type, inside=inside)


def _container(wanted: pa.DataType, found: Iterable[pa.Field]) -> Align:
    """Lists and maps; what is in them is aligned."""
    inner = (
        [wanted.key_field, wanted.item_field] if pa.types.is_map(wanted) else [wanted.value_field]
    )
    makers = [_inner(one, field, True) for one, field in zip(found, inner, strict=True)]

    def align(array: pa.Array) -> pa.Array:
        rest = iter(makers)

        def part(values: pa.Array, type_: pa.DataType) -> pa.Array:
            make = next(rest)
            assert make is not None  # what is inside of something is aligned, whatever is in it
            return make(values)

        return rebuilt(array, wanted, part)

    return align
