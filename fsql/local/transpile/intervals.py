"""Arithmetic of dates, times and intervals. Source: Trino documentation, "Date and time functions".

An interval is held as a number: milliseconds or months.
"""

from __future__ import annotations

from collections.abc import Callable

from fsql.local.transpile import formats
from fsql.local.transpile.binder import coerced
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import raised, template
from fsql.local.transpile.types import (
    BIGINT,
    DAY_INTERVAL,
    DOUBLE,
    INTEGERS,
    MONTH_INTERVAL,
    TIMESTAMP_TZ,
    Type,
)

__all__ = ["INTERVALS"]

Operator = Callable[[Typed, Typed], Typed]


def _interval(value: Typed) -> str:
    unit = "milliseconds" if value.type == DAY_INTERVAL else "months"
    amount = value.sql if unit == "milliseconds" else f"CAST({value.sql} AS INTEGER)"
    return f"to_{unit}({amount})"


def _moved(symbol: str) -> Operator:
    def moved(when: Typed, by: Typed) -> Typed:
        if when.type.base == TIMESTAMP_TZ and by.type == MONTH_INTERVAL:
            wall = formats.local_time(when.sql, when.type.zone)
            shifted = f"({wall} {symbol} {_interval(by)})"
            return Typed(formats.instant_of(shifted, when.type.zone), when.type)
        return Typed(_shifted(when, symbol, by), _finer(when.type, by))

    return moved


def _shifted(when: Typed, symbol: str, by: Typed) -> str:
    sql = f"({when.sql} {symbol} {_interval(by)})"
    if when.type.base == TIMESTAMP_TZ:
        wall = f"({formats.local_time(when.sql, 'UTC')} {symbol} {_interval(by)})"
        return formats.instant_of(wall, "UTC")
    return f"CAST({sql} AS TIME)" if when.type.base == "time" else sql


def _finer(type_: Type, by: Typed) -> Type:
    """An interval day to second has three digits after the second, so the sum has as many."""
    if by.type == MONTH_INTERVAL:
        return type_
    return Type(type_.base, (max(type_.precision, 3),), zone=type_.zone)


def _moved_day(symbol: str) -> Operator:
    """A date by an interval; one with hours in it is an error."""

    def moved(day: Typed, by: Typed) -> Typed:
        if by.type == MONTH_INTERVAL:
            return Typed(f"CAST({day.sql} {symbol} {_interval(by)} AS DATE)", day.type)
        said = "'Cannot add hour, minutes or seconds to a date'"
        wrong = raised("INVALID_FUNCTION_ARGUMENT", said, "DATE")
        whole = f"CASE WHEN {{1}} % 86400000 <> 0 THEN {wrong}"
        shifted = f"ELSE {{0}} {symbol} CAST({{1}} // 86400000 AS INTEGER) END"
        return Typed(template(f"{whole} {shifted}", [day.sql, by.sql]), day.type)

    return moved


def _swapped(operator: Operator) -> Operator:
    return lambda left, right: operator(right, left)


def _between_days(left: Typed, right: Typed) -> Typed:
    return Typed(f"(CAST({left.sql} - {right.sql} AS BIGINT) * 86400000)", DAY_INTERVAL)


def _between_times(left: Typed, right: Typed) -> Typed:
    sql = f"((epoch_us({left.sql}) - epoch_us({right.sql})) // 1000)"
    return Typed(sql, DAY_INTERVAL)


def _intervals(symbol: str) -> Operator:
    return lambda left, right: Typed(f"({left.sql} {symbol} {right.sql})", left.type)


def _scaled(symbol: str) -> Operator:
    def scaled(interval: Typed, factor: Typed) -> Typed:
        if factor.type.base in INTEGERS and symbol == "*":
            return Typed(f"({interval.sql} * {coerced(factor, BIGINT)})", interval.type)
        exact = f"{interval.sql} {symbol} {coerced(factor, DOUBLE)}"
        return Typed(f"CAST(trunc({exact}) AS BIGINT)", interval.type)

    return scaled


INTERVALS: dict[tuple[str, str, str], Operator] = {}
_STAMPS = ("timestamp", TIMESTAMP_TZ)
_KINDS = (DAY_INTERVAL.base, MONTH_INTERVAL.base)


def _fill() -> None:
    for symbol in ("+", "-"):
        for interval in _KINDS:
            INTERVALS["date", symbol, interval] = _moved_day(symbol)
            INTERVALS[interval, symbol, interval] = _intervals(symbol)
            INTERVALS.update({(when, symbol, interval): _moved(symbol) for when in _STAMPS})
        INTERVALS["time", symbol, DAY_INTERVAL.base] = _moved(symbol)
    for (when, symbol, interval), operator in list(INTERVALS.items()):
        if symbol == "+" and when not in _KINDS:
            INTERVALS[interval, "+", when] = _swapped(operator)
    for stamp in _STAMPS:
        INTERVALS[stamp, "-", stamp] = _between_times
    INTERVALS["date", "-", "date"] = _between_days
    for interval in _KINDS:
        for number in (*INTEGERS, "decimal", "real", "double"):
            INTERVALS[interval, "*", number] = _scaled("*")
            INTERVALS[interval, "/", number] = _scaled("/")
            INTERVALS[number, "*", interval] = _swapped(_scaled("*"))


_fill()
