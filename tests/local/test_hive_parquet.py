"""Parquet files that other tools wrote, under the columns that a Hive table declares."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from fsql.local.transpile import trino_error
from tests.local.hive_store import BUCKET, HiveStore

EPOCH = dt.datetime(1970, 1, 1)
NS = [1_500_000, 1_499_999, 1_499_500_000, -1_500_000, -1_500_001, -500_000, None]
ROUNDED = [2_000, 1_000, 1_500_000, -1_000, -2_000, 0, None]


def at(microseconds: int | None) -> dt.datetime | None:
    return None if microseconds is None else EPOCH + dt.timedelta(microseconds=microseconds)


def read(hive: HiveStore, declared: str, values: pa.Array, **options: Any) -> list[Any]:
    """A column's values as Athena shows them, in the order in which they were written."""
    table = pa.table({"i": range(len(values)), "x": values})
    hive.put("t/a.parquet", table, **options)
    hive.table("t", {"i": "bigint", "x": declared}, "t/")
    return [row[1] for row in hive.rows("SELECT i, x FROM t ORDER BY i")]


# --- Times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("options", [{}, {"use_deprecated_int96_timestamps": True}])
def test_nanoseconds_are_rounded_to_milliseconds(
    hive: HiveStore, zone: str | None, options: dict[str, bool]
) -> None:
    values = pa.array(NS, pa.timestamp("ns", zone))
    assert read(hive, "timestamp", values, **options) == [at(us) for us in ROUNDED]
    assert hive.types("SELECT x FROM t") == ["timestamp"]
    assert hive.rows("SELECT typeof(x) AS t FROM t LIMIT 1") == [("timestamp(3)",)]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Rome"])
def test_microseconds_are_rounded_half_up(hive: HiveStore, zone: str | None) -> None:
    values = pa.array([1_500, 1_499, -1_500, -1_501, None], pa.timestamp("us", zone))
    assert read(hive, "timestamp", values) == [at(us) for us in (2000, 1000, -1000, -2000, None)]


def test_old_times_far_from_today(hive: HiveStore) -> None:
    far = [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999000)]
    values = pa.array(far, pa.timestamp("us"))
    assert read(hive, "timestamp", values) == far


def test_nested_times_are_rounded_too(hive: HiveStore) -> None:
    ns = pa.timestamp("ns")
    type_ = pa.struct(
        [
            ("one", ns),
            ("many", pa.list_(ns)),
            ("by", pa.map_(pa.string(), pa.list_(pa.struct([("T", ns), ("n", pa.int32())])))),
        ]
    )
    value = {"one": 1_600_000, "many": [1_400_000, None], "by": [("k", [{"T": 9_500_000, "n": 7}])]}
    by = "map<string,array<struct<t:timestamp,n:bigint>>>"
    declared = f"struct<one:timestamp,many:array<timestamp>,by:{by}>"
    read(hive, declared, pa.array([value, None], type_))
    row = "x.one, x.many[1], x.many[2], x.by['k'][1].t, x.by['k'][1].n, x IS NULL"
    assert hive.rows(f"SELECT {row} FROM t ORDER BY i") == [
        (at(2000), at(1000), None, at(10_000), 7, False),
        (None, None, None, None, None, True),
    ]


def test_times_are_compared_as_they_are_shown(hive: HiveStore) -> None:
    read(hive, "timestamp", pa.array([1_600], pa.timestamp("us")))
    shown = "SELECT count(*) AS n FROM t WHERE x = TIMESTAMP '1970-01-01 00:00:00.002'"
    assert hive.rows(shown) == [(1,)]


