"""Columns that a table has no more, but that older partition specs of it were made of.

Manifests tell bounds of partition values in their types; pyiceberg looks for these in the present
schema only, and fails once the column is dropped.
"""

from __future__ import annotations

from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.types import NestedField

__all__ = ["with_sources"]


def with_sources(metadata: TableMetadata) -> Schema:
    """The present schema, and behind it the sources of older partition fields."""
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
