"""Literals: numbers, texts, times, intervals, arrays and rows written out."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlglot import exp

from fsql.local.transpile.binder import Binder, rule
from fsql.local.transpile.casts import can_cast, cast_sql, is_plain
from fsql.local.transpile.formats import instant_of
from fsql.local.transpile.parser import fault, unexpected
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import let, string
from fsql.local.transpile.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAY_INTERVAL,
    DOUBLE,
    INTEGER,
    INTEGERS,
    JSON,
    MONTH_INTERVAL,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    InvalidType,
    Type,
    array,
    decimal,
    duckdb_type,
    parse_type,
    quoted,
    time,
    timestamp,
    timestamp_tz,
    varchar,
)

__all__ = ["cast_target", "literal_cast", "row_of", "zone_name"]

# ---- numbers, truth, NULL ----------------------------------------------------------------------


@rule(exp.Literal)
def _literal(binder: Binder, node: exp.Literal) -> Typed:
    if node.is_string:
        return Typed(string(node.name), varchar(len(node.name)), node.name)
    return number(node, node.name)


def number(node: exp.Expr, text: str) -> Typed:
    """``5`` is an integer, ``5000000000`` a bigint, ``5.0`` a decimal, ``5e0`` a double."""
    if not _NUMBER.fullmatch(text):
        raise fault(node, "SYNTAX_ERROR", f"Invalid numeric literal: {text}")
    if "e" in text.lower():
        return Typed(f"CAST({text} AS DOUBLE)", DOUBLE)
    if "." in text:
        return _decimal(node, text)
    if not text.isdecimal() or int(text) >= 2**63:
        raise fault(node, "SYNTAX_ERROR", f"Invalid numeric literal: {text}")
    return Typed(text, INTEGER if int(text) < 2**31 else BIGINT, int(text))


_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)


def _decimal(node: exp.Expr, text: str) -> Typed:
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = text.lstrip("+-").partition(".")
    digits = len(whole.lstrip("0")) + len(fraction)
    if digits > 38 or not (whole + fraction).isdecimal():
        raise fault(node, "INVALID_LITERAL", f"'{text}' is not a valid decimal literal")
    type_ = decimal(max(digits, 1), len(fraction))
    return Typed(f"CAST({sign}{whole or '0'}.{fraction or '0'} AS {duckdb_type(type_)})", type_)


@rule(exp.Neg)
def _negated(binder: Binder, node: exp.Neg) -> Typed:
    inner = node.this
    if isinstance(inner, exp.Literal) and not inner.is_string and inner.name == str(2**63):
        return Typed("CAST(-9223372036854775808 AS BIGINT)", BIGINT)
    value = binder.bind(inner)
    if value.type.base not in _NEGATABLE:
        raise fault(node, "TYPE_MISMATCH", f"Cannot negate {value.type}")
    literal = -value.literal if isinstance(value.literal, int) else None
    return Typed(f"(-{value.sql})", value.type, literal)


_NEGATABLE = {
    *("tinyint", "smallint", "integer", "bigint", "real", "double", "decimal", "unknown"),
    *("interval day to second", "interval year to month"),
}


@rule(exp.Boolean)
def _boolean(binder: Binder, node: exp.Boolean) -> Typed:
    return Typed("true" if node.this else "false", BOOLEAN)


@rule(exp.Null)
def _null(binder: Binder, node: exp.Null) -> Typed:
    return Typed("NULL", UNKNOWN)


@rule(exp.Placeholder, exp.Parameter)
def _placeholder(binder: Binder, node: exp.Expr) -> Typed:
    message = "Incorrect number of parameters: a value for each ? is needed"
    raise fault(node, "INVALID_PARAMETER_USAGE", message)


@rule(exp.HexString)
def _binary(binder: Binder, node: exp.HexString) -> Typed:
    digits = re.sub(r"\s", "", node.name)
    if len(digits) % 2 or not re.fullmatch("[0-9A-Fa-f]*", digits):
        raise fault(
            node, "SYNTAX_ERROR", "Binary literal must contain an even number of hex digits"
        )
    return Typed(f"unhex({string(digits)})", VARBINARY)


@rule(exp.UnicodeString)
def _unicode(binder: Binder, node: exp.UnicodeString) -> Typed:
    escape = node.args.get("escape")
    mark = re.escape(escape.name if isinstance(escape, exp.Expr) else "\\")
    text = re.sub(
        rf"{mark}(?:\+([0-9A-Fa-f]{{6}})|([0-9A-Fa-f]{{4}}))",
        lambda code: chr(int(code[1] or code[2], 16)),
        node.name,
    )
    return Typed(string(text), varchar(len(text)), text)


@rule(exp.Array)
def _array(binder: Binder, node: exp.Array) -> Typed:
    items, item_type = binder.bind_common(node.expressions, "ARRAY elements")
    if not items:
        return Typed("CAST([] AS INTEGER[])", array(UNKNOWN))
    return Typed(f"[{', '.join(items)}]", array(item_type))


@rule(exp.Tuple)
def _tuple(binder: Binder, node: exp.Tuple) -> Typed:
    return row_of([binder.bind(item) for item in node.expressions])


@rule(exp.Paren)
def _paren(binder: Binder, node: exp.Paren) -> Typed:
    return binder.bind(node.this)


def row_of(items: list[Typed]) -> Typed:
    """``ROW(…)``: fields without names."""
    type_ = Type("row", items=tuple(i.type for i in items), names=(None,) * len(items))
    fields = [f"field{i} := {_definite(item)}" for i, item in enumerate(items)]
    return Typed(f"struct_pack({', '.join(fields)})", type_)


def _definite(item: Typed) -> str:
    """A literal's text would take the type of its neighbour in DuckDB."""
    if item.literal is None and item.type != UNKNOWN:
        return item.sql
    return f"CAST({item.sql} AS {duckdb_type(item.type)})"


