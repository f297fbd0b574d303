"""Changes that were made by hand are seen, and what fsql made itself is not taken for one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.types import DoubleType, LongType

import fsql
from fsql.aws import open_aws
from fsql.catalog import Catalog, Entry
from fsql.migration.looking.drift import differences, gone
from tests.migrating import readings

NAMES = {"iceberg": "lab_drift_readings_v0001", "hive": "lab_drift_folders_v0001"}
FORMATS = pytest.mark.parametrize("table_format", NAMES)


class Lab:
    """A store with one group of each format, and hands to change them with."""

    def __init__(self, url: str) -> None:
        self.store = fsql.FeatureStore(url)
        self.catalog = Catalog(open_aws(url))

    def fill(self) -> None:
        for table_format, name in NAMES.items():
            self.store.create(readings(name, table_format=table_format))

    def entry(self, table_format: str) -> Entry:
        return self.catalog.get(NAMES[table_format])

    def seen(self, table_format: str = "iceberg", **options: Any) -> list[str]:
        return differences(self.entry(table_format), **options)

    def deep(self) -> list[str]:
        """With the metadata of the Iceberg table."""
        return self.seen(metadata=self.table().metadata)

    def sql(self, statement: str) -> None:
        with self.store.engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def table(self) -> Any:
        return self.catalog.iceberg.load_table((self.entry("iceberg").database, NAMES["iceberg"]))

    def glue(self, table_format: str, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change a table by boto3's UpdateTable."""
        given = dict(self.entry(table_format).glue)
        names = ("Name", "Description", "TableType", "Parameters", "PartitionKeys")
        table = {n: given[n] for n in (*names, "StorageDescriptor") if n in given}
        change(table)
        self.catalog.glue.update_table(DatabaseName=given["DatabaseName"], TableInput=table)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drift") / "store"
    lab = Lab(f"fsql:///{folder}")
    lab.fill()
    assert lab.seen("iceberg") == lab.deep() == lab.seen("hive") == []
    return folder


@pytest.fixture
def lab(filled: Path, tmp_path: Path) -> Lab:
    shutil.copytree(filled, tmp_path / "store")
    return Lab(f"fsql:///{tmp_path}/store")


@FORMATS
def test_writing_is_no_drift(lab: Lab, table_format: str) -> None:
    rows = {"k": [1], "t": pa.array([0], pa.timestamp("ms")), "temp": [1.0], "seats": [1]}
    table = pa.table({**rows, "wind": [{"dir": 1, "speed": 2.0}]})
    group = readings(NAMES[table_format], table_format=table_format)
    table = table.cast(group.arrow_schema)
    for mode in ("append", "upsert", "overwrite_partitions", "overwrite"):
        lab.store.write(group, table, mode=mode)
    lab.store.delete(group, [{"k": 1}])
    assert lab.seen(table_format) == []
    assert lab.deep() == []


BY_ATHENA = [
    ("ADD COLUMNS (gust double)", "column gust double is new"),
    ("DROP COLUMN temp", "column temp is gone"),
    ("CHANGE COLUMN temp temperature double", "column temp is called temperature now"),
    ("CHANGE COLUMN seats seats bigint", "column seats is bigint where int is expected"),
    (
        "CHANGE COLUMN wind wind struct<dir:bigint,speed:double>",
        "column wind.dir is bigint where int is expected",
    ),
    (
        "CHANGE COLUMN wind wind struct<dir:int,speed:double,gust:float>",
        "column wind.gust float is new",
    ),
    ("CHANGE COLUMN wind wind struct<dir:int>", "column wind.speed is gone"),
    (
        "CHANGE COLUMN seats seats int AFTER k",
        "the columns stand as k, seats, t, temp, wind where k, t, temp, seats, wind is expected",
    ),
    (
        "CHANGE COLUMN temp temp double COMMENT 'kelvin'",
        "the comment of column temp is 'kelvin' where 'degrees' is expected",
    ),
]


@pytest.mark.parametrize(("clause", "words"), BY_ATHENA)
def test_what_athena_altered(lab: Lab, clause: str, words: str) -> None:
    lab.sql(f"ALTER TABLE {NAMES['iceberg']} {clause}")
    assert lab.seen() == [words]
    assert lab.deep() == [words]
    assert lab.seen("hive") == []


IN_HIVE = [
    ("ADD COLUMNS (gust double)", "column gust double is new"),
    (
        "REPLACE COLUMNS (k bigint, t timestamp, seats int, wind struct<dir:int,speed:double>)",
        "column temp is gone",
    ),
    ("CHANGE COLUMN seats seats bigint", "column seats is bigint where int is expected"),
    ("CHANGE COLUMN temp temperature double", "column temp is called temperature now"),
]


@pytest.mark.parametrize(("clause", "words"), IN_HIVE)
def test_what_athena_altered_of_a_hive_table(lab: Lab, clause: str, words: str) -> None:
    lab.sql(f"ALTER TABLE {NAMES['hive']} {clause}")
    assert words in lab.seen("hive")


