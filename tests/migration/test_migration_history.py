"""Who changed a group, and how two versions of it differ."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import fsql
from fsql import formats
from fsql.cli import main
from fsql.definition import Partition
from fsql.errors import MigrationError, TableNotFound
from fsql.migration.looking.drift import differences
from fsql.migration.making.migrator import Migrator
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    Change,
    CreateGroup,
    DropColumn,
    MoveColumn,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from tests.migrating import readings

NAMES = {"iceberg": "lab_history_readings_v0001", "hive": "lab_history_folders_v0001"}
READINGS = NAMES["iceberg"]


def declared(table_format: str = "iceberg", version: str = "v0001") -> fsql.FeatureGroup:
    table = NAMES[table_format].replace("v0001", version)
    return readings(table, table_format=table_format, partition_by=(), description=None)


class Lab:
    """A store whose groups are made and changed by revisions."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = fsql.FeatureStore(url)
        self._migrator, self._revision = Migrator(self.store.engine), len(NAMES)

    def fill(self) -> None:
        self._revision = 0
        for table_format in NAMES:
            self.run(CreateGroup(State.of(declared(table_format))))

    def run(self, *changes: Change, direction: str = "up") -> None:
        """One revision."""
        self._revision += 1
        name = f"r{self._revision}"
        for number, change in enumerate(changes):
            self._migrator.run(change, Step(name, direction, number, f"run of {name}"))

    def write(self, table_format: str = "iceberg") -> None:
        group = self.store.describe(NAMES[table_format]).group
        rows = pa.table({"k": [1], "t": pa.array([0], pa.timestamp("ms"))})
        schema = group.arrow_schema
        full = [
            rows[f.name] if f.name in rows.schema.names else pa.nulls(1, f.type) for f in schema
        ]
        self.store.write(group, pa.table(full, schema))

    def lines(self, before: Any, after: Any) -> tuple[str, ...]:
        return self.store.diff(READINGS, str(before), str(after)).lines

    @property
    def version(self) -> int:
        return int(self.store.history(READINGS).version_id or 0)

    def said(self, *arguments: str) -> str:
        result = CliRunner().invoke(main, [*arguments, "--url", self.url])
        assert result.exit_code == 0, result.output
        return result.output


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history") / "store"
    Lab(f"fsql:///{folder}").fill()
    return folder


@pytest.fixture
def lab(filled: Path, tmp_path: Path) -> Lab:
    shutil.copytree(filled, tmp_path / "store")
    return Lab(f"fsql:///{tmp_path}/store")


def test_each_step_is_in_the_history(lab: Lab) -> None:
    gust = AddColumn(READINGS, "wind.gust", pa.field("gust", pa.float64()))
    lab.write()
    lab.run(gust, RenameColumn(READINGS, "temp", "temperature"))
    lab.write()
    lab.run(AlterColumn(READINGS, "seats", type=pa.int64()))
    history = lab.store.history(READINGS)
    created, added, renamed, widened = history.records
    assert created.what == f"creates {READINGS} with 5 columns"
    assert (created.before, created.made, created.schema) == (None, "0", 0)
    assert (added.revision, added.direction, added.number) == ("r3", "up", 0)
    assert added.what == "adds wind.gust double"
    assert added.before == str(int(added.made) - 1)
    assert renamed.what == "renames temp to temperature"
    assert renamed.before == added.made
    assert widened.what == "widens seats from int32 to int64"
    assert int(str(widened.before)) > int(renamed.made)  # the write made a version too
    assert widened.made == history.version_id
    assert [record.schema for record in history.records] == [0, 1, 2, 3]
    assert history.drift == ()
    for record in history.records:
        age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(record.at)
        assert dt.timedelta(0) <= age < dt.timedelta(minutes=5)
        assert "arn:aws:" in record.by


def test_a_hive_group_has_a_history_too(lab: Lab) -> None:
    lab.run(AddColumn(NAMES["hive"], "gust", pa.field("gust", pa.float64())))
    created, added = lab.store.history("lab_history_folders").records
    assert (created.made, added.before, added.made) == ("0", "0", "1")
    assert added.schema is None
    diff = lab.store.diff("lab_history_folders", "v0", "v1")
    assert diff.lines == ("adds gust double",)


def test_what_was_changed_by_hand_is_told_with_it(lab: Lab) -> None:
    with lab.store.engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {READINGS} ADD COLUMNS (gust double)")
    history = lab.store.history(READINGS)
    assert history.drift == ("column gust double is new",)
    assert "changed by hand: column gust double is new" in str(history)


