"""What became of a group over time: who changed what, and how two states of it differ."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pyiceberg.schema import Schema

from fsql.catalog import Catalog, Entry
from fsql.errors import MigrationError, NotAFeatureGroup
from fsql.formats.snapshots import snapshots_of
from fsql.migration.looking import drift
from fsql.migration.making import records
from fsql.migration.making.records import Record
from fsql.migration.model import paths
from fsql.migration.model.changes import RenameColumn
from fsql.migration.model.comparing import apart
from fsql.migration.model.evolving import evolved
from fsql.migration.model.state import State
from fsql.migration.model.wording import words
from fsql.naming import GroupName

__all__ = ["Diff", "History", "diff", "history"]

NOW = ("now", "current")
_HEADER = ("revision", "", "Glue version", "schema", "when (UTC)", "by", "what")
_GROUP_VERSION = re.compile(r"v\d{4}")
_GLUE_VERSION = re.compile(r"v?(\d+)")
_SHOWN = 12


@dataclass(frozen=True)
class History:
    """The changes of a group's table by migrations; printing it gives a table.

    Attributes:
        table: its name.
        records: one for each change, oldest first.
        version_id: Glue's version of the table now; what writes data makes versions too.
        drift: what was changed by hand, in words.
    """

    table: str
    records: tuple[Record, ...]
    version_id: str | None
    drift: tuple[str, ...] = ()

    def __str__(self) -> str:
        now = f"{self.table} is at Glue version {self.version_id}."
        rows = [_HEADER, *map(_row, self.records)]
        lines = _aligned(rows) if self.records else [f"No migration has changed {self.table}."]
        by_hand = [f"changed by hand: {words}" for words in self.drift]
        return "\n".join([*lines, now, *by_hand])


def _row(record: Record) -> tuple[str, ...]:
    before = "" if record.before is None else f"{record.before} → "
    when = dt.datetime.fromisoformat(record.at).astimezone(dt.UTC)
    return (
        record.revision or "-",
        record.direction,
        f"{before}{record.made}",
        "" if record.schema is None else str(record.schema),
        f"{when:%Y-%m-%d %H:%M:%S}",
        record.by,
        record.what + (", with the values it had" if record.restored else ""),
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (map(str.ljust, row, widths) for row in rows)
    return ["  ".join(cells).rstrip() for cells in padded]


@dataclass(frozen=True)
class Diff:
    """How two states of a group differ; printing it gives a line for each difference.

    Attributes:
        table: the group's name.
        before, after: what is compared, in words.
        lines: what makes the later of the earlier, in words; empty if nothing differs.
    """

    table: str
    before: str
    after: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        head = f"{self.table}, from {self.before} to {self.after}:"
        return "\n".join([head, *(f"  {line}" for line in self.lines or ("nothing differs",))])


def history(entry: Entry) -> History:
    """The changes of a feature group's table."""
    found = records.read(entry.parameters)
    return History(entry.name, found, entry.version_id, tuple(drift.differences(entry)))


def diff(catalog: Catalog, entry: Entry, before: str, after: str) -> Diff:
    """How a group differs between two versions of its table in Glue, or between two of its own.

    Args:
        entry: the group's table, of any of its versions.
        before, after: Glue's versions, such as ``v3`` or ``3``, and ``now`` for the current one;
            or both a group's, of ``v`` and four digits, such as ``v0001``.

    Raises:
        MigrationError: it is no version, or Glue has it no longer; those it has are named.
        TableNotFound, NotAFeatureGroup: there is no such version of the group.
    """
    given = [text.strip().lower() for text in (before, after)]
    if all(_GROUP_VERSION.fullmatch(text) for text in given):
        return _between_groups(catalog, entry, *given)
    versions = _Versions(catalog, entry)
    (one, first), (other, second) = map(versions.find, given)
    renamed = _renames(catalog, entry, versions.schema(first), versions.schema(second))
    lines = _lines(versions.state(one), versions.state(other), renamed)
    return Diff(entry.name, f"Glue version {first}", f"Glue version {second}", tuple(lines))


def _between_groups(catalog: Catalog, entry: Entry, before: str, after: str) -> Diff:
    name = GroupName.parse(entry.name)
    tables = [replace(name, version=version).table for version in (before, after)]
    one, other = (_state(catalog.get(table, entry.database)) for table in tables)
    same = replace(other.definition, name=one.definition.name)
    lines = _lines(one, replace(other, definition=same), [])
    return Diff(name.view, before, after, tuple(lines))


def _state(entry: Entry) -> State:
    if entry.group is None:
        raise NotAFeatureGroup(entry.name, entry.database)
    return State.of(entry.group)


