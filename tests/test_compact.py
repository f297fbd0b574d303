"""Few large files in the place of many small ones: the same rows, and nothing needless kept."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import fsql
from fsql.cli import main
from fsql.compaction.leftovers import leftovers
from fsql.errors import ConfigError, InvalidQuery, NotAFeatureGroup, QueryFailed
from fsql.formats.hive.publishing import publish
from fsql.formats.iceberg import load
from fsql.inserts.stages import Stages
from fsql.inserts.targets import Target, target_of
from fsql.local.tables import iceberg_rewrite
from fsql.storage import path_of
from fsql.types import Timestamp
from tests.programs import Program, ran

FORMATS = ("iceberg", "hive")
NOW, DAY = dt.timedelta(0), 86400


def group(table_format: str, **options: Any) -> fsql.FeatureGroup:
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "a",
        "b",
        "small",
        "v0001",
        sa.MetaData(),
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("ms")),
        sa.Column("p", sa.String),
        **{"keys": ["k"], "event_time": "t", "partition_by": ["p"]} | options,
        table_format=table_format,
    )
    return made


def rows(*keys: int, p: str | None = "x/y") -> pa.Table:
    times = pa.array([key % 7 for key in keys], pa.timestamp("ms"))
    return pa.table({"k": pa.array(keys, pa.int64()), "t": times, "p": [p] * len(keys)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compact")


@pytest.fixture
def store(folder: Path) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{folder}/store")
    yield made
    for each in made.groups():
        made.drop(each, purge=True)


@pytest.fixture(params=FORMATS)
def small(request: pytest.FixtureRequest, store: fsql.FeatureStore) -> fsql.FeatureGroup:
    """A group of two partitions with six small files each."""
    return filled(store, request.param)


def filled(store: fsql.FeatureStore, table_format: str, **options: Any) -> fsql.FeatureGroup:
    made = group(table_format, **options)
    store.create(made)
    for number in range(6):
        store.write(made, rows(10 - number, number))
        store.write(made, rows(100 + number, p=None))
    return made


def keys(store: fsql.FeatureStore) -> list[int]:
    """The keys, which the engine and a scan must agree on."""
    sql = "SELECT k FROM a_b_small_v0001"
    engine = fsql.read_arrow(sql, store.engine, transport="engine")["k"].to_pylist()
    scanned = fsql.read_arrow(sql, store.engine, transport="scan")["k"].to_pylist()
    assert sorted(engine) == sorted(scanned)
    return sorted(engine)


def files(store: fsql.FeatureStore, below: str = "") -> set[str]:
    """The Parquet files below the group's location."""
    location = store.catalog.get("a_b_small_v0001").location
    found = store.catalog.storage.list(f"{location}/{below}")
    return {object.uri for object in found if object.uri.endswith(".parquet")}


