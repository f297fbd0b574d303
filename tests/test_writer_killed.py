"""A process that is killed while it writes: the table is as before or as after, and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.types import Timestamp
from tests.programs import Program

GROUP = fsql.FeatureGroup(
    "a",
    "b",
    "killed",
    "v0001",
    sa.MetaData(),
    sa.Column("k", sa.BigInteger),
    sa.Column("t", Timestamp("us")),
    keys=["k"],
    event_time="t",
)
BATCH = 5000

# It writes the same batch over and over, several files to a write, and says when it is done.
WRITER = f"""
import sys
import pyarrow as pa
import fsql
from fsql.formats import parquet
from fsql.writer import sources

parquet.ROW_GROUP_ROWS = sources.BLOCK_ROWS = 100
parquet.BUFFER_BYTES = parquet.FILE_BYTES = 3000
store = fsql.FeatureStore(sys.argv[1])
data = pa.table({{"k": range({BATCH}), "t": pa.array([0] * {BATCH}, pa.timestamp("us"))}})
while True:
    print("ready", flush=True)
    store.write("{GROUP.name}", data)
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('killed')}/store")
    made.create(GROUP)
    return made


@pytest.fixture
def writer(store: fsql.FeatureStore) -> Iterator[Program]:
    """A process that is about to write."""
    with Program(WRITER, store.engine.url.render_as_string()) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def files(store: fsql.FeatureStore, ending: str) -> set[str]:
    location = store.catalog.get(GROUP.name).location
    return {o.uri for o in store.catalog.storage.list(f"{location}/") if o.uri.endswith(ending)}


def seen(count: int, ending: str) -> Callable[[fsql.FeatureStore], None]:
    """Wait until so many new files have appeared."""

    def wait(store: fsql.FeatureStore) -> None:
        before, deadline = files(store, ending), time.monotonic() + 120
        while len(files(store, ending) - before) < count:
            assert time.monotonic() < deadline, f"no {ending} appeared"

    return wait


def after(seconds: float) -> Callable[[fsql.FeatureStore], None]:
    return lambda store: time.sleep(seconds)


MOMENTS: dict[str, Callable[[fsql.FeatureStore], None]] = {
    "at once": after(0),
    "first data file": seen(1, ".parquet"),
    "tenth data file": seen(10, ".parquet"),
    "manifest": seen(1, "-m0.avro"),
    "manifest list": seen(2, ".avro"),
    "metadata file": seen(1, ".metadata.json"),
    "between two writes": seen(2, ".metadata.json"),
    "some time": after(0.0371),
    "some time later": after(0.0893),
    "much later": after(0.2113),
}


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=list(MOMENTS))
def test_a_killed_writer_leaves_the_table_whole(
    store: fsql.FeatureStore,
    writer: Program,
    moment: Callable[[fsql.FeatureStore], None],
) -> None:
    moment(store)
    writer.kill()
    assert writer.wait() == -signal.SIGKILL
    count = len(read(store))
    assert count % BATCH == 0
    assert store.describe(GROUP).totals.rows == count
    assert store.write(GROUP, rows()).rows == 3
    assert len(read(store)) == count + 3
    remove(store)


def rows() -> pa.Table:
    return pa.table({"k": [1, 2, 3], "t": pa.array([0, 1, 2], pa.timestamp("us"))})


def read(store: fsql.FeatureStore) -> pa.Table:
    """The table as the engine sees it, which must be as a scan sees it."""
    sql = f"SELECT k FROM {GROUP.name}"
    through_engine = fsql.read_arrow(sql, store.engine, transport="engine")
    scanned = fsql.read_arrow(sql, store.engine, transport="scan")
    assert sorted(through_engine["k"].to_pylist()) == sorted(scanned["k"].to_pylist())
    return scanned


def remove(store: fsql.FeatureStore) -> None:
    store.drop(GROUP, purge=True)
    store.create(GROUP)


# It stops in the middle of a write, when its first file is there.
SLOW_WRITER = f"""
import sys, time
import pyarrow as pa
import fsql
from fsql.formats import parquet
from fsql.writer import sources

parquet.ROW_GROUP_ROWS = 10
parquet.BUFFER_BYTES = sources.LANE_BYTES = 1
store = fsql.FeatureStore(sys.argv[1])
data = pa.table({{"k": range(100), "t": pa.array([0] * 100, pa.timestamp("us"))}})

def batches():
    yield from data.to_batches(10)
    print("ready", flush=True)
    time.sleep(1)
    yield from data.to_batches(10)

try:
    store.write("{GROUP.name}", pa.RecordBatchReader.from_batches(data.schema, batches()))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_an_interrupted_writer_cleans_up(store: fsql.FeatureStore) -> None:
    before = files(store, ".parquet")
    command = [sys.executable, "-c", SLOW_WRITER, store.engine.url.render_as_string()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert files(store, ".parquet") > before
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
    assert files(store, ".parquet") == before
    assert len(read(store)) == 0
