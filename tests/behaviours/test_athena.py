"""Athena's API: the life of a query, its result files and pages, and what surrounds them."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pyathena
import pytest
from pyathena.pandas.cursor import PandasCursor

from tests.behaviours.athena_client import AthenaClient

Refused = Callable[..., tuple[str, str]]

ENDLESS = (
    "SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x)"
    " CROSS JOIN UNNEST(sequence(1, 10000)) b(y) CROSS JOIN UNNEST(sequence(1, 10000)) c(z)"
    " WHERE (x * 7 + y * 3 + z) % 11 = 4"
)


@pytest.fixture
def athena(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client without a database."""
    return AthenaClient(aws, None, f"s3://{bucket}/results/")


@pytest.fixture
def store(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client in an empty database."""
    client = AthenaClient(aws, "db", f"s3://{bucket}/results/")
    client.run("CREATE DATABASE db")
    return client


def body(client: AthenaClient, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    found: bytes = client.session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return found


# A query's life


def test_a_query_and_all_that_is_known_of_it(athena: AthenaClient) -> None:
    before = time.time()
    execution = athena.execute("SELECT 1 AS one")
    assert execution["Query"] == "SELECT 1 AS one"
    assert (execution["StatementType"], execution["SubstatementType"]) == ("DML", "SELECT")
    assert execution["WorkGroup"] == "primary"
    assert execution["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    status = execution["Status"]
    assert before - 1 < status["SubmissionDateTime"].timestamp() <= time.time() + 1
    assert status["CompletionDateTime"] >= status["SubmissionDateTime"]
    assert execution["Statistics"]["DataScannedInBytes"] == 0
    assert execution["Statistics"]["TotalExecutionTimeInMillis"] >= 0
    id_ = execution["QueryExecutionId"]
    assert execution["ResultConfiguration"]["OutputLocation"] == f"{athena.output}{id_}.csv"


def test_a_query_without_a_place_for_results_uses_the_work_groups(aws: boto3.Session) -> None:
    client = aws.client("athena")
    group = client.get_work_group(WorkGroup="primary")["WorkGroup"]
    location = group["Configuration"]["ResultConfiguration"]["OutputLocation"]
    id_ = client.start_query_execution(QueryString="SELECT 1")["QueryExecutionId"]
    execution = AthenaClient(aws, None, location).wait(id_)
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["ResultConfiguration"]["OutputLocation"] == f"{location}{id_}.csv"


def test_the_same_client_token_is_the_same_query(athena: AthenaClient, refused: Refused) -> None:
    token = str(uuid.uuid4())
    first = athena.start("SELECT 1", ClientRequestToken=token)
    assert athena.start("SELECT 1", ClientRequestToken=token) == first
    assert athena.start("SELECT 1") != first
    code, message = refused(athena.start, sql="SELECT 2", ClientRequestToken=token)
    assert (code, message) == ("InvalidRequestException", "Idempotent parameters do not match")


def test_a_long_query_is_really_cancelled(athena: AthenaClient, refused: Refused) -> None:
    id_ = athena.start(ENDLESS)
    states = {"QUEUED", "RUNNING"}
    assert (
        athena.client.get_query_execution(QueryExecutionId=id_)["QueryExecution"]["Status"]["State"]
        in states
    )
    code, message = refused(athena.client.get_query_results, QueryExecutionId=id_)
    assert code == "InvalidRequestException"
    assert message.startswith("Query has not yet finished. Current state: ")
    athena.client.stop_query_execution(QueryExecutionId=id_)
    started = time.monotonic()
    status = athena.wait(id_)["Status"]
    assert time.monotonic() - started < 60  # it would take hours
    assert status["State"] == "CANCELLED"
    assert status["StateChangeReason"] == "Query cancelled by user"
    assert "AthenaError" not in status
    assert refused(athena.client.get_query_results, QueryExecutionId=id_)[1] == (
        "Could not find results"
    )
    assert athena.rows("SELECT 1") == [("1",)]


def test_more_queries_than_run_at_once_all_end(athena: AthenaClient) -> None:
    running = [athena.start(ENDLESS) for _ in range(10)]
    quick = [athena.start(f"SELECT {i}") for i in range(10)]
    for id_ in running:
        athena.client.stop_query_execution(QueryExecutionId=id_)
    assert {athena.wait(id_)["Status"]["State"] for id_ in running} == {"CANCELLED"}
    assert {athena.wait(id_)["Status"]["State"] for id_ in quick} == {"SUCCEEDED"}


def test_stopping_a_query_that_ended_changes_nothing(athena: AthenaClient) -> None:
    result = athena.run("SELECT 1")
    id_ = result.execution["QueryExecutionId"]
    athena.client.stop_query_execution(QueryExecutionId=id_)
    assert athena.wait(id_)["Status"]["State"] == "SUCCEEDED"


def test_a_failed_query_says_why_in_both_places(store: AthenaClient, refused: Refused) -> None:
    execution = store.execute("SELECT * FROM nope")
    status = execution["Status"]
    assert status["State"] == "FAILED"
    reason = "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.nope' does not exist"
    assert status["StateChangeReason"] == reason
    assert status["AthenaError"] == {
        "ErrorCategory": 2,
        "ErrorType": 1301,
        "Retryable": False,
        "ErrorMessage": reason,
    }
    code, message = refused(
        store.client.get_query_results, QueryExecutionId=execution["QueryExecutionId"]
    )
    assert (code, message) == (
        "InvalidRequestException",
        "Query did not finish successfully. Final query state: FAILED",
    )


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC 1", "line 1:1: mismatched input 'SELEC'. Expecting: 'ALTER', "),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed. Got: SELECT 1; SELECT 2"),
        ("SET SESSION x = 1", "Queries of this type are not supported"),
        ("START TRANSACTION", "Queries of this type are not supported"),
        ("USE db", "Queries of this type are not supported"),
        ("COPY t TO 'x'", "line 1:1: mismatched input 'COPY'. Expecting: "),
        ("ATTACH 'x.db'", "line 1:1: mismatched input 'ATTACH'. Expecting: "),
        ("INSTALL httpfs", "line 1:1: mismatched input 'INSTALL'. Expecting: "),
        ("PRAGMA version", "line 1:1: mismatched input 'PRAGMA'. Expecting: "),
        ("FROM t SELECT 1", "line 1:1: mismatched input 'FROM'. Expecting: "),
        ("-- nothing", "line 1:11: mismatched input '<EOF>'. Expecting: "),
        ("CREATE TABLE \"t\" (a int)", "line 1:14: no viable alternative at input '\"t\"'"),
        ("DROP TABLE \"t\"", "line 1:12: mismatched input '\"t\"'. Expecting: <identifier>"),
        ("INSERT OVERWRITE t SELECT 1", "line 1:8: mismatched input 'OVERWRITE'. Expecting: 'I"),
        ("CREATE TABLE t (a int)", "No location was specified for table. An S3 location must be"),
    ],
)  # fmt: skip
def test_malformed_statements_are_refused_at_once(
    athena: AthenaClient, refused: Refused, sql: str, message: str
) -> None:
    code, found = refused(athena.start, sql=sql)
    assert code == "InvalidRequestException"
    assert found.startswith(message)


def test_a_refusal_carries_athenas_own_code(athena: AthenaClient) -> None:
    with pytest.raises(athena.client.exceptions.InvalidRequestException) as caught:
        athena.start("SELEC 1")
    assert caught.value.response["AthenaErrorCode"] == "MALFORMED_QUERY"


def test_semicolons_around_one_statement_are_fine(athena: AthenaClient) -> None:
    assert athena.rows(" ; SELECT ';' AS a -- ;\n") == [(";",)]
    assert athena.rows("SELECT 1;") == [("1",)]


def test_a_query_of_more_than_262144_bytes_is_refused(
    athena: AthenaClient, refused: Refused
) -> None:
    fits = "SELECT '" + "x" * (262_144 - 9) + "'"
    assert len(athena.rows(fits)[0][0] or "") == 262_144 - 9
    code, message = refused(athena.start, sql=fits.replace("x'", "xx'"))
    assert code == "InvalidRequestException"
    assert "less than or equal to 262144" in message


def test_unknown_ids_places_and_groups_are_refused(athena: AthenaClient, refused: Refused) -> None:
    unknown = str(uuid.uuid4())
    for method in (
        athena.client.get_query_execution,
        athena.client.get_query_results,
        athena.client.stop_query_execution,
    ):
        code, message = refused(method, QueryExecutionId=unknown)
        assert (code, message) == (
            "InvalidRequestException",
            f"QueryExecution {unknown} was not found",
        )
    wrong = {"OutputLocation": "file:///tmp"}
    assert refused(athena.start, sql="SELECT 1", ResultConfiguration=wrong)[1] == (
        "outputLocation is not a valid S3 path."
    )
    nowhere = {"OutputLocation": "s3://no-such-bucket-anywhere/x"}
    assert (
        "no-such-bucket-anywhere"
        in (refused(athena.start, sql="SELECT 1", ResultConfiguration=nowhere)[1])
    )
    assert "nosuch" in refused(athena.start, sql="SELECT 1", WorkGroup="nosuch")[1]


def test_batch_get_names_what_it_did_not_find(athena: AthenaClient) -> None:
    known, unknown = athena.execute("SELECT 1")["QueryExecutionId"], str(uuid.uuid4())
    answer = athena.client.batch_get_query_execution(QueryExecutionIds=[known, unknown])
    assert [e["QueryExecutionId"] for e in answer["QueryExecutions"]] == [known]
    (missing,) = answer["UnprocessedQueryExecutionIds"]
    assert missing["QueryExecutionId"] == unknown


def test_executions_are_listed_newest_first_in_pages(athena: AthenaClient) -> None:
    ids = [athena.execute(f"SELECT {i}")["QueryExecutionId"] for i in range(5)]
    pages = athena.client.get_paginator("list_query_executions").paginate(
        PaginationConfig={"PageSize": 2}
    )
    assert [id_ for page in pages for id_ in page["QueryExecutionIds"]] == ids[::-1]


def test_runtime_statistics_are_the_executions(athena: AthenaClient) -> None:
    execution = athena.execute("SELECT 1")
    answer = athena.client.get_query_runtime_statistics(
        QueryExecutionId=execution["QueryExecutionId"]
    )
    timeline = answer["QueryRuntimeStatistics"]["Timeline"]
    assert (
        timeline["TotalExecutionTimeInMillis"]
        == execution["Statistics"]["TotalExecutionTimeInMillis"]
    )


# Results


def test_the_result_file_is_athenas_csv(athena: AthenaClient) -> None:
    sql = "SELECT 1 AS \"i\", 'a\"b' AS q, '' AS empty, CAST(NULL AS varchar) AS n, 'x\ny' AS lines"
    result = athena.run(sql)
    assert result.rows == [("1", 'a"b', "", None, "x\ny")]
    assert body(athena, result.execution["ResultConfiguration"]["OutputLocation"]) == (
        b'"i","q","empty","n","lines"\n"1","a""b","",,"x\ny"\n'
    )


def test_column_info_is_athenas(athena: AthenaClient) -> None:
    sql = (
        "SELECT CAST(1 AS tinyint) AS a, CAST(1 AS bigint) AS b, CAST(1 AS real) AS c,"
        " CAST(1 AS decimal(12,3)) AS d, 'x' AS e, CAST('x' AS varchar) AS f, true AS g,"
        " TIMESTAMP '2020-01-01 00:00:00.000' AS h, DATE '2020-01-01' AS i, ARRAY[1] AS j,"
        " CAST(ROW(1, 'x') AS row(a integer, b varchar)) AS k, NULL AS l"
    )
    id_ = athena.execute(sql)["QueryExecutionId"]
    results = athena.client.get_query_results(QueryExecutionId=id_)
    infos = results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(i["Type"], i["Precision"], i["Scale"], i["CaseSensitive"]) for i in infos] == [
        ("tinyint", 3, 0, False),
        ("bigint", 19, 0, False),
        ("float", 17, 0, False),
        ("decimal", 12, 3, False),
        ("varchar", 1, 0, True),
        ("varchar", 2147483647, 0, True),
        ("boolean", 0, 0, False),
        ("timestamp", 3, 0, False),
        ("date", 0, 0, False),
        ("array", 0, 0, False),
        ("row", 0, 0, False),
        ("unknown", 0, 0, False),
    ]
    assert {(i["CatalogName"], i["SchemaName"], i["TableName"], i["Nullable"]) for i in infos} == {
        ("hive", "", "", "UNKNOWN")
    }
    assert [i["Label"] for i in infos] == [i["Name"] for i in infos]


def test_columns_without_and_with_the_same_name(athena: AthenaClient) -> None:
    result = athena.run('SELECT 1, 2 AS a, 3 AS a, 4 AS "Mixed"')
    assert result.names == ["_col0", "a", "a", "Mixed"]
    assert result.rows == [("1", "2", "3", "4")]


def test_an_empty_result_keeps_its_columns(athena: AthenaClient) -> None:
    id_ = athena.execute("SELECT 1 AS a, 'x' AS b WHERE false")["QueryExecutionId"]
    results = athena.client.get_query_results(QueryExecutionId=id_)["ResultSet"]
    assert results["Rows"] == [{"Data": [{"VarCharValue": "a"}, {"VarCharValue": "b"}]}]
    infos = results["ResultSetMetadata"]["ColumnInfo"]
    assert [i["Type"] for i in infos] == ["integer", "varchar"]


def test_a_result_of_2500_rows_comes_in_pages(athena: AthenaClient, refused: Refused) -> None:
    sql = "SELECT x, IF(x % 2 = 0, NULL, '') AS y FROM UNNEST(sequence(1, 2500)) AS t(x) ORDER BY x"
    id_ = athena.execute(sql)["QueryExecutionId"]
    get = athena.client.get_query_results
    first = get(QueryExecutionId=id_)
    rows = first["ResultSet"]["Rows"]
    assert len(rows) == 1000
    assert rows[0]["Data"] == [{"VarCharValue": "x"}, {"VarCharValue": "y"}]
    assert rows[1]["Data"] == [{"VarCharValue": "1"}, {"VarCharValue": ""}]
    assert rows[2]["Data"] == [{"VarCharValue": "2"}, {}]
    second = get(QueryExecutionId=id_, NextToken=first["NextToken"])
    third = get(QueryExecutionId=id_, NextToken=second["NextToken"])
    assert len(second["ResultSet"]["Rows"]) == 1000
    assert len(third["ResultSet"]["Rows"]) == 501
    assert "NextToken" not in third
    assert third["ResultSet"]["Rows"][-1]["Data"][0] == {"VarCharValue": "2500"}
    assert third["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    small = get(QueryExecutionId=id_, MaxResults=7)
    assert len(small["ResultSet"]["Rows"]) == 7
    after = get(QueryExecutionId=id_, MaxResults=3, NextToken=small["NextToken"])
    assert [r["Data"][0]["VarCharValue"] for r in after["ResultSet"]["Rows"]] == ["7", "8", "9"]
    assert refused(get, QueryExecutionId=id_, MaxResults=1001) == (
        "InvalidRequestException",
        "MaxResults is more than maximum allowed length 1000",
    )
    assert refused(get, QueryExecutionId=id_, NextToken="nope") == (
        "InvalidRequestException",
        "Malformed nextPageToken nope",
    )


def test_a_full_page_has_no_next_one(athena: AthenaClient) -> None:
    sql = "SELECT x FROM UNNEST(sequence(1, {})) AS t(x)"
    full = athena.execute(sql.format(999))["QueryExecutionId"]
    assert "NextToken" not in athena.client.get_query_results(QueryExecutionId=full)
    over = athena.execute(sql.format(1000))["QueryExecutionId"]
    first = athena.client.get_query_results(QueryExecutionId=over)
    last = athena.client.get_query_results(QueryExecutionId=over, NextToken=first["NextToken"])
    assert len(last["ResultSet"]["Rows"]) == 1
    assert "NextToken" not in last


def test_the_metadata_file_is_the_drivers_protobuf(athena: AthenaClient) -> None:
    execution = athena.execute("SELECT 1 AS one")
    found = body(athena, execution["ResultConfiguration"]["OutputLocation"] + ".metadata")
    id_ = execution["QueryExecutionId"].encode()
    column = (
        b"\x0a\x04hive\x22\x03one\x2a\x03one\x32\x07integer"
        b"\x38\x0a\x40\x00\x48\x03\x50\x00"
    )  # fmt: skip
    assert found == b"\x0a\x24" + id_ + b"\x22" + bytes([len(column)]) + column


def test_ddl_leaves_text_and_no_columns(store: AthenaClient) -> None:
    execution = store.execute("CREATE DATABASE other")
    assert (execution["StatementType"], execution["SubstatementType"]) == (
        "DDL",
        "CREATE_DATABASE",
    )
    output = execution["ResultConfiguration"]["OutputLocation"]
    assert output == f"{store.output}{execution['QueryExecutionId']}.txt"
    assert body(store, output) == b""
    shown = store.run("SHOW DATABASES")
    assert shown.rows == [("db",), ("other",)]
    assert (shown.names, shown.types) == (["database_name"], ["string"])
    assert shown.execution["StatementType"] == "UTILITY"
    assert body(store, shown.execution["ResultConfiguration"]["OutputLocation"]) == b"db\nother"


# Parameters


def test_parameters_are_expressions_or_else_strings(athena: AthenaClient) -> None:
    values = ["1", "'it''s'", "abc def", "DATE '2020-01-02'", "1 + 1", "x", "NULL", "?"]
    places = ", ".join(f"? AS c{i}" for i in range(len(values)))
    result = athena.run(f"SELECT {places}", ExecutionParameters=values)
    assert result.rows == [("1", "it's", "abc def", "2020-01-02", "2", "x", None, "?")]
    assert result.execution["Query"] == f"SELECT {places}"
    assert result.execution["ExecutionParameters"] == values


@pytest.mark.parametrize("value", ["1) OR (1=1", "'x' --", "1; DROP TABLE t", "(SELECT 1)"])
def test_a_parameter_stays_one_value(athena: AthenaClient, value: str) -> None:
    sql = "SELECT CAST(? AS varchar) AS a, 'rest' AS b"
    assert athena.rows(sql, ExecutionParameters=[value]) == [(value, "rest")]


def test_question_marks_in_text_are_no_places(athena: AthenaClient) -> None:
    sql = "SELECT '?' AS a, ? AS b -- ?\n"
    assert athena.rows(sql, ExecutionParameters=["5"]) == [("?", "5")]
    assert athena.rows("SELECT 1", ExecutionParameters=["5"]) == [("1",)]


def test_a_wrong_number_of_parameters_fails_the_query(athena: AthenaClient) -> None:
    assert athena.reason("SELECT ?, ?", ExecutionParameters=["1"]) == (
        "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 1"
    )


def test_prepared_statements_by_api_and_by_sql(athena: AthenaClient, refused: Refused) -> None:
    group = {"WorkGroup": "primary"}
    athena.client.create_prepared_statement(
        StatementName="mine", QueryStatement="SELECT ? AS a, ? AS b", **group
    )
    found = athena.client.get_prepared_statement(StatementName="mine", **group)
    assert found["PreparedStatement"]["QueryStatement"] == "SELECT ? AS a, ? AS b"
    assert athena.rows("EXECUTE mine USING 5, 'x, y'") == [("5", "x, y")]
    athena.run("PREPARE other FROM SELECT ? + 1 AS n")
    assert athena.rows("EXECUTE other USING 2") == [("3",)]
    listed = athena.client.list_prepared_statements(**group)["PreparedStatements"]
    assert [statement["StatementName"] for statement in listed] == ["mine", "other"]
    athena.run("DEALLOCATE PREPARE other")
    athena.client.delete_prepared_statement(StatementName="mine", **group)
    code, _ = refused(athena.client.get_prepared_statement, StatementName="mine", **group)
    assert code == "ResourceNotFoundException"
    assert "mine" in athena.reason("EXECUTE mine USING 1, 2")


# Catalogs


def test_databases_and_tables_as_athena_sees_them(
    store: AthenaClient, bucket: str, refused: Refused
) -> None:
    store.run(
        f"CREATE EXTERNAL TABLE seen (a bigint COMMENT 'the a', b array<string>)"
        f" PARTITIONED BY (p string) STORED AS PARQUET LOCATION 's3://{bucket}/seen/'"
        f" TBLPROPERTIES ('owner'='me')"
    )
    catalog = {"CatalogName": "AwsDataCatalog"}
    names = [d["Name"] for d in store.client.list_databases(**catalog)["DatabaseList"]]
    assert names == ["db"]
    there = {**catalog, "DatabaseName": "db"}
    assert store.client.get_database(**there)["Database"]["Name"] == "db"
    table = store.client.get_table_metadata(**there, TableName="seen")["TableMetadata"]
    assert table["Columns"] == [
        {"Name": "a", "Type": "bigint", "Comment": "the a"},
        {"Name": "b", "Type": "array<string>"},
    ]
    assert table["PartitionKeys"] == [{"Name": "p", "Type": "string"}]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["Parameters"]["owner"] == "me"
    assert table["Parameters"]["location"] == f"s3://{bucket}/seen"
    assert "Parquet" in table["Parameters"]["serde.serialization.lib"]
    listed = store.client.list_table_metadata(**there, Expression="se*")["TableMetadataList"]
    assert [t["Name"] for t in listed] == ["seen"]
    assert not store.client.list_table_metadata(**there, Expression="x.*")["TableMetadataList"]
    get = store.client.get_table_metadata
    assert refused(get, **there, TableName="nope")[0] == "MetadataException"
    assert refused(store.client.get_database, **catalog, DatabaseName="no")[0] == (
        "MetadataException"
    )


def test_a_query_in_another_catalog_fails(athena: AthenaClient) -> None:
    ours = {"Catalog": "AwsDataCatalog", "Database": "db"}
    execution = athena.execute("SELECT 1", QueryExecutionContext=ours)
    assert execution["QueryExecutionContext"] == {"Catalog": "awsdatacatalog", "Database": "db"}
    other = {"Catalog": "other", "Database": "db"}
    reason = athena.reason("SELECT 1", QueryExecutionContext=other)
    assert reason == "CATALOG_NOT_FOUND: line 1:1: Catalog 'other' does not exist"


def test_an_operation_that_is_not_embedded_is_named(athena: AthenaClient, refused: Refused) -> None:
    code, message = refused(
        athena.client.start_session, WorkGroup="primary", EngineConfiguration={}
    )
    assert code == "UnknownOperationException"
    assert "StartSession" in message


# PyAthena


def test_pyathenas_cursors_read_it(aws: boto3.Session, bucket: str) -> None:
    arguments: dict[str, Any] = {
        "session": aws,
        "s3_staging_dir": f"s3://{bucket}/pyathena/",
        "poll_interval": 0.01,
    }
    with pyathena.connect(**arguments) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT x, CAST(x AS varchar) AS s FROM UNNEST(sequence(1, 2500)) AS t(x)")
        rows = cursor.fetchall()
        assert len(rows) == 2500
        assert rows[0] == (1, "1")
        assert cursor.description is not None
        assert [column[:2] for column in cursor.description] == [("x", "bigint"), ("s", "varchar")]
        cursor.execute("SELECT %(a)s AS a", {"a": "it's"})
        assert cursor.fetchone() == ("it's",)
        with pytest.raises(pyathena.error.OperationalError, match="SCHEMA_NOT_FOUND"):
            cursor.execute("SELECT * FROM nodb.nope")


def test_pandas_cursor_reads_the_csv(aws: boto3.Session, bucket: str) -> None:
    with pyathena.connect(
        session=aws, s3_staging_dir=f"s3://{bucket}/pyathena/", cursor_class=PandasCursor
    ) as connection:
        frame = connection.cursor().execute("SELECT 1 AS a, 'x' AS b").as_pandas()
        assert frame.to_dict("records") == [{"a": 1, "b": "x"}]


def test_ids_are_uuids(athena: AthenaClient) -> None:
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", athena.start("SELECT 1"))