class _Versions:
    """The states of one table."""

    def __init__(self, catalog: Catalog, entry: Entry) -> None:
        self._glue, self._entry = catalog.glue, entry
        found = records.read(entry.parameters)
        # Glue counts a table that was brought back from 0 again.
        first = max((at for at, one in enumerate(found) if one.before is None), default=0)
        self._records = found[first:]

    def find(self, text: str) -> tuple[Entry, int]:
        """The table as it was at a version, and the version's number.

        Writes of data make versions that Glue does not keep; only migrations change what a group
        is, and each keeps the version that it started from.
        """
        number = self._number(text)
        later = (int(r.before) for r in self._records if r.before is not None)
        next_change = next((version for version in later if version >= number), None)
        entry = self._archived(number)
        if entry is None:
            entry = self._entry if next_change is None else self._archived(next_change)
        return entry or self._gone(number), number

    def _number(self, text: str) -> int:
        now = int(self._entry.version_id or 0)
        if text in NOW:
            return now
        match = _GLUE_VERSION.fullmatch(text)
        if match is None or int(match[1]) > now:
            raise MigrationError(
                f"{text!r} is no version of {self._entry.name}. Expected one of Glue's from v0 to"
                f" v{now}, 'now', or two of the group's own, such as v0001 and v0002.",
                self._entry.name,
            )
        return int(match[1])

    def _archived(self, number: int) -> Entry | None:
        name, database = self._entry.name, self._entry.database
        if number == int(self._entry.version_id or 0):
            return self._entry
        try:
            found = self._glue.get_table_version(
                DatabaseName=database, TableName=name, VersionId=str(number)
            )
        except self._glue.exceptions.EntityNotFoundException:
            return None
        return Entry(found["TableVersion"]["Table"])

    def _gone(self, number: int) -> Entry:
        raise MigrationError(
            f"Glue has version {number} of {self._entry.name} no longer. Expected one of"
            f" {', '.join(self._known())}, or 'now'.",
            self._entry.name,
        )

    def _known(self) -> list[str]:
        pages = self._glue.get_paginator("get_table_versions").paginate(
            DatabaseName=self._entry.database, TableName=self._entry.name
        )
        found = [version["VersionId"] for page in pages for version in page["TableVersions"]]
        more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        return [f"v{version}" for version in found[:_SHOWN]] + more

    def state(self, entry: Entry) -> State:
        """A version's state.

        Raises:
            MigrationError: it is no feature group at that version.
        """
        if entry.group is None:
            raise MigrationError(
                f"{entry.name} is no feature group at Glue version {entry.version_id}.", entry.name
            )
        return State.of(entry.group)

    def schema(self, number: int) -> int | None:
        """The id of the Iceberg schema at a version; None if no record says it."""
        found = [r.schema for r in self._records if int(r.made) <= number]
        return found[-1] if found else None


def _renames(
    catalog: Catalog, entry: Entry, before: int | None, after: int | None
) -> list[tuple[str, str]]:
    """Paths of fields that have another name in a later Iceberg schema, with that name.

    The paths are those that the fields have once the ones before in the list are renamed.
    """
    if before is None or after is None or entry.metadata_location is None:
        return []
    metadata = snapshots_of(catalog).metadata(entry.metadata_location)
    schemas = {schema.schema_id: schema for schema in metadata.schemas}
    if not {before, after} <= schemas.keys():
        return []
    return list(_renamed(schemas[before], schemas[after]))


def _renamed(before: Schema, after: Schema) -> Iterator[tuple[str, str]]:
    old, new = _paths(before), _paths(after)
    for id_, path in sorted(new.items(), key=lambda item: item[1].count(".")):
        if id_ in old:
            parent, _, name = path.rpartition(".")
            was = old[id_].rpartition(".")[2]
            if was != name:
                yield f"{parent}.{was}" if parent else was, name


def _paths(schema: Schema) -> Mapping[int, str]:
    return {id_: schema.find_column_name(id_) or "" for id_ in sorted(schema.field_ids)}


def _lines(before: State, after: State, renamed: Sequence[tuple[str, str]]) -> list[str]:
    table, found = before.table, list[str]()
    for path, to in renamed:
        state = _after_rename(before, RenameColumn(table, path, to))
        if state is not None:
            found.append(words(RenameColumn(table, path, to)))
            before = state
    one, other = before.definition.table_format, after.definition.table_format
    if one != other:
        found.append(f"keeps its files as {other} does instead of {one}")
    return [*found, *(words(change, before) for change in apart(before, after))]


def _after_rename(before: State, change: RenameColumn) -> State | None:
    """None where the names do not allow it, as of two columns that have changed theirs."""
    if paths.find(before.schema, change.path) is None:
        return None
    free = replace(before, definition=replace(before.definition, table_format="iceberg"))
    try:
        state = evolved(change, free)
    except MigrationError:
        return None
    if state is None:
        return None
    same = replace(state.definition, table_format=before.definition.table_format)
    return replace(state, definition=same)
