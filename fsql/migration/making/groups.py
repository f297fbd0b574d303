"""Groups made and dropped by migrations: what is dropped is kept, and comes back.

A dropped group's files stay where they are. What Glue said of it is written beside them, the
version view notes where, and only then does the table leave the catalog. Making the group again by
the same revision in the other direction puts that entry back.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from fsql import deletes, formats
from fsql.catalog import Catalog, Entry
from fsql.errors import MigrationError, TableExists
from fsql.formats.hive.manifests import Manifests
from fsql.formats.hive.registering import register as register_partitions
from fsql.formats.locations import KEPT
from fsql.lifecycle import views
from fsql.lifecycle.views import RELEASED_PROPERTY
from fsql.migration.making import records
from fsql.migration.making.iceberg_commits import register as register_iceberg
from fsql.migration.making.kept import KeptGroup, kept_groups, now, undone
from fsql.migration.model.changes import CreateGroup, DropGroup
from fsql.migration.model.evolving import evolved
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from fsql.migration.model.wording import words
from fsql.migration.runtime.revisions import Revisions, Stored

__all__ = ["create", "drop", "forget"]

# Of GetTable's answer what CreateTable takes: glue/latest/webapi/API_TableInput.html
_INPUT = frozenset(
    {
        "Name",
        "Description",
        "Owner",
        "LastAccessTime",
        "LastAnalyzedTime",
        "Retention",
        "StorageDescriptor",
        "PartitionKeys",
        "ViewOriginalText",
        "ViewExpandedText",
        "TableType",
        "Parameters",
        "TargetTable",
    }
)
_TABLE, _DELETES = "table", "deletes"


def create(catalog: Catalog, revisions: Revisions, change: CreateGroup, step: Step) -> str:
    """Make a group's table, or bring back the one that the step's other direction dropped.

    Returns:
        The database that it is in.

    Raises:
        TableExists: a table or view of that name, or a table of the view's, is there.
        MigrationError, ConfigError, StorageError: it cannot be made.
    """
    evolved(change, None)
    database = catalog.ensure_database(change.database)
    group = change.state.group(database=database)
    views.check_free(catalog, group.view_name, database)
    existing = catalog.find(group.name, database)
    kept = _kept(catalog, revisions, change.state, database, step)
    if existing is not None and not records.is_done(existing, step):
        raise TableExists(group.name, database, "Drop it first, or declare a new version.")
    if kept is not None:
        _bring_back(catalog, revisions, kept, change, step)
    elif existing is None:
        deletes.drop(catalog, database, group.name, purge=False)  # of a table that SQL has dropped
        note = records.record(catalog, None, step, words(change), _first_schema(change.state))
        formats.create(catalog, group, _noted({}, note, change.released))
    return database


def _first_schema(state: State) -> int | None:
    return None if state.definition.table_format == "hive" else 0


def _noted(parameters: Mapping[str, str], note: records.Record, released: bool) -> dict[str, str]:
    said = {records.HISTORY_PROPERTY: records.appended(parameters, note)}
    return said if released else {**said, RELEASED_PROPERTY: "false"}


def _kept(
    catalog: Catalog, revisions: Revisions, state: State, database: str, step: Step
) -> KeptGroup | None:
    """The dropped group that is to come back: the other direction's, if it is as declared now."""
    for kept in reversed(kept_groups(revisions.load())):
        if (kept.table, kept.database) != (state.table, database):
            continue
        if undone(kept.revision, kept.direction, step) and _state(catalog, kept) == state:
            return kept
    return None


def _state(catalog: Catalog, kept: KeptGroup) -> State | None:
    """What it was; None if a purge has begun to delete it."""
    try:
        entry = _entry(_read(catalog, kept)[_TABLE], kept.database)
    except catalog.aws.client("s3").exceptions.NoSuchKey:
        return None
    return None if entry.group is None else State.of(entry.group)


def _entry(table_input: Mapping[str, Any], database: str) -> Entry:
    return Entry({**table_input, "DatabaseName": database})


def _read(catalog: Catalog, kept: KeptGroup) -> dict[str, Any]:
    bucket, _, key = kept.file.removeprefix("s3://").partition("/")
    found = catalog.aws.client("s3").get_object(Bucket=bucket, Key=key)
    plain: dict[str, Any] = json.loads(found["Body"].read())
    return plain