# --- Other types ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "values", "expected"),
    [
        ("bigint", pa.array([1, None], pa.int32()), [1, None]),
        ("bigint", pa.array([7], pa.uint8()), [7]),
        ("int", pa.array([2**31 - 1], pa.int64()), [2**31 - 1]),
        ("smallint", pa.array([-5], pa.int8()), [-5]),
        ("bigint", pa.array([Decimal(12)], pa.decimal128(9, 0)), [12]),
        ("bigint", pa.array([1234], pa.timestamp("us")), [1234]),
        ("bigint", pa.array([1234], pa.timestamp("ns")), [1234]),
        ("bigint", pa.array([1234], pa.time64("us")), [1234]),
        ("double", pa.array([0.5], pa.float32()), [0.5]),
        ("date", pa.array([1], pa.int32()), [dt.date(1970, 1, 2)]),
        ("decimal(10,1)", pa.array([Decimal("1.25")], pa.decimal128(5, 2)), [Decimal("1.3")]),
        ("decimal(38,4)", pa.array([Decimal("1.25")], pa.decimal128(5, 2)), [Decimal("1.2500")]),
        ("decimal(10,2)", pa.array([3], pa.int32()), [Decimal("3.00")]),
        ("varchar(2)", pa.array(["añb", "", None]), ["añ", "", None]),
        ("char(3)", pa.array(["ab", "abcd"]), ["ab ", "abc"]),
        ("string", pa.array([b"x\\x41\xc3\xa9"]), ["x\\x41é"]),
        ("binary", pa.array(["x\\x41é"]), [b"x\\x41\xc3\xa9"]),
        ("binary", pa.array([b"abcd"], pa.binary(4)), [b"abcd"]),
        ("string", pa.array(["a", "a"]).dictionary_encode(), ["a", "a"]),
        ("string", pa.nulls(2), [None, None]),
        ("struct<a:int>", pa.nulls(1), [None]),
        ("array<bigint>", pa.array([[1, None]], pa.list_(pa.int16())), [[1, None]]),
        ("map<string,double>", pa.array([[("k", 1.5)]], pa.map_(pa.string(), pa.float32())),
         [{"k": 1.5}]),
    ],
)  # fmt: skip
def test_what_trino_reads(
    hive: HiveStore, declared: str, values: pa.Array, expected: list[Any]
) -> None:
    assert read(hive, declared, values) == expected


@pytest.mark.parametrize(
    ("declared", "values", "physical", "hive_type"),
    [
        ("string", pa.array([1], pa.int64()), "INT64", "string"),
        ("bigint", pa.array(["1"]), "BINARY", "bigint"),
        ("double", pa.array([1], pa.int32()), "INT32", "double"),
        ("bigint", pa.array([1.0]), "DOUBLE", "bigint"),
        ("float", pa.array([1.0]), "DOUBLE", "float"),
        ("timestamp", pa.array([1], pa.int64()), "INT64", "timestamp"),
        ("timestamp", pa.array([1], pa.date32()), "INT32", "timestamp"),
        ("date", pa.array([1], pa.timestamp("ms")), "INT64", "date"),
        ("boolean", pa.array([1], pa.int32()), "INT32", "boolean"),
        ("int", pa.array([True]), "BOOLEAN", "int"),
        ("decimal(10,2)", pa.array([1], pa.int64()), "INT64", "decimal(10,2)"),
        ("bigint", pa.array([Decimal("1.5")]), "FIXED_LEN_BYTE_ARRAY", "bigint"),
        ("struct<a:int>", pa.array(["x"]), "BINARY", "struct<a:int>"),
        ("int", pa.array([{"a": 1}]), "GROUP", "int"),
        ("array<int>", pa.array([["x"]]), "BINARY", "array<int>"),
    ],
)  # fmt: skip
def test_what_trino_refuses(
    hive: HiveStore, declared: str, values: pa.Array, physical: str, hive_type: str
) -> None:
    uri = hive.put("t/ä.parquet", pa.table({"n": [1], "x": values}))
    hive.table("t", {"n": "bigint", "x": declared}, "t/")
    assert hive.rows("SELECT n FROM t") == [(1,)], "another column can be read"
    assert hive.fails("SELECT x FROM t") == (
        f"HIVE_BAD_DATA: Field x's type {physical} in parquet file {uri} is incompatible with type"
        f" {hive_type} defined in table schema"
    )


def test_a_number_that_does_not_fit(hive: HiveStore) -> None:
    hive.put("t/a.parquet", pa.table({"x": [3_000_000_000]}))
    hive.table("t", {"x": "int"}, "t/")
    message = "Failed to read Parquet file: x holds 3000000000, out of range"
    assert hive.fails("SELECT x FROM t") == f"HIVE_CURSOR_ERROR: {message}"
    hive.put("t/a.parquet", pa.table({"x": [Decimal("1234.5")]}))
    hive.table("d", {"x": "decimal(3,1)"}, "t/")
    message = "Failed to read Parquet file: x holds 1234.5, out of range"
    assert hive.fails("SELECT x FROM d") == f"HIVE_CURSOR_ERROR: {message}"


