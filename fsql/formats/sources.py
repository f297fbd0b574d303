"""What older partition specs were made of, though the table has it no more.

A manifest tells the least and the greatest partition values of its files, in their types. pyiceberg
cannot write one once the column behind them is dropped, as it looks in the present schema only.
"""

from __future__ import annotations

from pyiceberg.schema import Schema
from pyiceberg.table import Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _MergeAppendFiles, _SnapshotProducer
from pyiceberg.types import NestedField

__all__ = ["WithSources", "appending", "with_sources"]


class WithSources(_SnapshotProducer):  # type: ignore[type-arg]
    """A snapshot whose manifests may be of older partition specs; a test pins the hook."""

    def schema(self) -> Schema:
        """The present schema with the sources of all partition fields."""
        return with_sources(self._transaction.table_metadata)


class _Append(WithSources, _MergeAppendFiles):
    """An append, which merges manifests once there are many."""


def appending(transaction: Transaction, note: dict[str, str]) -> _MergeAppendFiles:
    """The snapshot of a transaction that only adds files.

    Args:
        note: what its summary says beside pyiceberg's own.
    """
    io = transaction._table.io
    return _Append(Operation.APPEND, transaction, io, snapshot_properties=note)


def with_sources(metadata: TableMetadata) -> Schema:
    """The present schema, and behind it the columns that only older partition specs know."""
    schema = metadata.schema()
    sources = {field.source_id for spec in metadata.partition_specs for field in spec.fields}
    found = (_earlier(metadata, id_) for id_ in sorted(sources - schema.field_ids))
    gone = [field for field in found if field is not None]
    return Schema(*schema.fields, *gone, schema_id=schema.schema_id) if gone else schema


def _earlier(metadata: TableMetadata, id_: int) -> NestedField | None:
    """A field that was dropped, as it was last; its name may be another column's by now."""
    for schema in reversed(metadata.schemas):
        if id_ in schema.field_ids:
            field = schema.find_field(id_)
            return field.model_copy(update={"name": f"{field.name}_{id_}", "required": False})
    return None
