"""Groups in Hive-style folders: what they look like in Glue, on S3, in SQL and in frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

import fsql
from fsql.errors import ConfigError, DefinitionError, InvalidData, TableExists, TableNotFound
from fsql.types import Array, Timestamp

START = dt.datetime(2013, 1, 1)
TEXTS = ["a/b c", "é=%", None, "x" * 60, "..", "a'b\"c", "{}[]^*?#:\\", "\n\t\x7f", " s ", "+&~"]


def group(
    partition_by: Any = ("day(t)", "s"), entity: str = "parts", **kw: Any
) -> fsql.FeatureGroup:
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "a",
        "b",
        entity,
        "v0001",
        sa.MetaData(),
        sa.Column("k", sa.BigInteger),
        sa.Column("s", sa.String, comment="some text"),
        sa.Column("t", Timestamp("ms", tz="UTC")),
        sa.Column("i", sa.SmallInteger),
        sa.Column("date", sa.Date),
        sa.Column("b", sa.Boolean),
        sa.Column("tags", Array(sa.String), nullable=True),
        sa.Column("v", sa.Double),
        **{
            "keys": ["k"],
            "event_time": "t",
            "partition_by": partition_by,
            "table_format": "hive",
            **kw,
        },
    )
    return made


def rows(places: list[int], v: float = 0.0) -> pa.Table:
    """A row for each place; every column but v follows from it."""
    times = [START + dt.timedelta(days=40 * p, hours=p) for p in places]
    return pa.table(
        {
            "k": pa.array(places, pa.int64()),
            "s": pa.array([TEXTS[p % len(TEXTS)] for p in places], pa.string()),
            "t": pa.array(times, pa.timestamp("ms")).cast(pa.timestamp("ms", "UTC")),
            "i": pa.array([p * 1000 - 3000 if p % 4 else None for p in places], pa.int16()),
            "date": pa.array([dt.date(1960 + 9 * p, 2, 3) if p % 3 else None for p in places]),
            "b": pa.array([(None, True, False)[p % 3] for p in places], pa.bool_()),
            "tags": pa.array([[str(p)] * (p % 3) if p % 4 else None for p in places]),
            "v": pa.array([v] * len(places), pa.float64()),
        }
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('hive')}/store")


@pytest.fixture
def store(shared: fsql.FeatureStore) -> Iterator[fsql.FeatureStore]:
    yield shared
    for made in shared.groups():
        shared.drop(made, purge=True)


def both(store: fsql.FeatureStore, sql: Any) -> pa.Table:
    """Rows that the engine and a scan agree on, in one order."""
    engine, scan = (
        fsql.read_arrow(sql, store.engine, transport=transport) for transport in ("engine", "scan")
    )
    assert engine.schema == scan.schema
    order = [(name, "ascending") for name in ("k", "v")]
    engine, scan = engine.sort_by(order), scan.sort_by(order)
    assert engine.to_pylist() == scan.to_pylist()
    return scan


def read(store: fsql.FeatureStore, name: str) -> list[tuple[int, float]]:
    found = both(store, f"SELECT k, v FROM {name}")
    return list(zip(found["k"].to_pylist(), found["v"].to_pylist(), strict=True))


def objects(store: fsql.FeatureStore, group: fsql.FeatureGroup) -> list[str]:
    """The keys below a group's location."""
    root = f"{store.describe(group).location}/"
    return [found.uri.removeprefix(root) for found in store.catalog.storage.list(root)]


# --- tables ---------------------------------------------------------------------------------------


