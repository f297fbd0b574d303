"""Which exact type a column may change to while its files stay as they are.

A change *widens* where the new type shows every value that the old one can have stored, and
Iceberg can promote the stored type, if that is another one: int to long, float to double, and
decimals to more digits at the same scale
(https://iceberg.apache.org/spec/#schema-evolution). The other way round it *narrows*: the
stored type stays wide, and whoever runs the change has to see first that every value fits.
"""

from __future__ import annotations

import pyarrow as pa

from fsql.types import EpochType, InstantType, IsoTextType, TypeVisitor, storage_type

__all__ = ["instant_unit", "integer_limits", "narrows", "promotes", "widens"]

_PROMOTIONS = frozenset({(pa.int32(), pa.int64()), (pa.float32(), pa.float64())})
_FINENESS = {"s": 0, "ms": 1, "us": 2, "ns": 2}  # as far as microseconds store it


def widens(old: pa.DataType, new: pa.DataType) -> bool:
    """Whether a column of one exact type can become one of another, each value kept."""
    return _Shows(old).visit(new)


def narrows(old: pa.DataType, new: pa.DataType) -> bool:
    """Whether a column can become one of another type as long as its values happen to fit."""
    return not widens(old, new) and widens(new, old)


def promotes(old: pa.DataType, new: pa.DataType) -> bool:
    """Whether Iceberg can make one stored type of another, neither of them nested."""
    if pa.types.is_decimal(old) and pa.types.is_decimal(new):
        return bool(old.scale == new.scale and old.precision <= new.precision)
    return old == new or (old, new) in _PROMOTIONS


class _Shows(TypeVisitor[bool]):
    """Whether the type that is visited shows all that a column of another one has stored."""

    def __init__(self, old: pa.DataType) -> None:
        self.old = old

    def visit(self, type_: pa.DataType) -> bool:
        if pa.types.is_nested(type_) or pa.types.is_nested(self.old):
            return super().visit(type_)
        return super().visit(type_) and promotes(storage_type(self.old), storage_type(type_))

    def unsupported(self, type_: pa.DataType) -> bool:
        return False

    def _plain(self) -> pa.DataType:
        """The old type without what only says how its values are shown or numbered."""
        if pa.types.is_dictionary(self.old):
            return self.old.value_type
        other = isinstance(self.old, pa.BaseExtensionType) and not isinstance(self.old, InstantType)
        return self.old.storage_type if other else self.old

    def boolean(self, type_: pa.DataType) -> bool:
        return bool(pa.types.is_boolean(self._plain()))

    def integer(self, type_: pa.DataType) -> bool:
        return pa.types.is_integer(old := self._plain()) and _holds(type_, old)

    def floating(self, type_: pa.DataType) -> bool:
        old = self._plain()
        return bool(pa.types.is_floating(old) and old.bit_width <= type_.bit_width)

    def decimal(self, type_: pa.DataType) -> bool:
        return bool(pa.types.is_decimal(old := self._plain()) and promotes(old, type_))

    def text(self, type_: pa.DataType) -> bool:
        return _stored_as(self._plain(), pa.string())

    def binary(self, type_: pa.DataType) -> bool:
        old = self._plain()
        if pa.types.is_fixed_size_binary(type_):
            return bool(old == type_)
        return _stored_as(old, pa.binary())

    def date(self, type_: pa.DataType) -> bool:
        return bool(pa.types.is_date(self._plain()))

    def time(self, type_: pa.DataType) -> bool:
        # Counts are stored, so that another unit would make other times of them.
        return pa.types.is_time(old := self._plain()) and bool(old.unit == type_.unit)

    def duration(self, type_: pa.DataType) -> bool:
        return pa.types.is_duration(old := self._plain()) and bool(old.unit == type_.unit)

    def timestamp(self, type_: pa.DataType) -> bool:
        unit = instant_unit(self._plain())
        return unit is not None and _as_fine(type_.unit, unit)

    def dictionary(self, type_: pa.DataType) -> bool:
        old = self.old
        if not pa.types.is_dictionary(old) or not _holds(type_.index_type, old.index_type):
            return False
        return _Shows(old.value_type).visit(type_.value_type)

    def extension(self, type_: pa.DataType) -> bool:
        if isinstance(type_, InstantType):
            return _shows_instants(type_, self._plain())
        return _Shows(self._plain()).visit(type_.storage_type)

    def struct(self, type_: pa.DataType) -> bool:
        if not pa.types.is_struct(self.old) or type_.num_fields != self.old.num_fields:
            return False
        return all(_part(*pair) for pair in zip(self.old, type_, strict=True))

    def list(self, type_: pa.DataType) -> bool:
        old = self.old
        if not _is_list(old):
            return False
        fixed = pa.types.is_fixed_size_list(type_)
        if fixed and getattr(old, "list_size", None) != type_.list_size:
            return False
        return _element(old.value_field, type_.value_field)

    def map(self, type_: pa.DataType) -> bool:
        # https://iceberg.apache.org/spec/#schema-evolution: map keys stay as they are.
        old = self.old
        if not pa.types.is_map(old) or storage_type(old.key_type) != storage_type(type_.key_type):
            return False
        return _Shows(old.key_type).visit(type_.key_type) and _element(
            old.item_field, type_.item_field
        )


def _part(old: pa.Field, new: pa.Field) -> bool:
    return bool(old.name.lower() == new.name.lower()) and _element(old, new)


def _element(old: pa.Field, new: pa.Field) -> bool:
    return (new.nullable or not old.nullable) and _Shows(old.type).visit(new.type)


def _is_list(type_: pa.DataType) -> bool:
    return isinstance(type_, pa.ListType | pa.LargeListType | pa.FixedSizeListType)


def _stored_as(type_: pa.DataType, stored: pa.DataType) -> bool:
    return not pa.types.is_nested(type_) and bool(storage_type(type_) == stored)


def integer_limits(type_: pa.DataType) -> tuple[int, int]:
    """The least and the greatest integer of a type."""
    if pa.types.is_unsigned_integer(type_):
        return 0, 2**type_.bit_width - 1
    return -(2 ** (type_.bit_width - 1)), 2 ** (type_.bit_width - 1) - 1


def _holds(type_: pa.DataType, old: pa.DataType) -> bool:
    (low, high), (lowest, highest) = integer_limits(type_), integer_limits(old)
    return low <= lowest and highest <= high


def instant_unit(type_: pa.DataType) -> str | None:
    """How fine the times are that a type has stored; None if it holds none."""
    if isinstance(type_, EpochType):
        return type_.unit
    if isinstance(type_, IsoTextType):
        return "us"
    return str(type_.unit) if pa.types.is_timestamp(type_) else None


def _as_fine(unit: str, stored: str) -> bool:
    # Nanoseconds end with the year 2262, so they show nothing but what was theirs.
    return stored == "ns" if unit == "ns" else _FINENESS[unit] >= _FINENESS[stored]


def _shows_instants(type_: InstantType, old: pa.DataType) -> bool:
    unit = instant_unit(old)
    if unit is None or not isinstance(type_, EpochType):
        return unit is not None
    if not _as_fine(type_.unit, unit):
        return False
    if type_.plain == pa.int64():
        return True
    same = isinstance(old, EpochType) and old.unit == type_.unit
    return same and _holds(type_.plain, old.plain)