def age(folder: Path, uri: str, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(folder / "store" / "s3" / path_of(uri), (then, then))


ALL = sorted([*range(6), *range(5, 11), *range(100, 106)])


def test_rows_stay_and_files_become_few(store: fsql.FeatureStore, small: fsql.FeatureGroup) -> None:
    before = fsql.read_arrow(sa.select(small).order_by(small.c.k), store.engine)
    result = store.compact(small)
    after = fsql.read_arrow(sa.select(small).order_by(small.c.k), store.engine)
    assert after.equals(before)
    assert keys(store) == ALL
    assert (result.files_before, result.files_after) == (12, 2)
    assert result.bytes_after < result.bytes_before
    assert store.describe(small).totals.files == 2
    assert store.describe(small).totals.bytes == result.bytes_after
    assert store.describe(small).totals.rows == len(ALL)
    assert "12 files, " in str(result)
    assert " became 2 files, " in str(result)
    again = store.compact(small)
    assert (again.files_before, again.files_after) == (2, 2)
    assert str(again).startswith("Nothing to compact in a_b_small_v0001: 2 files, ")


def test_writes_go_on(store: fsql.FeatureStore, small: fsql.FeatureGroup) -> None:
    store.compact(small)
    store.write(small, rows(11, 12))
    store.write(small, rows(7, p="new"), mode="overwrite_partitions")
    assert keys(store) == sorted([*ALL, 11, 12, 7])
    store.compact(small, min_files=2)
    assert keys(store) == sorted([*ALL, 11, 12, 7])
    assert store.describe(small).totals.files == 3


def test_where_chooses_partitions(store: fsql.FeatureStore, small: fsql.FeatureGroup) -> None:
    result = store.compact(small, where="p IS NULL")
    assert (result.files_before, result.files_after) == (12, 7)
    assert keys(store) == ALL
    with pytest.raises(InvalidQuery, match="'nonsense'"):
        store.compact(small, where="nonsense = 1")
    assert store.compact(small, where="p = 'no such'").files_after == 7


def test_nothing_at_all(store: fsql.FeatureStore) -> None:
    for table_format in FORMATS:
        made = group(table_format)
        store.create(made)
        assert store.compact(made).files_after == 0
        store.drop(made, purge=True)


@pytest.mark.parametrize(
    "wrong", [{"where": " "}, {"min_files": 1}, {"older_than": dt.timedelta(-1)}]
)
def test_what_makes_no_sense_is_refused(store: fsql.FeatureStore, wrong: Any) -> None:
    store.create(group("iceberg"))
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        store.compact("a_b_small", **wrong)


def test_other_tables_are_refused(store: fsql.FeatureStore) -> None:
    name = "other_table"
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {name} AS SELECT 1 AS one")
        with pytest.raises(NotAFeatureGroup):
            store.compact(name)
        connection.exec_driver_sql(f"DROP TABLE {name}")


def test_the_command(store: fsql.FeatureStore, small: fsql.FeatureGroup) -> None:
    url = store.engine.url.render_as_string()
    arguments = ["compact", "a_b_small", "--url", url, "--where", "p = 'x/y'", "--no-vacuum"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Compacted a_b_small_v0001: 12 files, ")
    assert store.describe(small).totals.files == 7
    result = CliRunner().invoke(main, [*arguments[:5], "p ="])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")


# --- Iceberg -------------------------------------------------------------------------------------


def alter(store: fsql.FeatureStore, properties: str) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER TABLE a_b_small_v0001 SET TBLPROPERTIES ({properties})")


def test_it_runs_until_all_is_done(store: fsql.FeatureStore, monkeypatch: Any) -> None:
    monkeypatch.setattr(iceberg_rewrite, "MAX_PARTITIONS", 1)
    small = filled(store, "iceberg")
    result = store.compact(small)
    assert result.runs == 2
    assert result.files_after == 2
    assert keys(store) == ALL


def test_old_snapshots_and_their_files_go_unless_they_are_to_stay(
    store: fsql.FeatureStore,
) -> None:
    small = filled(store, "iceberg")
    assert store.compact(small).snapshots_expired == 0
    assert len(files(store)) == 14
    alter(store, "'vacuum_max_snapshot_age_seconds'='0'")
    assert store.compact(small, vacuum=False).snapshots_expired == 0
    result = store.compact(small)
    assert result.snapshots_expired == 12
    assert "12 snapshots expired." in str(result)
    assert len(files(store)) == 2
    assert keys(store) == ALL


def test_few_files_wait_and_how_to_take_them_is_said(store: fsql.FeatureStore) -> None:
    made = group("iceberg")
    store.create(made)
    for key in range(3):
        store.write(made, rows(key))
    result = store.compact(made)
    assert result.files_after == 3
    assert "fewer than 5 small files as they are; min_files=2 takes those" in str(result)
    assert store.compact(made, min_files=3).files_after == 1
    store.write(made, rows(9))
    assert "fewer than 3 small files" in str(store.compact(made))
    assert keys(store) == [0, 1, 2, 9]


def test_tombstones_are_compacted_with_their_group(store: fsql.FeatureStore) -> None:
    small = filled(store, "iceberg")
    for key in range(6):
        store.delete(small, {"k": key})
    store.compact(small)
    buried = store.catalog.get("a_b_small_v0001__deletes")
    assert len(load(store.catalog, buried.name, buried.database).inspect.files()) == 1
    latest = fsql.read_arrow(store.latest(small), store.engine)
    assert sorted(latest["k"].to_pylist()) == [*range(6, 11), *range(100, 106)]


@contextmanager
def listening(store: fsql.FeatureStore, event: str, call: Callable[..., Any]) -> Iterator[None]:
    events: Any = store.catalog.aws.session.events
    events.register_first(event, call)
    try:
        yield
    finally:
        events.unregister(event, call)


def test_a_group_stays_one_whatever_athena_keeps_of_its_parameters(
    store: fsql.FeatureStore,
) -> None:
    small = filled(store, "iceberg")

    def forgetful(parsed: Any, **_: Any) -> None:
        execution = parsed.get("QueryExecution", {})
        done = execution.get("Status", {}).get("State") == "SUCCEEDED"
        if done and execution["Query"].startswith("VACUUM"):
            entry = store.catalog.get(small.name)
            known = ("table_type", "metadata_location", "previous_metadata_location")
            kept = ("Name", "StorageDescriptor", "PartitionKeys", "TableType")
            changed = {key: entry.glue[key] for key in kept if key in entry.glue}
            changed["Parameters"] = {key: entry.parameters[key] for key in known}
            store.catalog.glue.update_table(DatabaseName=entry.database, TableInput=changed)

    with listening(store, "after-call.athena.GetQueryExecution", forgetful):
        store.compact(small)
    assert store.catalog.get(small.name).is_group
    assert keys(store) == ALL


def test_athena_that_never_ends_is_given_up(store: fsql.FeatureStore, monkeypatch: Any) -> None:
    small = filled(store, "iceberg")
    monkeypatch.setattr("fsql.compaction.athena.RUNS", 1)
    monkeypatch.setattr(iceberg_rewrite, "MAX_PARTITIONS", 1)
    with pytest.raises(QueryFailed, match="more to do yet"):
        store.compact(small)
    assert keys(store) == ALL


# --- Hive ----------------------------------------------------------------------------------------


def test_new_files_are_sorted_by_key(store: fsql.FeatureStore) -> None:
    small = filled(store, "hive")
    old = files(store)
    store.compact(small)
    new = {uri.split("/")[-2]: uri for uri in files(store) - old}
    table = pq.read_table(
        path_of(new["p=x%2Fy"]), filesystem=store.catalog.storage.filesystem, partitioning=None
    )
    assert table["k"].to_pylist() == sorted([*range(6), *range(5, 11)])
    assert table.column_names == ["k", "t"]


def test_old_files_go_an_hour_later(store: fsql.FeatureStore, folder: Path) -> None:
    small = filled(store, "hive")
    for uri in files(store):
        age(folder, uri, days=2)
    assert store.compact(small).files_removed == 0
    assert store.compact(small).files_removed == 0
    assert len(files(store)) == 14
    location = store.catalog.get(small.name).location
    for object in store.catalog.storage.list(f"{location}/_manifests/"):
        age(folder, object.uri, days=0.05)
    assert store.compact(small, vacuum=False).files_removed == 0
    result = store.compact(small)
    assert result.files_removed == 12
    assert "12 files that nobody needs removed." in str(result)
    assert len(files(store)) == 2
    assert keys(store) == ALL


def test_files_that_may_be_on_their_way_stay(store: fsql.FeatureStore, folder: Path) -> None:
    small = filled(store, "hive")
    location = store.catalog.get(small.name).location
    filesystem = store.catalog.storage.filesystem
    for name in ("p=x%2Fy/young.parquet", "p=other/old.parquet", "odd/old.parquet", "old.txt"):
        path = store.catalog.storage.for_writing(f"{location}/{name}")
        with filesystem.open_output_stream(path) as stream:
            stream.write(b"x")
        if "old" in name:
            age(folder, f"{location}/{name}", days=1.1)
    assert store.compact(small).files_removed == 1
    left = {object.uri for object in store.catalog.storage.list(f"{location}/")}
    assert f"{location}/p=other/old.parquet" not in left
    assert {f"{location}/{name}" for name in ("p=x%2Fy/young.parquet", "odd/old.parquet")} <= left
    assert f"{location}/old.txt" in left


def test_rows_that_come_meanwhile_stay(store: fsql.FeatureStore, monkeypatch: Any) -> None:
    small = filled(store, "hive")

    def late(*arguments: Any) -> Any:
        store.write(small, rows(1000))
        return publish(*arguments)

    monkeypatch.setattr("fsql.formats.hive.compacting.publish", late)
    result = store.compact(small)
    assert keys(store) == [*ALL, 1000]
    assert result.files_after == 3


def test_a_partition_that_is_replaced_meanwhile_is_left_alone(
    store: fsql.FeatureStore, monkeypatch: Any
) -> None:
    small = filled(store, "hive")

    def late(*arguments: Any) -> Any:
        store.write(small, rows(1000), mode="overwrite_partitions")
        return publish(*arguments)

    monkeypatch.setattr("fsql.formats.hive.compacting.publish", late)
    before = files(store)
    result = store.compact(small)
    assert "Others have replaced p=x%2Fy meanwhile; compact again." in str(result)
    assert keys(store) == [*range(100, 106), 1000]
    assert len(files(store) - before) == 2  # what was written meanwhile, and the other partition


def test_a_write_with_a_token_can_still_be_repeated(store: fsql.FeatureStore, folder: Path) -> None:
    small = filled(store, "hive")
    first, second = rows(500, 501), rows(600, p="z")
    store.write(small, pa.concat_tables([first, second]), token="monday")
    assert store.compact(small).files_after == 3
    # As if it had been killed before the other partition was switched, and before it was noted.
    location = store.catalog.get(small.name).location
    store.write(small, first, token="tuesday")
    (note,) = [
        object.uri
        for object in store.catalog.storage.list(f"{location}/_writes/")
        if b"tuesday" in (folder / "store" / "s3" / path_of(object.uri)).read_bytes()
    ]
    store.catalog.storage.delete([note])
    store.write(small, rows(7))
    store.compact(small)
    both = pa.concat_tables([first, rows(700, p="z")])
    store.write(small, both, token="tuesday")
    assert keys(store) == sorted([*ALL, 500, 501, 600, 500, 501, 700, 7])
    store.compact(small)
    assert keys(store) == sorted([*ALL, 500, 501, 600, 500, 501, 700, 7])


# --- what killed operations leave ----------------------------------------------------------------

KILLED = """
import importlib, os, signal, sys
import pyarrow as pa
import fsql

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

importlib.import_module("fsql.writer.upsert")._executed = die
store = fsql.FeatureStore(sys.argv[1])
times = pa.array([0], pa.timestamp("ms"))
store.write("a_b_small_v0001", pa.table({"k": [1], "t": times, "p": ["x"]}), mode="upsert")
"""


def test_staged_tables_of_killed_upserts_go_when_they_are_old(store: fsql.FeatureStore) -> None:
    small = filled(store, "iceberg")
    assert ran(KILLED, store.engine.url.render_as_string()) == -signal.SIGKILL
    (left,) = leftovers(store.catalog)
    assert str(left).endswith("(an upsert, idle for 0 min)")
    assert store.compact(small).leftovers == ()
    staged = f"{store.catalog.aws.staging}stage/"
    assert store.catalog.storage.list(staged)
    result = store.compact(small, older_than=NOW)
    assert result.leftovers == (left.entry.name,)
    assert "1 staged table of killed operations dropped." in str(result)
    assert leftovers(store.catalog) == []
    assert store.catalog.storage.list(staged) == []
    assert keys(store) == ALL


def staged(store: fsql.FeatureStore, small: fsql.FeatureGroup) -> tuple[Target, Stages]:
    """An insert of two rows that is about to be adopted."""
    target = target_of(store.catalog, store.catalog.get(small.name), small)
    stages = Stages(store.catalog, target, "abc")
    with store.engine.connect() as connection:
        for partitioned in (True, False):
            stage = stages.open(partitioned=partitioned)
            time = "TIMESTAMP '2020-01-01 00:00:00'"
            values = f"VALUES (900, {time}, 'x/y'), (901, {time}, NULL)"
            connection.exec_driver_sql(f"INSERT INTO {stage.sql} {values}")
    return target, stages


def adopt(target: Target, stages: Stages) -> None:
    stage = stages.open(partitioned=True)
    target.adopt([each.data_file for each in stage.entries()], stage.token)


def long_ago(store: fsql.FeatureStore, folder: Path) -> None:
    """As if nobody had written to the group for hours."""
    location = store.catalog.get("a_b_small_v0001").location
    for object in store.catalog.storage.list(f"{location}/_manifests/"):
        age(folder, object.uri, days=0.5)


@pytest.mark.parametrize("adopted", [True, False])
def test_what_a_killed_insert_staged_goes_unless_the_group_has_it(
    store: fsql.FeatureStore, small: fsql.FeatureGroup, folder: Path, adopted: bool
) -> None:
    target, stages = staged(store, small)
    names = {stages.open(partitioned=partitioned).name for partitioned in (True, False)}
    if adopted:
        adopt(target, stages)
    expected = sorted([*ALL, 900, 901]) if adopted else ALL
    assert keys(store) == expected
    assert store.compact(small).leftovers == ()
    if small.definition.table_format == "hive" and adopted:
        # Nobody can tell whether all partitions have the rows.
        assert store.compact(small, older_than=NOW).leftovers == ()
        assert keys(store) == expected
        return
    assert set(store.compact(small, older_than=NOW).leftovers) == names
    assert keys(store) == expected
    assert files(store, "fsql_insert_abc_rows/") == set()
    assert len(files(store, "fsql_insert_abc/")) == 2
    long_ago(store, folder)
    store.compact(small, vacuum=False)
    store.compact(small, older_than=NOW)
    assert len(files(store, "fsql_insert_abc/")) == 2 * adopted
    assert keys(store) == expected


def test_an_insert_that_was_killed_between_two_partitions_can_go_on(
    store: fsql.FeatureStore, folder: Path
) -> None:
    small = filled(store, "hive")
    target, stages = staged(store, small)
    stage = stages.open(partitioned=True)
    first = stage.entries()[0].data_file
    target.adopt([first], stage.token)
    location = store.catalog.get(small.name).location
    store.catalog.storage.delete_prefix(f"{location}/_writes/")
    store.compact(small, older_than=NOW)
    adopt(target, stages)
    assert keys(store) == sorted([*ALL, 900, 901])
    stages.give_up(None)
    store.compact(small)
    long_ago(store, folder)
    store.compact(small, older_than=NOW)
    assert keys(store) == sorted([*ALL, 900, 901])
    assert files(store, "fsql_insert_abc/") == set()
    assert store.describe(small).totals.files == 2


# --- others at the same time ---------------------------------------------------------------------

WRITER = """
import sys
import pyarrow as pa
import fsql

store, who = fsql.FeatureStore(sys.argv[1]), int(sys.argv[2])
for number in range(4):
    key = 1000 * who + number
    times = pa.array([0], pa.timestamp("ms"))
    store.write("a_b_small_v0001", pa.table({"k": [key], "t": times, "p": ["x/y"]}))
"""

COMPACTER = """
import datetime as dt
import sys
import fsql

store = fsql.FeatureStore(sys.argv[1])
for number in range(2):
    store.compact("a_b_small_v0001", min_files=2)
"""


@pytest.mark.slow
def test_beside_writers_nothing_is_lost(store: fsql.FeatureStore, small: fsql.FeatureGroup) -> None:
    url = store.engine.url.render_as_string()
    programs = [(WRITER, "1"), (WRITER, "2"), (COMPACTER, "3"), (COMPACTER, "4")]
    running = [Program(text, url, who) for text, who in programs]
    assert [process.wait() for process in running] == [0] * 4
    assert keys(store) == [*ALL, *range(1000, 1004), *range(2000, 2004)]
    store.compact(small)
    assert keys(store) == [*ALL, *range(1000, 1004), *range(2000, 2004)]


ENDLESS = """
import sys
import pyarrow as pa
import fsql

store, number = fsql.FeatureStore(sys.argv[1]), 10_000
while True:
    times = pa.array([0], pa.timestamp("ms"))
    store.write("a_b_small_v0001", pa.table({"k": [number], "t": times, "p": ["x/y"]}))
    print(number, flush=True)
    number += 1
    if number % 3 == 0:
        store.compact("a_b_small_v0001", min_files=2)
        print("compacted", flush=True)
"""


@pytest.mark.slow
def test_a_killed_compaction_leaves_all_rows(
    store: fsql.FeatureStore, small: fsql.FeatureGroup
) -> None:
    url = store.engine.url.render_as_string()
    for pause in (0.0, 0.04):
        known = keys(store)
        with Program(ENDLESS.replace("10_000", str(max(known) + 1)), url) as process:
            lines, done = iter(process.stdout.readline, ""), list[int]()
            for line in lines:
                if line == "compacted\n":
                    time.sleep(pause)
                    process.kill()
                else:
                    done.append(int(line))
        left = keys(store)
        # A write that was not acknowledged may have been done.
        assert left[: len(known) + len(done)] == sorted([*known, *done])
        assert len(left) <= len(known) + len(done) + 1
        assert store.describe(small).totals.rows == len(left)
    store.compact(small, older_than=NOW)
    assert keys(store) == left