def test_the_table_is_one_that_athena_reads_by_manifests(store: fsql.FeatureStore) -> None:
    made = group(description="words")
    store.create(made)
    store.write(made, rows([0]))
    glue = store.catalog.glue
    table = glue.get_table(DatabaseName="feature_store", Name=made.name)["Table"]
    storage = table["StorageDescriptor"]
    assert (table["TableType"], table["Description"]) == ("EXTERNAL_TABLE", "words")
    assert storage["InputFormat"] == "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")
    names = [column["Name"] for column in storage["Columns"]]
    keys = [(key["Name"], key["Type"]) for key in table["PartitionKeys"]]
    assert names == ["k", "t", "i", "date", "b", "tags", "v"]
    assert keys == [("y", "int"), ("m", "int"), ("d", "int"), ("s", "string")]
    assert table["PartitionKeys"][3]["Comment"] == "some text"
    found = glue.get_partitions(DatabaseName="feature_store", TableName=made.name)["Partitions"]
    assert [partition["Values"] for partition in found] == [["2013", "1", "1", "a/b c"]]
    folder = f"{storage['Location']}y=2013/m=1/d=1/s=a%2Fb c/"
    assert found[0]["StorageDescriptor"]["Location"] == folder
    manifest, data = objects(store, made)
    assert manifest == "_manifests/y=2013/m=1/d=1/s=a%2Fb c/manifest"
    assert data.startswith("y=2013/m=1/d=1/s=a%2Fb c/")
    path = f"fsql-local/warehouse/feature_store/{made.name}"
    with store.catalog.storage.filesystem.open_input_stream(f"{path}/{manifest}") as stream:
        assert stream.read().decode() == f"s3://{path}/{data}\n"
    file = pq.read_schema(f"{path}/{data}", filesystem=store.catalog.storage.filesystem)
    assert file.names == names


def test_a_group_comes_back_as_it_was_declared(store: fsql.FeatureStore) -> None:
    made = group(ttl=dt.timedelta(days=3), owner="me", tags={"a": "b"})
    store.create(made)
    found = fsql.FeatureGroup.reflect(store.engine, made.name)
    assert found.definition == made.definition
    assert found.arrow_schema.equals(made.arrow_schema)
    assert [g.name for g in store.groups()] == [made.name]
    store.create(made, if_exists="skip")
    with pytest.raises(TableExists):
        store.create(made)
    with pytest.raises(DefinitionError, match="table_format is declared as iceberg, stored as hi"):
        store.create(group(table_format="iceberg"), if_exists="skip")


@pytest.mark.parametrize("by", [(), ("day(t)", "s")])
def test_create_all_makes_the_same_table(store: fsql.FeatureStore, by: Any) -> None:
    made, created = group(by, description="words"), group(by, "other", description="words")
    store.create(created)
    made.metadata.create_all(store.engine)
    store.create(made, if_exists="skip")
    glue = [
        store.catalog.glue.get_table(DatabaseName="feature_store", Name=each.name)["Table"]
        for each in (made, created)
    ]
    assert glue[0]["StorageDescriptor"].pop("Location").endswith("parts_v0001/_manifests/")
    assert glue[1]["StorageDescriptor"].pop("Location").endswith("other_v0001/_manifests/")
    for name in ("StorageDescriptor", "PartitionKeys", "TableType", "Description"):
        assert glue[0][name] == glue[1][name]
    store.write(made, rows([0, 1]))
    assert both(store, sa.select(made)).equals(rows([0, 1]))


def test_a_group_is_described(store: fsql.FeatureStore) -> None:
    made = group()
    store.create(made)
    assert store.describe(made).totals.rows == 0
    store.write(made, rows([0, 1, 2]))
    store.write(made, rows([0]))
    found = store.describe(made)
    assert (found.totals.rows, found.totals.files) == (4, 4)
    sizes = [o.size for o in store.catalog.storage.list(f"{found.location}/y=2013/")]
    assert found.totals.bytes == sum(sizes)
    assert found.totals.written is not None
    text = str(found)
    assert "hive" in text
    assert "day(t), s" in text
    assert "some text" in text
    engine = {column.column: column.engine_type for column in found.columns}
    assert engine["t"] == "timestamp(3)"


def test_dropping_keeps_files_unless_they_are_purged(store: fsql.FeatureStore) -> None:
    made = group()
    store.create(made)
    store.write(made, rows([0]))
    root = f"{store.describe(made).location}/"
    store.drop(made)
    with pytest.raises(TableNotFound):
        store.describe(made)
    assert store.catalog.storage.list(root)
    store.create(made)
    assert read(store, made.name) == []
    store.write(made, rows([1]))
    assert read(store, made.name) == [(1, 0.0)]
    again = f"{store.describe(made).location}/"
    store.drop(made, purge=True)
    assert store.catalog.storage.list(root)
    assert not store.catalog.storage.list(again)
    store.catalog.storage.delete_prefix(root)


# --- reading --------------------------------------------------------------------------------------


