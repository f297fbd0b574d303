"""Feature groups as Iceberg tables in the Glue catalog, made, grown and dropped.

pyiceberg keeps the metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.sorting import (
    UNSORTED_SORT_ORDER,
    NullOrder,
    SortDirection,
    SortField,
    SortOrder,
)
from pyiceberg.transforms import IdentityTransform

from fsql.catalog import Catalog, Entry
from fsql.errors import StorageError, TableExists, TableNotFound
from fsql.formats.fields import iceberg_schema
from fsql.formats.locations import location_of
from fsql.formats.partitions import partition_spec
from fsql.model import FeatureGroup

__all__ = ["create", "describe_group", "drop", "load", "properties_of", "sort_order"]

PROPERTIES: Mapping[str, str] = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # Many small appends would else leave as many manifests to plan every read with.
    "commit.manifest-merge.enabled": "true",
    "write.metadata.delete-after-commit.enabled": "true",
}


def create(catalog: Catalog, group: FeatureGroup, extra: Mapping[str, str] | None = None) -> None:
    """Make an empty Iceberg table of format version 2 for a group.

    Args:
        extra: further properties.

    Raises:
        TableExists: a table or view of that name is there.
        ConfigError: neither the URL nor the database says where tables go.
        StorageError: its first metadata file cannot be written.
    """
    database = group.schema or catalog.aws.database
    schema = iceberg_schema(group)
    try:
        catalog.iceberg.create_table(
            (database, group.name),
            schema,
            location=location_of(catalog, database, group.name),
            partition_spec=partition_spec(group.definition.partition_by, schema),
            sort_order=sort_order(group.definition.sort_by, schema),
            properties={**properties_of(group), **(extra or {})},
        )
    except TableAlreadyExistsError as error:
        raise TableExists(group.name, database) from error
    except OSError as error:
        raise StorageError(f"The metadata of {group.name!r} cannot be written: {error}") from error


def properties_of(group: FeatureGroup) -> dict[str, str]:
    """What a group's table says of it, and how its files are written."""
    # Trino and Athena read a table's comment from this property, Glue from the other one.
    comment = group.definition.description
    words = {"comment": comment, "Description": comment} if comment else {}
    return {**PROPERTIES, **group.definition.table_properties, **words, **group.properties}


def sort_order(columns: Iterable[str], schema: Schema) -> SortOrder:
    """The columns by which rows are sorted as Iceberg's sort order: ascending, NULLs last."""
    fields = [
        SortField(
            source_id=schema.find_field(column).field_id,
            transform=IdentityTransform(),
            direction=SortDirection.ASC,
            null_order=NullOrder.NULLS_LAST,
        )
        for column in columns
    ]
    return SortOrder(*fields) if fields else UNSORTED_SORT_ORDER


def describe_group(catalog: Catalog, group: FeatureGroup) -> None:
    """Store a group's definition and exact schema beside a table that SQL has just made."""
    table = load(catalog, group.name, group.schema or catalog.aws.database)
    with table.transaction() as transaction:
        transaction.set_properties(properties_of(group) | {"format-version": "2"})
        if group.definition.sort_by:
            with transaction.update_sort_order() as order:
                for column in group.definition.sort_by:
                    order.asc(column, IdentityTransform(), NullOrder.NULLS_LAST)


def drop(catalog: Catalog, entry: Entry, *, purge: bool) -> None:
    """Take a table out of the catalog.

    Args:
        purge: delete its files too; else they stay, and the table can be registered again.
    """
    try:
        catalog.iceberg.drop_table((entry.database, entry.name))
    except NoSuchTableError as error:
        raise TableNotFound(entry.name, entry.database) from error
    if purge and entry.location:
        catalog.storage.delete_prefix(entry.location.rstrip("/") + "/")


def load(catalog: Catalog, name: str, database: str) -> Table:
    """The table as it is now, for pyiceberg.

    Raises:
        TableNotFound: there is none.
    """
    try:
        return catalog.iceberg.load_table((database, name))
    except NoSuchTableError as error:
        raise TableNotFound(name, database) from error
