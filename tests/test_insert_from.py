"""Rows that Athena computes: all or none, to any number of partitions, once whatever is killed."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from pyiceberg.table import Table

import fsql
from fsql.errors import CommitConflict, ConfigError, InvalidData, InvalidQuery, TableNotFound
from fsql.inserts.stages import PREFIX, Stage, Stages
from fsql.inserts.targets import target_of
from fsql.types import Arrow, Epoch, Timestamp
from tests.programs import ran

START = dt.datetime(2013, 1, 1)
DAYS = 102  # more than Athena writes to at once


def group(entity: str, *columns: sa.Column[Any], **options: Any) -> fsql.FeatureGroup:
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        *("a", "b", entity, "v0001", sa.MetaData()),
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("us")),
        *columns,
        keys=["k"],
        event_time="t",
        **options,
    )
    return made


SOURCE = group("source", sa.Column("x", sa.Integer), sa.Column("name", sa.String))


def source_rows() -> pa.Table:
    """Two rows a day."""
    hours = pa.array([START + dt.timedelta(hours=12 * k) for k in range(2 * DAYS)])
    keys = pa.array(range(2 * DAYS), pa.int64())
    names = pa.array([f'it\'s "{k}" ü€' if k % 7 else None for k in range(2 * DAYS)])
    return pa.table({"k": keys, "t": hours, "x": keys.cast(pa.int32()), "name": names})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('inserts')}/store")
    made.create(SOURCE)
    made.write(SOURCE, source_rows())
    return made


@pytest.fixture
def make(store: fsql.FeatureStore) -> Iterator[Any]:
    """Makes groups that are gone after the test."""
    groups: list[fsql.FeatureGroup] = []

    def create(*columns: sa.Column[Any], **options: Any) -> fsql.FeatureGroup:
        groups.append(group(f"target{len(groups)}", *columns, **options))
        store.create(groups[-1])
        return groups[-1]

    yield create
    for entry in store.catalog.entries(pattern="fsql_*"):  # of a test that failed
        store.catalog.iceberg.drop_table((entry.database, entry.name))
    for made in groups:
        store.drop(made, purge=True)


def ids(store: fsql.FeatureStore) -> list[str]:
    """Athena's statements, newest first."""
    pages = store.catalog.aws.client("athena").get_paginator("list_query_executions").paginate()
    return [id_ for page in pages for id_ in page["QueryExecutionIds"]]


def statements(store: fsql.FeatureStore, since: list[str], word: str = "") -> list[dict[str, Any]]:
    """What Athena ran since then, oldest first."""
    athena = store.catalog.aws.client("athena")
    new = [id_ for id_ in ids(store) if id_ not in set(since)]
    found: list[dict[str, Any]] = []
    for first in range(0, len(new), 50):
        part = athena.batch_get_query_execution(QueryExecutionIds=new[first : first + 50])
        found += part["QueryExecutions"]
    order = {each["QueryExecutionId"]: each for each in found}
    ran = [order[id_] for id_ in reversed(new)]
    return [each for each in ran if each["Query"].lstrip().startswith(word)]


def table(store: fsql.FeatureStore, made: fsql.FeatureGroup) -> Table:
    return store.catalog.iceberg.load_table(("feature_store", made.name))


def rows(store: fsql.FeatureStore, made: fsql.FeatureGroup, columns: str = "k") -> list[Any]:
    """The table as the engine sees it, which must be as a scan sees it."""
    sql = f"SELECT {columns} FROM {made.name}"
    through = fsql.read_arrow(sql, store.engine, transport="engine").to_pylist()
    scanned: list[Any] = fsql.read_arrow(sql, store.engine, transport="scan").to_pylist()
    assert sorted(map(repr, through)) == sorted(map(repr, scanned))
    return scanned


def nothing_is_left(store: fsql.FeatureStore) -> bool:
    return not [entry.name for entry in store.catalog.entries(pattern="fsql_*")]


def files(store: fsql.FeatureStore, made: fsql.FeatureGroup) -> set[str]:
    location = store.catalog.get(made.name).location
    return {object_.uri for object_ in store.catalog.storage.list(f"{location}/")}


def known_files(store: fsql.FeatureStore, made: fsql.FeatureGroup) -> set[str]:
    """Those that the table's current snapshot reads."""
    return {task.file.file_path for task in table(store, made).scan().plan_files()}


# --- what goes where ---------------------------------------------------------------------------


