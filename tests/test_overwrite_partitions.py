"""The partitions that the data has rows of are replaced as a whole; the others stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from pyiceberg.transforms import IdentityTransform

import fsql
from fsql.errors import ConfigError
from fsql.types import Timestamp

START = dt.datetime(2013, 1, 1)


def group(partition_by: list[str], entity: str = "parts") -> fsql.FeatureGroup:
    columns = [
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("us")),
        sa.Column("s", sa.String),
        sa.Column("d", sa.Date),
        sa.Column("n", sa.Numeric(7, 2)),
        sa.Column("b", sa.Boolean),
        sa.Column("x", sa.Double),
        sa.Column("v", sa.BigInteger),
    ]
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "a",
        "b",
        entity,
        "v0001",
        sa.MetaData(),
        *columns,
        keys=["k"],
        event_time="t",
        partition_by=partition_by,
    )
    return made


def rows(places: list[int], v: int) -> pa.Table:
    """A row for each place; every column but v follows from it, 3 being mostly NULL."""
    text = {0: "a/b c", 1: "", 2: "é=%", 3: None}
    number = {0: 0.5, 1: -1.0, 2: float("nan"), 3: None}
    return pa.table(
        {
            "k": pa.array(places, pa.int64()),
            "t": pa.array([START + dt.timedelta(days=40 * p) for p in places], pa.timestamp("us")),
            "s": pa.array([text[p] for p in places], pa.string()),
            "d": pa.array([dt.date(1960 + 9 * p, 2, 3) if p < 3 else None for p in places]),
            "n": pa.array(
                [Decimal(p - 1) / 4 if p < 3 else None for p in places], pa.decimal128(7, 2)
            ),
            "b": pa.array([(None, True, False, None)[p] for p in places], pa.bool_()),
            "x": pa.array([number[p] for p in places], pa.float64()),
            "v": pa.array([v] * len(places), pa.int64()),
        }
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('partitions')}/store")


@pytest.fixture
def store(shared: fsql.FeatureStore) -> Iterator[fsql.FeatureStore]:
    yield shared
    for made in shared.groups():
        shared.drop(made, purge=True)


def read(store: fsql.FeatureStore, name: str) -> list[tuple[int, int]]:
    """Places and v, as the engine and a scan both see them."""
    sql = f"SELECT k, v FROM {name}"
    found = [
        sorted((row["k"], row["v"]) for row in result.to_pylist())
        for result in (
            fsql.read_arrow(sql, store.engine, transport="engine"),
            fsql.read_arrow(sql, store.engine, transport="scan"),
        )
    ]
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    "by",
    [
        "k",
        "t",
        "s",
        "d",
        "n",
        "x",
        "day(t)",
        "month(t)",
        "hour(t)",
        "year(d)",
        "truncate(2, s)",
        "truncate(1, k)",
    ],
)
def test_touched_partitions_are_replaced_and_others_stay(store: fsql.FeatureStore, by: str) -> None:
    parts = group([by])
    store.create(parts)
    store.write(parts, rows([0, 1, 2, 3], 1))
    store.write(parts, rows([0, 1, 2, 3], 2))
    before = store.describe(parts).totals.snapshot_id
    for place in range(4):
        result = store.write(parts, rows([place], 3 + place), mode="overwrite_partitions")
        assert (result.rows, result.replaced) == (1, 2)
    assert read(store, parts.name) == [(0, 3), (1, 4), (2, 5), (3, 6)]
    assert store.describe(parts).totals.rows == 4
    old = fsql.read_sql(f"SELECT v FROM {parts.name} FOR VERSION AS OF {before}", store.engine)
    assert sorted(old["v"]) == [1] * 4 + [2] * 4


def test_all_columns_of_the_partition_count(store: fsql.FeatureStore) -> None:
    parts = group(["month(t)", "bucket(4, k)", "b"])
    store.create(parts)
    store.write(parts, rows([0, 1, 2, 3], 1))
    result = store.write(parts, rows([1, 3], 2), mode="overwrite_partitions")
    assert result.replaced == 2
    assert read(store, parts.name) == [(0, 1), (1, 2), (2, 1), (3, 2)]


def test_new_partitions_are_added(store: fsql.FeatureStore) -> None:
    parts = group(["day(t)"])
    store.create(parts)
    assert store.write(parts, rows([0, 1], 1), mode="overwrite_partitions").replaced == 0
    assert store.write(parts, rows([2], 2), mode="overwrite_partitions").replaced == 0
    assert read(store, parts.name) == [(0, 1), (1, 1), (2, 2)]


def test_what_came_meanwhile_is_replaced_too(store: fsql.FeatureStore) -> None:
    parts = group(["day(t)"])
    store.create(parts)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from rows([0], 1).to_batches()
        store.write(parts, rows([0, 1], 2))

    reader = pa.RecordBatchReader.from_batches(rows([0], 1).schema, batches())
    assert store.write(parts, reader, mode="overwrite_partitions", token="x").replaced == 1
    assert read(store, parts.name) == [(0, 1), (1, 2)]
    again = store.write(parts, rows([1], 9), mode="overwrite_partitions", token="x")
    assert (again.rows, read(store, parts.name)) == (0, [(0, 1), (1, 2)])


def test_nothing_to_write_replaces_nothing(store: fsql.FeatureStore) -> None:
    parts = group(["day(t)"])
    store.create(parts)
    store.write(parts, rows([0], 1))
    assert store.write(parts, rows([], 2), mode="overwrite_partitions").snapshot_id is None
    assert read(store, parts.name) == [(0, 1)]


def test_a_group_without_partitions_is_refused(store: fsql.FeatureStore) -> None:
    plain = group([], "plain")
    store.create(plain)
    with pytest.raises(
        ConfigError, match=r"has no partitions to replace\. mode='overwrite' replac"
    ):
        store.write(plain, rows([0], 1), mode="overwrite_partitions")


def test_rows_in_files_of_an_older_partitioning_are_told_apart(store: fsql.FeatureStore) -> None:
    parts = group(["day(t)"])
    store.create(parts)
    store.write(parts, rows([0, 0, 1], 1).set_column(0, "k", pa.array([0, 7, 1], pa.int64())))
    table: Any = store.catalog.iceberg.load_table(("feature_store", parts.name))
    with table.update_spec() as update:
        update.add_field("k", IdentityTransform(), "k")
    assert store.write(parts, rows([0], 2), mode="overwrite_partitions").replaced == 1
    assert read(store, parts.name) == [(0, 2), (1, 1), (7, 1)]
    assert store.write(parts, rows([0], 2), mode="overwrite").replaced == 3
    assert read(store, parts.name) == [(0, 2)]
