"""A table that was changed by hand, taken for what the group is from now on."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pyarrow as pa

from fsql.catalog import Catalog, Entry
from fsql.columns import real_columns
from fsql.errors import DefinitionError, MigrationError
from fsql.migration import altering, hive
from fsql.migration.changes import AlterGroup
from fsql.migration.state import State
from fsql.migration.steps import Step
from fsql.model import SCHEMA_PROPERTY, decode_schema

__all__ = ["adopt"]


def adopt(catalog: Catalog, entry: Entry, before: State, step: Step, found: list[str]) -> None:
    """Make the group's columns, their order and comments, and its description those of its table.

    Args:
        step: the one that comes next.
        found: what was changed by hand, in words.

    Raises:
        Overtaken: somebody else has changed the table since; nothing was written.
        MigrationError: no group can be made of what is there.
    """
    after = _as_it_is(entry, before)
    try:
        after.group()
    except DefinitionError as error:
        raise MigrationError(
            f"{entry.name!r} cannot be adopted as it is: {error} Put back what is missing.",
            entry.name,
        ) from error
    alter = hive.alter if entry.is_hive_group else altering.alter
    own = replace(step, number=0, run=uuid.uuid4().hex)
    said = f"adopts what was changed by hand: {'; '.join(found)}"
    alter(catalog, entry, AlterGroup(entry.name), before, after, own, {}, said)


def _as_it_is(entry: Entry, before: State) -> State:
    exact = decode_schema(entry.parameters[SCHEMA_PROPERTY])
    fields = {field.name: field for field, _ in real_columns(exact, entry.columns)}
    listed = list(fields)
    if entry.is_hive_group:  # whose keys stand behind the others, parts of times among them
        listed = [name for name in exact.names if name in fields]
        keys = {key["Name"] for key in entry.glue.get("PartitionKeys", ())}
        listed += [name for name in fields if name not in exact.names and name not in keys]
    schema = pa.schema([fields[name] for name in listed], exact.metadata)
    description = entry.parameters.get("comment") or None
    definition = replace(before.definition, description=description)
    return State(schema, definition, _comments(entry, listed))


def _comments(entry: Entry, names: list[str]) -> dict[str, str]:
    columns = entry.glue.get("StorageDescriptor", {}).get("Columns", ())
    every = [*columns, *entry.glue.get("PartitionKeys", ())]
    said = {column["Name"]: column.get("Comment") for column in every}
    return {name: text for name in names if (text := said.get(name))}
