"""Literals with a type before them, such as DATE '2013-01-01', intervals, and names of zones."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlglot import exp

from fsql.local.transpile.binder import Binder, rule
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.formats import instant_of
from fsql.local.transpile.literals import decimal_literal
from fsql.local.transpile.places import fault, unexpected
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import string
from fsql.local.transpile.types import (
    DATE,
    DAY_INTERVAL,
    INTEGERS,
    JSON,
    MONTH_INTERVAL,
    VARCHAR,
    InvalidType,
    Type,
    duckdb_type,
    parse_type,
    time,
    timestamp,
    timestamp_tz,
)

__all__ = ["is_zone", "keyword_of", "literal_cast", "zone_name", "zone_of"]


_WHEN = re.compile(
    r"([-+]?\d{4,})-(\d{1,2})-(\d{1,2})"
    r"(?: (?:(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?)?\s*(.+)?)?"
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?")


def keyword_of(node: exp.Cast) -> str:
    """The keyword before a literal."""
    return str(node.to.this.value).lower()


def literal_cast(node: exp.Expr, keyword: str, text: str) -> Typed:
    """``DATE '2013-01-01'`` and its like: a type's name before a text."""
    if keyword in _TIMES:
        try:
            return _TIMES[keyword](node, text)
        except ValueError:
            message = f"'{text}' is not a valid {_spoken(keyword)} literal"
            raise fault(node, "INVALID_LITERAL", message) from None
    if keyword == "decimal":
        return decimal_literal(node, text)
    if keyword == "timetz":
        raise fault(node, "NOT_SUPPORTED", "time with time zone is not supported")
    keyword = {"float": "real", "int": "integer"}.get(keyword, keyword)
    if keyword in INTEGERS:
        return _sized_integer(node, Type(keyword), text)
    try:
        target = parse_type(keyword)
    except InvalidType:
        raise fault(node, "TYPE_NOT_FOUND", f"Unknown type: {keyword}") from None
    if target.base == "ipaddress":
        raise fault(node, "NOT_SUPPORTED", f"Type {target} is not supported")
    if target.base in ("varchar", "char"):
        sized = Type(target.base, (len(text),))
        return Typed(string(text), sized, text)
    return Typed(cast_sql(string(text), VARCHAR, target), target)


def _sized_integer(node: exp.Expr, type_: Type, text: str) -> Typed:
    bits = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}[type_.base]
    whole = re.fullmatch(r"\s*[-+]?[0-9]+\s*", text)
    if not whole or not -(2 ** (bits - 1)) <= int(text) < 2 ** (bits - 1):
        raise fault(node, "INVALID_LITERAL", f"'{text}' is not a valid {type_} literal")
    return Typed(f"CAST({int(text)} AS {duckdb_type(type_)})", type_)


def _spoken(keyword: str) -> str:
    return {"timestamptz": "timestamp", "timetz": "time"}.get(keyword, keyword)


def _date(node: exp.Expr, text: str) -> Typed:
    day = datetime.date.fromisoformat(_padded(text.strip()))
    return Typed(f"DATE '{day.isoformat()}'", DATE)


def _padded(text: str) -> str:
    found = re.fullmatch(r"(\d{4,})-(\d{1,2})-(\d{1,2})", text)
    if not found:
        raise ValueError(text)
    return f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}"


def _timestamp(node: exp.Expr, text: str) -> Typed:
    found = _WHEN.fullmatch(text)
    if not found:
        raise ValueError(text)
    digits, zone = found[7] or "", found[8]
    if len(digits) > 6:
        raise fault(
            node, "NOT_SUPPORTED", f"timestamp({len(digits)}) is not supported, only up to 6 digits"
        )
    year, month, day, hour, minute, second = (int(found[i] or 0) for i in range(1, 7))
    micros = int(digits.ljust(6, "0"))
    moment = datetime.datetime(year, month, day, hour, minute, second, micros)
    wall = f"TIMESTAMP '{moment.isoformat(' ')}'"
    if zone is None:
        return Typed(wall, timestamp(len(digits)))
    zone = zone_name(node, zone)
    return Typed(instant_of(wall, zone), timestamp_tz(len(digits), zone))