def test_files_of_several_layouts(hive: HiveStore) -> None:
    inner = pa.struct([("A", pa.int32()), ("more", pa.struct([("b", pa.string())]))])
    hive.put("t/1.parquet", pa.table({"X": pa.array([{"A": 1, "more": {"b": "y"}}], inner)}))
    hive.put("t/2.parquet", pa.table({"x": pa.array([{"a": 2}], pa.struct([("a", pa.int64())]))}))
    hive.put("t/3.parquet", pa.table({"x": pa.array([{"z": 3}])}))
    hive.put("t/4.parquet", pa.table({"y": [4]}))
    hive.table("t", {"x": "struct<a:bigint,more:struct<b:string>>", "y": "int"}, "t/")
    rows = hive.rows('SELECT x.a, x.more.b, y, x IS NULL FROM t ORDER BY "$path"')
    assert rows == [
        (1, "y", None, False),
        (2, None, None, False),
        (None, None, None, True),
        (None, None, 4, True),
    ]
    assert hive.rows("SELECT count(x.more.b) AS n, count(*) AS c FROM t") == [(1, 4)]


def test_a_file_that_is_no_parquet(hive: HiveStore) -> None:
    hive.table("t", {"x": "int"}, "t/", partitioned={"p": "string"})
    hive.put("t/p=a/a.parquet", pa.table({"x": [1]}))
    bad = hive.put("t/p=b/b.csv", "x\n1\n")
    for value in "ab":
        hive.partition("t", [value], f"t/p={value}/")
    assert hive.rows("SELECT x FROM t WHERE p = 'a'") == [(1,)]
    error = hive.fails("SELECT count(*) AS n FROM t")
    assert error == f"HIVE_BAD_DATA: Not valid Parquet file: {bad} expected magic number: PAR1"


def test_the_new_type_of_a_changed_file_counts(hive: HiveStore) -> None:
    hive.put("t/a.parquet", pa.table({"x": ["text"]}))
    hive.table("t", {"x": "bigint"}, "t/")
    assert "HIVE_BAD_DATA" in hive.fails("SELECT x FROM t")
    hive.put("t/a.parquet", pa.table({"x": [5]}))
    assert hive.rows("SELECT x FROM t") == [(5,)]


def test_a_file_that_goes_while_a_query_starts() -> None:
    error = trino_error(duckdb.IOException('No files found that match the pattern "/x/y.parquet"'))
    assert (
        str(error) == "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split: a file is gone; try again"
    )


def test_an_insert_of_many_files(hive: HiveStore) -> None:
    hive.table("t", {"n": "bigint"}, "t/", partitioned={"p": "bigint"})
    hive.rows("INSERT INTO t SELECT n, n % 50 AS p FROM UNNEST(sequence(1, 200)) AS u (n)")
    assert hive.rows("SELECT count(*) AS n, count(DISTINCT p) AS p FROM t") == [(200, 50)]
    assert len(hive.keys("t/")) >= 50
    hive.rows("INSERT INTO t VALUES (CAST(7 AS bigint), CAST(0 AS bigint))")
    assert hive.rows("SELECT sum(n) AS s FROM t") == [(20107,)]


def test_every_type_of_partition_value(hive: HiveStore) -> None:
    keys = {"s": "string", "i": "int", "d": "date", "b": "boolean", "n": "decimal(5,2)"}
    values = ["ü/x", "007", "2013-01-02", "true", "1.5"]
    hive.put("t/data/a.parquet", pa.table({"x": [1]}))
    hive.table("t", {"x": "int"}, "t/", partitioned=keys)
    hive.partition("t", values, "t/data")
    expected = ("ü/x", 7, dt.date(2013, 1, 2), True, Decimal("1.50"))
    assert hive.rows("SELECT s, i, d, b, n FROM t") == [expected]
    assert BUCKET in hive.rows('SELECT "$path" AS p FROM t')[0][0]
