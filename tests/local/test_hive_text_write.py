"""INSERT INTO tables of text: what is written is what the SerDe reads back."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from decimal import Decimal

import pytest

from fsql.dbapi import DatabaseError
from tests.local.hive_store import HiveStore

DELIMITED = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\'"
OPENX = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
HIVE = "ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'"
COLUMNS = (
    "b boolean, i int, l bigint, f float, d double, n decimal(10,2), s string, at timestamp,"
    " day date, raw binary, a array<int>, m map<string,int>, r struct<x:int,y:array<string>>"
)
VALUES = (
    "true, -5, BIGINT '9223372036854775807', REAL '0.5', 1e300, DECIMAL '-1.25', 'a,\"b\\ é',"
    " TIMESTAMP '2013-01-02 03:04:05.678', DATE '2013-01-02', X'00ff', ARRAY[1, NULL],"
    " MAP(ARRAY['k'], ARRAY[2]), CAST(ROW(1, ARRAY['p', 'q']) AS ROW(x int, y array(varchar)))"
)
ROW = (
    True, -5, 2**63 - 1, 0.5, 1e300, Decimal("-1.25"), 'a,"b\\ é',
    dt.datetime(2013, 1, 2, 3, 4, 5, 678000), dt.date(2013, 1, 2), b"\x00\xff", [1, None],
    {"k": 2}, {"x": 1, "y": ["p", "q"]},
)  # fmt: skip


def make(hive: HiveStore, row_format: str, columns: str, more: str = "") -> None:
    hive.cursor.execute(
        f"CREATE EXTERNAL TABLE t ({columns}) {more} {row_format} STORED AS TEXTFILE"
        " LOCATION 's3://fsql-local/t/'"
    )


@pytest.mark.parametrize("row_format", [DELIMITED, OPENX, HIVE])
def test_every_type_and_null(hive: HiveStore, row_format: str) -> None:
    make(hive, row_format, COLUMNS)
    nulls = ", ".join(["NULL"] * len(ROW))
    hive.cursor.execute(f"INSERT INTO t VALUES ({VALUES})")
    hive.cursor.execute(f"INSERT INTO t VALUES ({nulls})")
    # Hive's own JSON SerDe takes the base64 that Trino writes for the bytes themselves.
    read = [b"AP8=" if row_format == HIVE and value == b"\x00\xff" else value for value in ROW]
    assert hive.rows("SELECT * FROM t ORDER BY i") == [tuple(read), (None,) * len(ROW)]


def test_files_are_gzipped_lines(hive: HiveStore) -> None:
    make(hive, DELIMITED, "i int, s string")
    hive.cursor.execute("INSERT INTO t VALUES (1, 'a,b'), (2, NULL), (3, '')")
    [key] = hive.keys("t/")
    assert key.endswith(".gz")
    body = hive.s3.get_object(Bucket="fsql-local", Key=key)["Body"].read()
    assert gzip.decompress(body).decode() == "1,a\\,b\n2,\\N\n3,\n"


def test_json_lines_uncompressed(hive: HiveStore) -> None:
    make(hive, OPENX, "i int, at timestamp")
    hive.cursor.execute("ALTER TABLE t SET TBLPROPERTIES ('write.compression' = 'NONE')")
    hive.cursor.execute("INSERT INTO t VALUES (1, TIMESTAMP '2024-01-01 00:00:00')")
    [key] = hive.keys("t/")
    body = hive.s3.get_object(Bucket="fsql-local", Key=key)["Body"].read()
    assert json.loads(body) == {"i": 1, "at": "2024-01-01 00:00:00.000"}


@pytest.mark.parametrize("row_format", [DELIMITED, OPENX])
def test_partitions(hive: HiveStore, row_format: str) -> None:
    make(hive, row_format, "i int", "PARTITIONED BY (p string, q int)")
    hive.cursor.execute("INSERT INTO t VALUES (1, 'a/b c=', 1), (2, NULL, 2), (3, 'a/b c=', 1)")
    hive.cursor.execute("INSERT INTO t VALUES (4, 'new', 3)")
    assert hive.rows("SELECT * FROM t ORDER BY i") == [
        (1, "a/b c=", 1),
        (2, None, 2),
        (3, "a/b c=", 1),
        (4, "new", 3),
    ]
    assert (
        len(hive.glue.get_partitions(DatabaseName="feature_store", TableName="t")["Partitions"])
        == 3
    )


def test_no_rows_write_no_file(hive: HiveStore) -> None:
    make(hive, DELIMITED, "i int")
    hive.cursor.execute("INSERT INTO t SELECT 1 WHERE false")
    assert hive.keys("t/") == []
    assert hive.rows("SELECT * FROM t") == []


def test_what_is_refused(hive: HiveStore) -> None:
    csv = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"
    make(hive, csv, "i string")
    with pytest.raises(DatabaseError, match="OpenCSVSerde"):
        hive.cursor.execute("INSERT INTO t VALUES ('1')")
    hive.cursor.execute("DROP TABLE t")
    make(hive, DELIMITED, "i string")
    hive.cursor.execute("ALTER TABLE t SET TBLPROPERTIES ('skip.header.line.count' = '1')")
    with pytest.raises(DatabaseError, match="headers"):
        hive.cursor.execute("INSERT INTO t VALUES ('1')")
    assert hive.keys("t/") == []
