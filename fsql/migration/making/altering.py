"""One change of one Iceberg table: what its schema becomes, and what is noted beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import singledispatchmethod
from typing import Any

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import NestedField

from fsql.catalog import Catalog, Entry
from fsql.migration.making import iceberg_schema, records
from fsql.migration.making.filling import (
    PENDING_PROPERTY,
    Pending,
    default_sql,
    refill_sql,
    rewritten,
)
from fsql.migration.making.iceberg import change_table
from fsql.migration.making.iceberg_commits import Extras, load_as
from fsql.migration.making.kept import (
    KEPT_PROPERTY,
    KeptColumn,
    find_columns,
    kept_columns,
    kept_text,
    now,
)
from fsql.migration.making.wide import WIDER_PROPERTY, wider_text
from fsql.migration.making.work import Work
from fsql.migration.model import paths
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    DropColumn,
    MoveColumn,
    RenameColumn,
)
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from fsql.types import storage_type

__all__ = ["alter"]

TAG = "fsql-kept-"


def alter(catalog: Catalog, work: Work) -> None:
    """Make a change to a table, all of it in one update.

    Raises:
        Overtaken: somebody else has changed the table since; nothing was written.
        MigrationError: the table cannot hold it.
    """
    entry, before, after = work.entry, work.before, work.after
    table = load_as(catalog, entry)
    made = _Altering(entry, table, before, after, work.step).make(work.change)
    note = records.record(catalog, entry, work.step, work.said, None, restored=made.restored)

    def noted(schema_id: int) -> dict[str, str]:
        record = replace(note, schema=schema_id)
        return {records.HISTORY_PROPERTY: records.appended(entry.parameters, record)}

    wider = wider_text(made.schema, after.group().storage_schema)
    properties = {**made.extras.properties, WIDER_PROPERTY: wider, **work.more}
    extras = replace(made.extras, properties=properties, loosely=work.loosely)
    change_table(catalog, entry, table, made.schema, before, after, extras, noted)


@dataclass(frozen=True)
class _Made:
    schema: Schema
    extras: Extras = field(default_factory=Extras)
    restored: bool = False


@dataclass(frozen=True)
class _Altering:
    entry: Entry
    table: Table
    before: State
    after: State
    step: Step

    @property
    def _schema(self) -> Schema:
        return self.table.schema()

    def _doc(self, names: tuple[str, ...]) -> str | None:
        return self.after.comments.get(names[-1]) if len(names) == 1 else None

    @singledispatchmethod
    def make(self, change: Any) -> _Made:
        return _Made(self._schema)

    @make.register
    def _(self, change: AddColumn) -> _Made:
        path = paths.resolved(self.after.schema, change.path)
        stored = storage_type(change.field.type)
        for kept in find_columns(self.entry, path, self.step):
            back = NestedField.model_validate(kept.field)
            if iceberg_schema.can_hold(back, stored):  # else the revision was edited meanwhile
                return self._restored(path, kept, back, stored)
        names = paths.parts(path)
        last = self.table.metadata.last_column_id
        schema = iceberg_schema.added(self._schema, names, stored, self._doc(names), last)
        sql = default_sql(self.entry, self.after, change, path)
        return _Made(schema, Extras({PENDING_PROPERTY: self._pending(sql)}))

    def _pending(
        self, sql: str | None, tag: str | None = None, path: str | None = None
    ) -> str | None:
        if sql is None:
            return None
        return Pending(self.step.run, self.step.number, sql, tag, path).text

    def _restored(
        self, path: str, kept: KeptColumn, back: NestedField, stored: pa.DataType
    ) -> _Made:
        """The field with its ids, so that its values are back, but of files written anew since."""
        names = paths.parts(path)
        doc = {"doc": self._doc(names)}
        schema = iceberg_schema.appended(self._schema, names, back.model_copy(update=doc))
        schema = iceberg_schema.altered(schema, names, stored, self._doc(names))
        sql = None
        if kept.snapshot is not None and rewritten(self.table, kept.snapshot):
            sql = refill_sql(self.entry, self.table, self.after, path, kept)
        if sql is not None:
            return _Made(
                schema, Extras({PENDING_PROPERTY: self._pending(sql, kept.tag, path)}), True
            )
        left = [one for one in kept_columns(self.entry.parameters) if one != kept]
        gone = (kept.tag,) if kept.tag in self.table.refs() else ()
        properties = {KEPT_PROPERTY: kept_text(left)}
        return _Made(schema, Extras(properties, untagged=tuple(filter(None, gone))), restored=True)

    @make.register
    def _(self, change: DropColumn) -> _Made:
        path = paths.resolved(self.before.schema, change.path)
        names = paths.parts(path)
        gone = iceberg_schema.found(self._schema, names)
        snapshot = self.table.metadata.current_snapshot_id
        name = str(self.step).replace(":", "-") if self.step.revision else self.step.run
        tag = f"{TAG}{name}" if snapshot is not None else None
        kept = KeptColumn(
            path,
            json.loads(gone.model_dump_json()),
            self.step.revision,
            self.step.direction,
            snapshot,
            tag,
            now(),
        )
        text = kept_text([*kept_columns(self.entry.parameters), kept])
        tags = {tag: snapshot} if tag is not None and snapshot is not None else {}
        schema = iceberg_schema.removed(self._schema, names)
        return _Made(schema, Extras({KEPT_PROPERTY: text}, tags))

    @make.register
    def _(self, change: RenameColumn) -> _Made:
        names = paths.parts(paths.resolved(self.before.schema, change.path))
        return _Made(iceberg_schema.renamed(self._schema, names, change.to))

    @make.register
    def _(self, change: MoveColumn) -> _Made:
        names = paths.parts(paths.resolved(self.before.schema, change.path))
        after = change.after
        if after is not None:
            sibling = paths.dotted([*names[:-1], after])
            after = paths.parts(paths.resolved(self.before.schema, sibling))[-1]
        return _Made(iceberg_schema.moved(self._schema, names, after))

    @make.register
    def _(self, change: AlterColumn) -> _Made:
        path = paths.resolved(self.before.schema, change.path)
        names = paths.parts(path)
        stored = storage_type(paths.get(self.after.schema, path).type)
        return _Made(iceberg_schema.altered(self._schema, names, stored, self._doc(names)))
