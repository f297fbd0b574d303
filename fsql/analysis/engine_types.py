"""Types as the engine has them: what an expression of columns is to Trino.

Arrow's types stand for everything at rest; an expression can also be JSON, an
interval, a row without names or a zoned time, for which Arrow has no word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
from sqlglot import exp

from fsql.errors import UnsupportedType
from fsql.types import MAX_DECIMAL_DIGITS, TypeVisitor
from fsql.typetext import trino_type

__all__ = ["EngineType", "common_type", "from_arrow", "from_sql"]


@dataclass(frozen=True, slots=True)
class EngineType:
    """One Trino type.

    Args:
        name: Trino's word without arguments: ``bigint``, ``row``, ``timestamp with time zone``.
        numbers: precision, scale or length. A varchar without one is unbounded or not known.
        fields: name and type of what is inside: row fields (None for a nameless one),
            the element of an array, key and value of a map.
    """

    name: str
    numbers: tuple[int, ...] = ()
    fields: tuple[tuple[str | None, EngineType], ...] = ()

    def __str__(self) -> str:
        return self._spelled(_readable)

    @property
    def sql(self) -> str:
        """The type as SQL takes it; the names of fields may be reserved words."""
        return self._spelled(_quoted)

    def _spelled(self, named: Callable[[str], str]) -> str:
        inside = list(map(str, self.numbers))
        for name, type_ in self.fields:
            inner = type_._spelled(named)
            inside.append(inner if name is None else f"{named(name)} {inner}")
        if not inside:
            return self.name
        word, _, rest = self.name.partition(" ")
        separator = ", " if self.fields else ","
        return f"{word}({separator.join(inside)})" + (f" {rest}" if rest else "")

    def member(self, name: str) -> EngineType | None:
        """The type of a row's field; None if there is no or more than one such field."""
        if self.name != "row":
            return None
        found = [type_ for field, type_ in self.fields if field and field.lower() == name]
        return found[0] if len(found) == 1 else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _readable(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else _quoted(name)


def array_of(element: EngineType) -> EngineType:
    """The array type of an element type."""
    return EngineType("array", fields=((None, element),))


def map_of(key: EngineType, value: EngineType) -> EngineType:
    """The map type of a key and a value type."""
    return EngineType("map", fields=((None, key), (None, value)))


BOOLEAN = EngineType("boolean")
INTEGER = EngineType("integer")
BIGINT = EngineType("bigint")
REAL = EngineType("real")
DOUBLE = EngineType("double")
VARCHAR = EngineType("varchar")
VARBINARY = EngineType("varbinary")
DATE = EngineType("date")
JSON = EngineType("json")
UUID = EngineType("uuid")
UNKNOWN = EngineType("unknown")
DAY_INTERVAL = EngineType("interval day to second")
YEAR_INTERVAL = EngineType("interval year to month")
TIMESTAMP = EngineType("timestamp", (3,))
ZONED = EngineType("timestamp with time zone", (3,))


# --- from Arrow --------------------------------------------------------------------------------


class _FromArrow(TypeVisitor[EngineType]):
    """The engine's type of a column whose storage type is given."""

    def unsupported(self, type_: pa.DataType) -> EngineType:
        return EngineType(trino_type(type_))

    boolean = integer = floating = text = binary = date = unsupported

    def decimal(self, type_: pa.DataType) -> EngineType:
        return EngineType("decimal", (type_.precision, type_.scale))

    def timestamp(self, type_: pa.DataType) -> EngineType:
        digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[type_.unit]
        return EngineType("timestamp with time zone" if type_.tz else "timestamp", (digits,))

    def time(self, type_: pa.DataType) -> EngineType:
        return EngineType("time", (3 if type_.unit in ("s", "ms") else 6,))

    def list(self, type_: pa.DataType) -> EngineType:
        return array_of(self.visit(type_.value_type))

    def struct(self, type_: pa.DataType) -> EngineType:
        return EngineType("row", fields=tuple((f.name, self.visit(f.type)) for f in type_))

    def map(self, type_: pa.DataType) -> EngineType:
        return map_of(self.visit(type_.key_type), self.visit(type_.item_type))


_from_arrow = _FromArrow()


@lru_cache(maxsize=4096)
def from_arrow(type_: pa.DataType) -> EngineType | None:
    """The engine's type of a storage type; None if the engine has no such type."""
    try:
        return _from_arrow.visit(type_)
    except UnsupportedType:
        return None


# --- from SQL ----------------------------------------------------------------------------------

_T = exp.DType
_SCALARS = {
    _T.BOOLEAN: BOOLEAN,
    _T.TINYINT: EngineType("tinyint"),
    _T.SMALLINT: EngineType("smallint"),
    _T.INT: INTEGER,
    _T.BIGINT: BIGINT,
    _T.FLOAT: REAL,
    _T.DOUBLE: DOUBLE,
    _T.VARCHAR: VARCHAR,
    _T.TEXT: VARCHAR,
    _T.VARBINARY: VARBINARY,
    _T.DATE: DATE,
    _T.JSON: JSON,
    _T.UUID: UUID,
    _T.IPADDRESS: EngineType("ipaddress"),
}
# Defaults: https://trino.io/docs/current/language/types.html
_SIZED = {
    _T.DECIMAL: ("decimal", (MAX_DECIMAL_DIGITS, 0)),
    _T.CHAR: ("char", (1,)),
    _T.TIME: ("time", (3,)),
    _T.TIMETZ: ("time with time zone", (3,)),
    _T.TIMESTAMP: ("timestamp", (3,)),
    _T.TIMESTAMPTZ: ("timestamp with time zone", (3,)),
}


def from_sql(type_: exp.DataType) -> EngineType | None:
    """The type that a CAST names; None for types that Athena's results never have."""
    kind = type_.this
    if isinstance(kind, exp.Interval):
        return YEAR_INTERVAL if "YEAR" in kind.sql(dialect="trino").upper() else DAY_INTERVAL
    if kind in (_T.ARRAY, _T.MAP, _T.STRUCT):
        return _nested(type_)
    numbers = _numbers(type_)
    if numbers is None:
        return None
    if kind in _SIZED:
        name, default = _SIZED[kind]
        return EngineType(name, numbers + default[len(numbers) :])
    scalar = _SCALARS.get(kind)
    return EngineType(scalar.name, numbers) if scalar and numbers else scalar


def _numbers(type_: exp.DataType) -> tuple[int, ...] | None:
    texts = [str(part.name) for part in type_.expressions]
    return tuple(map(int, texts)) if all(text.isdigit() for text in texts) else None


def _nested(type_: exp.DataType) -> EngineType | None:
    fields: list[tuple[str | None, EngineType]] = []
    for part in type_.expressions:
        named = isinstance(part, exp.ColumnDef)
        inner = from_sql(part.args["kind"] if named else part)
        if inner is None:
            return None
        fields.append((part.name.lower() if named else None, inner))
    name = {_T.ARRAY: "array", _T.MAP: "map", _T.STRUCT: "row"}[type_.this]
    return EngineType(name, fields=tuple(fields)) if fields else None


# --- coercion ----------------------------------------------------------------------------------

_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
_INTEGERS = list(_DIGITS)


def is_integer(type_: EngineType) -> bool:
    """tinyint, smallint, integer or bigint."""
    return type_.name in _DIGITS


def as_decimal(type_: EngineType) -> EngineType | None:
    """The decimal type that an integer or decimal type becomes beside a decimal."""
    if type_.name == "decimal":
        return type_
    return EngineType("decimal", (_DIGITS[type_.name], 0)) if is_integer(type_) else None


def common_type(types: Iterable[EngineType | None]) -> EngineType | None:
    """What Trino coerces values of these types to; None if that is not certain.

    NULL, of type ``unknown``, takes any type.
    """
    result: EngineType | None = UNKNOWN
    for type_ in types:
        if type_ is None or result is None:
            return None
        if result != type_ and type_ != UNKNOWN:
            result = type_ if result == UNKNOWN else _wider(result, type_)
    return result


def _wider(left: EngineType, right: EngineType) -> EngineType | None:
    names = {left.name, right.name}
    if names <= set(_INTEGERS):
        return max(left, right, key=lambda type_: _INTEGERS.index(type_.name))
    if names == {"varchar"}:
        return (
            EngineType("varchar", max(left.numbers, right.numbers))
            if all((left.numbers, right.numbers))
            else VARCHAR
        )
    if len(names) == 1 and left.name.startswith("time"):
        return max(left, right, key=lambda type_: type_.numbers)
    return _wider_number(left, right)


def _wider_number(left: EngineType, right: EngineType) -> EngineType | None:
    names = {left.name, right.name}
    if not names <= {*_INTEGERS, "decimal", "real", "double"}:
        return None
    for floating in (DOUBLE, REAL):
        if floating.name in names:
            return floating
    first, second = as_decimal(left), as_decimal(right)
    if first is None or second is None:
        return None
    scale = max(first.numbers[1], second.numbers[1])
    whole = max(type_.numbers[0] - type_.numbers[1] for type_ in (first, second))
    return EngineType("decimal", (min(MAX_DECIMAL_DIGITS, whole + scale), scale))
