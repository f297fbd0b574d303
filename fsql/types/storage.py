"""The types in which values lie in the data files."""

from __future__ import annotations

import functools
import re
import zoneinfo
from collections.abc import Callable

import pyarrow as pa

from fsql.errors import UnsupportedType
from fsql.types.instants import InstantType
from fsql.types.visitor import TypeVisitor, any_of

__all__ = ["MAX_DECIMAL_DIGITS", "PlainLeaves", "storage_type"]

MAX_DECIMAL_DIGITS = 38  # https://docs.aws.amazon.com/athena/latest/ug/data-types.html

_REMEDIES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_null, "It holds nothing but NULL; give it a type, as with .astype('float64')."),
    (any_of(pa.types.is_list_view, pa.types.is_large_list_view), "Cast it to list."),
    (pa.types.is_interval, "Cast it to duration, or store its parts as columns of integers."),
    (pa.types.is_union, "Store each of its types as a field of a struct."),
    (pa.types.is_run_end_encoded, "Decode it with pyarrow.compute.run_end_decode."),
    (
        pa.types.is_decimal,
        f"Athena's decimals have at most {MAX_DECIMAL_DIGITS} digits and a scale from 0 to the"
        " precision. Cast it to such a one, or to text.",
    ),
)


_FIELD_NAME = re.compile(r"[^:,<>()\"`\x00-\x1f]+")


class PlainLeaves(TypeVisitor[pa.DataType]):
    """What is the same of all types that Athena reads out of files: one layout for each kind."""

    def boolean(self, type_: pa.DataType) -> pa.DataType:
        return type_

    def decimal(self, type_: pa.DataType) -> pa.DataType:
        if type_.precision > MAX_DECIMAL_DIGITS or not 0 <= type_.scale <= type_.precision:
            return self.unsupported(type_)
        return pa.decimal128(type_.precision, type_.scale)

    def text(self, type_: pa.DataType) -> pa.DataType:
        return pa.string()

    def binary(self, type_: pa.DataType) -> pa.DataType:
        return pa.binary()

    def date(self, type_: pa.DataType) -> pa.DataType:
        return pa.date32()

    def timestamp(self, type_: pa.DataType) -> pa.DataType:
        return pa.timestamp("us")

    def duration(self, type_: pa.DataType) -> pa.DataType:
        return pa.int64()  # Parquet has no durations: a plain count

    def map(self, type_: pa.DataType) -> pa.DataType:
        return pa.map_(self.visit(type_.key_type), self.visit(type_.item_type))

    def dictionary(self, type_: pa.DataType) -> pa.DataType:
        return self.visit(type_.value_type)

    def extension(self, type_: pa.DataType) -> pa.DataType:
        return self.visit(type_.storage_type)


class _Storage(PlainLeaves):
    """The Arrow type that lies in the Parquet files."""

    def unsupported(self, type_: pa.DataType) -> pa.DataType:
        remedies = (remedy for is_kind, remedy in _REMEDIES if is_kind(type_))
        remedy = next(remedies, "Cast it to a type that can.")
        raise UnsupportedType(f"Type {type_} cannot be stored. {remedy}")

    def integer(self, type_: pa.DataType) -> pa.DataType:
        # Iceberg has int and long only; a uint64 needs 20 digits.
        if pa.types.is_uint64(type_):
            return pa.decimal128(20, 0)
        signed_bits = type_.bit_width + pa.types.is_unsigned_integer(type_)
        return pa.int32() if signed_bits <= 32 else pa.int64()

    def floating(self, type_: pa.DataType) -> pa.DataType:
        return pa.float64() if pa.types.is_float64(type_) else pa.float32()

    def time(self, type_: pa.DataType) -> pa.DataType:
        # Athena's Iceberg tables have no time type: the count of the unit is stored.
        return pa.int64()

    def timestamp(self, type_: pa.DataType) -> pa.DataType:
        if type_.tz is not None and not _is_zone(type_.tz):
            raise UnsupportedType(
                f"{type_}: {type_.tz!r} is no time zone. Expected a name such as 'Europe/Oslo',"
                " or an offset such as '+05:30'."
            )
        return pa.timestamp("us")

    def list(self, type_: pa.DataType) -> pa.DataType:
        return pa.list_(pa.field("element", self._part(type_.value_type)))

    def struct(self, type_: pa.DataType) -> pa.DataType:
        if not type_.num_fields:
            raise UnsupportedType("A struct without fields cannot be stored. Drop the column.")
        # Athena folds names to lower case; the exact ones come back with the exact schema.
        names = [field.name.lower() for field in type_]
        for name in names:
            if not _FIELD_NAME.fullmatch(name):
                raise UnsupportedType(
                    f"{type_} has a field named {name!r}. Glue's types have no quotes, so names"
                    ' must not be empty or hold any of : , < > ( ) " `. Rename it.'
                )
        if len(set(names)) < len(names):
            raise UnsupportedType(
                f"{type_} has fields that differ in case only; Athena folds case. Rename one."
            )
        return pa.struct([(name, self._part(f.type)) for name, f in zip(names, type_, strict=True)])

    def map(self, type_: pa.DataType) -> pa.DataType:
        return pa.map_(self._part(type_.key_type), self._part(type_.item_type))

    def dictionary(self, type_: pa.DataType) -> pa.DataType:
        return self._part(type_.value_type)

    def _part(self, type_: pa.DataType) -> pa.DataType:
        if isinstance(type_, InstantType):
            raise UnsupportedType(
                f"{type_} stands inside of another type. Epoch and IsoText are types of whole"
                " columns; use Timestamp there."
            )
        return self.visit(type_)


@functools.lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    if re.fullmatch(r"[+-]\d{2}:\d{2}", name):
        return True
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


_storage = _Storage()


def storage_type(type_: pa.DataType) -> pa.DataType:
    """The Arrow type in which values of an exact type are stored.

    Raises:
        UnsupportedType: it cannot be stored.
    """
    return _storage.visit(type_)