# ---- CAST --------------------------------------------------------------------------------------


@rule(exp.Cast)
def _cast(binder: Binder, node: exp.Cast) -> Typed:
    if node.to.this != exp.DType.USERDEFINED:
        return literal_cast(node, _type_of(node), node.this.name)
    target = cast_target(node)
    return _cast_to(binder, node, target)


@rule(exp.TryCast)
def _try_cast(binder: Binder, node: exp.TryCast) -> Typed:
    target = cast_target(node)
    value = binder.bind(node.this)
    _castable(node, value, target)
    if is_plain(value.type, target):
        return Typed(f"TRY_CAST({value.sql} AS {duckdb_type(target)})", target)
    return Typed(
        let([value.sql], lambda name: f"TRY({cast_sql(name, value.type, target)})"), target
    )


def cast_target(node: exp.Cast) -> Type:
    """The type after AS; raises TYPE_NOT_FOUND where Trino has none of that name."""
    text = str(node.to.args["kind"])
    try:
        target = parse_type(text.lower() if '"' not in text else text)
    except InvalidType:
        raise fault(node, "TYPE_NOT_FOUND", f"Unknown type: {text}") from None
    if _HIVE_ONLY.search(text):
        raise fault(node, "TYPE_NOT_FOUND", f"Unknown type: {text}")
    return target


_HIVE_ONLY = re.compile(r"\b(string|float)\b", re.IGNORECASE)
"""Names of types that only DDL knows. Source: Athena documentation, "Data types"."""


def _cast_to(binder: Binder, node: exp.Cast, target: Type) -> Typed:
    inner = node.this
    if target.base == "row" and isinstance(inner, exp.Anonymous) and inner.name.lower() == "row":
        values = [binder.bind(item) for item in inner.expressions]
        if len(values) == len(target.items):
            return _named_row(node, values, target)
    value = binder.bind(inner)
    _castable(node, value, target)
    if target.base.startswith("timestamp") and isinstance(value.literal, str):
        zone = _zone_of(value.literal)
        target = timestamp_tz(target.precision, zone) if "zone" in target.base and zone else target
    return Typed(cast_sql(value.sql, value.type, target), target)


def _named_row(node: exp.Cast, values: list[Typed], target: Type) -> Typed:
    """``CAST(ROW(…) AS ROW(…))`` in one step, the way most rows are made."""
    fields = []
    for value, name, type_ in zip(values, target.field_names(), target.items, strict=True):
        _castable(node, value, type_)
        fields.append(f"{quoted(name)} := {cast_sql(_definite(value), value.type, type_)}")
    return Typed(f"struct_pack({', '.join(fields)})", target)


def _castable(node: exp.Expr, value: Typed, target: Type) -> None:
    if not can_cast(value.type, target):
        raise fault(node, "TYPE_MISMATCH", f"Cannot cast {value.type} to {target}")


# ---- DATE '…', TIMESTAMP '…' and the like ------------------------------------------------------

_WHEN = re.compile(
    r"([-+]?\d{4,})-(\d{1,2})-(\d{1,2})"
    r"(?: (?:(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?)?\s*(.+)?)?"
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?")


def _type_of(node: exp.Cast) -> str:
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
        return _decimal(node, text)
    keyword = {"float": "real", "int": "integer"}.get(keyword, keyword)
    if keyword in INTEGERS:
        return _sized_integer(node, Type(keyword), text)
    try:
        target = parse_type(keyword)
    except InvalidType:
        raise fault(node, "TYPE_NOT_FOUND", f"Unknown type: {keyword}") from None
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


def _zone_of(text: str) -> str | None:
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
