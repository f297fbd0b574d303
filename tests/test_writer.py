"""Rows on their way into a table: all or none, whatever they come in and whatever happens."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from sqlalchemy import BigInteger, Double, String

import fsql
from fsql.errors import (
    CommitConflict,
    ConfigError,
    DefinitionError,
    InvalidData,
    NotAFeatureGroup,
    StorageError,
    TableNotFound,
    UnsupportedMode,
)
from fsql.formats import parquet
from fsql.types import Timestamp
from fsql.writer import sources

START = dt.datetime(2013, 1, 1)


def group(entity: str = "c", **options: Any) -> fsql.FeatureGroup:
    columns = [
        sa.Column("k", BigInteger),
        sa.Column("t", Timestamp("us")),
        sa.Column("s", String),
        sa.Column("x", Double),
    ]
    roles = {"keys": ["k"], "event_time": "t"} | options
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "a", "b", entity, "v0001", sa.MetaData(), *columns, **roles
    )
    return made


GROUP = group()


def rows(count: int, first: int = 0) -> pa.Table:
    """Rows with an hour between one and the next."""
    keys = range(first, first + count)
    return pa.table(
        {
            "k": pa.array(keys, pa.int64()),
            "t": pa.array([START + dt.timedelta(hours=k) for k in keys], pa.timestamp("us")),
            "s": [f"row {k}" if k % 3 else None for k in keys],
            "x": [k / 4 for k in keys],
        }
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('writer')}/store")


@pytest.fixture
def store(shared: fsql.FeatureStore) -> Iterator[fsql.FeatureStore]:
    """A store with an empty group."""
    shared.create(GROUP)
    yield shared
    for made in shared.groups():
        shared.drop(made, purge=True)


def read(store: fsql.FeatureStore, name: str = GROUP.name, **options: Any) -> pa.Table:
    return fsql.read_arrow(f"SELECT * FROM {name}", store.engine, **options)


def data_files(store: fsql.FeatureStore, name: str = GROUP.name) -> list[str]:
    location = store.catalog.get(name).location
    return [o.uri for o in store.catalog.storage.list(f"{location}/") if ".parquet" in o.uri]


@pytest.fixture
def unchanged(store: fsql.FeatureStore) -> Iterator[None]:
    """The test may not change what the table holds, nor leave files behind."""
    store.write(GROUP, rows(3))
    before = read(store), data_files(store)
    yield
    assert (read(store), data_files(store)) == before


# --- what is taken -----------------------------------------------------------------------------


class Stream:
    """Nothing but an Arrow stream."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def parquet_file(table: pa.Table, folder: Path) -> Path:
    pq.write_table(table, folder / "data.parquet", row_group_size=7)
    return folder / "data.parquet"


def parquet_folder(table: pa.Table, folder: Path) -> str:
    (folder / "in" / "deep").mkdir(parents=True)
    pq.write_table(table.slice(0, 10), folder / "in" / "1.parquet")
    # The same rows in another order of columns, and in other types that lose nothing.
    rest = table.slice(10).select(["x", "s", "t", "k"])
    rest = rest.set_column(1, "s", rest["s"].cast(pa.large_string()))
    pq.write_table(rest, folder / "in" / "deep" / "2.pq")
    (folder / "in" / "_SUCCESS").touch()
    return str(folder / "in")


def csv_file(table: pa.Table, folder: Path) -> str:
    pacsv.write_csv(table, folder / "data.csv")
    return str(folder / "data.csv")


def json_file(table: pa.Table, folder: Path) -> str:
    lines = [json.dumps(row | {"t": row["t"].isoformat()}) for row in table.to_pylist()]
    with gzip.open(folder / "data.jsonl.gz", "wt") as file:
        file.write("\n".join(lines))
    return str(folder / "data.jsonl.gz")


SOURCES: dict[str, Callable[[pa.Table, Path], Any]] = {
    "pandas": lambda table, _: table.to_pandas(),
    "polars": lambda table, _: pl.from_arrow(table),
    "table": lambda table, _: table,
    "batch": lambda table, _: table.combine_chunks().to_batches()[0],
    "reader": lambda table, _: table.to_reader(5),
    "dataset": lambda table, folder: ds.dataset(parquet_file(table, folder)),
    "stream": lambda table, _: Stream(table),
    "Parquet file": parquet_file,
    "Parquet folder": parquet_folder,
    "CSV file": csv_file,
    "JSON lines": json_file,
}


