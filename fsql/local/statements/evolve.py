"""ALTER TABLE CHANGE COLUMN and DROP COLUMN.

Files are not touched. A Hive table's columns change in the catalog only; an Iceberg table's keep
their field ids, so that old files are read rightly. Source: Athena user guide, "ALTER TABLE CHANGE
COLUMN" and "Evolve Iceberg table schema".
"""

from __future__ import annotations

from typing import Any

from pyiceberg import types as it
from pyiceberg.exceptions import ResolveError, ValidationError
from pyiceberg.table import Table
from pyiceberg.table.update.schema import UpdateSchema

from fsql.local.statements import nodes as st
from fsql.local.statements.alter import altered_table, columns_of, committed, update_table
from fsql.local.statements.context import Context, Outcome
from fsql.local.tables.hive_errors import hive_error, task_error
from fsql.local.tables.hive_types import from_hive
from fsql.local.tables.iceberg_io import EmbeddedCatalog
from fsql.local.tables.iceberg_types import schema_of, to_trino
from fsql.local.tables.resolver import is_iceberg
from fsql.local.transpile import TrinoError

__all__ = ["change_column", "drop_column"]

Json = dict[str, Any]
_Path = tuple[str, ...]


def change_column(context: Context, statement: st.ChangeColumn) -> Outcome:
    """Give a column another name, type, comment or place.

    Raises:
        TrinoError: there is no such column, the name is taken, or Iceberg can't widen the type.
    """
    table = altered_table(context, statement.table)
    names = _names(context, table)
    new, old = statement.column.name, statement.old
    _require(old, names)
    if new != old and new in [*names, *(key["Name"] for key in table.get("PartitionKeys", []))]:
        raise task_error(f"Duplicate column name: {new}")
    if statement.after:
        _require(statement.after, [name for name in names if name != old])
    from_hive(statement.column.type)
    if is_iceberg(table):
        found = _load(context, table)
        committed(lambda: _change_iceberg(found, statement))
    else:
        update_table(context, table, {"Columns": _changed(columns_of(table), statement)})
    return Outcome()


def drop_column(context: Context, statement: st.DropColumn) -> Outcome:
    """Drop a column of an Iceberg table.

    Raises:
        TrinoError: of a Hive table; a column that the table is partitioned by; the only one.
    """
    table = altered_table(context, statement.table)
    if not is_iceberg(table):
        raise hive_error(
            "ALTER TABLE DROP COLUMN is supported for Iceberg tables only; list the columns to keep"
            " with ALTER TABLE REPLACE COLUMNS"
        )
    found = _load(context, table)
    _require(statement.column, [field.name.lower() for field in found.schema().fields])
    field = found.schema().find_field(statement.column, case_sensitive=False)
    if field.field_id in {part.source_id for part in found.spec().fields}:
        raise TrinoError(
            "NOT_SUPPORTED",
            f"Cannot drop partition field: {field.name}. The table is partitioned by it",
        )
    if len(found.schema().fields) == 1:
        raise TrinoError("NOT_SUPPORTED", f"Cannot drop the only column of a table: {field.name}")

    def dropped() -> None:
        with found.update_schema() as update:
            update.delete_column((field.name,))

    committed(dropped)
    return Outcome()


def _load(context: Context, table: Json) -> Table:
    catalog = EmbeddedCatalog(context.objects, context.glue)
    return catalog.load_table((table["DatabaseName"], table["Name"]))


def _names(context: Context, table: Json) -> list[str]:
    if is_iceberg(table):
        return [field.name.lower() for field in _load(context, table).schema().fields]
    return [column["Name"].lower() for column in columns_of(table)]


def _require(name: str, names: list[str]) -> None:
    if name not in names:
        raise hive_error(f"[Error 10002]: Invalid column reference {name}")


# Hive


def _changed(columns: list[Json], statement: st.ChangeColumn) -> list[Json]:
    given = statement.column
    place = next(i for i, c in enumerate(columns) if c["Name"].lower() == statement.old)
    column = {**columns[place], "Name": given.name, "Type": given.type}
    if given.comment is not None:
        column["Comment"] = given.comment
    others = [*columns[:place], *columns[place + 1 :]]
    if statement.after is not None:
        place = 0
    if statement.after:
        place = 1 + next(i for i, c in enumerate(others) if c["Name"].lower() == statement.after)
    return [*others[:place], column, *others[place:]]


# Iceberg


def _change_iceberg(found: Table, statement: st.ChangeColumn) -> None:
    schema, given = found.schema(), statement.column
    old = schema.find_field(statement.old, case_sensitive=False)
    (new,) = schema_of([(given.name, from_hive(given.type), given.comment)]).fields
    try:
        with found.update_schema() as update:
            _retype(update, (old.name,), old.field_type, new.field_type)
            if given.comment is not None:
                update.update_column((old.name,), doc=given.comment)
            if statement.after == "":
                update.move_first((old.name,))
            elif statement.after:
                other = schema.find_field(statement.after, case_sensitive=False)
                update.move_after((old.name,), (other.name,))
            if given.name != old.name.lower():
                update.rename_column((old.name,), given.name)
    except (ResolveError, ValidationError, ValueError) as error:
        raise TrinoError("NOT_SUPPORTED", f"Cannot change column {old.name}: {error}") from error


def _retype(update: UpdateSchema, path: _Path, old: it.IcebergType, new: it.IcebergType) -> None:
    """Widen a type; in structs, add and drop fields too."""
    match old, new:
        case it.StructType(), it.StructType():
            _refield(update, path, old, new)
        case it.ListType(), it.ListType():
            _retype(update, (*path, "element"), old.element_type, new.element_type)
        case it.MapType(), it.MapType():
            if to_trino(old.key_type) != to_trino(new.key_type):
                raise ValueError("the type of a map's keys can't be changed")
            _retype(update, (*path, "value"), old.value_type, new.value_type)
        case _ if to_trino(old) == to_trino(new):
            return
        case _ if old.is_primitive and new.is_primitive:
            update.update_column(path, field_type=new)
        case _:
            raise ValueError(f"{to_trino(old)} can't become {to_trino(new)}")


def _refield(update: UpdateSchema, path: _Path, old: it.StructType, new: it.StructType) -> None:
    before = {field.name.lower(): field for field in old.fields}
    after = {field.name.lower(): field for field in new.fields}
    gone, added = before.keys() - after.keys(), after.keys() - before.keys()
    if gone and added:
        raise ValueError(
            f"fields {', '.join(sorted(gone))} of {'.'.join(path)} are missing and"
            f" {', '.join(sorted(added))} are new; drop and add them in two statements, since a"
            " renamed field can't be told from another one"
        )
    for name, field in before.items():
        if name in gone:
            update.delete_column((*path, field.name))
        else:
            _retype(update, (*path, field.name), field.field_type, after[name].field_type)
    for field in new.fields:
        if field.name.lower() in added:
            update.add_column((*path, field.name), field.field_type, field.doc)
