"""Changes of Iceberg tables: what lay there before is read right after each of them."""

from __future__ import annotations

import contextlib
import threading
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.definition import Partition
from fsql.errors import CommitConflict, IncompatibleChange, MigrationError
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    Change,
    DropColumn,
    Execute,
    MoveColumn,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.evolving import evolved
from tests.changing import ICEBERG, Lab, declared, frame


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A store with two rows of weather."""
    made = Lab(tmp_path_factory.mktemp("iceberg"))
    made.create(declared(), frame("JFK", "LGA"))
    return made


@pytest.fixture
def lab(filled: Lab, tmp_path: Path) -> Lab:
    return filled.copy(tmp_path)


CHANGES: list[Change] = [
    AddColumn(ICEBERG, "gust", pa.field("gust", pa.float64()), comment="miles an hour"),
    AddColumn(ICEBERG, "wind.gust", pa.field("gust", pa.float32())),
    AddColumn(ICEBERG, "codes", pa.field("codes", pa.list_(pa.struct([("a", pa.int8())])))),
    DropColumn(ICEBERG, "temp"),
    DropColumn(ICEBERG, "wind.dir"),
    RenameColumn(ICEBERG, "temp", "temperature"),
    RenameColumn(ICEBERG, "wind.dir", "direction"),
    RenameColumn(ICEBERG, "origin", "airport"),
    AlterColumn(ICEBERG, "seats", type=pa.int64()),
    AlterColumn(ICEBERG, "temp", comment=None),
    AlterColumn(ICEBERG, "seats", comment="of a plane"),
    AlterColumn(ICEBERG, "time_hour", type=pa.timestamp("us", "UTC")),
    MoveColumn(ICEBERG, "wind", None),
    MoveColumn(ICEBERG, "wind.dir", "speed"),
    AlterGroup(ICEBERG, {"description": "weather", "owner": "me", "tags": {"a": "b"}}),
    AlterGroup(ICEBERG, {"sort_by": ("time_hour",), "table_properties": {"x": "1"}}),
    SetPartitioning(ICEBERG, (Partition.parse("day(time_hour)"), Partition.parse("origin"))),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_everybody_sees_the_same_table(lab: Lab, change: Change) -> None:
    expected = evolved(change, lab.state())
    lab.run(change)
    assert lab.state() == expected
    lab.agrees()
    assert len(lab.read(f"SELECT * FROM {ICEBERG}")) == 2
    assert lab.read("SELECT * FROM lab_weather_station") == lab.read(f"SELECT * FROM {ICEBERG}")


def test_rows_written_before_read_null_in_what_is_added(lab: Lab) -> None:
    lab.run(
        AddColumn(ICEBERG, "wind.gust", pa.field("gust", pa.float64())),
        AddColumn(ICEBERG, "seen", pa.field("seen", pa.list_(pa.string()))),
    )
    assert lab.values("wind.gust") == {"JFK": None, "LGA": None}
    lab.store.write(
        ICEBERG,
        frame("EWR", month=2)
        .set_column(4, "wind", pa.array([{"dir": 1.0, "speed": 2.0, "gust": 3.0}]))
        .append_column("seen", pa.array([["fog"]])),
    )
    assert lab.values("wind.gust") == {"JFK": None, "LGA": None, "EWR": 3.0}
    assert lab.values("seen") == {"JFK": None, "LGA": None, "EWR": ["fog"]}
    lab.agrees()


def test_renamed_columns_keep_their_values(lab: Lab) -> None:
    lab.run(
        RenameColumn(ICEBERG, "temp", "temperature"),
        RenameColumn(ICEBERG, "wind.dir", "direction"),
        RenameColumn(ICEBERG, "wind", "breeze"),
        AddColumn(ICEBERG, "temp", pa.field("temp", pa.string())),
    )
    assert lab.values("temperature") == {"JFK": 1.0, "LGA": 2.0}
    assert lab.values("breeze.direction") == {"JFK": 1.0, "LGA": 2.0}
    assert lab.values("temp") == {"JFK": None, "LGA": None}
    lab.agrees()


def test_a_column_of_a_dropped_ones_name_is_another_one(lab: Lab) -> None:
    lab.run(DropColumn(ICEBERG, "temp"), revision="r1")
    lab.run(AddColumn(ICEBERG, "temp", pa.field("temp", pa.float64())), revision="r2")
    assert lab.values("temp") == {"JFK": None, "LGA": None}
    lab.agrees()


def test_types_within_lists_and_maps_widen(lab: Lab) -> None:
    codes = pa.list_(pa.struct([("a", pa.int32()), ("b", pa.map_(pa.string(), pa.float32()))]))
    lab.run(AddColumn(ICEBERG, "codes", pa.field("codes", codes)))
    rows = frame("EWR", month=2)
    given = pa.array([[{"a": 7, "b": [("x", 1.5)]}]], codes)
    lab.store.write(ICEBERG, rows.append_column("codes", given))
    lab.run(
        AlterColumn(ICEBERG, "codes.element.a", type=pa.int64()),
        AlterColumn(ICEBERG, "codes.element.b.value", type=pa.float64()),
        RenameColumn(ICEBERG, "codes.element.a", "number"),
        AddColumn(ICEBERG, "codes.element.c", pa.field("c", pa.string())),
    )
    seen = lab.values("codes")["EWR"]
    assert seen == [{"number": 7, "b": [("x", 1.5)], "c": None}]
    assert lab.state().schema.field("codes").type.value_type.field("number").type == pa.int64()
    lab.agrees()


def test_decimals_get_more_digits(lab: Lab) -> None:
    lab.run(AddColumn(ICEBERG, "price", pa.field("price", pa.decimal128(5, 2))))
    rows = frame("EWR", month=2)
    price = pa.array([Decimal("123.45")], pa.decimal128(5, 2))
    lab.store.write(ICEBERG, rows.append_column("price", price))
    lab.run(AlterColumn(ICEBERG, "price", type=pa.decimal128(20, 2)))
    price = pa.array([Decimal("123456789.45")], pa.decimal128(20, 2))
    lab.store.write(ICEBERG, frame("SFO", month=3).append_column("price", price))
    assert lab.values("price")["EWR"] == Decimal("123.45")
    assert lab.values("price")["SFO"] == Decimal("123456789.45")
    lab.agrees()


def test_a_widened_type_is_narrowed_over_wide_storage(lab: Lab) -> None:
    lab.run(AlterColumn(ICEBERG, "seats", type=pa.int64()))
    lab.run(AlterColumn(ICEBERG, "seats", type=pa.int32()), direction="down")
    assert lab.state().schema.field("seats").type == pa.int32()
    table = lab.catalog.iceberg.load_table(("feature_store", ICEBERG))
    assert str(table.schema().find_type("seats")) == "long"
    lab.store.write(ICEBERG, frame("EWR", month=2))
    assert lab.values("seats") == {"JFK": 10, "LGA": 20, "EWR": 10}
    lab.agrees()


def test_a_type_is_not_narrowed_below_what_is_stored(lab: Lab) -> None:
    lab.run(AlterColumn(ICEBERG, "seats", type=pa.int64()))
    rows = frame("EWR", month=2).set_column(3, "seats", pa.array([2**40]))
    lab.store.write(ICEBERG, rows)
    before = lab.entry().version_id
    with pytest.raises(MigrationError, match=r"1 row does not fit"):
        lab.run(AlterColumn(ICEBERG, "seats", type=pa.int32()), direction="down")
    assert lab.entry().version_id == before
    assert lab.values("seats")["EWR"] == 2**40


def test_null_is_only_forbidden_where_there_is_none(lab: Lab) -> None:
    lab.run(AlterColumn(ICEBERG, "temp", nullable=False))
    lab.run(AlterColumn(ICEBERG, "temp", nullable=True))
    empty = frame("EWR", month=2).set_column(2, "temp", pa.array([None], pa.float64()))
    lab.store.write(ICEBERG, empty)
    with pytest.raises(MigrationError, match="does not fit"):
        lab.run(AlterColumn(ICEBERG, "temp", nullable=False))


def test_defaults_reach_the_rows_that_are_there_and_no_others(lab: Lab) -> None:
    lab.run(
        AddColumn(ICEBERG, "unit", pa.field("unit", pa.string()), default="it's °F"),
        AddColumn(ICEBERG, "wind.gust", pa.field("gust", pa.int16()), default=5),
    )
    assert lab.values("unit") == {"JFK": "it's °F", "LGA": "it's °F"}
    assert lab.values("wind") == {
        "JFK": {"dir": 1.0, "speed": 2.0, "gust": 5},
        "LGA": {"dir": 2.0, "speed": 4.0, "gust": 5},
    }
    calm = pa.array([{"dir": 0.0, "speed": 0.0, "gust": None}])
    rows = frame("EWR", month=2).set_column(4, "wind", calm)
    lab.store.write(ICEBERG, rows.append_column("unit", pa.array([None], pa.string())))
    assert lab.values("unit")["EWR"] is None
    assert "fsql.pending" not in lab.entry().parameters
    lab.agrees()


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (pa.timestamp("s", "Europe/Berlin"), "2020-05-06T07:08:09+00:00"),
        (pa.bool_(), True),
        (pa.date32(), "2020-05-06"),
        (pa.decimal128(9, 3), "1.250"),
        (pa.binary(), b"\x00'"),
        (pa.list_(pa.int8()), [1, None]),
        (pa.dictionary(pa.int8(), pa.string()), "a"),
        (pa.float32(), 0.5),
    ],
    ids=str,
)
def test_defaults_of_many_types(lab: Lab, type_: pa.DataType, value: object) -> None:
    if pa.types.is_dictionary(type_):
        wanted = value
    elif isinstance(value, str):
        wanted = pa.scalar(value).cast(type_).as_py()
    else:
        wanted = pa.scalar(value, type_).as_py()
    lab.run(AddColumn(ICEBERG, "more", pa.field("more", type_), default=wanted))
    assert lab.values("more") == {"JFK": wanted, "LGA": wanted}


def test_old_snapshots_are_read_under_their_schema(lab: Lab) -> None:
    table = lab.catalog.iceberg.load_table(("feature_store", ICEBERG))
    first = table.current_snapshot()
    assert first is not None
    lab.run(
        RenameColumn(ICEBERG, "temp", "temperature"),
        AlterColumn(ICEBERG, "seats", type=pa.int64()),
        DropColumn(ICEBERG, "wind.dir"),
    )
    lab.store.write(
        ICEBERG,
        frame("EWR", month=2)
        .rename_columns(["origin", "time_hour", "temperature", "seats", "wind"])
        .set_column(4, "wind", pa.array([{"speed": 1.0}])),
    )
    rows = lab.read(f"SELECT * FROM {ICEBERG} FOR VERSION AS OF {first.snapshot_id}")
    assert [row["origin"] for row in rows] == ["JFK", "LGA"]
    assert [row["temp"] for row in rows] == [1.0, 2.0]
    assert rows[0]["wind"] == {"dir": 1.0, "speed": 2.0}
    then = fsql.read_arrow(
        f"SELECT * FROM {ICEBERG} FOR VERSION AS OF {first.snapshot_id}", lab.engine
    )
    assert then.schema.field("seats").type == pa.int32()


def test_partitions_change_and_earlier_specs_come_back(lab: Lab) -> None:
    days = (Partition.parse("day(time_hour)"),)
    both = (Partition.parse("origin"), *days)
    lab.run(SetPartitioning(ICEBERG, days))
    lab.store.write(ICEBERG, frame("EWR", month=2))
    lab.run(SetPartitioning(ICEBERG, both))
    lab.store.write(ICEBERG, frame("SFO", month=3))
    lab.run(SetPartitioning(ICEBERG, days))
    lab.store.write(ICEBERG, frame("BOS", month=4))
    metadata = lab.catalog.iceberg.load_table(("feature_store", ICEBERG)).metadata
    assert metadata.default_spec_id == 1
    fields = {spec.spec_id: [f.field_id for f in spec.fields] for spec in metadata.partition_specs}
    assert fields == {0: [], 1: [1000], 2: [1001, 1000]}
    assert sorted(lab.values("temp")) == ["BOS", "EWR", "JFK", "LGA", "SFO"]
    where = f"SELECT origin FROM {ICEBERG} WHERE time_hour >= TIMESTAMP '2013-03-01'"
    assert [row["origin"] for row in lab.read(where)] == ["BOS", "SFO"]
    lab.agrees()


def test_sort_orders_and_properties_come_and_go(lab: Lab) -> None:
    words = {"sort_by": ("temp",), "table_properties": {"x": "1"}, "description": "words"}
    lab.run(AlterGroup(ICEBERG, words))
    table = lab.catalog.iceberg.load_table(("feature_store", ICEBERG))
    assert [field.source_id for field in table.sort_order().fields] == [3]
    assert (table.properties["x"], lab.entry().parameters["x"]) == ("1", "1")
    assert lab.entry().glue["Description"] == "words"
    lab.store.write(ICEBERG, frame("EWR", month=2))
    lab.run(AlterGroup(ICEBERG, {"sort_by": (), "table_properties": {}, "description": None}))
    table = lab.catalog.iceberg.load_table(("feature_store", ICEBERG))
    assert table.sort_order().order_id == 0
    assert "x" not in table.properties
    assert not {"x", "comment", "Description"} & lab.entry().parameters.keys()
    assert not lab.entry().glue.get("Description")
    lab.agrees()


def test_a_steps_change_is_made_once(lab: Lab) -> None:
    change = AddColumn(ICEBERG, "gust", pa.field("gust", pa.float64()))
    lab.run(change)
    lab.number -= 1
    version = lab.entry().version_id
    lab.migrator.run(change, lab.step())
    assert lab.entry().version_id == version
    with pytest.raises(MigrationError, match="There is 'gust' already"):
        lab.migrator.run(change)


def test_a_statement_runs_once_and_again_if_it_failed(lab: Lab) -> None:
    sql = f"INSERT INTO {ICEBERG} SELECT 'EWR', time_hour, temp, seats, wind FROM {ICEBERG}"
    lab.run(Execute(sql))
    lab.number -= 1
    lab.run(Execute(sql))
    assert len(lab.read(f"SELECT origin FROM {ICEBERG}")) == 4


def test_a_change_meets_writers(lab: Lab) -> None:
    """Neither loses: a writer's rows are there, and so is every change."""
    stop, written = threading.Event(), list[str]()

    def write() -> None:
        store = fsql.FeatureStore(lab.url)
        while not stop.is_set():
            origin = f"W{len(written)}"
            row = f"SELECT '{origin}' AS origin, time_hour, seats FROM {ICEBERG} LIMIT 1"
            with contextlib.suppress(CommitConflict):  # says that it wrote nothing
                store.insert_from(ICEBERG, row)
                written.append(origin)

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(6):
        lab.run(AddColumn(ICEBERG, f"c{number}", pa.field(f"c{number}", pa.int64())))
    stop.set()
    writer.join()
    found = [row["origin"] for row in lab.read(f"SELECT origin FROM {ICEBERG}")]
    assert sorted(found) == sorted(["JFK", "LGA", *written])
    assert lab.state().schema.names[-6:] == [f"c{number}" for number in range(6)]
    lab.agrees()


