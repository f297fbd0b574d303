"""Values as Athena's GetQueryResults prints them, written down anew: the engine has its own."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

from fsql.local.transpile.types import Type, parse_type

__all__ = ["Unprinted", "column_type", "printed"]


class Unprinted(Exception):
    """A value whose text isn't the same each time, or is told by a test of its own."""


def column_type(trino_type: str) -> str:
    """ColumnInfo's Type of a column."""
    base = trino_type.split("(")[0] if " with time zone" not in trino_type else "zoned"
    zoned = "time with time zone" if trino_type.startswith("time(") else _ZONED
    return {"real": "float", "zoned": zoned}.get(base, base)


_ZONED = "timestamp with time zone"


def printed(value: Any, trino_type: str) -> str | None:
    """A column's text; None for NULL."""
    return None if value is None else _printed(value, parse_type(trino_type))


def _printed(value: Any, type_: Type) -> str:
    if value is None:
        return "null"
    if type_.base == "row":
        pairs = zip(type_.field_names(), value.values(), type_.items, strict=True)
        return "{" + ", ".join(f"{name}={_printed(item, own)}" for name, item, own in pairs) + "}"
    if isinstance(value, dict):
        return _map(value, type_)
    if isinstance(value, list):
        return "[" + ", ".join(_printed(item, type_.items[0]) for item in value) + "]"
    if isinstance(value, (bool, int)):
        return _whole(value, type_)
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, float):
        return _java(value, type_.base == "real")
    if isinstance(value, (datetime.datetime, datetime.time)):
        return _moment(value, type_)
    if isinstance(value, Decimal):
        return f"{value:.{type_.scale}f}"
    return _text(value, type_)


def _map(value: dict[Any, Any], type_: Type) -> str:
    if len(value) > 1:
        raise Unprinted  # a map's order is nobody's promise
    key, item = type_.items
    return "{" + "".join(f"{_printed(k, key)}={_printed(v, item)}" for k, v in value.items()) + "}"


def _whole(value: bool | int, type_: Type) -> str:
    if type_.base.startswith("interval"):
        raise Unprinted
    return str(value).lower()


def _text(value: Any, type_: Type) -> str:
    if isinstance(value, (str, datetime.date)) or type_.base == "uuid":
        return str(value).ljust(type_.sizes[0]) if type_.base == "char" else str(value)
    raise Unprinted  # pytest.approx


def _moment(value: datetime.datetime | datetime.time, type_: Type) -> str:
    if type_.base not in ("timestamp", "time"):
        raise Unprinted  # the zone it is shown in isn't part of the value
    digits = max(type_.precision, 3)
    whole = value.isoformat(timespec="microseconds").replace("T", " ")
    return whole[: len(whole) - 6 + digits]


def _java(value: float, single: bool) -> str:
    """As Java's toString: ``1.0``, ``1.0E10``, ``NaN``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if single:
        raise Unprinted
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return f"{Decimal(repr(value)):f}" if "e" in repr(value) else repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    shown = "".join(map(str, digits)).rstrip("0")
    power = len(digits) - 1 + int(exponent)
    return f"{'-' * sign}{shown[0]}.{shown[1:] or '0'}E{power}"