@pytest.mark.parametrize("make", SOURCES.values(), ids=list(SOURCES))
def test_rows_of_any_make_are_written(
    store: fsql.FeatureStore, tmp_path: Path, make: Callable[[pa.Table, Path], Any]
) -> None:
    table = rows(25)
    result = store.write(GROUP, make(table, tmp_path))
    assert result.rows == 25
    found = read(store).sort_by("k")
    assert found.equals(table.cast(found.schema))


def test_an_object_of_the_store_is_written(store: fsql.FeatureStore) -> None:
    path = store.catalog.storage.for_writing("s3://fsql-local/in/data.parquet")
    pq.write_table(rows(4), path, filesystem=store.catalog.storage.filesystem)
    assert store.write(GROUP, "s3://fsql-local/in/").rows == 4


def test_the_result_says_what_was_done(store: fsql.FeatureStore) -> None:
    result = store.write(GROUP, rows(10))
    (file,) = data_files(store)
    assert (result.rows, result.files) == (10, 1)
    (found,) = store.catalog.storage.list(file.rpartition("/")[0] + "/")
    assert result.bytes == found.size
    assert result.snapshot_id == store.describe(GROUP).totals.snapshot_id
    assert str(result).startswith("Wrote 10 rows to a_b_c_v0001: 1 file, 0.0 MB, ")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("empty", [pd.DataFrame(), rows(0), rows(0).to_reader()])
def test_nothing_to_write_is_said_and_changes_nothing(store: fsql.FeatureStore, empty: Any) -> None:
    result = store.write(GROUP, empty)
    assert (result.rows, result.files, result.snapshot_id) == (0, 0, None)
    assert str(result) == "The data has no rows; nothing was written to a_b_c_v0001."


def test_writes_add_up_and_keep_their_order(store: fsql.FeatureStore) -> None:
    for first in (0, 10, 20):
        store.write(GROUP, rows(10, first))
    assert read(store, transport="scan")["k"].to_pylist() == list(range(30))


def test_a_frame_cut_into_lanes_becomes_one_file_in_order(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LANE_BYTES", 100)
    monkeypatch.setattr(sources, "BLOCK_ROWS", 7)
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 20)
    monkeypatch.setattr(pa, "cpu_count", lambda: 3)
    result = store.write(GROUP, rows(1000))
    assert result.files == 1
    assert read(store, transport="scan")["k"].to_pylist() == list(range(1000))


def test_a_large_file_makes_room_for_the_next(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "BLOCK_ROWS", 100)
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 100)
    monkeypatch.setattr(parquet, "FILE_BYTES", 2000)
    result = store.write(GROUP, rows(1000))
    assert result.files > 1
    assert read(store, transport="scan")["k"].to_pylist() == list(range(1000))


