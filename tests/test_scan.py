"""Reading a table's own files: which rows, which files, how many bytes, and when it is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from pyiceberg.expressions.parser import parse
from pyiceberg.table import Table
from pyiceberg.types import DoubleType, LongType, StringType

import fsql
from fsql.formats import CannotScan, FileScan, scan
from fsql.types import Array, Struct, Timestamp

START = dt.datetime(2013, 1, 1)
GROUP = fsql.FeatureGroup(
    "a",
    "b",
    "scanned",
    "v0001",
    sa.MetaData(),
    sa.Column("k", sa.Integer),
    sa.Column("t", Timestamp("us")),
    sa.Column("s", sa.String),
    sa.Column("w", Struct(dir=sa.Integer, name=sa.String)),
    sa.Column("l", Array(sa.Double)),
    keys=["k"],
    event_time="t",
)


def rows(first: int, count: int = 10) -> pa.Table:
    keys = range(first, first + count)
    return pa.table(
        {
            "k": pa.array(keys, pa.int32()),
            "t": [START + dt.timedelta(days=k) for k in keys],
            "s": [f"s{k}" if k % 2 else None for k in keys],
            "w": [{"dir": k, "name": f"n{k}"} for k in keys],
            "l": [[float(k)] * (k % 3) for k in keys],
        }
    ).cast(GROUP.storage_schema)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('scan')}/store")


@pytest.fixture
def store(shared: fsql.FeatureStore) -> Iterator[fsql.FeatureStore]:
    """A store with three files of ten rows each."""
    shared.create(GROUP)
    for first in (0, 10, 20):
        shared.write(GROUP, rows(first))
    yield shared
    shared.drop(GROUP, purge=True)


_SEVEN = pc.field("k") == 7


def planned(store: fsql.FeatureStore, *args: Any, **options: Any) -> FileScan:
    return scan(store.catalog, store.catalog.get(GROUP.name), *args, **options)


def iceberg(store: fsql.FeatureStore) -> Table:
    return store.catalog.iceberg.load_table(("feature_store", GROUP.name))


def test_all_columns_and_rows_in_the_order_of_writing(store: fsql.FeatureStore) -> None:
    found = planned(store)
    assert found.schema == GROUP.storage_schema
    assert found.to_table() == pa.concat_tables([rows(0), rows(10), rows(20)])
    assert pa.Table.from_batches(found.to_batches()) == found.to_table()


def test_an_empty_table_has_its_schema(store: fsql.FeatureStore) -> None:
    store.drop(GROUP, purge=True)
    store.create(GROUP)
    found = planned(store)
    assert found.to_table() == GROUP.storage_schema.empty_table()
    assert list(found.to_batches()) == []
    assert found.bytes_scanned == 0


def test_columns_are_chosen_renamed_repeated_and_taken_apart(store: fsql.FeatureStore) -> None:
    columns = [("a", ("s",)), ("a", ("k",)), ("dir", ("w", "dir")), ("again", ("k",))]
    found = planned(store, columns, filter=pc.field("k") == 7)
    assert found.schema == pa.schema(
        [("a", pa.string()), ("a", pa.int32()), ("dir", pa.int32()), ("again", pa.int32())]
    )
    (batch,) = [batch for batch in found.to_batches() if len(batch)]
    assert [column[0].as_py() for column in batch.columns] == ["s7", 7, 7, 7]
    assert found.to_table().schema == found.schema


@pytest.mark.parametrize("limit", [0, 1, 13, 30, 99])
def test_a_limit_is_kept(store: fsql.FeatureStore, limit: int) -> None:
    found = planned(store, limit=limit)
    assert len(found.to_table()) == min(limit, 30)
    assert sum(map(len, found.to_batches())) == min(limit, 30)


def test_an_earlier_snapshot_is_read(store: fsql.FeatureStore) -> None:
    first, second, _ = (s.snapshot_id for s in iceberg(store).snapshots())
    assert planned(store, snapshot=first).to_table()["k"].to_pylist() == list(range(10))
    assert planned(store, snapshot=second).to_table()["k"].to_pylist() == list(range(20))
    with pytest.raises(CannotScan, match="there is no snapshot 1"):
        planned(store, snapshot=1)


def test_bytes_are_those_of_the_columns_that_are_read(store: fsql.FeatureStore) -> None:
    key = planned(store, [("k", ("k",))]).bytes_scanned
    text = planned(store, [("s", ("s",))]).bytes_scanned
    assert 0 < key < planned(store).bytes_scanned
    assert planned(store, [("k", ("k",)), ("s", ("s",))]).bytes_scanned == key + text
    # A filter's columns are read too, a field of a struct costs less than the struct.
    everywhere = pc.field("s").is_valid() | pc.field("s").is_null()
    assert planned(store, [("k", ("k",))], filter=everywhere).bytes_scanned == key + text
    part, whole = [("d", ("w", "dir"))], [("w", ("w",))]
    assert planned(store, part).bytes_scanned < planned(store, whole).bytes_scanned


def test_row_groups_that_cannot_match_are_not_counted(store: fsql.FeatureStore) -> None:
    columns = [("k", ("k",))]
    one = planned(store, columns, filter=pc.field("k") == 25)
    assert one.to_table()["k"].to_pylist() == [25]
    assert 0 < one.bytes_scanned * 2 < planned(store, columns).bytes_scanned


@pytest.mark.parametrize(
    ("prune", "files"),
    [
        ("k = 25", 1),
        ("k < 15", 2),
        ("t >= '2013-01-21T00:00:00'", 1),
        ("k = 99", 0),
        ("s LIKE 's1%'", 2),
        ("s IS NULL", 3),
    ],
)
def test_files_that_cannot_match_are_not_opened(
    store: fsql.FeatureStore, prune: str, files: int
) -> None:
    # What is left of three files of ten rows each, for the scan has no filter.
    assert len(planned(store, prune=parse(prune)).to_table()) == 10 * files


def test_partitions_that_cannot_match_are_not_opened(store: fsql.FeatureStore) -> None:
    with iceberg(store).update_spec() as update:
        update.add_field("k", "bucket[64]")
    store.write(GROUP, rows(30, 64))
    assert len(planned(store, prune=parse("k = 50")).to_table()) < 10


def test_a_column_that_was_added_is_null_in_older_files(store: fsql.FeatureStore) -> None:
    with iceberg(store).update_schema() as update:
        update.add_column("new", StringType())
    found = planned(store, [("k", ("k",)), ("new", ("new",))]).to_table()
    assert found["new"].null_count == 30
    assert planned(store, filter=pc.field("new").is_null()).to_table().num_rows == 30


def test_a_column_that_was_widened_is_read(store: fsql.FeatureStore) -> None:
    with iceberg(store).update_schema() as update:
        update.update_column("k", LongType())
    found = planned(store, [("k", ("k",))], filter=pc.field("k") >= pa.scalar(28, pa.int64()))
    assert found.to_table() == pa.table({"k": pa.array([28, 29], pa.int64())})


def rename(table: Table) -> None:
    with table.update_schema() as update:
        update.rename_column("s", "text")


def replace(table: Table) -> None:
    with table.update_schema() as update:
        update.delete_column("s")
    with table.update_schema() as update:
        update.add_column("s", StringType())


def add_a_field(table: Table) -> None:
    with table.update_schema() as update:
        update.add_column(("w", "new"), DoubleType())


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        (rename, ("text",), [f"s{k}" if k % 2 else None for k in range(30)]),
        (replace, ("s",), [None] * 30),
        (add_a_field, ("w", "new"), [None] * 30),
        (add_a_field, ("w", "dir"), list(range(30))),
    ],
)
def test_columns_are_found_by_field_id(
    store: fsql.FeatureStore,
    change: Callable[[Table], None],
    path: tuple[str, ...],
    expected: list[Any],
) -> None:
    change(iceberg(store))
    assert planned(store, [("x", path)]).to_table()["x"].to_pylist() == expected
    few = planned(store, [("x", path)], filter=_SEVEN)
    assert few.to_table()["x"].to_pylist() == expected[7:8]
    assert [value for batch in few.to_batches() for value in batch["x"].to_pylist()] == expected[
        7:8
    ]
    assert planned(store, [("x", path)], limit=13).to_table()["x"].to_pylist() == expected[:13]
    # The filter's column is the same, so that row groups are still left out by it.
    every = planned(store, [("x", path)], filter=pc.field("k") >= 0)
    assert few.bytes_scanned < every.bytes_scanned


def test_files_without_field_ids_are_left_to_the_engine(store: fsql.FeatureStore) -> None:
    table = iceberg(store)
    uri = f"{table.location()}/data/foreign.parquet"
    path = store.catalog.storage.for_writing(uri)
    pq.write_table(rows(30), path, filesystem=store.catalog.storage.filesystem)
    table.add_files([uri])
    assert planned(store).to_table().num_rows == 40
    add_a_field(iceberg(store))
    with pytest.raises(CannotScan, match="a file carries no field ids"):
        planned(store)


def test_columns_that_never_changed_need_no_look_into_the_files(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with iceberg(store).update_schema() as update:
        update.add_column("new", StringType()).update_column("k", LongType())
        update.rename_column("s", "text")

    def refuse(*_: object) -> None:
        raise AssertionError("files were looked into")

    monkeypatch.setattr("fsql.formats.snapshots.split", refuse)
    for name in ("k", "t", "w", "l", "new"):
        planned(store, [("x", (name,))], filter=pc.field("k") > 1)
    for name in ("text", "k"):
        with pytest.raises(AssertionError, match="looked into"):
            planned(store, [("x", (name,))], filter=pc.field("text") == "s1")


def test_a_table_that_is_no_group_is_left_to_the_engine(store: fsql.FeatureStore) -> None:
    view = store.catalog.get("a_b_scanned")
    with pytest.raises(CannotScan, match="is no feature group on Iceberg"):
        scan(store.catalog, view)


def test_a_commit_is_seen_at_once(store: fsql.FeatureStore) -> None:
    assert len(planned(store).to_table()) == 30
    store.write(GROUP, rows(30))
    assert len(planned(store).to_table()) == 40
    iceberg(store).delete("k < 20")
    assert planned(store).to_table()["k"].to_pylist() == list(range(20, 40))


def test_a_warm_scan_of_one_row_reads_no_metadata(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = store.catalog.get(GROUP.name)
    scan(store.catalog, entry).to_table()

    def refuse(*_: object) -> None:
        raise AssertionError("metadata was read again")

    monkeypatch.setattr("fsql.catalog.StorageIO.new_input", refuse)
    assert len(scan(store.catalog, entry, filter=pc.field("k") == 5).to_table()) == 1