def test_what_pyiceberg_altered(lab: Lab) -> None:
    with lab.table().update_schema() as update:
        update.add_column(("wind", "gust"), DoubleType())
        update.rename_column("temp", "temperature")
        update.update_column("seats", LongType())
    assert sorted(lab.seen()) == [
        "column seats is bigint where int is expected",
        "column temp is called temperature now",
        "column wind.gust double is new",
    ]
    assert lab.deep() == lab.seen()


def test_a_column_dropped_and_another_added_is_no_rename(lab: Lab) -> None:
    with lab.table().update_schema() as update:
        update.delete_column("wind")
    with lab.table().update_schema() as update:
        update.add_column("gust", DoubleType())
    words = ["column wind is gone", "column gust double is new"]
    assert lab.seen() == lab.deep() == words


def test_partitions_that_pyiceberg_altered(lab: Lab) -> None:
    with lab.table().update_spec() as update:
        update.add_identity("k")
    words = "it is partitioned by day(t), identity(k) where day(t) is expected"
    assert lab.seen() == []
    assert lab.deep() == [words]
    with lab.table().update_spec() as update:
        update.remove_field("k")
    assert lab.deep() == []


@FORMATS
def test_columns_that_were_changed_in_glue_alone(lab: Lab, table_format: str) -> None:
    def change(table: dict[str, Any]) -> None:
        columns = table["StorageDescriptor"]["Columns"]
        columns[3]["Type"] = "bigint"
        columns.append({"Name": "gust", "Type": "double"})

    lab.glue(table_format, change)
    words = ["column gust double is new", "column seats is bigint where int is expected"]
    assert lab.seen(table_format) == words
    if table_format == "iceberg":
        assert lab.deep() == words


@FORMATS
@pytest.mark.parametrize("name", ["fsql.group", "fsql.schema"])
def test_parameters_that_were_removed(lab: Lab, table_format: str, name: str) -> None:
    lab.glue(table_format, lambda table: table["Parameters"].pop(name))
    assert lab.seen(table_format) == [f"parameter {name} is removed"]


@FORMATS
@pytest.mark.parametrize("name", ["fsql.group", "fsql.schema", "fsql.comments"])
@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", "AAAA"])
def test_parameters_that_are_no_longer_readable(
    lab: Lab, table_format: str, name: str, text: str
) -> None:
    lab.glue(table_format, lambda table: table["Parameters"].update({name: text}))
    (first, *_) = lab.seen(table_format)
    assert "edited" in first


@FORMATS
def test_a_definition_that_was_edited(lab: Lab, table_format: str) -> None:
    def change(table: dict[str, Any]) -> None:
        given = table["Parameters"]["fsql.group"]
        table["Parameters"]["fsql.group"] = given.replace('"online":false', '"online":true')

    lab.glue(table_format, change)
    words = "parameters fsql.group, fsql.schema or fsql.comments were edited"
    assert lab.seen(table_format) == [words]
    if table_format == "iceberg":
        assert lab.deep() == [words, "parameter fsql.group of the Glue table was edited"]


@FORMATS
def test_a_table_comment_that_was_edited(lab: Lab, table_format: str) -> None:
    lab.glue(table_format, lambda table: table["Parameters"].update({"comment": "mine"}))
    said = "the table's comment is 'mine' where 'what was read' is expected"
    assert lab.seen(table_format) == [said]


def test_another_table_in_the_place_of_a_group(lab: Lab) -> None:
    lab.store.drop(NAMES["hive"])
    lab.sql(f"CREATE EXTERNAL TABLE {NAMES['hive']} (k bigint) LOCATION 's3://fsql/by-hand/'")
    assert lab.seen("hive") == []
    missing = "parameters fsql.group and fsql.schema are missing"
    assert lab.seen("hive", expected=True) == [f"it is no feature group: {missing}"]


@FORMATS
def test_a_table_made_anew_by_hand(lab: Lab, table_format: str) -> None:
    record = '[{"made": "7"}]'
    lab.glue(table_format, lambda table: table["Parameters"].update({"fsql.history": record}))
    (said,) = lab.seen(table_format)
    assert said.startswith("it was dropped and made anew: it is at Glue version 1")


def test_folders_that_were_changed(lab: Lab) -> None:
    def change(table: dict[str, Any]) -> None:
        table["PartitionKeys"].pop()
        table["StorageDescriptor"]["Location"] += "elsewhere/"

    lab.glue("hive", change)
    column, keys, location = lab.seen("hive")
    assert column == "column d is gone"
    assert keys == "it is partitioned by y, m where y, m, d is expected"
    assert location.endswith("/_manifests/elsewhere/', which is not that of its manifests")


@FORMATS
def test_a_table_dropped_by_hand(lab: Lab, table_format: str) -> None:
    assert gone(lab.catalog.entries()) == {}
    lab.catalog.glue.delete_table(DatabaseName=lab.catalog.aws.database, Name=NAMES[table_format])
    view = NAMES[table_format].removesuffix("_v0001")
    assert gone(lab.catalog.entries()) == {view: NAMES[table_format]}