def test_rows_come_back_with_the_columns_that_folders_spell(store: fsql.FeatureStore) -> None:
    made, written = group(["day(t)", "s", "i", "date", "b"]), rows(list(range(20)))
    store.create(made)
    store.write(made, written)
    found = both(store, sa.select(made))
    assert found.schema.equals(written.schema)
    assert found.equals(written)
    assert both(store, f"SELECT * FROM {made.view_name}").equals(written)


def test_a_star_has_the_partition_keys_at_its_end(store: fsql.FeatureStore) -> None:
    made = group(["month(t)", "s"])
    store.create(made)
    store.write(made, rows([0, 1]))
    found = both(store, f"SELECT * FROM {made.name}")
    assert found.column_names == ["k", "t", "i", "date", "b", "tags", "v", "y", "m", "s"]
    assert found.schema.field("y").type == pa.int32()
    assert found.schema.field("t").type == pa.timestamp("ms", "UTC")
    assert found["m"].to_pylist() == [1, 2]
    through = both(store, f"WITH a AS (SELECT * FROM {made.name} AS x) SELECT s AS q, k, v FROM a")
    assert through["q"].to_pylist() == TEXTS[:2]


@pytest.mark.parametrize("by", [(), "s", "i", "date", "b", "year(t)", "hour(t)", "year(date)"])
def test_every_kind_of_partition_is_read_and_replaced(store: fsql.FeatureStore, by: Any) -> None:
    made, written = group(by), rows([0, 1, 2, 3])
    store.create(made)
    store.write(made, written)
    assert both(store, sa.select(made)).equals(written)
    if by:
        store.write(made, rows([2], 1.0), mode="overwrite_partitions")
        assert (2, 1.0) in read(store, made.name)
    result = store.write(made, rows([1], 2.0), mode="overwrite")
    assert (result.rows, result.snapshot_id) == (1, None)
    assert read(store, made.name) == [(1, 2.0)]


@pytest.mark.parametrize(
    ("where", "places"),
    [
        ("t >= TIMESTAMP '2013-03-01 00:00:00' AND t < TIMESTAMP '2013-05-01 00:00:00'", [2]),
        ("t = TIMESTAMP '2013-02-10 01:00:00'", [1]),
        ("y = 2013 AND m = 3", [2]),
        ("m IN (1, 3)", [0, 2]),
        ("s = 'é=%'", [1]),
        ("s IS NULL", [2]),
        ("s > 'b'", [1, 3]),
        ("k = 3", [3]),
        ("s = 'a/b c' OR t > TIMESTAMP '2013-04-01 00:00:00'", [0, 3]),
    ],
)
def test_only_partitions_that_may_match_are_read(
    store: fsql.FeatureStore, where: str, places: list[int]
) -> None:
    made = group()
    store.create(made)
    store.write(made, rows([0, 1, 2, 3]))
    sql = f"SELECT k, v FROM {made.name} WHERE {where}"
    assert both(store, sql)["k"].to_pylist() == places
    costs = [scanned(store, f"SELECT k, v FROM {made.name}"), scanned(store, sql)]
    if "k = " not in where:
        assert costs[1] < costs[0]


def scanned(store: fsql.FeatureStore, sql: str) -> int:
    from fsql.reader import estimated

    found = {name: estimated(sql, store.engine, name) for name in ("engine", "scan")}
    assert found["engine"].unknown is None
    return found["engine"].bytes


def test_the_columns_that_are_read_are_what_is_estimated(store: fsql.FeatureStore) -> None:
    made = group()
    store.create(made)
    store.write(made, rows([0, 1, 2]))
    total = store.describe(made).totals.bytes
    one = scanned(store, f"SELECT sum(v) FROM {made.name}")
    assert 0 < one < scanned(store, f"SELECT sum(v), min(k) FROM {made.name}") < total
    assert scanned(store, f"SELECT count(DISTINCT s) FROM {made.name}") == 0


def test_joins_and_limits_restore_exact_types(store: fsql.FeatureStore) -> None:
    made, plain = group(), group(entity="others", table_format="iceberg")
    for each in (made, plain):
        store.create(each)
        store.write(each, rows([0, 1, 2]))
    join = sa.select(made.c.k, plain.c.v, made.c.t, made.c.s, made.c.tags).join(
        plain, made.c.k == plain.c.k
    )
    found = fsql.read_arrow(join, store.engine)
    assert found.schema.field("t").type == pa.timestamp("ms", "UTC")
    assert found.schema.field("tags").type == pa.list_(pa.string())
    assert len(found) == 3
    assert len(fsql.read_arrow(sa.select(made).limit(2), store.engine, transport="scan")) == 2
    latest = store.read(store.latest(made))
    assert sorted(latest["k"]) == [0, 1, 2]


