"""Values that rows get after a change of their table, by statements that Athena runs.

A statement that a change needs is noted in the table's properties by the change itself and taken
away when it has run, so that one that was killed in between is run by whoever comes next.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation

from fsql.catalog import Entry
from fsql.migration.making.kept import KeptColumn
from fsql.migration.making.literals import literal
from fsql.migration.model import paths
from fsql.migration.model.changes import AddColumn
from fsql.migration.model.state import State
from fsql.types import storage_type
from fsql.typetext import trino_type

__all__ = [
    "PENDING_PROPERTY",
    "Pending",
    "anti_join",
    "default_sql",
    "pending",
    "quoted",
    "refill_sql",
    "rewritten",
    "table_name",
]

PENDING_PROPERTY = "fsql.pending"
_log = logging.getLogger("fsql.migration")


@dataclass(frozen=True)
class Pending:
    """A statement that completes a change.

    Attributes:
        run, number: of the change's step.
        sql: in Athena's SQL; it may run twice.
        tag: of the snapshot that it reads, which is then needed no more.
        path: of the kept column that it brings back.
    """

    run: str
    number: int
    sql: str
    tag: str | None = None
    path: str | None = None

    @property
    def text(self) -> str:
        """The property that says it."""
        return json.dumps(asdict(self))


def pending(entry: Entry) -> Pending | None:
    """What is still to be run for a table's last change."""
    text = entry.parameters.get(PENDING_PROPERTY)
    return None if text is None else Pending(**json.loads(text))


def default_sql(entry: Entry, after: State, change: AddColumn, path: str) -> str | None:
    """What gives rows that are there a new column's default; None if it has none.

    Raises:
        MigrationError: the default does not fit the column.
    """
    if change.default is None:
        return None
    root, *names = paths.parts(path)
    stored = storage_type(after.schema.field(root).type)
    value = literal(change.default, change.field, change.group)
    column = quoted(root)
    new = _rebuilt(column, stored, names, value)
    where = " AND ".join([*_present(column, names), f"{_within(column, names)} IS NULL"])
    return f"UPDATE {table_name(entry)} SET {column} = {new} WHERE {where}"


def refill_sql(entry: Entry, table: Table, after: State, path: str, kept: KeptColumn) -> str | None:
    """What gives a column that is back the values of rows whose files were written anew meanwhile.

    Rows are the same if their keys and times are. None if no statement can tell them apart, or
    reach the field; those rows then read NULL.
    """
    old = _old_schema(table, kept)
    root, *names = paths.parts(path)
    if old is None or not _is_reachable(after.schema, path):
        _log.warning("%s of rows that were rewritten since it was dropped is NULL", path)
        return None
    now = table.schema()
    columns = _identity(after)
    then = [old.find_column_name(now.find_field(name).field_id) for name in columns]
    value = old.find_column_name(int((kept.field or {})["id"]))
    if value is None or None in then:
        _log.warning("%s of rows that were rewritten since it was dropped is NULL", path)
        return None
    source = _dotted_sql(value)
    given = [f"{quoted(str(name))} AS {quoted(f'k{place}')}" for place, name in enumerate(then)]
    grouped = ", ".join(quoted(str(name)) for name in then)
    column = f"t.{quoted(root)}"
    stored = storage_type(after.schema.field(root).type)
    same = [
        f"t.{quoted(name)} {_same(after, name)} s.{quoted(f'k{place}')}"
        for place, name in enumerate(columns)
    ]
    is_missing = [*_present(column, names), f"{_within(column, names)} IS NULL"]
    return (
        f"MERGE INTO {table_name(entry)} AS t USING (SELECT {', '.join(given)},"
        f" arbitrary({source}) AS value_ FROM {table_name(entry)} FOR VERSION AS OF {kept.snapshot}"
        f" WHERE {source} IS NOT NULL GROUP BY {grouped}) AS s ON {' AND '.join(same)}"
        f" WHEN MATCHED AND {' AND '.join(is_missing)}"
        f" THEN UPDATE SET {quoted(root)} = {_rebuilt(column, stored, names, 's.value_')}"
    )


def rewritten(table: Table, snapshot: int) -> bool:
    """Whether files were written anew since a snapshot, or nobody can tell."""
    current = table.current_snapshot()
    while current is not None and current.snapshot_id != snapshot:
        if current.summary is None or current.summary.operation != Operation.APPEND:
            return True
        parent = current.parent_snapshot_id
        current = table.snapshot_by_id(parent) if parent is not None else None
    return current is None


def anti_join(entry: Entry, state: State, select: str) -> str:
    """The rows of a SELECT that a table does not have yet, by keys and times."""
    same = [
        f"there_.{quoted(name)} {_same(state, name)} new_.{quoted(name)}"
        for name in _identity(state)
    ]
    return (
        f"SELECT * FROM (\n{select}\n) AS new_ WHERE NOT EXISTS (SELECT 1 FROM {table_name(entry)}"
        f" AS there_ WHERE {' AND '.join(same)})"
    )


def _identity(state: State) -> list[str]:
    definition = state.definition
    times = (definition.event_time, definition.created_time)
    return list(dict.fromkeys([*definition.keys, *filter(None, times)]))


def _same(state: State, name: str) -> str:
    return "IS NOT DISTINCT FROM" if name == state.definition.created_time else "="


def _old_schema(table: Table, kept: KeptColumn) -> Schema | None:
    snapshot = table.snapshot_by_id(kept.snapshot) if kept.snapshot is not None else None
    if snapshot is None:
        return None
    return {schema.schema_id: schema for schema in table.metadata.schemas}.get(
        snapshot.schema_id or 0
    )


def _is_reachable(schema: pa.Schema, path: str) -> bool:
    """Whether only structs are above a field."""
    names = paths.parts(path)
    above = (paths.dotted(names[: end + 1]) for end in range(len(names) - 1))
    return all(paths.is_struct(paths.get(schema, one).type) for one in above)


def _rebuilt(column: str, type_: pa.DataType, names: Sequence[str], value: str) -> str:
    """A struct with one field of it, at whatever depth, replaced."""
    if not names:
        return value
    parts = [
        _rebuilt(part, field.type, names[1:], value) if field.name == names[0] else part
        for field in type_
        for part in [f"{column}.{quoted(field.name)}"]
    ]
    return f"CAST(ROW({', '.join(parts)}) AS {trino_type(type_)})"


def _within(column: str, names: Sequence[str]) -> str:
    return ".".join([column, *map(quoted, names)])


def _present(column: str, names: Sequence[str]) -> list[str]:
    """What holds where there is a struct to have the field."""
    return [f"{_within(column, names[:end])} IS NOT NULL" for end in range(len(names))]


def _dotted_sql(name: str) -> str:
    return ".".join(map(quoted, name.split(".")))


def table_name(entry: Entry) -> str:
    """The table's name in SQL."""
    return f"{quoted(entry.database)}.{quoted(entry.name)}"


def quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'
