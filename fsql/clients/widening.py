"""Types of files as Hive can name them, and one type for what several files hold.

What Athena can read under a wider type than a file's own is little for Parquet: integers and
floats ("Handle schema updates" of the Athena user guide, "Updates by data format").
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa

from fsql.errors import UnsupportedType
from fsql.types import PlainLeaves

__all__ = ["Widen", "readable", "widen_csv", "widen_json", "widen_parquet"]

Widen = Callable[[pa.DataType, pa.DataType], pa.DataType | None]
"""The type that holds both, or None where there is none."""

_INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64()]
_UNSPEAKABLE = re.compile(r"[<>(),:`]")


class _Readable(PlainLeaves):
    """The type under which Athena reads a Parquet file's values."""

    def visit(self, type_: pa.DataType) -> pa.DataType:
        return type_ if pa.types.is_null(type_) else super().visit(type_)

    def unsupported(self, type_: pa.DataType) -> pa.DataType:
        raise UnsupportedType(f"is {type_}, which Athena cannot read")

    def integer(self, type_: pa.DataType) -> pa.DataType:
        if pa.types.is_uint64(type_):
            return self.unsupported(type_)
        if pa.types.is_unsigned_integer(type_):
            return _INTEGERS[_INTEGERS.index(_signed(type_)) + 1]
        return type_

    def floating(self, type_: pa.DataType) -> pa.DataType:
        return self.unsupported(type_) if pa.types.is_float16(type_) else type_

    def list(self, type_: pa.DataType) -> pa.DataType:
        return pa.list_(self.visit(type_.value_type))

    def struct(self, type_: pa.DataType) -> pa.DataType:
        names = [field.name.lower() for field in type_]
        odd = [name for name in names if not name or _UNSPEAKABLE.search(name)]
        if odd or not names or len(set(names)) < len(names):
            raise UnsupportedType(f"is {type_}, whose fields Hive cannot tell apart by name")
        return pa.struct([(name, self.visit(f.type)) for name, f in zip(names, type_, strict=True)])


def _signed(type_: pa.DataType) -> pa.DataType:
    return next(t for t in _INTEGERS if t.bit_width == type_.bit_width)


_readable = _Readable()


def readable(type_: pa.DataType) -> pa.DataType:
    """The Arrow form of the Hive type that reads values of a type; names in lower case.

    Raises:
        UnsupportedType: Athena reads no such values; the message follows a column's name.
    """
    return _readable.visit(type_)


def widen_parquet(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type under which Athena reads Parquet files of both."""
    return _widened(one, other, _wider_number)


def widen_json(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """As for Parquet; integers are also read as doubles, for both are text."""
    return _widened(one, other, _wider_number_in_text)


def widen_csv(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Anything in CSV is text, so what has no other type in common is read as such."""
    return _widened(one, other, _wider_number_in_text) or pa.string()


def _widened(one: pa.DataType, other: pa.DataType, scalar: Widen) -> pa.DataType | None:
    if one.equals(other) or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        return _widened_struct(one, other, scalar)
    if pa.types.is_list(one) and pa.types.is_list(other):
        item = _widened(one.value_type, other.value_type, scalar)
        return None if item is None else pa.list_(item)
    if pa.types.is_map(one) and pa.types.is_map(other):
        key = _widened(one.key_type, other.key_type, scalar)
        item = _widened(one.item_type, other.item_type, scalar)
        return None if key is None or item is None else pa.map_(key, item)
    return scalar(one, other)


def _widened_struct(one: pa.StructType, other: pa.StructType, scalar: Widen) -> pa.DataType | None:
    """All fields of both, as Athena reads Parquet's and JSON's by name."""
    fields = {field.name: field.type for field in one}
    for field in other:
        type_ = _widened(fields.get(field.name, pa.null()), field.type, scalar)
        if type_ is None:
            return None
        fields[field.name] = type_
    return pa.struct(list(fields.items()))


def _wider_number(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    if one in _INTEGERS and other in _INTEGERS:
        return max(one, other, key=lambda type_: type_.bit_width)
    if pa.types.is_floating(one) and pa.types.is_floating(other):
        return pa.float64()
    if pa.types.is_decimal(one) and pa.types.is_decimal(other) and one.scale == other.scale:
        return max(one, other, key=lambda type_: type_.precision)
    return None


def _wider_number_in_text(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    number = _wider_number(one, other)
    if number is not None:
        return number
    kinds = {pa.int64(), pa.float64()}
    return pa.float64() if {one, other} == kinds else None