def test_a_plan_knows_of_rows_that_came_since(store: fsql.FeatureStore) -> None:
    made = group()
    store.create(made)
    for v in range(3):
        assert len(fsql.read_arrow(sa.select(made), store.engine)) == v
        assert len(fsql.read_arrow(f"SELECT DISTINCT v FROM {made.name}", store.engine)) == v
        store.write(made, rows([0], float(v)))


# --- writing --------------------------------------------------------------------------------------


def test_writes_add_and_replace(store: fsql.FeatureStore) -> None:
    made = group(["month(t)"])
    store.create(made)
    store.write(made, rows([0, 1], 1.0))
    store.write(made, rows([0, 2], 2.0))
    assert read(store, made.name) == [(0, 1.0), (0, 2.0), (1, 1.0), (2, 2.0)]
    result = store.write(made, rows([0], 3.0), mode="overwrite_partitions")
    assert (result.rows, result.replaced) == (1, 2)
    assert read(store, made.name) == [(0, 3.0), (1, 1.0), (2, 2.0)]
    result = store.write(made, rows([1, 3], 4.0), mode="overwrite")
    assert (result.rows, result.replaced) == (2, 3)
    assert read(store, made.name) == [(1, 4.0), (3, 4.0)]
    assert store.describe(made).totals.rows == 2
    store.write(made, rows([0], 5.0))
    assert read(store, made.name) == [(0, 5.0), (1, 4.0), (3, 4.0)]


@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite_partitions"])
def test_a_token_counts_once(store: fsql.FeatureStore, mode: str) -> None:
    made = group(["month(t)"])
    store.create(made)
    store.write(made, rows([0, 5], 1.0))
    first = store.write(made, rows([0, 1], 2.0), mode=mode, token="x")
    after = read(store, made.name)
    again = store.write(made, rows([0, 1], 2.0), mode=mode, token="x")
    assert (first.rows, again.rows, read(store, made.name)) == (2, 0, after)
    assert "A write of this token is in a_b_parts_v0001 already; nothing" in str(again)
    assert store.write(made, rows([0, 1], 2.0), mode=mode, token="y").rows == 2


def test_nothing_to_write_changes_nothing(store: fsql.FeatureStore) -> None:
    made = group()
    store.create(made)
    store.write(made, rows([0]))
    assert "no rows" in str(store.write(made, rows([])))
    assert "no rows" in str(store.write(made, rows([]), mode="overwrite_partitions"))
    with pytest.raises(InvalidData, match="would empty the table"):
        store.write(made, rows([]), mode="overwrite")
    assert read(store, made.name) == [(0, 0.0)]


def test_a_group_without_partitions_has_none_to_replace(store: fsql.FeatureStore) -> None:
    made = group([])
    store.create(made)
    with pytest.raises(ConfigError, match="has no partitions to replace"):
        store.write(made, rows([0]), mode="overwrite_partitions")


def test_hundreds_of_partitions_go_in_at_once(store: fsql.FeatureStore) -> None:
    made = group(["day(t)"])
    store.create(made)
    many = rows(list(range(9))).take([0] * 250)
    times = pa.array([START + dt.timedelta(days=n) for n in range(250)], pa.timestamp("ms"))
    many = many.set_column(2, "t", times.cast(pa.timestamp("ms", "UTC")))
    many = many.set_column(0, "k", pa.array(range(250), pa.int64()))
    assert store.write(made, many).files == 250
    assert len(read(store, made.name)) == 250
    found = store.catalog.glue.get_paginator("get_partitions").paginate(
        DatabaseName="feature_store", TableName=made.name
    )
    assert sum(len(page["Partitions"]) for page in found) == 250


def test_a_bad_row_leaves_nothing_behind(store: fsql.FeatureStore) -> None:
    made = group(["s"])
    store.create(made)
    written = rows([0, 1])
    bad = written.set_column(0, "k", pa.array([1, None], pa.int64()))
    with pytest.raises(InvalidData, match="column 'k': is NULL"):
        store.write(made, bad)
    assert objects(store, made) == []


