"""A table that belongs to another and lies beside it."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from pyiceberg.exceptions import TableAlreadyExistsError

from fsql.catalog import Catalog, Entry
from fsql.errors import StorageError
from fsql.formats.fields import iceberg_columns
from fsql.formats.iceberg import PROPERTIES

__all__ = ["create_beside"]


def create_beside(
    catalog: Catalog,
    entry: Entry,
    suffix: str,
    schema: pa.Schema,
    properties: Mapping[str, str],
    docs: Mapping[str, str | None],
) -> Entry:
    """An Iceberg table with the name and the place of another, and a suffix; maybe it is there.

    Beside and not below: what tidies a table's location up knows nothing of other tables in it.

    Args:
        schema: its columns in storage types.
        docs: words on them.

    Raises:
        StorageError: its first metadata file cannot be written.
    """
    name = entry.name + suffix
    place = (entry.location or "").rstrip("/")
    try:
        catalog.iceberg.create_table(
            (entry.database, name),
            iceberg_columns(schema, docs),
            location=f"{place}{suffix}",
            properties={**PROPERTIES, **properties},
        )
    except TableAlreadyExistsError:  # somebody else was first
        pass
    except OSError as error:
        raise StorageError(f"The metadata of {name!r} cannot be written: {error}") from error
    return catalog.get(name, entry.database)