def test_history_on_the_command_line(lab: Lab) -> None:
    lab.run(AddColumn(READINGS, "gust", pa.field("gust", pa.float64())))
    head, created, added, now = lab.said("history", READINGS).splitlines()
    assert head.split("  ")[0] == "revision"
    assert f"creates {READINGS} with 5 columns" in created
    assert "0 → 1" in added
    assert added.endswith("adds gust double")
    assert added.startswith("r3")
    assert now == f"{READINGS} is at Glue version 1."


def test_a_group_that_no_migration_changed(lab: Lab) -> None:
    fg = fsql.FeatureGroup(
        "a", "b", "c", "v0001", sa.MetaData(), sa.Column("k", sa.Integer), keys=["k"]
    )
    lab.store.create(fg)
    assert lab.said("history", "a_b_c").splitlines() == [
        "No migration has changed a_b_c_v0001.",
        "a_b_c_v0001 is at Glue version 0.",
    ]


CHANGES: list[tuple[Change, str]] = [
    (AddColumn(READINGS, "gust", pa.field("gust", pa.float64())), "adds gust double"),
    (RenameColumn(READINGS, "wind.speed", "kmh"), "renames wind.speed to kmh"),
    (DropColumn(READINGS, "temp"), "drops temp"),
    (AlterColumn(READINGS, "seats", type=pa.int64()), "widens seats from int32 to int64"),
    (AlterGroup(READINGS, {"owner": "ann"}), "changes owner from nothing to ann"),
    (MoveColumn(READINGS, "seats", "k"), "moves seats behind k"),
]


def test_differences_between_glue_versions(lab: Lab) -> None:
    made = [lab.version]
    for change, words in CHANGES:
        lab.run(change)
        lab.write()
        made.append(lab.version)
        assert lab.lines(made[-2], made[-1]) == (words,)
        assert lab.lines(f"v{made[-2]}", "now") == (words,)
    for (_, words), before, after in zip(CHANGES, made, made[1:], strict=False):
        assert lab.lines(before, after) == (words,)
        assert lab.lines(after, after) == ()
    assert len(lab.lines(made[0], "now")) == len(CHANGES)
    assert lab.lines(made[2], made[1]) == ("renames wind.kmh to speed",)
    assert lab.lines(made[3], made[2]) == ("adds temp double", "moves temp behind t")


def test_partitions_differ(lab: Lab) -> None:
    lab.run(SetPartitioning(READINGS, (Partition.parse("day(t)"),)))
    assert lab.lines(0, 1) == ("partitions by day(t) instead of nothing",)


def test_versions_of_a_group_differ(lab: Lab) -> None:
    second = declared(version="v0002")
    second.append_column(sa.Column("gust", sa.Double))
    lab.store.create(fsql.FeatureGroup.from_properties(second.name, second.properties))
    for name in ("lab_history_readings", READINGS):
        diff = lab.store.diff(name, "v0001", "v0002")
        assert diff.lines == ("adds gust double",)
    assert lab.said("diff", "lab_history_readings", "v0002", "v0001").splitlines() == [
        "lab_history_readings, from v0002 to v0001:",
        "  drops gust",
    ]
    with pytest.raises(TableNotFound, match="v0003"):
        lab.store.diff(READINGS, "v0001", "v0003")


@pytest.mark.parametrize("text", ["v9", "-1", "latest", "", "v00001", "1.5"])
def test_no_version(lab: Lab, text: str) -> None:
    with pytest.raises(MigrationError, match=r"no version of .*Expected one of Glue's from v0 to"):
        lab.store.diff(READINGS, "0", text)


def test_a_version_that_glue_has_no_longer(lab: Lab) -> None:
    for change, _ in CHANGES[:3]:
        lab.run(change)
    glue, database = lab.store.catalog.glue, lab.store.catalog.aws.database
    glue.delete_table_version(DatabaseName=database, TableName=READINGS, VersionId="1")
    with pytest.raises(MigrationError, match=r"version 1 of .* no longer. Expected one of v3, v2"):
        lab.lines(1, 2)


@pytest.mark.parametrize("table_format", NAMES)
def test_the_version_of_the_data_tells_of_every_migration(lab: Lab, table_format: str) -> None:
    """What is cached or kept of a group's rows is taken for old after each of them."""
    name, catalog = NAMES[table_format], lab.store.catalog
    lab.write(table_format)
    changes = [change for change, _ in CHANGES]
    if table_format == "hive":
        changes = [
            AddColumn(name, "gust", pa.field("gust", pa.float64())),
            AlterColumn(name, "temp", comment="kelvin"),
            AlterGroup(name, {"owner": "ann"}),
        ]
    seen = {formats.version(catalog, catalog.get(name))}
    for done, change in enumerate(changes, 2):
        lab.run(change)
        seen.add(formats.version(catalog, catalog.get(name)))
        assert len(seen) == done
        assert differences(catalog.get(name)) == []
