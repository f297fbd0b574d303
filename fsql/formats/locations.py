"""Where new tables go."""

from __future__ import annotations

import uuid

from fsql.catalog import Catalog
from fsql.errors import ConfigError

__all__ = ["KEPT", "location_of"]

KEPT = "_fsql_kept/"
"""Below a table's location: what it takes to bring it back once it was dropped."""


def location_of(catalog: Catalog, database: str, table: str) -> str:
    """The place of a new table: below its database's location, or the warehouse.

    Where a table was dropped whose files are kept, the place is another one.

    Raises:
        ConfigError: neither the URL nor the database says where tables go.
    """
    place = _place(catalog, database, table)
    kept = catalog.storage.list(f"{place}/{KEPT}")
    return f"{place}_{uuid.uuid4().hex[:8]}" if kept else place


def _place(catalog: Catalog, database: str, table: str) -> str:
    found = catalog.glue.get_database(Name=database)["Database"].get("LocationUri")
    if found:
        return f"{found.rstrip('/')}/{table}"
    if catalog.aws.warehouse is None:
        raise ConfigError(
            f"Nothing says where the files of {table!r} go: database {database!r} has no location"
            " and the URL no warehouse. Add warehouse=s3://bucket/prefix/ to the URL."
        )
    return f"{catalog.aws.warehouse}{database}/{table}"
