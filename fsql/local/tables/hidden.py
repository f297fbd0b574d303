"""Hidden columns: what a query may ask of the file that a row lies in.

Source: Trino documentation, "Hive connector" and "Iceberg connector", "Metadata columns"; Athena
user guide, "Getting the file locations for source data in Amazon S3".
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot.expressions as exp

from fsql.local.objects import Object
from fsql.local.transpile import types as tt

__all__ = ["MODIFIED", "PATH", "SIZE", "Hidden", "modified", "wanted_of"]

PATH, SIZE, MODIFIED = "$path", "$file_size", "$file_modified_time"

_TYPES: Mapping[str, tt.Type] = {
    PATH: tt.VARCHAR,
    SIZE: tt.BIGINT,
    MODIFIED: tt.timestamp_tz(3),
}

Hidden = tuple[tuple[str, tt.Type], ...]


def wanted_of(node: exp.Expr, iceberg: bool) -> Hidden:
    """The hidden columns that the query around a table names, with their types, in order.

    Args:
        iceberg: whether the table is an Iceberg table, whose rows tell less of their files.
    """
    named = {column.name.lower() for column in node.root().find_all(exp.Column)}
    known = (PATH, MODIFIED) if iceberg else (PATH, SIZE, MODIFIED)
    return tuple((name, _TYPES[name]) for name in known if name in named)


def modified(found: Object) -> str:
    """When an object was written, in DuckDB's SQL, with milliseconds as S3's own clock has none."""
    return f"make_timestamptz({found.mtime_ns // 10**6 * 1000})"
