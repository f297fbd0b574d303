"""Athena's result reuse, idempotency and runtime statistics."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.behaviours.athena_client import AthenaClient

Refused = Callable[..., tuple[str, str]]

REUSE = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 10}}


@pytest.fixture
def athena(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client in a database with one table of two rows."""
    client = AthenaClient(aws, "db", f"s3://{bucket}/results/")
    client.run("CREATE DATABASE db")
    client.run(
        f"CREATE TABLE t WITH (table_type = 'ICEBERG', is_external = false,"
        f" location = 's3://{bucket}/t/') AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v (n, s)"
    )
    return client


def reused(execution: dict[str, Any]) -> bool:
    information = execution["Statistics"]["ResultReuseInformation"]
    return bool(information["ReusedPreviousResult"])


def test_a_result_is_reused_whatever_the_table_holds_by_now(athena: AthenaClient) -> None:
    sql = "SELECT n, s FROM t ORDER BY n"
    first = athena.run(sql)
    athena.run("INSERT INTO t VALUES (3, 'c')")
    again = athena.run(sql, ResultReuseConfiguration=REUSE)
    assert (again.rows, again.names, again.types) == (first.rows, first.names, first.types)
    assert reused(again.execution)
    assert not reused(first.execution)
    assert again.execution["ResultReuseConfiguration"] == REUSE
    assert again.execution["QueryExecutionId"] != first.execution["QueryExecutionId"]
    assert again.execution["Statistics"]["DataScannedInBytes"] == 0
    location = again.execution["ResultConfiguration"]["OutputLocation"]
    assert location == first.execution["ResultConfiguration"]["OutputLocation"]
    assert len(athena.rows(sql)) == 3


def test_a_reused_result_does_not_stay_young(athena: AthenaClient) -> None:
    """What is reused is always the newest run itself, not a reuse of it."""
    sql = "SELECT count(*) FROM t"
    runs = [athena.run(sql) for _ in range(2)]
    for _ in range(2):
        again = athena.execute(sql, ResultReuseConfiguration=REUSE)
        newest = runs[-1].execution["ResultConfiguration"]
        assert again["ResultConfiguration"] == newest
    none = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 0}}
    assert not reused(athena.execute(sql, ResultReuseConfiguration=none))


@pytest.mark.parametrize(
    ("sql", "arguments"),
    [
        ("SELECT  1 AS n", {}),
        ("SELECT 1 AS n", {"QueryExecutionContext": {"Database": "default"}}),
        ("SELECT 1 AS n", {"ResultConfiguration": {"OutputLocation": "s3://some-bucket/else/"}}),
        ("SELECT 1 AS n", {"WorkGroup": "other"}),
        ("SELECT 1 AS n", {"ResultReuseConfiguration": {}}),
        (
            "SELECT 1 AS n",
            {"ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}}},
        ),
    ],
)
def test_other_queries_results_are_not_reused(
    athena: AthenaClient, sql: str, arguments: dict[str, Any]
) -> None:
    configuration = {"EnforceWorkGroupConfiguration": False}
    athena.client.create_work_group(Name="other", Configuration=configuration)
    athena.run("SELECT 1 AS n")
    execution = athena.execute(sql, **{"ResultReuseConfiguration": REUSE, **arguments})
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert not reused(execution)


def test_values_and_prepared_statements_count(athena: AthenaClient) -> None:
    athena.run("SELECT ? AS v", ExecutionParameters=["1"])
    two = athena.run("SELECT ? AS v", ExecutionParameters=["2"], ResultReuseConfiguration=REUSE)
    assert (two.rows, reused(two.execution)) == ([("2",)], False)
    athena.run("PREPARE p FROM SELECT n FROM t WHERE n = ?")
    athena.run("EXECUTE p USING 1")
    again = athena.run("EXECUTE p USING 1", ResultReuseConfiguration=REUSE)
    assert (again.rows, reused(again.execution)) == ([("1",)], True)


def test_a_result_that_was_deleted_is_computed_anew(
    athena: AthenaClient, aws: boto3.Session, bucket: str
) -> None:
    first = athena.execute("SELECT 5")
    key = first["ResultConfiguration"]["OutputLocation"].removeprefix(f"s3://{bucket}/")
    aws.client("s3").delete_object(Bucket=bucket, Key=key)
    again = athena.run("SELECT 5", ResultReuseConfiguration=REUSE)
    assert (again.rows, reused(again.execution)) == ([("5",)], False)


def test_writes_are_never_reused(athena: AthenaClient) -> None:
    for _ in range(2):
        written = athena.execute("INSERT INTO t VALUES (9, 'z')", ResultReuseConfiguration=REUSE)
        assert not reused(written)
    assert athena.rows("SELECT count(*) FROM t") == [("4",)]


def test_an_age_beyond_seven_days_is_refused(athena: AthenaClient, refused: Refused) -> None:
    old = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 10_081}}
    start = athena.client.start_query_execution
    code, message = refused(start, QueryString="SELECT 1", ResultReuseConfiguration=old)
    assert (code, "10081" in message) == ("InvalidRequestException", True)


@pytest.mark.parametrize(
    "other",
    [
        {"ExecutionParameters": ["2"]},
        {"ResultConfiguration": {"OutputLocation": "s3://some-bucket/else/"}},
        {"QueryExecutionContext": {"Database": "default"}},
    ],
)
def test_a_token_stands_for_one_request(
    athena: AthenaClient, refused: Refused, other: dict[str, Any]
) -> None:
    token = str(uuid.uuid4())
    asked = {"ClientRequestToken": token, "ExecutionParameters": ["1"]}
    first = athena.start("SELECT ? AS v", **asked)
    assert athena.start("SELECT ? AS v", **asked) == first
    code, message = refused(athena.start, sql="SELECT ? AS v", **{**asked, **other})
    assert (code, message) == ("InvalidRequestException", "Idempotent parameters do not match")


def test_runtime_statistics_tell_rows_and_bytes(athena: AthenaClient) -> None:
    execution = athena.execute("SELECT s FROM t WHERE n = 2")
    found = athena.client.get_query_runtime_statistics(
        QueryExecutionId=execution["QueryExecutionId"]
    )["QueryRuntimeStatistics"]
    rows = found["Rows"]
    assert rows["OutputRows"] == 1
    assert rows["InputRows"] >= 1
    assert rows["InputBytes"] == execution["Statistics"]["DataScannedInBytes"] > 0
    assert rows["OutputBytes"] == len('"s"\n"b"\n')
    stage = found["OutputStage"]
    assert (stage["StageId"], stage["State"], stage["OutputRows"]) == (0, "FINISHED", 1)
    written = athena.execute("INSERT INTO t VALUES (3, 'c'), (4, 'd')")
    found = athena.client.get_query_runtime_statistics(QueryExecutionId=written["QueryExecutionId"])
    assert found["QueryRuntimeStatistics"]["Rows"]["OutputRows"] == 2


def test_runtime_statistics_of_ddl_are_times_only(athena: AthenaClient) -> None:
    execution = athena.execute("SHOW TABLES")
    found = athena.client.get_query_runtime_statistics(
        QueryExecutionId=execution["QueryExecutionId"]
    )["QueryRuntimeStatistics"]
    assert set(found) == {"Timeline"}
