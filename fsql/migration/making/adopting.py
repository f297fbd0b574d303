"""What was changed by hand, taken for what is meant: the group becomes what its table is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from pyiceberg.table.metadata import TableMetadata

from fsql.catalog import Catalog, Entry
from fsql.definition import Partition
from fsql.errors import FsqlError, MigrationError, UnsupportedType
from fsql.formats.iceberg import properties_of
from fsql.formats.snapshots import snapshots_of
from fsql.hivekeys import hive_keys
from fsql.migration.looking import drift
from fsql.migration.looking.shapes import Column, Shape, renamed, shape
from fsql.migration.making import hive, records
from fsql.migration.making.iceberg import EARLIER_PROPERTY, change_table
from fsql.migration.making.iceberg_commits import Extras, load_as
from fsql.migration.making.iceberg_schema import check_carries
from fsql.migration.making.wide import WIDER_PROPERTY, wider_text
from fsql.migration.model import column_notes, paths
from fsql.migration.model.changes import AddColumn, Change, DropColumn, RenameColumn
from fsql.migration.model.evolving import evolved
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from fsql.model import encode_schema
from fsql.types import storage_type
from fsql.typetext import hive_type, parse_type

__all__ = ["adopt", "drifted", "metadata_of"]

_TRANSFORM = re.compile(r"(\w+)(?:\[(\d+)\])?")


def metadata_of(catalog: Catalog, entry: Entry) -> TableMetadata | None:
    """An Iceberg table's metadata; None of others."""
    location = entry.metadata_location
    return None if location is None else snapshots_of(catalog).metadata(location)


def drifted(catalog: Catalog, entry: Entry, *, expected: bool = True) -> list[str]:
    """What was changed by hand, in words, an Iceberg table's metadata looked at too."""
    return drift.differences(entry, metadata_of(catalog, entry), expected=expected)


def adopt(catalog: Catalog, entry: Entry, step: Step) -> None:
    """Make a group what its table is, in one update that the group's history tells of.

    Args:
        entry: as it was looked at; it is changed only if it still is so.
        step: the change before which it is done.

    Raises:
        Overtaken: somebody else has changed the table since; nothing was written.
        MigrationError: the group cannot be what the table is.
    """
    metadata = metadata_of(catalog, entry)
    found = drift.differences(entry, metadata, expected=True)
    known = _readable(entry, metadata)
    try:
        if known.group is None:
            raise MigrationError("fsql knows nothing of it any more.")
        before = State.of(known.group)
        after = _Adopting(known, metadata, before).state()
    except (FsqlError, ValueError, KeyError, TypeError) as error:
        raise MigrationError(
            f"{entry.name!r} was changed by hand, and the group cannot be what the table is now:"
            f" {error} Undo it by hand; what was found: {'; '.join(found)}.",
            entry.name,
        ) from error
    mine = replace(step, run=f"{step.run} adopts")
    note = records.record(catalog, entry, mine, f"adopts: {'; '.join(found)}", None)
    if metadata is None:
        history = {records.HISTORY_PROPERTY: records.appended(known.parameters, note)}
        hive.update_table(catalog, entry, hive.table_input(known, before, after, history))
    else:
        _change_iceberg(catalog, entry, known, before, after, note)


def _readable(entry: Entry, metadata: TableMetadata | None) -> Entry:
    """The table with what fsql says of it, taken from the Iceberg table if Glue has lost it."""
    noted = {} if metadata is None else metadata.properties
    said = {name: text for name, text in noted.items() if name.startswith("fsql.")}
    if entry.is_group or not said:
        return entry
    return Entry({**entry.glue, "Parameters": {**entry.parameters, **said}})


def _change_iceberg(
    catalog: Catalog, entry: Entry, known: Entry, before: State, after: State, note: records.Record
) -> None:
    table = load_as(catalog, entry)
    schema = table.schema()

    def noted(schema_id: int) -> dict[str, str]:
        text = records.appended(known.parameters, replace(note, schema=schema_id))
        return {records.HISTORY_PROPERTY: text}

    old, new = (properties_of(state.group()) for state in (before, after))
    properties: dict[str, str | None] = {name: None for name in old if name not in new}
    earlier = _schema_of(table.metadata, before)
    if earlier is not None:
        properties[f"{EARLIER_PROPERTY}{earlier}"] = encode_schema(before.schema)
    properties[WIDER_PROPERTY] = wider_text(schema, after.group().storage_schema)
    change_table(catalog, entry, table, schema, after, after, Extras(properties), noted)


def _schema_of(metadata: TableMetadata, before: State) -> int | None:
    """The id of the Iceberg schema that was the group's until it was changed by hand."""
    storage = before.group().storage_schema
    for schema in sorted(metadata.schemas, key=lambda schema: -schema.schema_id):
        if schema.schema_id == metadata.current_schema_id:
            continue
        try:
            check_carries(schema, storage)
        except MigrationError:
            continue
        return schema.schema_id
    return None