def test_columns_go_by_name_in_one_commit(store: fsql.FeatureStore, make: Any) -> None:
    target = make(sa.Column("x", sa.Integer), sa.Column("name", sa.String))
    select = f"SELECT name AS NAME, x * 2 AS x, T, k FROM {SOURCE.name} -- all of them\n;"
    result = store.insert_from(target, select)
    assert (result.rows, result.files) == (2 * DAYS, 1)
    assert str(result).startswith(f"Wrote {2 * DAYS} rows to {target.name}: 1 file, ")
    expected = source_rows().to_pylist()
    found = sorted(rows(store, target, "*"), key=lambda row: row["k"])
    assert found == [{**row, "x": 2 * row["x"]} for row in expected]
    assert [s.snapshot_id for s in table(store, target).snapshots()] == [result.snapshot_id]
    assert nothing_is_left(store)
    assert fsql.read_arrow(f"SELECT * FROM {target.name}", store.engine).schema.equals(
        target.arrow_schema
    )


def test_columns_that_the_select_lacks_become_null(store: fsql.FeatureStore, make: Any) -> None:
    target = make(sa.Column("x", sa.Integer), sa.Column("name", sa.String))
    result = store.insert_from(target, f"SELECT k, t FROM {SOURCE.name} WHERE k < 3")
    assert str(result).endswith(" NULL, for want of them in the SELECT: x, name.")
    assert rows(store, target, "x, name") == [{"x": None, "name": None}] * 3


def test_sqlalchemy_selects_with_parameters(store: fsql.FeatureStore, make: Any) -> None:
    target = make(sa.Column("name", sa.String))
    c = SOURCE.c
    select = sa.select(c.k, c.t, sa.literal("50% 'off'").label("name")).where(
        c.k.in_([1, 2, 3]), c.t < START + dt.timedelta(days=1)
    )
    assert store.insert_from(target, select).rows == 1
    assert rows(store, target, "k, name") == [{"k": 1, "name": "50% 'off'"}]
    assert store.insert_from(target.name, sa.text("SELECT 9 AS k, TIMESTAMP '2020-01-01' AS t"))


def test_the_group_may_be_read_by_its_own_insert(store: fsql.FeatureStore, make: Any) -> None:
    target = make(partition_by=["day(t)"])
    store.insert_from(target, f"SELECT k, t FROM {SOURCE.name}")
    select = f"SELECT k + 1000 AS k, t FROM {target.name}"
    assert store.insert_from(target, select).rows == 2 * DAYS
    assert store.insert_from(target, select).rows == 4 * DAYS
    assert len(rows(store, target)) == 8 * DAYS


def test_no_rows(store: fsql.FeatureStore, make: Any) -> None:
    target = make(partition_by=["day(t)"])
    result = store.insert_from(target, f"SELECT k, t FROM {SOURCE.name} WHERE k < 0")
    assert (result.rows, result.snapshot_id) == (0, None)
    assert "no rows" in str(result)
    assert nothing_is_left(store)
    assert files(store, target) == {
        uri for uri in files(store, target) if uri.endswith(".metadata.json")
    }


# --- partitions --------------------------------------------------------------------------------


def test_more_partitions_than_athena_takes(store: fsql.FeatureStore, make: Any) -> None:
    target = make(sa.Column("x", sa.Integer), partition_by=["day(t)"])
    before = ids(store)
    result = store.insert_from(target, f"SELECT k, t, x FROM {SOURCE.name}")
    assert (result.rows, result.files) == (2 * DAYS, DAYS)
    ran = statements(store, before, "INSERT")
    assert [each["Status"]["State"] for each in ran] == [
        "FAILED",  # all at once
        "SUCCEEDED",  # the rows, with no partitions
        "SUCCEEDED",  # 100 days
        "SUCCEEDED",  # the others
    ]
    assert sorted(row["k"] for row in rows(store, target)) == list(range(2 * DAYS))
    assert known_files(store, target) == {f for f in files(store, target) if "parquet" in f}
    assert len(table(store, target).snapshots()) == 1
    assert nothing_is_left(store)


