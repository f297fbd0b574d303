"""New versions of a group: made aside, filled, released, and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.errors import InvalidQuery
from fsql.migration.model.changes import AlterGroup, Backfill, CreateGroup, DropGroup, Release
from fsql.migration.model.state import State
from fsql.types import Timestamp
from tests.changing import HIVE, Lab, declared, frame

VIEW, SECOND = "lab_weather_post", "lab_weather_post_v0002"
SELECT = f"SELECT origin, time_hour, temp AS temperature FROM {HIVE}"


def second(**options: Any) -> State:
    group = fsql.FeatureGroup(
        "lab",
        "weather",
        "post",
        "v0002",
        sa.MetaData(),
        sa.Column("origin", sa.String),
        sa.Column("time_hour", Timestamp("ms", "UTC")),
        sa.Column("temperature", sa.Double),
        keys=["origin"],
        event_time="time_hour",
        **options,
    )
    return State.of(group)


CREATE = CreateGroup(second(), released=False)
FILL, RELEASE = Backfill(SECOND, SELECT), Release(SECOND)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A store with a first version in Hive-style folders."""
    made = Lab(tmp_path_factory.mktemp("versions"))
    made.create(declared(HIVE, table_format="hive"), frame("JFK", "LGA"))
    return made


@pytest.fixture
def lab(filled: Lab, tmp_path: Path) -> Lab:
    return filled.copy(tmp_path)


def columns(lab: Lab) -> list[str]:
    return list(fsql.read_arrow(f"SELECT * FROM {VIEW}", lab.engine).schema.names)


def test_a_version_is_seen_once_it_is_released(lab: Lab) -> None:
    lab.run(CREATE)
    assert "temp" in columns(lab)
    lab.run(AlterGroup(HIVE, {"owner": "me"}))
    lab.run(FILL)
    assert "temp" in columns(lab)
    assert lab.values("temperature", SECOND) == {"JFK": 1.0, "LGA": 2.0}
    lab.run(RELEASE)
    assert columns(lab) == ["origin", "time_hour", "temperature"]
    assert [one.what.split()[0] for one in lab.history(SECOND)] == ["creates", "fills", "releases"]
    lab.agrees(SECOND)


def test_every_step_is_done_once(lab: Lab) -> None:
    lab.run(CREATE)
    for change in (FILL, RELEASE):
        lab.run(change)
        lab.number -= 1
        lab.run(change)
    assert lab.values("temperature", SECOND) == {"JFK": 1.0, "LGA": 2.0}
    assert len(lab.read(f"SELECT * FROM {SECOND}")) == 2


def test_rows_of_a_killed_backfill_are_not_there_twice(lab: Lab) -> None:
    """Killed when the rows were in, and the record was not."""
    lab.run(CREATE)
    step = lab.step()
    lab.store.insert_from(SECOND, SELECT, token=f"{step.run}:{step.number}")
    lab.run(FILL)
    assert len(lab.read(f"SELECT * FROM {SECOND}")) == 2


def test_the_downgrade_switches_back(lab: Lab) -> None:
    lab.run(CREATE, FILL, RELEASE)
    lab.run(Release(HIVE), direction="down")
    assert "temp" in columns(lab)
    assert lab.history(SECOND)[-1].what == f"hides {SECOND}"
    lab.run(DropGroup(SECOND), direction="down")
    assert lab.catalog.find(SECOND) is None
    assert "temp" in columns(lab)


def test_going_up_again_adds_what_was_written_since(lab: Lab) -> None:
    """And keeps what was written to the new version alone."""
    lab.run(CREATE, FILL, RELEASE)
    rows = frame("SFO", month=4).select(["origin", "time_hour", "temp"])
    lab.store.write(SECOND, rows.rename_columns(["origin", "time_hour", "temperature"]))
    lab.run(Release(HIVE), DropGroup(SECOND), direction="down")
    lab.store.write(HIVE, frame("EWR", month=3))
    lab.run(CREATE, FILL, RELEASE)
    assert lab.values("temperature", SECOND) == {"JFK": 1.0, "LGA": 2.0, "SFO": 1.0, "EWR": 1.0}
    assert len(lab.read(f"SELECT * FROM {VIEW}")) == 4
    lab.agrees(SECOND)


def test_rows_of_many_partitions_are_split(lab: Lab) -> None:
    days = pa.array(range(150), pa.int64())
    start = 1_356_998_400_000
    rows = pa.table(
        {
            "origin": [f"A{day}" for day in range(150)],
            "time_hour": pa.array([start + 86_400_000 * d.as_py() for d in days]).cast(
                pa.timestamp("ms", "UTC")
            ),
            "temp": pa.array([float(day) for day in range(150)]),
        }
    )
    full = rows.append_column("seats", pa.nulls(150, pa.int32())).append_column(
        "wind", pa.nulls(150, pa.struct([("dir", pa.float64()), ("speed", pa.float64())]))
    )
    lab.store.write(HIVE, full)
    lab.run(CreateGroup(second(partition_by="day(time_hour)"), released=False), FILL, RELEASE)
    assert len(lab.read(f"SELECT * FROM {VIEW}")) == 152


def test_a_wrong_select_changes_nothing_and_can_be_mended(lab: Lab) -> None:
    lab.run(CREATE)
    with pytest.raises(InvalidQuery):
        lab.run(Backfill(SECOND, f"SELECT nothing FROM {HIVE}"))
    lab.run(FILL)
    assert lab.values("temperature", SECOND) == {"JFK": 1.0, "LGA": 2.0}