def test_compatibility_is_checked_before_a_change(lab: Lab) -> None:
    lab.run(AlterGroup(ICEBERG, {"compatibility": "full_all"}))
    widen = AlterColumn(ICEBERG, "seats", type=pa.int64())
    with pytest.raises(IncompatibleChange, match="full_all"):
        lab.run(widen)
    assert lab.state().schema.field("seats").type == pa.int32()
    lab.may(allow_breaking=True)
    lab.run(widen)
    assert lab.state().schema.field("seats").type == pa.int64()


def test_deletes_follow_their_keys(lab: Lab) -> None:
    lab.store.delete(ICEBERG, {"origin": "JFK"})
    lab.run(RenameColumn(ICEBERG, "origin", "airport"))
    lab.run(RenameColumn(ICEBERG, "time_hour", "at"))
    latest = lab.store.latest("lab_weather_station")
    assert fsql.read_arrow(latest, lab.engine).column("airport").to_pylist() == ["LGA"]
    lab.store.delete(ICEBERG, {"airport": "LGA"})
    assert fsql.read_arrow(latest, lab.engine).num_rows == 0
    with pytest.raises(MigrationError, match="has deletes"):
        lab.run(AlterGroup(ICEBERG, {"keys": ("airport", "seats")}))


def test_what_a_group_cannot_take_changes_nothing(lab: Lab) -> None:
    before = lab.entry().glue
    for change in (
        DropColumn(ICEBERG, "origin"),
        RenameColumn(ICEBERG, "temp", "seats"),
        AlterColumn(ICEBERG, "temp", type=pa.int64()),
        AddColumn(ICEBERG, "x", pa.field("x", pa.int8()), default=1000),
    ):
        with pytest.raises(MigrationError):
            lab.run(change)
    assert lab.entry().glue == before


def test_history_says_what_was_done_by_whom(lab: Lab) -> None:
    lab.run(AddColumn(ICEBERG, "gust", pa.field("gust", pa.float64())), revision="abc")
    created, added = lab.history()
    assert (created.before, created.made, created.schema) == (None, "0", 0)
    assert (added.revision, added.direction, added.number) == ("abc", "up", 0)
    assert (added.before, added.made, added.schema) == ("1", "2", 1)
    assert added.what == "adds gust double"
    assert "arn:aws:iam" in added.by
    versions = lab.catalog.glue.get_table_versions(DatabaseName="feature_store", TableName=ICEBERG)
    assert [one["VersionId"] for one in versions["TableVersions"]] == ["2", "1"]


def test_a_view_in_sql_only_is_left_alone(lab: Lab) -> None:
    with lab.engine.connect() as connection:
        connection.execute(sa.text("CREATE VIEW mine AS SELECT origin FROM lab_weather_station"))
    lab.run(RenameColumn(ICEBERG, "temp", "temperature"))
    assert len(lab.read("SELECT * FROM mine")) == 2
