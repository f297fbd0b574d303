"""Changes of Hive-style groups: Glue's columns, those of partitions, and what Parquet can bear."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pytest

import fsql
from fsql.errors import MigrationError
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    Change,
    DropColumn,
    RenameColumn,
    SetPartitioning,
)
from tests.changing import HIVE, Lab, declared, frame

GUST = AddColumn(HIVE, "gust", pa.field("gust", pa.int8()), comment="miles an hour")


SHAPES: dict[str, tuple[str, ...]] = {"partitioned": ("month(time_hour)", "origin"), "in one": ()}


@pytest.fixture(scope="module", params=[*SHAPES.values()], ids=[*SHAPES])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A store with rows of weather in Hive-style folders."""
    made = Lab(tmp_path_factory.mktemp("hive"))
    group = declared(HIVE, table_format="hive", partition_by=request.param)
    made.create(group, frame("JFK", "LGA"), frame("EWR", month=2))
    return made


@pytest.fixture
def lab(filled: Lab, tmp_path: Path) -> Lab:
    return filled.copy(tmp_path)


def test_rows_written_before_read_null_in_what_is_added(lab: Lab) -> None:
    lab.run(GUST)
    assert lab.values("gust", HIVE) == {"JFK": None, "LGA": None, "EWR": None}
    lab.store.write(HIVE, frame("JFK").append_column("gust", pa.array([5], pa.int8())))
    lab.store.write(HIVE, frame("SFO", month=3).append_column("gust", pa.array([7], pa.int8())))
    rows = lab.read(f"SELECT origin, gust FROM {HIVE} WHERE gust IS NOT NULL")
    assert [(row["origin"], row["gust"]) for row in rows] == [("JFK", 5), ("SFO", 7)]
    assert lab.state(HIVE).schema.field("gust").type == pa.int8()
    lab.agrees(HIVE)


def test_partitions_get_the_columns_that_the_table_has(lab: Lab) -> None:
    lab.run(GUST)
    glue = lab.catalog.aws.client("glue")
    table = glue.get_table(DatabaseName="feature_store", Name=HIVE)["Table"]
    columns = table["StorageDescriptor"]["Columns"]
    assert columns[-1] == {"Name": "gust", "Type": "int", "Comment": "miles an hour"}
    partitions = glue.get_partitions(DatabaseName="feature_store", TableName=HIVE)["Partitions"]
    assert bool(partitions) == bool(table["PartitionKeys"])
    for partition in partitions:
        assert partition["StorageDescriptor"]["Columns"] == columns


def test_words_and_properties_change(lab: Lab) -> None:
    lab.run(
        AlterColumn(HIVE, "temp", comment="hot"),
        AlterColumn(HIVE, "origin", comment="where"),
        AlterColumn(HIVE, "temp", nullable=False),
        AlterGroup(HIVE, {"owner": "me", "description": "words", "table_properties": {"x": "1"}}),
    )
    entry = lab.entry(HIVE)
    listed = [*entry.glue["StorageDescriptor"]["Columns"], *entry.glue.get("PartitionKeys", ())]
    comments = {column["Name"]: column.get("Comment") for column in listed}
    assert (comments["temp"], comments["origin"]) == ("hot", "where")
    assert entry.parameters["x"] == "1"
    assert entry.glue["Description"] == "words"
    lab.run(AlterGroup(HIVE, {"description": None, "table_properties": {}}))
    assert not {"x", "comment"} & lab.entry(HIVE).parameters.keys()
    assert not lab.entry(HIVE).glue.get("Description")
    lab.agrees(HIVE)


def test_what_parquet_by_name_cannot_bear_is_refused(lab: Lab) -> None:
    before = lab.entry(HIVE).glue
    changes: list[Change] = [
        RenameColumn(HIVE, "temp", "temperature"),
        DropColumn(HIVE, "temp"),
        AlterColumn(HIVE, "seats", type=pa.int64()),
        AddColumn(HIVE, "wind.gust", pa.field("gust", pa.int8())),
        AddColumn(HIVE, "gust", pa.field("gust", pa.int8()), default=1),
        SetPartitioning(HIVE, ()) if before.get("PartitionKeys") else DropColumn(HIVE, "seats"),
    ]
    for change in changes:
        with pytest.raises(MigrationError, match="new version"):
            lab.run(change)
    assert lab.entry(HIVE).glue == before


