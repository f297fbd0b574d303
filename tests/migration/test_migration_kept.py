"""What is dropped is kept: it comes back with its values, or goes for good when it is purged."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from fsql.errors import MigrationError
from fsql.migration.making.kept import KeptGroup
from fsql.migration.making.purge import kept, purge
from fsql.migration.model.changes import AddColumn, CreateGroup, DropColumn, DropGroup, RenameColumn
from fsql.migration.runtime.revisions import Revisions
from tests.changing import ICEBERG, Lab, declared, frame

TEMP = AddColumn(ICEBERG, "temp", pa.field("temp", pa.float64()), comment="degrees Fahrenheit")
SPEED = AddColumn(ICEBERG, "wind.speed", pa.field("speed", pa.float64()))
WIND = {"JFK": {"dir": 1.0, "speed": 2.0}, "LGA": {"dir": 2.0, "speed": 4.0}}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A store with two rows of weather in two files."""
    made = Lab(tmp_path_factory.mktemp("kept"))
    made.create(declared(), frame("JFK", "LGA"))
    return made


@pytest.fixture
def lab(filled: Lab, tmp_path: Path) -> Lab:
    return filled.copy(tmp_path)


def refs(lab: Lab) -> set[str]:
    return set(lab.catalog.iceberg.load_table(("feature_store", ICEBERG)).refs())


def test_a_downgrade_brings_a_column_back(lab: Lab) -> None:
    lab.run(DropColumn(ICEBERG, "temp"), DropColumn(ICEBERG, "wind.speed"))
    assert refs(lab) == {"main", "fsql-kept-r1-up-0", "fsql-kept-r1-up-1"}
    assert lab.values("wind") == {"JFK": {"dir": 1.0}, "LGA": {"dir": 2.0}}
    lab.run(SPEED, TEMP, direction="down")
    assert lab.values("temp") == {"JFK": 1.0, "LGA": 2.0}
    assert lab.values("wind") == WIND
    assert refs(lab) == {"main"}
    assert "fsql.kept" not in lab.entry().parameters
    assert [record.restored for record in lab.history()[-2:]] == [True, True]
    lab.agrees()


def test_up_and_down_many_times(lab: Lab) -> None:
    for _ in range(3):
        lab.run(DropColumn(ICEBERG, "temp"))
        lab.run(TEMP, direction="down")
        assert lab.values("temp") == {"JFK": 1.0, "LGA": 2.0}
    ids = {
        s.schema_id
        for s in lab.catalog.iceberg.load_table(("feature_store", ICEBERG)).metadata.schemas
    }
    assert len(ids) == 3  # as made, without the column, and with it at the end


def test_an_added_column_comes_back_with_what_was_written_to_it(lab: Lab) -> None:
    add = AddColumn(ICEBERG, "gust", pa.field("gust", pa.float64()))
    lab.run(add)
    rows = frame("EWR", month=2).append_column("gust", pa.array([9.0]))
    lab.store.write(ICEBERG, rows)
    lab.run(DropColumn(ICEBERG, "gust"), direction="down")
    lab.run(add)
    assert lab.values("gust") == {"JFK": None, "LGA": None, "EWR": 9.0}


def test_an_edited_revision_adds_another_column(lab: Lab) -> None:
    """Values of a number do not come back as text."""
    lab.run(AddColumn(ICEBERG, "gust", pa.field("gust", pa.int32())))
    lab.store.write(ICEBERG, frame("EWR").append_column("gust", pa.array([7], pa.int32())))
    lab.run(DropColumn(ICEBERG, "gust"), direction="down")
    lab.run(AddColumn(ICEBERG, "gust", pa.field("gust", pa.string())))
    assert lab.values("gust") == {"JFK": None, "LGA": None, "EWR": None}
    lab.agrees()
    lab.run(DropColumn(ICEBERG, "gust"), direction="down")
    lab.run(AddColumn(ICEBERG, "gust", pa.field("gust", pa.int64())))  # which holds them
    assert lab.values("gust") == {"JFK": None, "LGA": None, "EWR": 7}
    lab.agrees()


def test_rows_rewritten_meanwhile_get_their_values_back(lab: Lab) -> None:
    lab.store.write(ICEBERG, frame("EWR", month=2))
    lab.run(DropColumn(ICEBERG, "temp"), DropColumn(ICEBERG, "wind.speed"))
    upserted = frame("JFK").drop_columns(["temp"]).set_column(3, "wind", pa.array([{"dir": 7.0}]))
    lab.store.write(ICEBERG, upserted, mode="upsert")
    new = frame("SFO", month=5).drop_columns(["temp"])
    lab.store.write(ICEBERG, new.set_column(3, "wind", pa.array([{"dir": 5.0}])))
    lab.store.compact(ICEBERG)
    lab.run(SPEED, TEMP, direction="down")
    assert lab.values("temp") == {"JFK": 1.0, "LGA": 2.0, "EWR": 1.0, "SFO": None}
    assert lab.values("wind") == {
        "JFK": {"dir": 7.0, "speed": 2.0},
        "LGA": {"dir": 2.0, "speed": 4.0},
        "EWR": {"dir": 1.0, "speed": 2.0},
        "SFO": {"dir": 5.0, "speed": None},
    }
    assert refs(lab) == {"main"}
    assert "fsql.pending" not in lab.entry().parameters
    lab.agrees()


