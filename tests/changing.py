"""A store whose groups are changed one step after the other, and looked at by everybody."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import schema_to_pyarrow

import fsql
from fsql.catalog import Catalog, Entry, StorageIO
from fsql.columns import holds
from fsql.migration.looking.drift import differences
from fsql.migration.making import records
from fsql.migration.making.migrator import Migrator, Options
from fsql.migration.model.changes import Change, CreateGroup
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from fsql.types import Struct, Timestamp, storage_type

__all__ = ["HIVE", "ICEBERG", "Lab", "declared", "frame"]

ICEBERG, HIVE = "lab_weather_station_v0001", "lab_weather_post_v0001"


def declared(table: str = ICEBERG, **options: Any) -> fsql.FeatureGroup:
    """A group of hourly weather."""
    client, app, entity, version = table.split("_")
    given = {"keys": ["origin"], "event_time": "time_hour", **options}
    return fsql.FeatureGroup(
        client,
        app,
        entity,
        version,
        sa.MetaData(),
        sa.Column("origin", sa.String),
        sa.Column("time_hour", Timestamp("ms", "UTC")),
        sa.Column("temp", sa.Double, comment="degrees Fahrenheit"),
        sa.Column("seats", sa.Integer),
        sa.Column("wind", Struct(dir=sa.Double, speed=sa.Double)),
        **given,
    )


def frame(*origins: str, month: int = 1) -> pa.Table:
    """Rows of that group, numbered from 1."""
    numbers = range(1, len(origins) + 1)
    return pa.table(
        {
            "origin": list(origins),
            "time_hour": pd.to_datetime([f"2013-{month:02}-{n:02}" for n in numbers], utc=True),
            "temp": [float(n) for n in numbers],
            "seats": pa.array([10 * n for n in numbers], pa.int32()),
            "wind": [{"dir": float(n), "speed": 2.0 * n} for n in numbers],
        }
    )


class _Stock(GlueCatalog):
    """pyiceberg's own catalog, with the embedded store's files under it."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__("stock", client=catalog.aws.client("glue"))
        self._storage = catalog.storage

    def _load_file_io(self, properties: Any = None, location: str | None = None) -> FileIO:
        return StorageIO(self._storage)


class Lab:
    """A store, and the runs of revisions on it.

    Attributes:
        folder: in which the store's folder is.
        number: of the next step in the current run.
    """

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self.url = url or f"fsql:///{folder / 'store'}"
        self.store = fsql.FeatureStore(self.url)
        self.engine = self.store.engine
        self.catalog = self.store.catalog
        self.migrator = Migrator(self.engine)
        self._name, self._runs, self.number = uuid.uuid4().hex, 0, 0
        self._last = ("", "")

    def copy(self, folder: Path) -> Lab:
        """One with the same store in another folder."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Lab(folder)

    def begin(self, revision: str, direction: str, name: str) -> None:
        """Begin the run of this name, which others may have been at before."""
        self._last, self._name, self._runs, self.number = (revision, direction), name, 0, 0

    def may(self, **options: bool) -> None:
        """Go on with other options."""
        self.migrator = Migrator(self.engine, Options(**options))

    def run(self, *changes: Change, revision: str = "r1", direction: str = "up") -> None:
        """Make changes as steps of a revision; another revision or direction is another run."""
        if (revision, direction) != self._last:
            self._last, self._runs, self.number = (revision, direction), self._runs + 1, 0
        for change in changes:
            self.migrator.run(change, self.step())
            self.number += 1

    def step(self) -> Step:
        """The next step."""
        revision, direction = self._last
        return Step(revision, direction, self.number, f"{self._name}-{self._runs}")

    def create(self, group: fsql.FeatureGroup, *frames: pa.Table, **options: Any) -> None:
        """Make a group by a step of a revision of its own, and write to it."""
        self.run(CreateGroup(State.of(group), **options), revision="r0")
        for rows in frames:
            self.store.write(group.name, rows)

    def entry(self, table: str = ICEBERG) -> Entry:
        """A table as Glue has it."""
        return self.catalog.get(table)

    def state(self, table: str = ICEBERG) -> State:
        """A group as it is stored."""
        group = self.entry(table).group
        assert group is not None
        return State.of(group)

    def read(self, sql: str) -> list[dict[str, Any]]:
        """A query's rows, the same by both ways of reading, in the order of their texts."""
        found = [
            fsql.read_arrow(sql, self.engine, transport=transport)
            for transport in ("engine", "auto")
        ]
        assert found[0].schema.equals(found[1].schema)
        rows = [sorted(one.to_pylist(), key=repr) for one in found]
        assert rows[0] == rows[1]
        return rows[0]

    def values(self, column: str, table: str = ICEBERG) -> dict[str, Any]:
        """A column's values by origin."""
        rows = self.read(f"SELECT origin, {column} AS value FROM {table}")
        return {row["origin"]: row["value"] for row in rows}

    def history(self, table: str = ICEBERG) -> list[records.Record]:
        """What was done to a table."""
        return list(records.read(self.entry(table).parameters))

    def agrees(self, table: str = ICEBERG) -> None:
        """Make sure that Glue, Iceberg and fsql say the same of a table.

        pyiceberg reads by a catalog of its own, over plain boto3.
        """
        glue = self.catalog.aws.client("glue")
        raw = glue.get_table(DatabaseName=self.catalog.aws.database, Name=table)["Table"]
        entry = Entry(raw)
        assert entry.group is not None
        exact = entry.group.arrow_schema
        assert differences(entry) == []
        if entry.is_iceberg:
            self._iceberg_agrees(table, raw, exact)
        listed = [name for name, _ in entry.columns if name not in ("y", "m", "d", "h")]
        assert sorted(listed) == sorted(exact.names)
        said = self.history(table)
        assert said[-1].made is not None
        assert int(said[-1].made) <= int(raw["VersionId"])
        for record in said:
            if record.before is not None:
                assert int(record.made) == int(record.before) + 1

    def _iceberg_agrees(self, table: str, raw: dict[str, Any], exact: pa.Schema) -> None:
        loaded = _Stock(self.catalog).load_table((self.catalog.aws.database, table))
        assert raw["Parameters"]["metadata_location"] == loaded.metadata_location
        for name, text in loaded.properties.items():
            assert raw["Parameters"].get(name) == text, name
        stored = schema_to_pyarrow(loaded.schema(), include_field_ids=False)
        assert stored.names == exact.names
        for field in exact:
            plain = storage_type(stored.field(field.name).type)
            assert holds(plain, needed=storage_type(field.type)), field
        current = [
            column
            for column in raw["StorageDescriptor"]["Columns"]
            if column["Parameters"]["iceberg.field.current"] == "true"
        ]
        assert [column["Name"] for column in current] == exact.names
        ids = [column["Parameters"]["iceberg.field.id"] for column in current]
        assert ids == [str(field.field_id) for field in loaded.schema().fields]
        comments = json.loads(raw["Parameters"].get("fsql.comments", "{}"))
        assert {c["Name"]: c["Comment"] for c in current if c.get("Comment")} == comments
        assert {f.name: f.doc for f in loaded.schema().fields if f.doc} == comments
