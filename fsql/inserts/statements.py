"""SQLAlchemy's INSERTs, taken before they become VALUES.

What SQLAlchemy publishes of an INSERT is its SQL. Its rows are in ``_values`` and
``_multi_values``; tests of this module fail when a release moves one of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.expression import ClauseElement

from fsql.catalog import Catalog, Entry
from fsql.inserts.values import Rows
from fsql.types import Timestamp

__all__ = ["ROWS", "SELECT", "taken"]

Row: TypeAlias = Mapping[str, Any]
ROWS, SELECT = "fsql_rows", "fsql_select"  # execution options, seen by nobody else

_PLAIN = (Timestamp, sa.Boolean)  # whose processors take less than `fsql.fitting` does
_SHOWN = (bool, int, float, str, Decimal, dt.date, type(None))


def taken(
    dialect: sa.Dialect,
    catalog: Catalog,
    statement: Any,
    multiparams: Sequence[Row],
    params: Row,
    translated: Mapping[str | None, str | None],
) -> tuple[Any, Sequence[Row], Row]:
    """An INSERT that fsql runs itself, and all that SQLAlchemy needs to compile it; else the same.

    Args:
        multiparams, params: of many rows, or of one.
        translated: SQLAlchemy's ``schema_translate_map``.
    """
    given = statement, multiparams, params
    if not isinstance(statement, Insert) or not isinstance(statement.table, sa.Table):
        return given
    entry = _entry(catalog, statement.table, translated)
    if entry is None or entry.is_view or _is_of_sqlalchemy(statement):
        return given
    columns = _columns(statement, multiparams or ([params] if params else []))
    if columns is None:
        # What Athena computes takes the way of a SELECT.
        computed = statement.execution_options(**{SELECT: entry})
        return (computed, *given[1:]) if entry.is_group else given
    if not entry.is_group and len(next(iter(columns.values()))) == 1:
        return given  # SQL does it quicker
    bare = statement if _is_bare(statement) else sa.insert(statement.table)
    processed = _processed(statement.table, columns, dialect)
    rows = Rows(entry, {n if entry.is_group else n.lower(): v for n, v in processed})
    first = {key: _shown(values[0]) for key, values in columns.items()}
    return bare.execution_options(**{ROWS: rows}), [], first


def _is_of_sqlalchemy(statement: Any) -> bool:
    """Whether only SQL can do it: RETURNING, which SQLAlchemy refuses, types that wrap values."""
    return bool(statement._returning) or any(
        column.type._has_bind_expression for column in statement.table.columns
    )


def _entry(
    catalog: Catalog, table: sa.Table, translated: Mapping[str | None, str | None]
) -> Entry | None:
    return catalog.find(table.name.lower(), translated.get(table.schema, table.schema))


def _is_bare(statement: Any) -> bool:
    return not statement._values and not statement._multi_values


def _processed(
    table: sa.Table, columns: Mapping[str, Sequence[Any]], dialect: sa.Dialect
) -> Iterator[tuple[str, Sequence[Any]]]:
    """Names and values of columns; types of SQLAlchemy's or of the user's have their say."""
    for key, values in columns.items():
        column = table.c.get(key)
        if column is None:
            yield key, values  # SQLAlchemy refuses it
            continue
        process = column.type.dialect_impl(dialect).bind_processor(dialect)
        if process is not None and not isinstance(column.type, _PLAIN):
            values = [process(value) for value in values]
        yield column.name, values


def _shown(value: Any) -> Any:
    """A value for SQLAlchemy's log; it would choke on others."""
    return value if isinstance(value, _SHOWN) else None


def _columns(statement: Any, params: Sequence[Row]) -> dict[str, Sequence[Any]] | None:
    """An INSERT's values by column; None if SQL has to make some of them."""
    constants = _constants(statement._values or {})
    rows = _rows(statement, params)
    if statement.select is not None or not rows or constants is None:
        return None
    keys = list(rows[0])
    _check_widths(rows)
    if constants.keys() & set(keys):
        return None
    try:
        columns: dict[str, Sequence[Any]] = {key: list(map(itemgetter(key), rows)) for key in keys}
    except KeyError:
        return None  # SQLAlchemy says which value is missing
    columns |= {key: [value] * len(rows) for key, value in constants.items()}
    if not columns:
        return None
    missing = _defaults(statement.table, columns, len(rows))
    if missing is None or any(_has_sql(values) for values in columns.values()):
        return None
    return columns | missing


def _check_widths(rows: Sequence[Row]) -> None:
    """Refuse what SQLAlchemy would drop: values of columns that the first row has not."""
    width = len(rows[0])
    for number, row in enumerate(rows):
        if len(row) > width:
            strange = ", ".join(sorted(row.keys() - rows[0].keys()))
            raise sa.exc.ArgumentError(
                f"Row {number} has values of {strange}, and row 0 has none. Give each row the same"
                " columns, None where a value is missing."
            )


def _constants(values: Mapping[Any, Any]) -> dict[str, Any] | None:
    """What `Insert.values` was given, if all of it is plain."""
    plain = all(isinstance(v, BindParameter) and v.unique for v in values.values())
    return {_key(key): bound.effective_value for key, bound in values.items()} if plain else None


def _rows(statement: Any, params: Sequence[Row]) -> Sequence[Row] | None:
    many = [row for rows in statement._multi_values for row in rows]
    if many and params:
        return None
    if not many:
        return params or [{}]
    if isinstance(many[0], Mapping):
        return [{_key(key): value for key, value in row.items()} for row in many]
    keys = statement.table.c.keys()
    return [dict(zip(keys, row, strict=False)) for row in many]


def _key(column: Any) -> str:
    return column if isinstance(column, str) else str(column.key)


def _has_sql(values: Sequence[Any]) -> bool:
    types = set(map(type, values))
    return any(issubclass(t, ClauseElement) or hasattr(t, "__clause_element__") for t in types)


def _defaults(
    table: sa.Table, given: Mapping[str, Any], count: int
) -> dict[str, Sequence[Any]] | None:
    """The values of columns that have a default in Python; None if it is one of SQL's."""
    found: dict[str, Sequence[Any]] = {}
    for column in table.columns:
        default: Any = column.default
        if default is None or column.key in given:
            continue
        if default.is_scalar:
            found[column.key] = [default.arg] * count
        elif default.is_callable:
            found[column.key] = [default.arg(None) for _ in range(count)]
        else:
            return None
    return found