def test_a_downgrade_and_another_upgrade_find_the_values(lab: Lab) -> None:
    lab.run(GUST)
    lab.store.write(HIVE, frame("SFO", month=3).append_column("gust", pa.array([7], pa.int8())))
    lab.run(DropColumn(HIVE, "gust"), direction="down")
    assert "gust" not in lab.state(HIVE).schema.names
    lab.agrees(HIVE)
    lab.run(GUST)
    assert lab.values("gust", HIVE)["SFO"] == 7
    lab.agrees(HIVE)


def test_files_that_hold_a_dropped_column_keep_its_name(lab: Lab) -> None:
    lab.run(GUST)
    lab.store.write(HIVE, frame("SFO", month=3).append_column("gust", pa.array([7], pa.int8())))
    lab.run(DropColumn(HIVE, "gust"), direction="down")
    other = AddColumn(HIVE, "gust", pa.field("gust", pa.string()))
    with pytest.raises(MigrationError, match="still hold the values"):
        lab.run(other, revision="r2")


def test_an_edited_revision_does_not_give_its_files_another_type(lab: Lab) -> None:
    """It brings the column back as it was stored, or nothing."""
    lab.run(GUST)
    lab.store.write(HIVE, frame("SFO", month=3).append_column("gust", pa.array([7], pa.int8())))
    lab.run(DropColumn(HIVE, "gust"), direction="down")
    before = lab.entry(HIVE).glue
    with pytest.raises(MigrationError, match=r"still hold the values .* new version"):
        lab.run(AddColumn(HIVE, "gust", pa.field("gust", pa.string())))
    assert lab.entry(HIVE).glue == before
    lab.run(AddColumn(HIVE, "gust", pa.field("gust", pa.int16())))  # which is stored alike
    assert lab.values("gust", HIVE)["SFO"] == 7


def test_a_killed_change_is_brought_to_its_end(lab: Lab) -> None:
    """The table has the column, its partitions and its view have not."""
    lab.run(GUST)
    glue = lab.catalog.aws.client("glue")
    found = glue.get_partitions(DatabaseName="feature_store", TableName=HIVE)["Partitions"]
    for one in found:
        descriptor = one["StorageDescriptor"]
        cut = {**descriptor, "Columns": descriptor["Columns"][:-1]}
        glue.update_partition(
            DatabaseName="feature_store",
            TableName=HIVE,
            PartitionValueList=one["Values"],
            PartitionInput={"Values": one["Values"], "StorageDescriptor": cut},
        )
    glue.delete_table(DatabaseName="feature_store", Name="lab_weather_post")
    version = lab.entry(HIVE).version_id
    lab.number -= 1
    lab.run(GUST)
    assert lab.entry(HIVE).version_id == version
    found = glue.get_partitions(DatabaseName="feature_store", TableName=HIVE)["Partitions"]
    assert {len(one["StorageDescriptor"]["Columns"]) for one in found} <= {
        len(lab.entry(HIVE).glue["StorageDescriptor"]["Columns"])
    }
    assert len(lab.read("SELECT gust FROM lab_weather_post")) == 3


def test_a_change_meets_writers(lab: Lab) -> None:
    stop, written = threading.Event(), list[str]()

    def write() -> None:
        store = fsql.FeatureStore(lab.url)
        while not stop.is_set():
            origin = f"W{len(written)}"
            store.insert_from(HIVE, f"SELECT '{origin}' AS origin, time_hour FROM {HIVE} LIMIT 1")
            written.append(origin)

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        lab.run(AlterGroup(HIVE, {"owner": str(number)}))
    stop.set()
    writer.join()
    found = {row["origin"] for row in lab.read(f"SELECT origin FROM {HIVE}")}
    assert found == {"JFK", "LGA", "EWR", *written}
    lab.agrees(HIVE)
