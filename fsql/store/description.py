"""What is known of a feature group, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pandas as pd
import pyarrow as pa

from fsql import deletes
from fsql.catalog import Catalog, Entry
from fsql.formats import Totals, totals
from fsql.lifecycle import Found
from fsql.model import FeatureGroup
from fsql.types import storage_type
from fsql.typetext import trino_type

__all__ = ["ColumnDescription", "Description", "describe"]


@dataclass(frozen=True)
class ColumnDescription:
    """One column: its exact Arrow type, what Athena calls it, and what it is for."""

    column: str
    type: str
    engine_type: str
    role: str
    nullable: bool
    comment: str


@dataclass(frozen=True, repr=False)
class Description:
    """A feature group as it is now; printing it gives a readable page.

    Attributes:
        group: the declaration.
        database, location: where it is.
        columns: one record for each.
        totals: rows, files, bytes, and the snapshot that they are those of where there is one.
        version_id: Glue's version of the table.
        tombstones: how many deletes of keys its table of tombstones holds.
    """

    group: FeatureGroup
    database: str
    location: str | None
    columns: tuple[ColumnDescription, ...]
    totals: Totals
    version_id: str | None
    tombstones: int = 0

    def to_frame(self) -> pd.DataFrame:
        """The columns, one in each row."""
        return pd.DataFrame([asdict(column) for column in self.columns])

    def __str__(self) -> str:
        facts = [(name, value) for name, value in self._facts() if value]
        width = max(len(name) for name, _ in facts)
        lines = [f"{name:{width}}  {value}" for name, value in facts]
        return "\n".join([f"{self.database}.{self.group.name}", *lines, "", self._table()])

    __repr__ = __str__

    def _facts(self) -> Iterator[tuple[str, str]]:
        definition, totals = self.group.definition, self.totals
        yield "description", definition.description or ""
        yield "owner", definition.owner or ""
        yield "tags", ", ".join(f"{k}={v}" for k, v in definition.tags.items())
        yield "view", self.group.view_name
        yield "keys", ", ".join(definition.keys)
        yield "event time", definition.event_time or "none"
        yield "created time", definition.created_time or "none"
        yield "ttl", "" if definition.ttl is None else str(definition.ttl)
        yield "partitions", ", ".join(map(str, definition.partition_by)) or "none"
        yield "sorted by", ", ".join(definition.sort_by)
        yield "format", definition.table_format
        yield "properties", ", ".join(f"{k}={v}" for k, v in definition.table_properties.items())
        yield (
            "compatibility",
            "" if definition.compatibility == "none" else definition.compatibility,
        )
        yield "rows", f"{totals.rows:,}"
        yield "deletes", _deletes(self.tombstones, self.group)
        yield "files", f"{totals.files:,}, {_size(totals.bytes)}"
        yield "snapshot", _snapshot(totals)
        yield "written", _written(totals)
        yield "location", self.location or ""
        yield "version id", self.version_id or ""

    def _table(self) -> str:
        frame = self.to_frame()
        frame["nullable"] = frame["nullable"].map({True: "", False: "NOT NULL"})
        used = frame.loc[:, (frame != "").any()]
        rows = [list(used.columns), *used.itertuples(index=False)]
        widths = [max(len(str(row[i])) for row in rows) for i in range(len(used.columns))]
        return "\n".join(
            "  ".join(f"{value:{width}}" for value, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )


def describe(catalog: Catalog, found: Found) -> Description:
    """Describe a group from the catalog and its current snapshot."""
    entry, group = found.entry, found.group
    deleted = deletes.find(catalog, entry)
    return Description(
        group=group,
        database=entry.database,
        location=entry.location,
        columns=tuple(_columns(entry, group)),
        totals=totals(catalog, entry),
        version_id=entry.version_id,
        tombstones=0 if deleted is None else totals(catalog, deleted.entry).rows,
    )


def _columns(entry: Entry, group: FeatureGroup) -> Iterator[ColumnDescription]:
    listed = entry.glue.get("StorageDescriptor", {}).get("Columns", ())
    keys = entry.glue.get("PartitionKeys", ())
    comments = {column["Name"]: column.get("Comment", "") for column in (*listed, *keys)}
    for field in group.arrow_schema:
        yield ColumnDescription(
            column=field.name,
            type=str(field.type),
            engine_type=_engine_type(entry, field.type),
            role=_role(group, field.name),
            nullable=field.nullable,
            comment=comments.get(field.name, ""),
        )


def _engine_type(entry: Entry, exact: pa.DataType) -> str:
    type_ = trino_type(storage_type(exact))
    # Athena reads Hive tables' times in milliseconds, nested ones too.
    return type_.replace("timestamp(6)", "timestamp(3)") if entry.is_hive_group else type_


def _role(group: FeatureGroup, column: str) -> str:
    if column in group.keys:
        return "key"
    return {group.event_time: "event time", group.created_time: "created time"}.get(column, "")


def _deletes(tombstones: int, group: FeatureGroup) -> str:
    count = f"{tombstones:,} tombstone{'' if tombstones == 1 else 's'}"
    return f"{count} in {group.name}{deletes.SUFFIX}" if tombstones else ""


def _size(nbytes: int) -> str:
    size = float(nbytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def _snapshot(totals: Totals) -> str:
    return "" if totals.snapshot_id is None else str(totals.snapshot_id)


def _written(totals: Totals) -> str:
    return "never" if totals.written is None else f"{totals.written:%Y-%m-%d %H:%M:%S} UTC"
