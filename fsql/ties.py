"""Which of two rows counts that are alike in key and times: the one of the greatest values.

Trino compares rows and arrays only where they hold no NULL, and maps not at all. So a value is
taken apart into parts that it does compare. Where files lie or when they were modified has no say:
compaction and upserts change it, and a snapshot does not keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from fsql.types import Array, Map, Struct, arrow_type, sqlalchemy_type, storage_type

__all__ = ["tie_breakers"]

_Value = sa.ColumnElement[Any]

_ZEROS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (sa.types.Boolean, "false"),
    (sa.types.String, "''"),
    (sa.types.LargeBinary, "X''"),
    (sa.types.Date, "DATE '1970-01-01'"),
    (sa.types.Time, "TIME '00:00:00'"),
    (sa.types.Integer, "0"),
    (sa.types.Float, "0e0"),
    (sa.types.Numeric, "0"),
)
_FIRST_MOMENT = "TIMESTAMP '1970-01-01 00:00:00'"


def tie_breakers(values: Iterable[_Value]) -> Iterator[_Value]:
    """What to order rows by so that only rows of the same values are still alike, NULL being least.

    Args:
        values: of any types. Nothing is less than a struct's own NULL, arrays are compared by
            which items are NULL and then by the items, maps by their keys and then likewise.
    """
    for value in values:
        plain = _plain(storage_type(arrow_type(value.type)))
        for part in _parts(sa.type_coerce(value, plain), depth=0):
            yield sa.type_coerce(part, sa.String()) if isinstance(part.type, Array) else part


def _plain(type_: pa.DataType) -> TypeEngine[Any]:
    if pa.types.is_struct(type_):
        return Struct({field.name: _plain(field.type) for field in type_})
    if pa.types.is_list(type_):
        return Array(_plain(type_.value_type))
    if pa.types.is_map(type_):
        return Map(_plain(type_.key_type), _plain(type_.item_type))
    return sqlalchemy_type(type_)


def _parts(value: _Value, depth: int) -> Iterator[_Value]:
    """What a value is compared by; NULL if it is."""
    type_ = value.type
    if isinstance(type_, Struct):
        yield value.is_not(None)
        for name in type_.fields:
            yield from _parts(value[name], depth)
    elif isinstance(type_, Array):
        yield from _each(value, type_.item_type, depth, lambda item: item)
    elif isinstance(type_, Map):
        keys = sa.func.array_sort(sa.func.map_keys(value), type_=Array(type_.key_type))
        yield keys
        yield from _each(keys, type_.key_type, depth, lambda key: value[key])
    else:
        yield value


def _inner(value: _Value, depth: int) -> Iterator[_Value]:
    """The same of a value within an array or map; never NULL."""
    type_ = value.type
    yield value.is_not(None)
    if isinstance(type_, Struct):
        for name in type_.fields:
            yield from _inner(value[name], depth)
    elif isinstance(type_, Array | Map):
        for part in _parts(value, depth):
            yield sa.func.coalesce(part, sa.literal_column("ARRAY[]"), type_=part.type)
    else:
        yield sa.func.coalesce(value, sa.literal_column(_zero(type_)), type_=type_)


def _each(
    items: _Value, type_: TypeEngine[Any], depth: int, of: Callable[[_Value], _Value]
) -> Iterator[_Value]:
    item: _Value = sa.literal_column(f"item{depth}", type_)
    return (_Transform(items, item, part) for part in _inner(of(item), depth + 1))


def _zero(type_: TypeEngine[Any]) -> str:
    return next((zero for kind, zero in _ZEROS if isinstance(type_, kind)), _FIRST_MOMENT)


class _Transform(FunctionElement[Any]):
    """``transform(items, item -> part)``."""

    name = "transform"
    inherit_cache = True

    def __init__(self, items: _Value, item: _Value, part: _Value) -> None:
        super().__init__(items, item, part)
        self.type = Array(part.type)


@compiles(_Transform)
def _transform(element: _Transform, compiler: Any, **kw: Any) -> str:
    items, item, part = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"transform({items}, {item} -> {part})"
