"""Trino's types, as text and as a tree, and the DuckDB type that holds each one's values.

How values are held where DuckDB has no such type:

* ``timestamp(p) with time zone`` is a TIMESTAMPTZ, the instant; the zone belongs to the type;
* ``interval day to second`` is a BIGINT of milliseconds, ``interval year to month`` of months;
* a row is a STRUCT whose unnamed fields are called ``field0``, ``field1``, as Athena prints them;
* ``char(n)`` is a VARCHAR padded with spaces to its length.

Source of the names and of their defaults: Trino documentation, "Data types".
"""

from __future__ import annotations

from fsql.local.transpile.types.duckdb_types import duckdb_type, trino_type
from fsql.local.transpile.types.reading import TypeReader, parse_type
from fsql.local.transpile.types.tree import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAY_INTERVAL,
    DOUBLE,
    INTEGER,
    INTEGERS,
    JSON,
    MONTH_INTERVAL,
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
    char,
    decimal,
    map_of,
    quoted,
    row,
    time,
    timestamp,
    timestamp_tz,
    varchar,
)

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
