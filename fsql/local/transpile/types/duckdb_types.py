"""The DuckDB type that holds each Trino type's values, and the way back."""

from __future__ import annotations

import re

from fsql.local.transpile.types.reading import parse_type
from fsql.local.transpile.types.tree import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAY_INTERVAL,
    DOUBLE,
    INTEGER,
    JSON,
    REAL,
    SMALLINT,
    TIME_TZ,
    TIMESTAMP_TZ,
    TINYINT,
    UNKNOWN,
    UUID,
    VARBINARY,
    VARCHAR,
    InvalidType,
    Type,
    array,
    decimal,
    map_of,
    quoted,
    row,
    time,
    timestamp,
    timestamp_tz,
)

__all__ = ["duckdb_type", "trino_type"]

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
    "hyperloglog": "UBIGINT[]",
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
