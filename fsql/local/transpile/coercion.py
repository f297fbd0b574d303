"""Which Trino type takes which: implicit coercions and the common type of several values.

Source: Trino documentation, "Conversion functions" (implicit conversion), and the type rules of
its set operations, CASE and comparison operators.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from fsql.local.transpile.types import (
    INTEGERS,
    TIME_TZ,
    TIMESTAMP_TZ,
    UNKNOWN,
    VARCHAR,
    Type,
    array,
    char,
    decimal,
    map_of,
    row,
    varchar,
)

__all__ = ["can_coerce", "common_type", "common_type_of"]

_NUMBERS = (*INTEGERS, "decimal", "real", "double")
_RANK = {base: rank for rank, base in enumerate(_NUMBERS)}
_LONGEST_CHAR = 65_536


def common_type(first: Type, second: Type) -> Type | None:
    """The narrowest type that both coerce to; None where there is none."""
    if first == second or second == UNKNOWN:
        return first
    if first == UNKNOWN:
        return second
    if first.base == second.base:
        return _same_base(first, second)
    if first.base in _RANK and second.base in _RANK:
        return _common_number(first, second)
    return _common_other(first, second) or _common_other(second, first)


def common_type_of(types: Iterable[Type]) -> Type | None:
    """The narrowest type that all of `types` coerce to; `unknown` for none at all."""
    common: Type | None = UNKNOWN
    for type_ in types:
        common = common and common_type(common, type_)
    return common


def can_coerce(source: Type, target: Type) -> bool:
    """Whether Trino turns a `source` value into a `target` without a CAST."""
    common = common_type(source, target)
    if target.base == "row" and common is not None:
        return common.items == target.items
    return common == target


def _same_base(first: Type, second: Type) -> Type | None:
    if first.base == "decimal":
        return _common_decimal(first, second)
    if first.base == "varchar":
        return varchar(max(first.sizes[0], second.sizes[0])) if _bounded(first, second) else VARCHAR
    if first.sizes:  # char, time and timestamp: the longer one
        return first if first.sizes >= second.sizes else second
    if first.base in ("array", "map", "row"):
        return _common_nested(first, second)
    return None


def _bounded(first: Type, second: Type) -> bool:
    return bool(first.sizes and second.sizes)


def _common_decimal(first: Type, second: Type) -> Type:
    scale = max(first.scale, second.scale)
    whole = max(first.precision - first.scale, second.precision - second.scale)
    return decimal(whole + scale, scale)


def _common_nested(first: Type, second: Type) -> Type | None:
    pairs = list(zip_longest(first.items, second.items))
    if not all(a and b for a, b in pairs):
        return None
    items = [common_type(a, b) for a, b in pairs]
    found = [item for item in items if item is not None]
    if len(found) < len(items):
        return None
    if first.base == "row":
        names = [a if a == b else None for a, b in zip(first.names, second.names, strict=True)]
        return row(list(zip(names, found, strict=True)))
    return array(found[0]) if first.base == "array" else map_of(found[0], found[1])


def _common_number(first: Type, second: Type) -> Type:
    wide, narrow = sorted((first, second), key=lambda t: _RANK[t.base], reverse=True)
    if wide.base == "decimal":
        return _common_decimal(wide, decimal(INTEGERS[narrow.base], 0))
    return wide


def _common_other(first: Type, second: Type) -> Type | None:
    """The common type of two bases of which the second is the wider one."""
    match (first.base, second.base):
        case ("date", "timestamp") | ("date", "timestamp with time zone"):
            return second
        case ("timestamp", "timestamp with time zone"):
            precision = max(first.precision, second.precision)
            return Type(TIMESTAMP_TZ, (precision,), zone=second.zone)
        case ("time", "time with time zone"):
            return Type(TIME_TZ, (max(first.precision, second.precision),))
        case ("varchar", "char"):
            length = first.length if first.length is not None else _LONGEST_CHAR
            return char(max(min(length, _LONGEST_CHAR), second.sizes[0]))
    return None
