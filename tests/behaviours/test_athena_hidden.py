"""The hidden columns "$path", "$file_size" and "$file_modified_time"."""

from __future__ import annotations

from datetime import datetime

import boto3
import pytest

from tests.behaviours.athena_client import AthenaClient


@pytest.fixture
def athena(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client in a database with a Hive and an Iceberg table of two files each."""
    client = AthenaClient(aws, "db", f"s3://{bucket}/results/")
    client.run("CREATE DATABASE db")
    for name in ("a b", "c"):
        aws.client("s3").put_object(Bucket=bucket, Key=f"h/{name}.csv", Body=f"{name},1\n".encode())
    client.run(
        "CREATE EXTERNAL TABLE h (s string, n int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ','"
        f" LOCATION 's3://{bucket}/h/'"
    )
    client.run(
        f"CREATE TABLE i (n int, p string) PARTITIONED BY (p) LOCATION 's3://{bucket}/i/'"
        " TBLPROPERTIES ('table_type'='iceberg')"
    )
    client.run("INSERT INTO i VALUES (1, 'x'), (2, 'x'), (3, 'y')")
    return client


def objects(athena: AthenaClient, bucket: str, prefix: str) -> dict[str, tuple[int, datetime]]:
    listed = athena.session.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    return {f"s3://{bucket}/{o['Key']}": (o["Size"], o["LastModified"]) for o in listed}


def moment(text: str | None) -> datetime:
    found = datetime.fromisoformat(str(text).replace(" UTC", "+00:00"))
    return found.replace(microsecond=0)


def test_hidden_columns_of_a_hive_table(athena: AthenaClient, bucket: str) -> None:
    result = athena.run('SELECT s, "$path", "$file_size", "$file_modified_time" FROM h ORDER BY s')
    assert result.types == ["varchar", "varchar", "bigint", "timestamp with time zone"]
    there = objects(athena, bucket, "h/")
    assert [row[:2] for row in result.rows] == [
        ("a b", f"s3://{bucket}/h/a b.csv"),
        ("c", f"s3://{bucket}/h/c.csv"),
    ]
    for _, path, size, time in result.rows:
        assert (int(str(size)), moment(time)) == there[str(path)]


def test_hidden_columns_of_an_iceberg_table(athena: AthenaClient, bucket: str) -> None:
    result = athena.run('SELECT n, "$path", "$file_modified_time" FROM i ORDER BY n')
    assert result.types == ["integer", "varchar", "timestamp with time zone"]
    there = objects(athena, bucket, "i/data/")
    paths = [str(path) for _, path, _ in result.rows]
    assert paths[0] == paths[1] != paths[2]
    for _, path, time in result.rows:
        assert moment(time) == there[str(path)][1]
    assert set(paths) == {row[0] for row in athena.rows('SELECT file_path FROM "i$files"')}


@pytest.mark.parametrize("table", ["h", "i"])
def test_no_star_shows_them(athena: AthenaClient, table: str) -> None:
    shown = athena.run(f"SELECT * FROM {table} WHERE \"$path\" LIKE 's3://%'").names
    assert shown == athena.run(f"SELECT * FROM {table}").names
    assert len(shown) == 2
    counted = athena.rows(f'SELECT count(DISTINCT "$path") FROM {table}')
    assert counted == [("2",)]


def test_where_and_group_by_take_them(athena: AthenaClient) -> None:
    grouped = athena.rows('SELECT p, count(*) FROM i t GROUP BY p, t."$path" ORDER BY p')
    assert grouped == [("x", "2"), ("y", "1")]
    ((path,),) = athena.rows("SELECT DISTINCT \"$path\" FROM i WHERE p = 'y'")
    assert athena.rows(f"SELECT n FROM i WHERE \"$path\" = '{path}'") == [("3",)]


def test_rows_that_were_deleted_stay_away(athena: AthenaClient) -> None:
    athena.run("DELETE FROM i WHERE n = 1")
    rows = athena.rows('SELECT n FROM i WHERE "$path" IS NOT NULL ORDER BY n')
    assert rows == [("2",), ("3",)]


def test_a_table_without_files_has_them_too(athena: AthenaClient, bucket: str) -> None:
    athena.run(
        f"CREATE TABLE e (n int) LOCATION 's3://{bucket}/e/' TBLPROPERTIES ('table_type'='iceberg')"
    )
    assert athena.rows('SELECT "$path", "$file_modified_time" FROM e') == []


def test_hidden_columns_that_there_are_not(athena: AthenaClient) -> None:
    assert "Hidden column '$file_size'" in athena.reason('SELECT "$file_size" FROM i')
    assert "Hidden column '$bucket'" in athena.reason('SELECT "$bucket" FROM h')
