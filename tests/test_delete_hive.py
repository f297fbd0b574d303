"""Deleting and erasing keys of Hive-style groups: partition by partition, nothing left behind."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import fsql
from fsql.errors import StorageError
from fsql.formats.hive import removing
from tests.programs import ran
from tests.test_delete import day, latest
from tests.test_delete import group as plain
from tests.test_delete import table as rows
from tests.test_erasure import KILLED, SECRET, group, names, table, traces, tree


@pytest.fixture
def store(tmp_path: Path) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path}/store")


def made(store: fsql.FeatureStore, entity: str, **options: Any) -> fsql.FeatureGroup:
    declared = group(entity, table_format="hive", **options)
    store.create(declared)
    return declared


def manifests(store: fsql.FeatureStore) -> dict[str, list[str]]:
    """The names of the files that each manifest has, by its folder."""
    found = (path for path in tree(store) if path.name == "manifest")
    return {
        path.parent.name: [line.rpartition("/")[2] for line in path.read_text().splitlines()]
        for path in found
    }


LAYOUTS: dict[str, dict[str, Any]] = {
    "one folder": {},
    "by day": {"partition_by": ["day(t)"]},
    "by number": {"partition_by": ["n"], "keys": ["n", "who"]},
}


@pytest.mark.parametrize("options", LAYOUTS.values(), ids=list(LAYOUTS))
def test_nothing_is_left(store: fsql.FeatureStore, options: dict[str, Any]) -> None:
    of = made(store, "layout", **options)
    for batch in range(3):
        store.write(of, table((SECRET, 1, batch), (f"bob{batch}", 1, batch), ("zoe", 2, batch)))
    key = {name: {"who": SECRET, "n": 1}[name] for name in of.keys}
    store.delete(of, key, event_time=day(10))
    before = manifests(store)
    result = store.delete(of, key, purge=True)
    assert traces(store) == []
    assert names(store, of) == sorted([f"bob{batch}" for batch in range(3)] + ["zoe"] * 3)
    assert (result.rows, result.files, result.snapshot_id) == (3, 3, None)
    assert sum(map(len, manifests(store).values())) <= sum(map(len, before.values()))
    assert result.objects >= 3
    assert [path for path in tree(store) if "_erasures" in str(path)] == []
    store.write(of, table((SECRET, 1, 5)))
    assert SECRET in fsql.read_sql(store.latest(of), store.engine)["who"].tolist()
    store.drop(of, purge=True)
    assert list(tree(store)) == []


def test_deletes_act_from_their_time_on(store: fsql.FeatureStore) -> None:
    of = plain("hive", table_format="hive", partition_by=["month(t)"])
    store.create(of)
    store.write(of, rows((1, 1, 0, "a1"), (1, 40, 0, "a40"), (2, 1, 0, "b1")))
    store.delete(of, {"k": 1}, event_time=day(50))
    assert [latest(store, time, of) for time in (1, 40, 49.9, 50)] == [
        {1: "a1", 2: "b1"},
        {1: "a40", 2: "b1"},
        {1: "a40", 2: "b1"},
        {2: "b1"},
    ]
    read = fsql.read_arrow(store.latest(of), store.engine)
    assert read.schema == of.arrow_schema
    store.write(of, rows((1, 60, 0, "a60")))
    assert latest(store, None, of) == {1: "a60", 2: "b1"}


def test_rows_of_groups_without_times(store: fsql.FeatureStore) -> None:
    of = made(store, "timeless", event_time=None, partition_by=["n"])
    store.write(of, table((SECRET, 1, 0), ("bob", 1, 0), ("eve", 2, 0)))
    result = store.delete(of, [{"who": SECRET}, {"who": "eve"}], token="once")
    assert names(store, of) == ["bob"]
    assert (result.rows, result.files) == (2, 2)
    assert traces(store)  # whoever reads the old files may go on with it
    store.write(of, table(("eve", 2, 0)))
    assert "of this token" in str(store.delete(of, {"who": "eve"}, token="once"))
    assert names(store, of) == ["bob", "eve"]


def test_rows_from_a_time_on(store: fsql.FeatureStore) -> None:
    of = made(store, "since", partition_by=["day(t)"])
    data = table(("bob", 1, 1), ("bob", 2, 2), ("bob", 3, 3), ("eve", 4, 3))
    store.write(of, data.set_column(3, "note", pa.array(["early", SECRET, f"{SECRET}2", "late"])))
    result = store.delete(of, {"who": "bob"}, event_time=day(2), purge=True)
    assert (result.rows, traces(store)) == (2, [])
    assert names(store, of) == ["bob", "eve"]


def test_files_that_may_be_on_their_way_are_told(store: fsql.FeatureStore) -> None:
    """Nobody knows of a young file that no partition has whether it is just being written."""
    of = made(store, "left", partition_by=["n"])
    store.write(of, table((SECRET, 1, 0), ("bob", 1, 0)))
    store.write(of, table(("eve", 1, 0)), mode="overwrite")
    result = store.delete(of, {"who": SECRET}, purge=True)
    assert "1 file that no partition has" in str(result)
    (left,) = traces(store)
    half = Path(left).with_name("half.parquet")
    half.write_bytes(f"PAR1{SECRET}".encode())
    assert "2 files that no partition" in str(store.delete(of, {"who": SECRET}, purge=True))
    old = time.time() - 2 * 86400
    for path in (*Path(left).parent.iterdir(), *tree(store)):
        if path.is_file() and path.suffix != ".db":
            os.utime(path, (old, old))
    assert "that no partition has" not in str(store.delete(of, {"who": SECRET}, purge=True))
    assert traces(store) == []
    assert not half.exists()
    assert names(store, of) == ["eve"]


def test_a_writer_between_loses_nothing(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = made(store, "busy", partition_by=["n"])
    store.write(of, table((SECRET, 1, 0), ("bob", 1, 0), (SECRET, 2, 0), ("x", 2, 0)))
    rewrite, calls = removing._Removal._rest, itertools.count()

    def interrupted(self: Any, part: Any, files: Any) -> int:
        call = next(calls)
        if call == 0:
            store.write(of, table(("eve", 1, 0), (SECRET, 1, 1)))
        elif call == 1:
            store.write(of, table((SECRET, 2, 0), ("y", 2, 0)), mode="overwrite_partitions")
        return rewrite(self, part, files)

    monkeypatch.setattr(removing._Removal, "_rest", interrupted)
    store.delete(of, {"who": SECRET}, purge=True)
    assert names(store, of) == ["bob", "eve", "y"]


KILLS = [pytest.param(s, marks=() if s in (1, 4, 6) else pytest.mark.slow) for s in range(14)]


@pytest.mark.parametrize("steps", KILLS)
def test_whoever_is_killed_is_finished_by_the_next(store: fsql.FeatureStore, steps: int) -> None:
    of = made(store, "killed", partition_by=["n"])
    store.write(of, table((SECRET, 1, 0), ("bob", 1, 0)))
    store.write(of, table((SECRET, 2, 1), ("eve", 2, 1)))
    store.delete(of, {"who": SECRET}, event_time=day(3))
    url = store.engine.url.render_as_string()
    assert ran(KILLED, url, str(steps), SECRET) in (0, 9)
    assert sorted(fsql.read_sql(store.latest(of), store.engine)["who"]) == ["bob", "eve"]
    store.delete(of, {"who": SECRET}, purge=True)
    assert names(store, of) == ["bob", "eve"]
    assert traces(store) == []


@pytest.mark.parametrize("table_format", ["hive", "iceberg"])
def test_a_missing_file_is_named(store: fsql.FeatureStore, table_format: str) -> None:
    of = group("missing", event_time=None, table_format=table_format)
    store.create(of)
    store.write(of, table((SECRET, 1, 0), ("bob", 1, 0)))
    (path,) = (path for path in tree(store) if path.suffix == ".parquet")
    path.unlink()
    for purge in (False, True):
        with pytest.raises(StorageError, match=path.name):
            store.delete(of, {"who": SECRET}, purge=purge)