def test_partitions_get_files_of_their_own(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So little may wait, and so few may be open, that files are closed and others begun.
    monkeypatch.setattr(parquet, "BUFFER_BYTES", 1000)
    monkeypatch.setattr(parquet, "OPEN_FILES", 2)
    monkeypatch.setattr(sources, "BLOCK_ROWS", 50)
    days = group("days", partition_by=["day(t)", "bucket(2, k)", "truncate(5, s)"])
    store.create(days)
    table = rows(24 * 4)
    store.write(days, table.take(pa.array([*range(0, 96, 2), *range(1, 96, 2)])))
    found = read(store, days.name).sort_by("k")
    assert found.equals(table.cast(found.schema))
    folders = {uri.split("/data/")[1].rpartition("/")[0] for uri in data_files(store, days.name)}
    assert {folder.split("/")[0] for folder in folders} == {
        f"t_day=2013-01-0{day}" for day in (1, 2, 3, 4)
    }
    (one,) = store.read(f"SELECT x FROM {days.name} WHERE k = 30")["x"]
    assert one == 7.5


def test_a_bar_counts_the_rows(
    store: fsql.FeatureStore, capsys: pytest.CaptureFixture[str]
) -> None:
    store.write(GROUP, rows(10))
    assert capsys.readouterr().err == ""
    store.write(GROUP, rows(10), progress=True)
    assert "10.0/10.0" in capsys.readouterr().err


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.usefixtures("unchanged")
def test_problems_are_told_and_nothing_is_written(store: fsql.FeatureStore) -> None:
    bad = rows(5).to_pandas().drop(columns="x").assign(k=[1.0, None, 3, 4, 5], y=1)
    with pytest.raises(InvalidData) as caught:
        store.write(GROUP, bad)
    assert [problem.column for problem in caught.value.problems] == ["k", "x", "y"]


@pytest.mark.usefixtures("unchanged")
def test_problems_at_the_end_of_a_stream_undo_what_was_written(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LANE_BYTES", 1)
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 1)
    bad = rows(100).set_column(0, "k", pa.array([*range(99), None]))
    with pytest.raises(InvalidData) as caught:
        store.write(GROUP, bad.to_reader(10))
    assert [(p.column, p.rows) for p in caught.value.problems] == [("k", [99])]


@pytest.mark.usefixtures("unchanged")
def test_a_source_that_breaks_off_undoes_what_was_written(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LANE_BYTES", 1)
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 1)
    table = rows(100)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from table.to_batches(10)
        raise OSError("the line is dead")

    with pytest.raises(StorageError, match="the line is dead"):
        store.write(GROUP, pa.RecordBatchReader.from_batches(table.schema, batches()))


@pytest.mark.usefixtures("unchanged")
def test_a_corrupt_file_is_named(store: fsql.FeatureStore, tmp_path: Path) -> None:
    folder = Path(parquet_folder(rows(20), tmp_path))
    (folder / "bad.parquet").write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(StorageError, match=r"bad\.parquet' cannot be read; nothing was written"):
        store.write(GROUP, folder)


@pytest.mark.usefixtures("unchanged")
def test_a_full_disk_undoes_what_was_written(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource

    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 1000)
    monkeypatch.setattr(sources, "BLOCK_ROWS", 1000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(StorageError, match=r"cannot be written; nothing was: .*File too la"):
            store.write(GROUP, rows(60_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (
            "nowhere",
            StorageError,
            "'nowhere' cannot be read; nothing was written: there is nothing",
        ),
        ("s3://fsql-local/nowhere/", StorageError, "there is nothing"),
        ("https://somewhere/data.parquet", StorageError, "Expected s3://bucket/key"),
        (5, TypeError, "int is no frame"),
    ],
)
def test_what_cannot_be_read_is_named(
    store: fsql.FeatureStore, data: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        store.write(GROUP, data)


def test_a_folder_of_several_formats_is_refused(store: fsql.FeatureStore, tmp_path: Path) -> None:
    folder = Path(parquet_folder(rows(20), tmp_path))
    csv_file(rows(2), folder)
    with pytest.raises(ConfigError, match="several formats: csv, parquet"):
        store.write(GROUP, folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(StorageError, match="holds no files"):
        store.write(GROUP, tmp_path / "empty")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "k,t,s,x\nno,2013-01-01,a,1\n", "CSV conversion error to int64: invalid value"),
        ("a.csv", "k,t,s\n1,2013-01-01,a\n", "column 'x': is missing"),
        ("a.csv", "k,t,s,x\n1,,a,1\n", "column 't': is NULL"),
        ("a.jsonl", '{"k": 1, "t": "2013-01-01", "y": 1}\n', "unexpected field"),
        ("a.jsonl", "nonsense", "JSON parse error"),
    ],
)
def test_problems_of_text_files_are_told(
    store: fsql.FeatureStore, tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidData, match=said):
        store.write(GROUP, tmp_path / name)


def test_text_stays_as_it_stands(store: fsql.FeatureStore, tmp_path: Path) -> None:
    text = 'k,t,s,x\n1,2013-01-01,007,\n2,2013-01-01,"",1\n3,2013-01-01,,1\n4,2013-01-01,NA,1\n'
    (tmp_path / "a.csv").write_text(text)
    store.write(GROUP, tmp_path / "a.csv")
    assert read(store)["s"].to_pylist() == ["007", "", None, "NA"]
    assert read(store)["x"].to_pylist() == [None, 1.0, 1.0, 1.0]


def test_another_mode_is_refused(store: fsql.FeatureStore) -> None:
    with pytest.raises(UnsupportedMode, match=r"mode='merge' is not supported\. Expected 'app"):
        store.write(GROUP, rows(1), mode="merge")


def test_a_table_that_is_not_as_declared_is_refused(store: fsql.FeatureStore) -> None:
    other = group(created_time="t")
    with pytest.raises(DefinitionError, match="created_time is declared as t, stored as nothing"):
        store.write(other, rows(1))
    with pytest.raises(TableNotFound, match="Did you mean 'a_b_c_v0001'"):
        store.write(group("d"), rows(1))


def test_a_table_that_is_no_group_is_refused(store: fsql.FeatureStore) -> None:
    store.catalog.glue.create_table(
        DatabaseName="feature_store",
        TableInput={"Name": "other", "StorageDescriptor": {"Columns": [], "Location": "s3://b/k/"}},
    )
    with pytest.raises(NotAFeatureGroup):
        store.write("other", rows(1))


# --- others write too, and AWS has its moods ---------------------------------------------------


def test_writers_that_write_at_once_lose_nothing(store: fsql.FeatureStore) -> None:
    def write(first: int) -> None:
        mine = fsql.FeatureStore(store.engine.url)
        for batch in range(3):
            mine.write(GROUP, rows(5, first + 5 * batch))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, (0, 100, 200)))
    expected = [first + k for first in (0, 100, 200) for k in range(15)]
    assert sorted(read(store)["k"].to_pylist()) == expected
    assert len(data_files(store)) == 9


