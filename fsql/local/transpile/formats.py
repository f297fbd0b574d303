"""DuckDB expressions that print a value as Trino prints it."""

from __future__ import annotations

import re

from fsql.local.transpile.sqltext import string
from fsql.local.transpile.types import Type

__all__ = [
    "day_interval_text",
    "decimal_text",
    "instant_of",
    "java_text",
    "local_time",
    "month_interval_text",
    "scientific",
    "time_text",
    "timestamp_text",
    "zoned_text",
]

# ---- floating point ----------------------------------------------------------------------------


def scientific(sql: str) -> str:
    """A double or real as CAST(… AS varchar) prints it: ``1.5`` is ``1.5E0``, zero is ``0E0``."""
    return _signed(sql, f"CASE WHEN {sql} = 0 THEN '0E0' ELSE {_mantissa_and_exponent(sql)} END")


def java_text(sql: str) -> str:
    """A double or real as results show it, which is as Java prints it: ``1.5``, ``1.0E10``."""
    return (
        f"CASE WHEN abs({sql}) >= 1e-3 AND abs({sql}) < 1e7 OR {sql} = 0"
        f" THEN CAST({sql} AS VARCHAR) ELSE {_signed(sql, _mantissa_and_exponent(sql))} END"
    )


def _signed(sql: str, number: str) -> str:
    return (
        f"CASE WHEN isnan({sql}) THEN 'NaN'"
        f" ELSE CASE WHEN starts_with(CAST({sql} AS VARCHAR), '-') THEN '-' ELSE '' END ||"
        f" CASE WHEN isinf({sql}) THEN 'Infinity' ELSE {number} END END"
    )


def _mantissa_and_exponent(sql: str) -> str:
    """``d.ddd`` and the exponent, out of the shortest digits that DuckDB's own text has."""
    text = f"CAST(abs({sql}) AS VARCHAR)"
    digits = f"ltrim(rtrim(replace(regexp_replace({text}, 'e.*', ''), '.', ''), '0'), '0')"
    exponent = (
        f"CASE WHEN contains({text}, 'e') THEN CAST(regexp_extract({text}, 'e(.*)', 1) AS INTEGER)"
        f" WHEN abs({sql}) >= 1 THEN strpos({text}, '.') - 2"
        f" ELSE 1 - length(regexp_extract({text}, '^0\\.0*')) END"
    )
    rest = f"CASE WHEN length({digits}) > 1 THEN substr({digits}, 2) ELSE '0' END"
    return f"left({digits}, 1) || '.' || {rest} || 'E' || ({exponent})"


# ---- decimals ----------------------------------------------------------------------------------


def decimal_text(sql: str, type_: Type) -> str:
    """``0.50``: a decimal with all its digits; DuckDB leaves a zero before the point out."""
    if type_.precision > type_.scale:
        return f"CAST({sql} AS VARCHAR)"
    if type_.precision < 38:
        return f"CAST(CAST({sql} AS DECIMAL({type_.precision + 1},{type_.scale})) AS VARCHAR)"
    return f"regexp_replace(CAST({sql} AS VARCHAR), '^(-?)\\.', '\\1' || '0.')"


# ---- times -------------------------------------------------------------------------------------

_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def local_time(sql: str, zone: str) -> str:
    """The wall clock time in `zone` of an instant (TIMESTAMPTZ to TIMESTAMP)."""
    if minutes := _offset_minutes(zone):
        return f"(timezone('UTC', {sql}) + INTERVAL ({minutes}) MINUTE)"
    return f"timezone({string(_named_zone(zone))}, {sql})"


def instant_of(sql: str, zone: str) -> str:
    """The instant of a wall clock time in `zone` (TIMESTAMP to TIMESTAMPTZ)."""
    if minutes := _offset_minutes(zone):
        return f"timezone('UTC', {sql} - INTERVAL ({minutes}) MINUTE)"
    return f"timezone({string(_named_zone(zone))}, {sql})"


def _offset_minutes(zone: str) -> int:
    """Minutes east of UTC of a zone such as ``+05:30``; 0 for UTC and for named zones."""
    offset = _OFFSET.fullmatch(zone)
    if not offset:
        return 0
    return (int(offset[2]) * 60 + int(offset[3])) * (-1 if offset[1] == "-" else 1)


def _named_zone(zone: str) -> str:
    return "UTC" if _OFFSET.fullmatch(zone) else zone


def timestamp_text(sql: str, precision: int) -> str:
    """``2013-01-01 05:00:00.000``: a TIMESTAMP with `precision` digits after the second."""
    return _with_fraction(sql, "%Y-%m-%d %H:%M:%S", precision)


def zoned_text(sql: str, type_: Type) -> str:
    """``2013-01-01 05:00:00.000 UTC``: an instant in its type's zone."""
    wall = timestamp_text(local_time(sql, type_.zone), type_.precision)
    return f"({wall} || {string(' ' + type_.zone)})"


def time_text(sql: str, precision: int) -> str:
    """``05:00:00.000``: a TIME with `precision` digits after the second."""
    return _with_fraction(f"(DATE '1970-01-01' + {sql})", "%H:%M:%S", precision)


def _with_fraction(sql: str, pattern: str, precision: int) -> str:
    if precision == 0:
        return f"strftime({sql}, '{pattern}')"
    if precision in _FRACTIONS:
        return f"strftime({sql}, '{pattern}.{_FRACTIONS[precision]}')"
    longer = min(known for known in _FRACTIONS if known > precision)
    text = f"strftime({sql}, '{pattern}.{_FRACTIONS[longer]}')"
    return f"left({text}, {precision - longer})"


_FRACTIONS = {3: "%g", 6: "%f", 9: "%n"}
"""Digits after the second and the letter DuckDB's strftime has for them."""


# ---- intervals ---------------------------------------------------------------------------------


def day_interval_text(sql: str) -> str:
    """``3 04:05:06.007``: an interval day to second, held in milliseconds."""
    size = f"abs({sql})"

    def part(unit: int, within: int, width: int) -> str:
        return f"lpad(CAST({size} // {unit} % {within} AS VARCHAR), {width}, '0')"

    hours, minutes, seconds = part(3_600_000, 24, 2), part(60_000, 60, 2), part(1000, 60, 2)
    return (
        f"(CASE WHEN {sql} < 0 THEN '-' ELSE '' END || {size} // 86400000 || ' ' ||"
        f" {hours} || ':' || {minutes} || ':' || {seconds} || '.' || {part(1, 1000, 3)})"
    )


def month_interval_text(sql: str) -> str:
    """``1-2``: an interval year to month, held in months."""
    size = f"abs({sql})"
    return f"(CASE WHEN {sql} < 0 THEN '-' ELSE '' END || {size} // 12 || '-' || {size} % 12)"
