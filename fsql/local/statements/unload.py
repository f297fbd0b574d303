"""UNLOAD: a query's rows as Parquet files under an S3 prefix, and the manifest that lists them.

Athena writes with its Hive writer, so what Hive's Parquet can't hold is refused: a timestamp of
another precision than milliseconds, a zoned one, JSON, a column without a name or with a name
that another one has (Athena user guide, "UNLOAD").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import sqlglot.expressions as exp

from fsql.local.athena.results import write_lines
from fsql.local.columns import ResultColumn
from fsql.local.statements import nodes as st
from fsql.local.statements.context import ROWS, Context, Outcome
from fsql.local.statements.select import Ready, Translations
from fsql.local.tables.hive_files import NULL_PARTITION
from fsql.local.tables.hive_types import to_hive
from fsql.local.tables.parquet import Options, check_new_partitions, publish, write_parquet
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = [
    "check_empty",
    "check_hive_columns",
    "check_names",
    "last_columns",
    "manifest",
    "partition_folder",
    "unload",
]

_KNOWN = {"format", "compression", "compression_level", "partitioned_by", "field_delimiter"}


def unload(context: Context, statement: st.Unload, translations: Translations) -> Outcome:
    """Write the query's rows under the target, which must be empty."""
    _check_options(statement.properties)
    ready = translations.get(context, statement.query)
    check_names(ready.columns)
    check_hive_columns(ready.columns)
    keys = last_columns(ready, statement.properties.get("partitioned_by", []))
    target = statement.target.rstrip("/") + "/"
    check_empty(context, target, f"Target directory for UNLOAD already exists: {target}")
    single = ready.small or statement.query.parse().find(exp.Order) is not None
    codec = str(statement.properties.get("compression", "GZIP"))
    files = write_parquet(
        context.session, named(ready), Options(codec, partition_by=keys, single=single)
    )
    check_new_partitions(len({file.values for file in files}), "HIVE")
    uris = publish(context, files, (target + partition_folder(keys, f.values) for f in files))
    listed = manifest(context, uris)
    return Outcome(ROWS, [], update_count=sum(f.rows for f in files), manifest=listed)


def manifest(context: Context, uris: Sequence[str]) -> str:
    """Write the list of the files that a query wrote; its URI."""
    with context.file("-manifest.csv") as path:
        write_lines(path, uris, end="\n")
    return f"{context.output}-manifest.csv"


def named(ready: Ready) -> str:
    """The query with its columns by name."""
    names = ", ".join(tt.quoted(column.name.lower()) for column in ready.columns)
    return f"SELECT * FROM ({ready.sql}) AS result_({names})"


def check_names(columns: Sequence[ResultColumn]) -> None:
    """Raise TrinoError for a column without a name, or with one that another column has."""
    seen: set[str] = set()
    for position, column in enumerate(columns):
        name = column.name.lower()
        if name == f"_col{position}":
            raise TrinoError(
                "MISSING_COLUMN_NAME",
                f"line 1:1: Column name not specified at position {position + 1}",
            )
        if name in seen:
            raise TrinoError(
                "DUPLICATE_COLUMN_NAME",
                f"line 1:1: Column name '{name}' specified more than once",
            )
        seen.add(name)


def check_hive_columns(columns: Sequence[ResultColumn]) -> None:
    """Raise TrinoError for a type that Athena's Hive writer refuses."""
    for column in columns:
        type_ = tt.parse_type(column.type)
        to_hive(type_)
        _check_precision(type_, column.name)


def _check_precision(type_: tt.Type, name: str) -> None:
    if type_.base == "timestamp" and type_.precision != 3:
        raise TrinoError(
            "NOT_SUPPORTED",
            f"Incorrect timestamp precision for {type_}; the configured precision is MILLISECONDS;"
            f" column name: {name}",
        )
    if type_.base == "row" and None in type_.names:
        raise TrinoError("NOT_SUPPORTED", f"Anonymous row type is not supported in Hive: {type_}")
    for item in type_.items:
        _check_precision(item, name)


def last_columns(ready: Ready, keys: str | list[str]) -> list[str]:
    """The partition columns, which Athena wants last; TrinoError if they are not."""
    wanted = [key.lower() for key in ([keys] if isinstance(keys, str) else keys)]
    names = [column.name.lower() for column in ready.columns]
    if wanted and names[-len(wanted) :] != wanted:
        raise TrinoError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the"
            f" table properties: {wanted}",
        )
    if wanted and len(wanted) == len(names):
        raise TrinoError("INVALID_TABLE_PROPERTY", "Table contains only partition columns")
    return wanted


def check_empty(context: Context, location: str, message: str) -> None:
    """Raise TrinoError HIVE_PATH_ALREADY_EXISTS if there are objects under a location."""
    if next(context.objects.list(location), None) is not None:
        raise TrinoError("HIVE_PATH_ALREADY_EXISTS", message)


def partition_folder(keys: Sequence[str], values: Sequence[str | None]) -> str:
    """Hive's folder of a partition, ``a=1/b=x/``, with a slash at its end."""
    return "".join(
        f"{key}={NULL_PARTITION if value is None else quote(value, safe=_SAFE)}/"
        for key, value in zip(keys, values, strict=True)
    )


# What Hive leaves as it is in a path; the rest is %XX (FileUtils.escapePathName).
_SAFE = " !$&()+,-.;<>@_|~`"


def _check_options(properties: Mapping[str, str | list[str]]) -> None:
    unknown = sorted(set(properties) - _KNOWN)
    if unknown:
        raise TrinoError(
            "INVALID_TABLE_PROPERTY", f"UNLOAD has no property {unknown[0]!r}; it has {_KNOWN}"
        )
    format_ = str(properties.get("format", "")).upper()
    if not format_:
        raise TrinoError("INVALID_TABLE_PROPERTY", "UNLOAD needs the property 'format'")
    if format_ != "PARQUET":
        raise TrinoError(
            "NOT_SUPPORTED", f"UNLOAD in format {format_} runs on AWS only; use PARQUET"
        )
