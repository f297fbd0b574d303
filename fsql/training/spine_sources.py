"""The tables that a spine is read from, at the snapshots that they have when it is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlglot import exp

from fsql.analysis.parsing import parse_query
from fsql.analysis.reads import cte_of
from fsql.catalog import Catalog, Entry
from fsql.inserts.texts import sql_text
from fsql.training.pins import Pin, pin, rows_at
from fsql.training.spine import TableSpine

__all__ = ["SpineSource", "spine_source"]


@dataclass(frozen=True)
class SpineSource:
    """Where a spine's rows come from.

    Attributes:
        spine: at snapshots, as far as its tables have any.
        kind: "table" or "select".
        sql: the query of its rows.
        pins: the states of the Iceberg tables that it names.
    """

    spine: TableSpine
    kind: str
    sql: str
    pins: tuple[Pin, ...] = ()


def spine_source(engine: sa.Engine, catalog: Catalog, spine: TableSpine) -> SpineSource:
    """A spine of the store's own tables, held to what they are now.

    Views are read by their queries of now. Tables without snapshots, and those that a migration has
    changed since their last write, are read as they are when their rows are asked for.
    """
    if isinstance(spine.rows, sa.Table):
        return _table(engine, catalog, spine, spine.rows)
    query = spine.rows.element if isinstance(spine.rows, sa.Subquery) else spine.rows
    sql = sql_text(query, engine.dialect)
    sql, pins = _held(catalog, sql)
    if not pins:
        return SpineSource(spine, "select", sql)
    columns: list[Any] = [sa.column(c.name, c.type) for c in spine.rows.columns]
    text = sa.text(sql.replace(":", r"\:")).columns(*columns)
    held = replace(spine, rows=text.subquery("spine"))
    return SpineSource(held, "select", sql, pins)


def _table(engine: sa.Engine, catalog: Catalog, spine: TableSpine, table: sa.Table) -> SpineSource:
    entry = catalog.find(table.name, table.schema)
    if entry is None or not entry.is_iceberg:
        return SpineSource(spine, "table", sql_text(sa.select(table), engine.dialect))
    state = pin(catalog, entry)
    rows, version = rows_at(catalog, table, state)
    query = sa.select(*rows.columns)
    if version is not None:
        query = query.with_hint(rows, f"FOR VERSION AS OF {version:d}", "fsql")
    held = replace(spine, rows=query.subquery("spine"))
    return SpineSource(held, "table", sql_text(query, engine.dialect), (state,))


def _held(catalog: Catalog, sql: str) -> tuple[str, tuple[Pin, ...]]:
    """A query of tables at snapshots, and these."""
    query, pins = parse_query(sql), list[Pin]()
    found = [] if query is None else list(query.find_all(exp.Table))
    places = ((place, table) for table in found if (place := _place(sql, table)) is not None)
    for (start, end), table in sorted(places, key=lambda each: each[0], reverse=True):
        entry = catalog.find(table.name.lower(), table.db.lower() or None)
        if entry is not None and entry.is_view:
            made, more = _view(catalog, entry, table)
            pins += more
            sql = f"{sql[:start]}{made}{sql[end:]}" if more else sql
        elif entry is not None and entry.is_iceberg:
            state = pin(catalog, entry)
            if state.snapshot is not None and _is_current(catalog, entry, state):
                pins.append(state)
                sql = f"{sql[:end]} FOR VERSION AS OF {state.snapshot}{sql[end:]}"
    return sql, tuple({state.name: state for state in reversed(pins)}.values())


def _view(catalog: Catalog, entry: Entry, table: exp.Table) -> tuple[str, tuple[Pin, ...]]:
    """What stands for a view, and the states of its tables; none where its names mean others."""
    if entry.view_sql is None or table.db or entry.database != catalog.aws.database:
        return "", ()
    sql, pins = _held(catalog, entry.view_sql)
    return (f"({sql})" if table.alias else f'({sql}) AS "{table.name}"'), pins


def _place(sql: str, table: exp.Table) -> tuple[int, int] | None:
    """Where a table's name stands, without that of its database."""
    name = table.this
    if not isinstance(name, exp.Identifier) or table.catalog or table.args.get("version"):
        return None
    start, end = name.meta.get("start"), name.meta.get("end")
    if start is None or end is None or cte_of(table) is not None:
        return None
    return (start, end + 1) if sql[start : end + 1].strip('"') == name.this else None


def _is_current(catalog: Catalog, entry: Entry, state: Pin) -> bool:
    """Whether the snapshot's rows are shown under the table's columns of now."""
    table = sa.Table(entry.name, sa.MetaData(), *(sa.Column(n) for n, _ in entry.columns))
    return isinstance(rows_at(catalog, table, state)[0], sa.Table)