def _bring_back(
    catalog: Catalog, revisions: Revisions, kept: KeptGroup, change: CreateGroup, step: Step
) -> None:
    """Put a dropped group back, each part as far as it is missing, and forget that it was kept."""
    said = _read(catalog, kept)
    if catalog.find(kept.table, kept.database) is None:
        _put_back(catalog, kept, said[_TABLE], change, step)
    entry = catalog.get(kept.table, kept.database)
    if entry.is_hive_group:
        manifests = Manifests(catalog, entry)
        found = [one.texts for one in manifests.listed()]
        register_partitions(catalog, entry, manifests.layout, found)
    if said[_DELETES] is not None and deletes.find(catalog, entry) is None:
        deletes.drop(catalog, kept.database, kept.table, purge=False)
        catalog.glue.create_table(DatabaseName=kept.database, TableInput=said[_DELETES])
    forget(revisions, kept)
    catalog.storage.delete([kept.file])


def forget(revisions: Revisions, kept: KeptGroup) -> None:
    """Take a dropped group out of the version view."""

    def without(stored: Stored) -> dict[str, Any]:
        left = tuple(one for one in stored.kept if one["file"] != kept.file)
        return {} if len(left) == len(stored.kept) else {"kept": left}

    revisions.edit(without)


def _put_back(
    catalog: Catalog,
    kept: KeptGroup,
    table: Mapping[str, Any],
    change: CreateGroup,
    step: Step,
) -> None:
    entry = _entry(table, kept.database)
    note = records.record(catalog, None, step, f"brings back {kept.table}", None, restored=True)

    def noted(schema_id: int | None) -> dict[str, str | None]:
        record = replace(note, schema=schema_id)
        text = records.appended(entry.parameters, record)
        released = None if change.released else "false"
        return {records.HISTORY_PROPERTY: text, RELEASED_PROPERTY: released}

    if not entry.is_hive_group:
        register_iceberg(catalog, entry, noted)
        return
    parameters = {**entry.parameters, **noted(None)}
    said = {name: value for name, value in parameters.items() if value is not None}
    wanted = {**table, "Parameters": said}
    catalog.glue.create_table(DatabaseName=kept.database, TableInput=wanted)


def drop(catalog: Catalog, revisions: Revisions, change: DropGroup, step: Step) -> str:
    """Take a group's table out of the catalog; its files, and what Glue said of it, stay.

    Its view must have let go of it.

    Returns:
        The database that it was in.

    Raises:
        TableNotFound, NotAFeatureGroup: there is no such group.
    """
    database = change.database or catalog.aws.database
    if catalog.find(change.group, database) is None and _is_dropped(revisions, step):
        deletes.drop(catalog, database, change.group, purge=False)
        return database
    entry = catalog.get(change.group, database)
    if entry.group is None:
        raise MigrationError(f"{entry.name!r} is no feature group; it stays.", entry.name)
    while True:
        kept = _keep(catalog, entry, step)
        _note(revisions, kept)
        latest = catalog.get(entry.name, database)
        if latest.version_id == entry.version_id:
            break
        entry = latest  # somebody has written to it
    formats.drop(catalog, entry, purge=False)
    deletes.drop(catalog, database, entry.name, purge=False)
    return database


def _is_dropped(revisions: Revisions, step: Step) -> bool:
    return any(kept.is_of(step) for kept in kept_groups(revisions.load()))


def _keep(catalog: Catalog, entry: Entry, step: Step) -> KeptGroup:
    """Write what Glue says of a table, and of its tombstones, beside its files."""
    stones = deletes.find(catalog, entry)
    said = {
        _TABLE: _input(entry),
        _DELETES: None if stones is None else _input(stones.entry),
    }
    location = str(entry.location).rstrip("/")
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{step.run} {step.number} {entry.glue['CreateTime']}")
    uri = f"{location}/{KEPT}{name}.json"
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    catalog.aws.client("s3").put_object(
        Bucket=bucket, Key=key, Body=json.dumps(said, default=str).encode()
    )
    return KeptGroup(
        entry.name,
        entry.database,
        location,
        step.revision,
        step.direction,
        step.run,
        step.number,
        uri,
        now(),
    )


def _input(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in entry.glue.items() if name in _INPUT}


def _note(revisions: Revisions, kept: KeptGroup) -> None:
    def with_it(stored: Stored) -> dict[str, Any]:
        if any(one["file"] == kept.file for one in stored.kept):
            return {}
        return {"kept": (*stored.kept, asdict(kept))}

    revisions.edit(with_it)