Answer = Callable[[], object]


def refusal(status: int, code: str) -> Answer:
    """AWS's own error response."""
    metadata = {"HTTPStatusCode": status}
    parsed = {"Error": {"Code": code, "Message": "not now"}, "ResponseMetadata": metadata}
    return lambda: (AWSResponse("https://glue", status, HTTPHeaders(), None), parsed)


def silence() -> object:
    raise ReadTimeoutError(endpoint_url="https://glue")


@contextmanager
def update_table(store: fsql.FeatureStore, when: str, answer: Answer) -> Iterator[None]:
    """Glue's UpdateTable answers so, before it does anything or after it has done it."""
    events, name = store.catalog.glue.meta.events, f"{when}-call.glue.UpdateTable"

    def handler(**_: Any) -> object:
        return answer()

    events.register_first(name, handler)
    try:
        yield
    finally:
        events.unregister(name, handler)


def without_retries(store: fsql.FeatureStore) -> None:
    """pyiceberg's own retries, for whose waiting a test has no time."""
    table = store.catalog.iceberg.load_table(("feature_store", GROUP.name))
    with table.transaction() as transaction:
        transaction.set_properties({"commit.retry.num-retries": "0"})


@pytest.mark.usefixtures("unchanged")
def test_a_commit_that_never_gets_through_is_a_conflict(store: fsql.FeatureStore) -> None:
    without_retries(store)
    with (
        update_table(store, "before", refusal(400, "ConcurrentModificationException")),
        pytest.raises(CommitConflict, match="were quicker 5 times over; nothing was written"),
    ):
        store.write(GROUP, rows(5))


@pytest.mark.usefixtures("unchanged")
def test_a_commit_that_aws_refuses_undoes_what_was_written(store: fsql.FeatureStore) -> None:
    with (
        update_table(store, "before", refusal(400, "AccessDeniedException")),
        pytest.raises(StorageError, match="was not made; nothing was written"),
    ):
        store.write(GROUP, rows(5))


def test_a_commit_whose_answer_is_lost_counts(store: fsql.FeatureStore) -> None:
    with update_table(store, "after", silence):
        result = store.write(GROUP, rows(5))
    assert result.rows == 5
    assert result.snapshot_id == store.describe(GROUP).totals.snapshot_id
    assert len(read(store)) == 5


@pytest.mark.parametrize("answer", [silence, refusal(500, "InternalServiceException")])
def test_a_commit_that_may_still_be_made_keeps_its_files(
    store: fsql.FeatureStore, answer: Answer
) -> None:
    with (
        update_table(store, "before", answer),
        pytest.raises(StorageError, match="Nobody knows whether the commit"),
    ):
        store.write(GROUP, rows(5))
    assert len(data_files(store)) == 1
    assert len(read(store)) == 0


def test_a_table_made_anew_meanwhile_is_a_conflict(store: fsql.FeatureStore) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from rows(5).to_batches()
        store.drop(GROUP)
        store.create(GROUP)

    with pytest.raises(CommitConflict, match="made anew"):
        store.write(GROUP, pa.RecordBatchReader.from_batches(rows(0).schema, batches()))
    assert data_files(store) == []


def test_many_small_writes_share_manifests(store: fsql.FeatureStore) -> None:
    table = store.catalog.iceberg.load_table(("feature_store", GROUP.name))
    with table.transaction() as transaction:
        transaction.set_properties({"commit.manifest.min-count-to-merge": "3"})
    for first in range(7):
        store.write(GROUP, rows(1, first))
    assert read(store, transport="scan")["k"].to_pylist() == list(range(7))
    assert sorted(read(store, transport="engine")["k"].to_pylist()) == list(range(7))
    snapshot = store.catalog.iceberg.load_table(("feature_store", GROUP.name)).current_snapshot()
    assert snapshot is not None
    assert len(snapshot.manifests(store.catalog.iceberg._load_file_io())) <= 3


def test_another_engines_commit_keeps_the_schema(store: fsql.FeatureStore) -> None:
    table = store.catalog.iceberg.load_table(("feature_store", GROUP.name))
    table.append(rows(3))
    entry = store.catalog.get(GROUP.name)
    assert entry.group is not None
    assert entry.group.arrow_schema == GROUP.arrow_schema
    store.write(GROUP, rows(2, 3))
    assert read(store)["k"].to_pylist() == list(range(5))
