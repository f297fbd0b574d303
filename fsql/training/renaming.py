"""Rows of an earlier snapshot under the columns of a later schema, as expressions in SQL.

Time travel shows a snapshot's rows as they were called and typed then. A migration makes no
snapshot, so that the newest one may be of an earlier schema than the table's. Iceberg's field ids
say which column is which (https://iceberg.apache.org/spec/#schema-evolution): what was renamed is
called anew, what was widened is cast, what has been added since is NULL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.types import IcebergType, ListType, MapType, NestedField, StructType

from fsql.training.expressions import record
from fsql.types import sqlalchemy_type, storage_type

__all__ = ["renamed"]

_Value = Any


def renamed(table: sa.Table, then: Schema, now: Schema, hint: str) -> sa.Subquery | None:
    """The columns of a table as its later schema has them; None where nothing differs.

    Args:
        table: with columns of the later schema; those that it lacks are asked for as they are.
        then: the schema in which the rows are shown.
        now: the later schema.
        hint: what stands behind the table's name, and says which rows.
    """
    wanted = {field.name: field for field in now.fields}
    old = {field.field_id: field for field in then.fields}
    chosen = [(column, wanted.get(column.name)) for column in table.columns]
    if all(field is None or old.get(field.field_id) == field for _, field in chosen):
        return None
    shown = _shown(table, then, [column.name for column, field in chosen if field is None])
    values = [_column(shown, column, field, old) for column, field in chosen]
    query = sa.select(*values).select_from(shown)
    return query.with_hint(shown, hint, "fsql").subquery(table.name)


def _shown(table: sa.Table, then: Schema, others: list[str]) -> sa.Table:
    """The table as it was."""
    stored = schema_to_pyarrow(then, include_field_ids=False)
    known = [sa.Column(f.name, sqlalchemy_type(storage_type(f.type))) for f in stored]
    more = [table.columns[name].type for name in others if name not in stored.names]
    names = [name for name in others if name not in stored.names]
    extra = [sa.Column(name, type_) for name, type_ in zip(names, more, strict=True)]
    return sa.Table(table.name, sa.MetaData(), *known, *extra, schema=table.schema)


def _column(
    shown: sa.Table, column: sa.Column[Any], field: NestedField | None, old: dict[int, NestedField]
) -> _Value:
    if field is None:
        return shown.columns[column.name]
    before = old.get(field.field_id)
    if before is None:
        return sa.cast(sa.null(), column.type).label(column.name)
    value = shown.columns[before.name]
    made = _value(value, before.field_type, field.field_type, 0)
    return sa.type_coerce(made, column.type).label(column.name)


def _value(value: _Value, then: IcebergType, now: IcebergType, depth: int) -> _Value:
    """A value in a later shape of its type."""
    if then == now:
        return value
    if isinstance(then, StructType) and isinstance(now, StructType):
        parts = dict(_parts(value, then, now, depth))
        return sa.case((value.is_not(None), record(parts)))
    if isinstance(then, ListType) and isinstance(now, ListType):
        item: _Value = sa.column(f"fsql_item{depth}", _type(then.element_type))
        made = _value(item, then.element_type, now.element_type, depth + 1)
        return sa.func.transform(value, item.op("->")(made), type_=_type(now))
    if isinstance(then, MapType) and isinstance(now, MapType):
        item = sa.column(f"fsql_item{depth}", _type(then.value_type))
        both: _Value = sa.literal_column(f"(fsql_key{depth}, {item.name})")
        made = _value(item, then.value_type, now.value_type, depth + 1)
        return sa.func.transform_values(value, both.op("->")(made), type_=_type(now))
    return sa.cast(value, _type(now))


def _parts(
    value: _Value, then: StructType, now: StructType, depth: int
) -> Iterator[tuple[str, _Value]]:
    old = {field.field_id: field for field in then.fields}
    for field in now.fields:
        before = old.get(field.field_id)
        type_ = _type(field.field_type)
        if before is None:
            yield field.name, sa.cast(sa.null(), type_)
        else:
            made = _value(value[before.name], before.field_type, field.field_type, depth)
            yield field.name, sa.type_coerce(made, type_)


def _type(type_: IcebergType) -> Any:
    field = NestedField(1, "value", type_, required=False)
    stored = schema_to_pyarrow(Schema(field), include_field_ids=False)
    return sqlalchemy_type(storage_type(stored.field(0).type))
