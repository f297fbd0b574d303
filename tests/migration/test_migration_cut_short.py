"""Changes that end before a request that alters something, and are begun again."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import fsql
from fsql.migration.model.changes import (
    AddColumn,
    Backfill,
    Change,
    CreateGroup,
    DropColumn,
    DropGroup,
    Release,
    RenameColumn,
)
from fsql.migration.model.state import State
from fsql.migration.runtime.revisions import Revisions
from tests.changing import HIVE, ICEBERG, Lab, declared, frame
from tests.dying import Request, watched

SECOND = HIVE.replace("v0001", "v0002")
EVERY = int(os.environ.get("FSQL_KILL_EVERY", "20"))  # of the requests


class Cut(BaseException):
    """The process ends here."""


@contextmanager
def cut(last: int) -> Iterator[list[Request]]:
    """The requests that alter something, which end before the one of a number; 0 is none."""
    requests = list[Request]()

    def asked(request: Request) -> None:
        requests.append(request)
        if request.number == last:
            raise Cut

    with watched(asked):
        yield requests


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A store with rows, and a delete, in a group of each format."""
    lab = Lab(tmp_path_factory.mktemp("cut"))
    lab.create(STATION, frame("JFK", "LGA"), frame("EWR", month=2))
    post = declared(HIVE, table_format="hive", partition_by=["month(time_hour)"])
    lab.create(post, frame("JFK", "LGA"))
    lab.store.delete(ICEBERG, {"origin": "LGA"}, event_time=dt.datetime(2014, 1, 1))
    return lab


def nothing(lab: Lab) -> None:
    """As it is made."""


def dropped_columns(lab: Lab) -> None:
    """Without two columns, and with files that were written since."""
    lab.run(DropColumn(ICEBERG, "temp"), DropColumn(ICEBERG, "wind.speed"))
    rows = frame("JFK").drop_columns(["temp"]).set_column(3, "wind", pa.array([{"dir": 7.0}]))
    lab.store.write(ICEBERG, rows, mode="upsert")
    lab.store.compact(ICEBERG)


def dropped(lab: Lab) -> None:
    """Without the group."""
    lab.run(DropGroup(ICEBERG))


STATION = declared(partition_by=["month(time_hour)"])
FILL = f"SELECT origin, time_hour, temp, seats, wind FROM {HIVE}"
WAYS: dict[str, tuple[Callable[[Lab], None], str, list[Change]]] = {
    "default": (
        nothing,
        "up",
        [
            AddColumn(ICEBERG, "unit", pa.field("unit", pa.string()), default="x"),
            RenameColumn(ICEBERG, "origin", "airport"),
        ],
    ),
    "restored columns": (
        dropped_columns,
        "down",
        [
            AddColumn(ICEBERG, "wind.speed", pa.field("speed", pa.float64())),
            AddColumn(ICEBERG, "temp", pa.field("temp", pa.float64())),
        ],
    ),
    "drop": (nothing, "up", [DropGroup(ICEBERG)]),
    "restored group": (dropped, "down", [CreateGroup(State.of(STATION))]),
    "new version": (
        nothing,
        "up",
        [
            CreateGroup(State.of(declared(SECOND)), released=False),
            Backfill(SECOND, FILL),
            Release(SECOND),
        ],
    ),
    "hive": (
        nothing,
        "up",
        [AddColumn(HIVE, "gust", pa.field("gust", pa.int8())), DropGroup(HIVE)],
    ),
}


def go(lab: Lab, direction: str, changes: list[Change]) -> None:
    """The same run of the same revision, from its beginning."""
    lab.begin("r1", direction, "the run")
    lab.run(*changes, direction=direction)


def seen(lab: Lab) -> dict[str, Any]:
    """What anybody can tell of a store."""
    found: dict[str, Any] = {"kept": [one["table"] for one in Revisions(lab.catalog).load().kept]}
    for entry in lab.catalog.entries(pattern="lab_*"):
        rows = fsql.read_arrow(f"SELECT * FROM {entry.name}", lab.engine)
        found[entry.name] = (rows.schema, sorted(map(repr, rows.to_pylist())), entry.view_sql)
        if entry.group is not None:
            lab.agrees(entry.name)
            history = [record.what for record in lab.history(entry.name)]
            others = {"fsql.pending", "fsql.kept", "fsql.released"} & entry.parameters.keys()
            found[f"{entry.name}: beside"] = (history, others)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", WAYS)
def test_begun_again(made: Lab, tmp_path: Path, name: str) -> None:
    prepare, direction, changes = WAYS[name]
    first = made.copy(tmp_path / "first")
    prepare(first)
    whole = first.copy(tmp_path / "whole")
    with cut(0) as requests:
        go(whole, direction, changes)
    wanted = seen(whole)
    for last in range(1, len(requests) + 1, EVERY):
        again = first.copy(tmp_path / str(last))
        with pytest.raises(Cut), cut(last):
            go(again, direction, changes)
        again = Lab(again.folder)
        go(again, direction, changes)
        assert seen(again) == wanted, last
        shutil.rmtree(again.folder)
