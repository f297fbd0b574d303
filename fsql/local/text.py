"""Values as Athena prints them in result files and in GetQueryResults.

Source: Athena's documentation shows them in its examples of query results; numbers are printed as
Java's ``toString`` prints them, nested values as Java's collections are.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from fsql.local.transpile import formats
from fsql.local.transpile.sqltext import once, string
from fsql.local.transpile.types import TIME_TZ, TIMESTAMP_TZ, Type, parse_type, quoted

__all__ = ["athena_text"]

_FEWEST_DIGITS = 3
"""After the second: Athena prints a ``timestamp(0)`` with three zeros."""


def athena_text(column_sql: str, trino_type: str | Type) -> str:
    """A DuckDB expression of type VARCHAR: `column_sql` as Athena prints a `trino_type`.

    NULL stays NULL; within arrays, maps and rows it is ``null``. The type given as a tree
    (`Column.type`) knows in what zone a timestamp with time zone is shown; as text it is UTC.
    Raises `InvalidType` for a text that names no type.
    """
    type_ = parse_type(trino_type) if isinstance(trino_type, str) else trino_type
    return _text(column_sql, type_, count())


def _text(sql: str, type_: Type, names: count[int]) -> str:
    nested = _NESTED.get(type_.base)
    if nested:
        return nested(sql, type_, names)
    return _PLAIN.get(type_.base, _own)(sql, type_)


# ---- plain values ------------------------------------------------------------------------------


def _own(sql: str, type_: Type) -> str:
    return f"CAST({sql} AS VARCHAR)"


def _same(sql: str, type_: Type) -> str:
    return sql


def _padded(sql: str, type_: Type) -> str:
    return f"rpad({sql}, {type_.sizes[0]}, ' ')"


def _floating(sql: str, type_: Type) -> str:
    return once(sql, formats.java_text)


def _digits(type_: Type) -> int:
    return max(type_.precision, _FEWEST_DIGITS)


def _timestamp(sql: str, type_: Type) -> str:
    return formats.timestamp_text(sql, _digits(type_))


def _zoned(sql: str, type_: Type) -> str:
    return formats.zoned_text(sql, Type(type_.base, (_digits(type_),), zone=type_.zone))


def _time(sql: str, type_: Type) -> str:
    return formats.time_text(sql, _digits(type_))


def _binary(sql: str, type_: Type) -> str:
    """``01 ff 0a``"""
    return f"rtrim(regexp_replace(lower(hex({sql})), '(..)', '\\1 ', 'g'))"


_PLAIN: dict[str, Callable[[str, Type], str]] = {
    "varchar": _same,
    "char": _padded,
    "real": _floating,
    "double": _floating,
    "decimal": formats.decimal_text,
    "timestamp": _timestamp,
    TIMESTAMP_TZ: _zoned,
    "time": _time,
    TIME_TZ: _own,
    "varbinary": _binary,
    "interval day to second": lambda sql, _: formats.day_interval_text(sql),
    "interval year to month": lambda sql, _: formats.month_interval_text(sql),
}
"""Types that aren't here are printed as DuckDB prints them: integers, booleans, dates, UUIDs."""

# ---- nested values -----------------------------------------------------------------------------


def _item(sql: str, type_: Type, names: count[int]) -> str:
    return f"coalesce({_text(sql, type_, names)}, 'null')"


def _array(sql: str, type_: Type, names: count[int]) -> str:
    """``[1, 2, null]``"""
    item = f"fsql_t{next(names)}"
    listed = f"list_transform({sql}, lambda {item}: {_item(item, type_.items[0], names)})"
    return _bracketed(sql, "[", listed, "]")


def _map(sql: str, type_: Type, names: count[int]) -> str:
    """``{k=1, l=null}``"""
    entry = f"fsql_t{next(names)}"
    key = _item(f"({entry}).key", type_.items[0], names)
    value = _item(f"({entry}).value", type_.items[1], names)
    listed = f"list_transform(map_entries({sql}), lambda {entry}: {key} || '=' || {value})"
    return _bracketed(sql, "{", listed, "}")


def _bracketed(sql: str, start: str, listed: str, end: str) -> str:
    """The texts of a list in one, NULL if `sql` is.

    Not by array_to_string: DuckDB repeats its argument, which takes four times as long for each
    level of nesting.
    """
    inside = f"coalesce(list_aggregate({listed}, 'string_agg', ', '), '')"
    return f"CASE WHEN {sql} IS NOT NULL THEN '{start}' || {inside} || '{end}' END"


def _row(sql: str, type_: Type, names: count[int]) -> str:
    """``{a=1, b=null}``"""

    def printed(value: str) -> str:
        fields = zip(type_.field_names(), type_.items, strict=True)
        texts = [
            f"{string(name + '=')} || {_item(f'({value}).{quoted(name)}', item, names)}"
            for name, item in fields
        ]
        inside = " || ', ' || ".join(texts)
        return f"CASE WHEN {value} IS NOT NULL THEN '{{' || {inside} || '}}' END"

    return once(sql, printed)


_NESTED: dict[str, Callable[[str, Type, count[int]], str]] = {
    "array": _array,
    "map": _map,
    "row": _row,
}
