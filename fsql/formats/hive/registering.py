"""Partitions put into Glue, so that Athena looks for their manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fsql.catalog import MANIFESTS, Catalog, Entry
from fsql.errors import StorageError, TableNotFound
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.layout import Layout
from fsql.formats.hive.tables import STORAGE
from fsql.hivekeys import NULL_FOLDER

__all__ = ["register", "registered"]

AT_ONCE = 100  # glue/latest/webapi/API_BatchCreatePartition.html


def register(catalog: Catalog, entry: Entry, layout: Layout, partitions: Sequence[Texts]) -> None:
    """Put partitions into Glue; those that it has already stay as they are.

    Raises:
        TableNotFound: the table was dropped meanwhile.
        StorageError: Glue refused one.
    """
    if not layout.keys:
        return
    for start in range(0, len(partitions), AT_ONCE):
        batch = partitions[start : start + AT_ONCE]
        _create(catalog.glue, entry, [_input(entry, layout, texts) for texts in batch])


def registered(catalog: Catalog, entry: Entry) -> Iterator[tuple[list[str], str]]:
    """The values and the place of each partition that Glue has, in pages of 1,000.

    fsql changes neither; Athena's ``ALTER TABLE`` and other clients of Glue's can.
    """
    if not entry.glue.get("PartitionKeys"):
        return
    pages = catalog.glue.get_paginator("get_partitions").paginate(
        DatabaseName=entry.database, TableName=entry.name, ExcludeColumnSchema=True
    )
    for page in pages:
        for found in page["Partitions"]:
            yield found["Values"], found["StorageDescriptor"]["Location"]


def _input(entry: Entry, layout: Layout, texts: Texts) -> dict[str, Any]:
    location = f"{entry.location}/{MANIFESTS}{layout.folder(texts)}"
    columns = entry.glue["StorageDescriptor"]["Columns"]
    return {
        "Values": [NULL_FOLDER if text is None else text for text in texts],
        "StorageDescriptor": {**STORAGE, "Columns": columns, "Location": location},
    }


def _create(glue: Any, entry: Entry, inputs: Sequence[Mapping[str, Any]]) -> None:
    try:
        answer = glue.batch_create_partition(
            DatabaseName=entry.database, TableName=entry.name, PartitionInputList=inputs
        )
    except glue.exceptions.EntityNotFoundException as error:
        raise TableNotFound(entry.name, entry.database) from error
    for failure in answer.get("Errors", ()):
        detail = failure["ErrorDetail"]
        if detail["ErrorCode"] != "AlreadyExistsException":
            raise StorageError(
                f"Glue refused partition {failure['PartitionValues']} of {entry.name!r}; nothing"
                f" was written: {detail.get('ErrorMessage') or detail['ErrorCode']}"
            )
