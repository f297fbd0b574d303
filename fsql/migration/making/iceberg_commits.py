"""Commits to an Iceberg table by one UpdateTable, or CreateTable, of exactly what was looked at."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.update import (
    AddSchemaUpdate,
    AssertTableUUID,
    RemovePropertiesUpdate,
    RemoveSnapshotRefUpdate,
    SetCurrentSchemaUpdate,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableUpdate,
)

from fsql.catalog import Catalog, Entry
from fsql.errors import MigrationConflict
from fsql.formats.iceberg import load

__all__ = [
    "CONFLICTS",
    "Extras",
    "Overtaken",
    "commit",
    "load_as",
    "patiently",
    "refs",
    "register",
    "set_properties",
    "set_schema",
    "sorted_out",
]

T = TypeVar("T")

ATTEMPTS = 12
CONFLICTS = frozenset({"ConcurrentModificationException", "VersionMismatchException"})


class Overtaken(Exception):
    """Somebody else has changed the table since it was looked at; nothing was written."""


@dataclass(frozen=True)
class Extras:
    """What a change writes beside the columns.

    Attributes:
        properties: to be set; those that are None are taken away.
        tags: snapshots that are to be kept, by the name of their tag.
        untagged: tags that go.
        loosely: the table may have further columns, that were added by hand.
    """

    properties: Mapping[str, str | None] = field(default_factory=dict)
    tags: Mapping[str, int] = field(default_factory=dict)
    untagged: tuple[str, ...] = ()
    loosely: bool = False


def load_as(catalog: Catalog, entry: Entry) -> Table:
    """The table as an entry describes it.

    Raises:
        Overtaken: it is another one by now.
        TableNotFound: it is gone.
    """
    table = load(catalog, entry.name, entry.database)
    if table.metadata_location != entry.metadata_location:
        raise Overtaken
    return table


def set_properties(catalog: Catalog, entry: Entry, table: Table, extras: Extras) -> None:
    """Change nothing but properties and tags.

    Raises:
        Overtaken: as `change_table`.
    """
    properties, removed = sorted_out(table.metadata, extras.properties)
    commit(catalog, entry, table, list(refs(extras)), properties, removed)


def set_schema(catalog: Catalog, entry: Entry, table: Table, schema: Schema) -> None:
    """Give a table that is no group other columns.

    Raises:
        Overtaken: as `commit`.
    """
    new = max(known.schema_id for known in table.metadata.schemas) + 1
    added = schema.model_copy(update={"schema_id": new})
    updates: list[TableUpdate] = [
        AddSchemaUpdate.model_validate({"schema": added}),
        SetCurrentSchemaUpdate.model_validate({"schema-id": new}),
    ]
    commit(catalog, entry, table, updates, {}, ())


def patiently(table: str, work: Callable[[], T]) -> T:
    """Do what others may be quicker than until they are not.

    Raises:
        MigrationConflict: they always were.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0.5, 1) * min(2.0, 0.05 * 2**attempt))
        with contextlib.suppress(Overtaken):
            return work()
    raise MigrationConflict(
        f"Other writers to {table!r} were quicker {ATTEMPTS} times over. Run the same command"
        " again; it goes on from here."
    )


def commit(
    catalog: Catalog,
    entry: Entry,
    table: Table,
    updates: list[TableUpdate],
    properties: Mapping[str, str],
    removed: Iterable[str],
) -> None:
    """Make updates to a table as it was looked at, all of them or none.

    Args:
        removed: properties that are taken away, from Glue's parameters as well.

    Raises:
        Overtaken: it is another one by now.
    """
    gone = [name for name in removed if name in table.metadata.properties]
    if properties:
        updates.append(SetPropertiesUpdate(updates=dict(properties)))
    if gone:
        updates.append(RemovePropertiesUpdate(removals=gone))
    glue = _Pinned(catalog.glue, str(entry.version_id), frozenset(removed))
    requirements = (AssertTableUUID(uuid=table.metadata.table_uuid),)
    try:
        catalog.iceberg_over(glue).commit_table(table, requirements, tuple(updates))
    except CommitFailedException as error:
        raise Overtaken from error
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in CONFLICTS:
            raise Overtaken from error
        raise


def register(
    catalog: Catalog, entry: Entry, noted: Callable[[int], Mapping[str, str | None]]
) -> None:
    """Put a dropped table back into the catalog, with further properties, in one CreateTable.

    Args:
        entry: what Glue said of it.
        noted: gives properties, told the id of its schema; those that are None are taken away.
    """
    glue = _Reviving(catalog.glue, entry)
    iceberg = catalog.iceberg_over(glue)
    table = iceberg.load_table((entry.database, entry.name))
    properties, removed = sorted_out(table.metadata, noted(table.metadata.current_schema_id))
    glue.removed = removed
    updates: list[TableUpdate] = [SetPropertiesUpdate(updates=properties)]
    gone = [name for name in removed if name in table.metadata.properties]
    if gone:
        updates.append(RemovePropertiesUpdate(removals=gone))
    iceberg.commit_table(table, (), tuple(updates))


class _Reviving:
    """A Glue client to which a dropped table is there, and that makes it by an update."""

    def __init__(self, glue: Any, entry: Entry) -> None:
        self._glue, self._entry = glue, entry
        self.removed: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._glue, name)

    def get_table(self, **request: Any) -> Any:
        """GetTable of what was kept."""
        return {"Table": {**self._entry.glue, "VersionId": "0"}}

    def update_table(self, **request: Any) -> Any:
        """CreateTable of what becomes of it."""
        given = request["TableInput"]
        kept = {k: v for k, v in given["Parameters"].items() if k not in self.removed}
        return self._glue.create_table(
            DatabaseName=request["DatabaseName"], TableInput={**given, "Parameters": kept}
        )


class _Pinned:
    """A Glue client that updates one version of a table only, archives it, and forgets parameters.

    pyiceberg would name the version that it finds, archives none, and leaves parameters in Glue
    that are no properties of the table any more.
    """

    def __init__(self, glue: Any, version: str, removed: frozenset[str]) -> None:
        self._glue, self._version, self._removed = glue, version, removed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._glue, name)

    def update_table(self, **request: Any) -> Any:
        """UpdateTable with this version's VersionId."""
        given = request["TableInput"]
        kept = {k: v for k, v in given["Parameters"].items() if k not in self._removed}
        wanted = {**given, "Parameters": kept}
        exact = {"TableInput": wanted, "VersionId": self._version, "SkipArchive": False}
        return self._glue.update_table(**{**request, **exact})


def refs(extras: Extras) -> Iterator[TableUpdate]:
    """Updates that set and remove tags."""
    for name, snapshot in extras.tags.items():
        tag = {"ref-name": name, "type": SnapshotRefType.TAG, "snapshot-id": snapshot}
        yield SetSnapshotRefUpdate.model_validate(tag)
    for name in extras.untagged:
        yield RemoveSnapshotRefUpdate.model_validate({"ref-name": name})


def sorted_out(
    metadata: TableMetadata, wanted: Mapping[str, str | None]
) -> tuple[dict[str, str], frozenset[str]]:
    """What has to be set, and what taken away."""
    there = metadata.properties
    setting = {k: v for k, v in wanted.items() if v is not None and there.get(k) != v}
    return setting, frozenset(name for name, value in wanted.items() if value is None)
