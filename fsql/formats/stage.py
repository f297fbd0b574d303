"""Rows put beside a table for one statement to take from."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyiceberg.exceptions import TableAlreadyExistsError

from fsql.catalog import Catalog, Entry
from fsql.errors import CommitConflict
from fsql.formats.fields import iceberg_columns
from fsql.formats.iceberg import PROPERTIES, drop
from fsql.formats.table_write import TableWrite

__all__ = ["STAGE", "stage", "stage_name"]

STAGE = "fsql_stage_"  # what the names of staged tables start with


def stage_name(work: str) -> str:
    """What the staged table of a piece of work is called, the same for the same work only."""
    return f"{STAGE}{hashlib.sha256(work.encode()).hexdigest()[:32]}"


@contextmanager
def stage(
    catalog: Catalog, entry: Entry, schema: pa.Schema, name: str | None = None
) -> Iterator[TableWrite]:
    """A new table in the database of another, gone with its files when the block is left.

    An Iceberg table, since Athena reads the times of a Hive table in milliseconds only. A process
    that is killed leaves it behind.

    Args:
        schema: of the rows, in their storage types.
        name: one by which it is found again, so that it stays unless the block fails.

    Raises:
        CommitConflict: another process has made a table of that name just now.
    """
    made = name or stage_name(uuid.uuid4().hex)
    staged = _created(catalog, entry, schema, made)
    try:
        with TableWrite(catalog, staged, schema) as write:
            yield write
    except BaseException:
        drop(catalog, staged, purge=True)
        raise
    if name is None:
        drop(catalog, staged, purge=True)


def _created(catalog: Catalog, entry: Entry, schema: pa.Schema, name: str) -> Entry:
    staging = catalog.aws.staging or f"{(entry.location or '').rstrip('/')}_stage/"
    try:
        catalog.iceberg.create_table(
            (entry.database, name),
            iceberg_columns(schema, {}),
            location=f"{staging}stage/{name}",
            properties=dict(PROPERTIES),
        )
    except TableAlreadyExistsError as error:
        raise CommitConflict(
            f"Another process stages rows for {entry.name!r} with the same token at this moment;"
            " nothing was written. Wait for it, and repeat the write."
        ) from error
    return catalog.get(name, entry.database)
