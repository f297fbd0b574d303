"""Types for columns that hold times.

All of them are stored as timestamps in microseconds of UTC, which is what SQL sees. They differ
in what people put in and get out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from numbers import Integral
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from fsql.errors import UnsupportedType

__all__ = ["UNITS", "Epoch", "Instant", "IsoText", "Timestamp", "stored_time"]

UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_1970 = dt.datetime(1970, 1, 1)


class Instant(sa.types.DateTime):
    """What the types of times have in common: values in statements become what is stored."""

    __visit_name__ = "fsql_timestamp"

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any]:
        """Parameters become what is stored: naive times in UTC."""
        return self.stored

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[Any], str]:
        """Literals in Trino's form, with all six digits."""
        return lambda value: f"TIMESTAMP '{self.stored(value):%Y-%m-%d %H:%M:%S.%f}'"

    def stored(self, value: Any) -> Any:
        """A value of the column as the time that is stored."""
        return stored_time(value)


class Timestamp(Instant):
    """An instant, stored as microseconds in UTC, read back in its unit and zone.

    Args:
        unit: "s", "ms", "us" or "ns". Nanoseconds that microseconds cannot hold are
            refused on writing, unless the group says ``truncate=True``.
        tz: an IANA zone or offset to restore; None gives naive times, which mean UTC.
    """

    def __init__(self, unit: str = "us", tz: str | None = None) -> None:
        super().__init__(timezone=tz is not None)
        self.unit = _checked_unit("Timestamp", unit)
        self.tz = tz

    def __repr__(self) -> str:
        zone = f", tz={self.tz!r}" if self.tz else ""
        return f"Timestamp({self.unit!r}{zone})"


class Epoch(Instant):
    """An instant that is an integer in frames: how many of a unit have passed since 1970 in UTC.

    In SQL it is a timestamp. In expressions ``table.c.seen > 1784000000`` compares it with a
    count, ``table.c.seen > datetime(2026, 7, 14)`` with a time.

    Args:
        unit: "s", "ms", "us" or "ns"; of nanoseconds those that are whole microseconds, unless
            the group says ``truncate=True``.
        integer: the Arrow type of the counts; None is int64.
    """

    def __init__(self, unit: str = "s", integer: pa.DataType | None = None) -> None:
        super().__init__()
        self.unit = _checked_unit("Epoch", unit)
        self.integer = pa.int64() if integer is None else integer
        if not pa.types.is_integer(self.integer):
            raise UnsupportedType(f"Epoch counts in {self.integer}. Expected a type of integers.")

    @property
    def python_type(self) -> type[Any]:
        return int

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Counts and times are values of this type; durations are not."""
        return self if _is_instant(value) else super().coerce_compared_value(op, value)

    def stored(self, value: Any) -> Any:
        """A count, or a time, as the time that is stored."""
        if not isinstance(value, Integral):
            return _time(value)
        microseconds, rest = divmod(int(value) * 1_000_000, UNITS[self.unit])
        if rest:
            raise ValueError(f"{value} ns is no whole number of microseconds, which are stored.")
        return _1970 + dt.timedelta(microseconds=microseconds)

    def __repr__(self) -> str:
        return f"Epoch({self.unit!r})"


class IsoText(Instant):
    """An instant that is ISO 8601 text in frames, such as ``2013-01-01T05:00:00Z``.

    Any spelling is taken, and a time without a zone means UTC. What comes out is in UTC, with
    six digits of a fraction where there is one. In SQL it is a timestamp.

    Args:
        text: the Arrow type of the text; None is string.
    """

    def __init__(self, text: pa.DataType | None = None) -> None:
        super().__init__()
        self.text = pa.string() if text is None else text

    @property
    def python_type(self) -> type[Any]:
        return str

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Text and times are values of this type; durations are not."""
        return self if _is_instant(value) else super().coerce_compared_value(op, value)

    def stored(self, value: Any) -> Any:
        """Text, or a time, as the time that is stored."""
        return _time(value)

    def __repr__(self) -> str:
        return "IsoText()"


def stored_time(value: Any) -> Any:
    """A datetime as it is stored: naive, in UTC. Other values pass."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    return value


def _time(value: Any) -> Any:
    """Text and dates as the times that they mean."""
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    return stored_time(value)


def _is_instant(value: Any) -> bool:
    return isinstance(value, Integral | str | dt.date)


def _checked_unit(kind: str, unit: str) -> str:
    if unit not in UNITS:
        raise UnsupportedType(f"{kind} unit {unit!r}. Expected 's', 'ms', 'us' or 'ns'.")
    return unit
