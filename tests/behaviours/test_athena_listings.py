"""What an Iceberg table says of its files: `$files`, `$manifests`, `$partitions`."""

from __future__ import annotations

import boto3
import pytest

from tests.behaviours.athena_client import AthenaClient


@pytest.fixture
def athena(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client in a database with a table of two partitions and three files."""
    client = AthenaClient(aws, "db", f"s3://{bucket}/results/")
    client.run("CREATE DATABASE db")
    client.run(
        "CREATE TABLE t (id bigint, name string, price double, ts timestamp, day date)"
        f" PARTITIONED BY (day, bucket(4, id)) LOCATION 's3://{bucket}/t/'"
        " TBLPROPERTIES ('table_type'='iceberg')"
    )
    client.run(
        "INSERT INTO t VALUES (1, 'a', 1.5e0, TIMESTAMP '2024-01-01 10:00:00', DATE '2024-01-01'),"
        " (1, NULL, 2.5e0, TIMESTAMP '2024-01-01 11:00:00', DATE '2024-01-01')"
    )
    client.run("INSERT INTO t VALUES (1, 'z', NULL, NULL, DATE '2024-01-01')")
    client.run("INSERT INTO t VALUES (1, 'b', 7e0, NULL, NULL)")
    return client


def test_files(athena: AthenaClient) -> None:
    result = athena.run('SELECT * FROM "t$files" ORDER BY record_count DESC')
    assert result.names[:5] == [
        *("content", "file_path", "file_format", "record_count", "file_size_in_bytes"),
    ]
    assert result.types[5:11] == ["map"] * 6
    assert [row[3] for row in result.rows] == ["2", "1", "1"]
    assert {row[0] for row in result.rows} == {"0"}
    assert {row[2] for row in result.rows} == {"PARQUET"}
    for _, uri, _, _, size, *_ in result.rows:
        bucket, _, key = str(uri).removeprefix("s3://").partition("/")
        head = athena.session.client("s3").head_object(Bucket=bucket, Key=key)
        assert str(head["ContentLength"]) == size
    bounds = athena.rows(
        "SELECT element_at(lower_bounds, 2), element_at(upper_bounds, 4),"
        ' element_at(null_value_counts, 2), element_at(value_counts, 1) FROM "t$files"'
        " WHERE record_count = 2"
    )
    assert bounds == [("a", "2024-01-01T11:00:00", "1", "2")]


def test_manifests(athena: AthenaClient) -> None:
    rows = athena.rows(
        "SELECT length, partition_spec_id, added_data_files_count, added_rows_count,"
        " deleted_data_files_count, cardinality(partition_summaries),"
        " partition_summaries[1].contains_null, partition_summaries[1].lower_bound"
        ' FROM "t$manifests" ORDER BY added_rows_count DESC, 7'
    )
    assert all(int(str(row[0])) > 0 for row in rows)
    assert [row[1:] for row in rows] == [
        ("0", "1", "2", "0", "2", "false", "2024-01-01"),
        ("0", "1", "1", "0", "2", "false", "2024-01-01"),
        ("0", "1", "1", "0", "2", "true", None),
    ]


def test_partitions(athena: AthenaClient) -> None:
    result = athena.run(
        "SELECT partition.day, partition.id_bucket, record_count, file_count, data.name.min,"
        " data.name.max, data.name.null_count, data.price.max, data.ts.min, data.ts.max,"
        ' data.id.max FROM "t$partitions" ORDER BY record_count DESC'
    )
    assert result.types[:2] == ["date", "integer"]
    assert [(row[0], *row[2:]) for row in result.rows] == [
        (
            *("2024-01-01", "3", "2", "a", "z", "1", "2.5"),
            *("2024-01-01 10:00:00.000000", "2024-01-01 11:00:00.000000", "1"),
        ),
        (None, "1", "1", "b", "b", "0", "7.0", None, None, "1"),
    ]
    total = athena.rows('SELECT sum(total_size) FROM "t$partitions"')
    assert total == athena.rows('SELECT sum(file_size_in_bytes) FROM "t$files"')


def test_an_unpartitioned_table_is_one_partition(athena: AthenaClient, bucket: str) -> None:
    athena.run(
        f"CREATE TABLE u WITH (table_type = 'ICEBERG', is_external = false,"
        f" location = 's3://{bucket}/u/') AS SELECT 1 AS a, ARRAY[1] AS list"
    )
    result = athena.run('SELECT * FROM "u$partitions"')
    assert result.names == ["record_count", "file_count", "total_size", "data"]
    assert athena.rows('SELECT record_count, data.a.max FROM "u$partitions"') == [("1", "1")]


def test_partitions_of_a_hive_table(athena: AthenaClient, bucket: str) -> None:
    athena.run(
        "CREATE EXTERNAL TABLE h (a int) PARTITIONED BY (day date, n int) STORED AS PARQUET"
        f" LOCATION 's3://{bucket}/h/'"
    )
    assert athena.rows('SELECT * FROM "h$partitions"') == []
    athena.run("ALTER TABLE h ADD PARTITION (day = '2024-01-02', n = 7)")
    athena.run("ALTER TABLE h ADD PARTITION (day = '2024-01-01', n = 8)")
    result = athena.run('SELECT * FROM "h$partitions" ORDER BY day')
    assert (result.names, result.types) == (["day", "n"], ["date", "integer"])
    assert result.rows == [("2024-01-01", "8"), ("2024-01-02", "7")]
    athena.run("ALTER TABLE h DROP PARTITION (day = '2024-01-02', n = 7)")
    assert athena.rows('SELECT max(day) FROM "h$partitions"') == [("2024-01-01",)]
    athena.run(f"CREATE EXTERNAL TABLE p (a int) STORED AS PARQUET LOCATION 's3://{bucket}/p/'")
    assert "p$partitions' does not exist" in athena.reason('SELECT * FROM "p$partitions"')


def test_a_query_of_with_has_no_versions(athena: AthenaClient) -> None:
    reason = athena.reason("WITH c AS (SELECT 1 AS a) SELECT * FROM c FOR VERSION AS OF 1")
    assert reason == ("NOT_SUPPORTED: line 1:41: 'c' is a query of WITH; only tables have versions")


def test_a_table_without_files_lists_none(athena: AthenaClient, bucket: str) -> None:
    athena.run(
        f"CREATE TABLE e (a int, d date) PARTITIONED BY (month(d)) LOCATION 's3://{bucket}/e/'"
        " TBLPROPERTIES ('table_type'='iceberg')"
    )
    for kind in ("files", "manifests", "partitions"):
        result = athena.run(f'SELECT * FROM "e${kind}"')
        assert result.rows == []
        assert len(result.names) > 3


def test_bounds_of_files_from_before_a_type_was_widened(athena: AthenaClient, bucket: str) -> None:
    athena.run(
        f"CREATE TABLE w (a int, b float) LOCATION 's3://{bucket}/w/'"
        " TBLPROPERTIES ('table_type'='iceberg')"
    )
    athena.run("INSERT INTO w VALUES (7, REAL '1.5')")
    for column, type_ in (("a", "bigint"), ("b", "double")):
        athena.run(f"ALTER TABLE w CHANGE COLUMN {column} {column} {type_}")
    athena.run("INSERT INTO w VALUES (9999999999, 2.5e0)")
    shown = 'SELECT data.a.min, data.a.max, data.b.min, data.b.max FROM "w$partitions"'
    assert athena.rows(shown) == [("7", "9999999999", "1.5", "2.5")]
    assert len(athena.rows('SELECT lower_bounds FROM "w$files"')) == 2


def test_deleted_rows_have_files_of_their_own_kind(athena: AthenaClient) -> None:
    athena.run("DELETE FROM t WHERE day IS NULL")
    assert athena.rows('SELECT count(*) FROM "t$partitions"') == [("1",)]
    assert athena.rows('SELECT sum(record_count) FROM "t$files" WHERE content = 0') == [("3",)]
