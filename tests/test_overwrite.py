"""Rows in the place of others: in one commit, whatever else happens, and once for a token."""

from __future__ import annotations

import datetime as dt
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.errors import CommitConflict, InvalidData
from fsql.types import Timestamp
from tests.programs import Program

START = dt.datetime(2013, 1, 1)


def group(entity: str = "overwritten", **options: Any) -> fsql.FeatureGroup:
    columns = [sa.Column("k", sa.BigInteger), sa.Column("t", Timestamp("us"))]
    roles = {"keys": ["k"], "event_time": "t"} | options
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "a", "b", entity, "v0001", sa.MetaData(), *columns, **roles
    )
    return made


GROUP = group()


def rows(count: int, first: int = 0) -> pa.Table:
    """Rows with an hour between one and the next."""
    keys = range(first, first + count)
    times = pa.array([START + dt.timedelta(hours=k) for k in keys], pa.timestamp("us"))
    return pa.table({"k": pa.array(keys, pa.int64()), "t": times})


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('overwrite')}/store")
    made.create(GROUP)
    return made


def keys(store: fsql.FeatureStore, of: str = GROUP.name, **options: Any) -> list[int]:
    """The table's keys as a scan and the engine both see them."""
    sql = f"SELECT k FROM {of}"
    engine = fsql.read_arrow(sql, store.engine, transport="engine")["k"].to_pylist()
    if " " not in of:
        scanned = fsql.read_arrow(sql, store.engine, transport="scan")["k"].to_pylist()
        assert sorted(scanned) == sorted(engine)
    return sorted(engine)


def data_files(store: fsql.FeatureStore, name: str = GROUP.name) -> list[str]:
    location = store.catalog.get(name).location
    return [o.uri for o in store.catalog.storage.list(f"{location}/") if ".parquet" in o.uri]


def test_all_rows_are_replaced_in_one_snapshot(store: fsql.FeatureStore) -> None:
    for first in (0, 10, 20):
        before = store.write(GROUP, rows(10, first))
    result = store.write(GROUP, rows(5, 100), mode="overwrite")
    assert keys(store) == list(range(100, 105))
    assert (result.rows, result.replaced) == (5, 30)
    assert str(result).startswith("Wrote 5 rows to a_b_overwritten_v0001 in place of 30: 1 file, ")
    totals = store.describe(GROUP).totals
    assert (totals.rows, totals.files, totals.snapshot_id) == (5, 1, result.snapshot_id)
    table = store.catalog.iceberg.load_table(("feature_store", GROUP.name))
    assert len(table.snapshots()) == 4
    old = f"{GROUP.name} FOR VERSION AS OF {before.snapshot_id}"
    assert keys(store, old) == list(range(30))


def test_an_empty_table_can_be_overwritten_and_again(store: fsql.FeatureStore) -> None:
    assert store.write(GROUP, rows(3), mode="overwrite").replaced == 0
    assert store.write(GROUP, rows(2), mode="overwrite").replaced == 3
    store.write(GROUP, rows(2, 5))
    assert keys(store) == [0, 1, 5, 6]


def test_all_partitions_are_replaced(store: fsql.FeatureStore) -> None:
    parts = group("parts", partition_by=["day(t)", "bucket(3, k)"])
    store.create(parts)
    store.write(parts, rows(24 * 5))
    store.write(parts, rows(24, 24 * 3))
    result = store.write(parts, rows(3, 24 * 4), mode="overwrite")
    assert result.replaced == 24 * 6
    assert keys(store, parts.name) == [96, 97, 98]
    assert store.describe(parts).totals.rows == 3


def test_rows_that_sql_has_changed_are_replaced_too(store: fsql.FeatureStore) -> None:
    store.write(GROUP, rows(10))
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"DELETE FROM {GROUP.name} WHERE k < 4")
    assert keys(store) == [4, 5, 6, 7, 8, 9]
    store.write(GROUP, rows(2), mode="overwrite")
    assert keys(store) == [0, 1]


@pytest.mark.parametrize("empty", [rows(0), rows(0).to_reader()])
def test_overwriting_with_nothing_is_refused(store: fsql.FeatureStore, empty: Any) -> None:
    store.write(GROUP, rows(3))
    with pytest.raises(InvalidData, match=f"has no rows.* run DELETE FROM {GROUP.name}"):
        store.write(GROUP, empty, mode="overwrite")
    assert keys(store) == [0, 1, 2]


def test_what_does_not_fit_replaces_nothing(store: fsql.FeatureStore) -> None:
    store.write(GROUP, rows(3))
    before = data_files(store)
    bad = pa.concat_tables(
        [rows(5), pa.table({"k": pa.array([1]), "t": pa.array([None])}, rows(0).schema)]
    )
    with pytest.raises(InvalidData, match="NULL"):
        store.write(GROUP, bad, mode="overwrite")
    assert (keys(store), data_files(store)) == ([0, 1, 2], before)


