"""What the integers and the text of a frame mean where they are times."""

from __future__ import annotations

import pyarrow as pa

from fsql.errors import DefinitionError
from fsql.types import EpochType, IsoTextType

__all__ = ["TIME_UNITS", "with_times"]

COUNTED = ("s", "ms", "us", "ns")
TIME_UNITS = (*COUNTED, "iso")


def with_times(
    schema: pa.Schema, event_time: str | None, created_time: str | None, unit: str
) -> pa.Schema:
    """A schema whose columns of integers or text are times.

    Args:
        event_time, created_time: the columns; None where there is none. Timestamps of the
            first take the unit's precision, those of the second stay as they are.
        unit: "s", "ms", "us" or "ns" of integers since 1970 in UTC; "iso" of ISO 8601 text.

    Raises:
        DefinitionError: another unit, or a column that it says nothing of.
    """
    if unit not in TIME_UNITS:
        expected = ", ".join(map(repr, TIME_UNITS))
        raise DefinitionError(f"time unit {unit!r}. Expected one of {expected}.")
    for name in (event_time, created_time):
        place = schema.get_field_index(name) if name is not None else -1
        if place < 0:  # the group itself says of a name that it is no column
            continue
        field = schema.field(place)
        if name == event_time or not pa.types.is_timestamp(field.type):
            schema = schema.set(place, field.with_type(_time_type(field, unit)))
    return schema


def _time_type(field: pa.Field, unit: str) -> pa.DataType:
    type_ = field.type
    if pa.types.is_timestamp(type_):
        return type_ if unit == "iso" else pa.timestamp(unit, type_.tz)
    if pa.types.is_date(type_):
        return type_
    if pa.types.is_integer(type_) and unit in COUNTED:
        return EpochType(unit, type_)
    if _is_text(type_) and unit == "iso":
        return IsoTextType(type_)
    raise DefinitionError(
        f"The time {field.name!r} has type {type_}, and its unit is {unit!r}. Expected timestamps"
        " or dates, integers with 's', 'ms', 'us' or 'ns', or ISO 8601 text with 'iso'."
    )


def _is_text(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_string_view(type_)
    )
