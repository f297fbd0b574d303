"""Tables whose objects name their data files: S3 Inventory, Delta manifests, Hive-style groups."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.local.hive_store import BUCKET, SYMLINKS, TEXT_OUTPUT, HiveStore


def numbers(*values: int) -> pa.Table:
    return pa.table({"n": pa.array(values, pa.int64())})


def linked(hive: HiveStore, name: str, location: str, **partitioned: str) -> None:
    hive.table(
        name, {"n": "bigint"}, location, partitioned=partitioned, takes=SYMLINKS, gives=TEXT_OUTPUT
    )


def test_the_files_named_are_the_data(hive: HiveStore) -> None:
    first = hive.put("t/data/a.parquet", numbers(1, 2))
    hive.put("t/data/left-out.parquet", numbers(100))
    elsewhere = hive.put("other/b.parquet", numbers(3))
    linked(hive, "t", "t/_manifests/")
    hive.link("t/_manifests/one", first)
    hive.link("t/_manifests/deep/two", elsewhere, "")
    hive.link("t/_manifests/_hidden", f"s3://{BUCKET}/none")
    hive.link("t/_manifests/.hidden/three", f"s3://{BUCKET}/none")
    assert hive.rows("SELECT n FROM t ORDER BY n") == [(1,), (2,), (3,)]
    paths = hive.rows('SELECT n, "$path" FROM t ORDER BY n')
    assert paths == [(1, first), (2, first), (3, elsewhere)]
    assert hive.rows(f"SELECT n FROM t WHERE \"$path\" = '{elsewhere}'") == [(3,)]


def test_a_switched_manifest_is_read_at_once(hive: HiveStore) -> None:
    first = hive.put("t/a.parquet", numbers(1))
    second = hive.put("t/b.parquet", numbers(2))
    linked(hive, "t", "t/_manifests")
    hive.link("t/_manifests/manifest", first)
    assert hive.rows("SELECT n FROM t") == [(1,)]
    hive.link("t/_manifests/manifest", second)
    assert hive.rows("SELECT n FROM t") == [(2,)]
    hive.put("t/b.parquet", numbers(3))
    assert hive.rows("SELECT n FROM t") == [(3,)]
    hive.link("t/_manifests/manifest")
    assert hive.rows("SELECT n FROM t") == []
    hive.s3.delete_object(Bucket=BUCKET, Key="t/_manifests/manifest")
    assert hive.rows("SELECT count(*) AS n FROM t") == [(0,)]


def test_partition_values_belong_to_the_files_named(hive: HiveStore) -> None:
    linked(hive, "t", "t/", origin="string", y="int")
    shared = hive.put("t/shared.parquet", numbers(1, 2))
    for values in (["JFK", "2013"], ["LGA", "2014"], ["__HIVE_DEFAULT_PARTITION__", "2015"]):
        folder = f"t/_manifests/origin={values[0]}/y={values[1]}"
        hive.link(f"{folder}/manifest", shared)
        hive.partition("t", values, folder)
    everything = "SELECT origin, y, sum(n) AS n FROM t GROUP BY origin, y ORDER BY y"
    assert hive.rows(everything) == [("JFK", 2013, 3), ("LGA", 2014, 3), (None, 2015, 3)]
    assert hive.rows("SELECT count(*) AS n FROM t WHERE y = 2014") == [(2,)]
    hive.link("t/_manifests/origin=LGA/y=2014/manifest", shared, shared)
    assert hive.rows("SELECT sum(n) AS n FROM t WHERE origin = 'LGA'") == [(6,)]


def test_a_missing_file_is_an_error(hive: HiveStore) -> None:
    linked(hive, "t", "t/_manifests/")
    missing = f"s3://{BUCKET}/t/gone.parquet"
    hive.link("t/_manifests/manifest", missing)
    error = hive.fails("SELECT n FROM t")
    assert error == f"HIVE_FILESYSTEM_ERROR: Input path does not exist: {missing}"


@pytest.mark.parametrize("line", ["t/a.parquet", "s3://no-such-bucket/x", "https://x/y"])
def test_a_line_that_is_no_object_is_an_error(hive: HiveStore, line: str) -> None:
    linked(hive, "t", "t/_manifests/")
    hive.link("t/_manifests/manifest", line)
    error = hive.fails("SELECT n FROM t")
    assert error.startswith("HIVE_BAD_DATA: Error parsing symlinks from: s3://fsql-local/t/_mani")


def test_insert_is_refused_before_anything_is_written(hive: HiveStore) -> None:
    linked(hive, "t", "t/_manifests/")
    hive.link("t/_manifests/manifest", hive.put("t/a.parquet", numbers(1)))
    error = hive.fails("INSERT INTO t SELECT CAST(2 AS bigint) AS n")
    assert error == (
        f"HIVE_UNSUPPORTED_FORMAT: Output format {TEXT_OUTPUT} with SerDe"
        " org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe is not supported"
    )
    assert hive.keys("t/") == ["t/_manifests/manifest", "t/a.parquet"]


def test_the_path_is_hidden(hive: HiveStore) -> None:
    odd = hive.put("t/y=1/ü é%20//a.parquet", numbers(7))
    hive.table("t", {"n": "bigint"}, "t/")
    assert hive.rows("SELECT * FROM t") == [(7,)]
    assert hive.rows("SELECT t.* FROM t") == [(7,)]
    assert hive.rows("SELECT b FROM t AS a (b)") == [(7,)]
    assert hive.rows('SELECT n, "$path" FROM t') == [(7, odd)]
    assert hive.rows('SELECT x.* FROM (SELECT "$path" AS p FROM t) x') == [(odd,)]
    assert "Hidden column" in hive.fails('SELECT "$path" FROM (SELECT * FROM t) x')
    assert hive.rows("TABLE t") == [(7,)]
