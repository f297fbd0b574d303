"""The tree of a Trino type, and how Trino writes it. Source: Trino documentation, "Data types"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

TIMESTAMP_TZ = "timestamp with time zone"
TIME_TZ = "time with time zone"


@dataclass(frozen=True, slots=True)
class Type:
    """One Trino type: `Type("decimal", (10, 2))`, `Type("array", items=(BIGINT,))`."""

    base: str
    sizes: tuple[int, ...] = ()
    """Precision, precision and scale, or length; () is varchar without a length."""
    items: tuple[Type, ...] = ()
    """An array's element, a map's key and value, a row's fields, a lambda's result."""
    names: tuple[str | None, ...] = ()
    """A row's field names, None where a field has none."""
    zone: str = field(default="UTC", compare=False)
    """Of `timestamp with time zone`: the zone its values are shown in."""

    def __str__(self) -> str:
        return _SPELLINGS.get(self.base, _plain)(self)

    @property
    def precision(self) -> int:
        """The first size: a decimal's or a time's precision."""
        return self.sizes[0]

    @property
    def scale(self) -> int:
        """A decimal's digits after the point."""
        return self.sizes[1]

    @property
    def length(self) -> int | None:
        """The length of a varchar or char, None where it has none."""
        return self.sizes[0] if self.sizes else None

    def field_names(self) -> tuple[str, ...]:
        """A row's field names as its STRUCT has them."""
        return tuple(name or f"field{i}" for i, name in enumerate(self.names))


class InvalidType(ValueError):
    """A text that names no Trino type."""


BOOLEAN = Type("boolean")
TINYINT = Type("tinyint")
SMALLINT = Type("smallint")
INTEGER = Type("integer")
BIGINT = Type("bigint")
REAL = Type("real")
DOUBLE = Type("double")
VARCHAR = Type("varchar")
VARBINARY = Type("varbinary")
JSON = Type("json")
DATE = Type("date")
UUID = Type("uuid")
UNKNOWN = Type("unknown")
DAY_INTERVAL = Type("interval day to second")
MONTH_INTERVAL = Type("interval year to month")

INTEGERS: dict[str, int] = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
"""The integer types, narrow to wide, and the digits a decimal needs to hold each."""


def decimal(precision: int, scale: int) -> Type:
    """``decimal(p,s)``; Trino's widest is 38 digits."""
    return Type("decimal", (min(38, precision), scale))


def varchar(length: int | None = None) -> Type:
    """``varchar`` or ``varchar(n)``."""
    return VARCHAR if length is None else Type("varchar", (length,))


def char(length: int) -> Type:
    """``char(n)``."""
    return Type("char", (length,))


def time(precision: int = 3) -> Type:
    """``time(p)``."""
    return Type("time", (precision,))


def timestamp(precision: int = 3) -> Type:
    """``timestamp(p)``."""
    return Type("timestamp", (precision,))


def timestamp_tz(precision: int = 3, zone: str = "UTC") -> Type:
    """``timestamp(p) with time zone``, shown in `zone`."""
    return Type(TIMESTAMP_TZ, (precision,), zone=zone)


def array(element: Type) -> Type:
    """``array(T)``."""
    return Type("array", items=(element,))


def map_of(key: Type, value: Type) -> Type:
    """``map(K, V)``."""
    return Type("map", items=(key, value))


def row(fields: list[tuple[str | None, Type]]) -> Type:
    """``row(name T, …)``; a field's name may be None."""
    return Type("row", items=tuple(f[1] for f in fields), names=tuple(f[0] for f in fields))


def quoted(name: str) -> str:
    """`name` as a quoted SQL identifier, in Trino's and in DuckDB's text alike."""
    return '"' + name.replace('"', '""') + '"'


# ---- a type's text -----------------------------------------------------------------------------


def _plain(type_: Type) -> str:
    if type_.items:
        return f"{type_.base}({', '.join(map(str, type_.items))})"
    if type_.sizes:
        return f"{type_.base}({','.join(map(str, type_.sizes))})"
    return type_.base


def _zoned(type_: Type) -> str:
    head, tail = type_.base.split(" ", 1)
    return f"{head}({type_.precision}) {tail}" if type_.sizes else type_.base


def _row(type_: Type) -> str:
    pairs = zip(type_.names, type_.items, strict=True)
    return f"row({', '.join(f'{_name(n)} {t}' if n else str(t) for n, t in pairs)})"


def _name(name: str) -> str:
    """A field's name, quoted where its text would not read back as one word."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        return name
    return quoted(name)


_SPELLINGS: dict[str, Callable[[Type], str]] = {
    TIMESTAMP_TZ: _zoned,
    TIME_TZ: _zoned,
    "row": _row,
    "hyperloglog": lambda _: "HyperLogLog",
}
