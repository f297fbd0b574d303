"""Trino's types, as text and as a tree, and the DuckDB type that holds each one's values.

How values are held where DuckDB has no such type:

* ``timestamp(p) with time zone`` is a TIMESTAMPTZ, the instant; the zone belongs to the type;
* ``interval day to second`` is a BIGINT of milliseconds, ``interval year to month`` of months;
* a row is a STRUCT whose unnamed fields are called ``field0``, ``field1``, as Athena prints them;
* ``char(n)`` is a VARCHAR padded with spaces to its length.

Source of the names and of their defaults: Trino documentation, "Data types".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

__all__ = [
    "BIGINT",
    "BOOLEAN",
    "DATE",
    "DAY_INTERVAL",
    "DOUBLE",
    "INTEGER",
    "INTEGERS",
    "JSON",
    "MONTH_INTERVAL",
    "REAL",
    "SMALLINT",
    "TIMESTAMP_TZ",
    "TIME_TZ",
    "TINYINT",
    "UNKNOWN",
    "UUID",
    "VARBINARY",
    "VARCHAR",
    "InvalidType",
    "Type",
    "TypeReader",
    "array",
    "char",
    "decimal",
    "duckdb_type",
    "map_of",
    "parse_type",
    "quoted",
    "row",
    "time",
    "timestamp",
    "timestamp_tz",
    "trino_type",
    "varchar",
]

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
}


# ---- reading a type's text ---------------------------------------------------------------------

_TOKEN = re.compile(r'\s*("(?:[^"]|"")*"|\w+|[(),<>:])')

_ALIASES = {"int": "integer", "string": "varchar", "float": "real", "double precision": "double"}

_DEFAULT_SIZES: dict[str, tuple[int, ...]] = {
    "char": (1,),
    "time": (3,),
    "timestamp": (3,),
    TIMESTAMP_TZ: (3,),
    TIME_TZ: (3,),
    "decimal": (38, 0),
}

_SCALARS = {
    *INTEGERS,
    *_DEFAULT_SIZES,
    *("boolean", "real", "double", "varchar", "varbinary", "json", "date", "uuid", "unknown"),
    *("ipaddress", "hyperloglog", "interval day to second", "interval year to month"),
}


@lru_cache(maxsize=4096)
def parse_type(text: str) -> Type:
    """The Trino type that `text` names; raises `InvalidType`."""
    reader = TypeReader(text)
    parsed = reader.type()
    if reader.peek():
        raise InvalidType(text)
    return parsed


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None:
            raise InvalidType(text)
        yield token[1]
        at = token.end()


class TypeReader:
    """Reads one type's text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def take(self, *words: str) -> bool:
        """Whether the next tokens are `words`; they are consumed if so."""
        if all(self.peek(i).lower() == word for i, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def type(self) -> Type:
        word = self.next().lower()
        nested = {"array": self.array, "map": self.map, "row": self.row}.get(word)
        if nested and self.peek() == "(":
            return nested()
        base = self.base(word)
        sizes = self.sizes()
        return self.scalar(self.zoned(base), sizes)

    def base(self, word: str) -> str:
        if word == "interval":
            for words in (("day", "to", "second"), ("year", "to", "month")):
                if self.take(*words):
                    return " ".join((word, *words))
        if word == "double" and self.take("precision"):
            return "double"
        return _ALIASES.get(word, word)

    def sizes(self) -> tuple[int, ...]:
        if not self.take("("):
            return ()
        sizes = [self.size()]
        while self.take(","):
            sizes.append(self.size())
        self.expect(")")
        return tuple(sizes)

    def size(self) -> int:
        token = self.next()
        if not token.isdecimal():
            raise InvalidType(self.text)
        return int(token)

    def zoned(self, base: str) -> str:
        if base in ("time", "timestamp"):
            if self.take("with", "time", "zone"):
                return f"{base} with time zone"
            self.take("without", "time", "zone")
        return base

    def scalar(self, base: str, sizes: tuple[int, ...]) -> Type:
        """A type without items; raises `InvalidType` for a name or for sizes it can't have."""
        most = 1 if base == "varchar" else len(_DEFAULT_SIZES.get(base, ()))
        if base not in _SCALARS or len(sizes) > most:
            raise InvalidType(self.text)
        if base == "decimal" and len(sizes) == 1:
            sizes = (*sizes, 0)
        if base == "decimal" and sizes and not (1 <= sizes[0] <= 38 and sizes[1] <= sizes[0]):
            raise InvalidType(self.text)
        return Type(base, sizes or _DEFAULT_SIZES.get(base, ()))

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise InvalidType(self.text)

    def array(self) -> Type:
        self.expect("(")
        element = self.type()
        self.expect(")")
        return array(element)

    def map(self) -> Type:
        self.expect("(")
        key = self.type()
        self.expect(",")
        value = self.type()
        self.expect(")")
        return map_of(key, value)

    def row(self) -> Type:
        self.expect("(")
        fields = [self.row_field()]
        while self.take(","):
            fields.append(self.row_field())
        self.expect(")")
        return row(fields)

    def row_field(self) -> tuple[str | None, Type]:
        if self.unnamed():
            return None, self.type()
        name = self.next()
        if name.startswith('"'):
            name = name[1:-1].replace('""', '"')
        return name.lower(), self.type()

    def unnamed(self) -> bool:
        """Whether the next field is only a type: a type's word not followed by another type."""
        follower = self.peek(1).lower()
        if follower in ("", ",", ")", "("):
            return True
        return follower in ("with", "without", "precision", "day", "year") and self.peek(2) != ","


# ---- DuckDB's types ----------------------------------------------------------------------------

_DUCKDB = {
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "varbinary": "BLOB",
    "real": "FLOAT",
    "time": "TIME",
    TIME_TZ: "TIMETZ",
    TIMESTAMP_TZ: "TIMESTAMPTZ",
    "interval day to second": "BIGINT",
    "interval year to month": "BIGINT",
    "unknown": "INTEGER",
    "ipaddress": "VARCHAR",
    "hyperloglog": "BLOB",
}


def duckdb_type(type_: Type | str) -> str:
    """The DuckDB type that holds the values of a Trino type (given as a tree or as text)."""
    if isinstance(type_, str):
        type_ = parse_type(type_)
    nested = {"array": _duckdb_array, "map": _duckdb_map, "row": _duckdb_row}.get(type_.base)
    if nested:
        return nested(type_)
    if type_.base == "timestamp":
        return "TIMESTAMP" if type_.precision <= 6 else "TIMESTAMP_NS"
    if type_.base == "decimal":
        return f"DECIMAL({type_.precision},{type_.scale})"
    return _DUCKDB.get(type_.base, type_.base.upper())


def _duckdb_array(type_: Type) -> str:
    return f"{duckdb_type(type_.items[0])}[]"


def _duckdb_map(type_: Type) -> str:
    return f"MAP({duckdb_type(type_.items[0])}, {duckdb_type(type_.items[1])})"


def _duckdb_row(type_: Type) -> str:
    pairs = zip(type_.field_names(), type_.items, strict=True)
    fields = [f"{quoted(name)} {duckdb_type(item)}" for name, item in pairs]
    return f"STRUCT({', '.join(fields)})"


_FROM_DUCKDB: dict[str, Type] = {
    "BOOLEAN": BOOLEAN,
    "TINYINT": TINYINT,
    "SMALLINT": SMALLINT,
    "INTEGER": INTEGER,
    "BIGINT": BIGINT,
    "UTINYINT": SMALLINT,
    "USMALLINT": INTEGER,
    "UINTEGER": BIGINT,
    "UBIGINT": decimal(20, 0),
    "HUGEINT": decimal(38, 0),
    "UHUGEINT": decimal(38, 0),
    "FLOAT": REAL,
    "DOUBLE": DOUBLE,
    "VARCHAR": VARCHAR,
    "BLOB": VARBINARY,
    "JSON": JSON,
    "DATE": DATE,
    "UUID": UUID,
    "TIME": time(6),
    "TIME WITH TIME ZONE": Type(TIME_TZ, (6,)),
    "TIMESTAMP": timestamp(6),
    "TIMESTAMP_S": timestamp(0),
    "TIMESTAMP_MS": timestamp(3),
    "TIMESTAMP_NS": timestamp(9),
    "TIMESTAMP WITH TIME ZONE": timestamp_tz(6),
    "INTERVAL": DAY_INTERVAL,
    '"NULL"': UNKNOWN,
}


def trino_type(duckdb_text: str) -> str:
    """The Trino type nearest to a DuckDB type's text, nested ones in full.

    ``STRUCT(dir BIGINT, speed DOUBLE)`` is ``row(dir bigint, speed double)``. A HUGEINT, which
    Trino lacks, is ``decimal(38,0)``. Raises `InvalidType` for a type that Trino can't hold.
    """
    return str(_from_duckdb(duckdb_text.strip()))


def _from_duckdb(text: str) -> Type:
    if known := _FROM_DUCKDB.get(text):
        return known
    if listed := re.fullmatch(r"(.*)\[\d*\]", text, re.DOTALL):
        return array(_from_duckdb(listed[1]))
    if nested := re.fullmatch(r"(\w+)\((.*)\)", text, re.DOTALL):
        return _nested_from_duckdb(nested[1].upper(), nested[2])
    raise InvalidType(text)


def _nested_from_duckdb(base: str, inside: str) -> Type:
    parts = _split(inside)
    if base == "DECIMAL":
        return decimal(int(parts[0]), int(parts[1]))
    if base == "MAP":
        return map_of(_from_duckdb(parts[0]), _from_duckdb(parts[1]))
    if base == "TUPLE":
        return row([(None, _from_duckdb(part)) for part in parts])
    if base == "STRUCT":
        return row([_field_from_duckdb(part) for part in parts])
    raise InvalidType(f"{base}({inside})")


def _field_from_duckdb(text: str) -> tuple[str, Type]:
    named = re.fullmatch(r'("(?:[^"]|"")*"|\w+)\s+(.*)', text, re.DOTALL)
    if not named:
        raise InvalidType(text)
    name = named[1][1:-1].replace('""', '"') if named[1].startswith('"') else named[1]
    return name.lower(), _from_duckdb(named[2])


def _split(text: str) -> list[str]:
    """`text` split at its commas, except those inside brackets or quotes."""
    parts, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == '"'
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if letter == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