@dataclass(frozen=True)
class _Adopting:
    """The state that takes a table's real columns, as far as they differ."""

    entry: Entry
    metadata: TableMetadata | None
    before: State

    def state(self) -> State:
        """That state.

        Raises:
            MigrationError, DefinitionError: there is none.
            UnsupportedType: fsql has no type for a column.
        """
        self._check_same_table()
        said, found, comments = drift.columns(self.entry, self.metadata)
        in_folders = self._folders()
        said, found = (tuple(c for c in cs if c.name not in in_folders) for cs in (said, found))
        # By hand a Hive-style table can be made what no revision makes of it.
        form = self.before.definition.table_format
        free = replace(self.before.definition, table_format="iceberg")
        state = self._columns(replace(self.before, definition=free), said, found)
        definition = replace(state.definition, table_format=form, **self._options())
        named = {n: c for n, c in comments.items() if c and n in state.schema.names}
        after = replace(state, definition=definition, comments=named)
        after.group()
        return after

    def _check_same_table(self) -> None:
        definition = self.before.definition
        form = "iceberg" if self.entry.is_iceberg else "hive"
        if definition.name.table != self.entry.name or definition.table_format != form:
            raise MigrationError("what fsql says is of another table.")
        if self.metadata is None:
            said = [key.name for key in hive_keys(definition.partition_by, self._storage)]
            found = [key["Name"] for key in self.entry.glue.get("PartitionKeys", ())]
            if said != found:
                raise MigrationError("its files lie in folders of other partitions.")

    @property
    def _storage(self) -> pa.Schema:
        return self.before.group().storage_schema

    def _folders(self) -> frozenset[str]:
        """The keys of a Hive-style table, which are in no file."""
        if self.metadata is not None:
            return frozenset()
        keys = hive_keys(self.before.definition.partition_by, self._storage)
        return frozenset(key.name for key in keys)

    def _columns(self, state: State, said: tuple[Column, ...], found: tuple[Column, ...]) -> State:
        table, names = state.table, dict(renamed(said, found))
        old = {names.get(c.name.lower(), c.name.lower()): c for c in said}
        new = {c.name.lower(): c for c in found}
        changes: list[Change] = [RenameColumn(table, name, to) for name, to in names.items()]
        changes += [
            AddColumn(table, paths.dotted([c.name]), pa.field(c.name, _arrow(c.shape)))
            for name, c in new.items()
            if name not in old
        ]
        changes += [DropColumn(table, paths.dotted([c])) for c in old if c not in new]
        for change in changes:
            state = evolved(change, state) or state
        for name in old.keys() & new.keys():
            state = self._retyped(state, name, old[name].shape, new[name].shape)
        return replace(state, schema=_ordered(state.schema, [c.name for c in found]))

    def _retyped(self, state: State, name: str, said: Shape, found: Shape) -> State:
        field = state.schema.field(name)
        fresh = field.with_type(self._type(name, field.type, said, found))
        if fresh.type.equals(field.type, check_metadata=True):
            return state
        schema = paths.replace(state.schema, paths.dotted([name]), fresh)
        return replace(state, schema=column_notes.retyping(schema, field, fresh))

    def _type(self, path: str, exact: pa.DataType, said: Shape, found: Shape) -> pa.DataType:
        """The exact type as far as what is stored still is that of it."""
        if said.text.lower() == found.text.lower():
            return exact
        if not found.fields or said.kind != found.kind or not paths.children(exact):
            is_known = drift.wider(self.entry).get(path) == found.text
            return exact if is_known else _arrow(found)
        pairs = zip(paths.names(exact), paths.children(exact), strict=True)
        known = {name.lower(): child for name, child in pairs}
        others = dict(renamed(said.fields, found.fields))
        old = {others.get(c.name.lower(), c.name.lower()): c for c in said.fields}
        made = []
        for column in found.fields:
            was = old.get(column.name.lower())
            if was is None:
                made.append(pa.field(column.name, _arrow(column.shape)))
                continue
            child = known[was.name.lower()]
            inner = self._type(f"{path}.{column.name}", child.type, was.shape, column.shape)
            is_same = was.name.lower() == column.name.lower()
            made.append((child if is_same else child.with_name(column.name)).with_type(inner))
        return paths.with_children(exact, made)

    def _options(self) -> dict[str, Any]:
        """What else of the definition the table says."""
        parameters, definition = self.entry.parameters, self.before.definition
        kept = {
            name: parameters[name] for name in definition.table_properties if name in parameters
        }
        said: dict[str, Any] = {"table_properties": kept}
        words = parameters.get("comment") or None
        if words != definition.description:
            said["description"] = words
        if self.metadata is not None:
            said["partition_by"] = _partitions(self.metadata)
        return said


def _partitions(metadata: TableMetadata) -> tuple[Partition, ...]:
    schema, found = metadata.schema(), []
    for field in metadata.spec().fields:
        match = _TRANSFORM.fullmatch(str(field.transform))
        column = schema.find_column_name(field.source_id)
        if match is None or column is None or column not in {f.name for f in schema.fields}:
            raise MigrationError(f"a group has no partitions by {field.transform} of {column!r}.")
        if match[1] != "void":
            found.append(Partition(column, match[1], int(match[2]) if match[2] else None))
    return tuple(found)


def _ordered(schema: pa.Schema, found: Sequence[str]) -> pa.Schema:
    """The columns in the order of the table, those that are in folders where they were."""
    order = iter(found)
    names = [next(order) if name in found else name for name in schema.names]
    return pa.schema([schema.field(name) for name in names], schema.metadata)


def _arrow(found: Shape) -> pa.DataType:
    """The Arrow type of a column that fsql did not know.

    Raises:
        UnsupportedType: fsql could not store what the column holds.
    """
    inner = [pa.field(column.name, _arrow(column.shape)) for column in found.fields]
    if found.kind == "struct":
        return pa.struct(inner)
    if found.kind == "array":
        return pa.list_(inner[0].type)
    if found.kind == "map":
        return pa.map_(inner[0].type, inner[1].type)
    type_ = parse_type(found.text)
    if shape(hive_type(storage_type(type_))) != found:
        raise UnsupportedType(f"A column of type {found.text} is nothing that fsql writes.")
    return type_
