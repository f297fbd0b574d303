"""Rows put beside a table for one statement to take from."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from fsql.catalog import Catalog, Entry
from fsql.formats.fields import iceberg_columns
from fsql.formats.iceberg import PROPERTIES, drop
from fsql.formats.table_write import TableWrite

__all__ = ["STAGE", "stage"]

STAGE = "fsql_stage_"  # what the names of staged tables start with


@contextmanager
def stage(catalog: Catalog, entry: Entry, schema: pa.Schema) -> Iterator[TableWrite]:
    """A new table in the database of another, gone with its files when the block is left.

    An Iceberg table, since Athena reads the times of a Hive table in milliseconds only. A process
    that is killed leaves it behind.

    Args:
        schema: of the rows, in their storage types.
    """
    name = f"{STAGE}{uuid.uuid4().hex}"
    staging = catalog.aws.staging or f"{(entry.location or '').rstrip('/')}_stage/"
    catalog.iceberg.create_table(
        (entry.database, name),
        iceberg_columns(schema, {}),
        location=f"{staging}stage/{name}",
        properties=dict(PROPERTIES),
    )
    staged = catalog.get(name, entry.database)
    try:
        with TableWrite(catalog, staged, schema) as write:
            yield write
    finally:
        drop(catalog, staged, purge=True)
