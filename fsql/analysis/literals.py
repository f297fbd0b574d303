"""Constants in SQL, exactly as Trino types them."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from sqlglot import exp

__all__ = ["DAY", "Literal", "parse_literal"]

DAY = 86_400_000_000
"""Microseconds in a day."""

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TIMESTAMP = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?: (?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,12}))?)?)?"
    r"(?: ?(?P<offset>[+-]\d{2}:\d{2})| (?P<zone>[A-Za-z][A-Za-z0-9_+\-/]*))?"
)
_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
_T = exp.DType
_BITS = {_T.TINYINT: 8, _T.SMALLINT: 16, _T.INT: 32, _T.BIGINT: 64}


@dataclass(frozen=True)
class Literal:
    """A constant.

    Args:
        kind: ``null``, ``boolean``, ``varchar``, ``integer``, ``decimal``, ``double``,
            ``date`` (in days), ``timestamp`` (in microseconds UTC, zoned ones too).
        value: its exact value: bool, str or a number.
        digits, scale: precision and scale of a decimal.
    """

    kind: str
    value: bool | str | Fraction | None
    digits: int = 0
    scale: int = 0

    @property
    def number(self) -> Fraction:
        """The value of a number or time."""
        assert isinstance(self.value, Fraction)
        return self.value


def parse_literal(node: exp.Expr) -> Literal | None:
    """The constant that an expression is; None for expressions that are computed."""
    if isinstance(node, exp.Paren):
        return parse_literal(node.this)
    if isinstance(node, exp.Neg):
        return _negated(parse_literal(node.this))
    if isinstance(node, exp.Null):
        return Literal("null", None)
    if isinstance(node, exp.Boolean):
        return Literal("boolean", bool(node.this))
    if isinstance(node, exp.Literal):
        return Literal("varchar", node.name) if node.is_string else _number(node.name)
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return _cast(node)
    return None


def _negated(literal: Literal | None) -> Literal | None:
    if literal is None or literal.kind not in ("integer", "decimal", "double"):
        return None
    return Literal(literal.kind, -literal.number, literal.digits, literal.scale)


def _number(text: str) -> Literal | None:
    if not _NUMBER.fullmatch(text if text[:1] != "." else f"0{text}"):
        return None
    if "e" in text.lower():
        return _double(text)
    if "." in text:
        scale = len(text.partition(".")[2])
        digits = max(len(text.replace(".", "").lstrip("0")), scale, 1)
        return Literal("decimal", Fraction(text), digits, scale)
    value = int(text)
    return Literal("integer", Fraction(value)) if value < 2**63 else None


def _double(text: str) -> Literal | None:
    value = float(text)
    finite = value - value == 0
    return Literal("double", Fraction(value)) if finite else None


# --- typed literals and casts of literals, which are one and the same to sqlglot ----------------


def _cast(node: exp.Cast) -> Literal | None:
    to = node.args["to"]
    parse = _CASTS.get(to.this)
    inner = node.this
    if parse is None or not isinstance(inner, exp.Literal):
        return None
    sizes = [part.name for part in to.expressions]
    if not all(size.isdigit() for size in sizes):
        return None
    return parse(inner, to.this, list(map(int, sizes)))


def _as_integer(node: exp.Literal, type_: exp.DType, sizes: list[int]) -> Literal | None:
    if not _INTEGER.fullmatch(node.name):
        return None
    value = int(node.name)
    limit = 2 ** (_BITS[type_] - 1)
    return Literal("integer", Fraction(value)) if -limit <= value < limit else None


def _as_double(node: exp.Literal, type_: exp.DType, sizes: list[int]) -> Literal | None:
    if not _NUMBER.fullmatch(node.name):
        return None
    return _double(node.name) if node.is_string else to_double(_number(node.name))


def to_double(literal: Literal | None) -> Literal | None:
    """A number as Trino casts it to double; None if the last bit of that is not certain.

    An integer rounds to nearest. A short decimal is divided by a power of ten, which is
    correctly rounded as long as both are exact as doubles.
    """
    if literal is None or literal.kind == "double":
        return literal
    certain = abs(literal.number * 10**literal.scale) < 2**53 and literal.scale <= 22
    if not certain and literal.kind != "integer":
        return None
    return Literal("double", Fraction(float(literal.number)))


def _as_decimal(node: exp.Literal, type_: exp.DType, sizes: list[int]) -> Literal | None:
    if not _NUMBER.fullmatch(node.name) or "e" in node.name.lower():
        return None
    literal = _number(node.name.lstrip("+-"))
    digits, scale = (sizes or [38])[0], (*sizes, 0, 0)[1]
    if literal is None or literal.number * 10**scale % 1:
        return None
    if literal.number >= 10 ** (digits - scale):
        return None
    sign = -1 if node.name.startswith("-") else 1
    return Literal("decimal", sign * literal.number, digits, scale)


def _as_text(node: exp.Literal, type_: exp.DType, sizes: list[int]) -> Literal | None:
    return Literal("varchar", node.name) if node.is_string and not sizes else None


def _as_date(node: exp.Literal, type_: exp.DType, sizes: list[int]) -> Literal | None:
    day = _day(node.name) if _DATE.fullmatch(node.name) else None
    return None if day is None else Literal("date", Fraction(day))


def _as_timestamp(node: exp.Literal, type_: exp.DType, sizes: list[int]) -> Literal | None:
    """Fewer digits than the type has, or the cast would round."""
    match = _TIMESTAMP.fullmatch(node.name)
    if match is None or len(match["fraction"] or "") > (*sizes, 3)[0]:
        return None
    zoned = match["zone"] is not None or match["offset"] is not None
    local = _local(match)
    if local is None or zoned != (type_ == _T.TIMESTAMPTZ):
        return None
    offset = _offset(match, local) if zoned else 0
    return None if offset is None else Literal("timestamp", local - offset)


def _local(match: re.Match[str]) -> Fraction | None:
    day = _day(match["date"])
    hour, minute, second = (int(match[unit] or 0) for unit in ("hour", "minute", "second"))
    if day is None or hour > 23 or minute > 59 or second > 59:
        return None
    fraction = Fraction(f"0.{match['fraction'] or 0}")
    return Fraction(day * DAY) + (hour * 3600 + minute * 60 + second + fraction) * 1_000_000


def _day(text: str) -> int | None:
    try:
        return dt.date.fromisoformat(text).toordinal() - dt.date(1970, 1, 1).toordinal()
    except ValueError:
        return None


def _offset(match: re.Match[str], local: Fraction) -> Fraction | None:
    """The zone's distance from UTC in microseconds; None where the clock was changed."""
    if match["offset"]:
        hours, minutes = match["offset"][1:].split(":")
        sign = -1 if match["offset"].startswith("-") else 1
        return Fraction(sign * (int(hours) * 60 + int(minutes)) * 60_000_000)
    if match["zone"] in ("UTC", "Z"):
        return Fraction(0)
    try:
        zone = zoneinfo.ZoneInfo(match["zone"])
    except (ValueError, zoneinfo.ZoneInfoNotFoundError, OSError):
        return None
    if local < 0:  # Java and Python differ on local mean times of long ago.
        return None
    when = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=int(local))
    offsets = {when.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    offset = offsets.pop()
    if offsets or offset is None:
        return None
    return Fraction(offset // dt.timedelta(microseconds=1))


Parse = Callable[[exp.Literal, exp.DType, list[int]], Literal | None]
_CASTS: dict[exp.DType, Parse] = {
    **dict.fromkeys(_BITS, _as_integer),
    _T.DOUBLE: _as_double,
    _T.DECIMAL: _as_decimal,
    _T.VARCHAR: _as_text,
    _T.DATE: _as_date,
    _T.TIMESTAMP: _as_timestamp,
    _T.TIMESTAMPTZ: _as_timestamp,
}
