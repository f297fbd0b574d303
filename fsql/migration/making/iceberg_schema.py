"""An Iceberg schema after a change: columns keep their field ids, so that files are read right.

Source: https://iceberg.apache.org/spec/#schema-evolution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import TypeAlias

import pyarrow as pa
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.types import (
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StructType,
)

from fsql.errors import MigrationError
from fsql.formats.fields import iceberg_columns

__all__ = [
    "Siblings",
    "added",
    "altered",
    "appended",
    "can_hold",
    "check_carries",
    "found",
    "moved",
    "removed",
    "renamed",
]

Siblings: TypeAlias = tuple[NestedField, ...]
Path: TypeAlias = Sequence[str]


def found(schema: Schema, path: Path) -> NestedField:
    """The column or field at a path, ids and all.

    Raises:
        KeyError: there is none; so in all functions below.
    """
    fields: list[NestedField] = []

    def take(siblings: Siblings) -> Siblings:
        fields.append(_named(siblings, path[-1]))
        return siblings

    _among(schema, path, take)
    return fields[0]


def added(schema: Schema, path: Path, type_: pa.DataType, doc: str | None, last: int) -> Schema:
    """With a new column or field at the end of its siblings.

    Args:
        type_: its storage type.
        last: the highest field id that the table ever had.
    """
    plain = iceberg_columns(pa.schema([(path[-1], type_)]), {path[-1]: doc})
    ids = count(last + 1)
    return appended(schema, path, assign_fresh_schema_ids(plain, lambda: next(ids)).fields[0])


def appended(schema: Schema, path: Path, field: NestedField) -> Schema:
    """With a field that has its ids already at the end of the siblings at a path."""
    return _among(schema, path, lambda siblings: (*siblings, field))


def removed(schema: Schema, path: Path) -> Schema:
    """Without a column or field."""

    def remove(siblings: Siblings) -> Siblings:
        gone = _named(siblings, path[-1])
        return tuple(field for field in siblings if field is not gone)

    return _among(schema, path, remove)


def renamed(schema: Schema, path: Path, to: str) -> Schema:
    """With another name for a column or field, which stays what it is."""
    return _each(schema, path, lambda field: field.model_copy(update={"name": to}))


def moved(schema: Schema, path: Path, after: str | None) -> Schema:
    """With a column or field behind a sibling, or first."""

    def move(siblings: Siblings) -> Siblings:
        moving = _named(siblings, path[-1])
        rest = [field for field in siblings if field is not moving]
        place = 0 if after is None else rest.index(_named(tuple(rest), after)) + 1
        return (*rest[:place], moving, *rest[place:])

    return _among(schema, path, move)


def altered(schema: Schema, path: Path, type_: pa.DataType | None, doc: str | None) -> Schema:
    """With a type that holds `type_` too, and other words on a top-level column.

    Args:
        type_: a storage type; None changes nothing. Iceberg never narrows, so a type that holds it
            already stays.

    Raises:
        MigrationError: no type of Iceberg's holds what is stored and `type_` as well.
    """
    if type_ is not None:
        wanted = iceberg_columns(pa.schema([(path[-1], type_)]), {}).fields[0].field_type
        schema = _retyped(schema, path, lambda stored: _holding(stored, wanted, ".".join(path)))
    if len(path) > 1:
        return schema
    return _each(schema, path, lambda field: field.model_copy(update={"doc": doc}))


def can_hold(field: NestedField, type_: pa.DataType) -> bool:
    """Whether a column or field can become one that holds a storage type too."""
    wanted = iceberg_columns(pa.schema([(field.name, type_)]), {}).fields[0].field_type
    try:
        _holding(field.field_type, wanted, field.name)
    except MigrationError:
        return False
    return True


def check_carries(schema: Schema, storage: pa.Schema, *, loosely: bool = False) -> None:
    """Make sure that a table of this schema can hold columns in their storage types.

    Args:
        loosely: it may have further ones, in any order.

    Raises:
        MigrationError: names, order or types differ.
    """
    wanted = StructType(*iceberg_columns(storage, {}).fields)
    if not _carries(schema.as_struct(), wanted, loosely=loosely):
        raise MigrationError(
            "The columns of the Iceberg table would not be those of the feature group after the"
            f" change.\nIceberg's:\n{schema}\nThe group's:\n{storage}\n"
            "`alembic check` says how they differ now; -x adopt takes the table's."
        )


def _among(schema: Schema, path: Path, edit: Callable[[Siblings], Siblings]) -> Schema:
    """With other fields in the place of the siblings at a path."""

    def within(type_: IcebergType) -> IcebergType:
        if not isinstance(type_, StructType):
            raise KeyError(".".join(path))
        return StructType(*edit(type_.fields))

    return _of(schema, _at(schema.as_struct(), path[:-1], within))


def _each(schema: Schema, path: Path, edit: Callable[[NestedField], NestedField]) -> Schema:
    def one(siblings: Siblings) -> Siblings:
        meant = _named(siblings, path[-1])
        return tuple(edit(field) if field is meant else field for field in siblings)

    return _among(schema, path, one)


def _retyped(schema: Schema, path: Path, edit: Callable[[IcebergType], IcebergType]) -> Schema:
    return _of(schema, _at(schema.as_struct(), path, edit))


def _of(schema: Schema, struct: IcebergType) -> Schema:
    if not isinstance(struct, StructType):
        raise AssertionError("a schema's columns are a struct")
    kept = Schema(*struct.fields)
    ids = [id_ for id_ in schema.identifier_field_ids if id_ in kept.field_ids]
    return Schema(*struct.fields, identifier_field_ids=ids)


def _at(type_: IcebergType, path: Path, edit: Callable[[IcebergType], IcebergType]) -> IcebergType:
    """A type with another one in the place of the one at a path within it."""
    if not path:
        return edit(type_)
    head, rest = path[0], path[1:]
    if isinstance(type_, StructType):
        meant = _named(type_.fields, head)
        return StructType(*(_inside(f, rest, edit) if f is meant else f for f in type_.fields))
    if isinstance(type_, ListType) and head == "element":
        return ListType(
            type_.element_id, _at(type_.element_type, rest, edit), type_.element_required
        )
    if isinstance(type_, MapType) and head == "value":
        value = _at(type_.value_type, rest, edit)
        return MapType(type_.key_id, type_.key_type, type_.value_id, value, type_.value_required)
    raise KeyError(head)


def _inside(
    field: NestedField, path: Path, edit: Callable[[IcebergType], IcebergType]
) -> NestedField:
    return field.model_copy(update={"field_type": _at(field.field_type, path, edit)})


def _named(siblings: Siblings, name: str) -> NestedField:
    for field in siblings:
        if field.name == name:
            return field
    raise KeyError(name)


def _holding(stored: IcebergType, wanted: IcebergType, path: str) -> IcebergType:
    """The type that holds what is stored and what is wanted."""
    if isinstance(stored, StructType) and isinstance(wanted, StructType):
        return _struct_holding(stored, wanted, path)
    if isinstance(stored, ListType) and isinstance(wanted, ListType):
        element = _holding(stored.element_type, wanted.element_type, f"{path}.element")
        return ListType(stored.element_id, element, stored.element_required)
    if isinstance(stored, MapType) and isinstance(wanted, MapType):
        value = _holding(stored.value_type, wanted.value_type, f"{path}.value")
        if stored.key_type == wanted.key_type:
            return MapType(
                stored.key_id, stored.key_type, stored.value_id, value, stored.value_required
            )
    for one, other in ((stored, wanted), (wanted, stored)):
        if _holds(one, other):
            return one
    raise MigrationError(
        f"Column {path!r} is stored as {stored}, which Iceberg cannot change to {wanted}. It widens"
        " int to long, float to double and the precision of decimals. Add a column, or declare a"
        " new version."
    )


def _struct_holding(stored: StructType, wanted: StructType, path: str) -> StructType:
    if [field.name for field in stored.fields] != [field.name for field in wanted.fields]:
        raise MigrationError(
            f"Column {path!r} has the fields {_names(stored)}, and {_names(wanted)} are given. Add,"
            " drop, rename and move fields one by one, by their paths."
        )
    pairs = zip(stored.fields, wanted.fields, strict=True)
    types = [_holding(a.field_type, b.field_type, f"{path}.{a.name}") for a, b in pairs]
    fields = zip(stored.fields, types, strict=True)
    return StructType(*(old.model_copy(update={"field_type": type_}) for old, type_ in fields))


def _names(struct: StructType) -> str:
    return ", ".join(field.name for field in struct.fields)


def _holds(stored: IcebergType, wanted: IcebergType) -> bool:
    """Whether a primitive type holds all values of another, as Iceberg promotes types."""
    if isinstance(stored, DecimalType) and isinstance(wanted, DecimalType):
        return stored.scale == wanted.scale and stored.precision >= wanted.precision
    wider: tuple[tuple[type, type], ...] = ((LongType, IntegerType), (DoubleType, FloatType))
    return stored == wanted or any(
        isinstance(stored, big) and isinstance(wanted, small) for big, small in wider
    )


def _carries(stored: IcebergType, wanted: IcebergType, *, loosely: bool) -> bool:
    if isinstance(stored, StructType) and isinstance(wanted, StructType):
        fields = {field.name: field.field_type for field in stored.fields}
        names = [field.name for field in wanted.fields]
        as_listed = names == list(fields) or (loosely and fields.keys() >= set(names))
        return as_listed and all(
            _carries(fields[field.name], field.field_type, loosely=loosely)
            for field in wanted.fields
        )
    if isinstance(stored, ListType) and isinstance(wanted, ListType):
        return _carries(stored.element_type, wanted.element_type, loosely=loosely)
    if isinstance(stored, MapType) and isinstance(wanted, MapType):
        keys = _carries(stored.key_type, wanted.key_type, loosely=loosely)
        return keys and _carries(stored.value_type, wanted.value_type, loosely=loosely)
    return _holds(stored, wanted)