def test_a_bar_counts_the_parts(
    store: fsql.FeatureStore, make: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    target = make(partition_by=["day(t)"])
    store.insert_from(target, f"SELECT k, t FROM {SOURCE.name}", progress=True)
    shown = capsys.readouterr().err
    assert f"{target.name}: 100%" in shown
    assert "2.00/2.00" in shown
    assert "batches" in shown


def test_few_partitions_take_one_insert(store: fsql.FeatureStore, make: Any) -> None:
    target = make(partition_by=["day(t)"])
    before = ids(store)
    store.insert_from(target, f"SELECT k, t FROM {SOURCE.name} WHERE k < 100")
    assert len(statements(store, before, "INSERT")) == 1


VALUE = "CAST(x AS bigint)"
PARTITIONS: dict[str, tuple[Any, str, list[str]]] = {
    "year": (sa.Integer, "x", ["year(w)"]),
    "month": (sa.Integer, "x", ["month(w)"]),
    "hour": (sa.Integer, "x", ["hour(t)"]),
    "date": (sa.Date, "CAST(t AS date)", ["day(v)"]),
    "dates": (sa.Date, "CAST(t AS date)", ["v"]),
    "texts": (sa.String, "IF(x % 9 = 0, NULL, name)", ["v"]),
    "text": (sa.String, "reverse(CAST(x AS varchar)) || '''%'", ["truncate(3, v)"]),
    "integer": (sa.Integer, "IF(x = 3, NULL, 7 * (x - 100))", ["truncate(10, v)"]),
    "decimal": (
        sa.Numeric(9, 2),
        "CAST((x - 100) * DECIMAL '0.13' AS decimal(9, 2))",
        ["truncate(10, v)"],
    ),
    "double": (sa.Double, "CASE x WHEN 1 THEN nan() WHEN 2 THEN NULL ELSE x / 3e0 END", ["v"]),
    "real": (Arrow(pa.float32()), "IF(x = 1, CAST(nan() AS real), CAST(x / 3e0 AS real))", ["v"]),
    "several": (sa.Boolean, "IF(x % 5 = 0, NULL, x % 5 = 1)", ["v", "day(t)"]),
    "buckets": (sa.Integer, "x", ["month(t)", "bucket(40, k)", "truncate(30, v)"]),
    "numbers": (sa.Numeric(12, 3), "x * DECIMAL '1.001'", ["v"]),
    "binary": (sa.LargeBinary, "to_utf8(CAST(x AS varchar))", ["v"]),
}


QUICK = ("texts", "decimal", "buckets")


@pytest.mark.parametrize(
    "kind", [k if k in QUICK else pytest.param(k, marks=pytest.mark.slow) for k in PARTITIONS]
)
def test_every_partition_field(store: fsql.FeatureStore, make: Any, kind: str) -> None:
    type_, value, fields = PARTITIONS[kind]
    target, other = (
        make(sa.Column("v", type_), sa.Column("w", Timestamp("us")), partition_by=fields)
        for _ in range(2)
    )
    month = f"date_add('month', x * {12 if kind == 'year' else 1}, TIMESTAMP '1890-01-31 10:00:00')"
    select = f"SELECT k, t, {value} AS v, {month} AS w FROM {SOURCE.name}"
    result = store.insert_from(target, select)
    assert result.files > 100
    # The same rows, brought to their partitions by fsql itself.
    store.write(other, fsql.read_arrow(select, store.engine))
    assert partitions(store, target) == partitions(store, other)
    assert sorted(map(repr, rows(store, target, "*"))) == sorted(map(repr, rows(store, other, "*")))


def partitions(store: fsql.FeatureStore, made: fsql.FeatureGroup) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for task in table(store, made).scan().plan_files():
        key = repr(task.file.partition)
        found[key] = found.get(key, 0) + task.file.record_count
    return sorted(found.items())


def test_buckets_that_sql_cannot_split(store: fsql.FeatureStore, make: Any) -> None:
    target = make(partition_by=["bucket(512, k)"])
    with pytest.raises(ConfigError, match="512 of them are buckets") as caught:
        store.insert_from(target, f"SELECT k, t FROM {SOURCE.name}")
    assert "store.write its rows" in str(caught.value)
    assert store.insert_from(target, f"SELECT k, t FROM {SOURCE.name} WHERE k < 50").rows == 50


# --- Hive-style groups ---------------------------------------------------------------------------


def hive(make: Any, **options: Any) -> Any:
    columns = sa.Column("x", sa.Integer), sa.Column("name", sa.String)
    return make(*columns, table_format="hive", **options)


@pytest.mark.parametrize("fields", [[], ["x"], ["day(t)"]], ids=str)
def test_hive_style_groups(store: fsql.FeatureStore, make: Any, fields: list[str]) -> None:
    target = hive(make, partition_by=fields)
    result = store.insert_from(target, f"SELECT * FROM {SOURCE.name}")
    assert result.rows == 2 * DAYS
    sql = f"SELECT k, t, x, name FROM {target.name}"
    for transport in ("engine", "scan"):
        found = fsql.read_arrow(sql, store.engine, transport=transport)
        assert found.sort_by("k").to_pylist() == source_rows().to_pylist()
    assert store.describe(target).totals.rows == 2 * DAYS
    assert store.insert_from(target, f"{sql} WHERE k < 3", token="one").rows == 3
    assert store.insert_from(target, f"{sql} WHERE k < 3", token="one").rows == 0
    assert nothing_is_left(store)


def test_what_hive_style_groups_cannot_hold(store: fsql.FeatureStore, make: Any) -> None:
    target = hive(make, partition_by=["name"])
    select = "SELECT 1 AS k, TIMESTAMP '2020-01-01 00:00:00.000{}' AS t, {} AS name"
    wrong = {
        "is finer than milliseconds": ("001", "'x'"),
        "is an empty text": ("", "''"),
        "cannot be spelled": ("", "'__HIVE_DEFAULT_PARTITION__'"),
        "spelled by the name of a folder": ("", "array_join(repeat('x', 201), '')"),
    }
    for words, values in wrong.items():
        with pytest.raises(InvalidData, match=words):
            store.insert_from(target, select.format(*values))
    assert store.insert_from(target, select.format("", "'a/b'")).rows == 1


def test_rows_that_some_folders_have_are_never_deleted(store: fsql.FeatureStore, make: Any) -> None:
    """A killed insert may have reached some partitions; another one of the same fails."""
    # Each folder takes two objects: an empty one, and when Glue has the partition the real one.
    target = hive(make, partition_by=["day(t)"])
    sql = f"SELECT k, t, x, name FROM {SOURCE.name} WHERE k < 60"
    assert killed(store, target.name, sql, "", "after", 40, "PutObject") == -signal.SIGKILL
    count = len(rows(store, target))
    assert 0 < count < 60
    (stage,) = store.catalog.entries(pattern="fsql_insert_*")
    entry = store.catalog.get(target.name)
    likeness = target_of(store.catalog, entry, target)
    Stages(store.catalog, likeness, stage.name.removeprefix(PREFIX)).discard()
    assert len(rows(store, target)) == count
    assert nothing_is_left(store)


def test_an_insert_goes_on_folder_by_folder(store: fsql.FeatureStore, make: Any) -> None:
    target = hive(make, partition_by=["day(t)"])
    sql = f"SELECT k, t, x, name FROM {SOURCE.name} WHERE k < 60"
    assert killed(store, target.name, sql, "", "after", 40, "PutObject") == -signal.SIGKILL
    assert 0 < len(rows(store, target)) < 60
    store.insert_from(target, sql)
    assert sorted(row["k"] for row in rows(store, target)) == list(range(60))
    assert nothing_is_left(store)


def test_hive_style_groups_that_cut_times(store: fsql.FeatureStore, make: Any) -> None:
    target = hive(make, truncate=True)
    store.insert_from(target, "SELECT 1 AS k, TIMESTAMP '1960-01-01 00:00:00.000999' AS t")
    read = fsql.read_arrow(f"SELECT t FROM {target.name}", store.engine)
    assert read["t"].to_pylist() == [dt.datetime(1960, 1, 1)]


# --- types -------------------------------------------------------------------------------------

CASTS: dict[str, tuple[Any, str, Any]] = {
    "smaller integers": (sa.Integer, "count(*)", 1),
    "larger integers": (sa.BigInteger, "CAST(5 AS tinyint)", 5),
    "integers as floats": (sa.Double, "BIGINT '9007199254740991'", 9007199254740991.0),
    "short decimals as floats": (sa.Double, "0.1", 0.1),
    "floats": (sa.Double, "REAL '1.5'", 1.5),
    "decimals": (sa.Numeric(10, 3), "1.25", Decimal("1.250")),
    "integers as decimals": (sa.Numeric(10, 3), "7", Decimal("7.000")),
    "whole decimals": (sa.BigInteger, "DECIMAL '7'", 7),
    "texts of a length": (sa.String, "CAST('ab' AS varchar(2))", "ab"),
    "instants of a zone": (
        Timestamp("us"),
        "TIMESTAMP '2020-01-01 00:00:00.123 Europe/Berlin'",
        dt.datetime(2019, 12, 31, 23, 0, 0, 123000),
    ),
    "days as instants": (Timestamp("s"), "DATE '2020-01-01'", dt.datetime(2020, 1, 1)),
    "nothing": (sa.Date, "NULL", None),
    "arrays": (fsql.types.Array(sa.Double), "ARRAY[1, NULL]", [1.0, None]),
    "rows": (
        fsql.types.Struct(a=sa.BigInteger, b=sa.String),
        "CAST(ROW(1, 'x') AS ROW(a integer, B varchar))",
        {"a": 1, "b": "x"},
    ),
    "maps": (fsql.types.Map(sa.String, sa.Integer), "MAP(ARRAY['a'], ARRAY[1])", [("a", 1)]),
    "half floats": (Arrow(pa.float16()), "CAST(0.333251953125e0 AS real)", 0.333251953125),
    "unsigned": (Arrow(pa.uint64()), "DECIMAL '18446744073709551615'", 18446744073709551615),
    "times of day": (sa.Time, "3600000001", dt.time(1, 0, 0, 1)),
}


@pytest.mark.parametrize("case", CASTS)
def test_types_are_cast_where_nothing_is_lost(
    store: fsql.FeatureStore, make: Any, case: str
) -> None:
    type_, value, expected = CASTS[case]
    target = make(sa.Column("v", type_))
    store.insert_from(target, f"SELECT 1 AS k, TIMESTAMP '2020-01-01' AS t, {value} AS v")
    assert rows(store, target, "v") == [{"v": expected}]


REFUSED: dict[str, tuple[Any, str, str]] = {
    "fractions": (sa.Integer, "1.5e0", "is double in the SELECT, and integer in the table"),
    "long decimals": (sa.Double, "DECIMAL '1.2345678901234567'", "is decimal(17,16) in the SELECT"),
    "finer decimals": (sa.Numeric(5, 1), "1.25", "is decimal(3,2) in the SELECT"),
    "texts as times": (Timestamp("us"), "'2020-01-01'", "from_iso8601_timestamp"),
    "finer times": (Timestamp("us"), "CAST(t AS timestamp(9))", "is timestamp(9) in the SELECT"),
    "numbers as texts": (sa.String, "1", "CAST(… AS varchar)"),
    "fields": (
        fsql.types.Struct(a=sa.Integer, b=sa.Integer),
        "CAST(ROW(1, 2) AS ROW(b integer, a integer))",
        "the same names in the same order",
    ),
    "nameless fields": (fsql.types.Struct(a=sa.Integer), "ROW(1)", "the same names"),
    "items": (fsql.types.Array(sa.Integer), "ARRAY['x']", "inside: is varchar"),
    "range": (Arrow(pa.int8()), "200", "is out of the range of int8, -128 to 127 (1 row)"),
    "sign": (Arrow(pa.uint32()), "-1", "is out of the range of uint32, 0 to 4294967295 (1 row)"),
    "unsigned": (Arrow(pa.uint64()), "DECIMAL '18446744073709551616'", "is out of the range"),
    "half floats": (Arrow(pa.float16()), "REAL '0.1'", "would be rounded to fit halffloat"),
    "great half floats": (Arrow(pa.float16()), "REAL '70000'", "would be rounded"),
    "small half floats": (Arrow(pa.float16()), "REAL '1e-8'", "would be rounded"),
    "counts": (sa.Double, "9007199254740993", "is out of the range that double counts"),
    "seconds": (Timestamp("s"), "t + INTERVAL '0.5' SECOND", "is finer than timestamp[s] holds"),
    "years": (Timestamp("ns"), "TIMESTAMP '2300-01-01'", "is beyond what timestamp[ns] holds"),
    "day": (sa.Time, "86400000000", "is no time of day"),
    "epochs": (Epoch("s"), "TIMESTAMP '2020-01-01 00:00:00.5'", "is finer than epoch[s] holds"),
    "bytes": (Arrow(pa.binary(3)), "X'0102'", "does not have 3 bytes"),
    "size": (Arrow(pa.list_(pa.int64(), 2)), "ARRAY[1]", "does not have 2 items"),
    "nested": (
        Arrow(pa.list_(pa.struct([("a", pa.uint8())]))),
        "ARRAY[CAST(ROW(256) AS ROW(a integer))]",
        "an item field 'a' is out of the range of uint8",
    ),
    "values": (Arrow(pa.map_(pa.string(), pa.int8())), "MAP(ARRAY['a'], ARRAY[999])", "a value is"),
    "strict": (
        Arrow(pa.struct([pa.field("a", pa.int64(), nullable=False)])),
        "CAST(ROW(NULL) AS ROW(a bigint))",
        "field 'a' is NULL, and is declared NOT NULL",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(store: fsql.FeatureStore, make: Any, case: str) -> None:
    type_, value, words = REFUSED[case]
    target = make(sa.Column("v", type_))
    with pytest.raises(InvalidData) as caught:
        store.insert_from(target, f"SELECT k, t, {value} AS v FROM {SOURCE.name} WHERE k = 1")
    assert [problem.column for problem in caught.value.problems] == ["v"]
    assert words in str(caught.value)
    assert rows(store, target) == []
    assert nothing_is_left(store)
    assert not [uri for uri in files(store, target) if uri.endswith(".parquet")]


def test_values_at_the_edge_fit(store: fsql.FeatureStore, make: Any) -> None:
    types = {"a": pa.int8(), "b": pa.uint16(), "c": pa.float16(), "d": pa.timestamp("ms")}
    target = make(*(sa.Column(name, Arrow(type_)) for name, type_ in types.items()))
    select = """
        SELECT k, TIMESTAMP '2020-01-01' AS t, a, b, c, d FROM (VALUES
            (1, -128, 0, REAL '65504', TIMESTAMP '2020-01-01 00:00:00.123'),
            (2, 127, 65535, CAST(nan() AS real), NULL),
            (3, NULL, NULL, CAST(5.9604644775390625e-8 AS real), NULL),
            (4, 0, 1, CAST(-infinity() AS real), NULL)) AS rows (k, a, b, c, d)"""
    assert store.insert_from(target, select).rows == 4
    found = rows(store, target, "k, a, b, c")
    assert [repr(row["c"]) for row in found] == ["65504.0", "nan", "5.960464477539063e-08", "-inf"]
    assert [row["a"] for row in found] == [-128, 127, None, 0]


def test_categories_in_order_are_the_known_ones(store: fsql.FeatureStore) -> None:
    import pandas as pd

    sizes = pd.Categorical(["s", "m"], categories=["s", "m"], ordered=True)
    frame = pd.DataFrame({"k": [1, 2], "t": [START, START], "size": sizes})
    made = fsql.FeatureGroup.from_frame(
        *("a", "b", "sizes", "v0001"), frame=frame, keys=["k"], event_time="t"
    )
    store.create(made)
    select = "SELECT BIGINT '1' AS k, TIMESTAMP '2020-01-01' AS t, '{}' AS size"
    with pytest.raises(InvalidData, match="is none of the categories"):
        store.insert_from(made, select.format("xl"))
    store.insert_from(made, select.format("m"))
    assert store.read(f"SELECT * FROM {made.name}")["size"].tolist() == ["m"]


def test_durations_of_another_unit_are_refused(store: fsql.FeatureStore, make: Any) -> None:
    seconds, millis = (make(sa.Column("v", Arrow(pa.duration(unit)))) for unit in ("s", "ms"))
    store.write(seconds, pa.table({"k": [1], "t": [START], "v": pa.array([5], pa.duration("s"))}))
    with pytest.raises(InvalidData, match=r"holds duration\[s\], expected duration\[ms\]"):
        store.insert_from(millis, f"SELECT * FROM {seconds.name}")
    store.insert_from(millis, f"SELECT k, t, v * 1000 AS v FROM {seconds.name}")
    assert rows(store, millis, "v") == [{"v": dt.timedelta(seconds=5)}]


# --- errors ------------------------------------------------------------------------------------

WRONG: dict[str, tuple[str, str]] = {
    "unknown": ("SELECT k, t, 1 AS naem FROM {}", "'naem': is no column of the group; 'name'"),
    "twice": ("SELECT k, t, k FROM {}", "'k': stands in the SELECT twice"),
    "by case": ("SELECT k, t, k AS K FROM {}", "'k': stands in the SELECT twice"),
    "nameless": ("SELECT k, t, x + 1 FROM {}", "'_col2': has no name in the SELECT"),
    "missing": ("SELECT k AS kk, t FROM {}", "'k': is missing in the SELECT, and must not be NULL"),
    "null key": (
        "SELECT IF(k = 3, NULL, k) AS k, t FROM {}",
        "'k': is NULL, and must not be (1",
    ),
    "null time": ("SELECT k, IF(k < 2, NULL, t) AS t FROM {}", "'t': is NULL, and must not be (2"),
}


@pytest.mark.parametrize("case", WRONG)
def test_columns_that_do_not_fit(store: fsql.FeatureStore, make: Any, case: str) -> None:
    sql, words = WRONG[case]
    target = make(sa.Column("name", sa.String))
    with pytest.raises(InvalidData) as caught:
        store.insert_from(target, sql.format(SOURCE.name))
    assert words in str(caught.value)
    assert nothing_is_left(store)


BROKEN = {
    "DROP TABLE x": "'DROP TABLE x' is no query",
    "SELECT k, t FROM nowhere": "line 1:18: Table 'awsdatacatalog.*nowhere' does not",
    f"SELECT k, t, x / 0 AS x FROM {SOURCE.name}": "DIVISION_BY_ZERO",
    f"SELECT k, t, k * 3000000000 AS x FROM {SOURCE.name}": "Out of range for integer",
    "SELECT k t FROM": "mismatched input",
}


@pytest.mark.parametrize("sql", BROKEN)
def test_what_athena_refuses(store: fsql.FeatureStore, make: Any, sql: str) -> None:
    target = make(sa.Column("x", sa.Integer))
    with pytest.raises(InvalidQuery, match=BROKEN[sql]):
        store.insert_from(target, sql)
    assert rows(store, target) == []
    assert nothing_is_left(store)


def test_there_is_no_such_group(store: fsql.FeatureStore) -> None:
    with pytest.raises(TableNotFound):
        store.insert_from(group("nowhere"), "SELECT 1 AS k")
    with pytest.raises(TypeError, match="int is no SELECT"):
        store.insert_from(SOURCE, 5)


# --- once, whatever happens --------------------------------------------------------------------


def test_a_token_counts_once(store: fsql.FeatureStore, make: Any) -> None:
    target = make()
    select = f"SELECT k, t FROM {SOURCE.name}"
    first = store.insert_from(target, select, token="monday")
    before = ids(store)
    again = store.insert_from(target, f"{select} WHERE k = 1", token="monday")
    assert (again.rows, again.snapshot_id) == (0, first.snapshot_id)
    assert "token is in" in str(again)
    assert statements(store, before) == []
    assert store.insert_from(target, select, token="tuesday").rows == 2 * DAYS
    assert store.insert_from(target, select).rows == 2 * DAYS


@pytest.mark.parametrize("table_format", ["iceberg", "hive"])
def test_two_calls_of_one_token_count_once(
    store: fsql.FeatureStore, make: Any, table_format: str, caplog: pytest.LogCaptureFixture
) -> None:
    target = make(partition_by=["day(t)"], table_format=table_format)
    select = f"SELECT k, t FROM {SOURCE.name}"

    def insert(_: int) -> int:
        return store.insert_from(target, select, token="both").rows

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(insert, range(2))) == [0, 2 * DAYS]
    assert sorted(row["k"] for row in rows(store, target)) == list(range(2 * DAYS))
    assert nothing_is_left(store)
    # What the slower one asked of a stage that was gone ends as Athena ends it.
    assert not [record for record in caplog.records if record.name.startswith("fsql")]


def staged(store: fsql.FeatureStore, target: fsql.FeatureGroup) -> tuple[Stages, Stage]:
    """Rows that an insert which was killed has staged."""
    select = f"SELECT k, t FROM {SOURCE.name} WHERE k < 9"
    assert killed(store, target.name, select, "", "before", 3) == -signal.SIGKILL
    (entry,) = store.catalog.entries(pattern=f"{PREFIX}*")
    likeness = target_of(store.catalog, store.catalog.get(target.name), target)
    stages = Stages(store.catalog, likeness, entry.name.removeprefix(PREFIX))
    return stages, stages.open(partitioned=True)


def test_files_that_are_being_adopted_are_never_deleted(
    store: fsql.FeatureStore, make: Any
) -> None:
    """A call fails while another one of the same commits."""
    target = make()
    stages, stage = staged(store, target)
    adopted = [each.data_file for each in stage.entries()]
    stages.claim(stage)
    stages.discard()
    assert nothing_is_left(store)
    target_of(store.catalog, store.catalog.get(target.name), target).adopt(adopted, stage.token)
    assert len(rows(store, target)) == 9


def test_files_that_are_being_deleted_are_never_adopted(
    store: fsql.FeatureStore, make: Any
) -> None:
    target = make()
    stages, stage = staged(store, target)
    stages.discard()
    with pytest.raises(CommitConflict, match="took the staged rows away"):
        stages.claim(stage)
    assert not [file for file in files(store, target) if PREFIX in file]


def test_a_stage_never_lies_where_rows_of_the_group_do(store: fsql.FeatureStore, make: Any) -> None:
    """The same insert twice, of which the second is killed and begins anew."""
    target = make(partition_by=["day(t)"])
    select = f"SELECT k, t FROM {SOURCE.name} WHERE k < 9"
    store.insert_from(target, select)
    assert killed(store, target.name, select, "", "before", 3) == -signal.SIGKILL
    with table(store, target).update_spec() as update:
        update.add_field("k", "bucket[4]", "kb")
    assert store.insert_from(target, select).rows == 9
    assert sorted(row["k"] for row in rows(store, target)) == sorted([*range(9)] * 2)


# It kills itself before or after the n-th request that changes something.
KILLED = """
import os, signal, sys
import fsql

url, target, select, token, moment, number, *only = sys.argv[1:]
store = fsql.FeatureStore(url)
left = int(number)

def count(**request):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

aws = store.catalog.aws
if only:
    aws.client("s3").meta.events.register(f"{moment}-call.s3.{only[0]}", count)
    store.insert_from(target, select)
aws.session.events.register(f"{moment}-call.athena.StartQueryExecution", count)
for operation in ("CreateTable", "UpdateTable", "DeleteTable"):
    aws.client("glue").meta.events.register(f"{moment}-call.glue.{operation}", count)
store.insert_from(target, select, token=token or None)
"""
REQUESTS = 12  # stage, all at once, rows, them, partitions, 2 parts, check, commit, the stages


def killed(store: fsql.FeatureStore, target: str, sql: str, token: str, *at: Any) -> int:
    url = store.engine.url.render_as_string()
    return ran(KILLED, url, target, sql, token, *map(str, at))


def deaths() -> Iterator[Any]:
    for moment in ("before", "after"):
        for number in range(1, REQUESTS):
            both = ("", "nightly")
            in_turns = both[(number + (moment == "before")) % 2 :][:1]
            for token in both if "FSQL_KILL_POINTS" in os.environ else in_turns:
                if (moment, number, token) == ("after", REQUESTS - 1, ""):
                    continue  # all of it is done, and the next call begins anew
                quick = (moment, number, token) in (("after", 6, ""), ("after", 9, "nightly"))
                marks = [] if quick else [pytest.mark.slow]
                yield pytest.param(moment, number, token, marks=marks)


@pytest.mark.parametrize(("moment", "number", "token"), list(deaths()))
def test_whoever_is_killed_can_be_followed(
    store: fsql.FeatureStore, make: Any, number: int, token: str, moment: str
) -> None:
    target = make(partition_by=["day(t)"])
    select = f"SELECT k, t FROM {SOURCE.name}"
    start = ids(store)
    assert killed(store, target.name, select, token, moment, number) == -signal.SIGKILL
    count = len(rows(store, target))
    assert count in (0, 2 * DAYS)
    before = ids(store)
    done = {each["Query"] for each in statements(store, start) if inserted_parts(each)}
    result = store.insert_from(target, f"{select} -- again", token=token or None)
    again = {each["Query"] for each in statements(store, before) if inserted_parts(each)}
    assert result.rows + count == 2 * DAYS
    assert not done & again
    assert sorted(row["k"] for row in rows(store, target)) == list(range(2 * DAYS))
    assert nothing_is_left(store)


def inserted_parts(statement: dict[str, Any]) -> bool:
    succeeded: bool = statement["Status"]["State"] == "SUCCEEDED"
    return succeeded and " IN (" in statement["Query"]


def test_another_select_begins_anew(store: fsql.FeatureStore, make: Any) -> None:
    target = make(partition_by=["day(t)"])
    select = f"SELECT k, t FROM {SOURCE.name}"
    assert killed(store, target.name, select, "", "before", 8) == -signal.SIGKILL
    assert len(list(store.catalog.entries(pattern="fsql_insert_*"))) == 2
    store.insert_from(target, f"SELECT k + 1 AS k, t FROM {SOURCE.name}")
    store.insert_from(target, f"{select} WHERE k < 5", token="other")
    assert len(rows(store, target)) == 2 * DAYS + 5
    assert len(list(store.catalog.entries(pattern="fsql_insert_*"))) == 2
    assert store.insert_from(target, select).rows == 2 * DAYS
    assert nothing_is_left(store)


def test_rows_that_came_since_are_other_work(store: fsql.FeatureStore, make: Any) -> None:
    """Without a token, what was staged of a table's older state does not count."""
    changing, target = make(), make()
    store.write(changing, pa.table({"k": [1], "t": [START]}))
    select = f"SELECT k, t FROM {changing.name}"
    assert killed(store, target.name, select, "", "after", 2) == -signal.SIGKILL
    store.write(changing, pa.table({"k": [2], "t": [START]}))
    assert store.insert_from(target, select).rows == 2


def test_an_interrupted_insert_goes_on(store: fsql.FeatureStore, make: Any) -> None:
    target = make(partition_by=["day(t)"])

    def insert() -> None:
        store.insert_from(target, f"SELECT k, t FROM {SOURCE.name}")

    def cancel(**request: Any) -> None:
        raise KeyboardInterrupt

    events = store.catalog.aws.client("glue").meta.events
    events.register("before-call.glue.UpdateTable", cancel)
    try:
        with pytest.raises(KeyboardInterrupt):
            insert()
    finally:
        events.unregister("before-call.glue.UpdateTable", cancel)
    before = ids(store)
    insert()
    assert statements(store, before, "INSERT") == []
    assert len(rows(store, target)) == 2 * DAYS


def test_stages_go_with_a_purged_group(store: fsql.FeatureStore) -> None:
    target = group("purged", partition_by=["day(t)"])
    store.create(target)
    select = f"SELECT k, t FROM {SOURCE.name}"
    assert killed(store, target.name, select, "", "before", 8) == -signal.SIGKILL
    location = store.catalog.get(target.name).location
    store.drop(target, purge=True)
    assert store.catalog.storage.list(f"{location}/") == []
    # A group of that name that is made anew has nothing to do with them.
    store.create(target)
    assert store.insert_from(target, select).rows == 2 * DAYS
    assert nothing_is_left(store)
    store.drop(target, purge=True)
