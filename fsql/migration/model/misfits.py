"""Which stored rows do not fit a stricter column, as SQL for Athena to count them.

A column's type may get narrower, or NULL be forbidden in it, while its files stay as they are, so
that nothing but the rows themselves says whether it can be.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa

from fsql.errors import MigrationError
from fsql.migration.model import paths
from fsql.migration.model.changes import Change
from fsql.migration.model.evolving import evolved, must_fit
from fsql.migration.model.state import State
from fsql.migration.model.widening import instant_unit, integer_limits, widens
from fsql.types import EpochType, InstantType, TypeVisitor

__all__ = ["misfits"]

_1970, _PER_SECOND = dt.datetime(1970, 1, 1), {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_FIRST, _LAST = dt.datetime.min, dt.datetime.max
_TRUNCATED = {"s": "second", "ms": "millisecond"}
_HALF_MOST, _HALF_BITS, _HALF_EXPONENTS = 65504, 10, range(15, -15, -1)
_WIDE_INDEX = 32  # bits, which number more categories than a column will ever have


def misfits(change: Change, before: State) -> str | None:
    """How many rows do not fit after a change, as an expression to SELECT from the table.

    Returns:
        None if every row fits whatever it holds.

    Raises:
        MigrationError: as `evolved`; or no SQL can tell.
    """
    after = evolved(change, before)
    if after is None or not must_fit(change, before):
        return None
    column = paths.parts(getattr(change, "path", ""))[0].lower()
    old, new = before.schema.field(column), after.schema.field(column)
    if pa.types.is_dictionary(new.type) and not pa.types.is_dictionary(old.type):
        counted = _categories(column, new.type)
        if counted is not None:
            return counted
    try:
        found = _field(f'"{column}"', old, new)
    except NotImplementedError as error:
        raise MigrationError(f"{change}: {error}", before.table, column) from error
    return f"count_if({found})" if found else None


def _categories(column: str, type_: pa.DataType) -> str | None:
    """How many more values a column has than its categories have numbers."""
    most = integer_limits(type_.index_type)[1] + 1
    if type_.index_type.bit_width >= _WIDE_INDEX:
        return None
    return f'greatest(count(DISTINCT "{column}") - {most}, 0)'


def _field(value: str, old: pa.Field, new: pa.Field) -> str | None:
    """When a value of the old field is none of the new one; None is never."""
    missing = f"{value} IS NULL" if old.nullable and not new.nullable else None
    inside = None if widens(old.type, new.type) else _Misfit(value, old.type).visit(new.type)
    return _any(missing, inside)


def _any(*conditions: str | None) -> str | None:
    return " OR ".join(f"({condition})" for condition in conditions if condition) or None


class _Misfit(TypeVisitor[str | None]):
    """The condition of a value being none of the type that is visited."""

    def __init__(self, value: str, old: pa.DataType) -> None:
        self.value, self.old = value, old

    def unsupported(self, type_: pa.DataType) -> str | None:
        return None

    def integer(self, type_: pa.DataType) -> str | None:
        low, high = integer_limits(type_)
        return f"{self.value} NOT BETWEEN {low} AND {high}"

    def floating(self, type_: pa.DataType) -> str | None:
        if pa.types.is_float16(type_):
            return _beyond_half(f"CAST({self.value} AS double)")
        value = self.value
        return f"NOT is_nan({value}) AND CAST(CAST({value} AS real) AS double) <> {value}"

    def decimal(self, type_: pa.DataType) -> str | None:
        most = Decimal(10**type_.precision - 1).scaleb(-type_.scale)
        return f"{self.value} NOT BETWEEN DECIMAL '-{most:f}' AND DECIMAL '{most:f}'"

    def binary(self, type_: pa.DataType) -> str | None:
        if not pa.types.is_fixed_size_binary(type_):
            return None
        return f"length({self.value}) <> {type_.byte_width}"

    def timestamp(self, type_: pa.DataType) -> str | None:
        return _any(self._finer(type_.unit), self._beyond(type_.unit, pa.int64()))

    def extension(self, type_: pa.DataType) -> str | None:
        if isinstance(type_, EpochType):
            return _any(self._finer(type_.unit), self._beyond(type_.unit, type_.plain))
        if isinstance(type_, InstantType):
            return None
        return _Misfit(self.value, self.old).visit(type_.storage_type)

    def _finer(self, unit: str) -> str | None:
        if unit not in _TRUNCATED or instant_unit(self.old) == unit:
            return None
        return f"date_trunc('{_TRUNCATED[unit]}', {self.value}) <> {self.value}"

    def _beyond(self, unit: str, integer: pa.DataType) -> str | None:
        ends = [_time(count, unit) for count in integer_limits(integer)]
        if ends == [_FIRST, _LAST]:
            return None
        first, last = (f"TIMESTAMP '{end.isoformat(' ', 'microseconds')}'" for end in ends)
        return f"{self.value} NOT BETWEEN {first} AND {last}"

    def dictionary(self, type_: pa.DataType) -> str | None:
        if type_.index_type.bit_width < _WIDE_INDEX:
            raise NotImplementedError(
                "no query tells whether there are few enough categories. Number them in int32."
            )
        old = self.old.value_type if pa.types.is_dictionary(self.old) else self.old
        return _field(self.value, pa.field("", old), pa.field("", type_.value_type))

    def struct(self, type_: pa.DataType) -> str | None:
        parts = (
            _field(f'{self.value}."{new.name.lower()}"', old, new)
            for old, new in zip(self.old, type_, strict=True)
        )
        found = _any(*parts)
        return f"{self.value} IS NOT NULL AND ({found})" if found else None

    def list(self, type_: pa.DataType) -> str | None:
        size = None
        if pa.types.is_fixed_size_list(type_) and not pa.types.is_fixed_size_list(self.old):
            size = f"cardinality({self.value}) <> {type_.list_size}"
        return _any(size, _items(self.value, self.old.value_field, type_.value_field))

    def map(self, type_: pa.DataType) -> str | None:
        keys = _items(f"map_keys({self.value})", self.old.key_field, type_.key_field)
        values = _items(f"map_values({self.value})", self.old.item_field, type_.item_field)
        return _any(keys, values)


def _items(values: str, old: pa.Field, new: pa.Field) -> str | None:
    name = f"x{len(values)}"  # a name of its own for each depth
    found = _field(name, old, new)
    return f"any_match({values}, {name} -> {found})" if found else None


def _time(count: int, unit: str) -> dt.datetime:
    """When so many of a unit have passed since 1970, within the years that SQL has."""
    microseconds = count * 10**6 // _PER_SECOND[unit] + (unit == "ns" and count < 0)
    first, last = ((end - _1970) // dt.timedelta(microseconds=1) for end in (_FIRST, _LAST))
    return _1970 + dt.timedelta(microseconds=min(max(microseconds, first), last))


def _beyond_half(value: str) -> str:
    """IEEE 754 half precision: eleven bits, at most 65504, steps of 2**-24 near zero."""
    steps = " ".join(
        f"WHEN abs({value}) >= {2.0**exponent!r} THEN {2.0 ** (_HALF_BITS - exponent)!r}"
        for exponent in _HALF_EXPONENTS
    )
    scaled = f"{value} * CASE {steps} ELSE {2.0**24!r} END"
    finite = f"NOT is_nan({value}) AND NOT is_infinite({value})"
    return f"{finite} AND (abs({value}) > {_HALF_MOST} OR {scaled} <> floor({scaled}))"
