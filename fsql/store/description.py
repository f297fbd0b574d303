"""What is known of a feature group, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pandas as pd

from fsql.catalog import Catalog, Entry
from fsql.formats import Totals, totals
from fsql.model import FeatureGroup
from fsql.store.lifecycle import Found
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
        totals: rows, files, bytes and the snapshot they are those of.
        version_id: Glue's version of the table.
    """

    group: FeatureGroup
    database: str
    location: str | None
    columns: tuple[ColumnDescription, ...]
    totals: Totals
    version_id: str | None

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
        yield "rows", f"{totals.rows:,}"
        yield "files", f"{totals.files:,}, {_size(totals.bytes)}"
        yield "snapshot", _snapshot(totals)
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
    return Description(
        group=group,
        database=entry.database,
        location=entry.location,
        columns=tuple(_columns(entry, group)),
        totals=totals(catalog, entry),
        version_id=entry.version_id,
    )


def _columns(entry: Entry, group: FeatureGroup) -> Iterator[ColumnDescription]:
    listed = entry.glue.get("StorageDescriptor", {}).get("Columns", ())
    comments = {column["Name"]: column.get("Comment", "") for column in listed}
    for field in group.arrow_schema:
        yield ColumnDescription(
            column=field.name,
            type=str(field.type),
            engine_type=trino_type(storage_type(field.type)),
            role=_role(group, field.name),
            nullable=field.nullable,
            comment=comments.get(field.name, ""),
        )


def _role(group: FeatureGroup, column: str) -> str:
    if column in group.keys:
        return "key"
    return {group.event_time: "event time", group.created_time: "created time"}.get(column, "")


def _size(nbytes: int) -> str:
    size = float(nbytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def _snapshot(totals: Totals) -> str:
    if totals.snapshot_id is None or totals.written is None:
        return "none"
    return f"{totals.snapshot_id}, {totals.written:%Y-%m-%d %H:%M:%S} UTC"
