"""A change of a Hive-style group: one UpdateTable of the version of the entry that was looked at.

Its Parquet files are read by name, so that a column added behind the others is NULL in files that
are there. Partitions have columns of their own in Glue, which Athena compares with the table's
(Amazon Athena User Guide, "Update tables with partitions"); they follow in a second step, and until
then lack the new column, as files do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from fsql.catalog import Catalog, Entry
from fsql.errors import MigrationError, StorageError
from fsql.formats.hive.tables import input_of
from fsql.migration.making import records
from fsql.migration.making.iceberg_commits import CONFLICTS, Overtaken
from fsql.migration.making.kept import (
    KEPT_PROPERTY,
    KeptColumn,
    kept_columns,
    kept_text,
    now,
    undone,
)
from fsql.migration.making.work import Work
from fsql.migration.model import paths
from fsql.migration.model.bearing import NEW_VERSION
from fsql.migration.model.changes import AddColumn, DropColumn
from fsql.migration.model.state import State
from fsql.types import storage_type
from fsql.typetext import hive_type

__all__ = ["alter", "sync_partitions", "table_input", "update_table"]

AT_ONCE = 100  # glue/latest/webapi/API_BatchUpdatePartition.html
_OWN = ("Owner", "Retention", "LastAccessTime", "LastAnalyzedTime")


def alter(catalog: Catalog, work: Work) -> None:
    """Make a change to a table, all of it in one update.

    Raises:
        Overtaken: somebody else has changed the table since; nothing was written.
        MigrationError: its files hold another column of that name.
    """
    entry = work.entry
    note = records.record(catalog, entry, work.step, work.said, None)
    history = {records.HISTORY_PROPERTY: records.appended(entry.parameters, note)}
    more = {**_kept(work), **history, **work.more}
    update_table(catalog, entry, table_input(entry, work.before, work.after, more))


def update_table(catalog: Catalog, entry: Entry, made: Mapping[str, Any]) -> None:
    """Put an entry in the place of the one that was looked at, which Glue archives.

    Raises:
        Overtaken: there is another one by now.
    """
    try:
        catalog.glue.update_table(
            DatabaseName=entry.database,
            TableInput=made,
            VersionId=entry.version_id,
            SkipArchive=False,
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in CONFLICTS:
            raise Overtaken from error
        raise


def table_input(
    entry: Entry, before: State, after: State, more: Mapping[str, str | None]
) -> dict[str, Any]:
    """An entry with another state's columns and properties in the place of one's."""
    location = str(entry.location)
    made = input_of(after.group(), location)
    gone = input_of(before.group(), location)["Parameters"].keys() - made["Parameters"].keys()
    others = {name: text for name, text in entry.parameters.items() if name not in gone}
    parameters = {**others, **made["Parameters"], **more}
    said = {name: text for name, text in parameters.items() if text is not None}
    own = {name: entry.glue[name] for name in _OWN if name in entry.glue}
    return {**own, **made, "Parameters": said}


def _kept(work: Work) -> dict[str, str | None]:
    """Columns that were dropped are still in the files, and come back with their name."""
    kept, change = kept_columns(work.entry.parameters), work.change
    if isinstance(change, DropColumn):
        return {KEPT_PROPERTY: kept_text([*kept, _dropped(work)])}
    if not isinstance(change, AddColumn):
        return {}
    same = [one for one in kept if one.path.lower() == change.path.lower()]
    for one in same:
        if not _is_back(one, work):
            raise MigrationError(
                f"{change.group!r}: the Parquet files still hold the values of a column"
                f" {one.path!r} that was dropped at {one.at}, and files are read by name. Give the"
                f" new column another name. {NEW_VERSION}",
                change.group,
                change.path,
            )
    return {KEPT_PROPERTY: kept_text(one for one in kept if one not in same)} if same else {}


def _dropped(work: Work) -> KeptColumn:
    path, step = paths.resolved(work.before.schema, work.change.path), work.step
    field = {"name": path, "type": _type(work.before, path)}
    return KeptColumn(path, field, step.revision, step.direction, None, None, now())


def _is_back(one: KeptColumn, work: Work) -> bool:
    """Whether what is added is what was dropped: by the same revision, and stored alike."""
    alike = one.field is None or one.field["type"] == _type(work.after, work.change.path)
    return alike and undone(one.revision, one.direction, work.step)


def _type(state: State, path: str) -> str:
    return hive_type(storage_type(paths.get(state.schema, path).type))


def sync_partitions(catalog: Catalog, entry: Entry) -> None:
    """Give partitions the columns that the table has.

    Raises:
        StorageError: Glue refused one.
    """
    columns = entry.glue["StorageDescriptor"]["Columns"]
    stale = [one for one in _partitions(catalog, entry) if _columns(one) != _said(columns)]
    for start in range(0, len(stale), AT_ONCE):
        batch = stale[start : start + AT_ONCE]
        answer = catalog.glue.batch_update_partition(
            DatabaseName=entry.database,
            TableName=entry.name,
            Entries=[_update(one, columns) for one in batch],
        )
        for failure in answer.get("Errors", ()):
            raise StorageError(
                f"Glue refused to give partition {failure['PartitionValueList']} of {entry.name!r}"
                f" the table's columns: {failure['ErrorDetail']}. Run the same command again."
            )


def _partitions(catalog: Catalog, entry: Entry) -> Iterator[Mapping[str, Any]]:
    if not entry.glue.get("PartitionKeys"):
        return
    pages = catalog.glue.get_paginator("get_partitions").paginate(
        DatabaseName=entry.database, TableName=entry.name
    )
    for page in pages:
        yield from page["Partitions"]


def _columns(partition: Mapping[str, Any]) -> list[tuple[str, str]]:
    return _said(partition["StorageDescriptor"].get("Columns", ()))


def _said(columns: Any) -> list[tuple[str, str]]:
    return [(column["Name"], column["Type"]) for column in columns]


def _update(partition: Mapping[str, Any], columns: Any) -> dict[str, Any]:
    descriptor = {**partition["StorageDescriptor"], "Columns": columns}
    made = {"Values": partition["Values"], "StorageDescriptor": descriptor}
    if partition.get("Parameters"):
        made["Parameters"] = partition["Parameters"]
    return {"PartitionValueList": partition["Values"], "PartitionInput": made}