def test_values_come_back_under_keys_that_were_renamed(lab: Lab) -> None:
    lab.run(DropColumn(ICEBERG, "temp"), revision="r1")
    lab.run(RenameColumn(ICEBERG, "origin", "airport"), revision="r2")
    lab.store.write(
        ICEBERG,
        frame("JFK").drop_columns(["temp"]).rename_columns({"origin": "airport"}),
        mode="upsert",
    )
    lab.store.compact(ICEBERG)
    lab.run(TEMP, revision="r1", direction="down")
    rows = lab.read(f"SELECT airport, temp FROM {ICEBERG}")
    assert rows == [{"airport": "JFK", "temp": 1.0}, {"airport": "LGA", "temp": 2.0}]


def test_a_field_of_a_list_comes_back_where_files_are_as_they_were(lab: Lab) -> None:
    codes = pa.list_(pa.struct([("a", pa.int32()), ("b", pa.string())]))
    lab.run(AddColumn(ICEBERG, "codes", pa.field("codes", codes)), revision="r1")
    given = pa.array([[{"a": 7, "b": "x"}]], codes)
    lab.store.write(ICEBERG, frame("EWR", month=2).append_column("codes", given))
    lab.run(DropColumn(ICEBERG, "codes.element.b"), revision="r2")
    assert lab.values("codes")["EWR"] == [{"a": 7}]
    back = AddColumn(ICEBERG, "codes.element.b", pa.field("b", pa.string()))
    lab.run(back, revision="r2", direction="down")
    assert lab.values("codes")["EWR"] == [{"a": 7, "b": "x"}]
    lab.agrees()


def test_what_is_purged_does_not_come_back(lab: Lab) -> None:
    lab.run(DropColumn(ICEBERG, "temp"), revision="abc")
    revisions = Revisions(lab.catalog)
    (one,) = kept(lab.catalog, revisions)
    assert "column temp of lab_weather_station_v0001" in str(one)
    assert "revision abc" in str(one)
    purge(lab.catalog, revisions, one)
    purge(lab.catalog, revisions, one)
    assert kept(lab.catalog, revisions, ICEBERG) == []
    assert refs(lab) == {"main"}
    lab.run(TEMP, revision="abc", direction="down")
    assert lab.values("temp") == {"JFK": None, "LGA": None}


def test_a_purged_group_leaves_nothing(lab: Lab) -> None:
    state = lab.state()
    lab.store.delete(ICEBERG, {"origin": "JFK"})
    location = str(lab.entry().location)
    lab.run(DropGroup(ICEBERG))
    revisions = Revisions(lab.catalog)
    (one,) = kept(lab.catalog, revisions)
    assert lab.catalog.storage.list(f"{location}/")
    purge(lab.catalog, revisions, one)
    assert kept(lab.catalog, revisions) == []
    assert not lab.catalog.storage.list(f"{location}/")
    assert not lab.catalog.storage.list(f"{location}__deletes/")
    lab.run(CreateGroup(state), direction="down")
    assert lab.read(f"SELECT * FROM {ICEBERG}") == []


def test_a_new_group_of_a_dropped_ones_name_lies_elsewhere(lab: Lab) -> None:
    """So that neither a purge nor a VACUUM takes the other's files for its own."""
    state, location = lab.state(), lab.entry().location
    lab.run(DropGroup(ICEBERG), revision="r1")
    lab.run(CreateGroup(state), revision="r2")
    assert lab.read(f"SELECT * FROM {ICEBERG}") == []
    assert lab.entry().location != location
    lab.store.write(ICEBERG, frame("EWR"))
    (one,) = kept(lab.catalog, Revisions(lab.catalog))
    purge(lab.catalog, Revisions(lab.catalog), one)
    assert list(lab.values("temp")) == ["EWR"]


def test_nothing_that_is_in_use_is_purged(lab: Lab) -> None:
    """As after a process was killed when it had noted the group, and not dropped it yet."""
    lab.run(DropGroup(ICEBERG))
    revisions = Revisions(lab.catalog)
    (one,) = kept(lab.catalog, revisions)
    assert isinstance(one.dropped, KeptGroup)
    key = one.dropped.file.removeprefix("s3://fsql-local/")
    found = lab.catalog.aws.client("s3").get_object(Bucket="fsql-local", Key=key)
    table = json.loads(found["Body"].read())["table"]
    lab.catalog.glue.create_table(DatabaseName="feature_store", TableInput=table)
    with pytest.raises(MigrationError, match="Finish the migration"):
        purge(lab.catalog, revisions, one)
    assert lab.values("temp") == {"JFK": 1.0, "LGA": 2.0}
