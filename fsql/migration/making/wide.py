"""Columns that are stored in a wider type than their exact one needs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.types import IcebergType, ListType, MapType, StructType

from fsql.formats.fields import iceberg_columns
from fsql.migration.looking.drift import WIDER_PROPERTY

__all__ = ["WIDER_PROPERTY", "wider_text"]


def wider_text(schema: Schema, storage: pa.Schema) -> str | None:
    """The property that names them, with their types in Hive's words; None if there are none.

    Args:
        schema: the table's.
        storage: what the exact types need.
    """
    needed = iceberg_columns(storage, {}).as_struct()
    found = dict(_wider("", schema.as_struct(), needed))
    return json.dumps(found) if found else None


def _wider(path: str, stored: IcebergType, needed: IcebergType) -> Iterator[tuple[str, str]]:
    if isinstance(stored, StructType) and isinstance(needed, StructType):
        there = {field.name: field.field_type for field in stored.fields}
        dot = "." if path else ""
        for field in needed.fields:
            yield from _wider(f"{path}{dot}{field.name}", there[field.name], field.field_type)
    elif isinstance(stored, ListType) and isinstance(needed, ListType):
        yield from _wider(f"{path}.element", stored.element_type, needed.element_type)
    elif isinstance(stored, MapType) and isinstance(needed, MapType):
        yield from _wider(f"{path}.value", stored.value_type, needed.value_type)
    elif stored != needed:
        yield path, _HIVE.get(str(stored), str(stored).replace(" ", ""))


_HIVE = {"long": "bigint"}