def zone_name(node: exp.Expr, zone: str) -> str:
    """A zone as Trino names it (``Z`` is UTC); raises for a text that names none."""
    if not is_zone(zone):
        raise fault(node, "INVALID_FUNCTION_ARGUMENT", f"'{zone}' is not a valid time zone")
    return "UTC" if zone in ("Z", "UTC", "+00:00", "-00:00") else zone


def is_zone(text: str) -> bool:
    """Whether `text` is an offset such as ``+05:30`` or the name of a zone."""
    if text == "Z" or re.fullmatch(r"[-+]\d\d:\d\d", text):
        return True
    try:
        return re.fullmatch(r"[A-Za-z][\w+/-]*", text) is not None and bool(ZoneInfo(text))
    except (ZoneInfoNotFoundError, OSError):
        return False


def zone_of(text: str) -> str | None:
    """The zone that a text in the form of a timestamp names."""
    found = _WHEN.fullmatch(text)
    zone = found[8] if found else None
    if zone and is_zone(zone):
        return "UTC" if zone in ("Z", "+00:00") else zone
    return None


def _time(node: exp.Expr, text: str) -> Typed:
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError(text)
    digits = found[4] or ""
    clock = datetime.time(
        int(found[1]), int(found[2]), int(found[3] or 0), int(digits[:6].ljust(6, "0"))
    )
    return Typed(f"TIME '{clock.isoformat()}'", time(min(len(digits), 6)))


_TIMES: dict[str, Callable[[exp.Expr, str], Typed]] = {
    "date": _date,
    "timestamp": _timestamp,
    "timestamptz": _timestamp,
    "time": _time,
}


@rule(exp.ParseJSON)
def _json(binder: Binder, node: exp.ParseJSON) -> Typed:
    return Typed(f"CAST(json_normalize({string(node.this.name)}) AS JSON)", JSON)


# ---- INTERVAL ----------------------------------------------------------------------------------

_MILLISECONDS = {"DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1000}
_MONTHS = {"YEAR": 12, "MONTH": 1}
_UNITS = ("DAY", "HOUR", "MINUTE", "SECOND")


@rule(exp.Interval)
def _interval(binder: Binder, node: exp.Interval) -> Typed:
    unit, text = node.args.get("unit"), node.this.name if node.this else ""
    if unit is None or not isinstance(node.this, exp.Literal):
        raise unexpected(node)
    span = isinstance(unit, exp.IntervalSpan)
    first = (unit.this.name if span else unit.name).upper()
    last = unit.expression.name.upper() if span else first
    amount = _interval_amount(text, first, last)
    if amount is None:
        raise fault(node, "INVALID_LITERAL", f"'{text}' is not a valid interval literal")
    type_ = MONTH_INTERVAL if first in _MONTHS else DAY_INTERVAL
    return Typed(f"CAST({amount} AS BIGINT)", type_)


def _interval_amount(text: str, first: str, last: str) -> int | None:
    """Months or milliseconds of an interval's text, from its `first` unit to its `last`."""
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("+-")
    if first == "YEAR" and last == "MONTH":
        found = re.fullmatch(r"(\d+)-(\d+)", text)
        return sign * (int(found[1]) * 12 + int(found[2])) if found else None
    if first == last and first in _MONTHS:
        return sign * int(text) * _MONTHS[first] if text.isdecimal() else None
    if first not in _UNITS or last not in _UNITS[_UNITS.index(first) :]:
        return None
    return _milliseconds(text, _UNITS[_UNITS.index(first) : _UNITS.index(last) + 1], sign)


def _milliseconds(text: str, units: tuple[str, ...], sign: int) -> int | None:
    parts = re.split(r"[ :]", text)
    if len(parts) != len(units) or not all(re.fullmatch(r"\d+", part) for part in parts[:-1]):
        return None
    if not re.fullmatch(r"\d+(\.\d+)?" if units[-1] == "SECOND" else r"\d+", parts[-1]):
        return None
    total = sum(float(part) * _MILLISECONDS[unit] for part, unit in zip(parts, units, strict=True))
    return sign * round(total)
