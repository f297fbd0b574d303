"""Tables that were changed by hand: refused, taken over, or gone on with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

import fsql
from fsql.cli import main
from fsql.errors import MigrationError, SchemaDrift
from fsql.migration.making.adopting import drifted
from fsql.migration.making.migrator import Migrator, Options
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    Change,
    CreateGroup,
    DropColumn,
    RenameColumn,
)
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from tests.migrating import readings

NAMES = {"iceberg": "lab_adopt_readings_v0001", "hive": "lab_adopt_folders_v0001"}
READINGS, FOLDERS = NAMES["iceberg"], NAMES["hive"]


def gust(table_format: str = "iceberg") -> AddColumn:
    return AddColumn(NAMES[table_format], "later", pa.field("later", pa.float64()))


class Lab:
    """A store with a row in each group."""

    def __init__(self, url: str) -> None:
        self.store = fsql.FeatureStore(url)
        self.catalog = self.store.catalog
        self._runs = len(NAMES)  # those that made the groups

    def fill(self) -> None:
        self._runs = 0
        for table_format, name in NAMES.items():
            group = readings(name, table_format=table_format)
            self.run(CreateGroup(State.of(group)))
            row = {"k": 1, "t": 0, "temp": 1.5, "seats": 3, "wind": {"dir": 1, "speed": 2.5}}
            columns = [pa.array([row[f.name]], f.type) for f in group.arrow_schema]
            self.store.write(group, pa.table(columns, group.arrow_schema))

    def run(self, change: Change, **options: bool) -> None:
        self._runs += 1
        step = Step(f"r{self._runs}", "up", 0, f"run {self._runs}")
        Migrator(self.store.engine, Options(**options)).run(change, step)

    def sql(self, statement: str) -> None:
        with self.store.engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def rows(self, table_format: str = "iceberg") -> list[dict[str, Any]]:
        sql = f"SELECT * FROM {NAMES[table_format]}"
        rows: list[dict[str, Any]] = fsql.read_arrow(sql, self.store.engine).to_pylist()
        return rows

    def state(self, table_format: str = "iceberg") -> State:
        group = self.catalog.get(NAMES[table_format]).group
        assert group is not None
        return State.of(group)

    def seen(self, table_format: str = "iceberg") -> list[str]:
        return drifted(self.catalog, self.catalog.get(NAMES[table_format]))

    def table(self) -> Any:
        return self.catalog.iceberg.load_table((self.catalog.aws.database, READINGS))

    def glue(self, table_format: str, change: Callable[[dict[str, Any]], Any]) -> None:
        given = dict(self.catalog.get(NAMES[table_format]).glue)
        names = ("Name", "Description", "TableType", "Parameters", "PartitionKeys")
        table = {n: given[n] for n in (*names, "StorageDescriptor") if n in given}
        change(table)
        self.catalog.glue.update_table(DatabaseName=given["DatabaseName"], TableInput=table)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adopting") / "store"
    Lab(f"fsql:///{folder}").fill()
    return folder


@pytest.fixture
def lab(filled: Path, tmp_path: Path) -> Lab:
    shutil.copytree(filled, tmp_path / "store")
    return Lab(f"fsql:///{tmp_path}/store")


BY_HAND = [
    "ADD COLUMNS (gust double)",
    "ADD COLUMNS (places array<struct<name:string,n:int>>)",
    "DROP COLUMN temp",
    "CHANGE COLUMN temp temperature double",
    "CHANGE COLUMN seats seats bigint",
    "CHANGE COLUMN wind wind struct<dir:bigint,speed:double,gust:float>",
    "CHANGE COLUMN wind wind struct<dir:int>",
    "CHANGE COLUMN seats seats int AFTER k",
    "CHANGE COLUMN k id bigint",
    "CHANGE COLUMN t since timestamp",
    "CHANGE COLUMN temp temp double COMMENT 'kelvin'",
]


@pytest.mark.parametrize("clause", BY_HAND)
def test_what_was_altered_by_hand_is_refused_and_then_adopted(lab: Lab, clause: str) -> None:
    lab.sql(f"ALTER TABLE {READINGS} {clause}")
    before, found = lab.state(), lab.seen()
    version = lab.catalog.get(READINGS).version_id
    with pytest.raises(SchemaDrift, match="changed by other means") as refused:
        lab.run(gust())
    assert all(words in str(refused.value) for words in found)
    assert lab.catalog.get(READINGS).version_id == version
    lab.run(gust(), adopt=True)
    assert lab.seen() == []
    assert lab.state() != before
    (row,) = lab.rows()
    assert list(row) == lab.state().schema.names
    assert row["later"] is None
    assert {row.get("k"), row.get("id")} == {1, None}
    created, adopted, added = lab.store.history(READINGS).records
    assert created.what.startswith("creates")
    assert adopted.what == f"adopts: {'; '.join(found)}"
    assert (adopted.revision, added.what) == (added.revision, "adds later double")
    assert added.before == adopted.made


def test_what_is_adopted_means_the_same_rows(lab: Lab) -> None:
    lab.sql(f"ALTER TABLE {READINGS} CHANGE COLUMN t since timestamp")
    lab.sql(f"ALTER TABLE {READINGS} CHANGE COLUMN wind wind struct<dir:bigint,speed:double>")
    lab.run(gust(), adopt=True)
    state = lab.state()
    assert state.definition.event_time == "since"
    assert [str(partition) for partition in state.definition.partition_by] == ["day(since)"]
    assert state.schema.field("since").type == pa.timestamp("ms")
    assert state.schema.field("wind").type == pa.struct({"dir": pa.int64(), "speed": pa.float64()})
    (row,) = lab.rows()
    assert row["wind"] == {"dir": 1, "speed": 2.5}
    group = lab.store.describe(READINGS).group
    full = [pa.nulls(1, f.type) if f.name == "later" else None for f in group.arrow_schema]
    row = {**row, "k": 2}
    columns = [
        given if given is not None else pa.array([row[f.name]], f.type)
        for given, f in zip(full, group.arrow_schema, strict=True)
    ]
    lab.store.write(group, pa.table(columns, group.arrow_schema))
    assert len(lab.rows()) == 2
    assert lab.seen() == []


def test_partitions_and_words_are_adopted(lab: Lab) -> None:
    with lab.table().update_spec() as update:
        update.add_identity("k")
    lab.glue("iceberg", lambda table: table["Parameters"].update({"comment": "mine"}))
    assert len(lab.seen()) == 2
    with pytest.raises(SchemaDrift, match="partitioned by day"):
        lab.run(gust())
    lab.run(gust(), adopt=True)
    assert lab.seen() == []
    definition = lab.state().definition
    assert [str(partition) for partition in definition.partition_by] == ["day(t)", "k"]
    assert definition.description == "mine"


def test_columns_of_glue_alone_are_made_those_of_iceberg(lab: Lab) -> None:
    def change(table: dict[str, Any]) -> None:
        table["StorageDescriptor"]["Columns"][3]["Type"] = "bigint"

    before = lab.state()
    lab.glue("iceberg", change)
    lab.run(gust(), adopt=True)
    assert lab.seen() == []
    assert lab.state().schema.field("seats") == before.schema.field("seats")


def test_parameters_that_glue_lost_come_back(lab: Lab) -> None:
    lab.glue("iceberg", lambda table: table["Parameters"].pop("fsql.schema"))
    with pytest.raises(SchemaDrift, match=r"parameter fsql\.schema is removed"):
        lab.run(gust())
    lab.run(gust(), adopt=True)
    assert lab.seen() == []
    assert lab.rows()[0]["temp"] == 1.5


@pytest.mark.parametrize(
    "clause",
    [
        "ADD COLUMNS (gust double)",
        "REPLACE COLUMNS (k bigint, t timestamp, seats int, wind struct<dir:int,speed:double>)",
        "CHANGE COLUMN temp temp double COMMENT 'kelvin'",
    ],
)
def test_a_hive_table_is_adopted(lab: Lab, clause: str) -> None:
    lab.sql(f"ALTER TABLE {FOLDERS} {clause}")
    found = lab.seen("hive")
    assert found
    with pytest.raises(SchemaDrift):
        lab.run(gust("hive"))
    lab.run(gust("hive"), adopt=True)
    assert lab.seen("hive") == []
    assert len(lab.rows("hive")) == 1
    adopted = lab.store.history(FOLDERS).records[-2]
    assert adopted.what == f"adopts: {'; '.join(found)}"


def test_what_cannot_be_adopted(lab: Lab) -> None:
    lab.sql(f"ALTER TABLE {READINGS} DROP COLUMN k")
    with pytest.raises(MigrationError, match="is a key") as refused:
        lab.run(gust(), adopt=True)
    assert "column k is gone" in str(refused.value)
    assert len(lab.store.history(READINGS).records) == 1


def test_folders_cannot_be_adopted(lab: Lab) -> None:
    lab.glue("hive", lambda table: table["PartitionKeys"].pop())
    with pytest.raises(MigrationError, match="folders of other partitions"):
        lab.run(gust("hive"), adopt=True)


def test_force_goes_on_beside_what_was_changed(lab: Lab) -> None:
    lab.sql(f"ALTER TABLE {READINGS} ADD COLUMNS (gust double)")
    lab.run(gust(), force=True)
    assert lab.seen() == [
        "column gust double is new",
        "the columns stand as k, t, temp, seats, wind, gust, later where"
        " k, t, temp, seats, wind, later is expected",
    ] or lab.seen() == ["column gust double is new"]
    assert "gust" not in lab.state().schema.names
    lab.run(RenameColumn(READINGS, "temp", "temperature"), force=True)
    assert lab.rows()[0]["temperature"] == 1.5


TOUCHING: list[tuple[str, Change]] = [
    ("ADD COLUMNS (later double)", gust()),
    ("CHANGE COLUMN temp temperature double", DropColumn(READINGS, "temp")),
    ("CHANGE COLUMN seats seats bigint", AlterColumn(READINGS, "seats", type=pa.int64())),
    ("DROP COLUMN temp", RenameColumn(READINGS, "temp", "temperature")),
    ("ADD COLUMNS (heat double)", RenameColumn(READINGS, "temp", "heat")),
    ("DROP COLUMN wind", DropColumn(READINGS, "wind.dir")),
]


@pytest.mark.parametrize(("clause", "change"), TOUCHING)
def test_force_does_not_touch_what_was_changed(lab: Lab, clause: str, change: Change) -> None:
    lab.sql(f"ALTER TABLE {READINGS} {clause}")
    before = lab.catalog.get(READINGS)
    with pytest.raises(MigrationError, match="changed by"):
        lab.run(change, force=True)
    assert lab.catalog.get(READINGS).version_id == before.version_id


def test_a_narrowed_column_is_no_drift(lab: Lab) -> None:
    for type_ in (pa.int64(), pa.int32(), pa.int64()):
        lab.run(AlterColumn(READINGS, "seats", type=type_))
        assert lab.seen() == []


def test_adopted_on_the_command_line(lab: Lab, tmp_path: Path) -> None:
    lab.sql(f"ALTER TABLE {READINGS} CHANGE COLUMN temp temperature double")
    lab.sql(f"ALTER TABLE {FOLDERS} ADD COLUMNS (gust double)")
    url = f"fsql:///{tmp_path}/store"
    result = CliRunner().invoke(main, ["migrate", "adopt", "--url", url])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        f"{FOLDERS}: column gust double is new",
        f"{READINGS}: column temp is called temperature now",
    ]
    assert lab.seen() == lab.seen("hive") == []
    view = READINGS.removesuffix("_v0001")
    read = fsql.read_arrow(f"SELECT temperature FROM {view}", lab.store.engine)
    assert read.to_pylist() == [{"temperature": 1.5}]
    again = CliRunner().invoke(main, ["migrate", "adopt", READINGS, "--url", url])
    assert again.output == "Nothing was changed by hand.\n"
