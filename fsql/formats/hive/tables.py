"""Feature groups as Hive-style tables in Glue, made and dropped.

The table reads its files by manifests, as AWS documents it for the Parquet files of S3
Inventory (https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-athena-query.html):
what a partition consists of is said by one object, which one PUT replaces.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from fsql.catalog import MANIFESTS, Catalog, Entry
from fsql.errors import TableExists, TableNotFound
from fsql.formats.hive.layout import Layout
from fsql.formats.locations import location_of
from fsql.model import FeatureGroup
from fsql.typetext import hive_type

__all__ = ["STORAGE", "create", "describe_group", "drop", "input_of"]

_HIVE = "org.apache.hadoop.hive.ql.io"
STORAGE: Mapping[str, Any] = {
    "InputFormat": f"{_HIVE}.SymlinkTextInputFormat",
    "OutputFormat": f"{_HIVE}.HiveIgnoreKeyTextOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": f"{_HIVE}.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}


def create(catalog: Catalog, group: FeatureGroup, extra: Mapping[str, str] | None = None) -> None:
    """Make an empty Hive-style table for a group.

    Args:
        extra: further parameters.

    Raises:
        TableExists: a table or view of that name is there.
        ConfigError: neither the URL nor the database says where tables go.
    """
    database = group.schema or catalog.aws.database
    location = _free(catalog, location_of(catalog, database, group.name))
    made = input_of(group, location)
    made["Parameters"] |= extra or {}
    try:
        catalog.glue.create_table(DatabaseName=database, TableInput=made)
    except catalog.glue.exceptions.AlreadyExistsException as error:
        raise TableExists(group.name, database) from error


def describe_group(catalog: Catalog, group: FeatureGroup) -> None:
    """Store a group's definition and layout beside a table that SQL has just made."""
    entry = catalog.get(group.name, group.schema)
    location = _free(catalog, str(entry.location).rstrip("/"))
    catalog.glue.update_table(DatabaseName=entry.database, TableInput=input_of(group, location))


def _free(catalog: Catalog, location: str) -> str:
    """A place like another one, without the files of a table that was dropped and left them."""
    if not catalog.storage.list(f"{location}/{MANIFESTS}"):
        return location
    return f"{location}_{uuid.uuid4().hex[:8]}"


def input_of(group: FeatureGroup, location: str) -> dict[str, Any]:
    """A group's table as Glue takes it.

    Args:
        location: the folder of its files, without a slash at the end.
    """
    layout, words = Layout(group), group.definition.description
    keys = pa.schema([(key.name, key.type) for key in layout.keys])
    made: dict[str, Any] = {
        "Name": group.name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            **group.definition.table_properties,
            **({"comment": words} if words else {}),
            **group.properties,
        },
        "StorageDescriptor": {
            **STORAGE,
            "Location": f"{location}/{MANIFESTS}",
            "Columns": list(_columns(layout.files, group)),
        },
        "PartitionKeys": list(_columns(keys, group)),
    }
    return made | ({"Description": words} if words else {})


def _columns(schema: pa.Schema, group: FeatureGroup) -> Iterable[dict[str, str]]:
    for field in schema:
        column = {"Name": field.name, "Type": hive_type(field.type)}
        declared = group.columns.get(field.name)
        if declared is not None and declared.comment:
            column["Comment"] = declared.comment
        yield column


def drop(catalog: Catalog, entry: Entry, *, purge: bool) -> None:
    """Take a table out of the catalog, its partitions with it.

    Args:
        purge: delete its files too; else they stay.
    """
    try:
        catalog.glue.delete_table(DatabaseName=entry.database, Name=entry.name)
    except catalog.glue.exceptions.EntityNotFoundException as error:
        raise TableNotFound(entry.name, entry.database) from error
    if purge:
        catalog.storage.delete_prefix(f"{entry.location}/")
