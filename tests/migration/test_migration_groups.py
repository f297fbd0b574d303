"""Groups made and dropped by migrations, in both formats."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import fsql
from fsql.errors import TableExists, TableNotFound
from fsql.migration.model.changes import AlterGroup, CreateGroup, DropGroup
from fsql.migration.model.state import State
from tests.changing import HIVE, ICEBERG, Lab, declared, frame

FORMATS: dict[str, dict[str, Any]] = {
    ICEBERG: {"partition_by": ["day(time_hour)"]},
    HIVE: {"partition_by": ["month(time_hour)"], "table_format": "hive"},
}
EITHER = pytest.mark.parametrize("table", FORMATS, ids=["iceberg", "hive"])


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """An empty store."""
    return Lab(tmp_path)


def group(table: str, **options: Any) -> fsql.FeatureGroup:
    return declared(table, **FORMATS[table], **options)


def view(table: str) -> str:
    return table.removesuffix("_v0001")


@EITHER
def test_a_group_is_made_with_its_history_and_view(lab: Lab, table: str) -> None:
    wanted = group(table, sort_by=["temp"], compatibility="none", owner="me")
    lab.create(wanted, frame("JFK"))
    assert lab.state(table) == State.of(wanted)
    (record,) = lab.history(table)
    assert (record.revision, record.before, record.made) == ("r0", None, "0")
    assert lab.read(f"SELECT origin FROM {view(table)}") == [{"origin": "JFK"}]
    lab.agrees(table)


@EITHER
def test_a_table_that_is_there_is_not_made_again(lab: Lab, table: str) -> None:
    lab.store.create(group(table))
    with pytest.raises(TableExists, match="declare a new version"):
        lab.create(group(table))


@EITHER
def test_making_a_group_again_by_the_same_step_is_fine(lab: Lab, table: str) -> None:
    lab.create(group(table), frame("JFK"))
    lab.number -= 1
    lab.run(CreateGroup(State.of(group(table))), revision="r0")
    assert lab.read(f"SELECT origin FROM {view(table)}") == [{"origin": "JFK"}]


@EITHER
def test_a_dropped_group_comes_back_whole(lab: Lab, table: str) -> None:
    lab.create(group(table), frame("JFK", "LGA"), frame("EWR", month=2))
    lab.store.delete(table, {"origin": "JFK"}, event_time=dt.datetime(2014, 1, 1))
    rows, state = lab.read(f"SELECT * FROM {table}"), lab.state(table)
    lab.run(DropGroup(table))
    assert list(lab.catalog.entries(pattern="lab_*")) == []
    lab.run(CreateGroup(state), direction="down")
    assert lab.read(f"SELECT * FROM {table}") == rows
    assert len(lab.read(f"SELECT * FROM {view(table)}")) == len(rows)
    assert lab.state(table) == state
    latest = fsql.read_arrow(lab.store.latest(table), lab.engine)
    assert sorted(latest.column("origin").to_pylist()) == ["EWR", "LGA"]
    assert lab.history(table)[-1].restored
    lab.agrees(table)
    lab.store.write(table, frame("SFO", month=3))
    assert len(lab.read(f"SELECT * FROM {table}")) == 4


@EITHER
def test_going_up_again_after_a_downgrade_finds_the_rows(lab: Lab, table: str) -> None:
    create = CreateGroup(State.of(group(table)))
    lab.run(create)
    lab.store.write(table, frame("JFK"))
    lab.run(DropGroup(table), direction="down")
    lab.run(create)
    assert lab.read(f"SELECT origin FROM {table}") == [{"origin": "JFK"}]


@EITHER
def test_a_group_that_is_declared_otherwise_by_now_is_made_anew(lab: Lab, table: str) -> None:
    lab.run(CreateGroup(State.of(group(table))))
    lab.store.write(table, frame("JFK"))
    lab.run(DropGroup(table), direction="down")
    lab.run(CreateGroup(State.of(group(table, owner="me"))))
    assert lab.read(f"SELECT origin FROM {table}") == []


@EITHER
def test_dropping_again_by_the_same_step_is_fine(lab: Lab, table: str) -> None:
    lab.create(group(table))
    lab.run(DropGroup(table))
    lab.number -= 1
    lab.run(DropGroup(table))
    with pytest.raises(TableNotFound):
        lab.migrator.run(DropGroup(table))


def test_the_view_goes_to_the_version_before(lab: Lab) -> None:
    lab.create(declared(), frame("JFK"))
    second = declared("lab_weather_station_v0002")
    lab.run(CreateGroup(State.of(second)))
    assert lab.read("SELECT * FROM lab_weather_station") == []
    lab.run(DropGroup(second.name), direction="down")
    assert [row["origin"] for row in lab.read("SELECT * FROM lab_weather_station")] == ["JFK"]


def test_a_group_in_another_database(lab: Lab) -> None:
    state = State.of(declared())
    lab.run(CreateGroup(state, database="other"))
    lab.run(AlterGroup(ICEBERG, {"owner": "me"}, database="other"))
    found = lab.catalog.get(ICEBERG, "other").group
    assert found is not None
    assert found.definition.owner == "me"
    with lab.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT * FROM other.lab_weather_station")).all() == []
    lab.run(DropGroup(ICEBERG, database="other"))
    assert lab.catalog.find(ICEBERG, "other") is None
