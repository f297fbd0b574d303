"""What is left to do of a change that stands in the catalog: once, or as often as asked."""

from __future__ import annotations

from fsql import deletes
from fsql.catalog import Catalog, Entry
from fsql.formats.fields import iceberg_columns
from fsql.migration.making import iceberg_schema
from fsql.migration.making.filling import PENDING_PROPERTY, pending
from fsql.migration.making.iceberg_commits import (
    Extras,
    load_as,
    patiently,
    set_properties,
    set_schema,
)
from fsql.migration.making.kept import KEPT_PROPERTY, kept_columns, kept_text
from fsql.migration.making.once import run_once

__all__ = ["align_tombstones", "fill"]


def fill(catalog: Catalog, entry: Entry) -> Entry:
    """Run the statement that a table's last change needs, if it has not run yet.

    Returns:
        The entry as it is afterwards.

    Raises:
        QueryFailed, InvalidQuery: Athena refused; it is tried again with the next change.
    """
    todo = pending(entry)
    if todo is None:
        return entry
    run_once(catalog, todo.sql, f"{todo.run}:{todo.number}:fill")

    def forget() -> Entry:
        now = catalog.get(entry.name, entry.database)
        if pending(now) != todo:
            return now
        table = load_as(catalog, now)
        properties: dict[str, str | None] = {PENDING_PROPERTY: None}
        if todo.path is not None:
            kept = kept_columns(now.parameters)
            left = [one for one in kept if (one.path, one.tag) != (todo.path, todo.tag)]
            properties[KEPT_PROPERTY] = kept_text(left)
        tags = () if todo.tag is None or todo.tag not in table.refs() else (todo.tag,)
        set_properties(catalog, now, table, Extras(properties, untagged=tags))
        return catalog.get(entry.name, entry.database)

    return patiently(entry.name, forget)


def align_tombstones(catalog: Catalog, entry: Entry) -> None:
    """Give the table of a group's deletes the names and types that the group's keys have now."""
    stones = deletes.find(catalog, entry)
    if stones is None:
        return
    wanted = list(iceberg_columns(stones.schema, {}).fields)

    def align() -> None:
        now = catalog.get(stones.entry.name, entry.database)
        table = load_as(catalog, now)
        schema = table.schema()
        for column, field in zip(table.schema().fields, wanted, strict=True):
            if column.name != field.name:
                schema = iceberg_schema.renamed(schema, [column.name], field.name)
        for column in stones.schema:
            doc = schema.find_field(column.name).doc
            schema = iceberg_schema.altered(schema, [column.name], column.type, doc)
        if schema != table.schema():
            set_schema(catalog, now, table, schema)

    patiently(entry.name, align)