def test_rows_that_came_meanwhile_are_replaced_too(store: fsql.FeatureStore) -> None:
    store.write(GROUP, rows(3))

    def batches() -> Iterator[pa.RecordBatch]:
        yield from rows(5, 100).to_batches()
        store.write(GROUP, rows(3, 50))

    reader = pa.RecordBatchReader.from_batches(rows(0).schema, batches())
    assert store.write(GROUP, reader, mode="overwrite").replaced == 6
    assert keys(store) == list(range(100, 105))


def test_a_commit_just_before_ours_is_seen(store: fsql.FeatureStore) -> None:
    """Somebody appends between our look at the table and our commit."""
    store.write(GROUP, rows(3))
    events, other = store.catalog.glue.meta.events, fsql.FeatureStore(store.engine.url)
    came: list[int] = []

    def handler(**_: Any) -> None:
        if not came:
            came.append(1)
            other.write(GROUP, rows(3, 50))

    events.register_first("before-call.glue.UpdateTable", handler)
    result = store.write(GROUP, rows(5, 100), mode="overwrite")
    events.unregister("before-call.glue.UpdateTable", handler)
    assert came == [1]
    assert result.replaced == 6
    assert keys(store) == list(range(100, 105))
    table = store.catalog.iceberg.load_table(("feature_store", GROUP.name))
    assert [s.summary.operation.value for s in table.snapshots() if s.summary] == [
        "append",
        "append",
        "overwrite",
    ]


def test_writers_that_overwrite_at_once_leave_the_rows_of_one(store: fsql.FeatureStore) -> None:
    def write(first: int) -> None:
        mine = fsql.FeatureStore(store.engine.url)
        for _ in range(3):
            mine.write(GROUP, rows(5, first), mode="overwrite")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (0, 100)))
    assert keys(store) in (list(range(5)), list(range(100, 105)))
    assert store.describe(GROUP).totals.rows == 5


def test_a_table_made_anew_meanwhile_is_a_conflict(store: fsql.FeatureStore) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from rows(5).to_batches()
        store.drop(GROUP)
        store.create(GROUP)

    reader = pa.RecordBatchReader.from_batches(rows(0).schema, batches())
    with pytest.raises(CommitConflict, match="made anew"):
        store.write(GROUP, reader, mode="overwrite")
    assert data_files(store) == []


# --- tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_a_token_counts_once(store: fsql.FeatureStore, mode: str) -> None:
    first = store.write(GROUP, rows(5), mode=mode, token="monday")
    store.write(GROUP, rows(5, 5), token="tuesday")
    again = store.write(GROUP, rows(5), mode=mode, token="monday")
    assert (again.rows, again.files, again.snapshot_id) == (0, 0, first.snapshot_id)
    assert str(again) == (
        f"A write of this token is in {GROUP.name} already, in snapshot {first.snapshot_id};"
        " nothing was written."
    )
    assert keys(store) == list(range(10))
    assert len(data_files(store)) == 2


def test_two_writes_of_one_token_at_once_count_once(store: fsql.FeatureStore) -> None:
    other = fsql.FeatureStore(store.engine.url)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from rows(5).to_batches()
        other.write(GROUP, rows(5), token="monday")

    reader = pa.RecordBatchReader.from_batches(rows(0).schema, batches())
    assert store.write(GROUP, reader, token="monday").rows == 0
    assert keys(store) == list(range(5))
    assert len(data_files(store)) == 1


# --- killed ------------------------------------------------------------------------------------

WRITER = f"""
import sys
import pyarrow as pa
import fsql
from fsql.formats import parquet
from fsql.writer import sources

parquet.ROW_GROUP_ROWS = sources.BLOCK_ROWS = 100
parquet.FILE_BYTES = 3000
store = fsql.FeatureStore(sys.argv[1])
number = 0
while True:
    number += 1
    data = pa.table({{"k": [number] * 2000, "t": pa.array([0] * 2000, pa.timestamp("us"))}})
    print("ready", flush=True)
    store.write("{GROUP.name}", data, mode="overwrite")
"""


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, 0.0371, 0.0893, 0.1427, 0.2113])
def test_a_killed_overwrite_leaves_the_old_rows_or_the_new(
    store: fsql.FeatureStore, seconds: float
) -> None:
    with Program(WRITER, store.engine.url.render_as_string()) as process:
        for _ in range(3):
            assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    found = keys(store)
    assert len(found) == 2000 == store.describe(GROUP).totals.rows
    assert len(set(found)) == 1
    assert store.write(GROUP, rows(3), mode="overwrite").replaced == 2000
    assert keys(store) == [0, 1, 2]
