"""Where new tables go."""

from __future__ import annotations

from fsql.catalog import Catalog
from fsql.errors import ConfigError

__all__ = ["location_of"]


def location_of(catalog: Catalog, database: str, table: str) -> str:
    """The place of a new table: below its database's location, or the warehouse.

    Raises:
        ConfigError: neither the URL nor the database says where tables go.
    """
    found = catalog.glue.get_database(Name=database)["Database"].get("LocationUri")
    if found:
        return f"{found.rstrip('/')}/{table}"
    if catalog.aws.warehouse is None:
        raise ConfigError(
            f"Nothing says where the files of {table!r} go: database {database!r} has no location"
            " and the URL no warehouse. Add warehouse=s3://bucket/prefix/ to the URL."
        )
    return f"{catalog.aws.warehouse}{database}/{table}"