# --- what does not go -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("partition_by", "said"),
    [
        ("t", r"partition_by t: a time is too fine for folders\. Use day\(t\)"),
        ("v", "partition_by v has type double. Expected text, an integer, a date or a bool"),
        ("tags", r"partition_by tags has type list<.*> Expected|partition_by tags has type list"),
        ("bucket(4, k)", r"a Hive-style table has no bucket\. Partition by a column that holds"),
        ("truncate(2, s)", "a Hive-style table has no truncate"),
        ("hour(date)", "the column has type date32.* Expected a time to take the hour of"),
        ("day(s)", "the column has type string. Expected a time to take the day of"),
        (["day(t)", "year(date)"], "makes the key 'y' of a Hive-style table 2 times"),
        (["s", "s"], "makes the key 's' of a Hive-style table 2 times"),
    ],
)
def test_what_folders_cannot_spell_is_refused_at_once(partition_by: Any, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        group(partition_by)


def test_a_column_must_not_have_the_name_of_a_key() -> None:
    frame = pa.table({"k": [1], "t": pa.array([0], pa.timestamp("ms")), "d": [2.0]})
    with pytest.raises(DefinitionError, match=r"makes the key 'd'.*Rename the column"):
        fsql.FeatureGroup.from_frame(
            *("a", "b", "c", "v0001"),
            frame=frame,
            keys=["k"],
            event_time="t",
            partition_by="day(t)",
            table_format="hive",
        )


def test_some_column_has_to_be_in_the_files() -> None:
    frame = pa.table({"k": [1], "s": ["x"]})
    with pytest.raises(DefinitionError, match="takes every column"):
        fsql.FeatureGroup.from_frame(
            *("a", "b", "c", "v0001"),
            frame=frame,
            keys=["k"],
            partition_by=["k", "s"],
            table_format="hive",
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is an empty text, which the name of a folder cannot tell from NULL"),
        ("__HIVE_DEFAULT_PARTITION__", "cannot be spelled by the name of a folder"),
        ("x" * 201, "cannot be spelled by the name of a folder"),
        ("a\0b", "cannot be spelled by the name of a folder"),
    ],
)
def test_texts_that_no_folder_spells_are_refused(
    store: fsql.FeatureStore, text: str, said: str
) -> None:
    made = group(["s"])
    store.create(made)
    bad = rows([0, 1]).set_column(1, "s", pa.array(["fine", text]))
    with pytest.raises(InvalidData, match=rf"column 's': {said}.*\(row 1"):
        store.write(made, bad)
    assert objects(store, made) == []


US = pa.timestamp("us")
FINE = dt.datetime(1969, 12, 31, 23, 59, 59, 999_001)
CUT = dt.datetime(1969, 12, 31, 23, 59, 59, 999_000)
NESTED: dict[str, tuple[pa.DataType, Callable[[Any], Any]]] = {
    "plain": (US, lambda time: time),
    "list": (pa.list_(US), lambda time: [None, time]),
    "struct": (pa.struct([("a", US), ("b", pa.int64())]), lambda time: {"a": time, "b": 1}),
    "map": (pa.map_(pa.string(), US), lambda time: [("x", time)]),
    "deep": (pa.list_(pa.struct([("a", pa.list_(US))])), lambda time: [{"a": [time]}]),
    "nanoseconds": (pa.timestamp("ns", "UTC"), lambda time: time.replace(tzinfo=dt.UTC)),
}


@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize("truncate", [False, True])
def test_times_finer_than_milliseconds_are_refused_or_cut(
    store: fsql.FeatureStore, kind: str, truncate: bool
) -> None:
    type_, make = NESTED[kind]
    frame = pa.table({"k": [1, 2], "x": pa.array([make(CUT), make(FINE)], type_)})
    made = fsql.FeatureGroup.from_frame(
        *("a", "b", "fine", "v0001"),
        frame=frame,
        keys=["k"],
        table_format="hive",
        truncate=truncate,
    )
    store.create(made)
    if truncate:
        store.write(made, frame)
        found = fsql.read_arrow(sa.select(made).order_by("k"), store.engine)
        whole = pa.array([make(CUT), make(CUT)], type_)
        assert found["x"].to_pylist() == whole.to_pylist()
        return
    with pytest.raises(InvalidData, match=r"column 'x': is finer than milliseconds.*\(row 1"):
        store.write(made, frame)
    assert store.write(made, frame.slice(0, 1)).rows == 1
