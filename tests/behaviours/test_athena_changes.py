"""DELETE, UPDATE, MERGE and time travel on Iceberg tables, as Athena answers them."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyathena import connect
from pyiceberg.transforms import BucketTransform
from pyiceberg.types import IntegerType, LongType, NestedField, StringType, StructType

from tests.behaviours.athena_client import AthenaClient
from tests.behaviours.backends import embedded
from tests.behaviours.pyiceberg_client import glue_catalog
from tests.behaviours.test_athena_sql import position_deletes, read
from tests.programs import forking, ran_at_once

FORKING = forking()


@pytest.fixture
def athena(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client in an empty database."""
    client = AthenaClient(aws, "db", f"s3://{bucket}/results/")
    client.run("CREATE DATABASE db")
    return client


def make(client: AthenaClient, name: str, columns: str, partitioned: str = "") -> None:
    client.run(
        f"CREATE TABLE {name} ({columns}) {partitioned} LOCATION 's3://some-bucket/{name}/'"
        " TBLPROPERTIES ('table_type'='ICEBERG')"
    )


def loaded(client: AthenaClient, name: str = "t") -> Any:
    return glue_catalog(client.session).load_table(f"db.{name}")


def files(client: AthenaClient, name: str = "t") -> list[Any]:
    return [task.file for task in loaded(client, name).scan().plan_files()]


# DELETE


def test_delete_takes_the_rows_for_which_the_condition_is_true(athena: AthenaClient) -> None:
    make(athena, "t", "a int, s string")
    athena.run("INSERT INTO t VALUES (1, 'x'), (2, NULL), (NULL, 'x'), (3, 'y')")
    assert athena.run("DELETE FROM t WHERE a > 2 OR s = 'x'").update_count == 3
    assert athena.rows("SELECT * FROM t") == [("2", None)]
    assert athena.run("DELETE FROM t WHERE s <> 'x'").update_count == 0
    assert athena.run("DELETE FROM t WHERE s IS NULL").update_count == 1
    assert athena.rows("SELECT * FROM t") == []


def test_a_change_of_nothing_makes_no_snapshot(athena: AthenaClient) -> None:
    make(athena, "t", "a int")
    changes = (
        "DELETE FROM t",
        "UPDATE t SET a = 1",
        "MERGE INTO t USING (VALUES 1) AS s(a) ON t.a = s.a WHEN MATCHED THEN DELETE",
    )
    for sql in changes:
        assert athena.run(sql).update_count == 0
    assert loaded(athena).metadata.snapshots == []
    athena.run("INSERT INTO t VALUES (7)")
    before = loaded(athena).metadata_location
    for sql in (changes[0] + " WHERE a = 8", changes[1] + " WHERE NULL", changes[2]):
        assert athena.run(sql).update_count == 0
    assert loaded(athena).metadata_location == before


def test_delete_without_a_condition_empties_the_table(athena: AthenaClient) -> None:
    make(athena, "t", "a bigint", "PARTITIONED BY (bucket(4, a))")
    athena.run("INSERT INTO t SELECT a FROM UNNEST(sequence(1, 40)) AS u(a)")
    assert athena.run("DELETE FROM t").update_count == 40
    assert athena.rows("SELECT count(*) FROM t") == [("0",)]
    assert files(athena) == []
    athena.run("INSERT INTO t VALUES (1)")
    assert athena.rows("SELECT * FROM t") == [("1",)]


def test_delete_by_a_query_on_the_table_itself(athena: AthenaClient) -> None:
    make(athena, "t", "a int, b int")
    athena.run("INSERT INTO t VALUES (1, 2), (2, 5), (5, 7)")
    sql = "DELETE FROM t WHERE a IN (SELECT b FROM t) OR b = (SELECT max(b) FROM t)"
    assert athena.run(sql).update_count == 2
    assert athena.rows("SELECT * FROM t") == [("1", "2")]


# Files


def test_only_files_with_changed_rows_are_written_and_keep_their_order(
    athena: AthenaClient,
) -> None:
    make(athena, "t", "a bigint, s string")
    athena.run("INSERT INTO t VALUES (100, 'other')")
    athena.run("INSERT INTO t SELECT a, CAST(a AS varchar) FROM UNNEST(sequence(1, 9)) AS u(a)")
    other = next(f.file_path for f in files(athena) if f.record_count == 1)
    athena.run("UPDATE t SET s = 'new' WHERE a IN (4, 6)")
    found = {file.record_count: file for file in files(athena)}
    assert found[1].file_path == other
    kept = pq.read_table(loaded(athena).io.new_input(found[7].file_path).open())
    assert kept["a"].to_pylist() == [1, 2, 3, 5, 7, 8, 9]
    assert [kept.schema.field(i).metadata[b"PARQUET:field_id"] for i in (0, 1)] == [b"1", b"2"]
    assert found[7].lower_bounds[1] == (1).to_bytes(8, "little")
    assert found[2].value_counts == {1: 2, 2: 2}
    last = loaded(athena).current_snapshot()
    assert last.summary.operation.value == "overwrite"
    assert last.summary["deleted-data-files"] == "1"
    assert last.summary["added-data-files"] == "2"


def test_rows_move_to_the_partition_of_their_new_values(athena: AthenaClient) -> None:
    make(athena, "t", "d timestamp, k string, n bigint", "PARTITIONED BY (day(d), bucket(4, k))")
    athena.run(
        "INSERT INTO t SELECT TIMESTAMP '2024-01-01' + (n % 3) * INTERVAL '1' DAY,"
        " CAST(n AS varchar), n FROM UNNEST(sequence(1, 30)) AS u(n)"
    )
    sql = "UPDATE t SET d = d + INTERVAL '7' DAY, k = concat('k', k) WHERE n <= 10"
    assert athena.run(sql).update_count == 10
    assert athena.run("DELETE FROM t WHERE d < TIMESTAMP '2024-01-02'").update_count == 7
    expected = {(2 + n % 3 - 2 + (7 if n <= 10 else 0), n) for n in range(1, 31)}
    expected = {(day, n) for day, n in expected if day}
    got = athena.rows("SELECT date_diff('day', TIMESTAMP '2024-01-01', d), n FROM t")
    assert {(int(str(day)), int(str(n))) for day, n in got} == expected
    bucket = BucketTransform(4).transform(loaded(athena).schema().find_type("k"))
    for file in files(athena):
        rows = pq.read_table(loaded(athena).io.new_input(file.file_path).open()).to_pylist()
        assert {(row["d"].date().toordinal() - 719163, bucket(row["k"])) for row in rows} == {
            (file.partition[0], file.partition[1])
        }
    assert loaded(athena).scan("n = 5").to_arrow().num_rows == 1


def test_rows_of_a_partition_that_is_not_a_number_are_changed(athena: AthenaClient) -> None:
    make(athena, "t", "a bigint, x double", "PARTITIONED BY (x)")
    athena.run("INSERT INTO t VALUES (1, nan()), (2, 1e0), (3, nan()), (4, NULL)")
    assert athena.run("DELETE FROM t WHERE a = 1").update_count == 1
    assert athena.run("UPDATE t SET a = 30 WHERE is_nan(x)").update_count == 1
    merge = "MERGE INTO t USING (VALUES 30, 5) AS s(a) ON t.a = s.a"
    matched = (
        "WHEN MATCHED THEN UPDATE SET x = 1e0 WHEN NOT MATCHED THEN INSERT VALUES (s.a, nan())"
    )
    assert athena.run(f"{merge} {matched}").update_count == 2
    expected = [("2", "1.0"), ("4", None), ("5", "NaN"), ("30", "1.0")]
    assert athena.rows("SELECT * FROM t ORDER BY a") == expected


def test_position_deletes_of_other_engines_stay_deleted(athena: AthenaClient, bucket: str) -> None:
    make(athena, "t", "a bigint")
    athena.run("INSERT INTO t SELECT a FROM UNNEST(sequence(0, 9)) AS u(a)")
    position_deletes(loaded(athena), athena, bucket, [2, 3])
    assert athena.run("DELETE FROM t WHERE a IN (3, 4)").update_count == 1
    assert athena.run("UPDATE t SET a = a + 100 WHERE a < 2").update_count == 2
    remaining = [(str(a),) for a in (5, 6, 7, 8, 9, 100, 101)]
    assert athena.rows("SELECT a FROM t ORDER BY a") == remaining
    assert loaded(athena).scan().to_arrow().num_rows == 7


def test_files_of_an_older_schema_and_spec_are_changed(athena: AthenaClient) -> None:
    make(athena, "t", "a bigint, s struct<x:int>", "PARTITIONED BY (bucket(2, a))")
    row = "CAST(ROW(CAST(a AS integer)) AS ROW(x integer))"
    athena.run(f"INSERT INTO t SELECT a, {row} FROM UNNEST(sequence(1, 8)) AS u(a)")
    table = loaded(athena)
    with table.update_schema() as schema:
        schema.rename_column("a", "id").add_column(("s", "y"), StringType()).add_column(
            "n", LongType()
        )
    with table.update_spec() as spec:
        spec.add_identity("n")
    assert athena.run("UPDATE t SET n = id WHERE s.x > 6").update_count == 2
    assert athena.run("DELETE FROM t WHERE id = 1").update_count == 1
    expected = [(str(i), f"{{x={i}, y=null}}", str(i) if i > 6 else None) for i in range(2, 9)]
    assert athena.rows("SELECT * FROM t ORDER BY id") == expected
    assert {file.spec_id for file in files(athena)} == {1}
    assert loaded(athena).scan("n = 7").to_arrow()["id"].to_pylist() == [7]


def test_values_that_no_statement_touches_come_back_as_they_were(athena: AthenaClient) -> None:
    columns = pa.schema(
        {
            "Id": pa.int64(),
            "d": pa.decimal128(38, 3),
            "f": pa.float32(),
            "b": pa.binary(),
            "z": pa.timestamp("us", "UTC"),
            "t": pa.time64("us"),
            "l": pa.list_(pa.struct({"Aa": pa.string()})),
            "m": pa.map_(pa.string(), pa.list_(pa.int32())),
        }
    )
    big = Decimal("-12345678901234567890123456789012345.678")
    moment = datetime(1900, 1, 1, 1, 2, 3, 4, UTC)
    rows: list[dict[str, Any]] = [
        {"Id": 1, "d": big, "f": float("nan"), "b": b"\0", "z": moment, "t": moment.time()},
        {"Id": 2, "f": -0.0, "b": b"", "l": [{"Aa": "x"}, {"Aa": None}, None]},
        {"Id": 3, "l": [], "m": [("k", [1, None]), ("l", None)]},
    ]
    catalog = glue_catalog(athena.session)
    table = catalog.create_table("db.t", columns, "s3://some-bucket/t")
    table.append(pa.Table.from_pylist(rows, columns))
    before = table.scan().to_arrow()
    with catalog.load_table("db.t").update_schema() as schema:
        schema.add_column("s", StructType(NestedField(1, "x", LongType())))
    assert athena.run("UPDATE t SET id = id + 10 WHERE id = 2").update_count == 1
    assert athena.run("DELETE FROM t WHERE s IS NOT NULL").update_count == 0
    after = loaded(athena).scan().to_arrow().drop_columns(["s"])
    found = {row.pop("Id"): repr(row) for row in after.to_pylist()}
    expected = {row.pop("Id"): repr(row) for row in before.to_pylist()}
    assert found == {1: expected[1], 12: expected[2], 3: expected[3]}


# UPDATE


def test_update_sees_the_old_values_and_null(athena: AthenaClient) -> None:
    make(athena, "t", "a int, b int, n struct<x:int,y:array<string>>, m map<string,int>")
    athena.run(
        "INSERT INTO t SELECT 1, 2, CAST(ROW(5, ARRAY['p', NULL]) AS ROW(x int, y array(varchar))),"
        " MAP(ARRAY['k'], ARRAY[1]) UNION ALL SELECT NULL, 4, NULL, NULL"
    )
    assert athena.run("UPDATE t SET a = b, b = a").update_count == 2
    assert athena.rows("SELECT a, b FROM t ORDER BY a") == [("2", "1"), ("4", None)]
    athena.run(
        "UPDATE t SET n = CAST(ROW(n.x + 1, n.y || ARRAY['q']) AS ROW(x int, y array(varchar))),"
        " m = NULL WHERE n.x = 5"
    )
    assert athena.rows("SELECT n, m FROM t ORDER BY a") == [
        ("{x=6, y=[p, null, q]}", None),
        (None, None),
    ]


def test_update_refuses_what_trino_refuses(athena: AthenaClient) -> None:
    make(athena, "t", "a int, s string, r struct<x:int>")
    athena.run("INSERT INTO t VALUES (1, 'x', NULL)")
    reasons = {
        "UPDATE t SET b = 1": (
            "COLUMN_NOT_FOUND: line 1:14: The UPDATE SET target column b doesn't exist"
        ),
        "UPDATE t SET a = 'x', s = s": (
            "TYPE_MISMATCH: line 1:1: UPDATE table column types don't match SET expressions:"
            " Table: [integer, varchar], Expressions: [varchar(1), varchar]"
        ),
        "UPDATE t SET a = 1 WHERE s": (
            "TYPE_MISMATCH: line 1:26: WHERE clause must evaluate to a boolean: actual type varchar"
        ),
        "UPDATE t SET a = 1 / (a - 1)": "DIVISION_BY_ZERO: Division by zero",
        "UPDATE u SET a = 1": (
            "TABLE_NOT_FOUND: line 1:8: Table 'awsdatacatalog.db.u' does not exist"
        ),
        "UPDATE t SET r.x = 1": "SYNTAX_ERROR: line 1:14: mismatched input 'r'",
        "DELETE FROM t WHERE b = 1": ("COLUMN_NOT_FOUND: line 1:21: Column 'b' cannot be resolved"),
    }
    before = loaded(athena).metadata_location
    for sql, reason in reasons.items():
        assert athena.reason(sql) == reason
    assert loaded(athena).metadata_location == before


# MERGE


def test_merge_takes_the_first_clause_that_applies(athena: AthenaClient) -> None:
    make(athena, "t", "id int, s string, n int")
    athena.run("INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (NULL, 'd', 4)")
    result = athena.run(
        "MERGE INTO t AS x USING (SELECT * FROM (VALUES (1, 'up'), (2, 'gone'), (3, 'keep'),"
        " (4, 'new'), (5, 'other'), (6, 'no'), (NULL, 'null'))) AS y(id, what) ON x.id = y.id"
        " WHEN MATCHED AND y.what = 'gone' THEN DELETE"
        " WHEN MATCHED AND what = 'up' THEN UPDATE SET s = x.s || y.what, n = x.n + 10"
        " WHEN MATCHED AND what = 'gone' THEN UPDATE SET s = 'never'"
        " WHEN NOT MATCHED AND y.what = 'new' THEN INSERT (n, id) VALUES (0, y.id)"
        " WHEN NOT MATCHED AND y.what <> 'no' THEN INSERT VALUES (y.id, y.what, NULL)"
    )
    assert result.update_count == 5
    assert sorted(athena.rows("SELECT * FROM t"), key=str) == sorted(
        [
            ("1", "aup", "11"),
            ("3", "c", "3"),
            (None, "d", "4"),
            ("4", None, "0"),
            ("5", "other", None),
            (None, "null", None),
        ],
        key=str,
    )


def test_merge_into_an_empty_table_from_a_table(athena: AthenaClient) -> None:
    make(athena, "t", "id int, s string")
    make(athena, "other", "id int, s string")
    athena.run("INSERT INTO other VALUES (1, 'a'), (1, 'b')")
    sql = (
        "MERGE INTO t USING other ON t.id = other.id WHEN MATCHED THEN UPDATE SET s = other.s"
        " WHEN NOT MATCHED THEN INSERT (id, s) VALUES (other.id, other.s)"
    )
    assert athena.run(sql).update_count == 2
    assert athena.rows("SELECT * FROM t ORDER BY s") == [("1", "a"), ("1", "b")]


def test_a_row_may_be_matched_once_only(athena: AthenaClient) -> None:
    make(athena, "t", "id int, s string")
    athena.run("INSERT INTO t VALUES (1, 'a')")
    start = "MERGE INTO t USING (VALUES (1, 'x'), (1, 'y')) AS s(id, v) ON t.id = s.id WHEN MATCHED"
    assert athena.reason(f"{start} THEN UPDATE SET s = v") == (
        "MERGE_TARGET_ROW_MULTIPLE_MATCHES:"
        " One MERGE target table row matched more than one source row"
    )
    assert athena.rows("SELECT * FROM t") == [("1", "a")]
    assert athena.run(f"{start} AND v = 'y' THEN UPDATE SET s = v").update_count == 1
    assert athena.rows("SELECT * FROM t") == [("1", "y")]


def test_merge_refuses_what_does_not_fit(athena: AthenaClient) -> None:
    make(athena, "t", "id int, s string")
    start = "MERGE INTO t USING (VALUES 1) AS s(k) ON t.id = s.k WHEN NOT MATCHED THEN INSERT "
    mismatch = (
        "MERGE table column types don't match for MERGE case 0, SET expressions:"
        " Table: [integer, varchar], Expressions: [integer, integer]"
    )
    assert mismatch in athena.reason(f"{start}VALUES (k, k)")
    assert "column name does not exist in target table: z" in athena.reason(
        f"{start}(z) VALUES (1)"
    )
    assert "specified more than once: s" in athena.reason(f"{start}(s, s) VALUES ('a', 'b')")
    assert "isn't equal to number of expressions" in athena.reason(f"{start}VALUES (1)")


# What Athena tells of them


def test_changes_are_filed_as_athena_files_them(athena: AthenaClient) -> None:
    make(athena, "t", "a int")
    athena.run("INSERT INTO t VALUES (1), (2)")
    for kind, sql in {
        "UPDATE": "UPDATE t SET a = a + 1",
        "MERGE": "MERGE INTO t USING (VALUES 2) s(a) ON t.a = s.a WHEN MATCHED THEN DELETE",
        "DELETE": "DELETE FROM t",
    }.items():
        result = athena.run(sql)
        execution = result.execution
        assert (execution["StatementType"], execution["SubstatementType"]) == ("DML", kind)
        output = execution["ResultConfiguration"]["OutputLocation"]
        assert output.endswith(f"{execution['QueryExecutionId']}.csv")
        assert (result.rows, result.names, result.types) == ([], ["rows"], ["bigint"])
        assert "DataManifestLocation" not in execution["Statistics"]
        assert kind.encode() in read(athena, f"{output}.metadata")
        listed = athena.session.client("s3").list_objects_v2(
            Bucket="some-bucket", Prefix=output.removeprefix("s3://some-bucket/")
        )
        assert listed["KeyCount"] == 1


def test_pyathena_counts_the_rows(athena: AthenaClient) -> None:
    make(athena, "t", "a int, s string")
    athena.run("INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z')")
    with (
        connect(
            session=athena.session, s3_staging_dir=athena.output, schema_name="db"
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE t SET s = ? WHERE a > ?", ["'new'", "1"], paramstyle="qmark")
        assert cursor.rowcount == 2
        cursor.execute("DELETE FROM t WHERE s = %(s)s", {"s": "new"})
        assert cursor.rowcount == 2
    athena.run("PREPARE p FROM DELETE FROM t WHERE a = ?")
    assert athena.run("EXECUTE p USING 1").update_count == 1
    assert athena.rows("SELECT * FROM t") == []


def test_only_iceberg_tables_are_changed(athena: AthenaClient, bucket: str) -> None:
    athena.run(f"CREATE TABLE h WITH (external_location='s3://{bucket}/h/') AS SELECT 1 AS a")
    athena.run("CREATE VIEW v AS SELECT a FROM h")
    hive = "NOT_SUPPORTED: Modifying Hive table rows is only supported for transactional tables"
    merge = "MERGE INTO {} AS t USING (VALUES 1) s(a) ON t.a = s.a WHEN MATCHED THEN DELETE"
    for sql in ("DELETE FROM {}", "UPDATE {} SET a = 2", merge):
        assert athena.reason(sql.format("h")) == hive
        assert "views is not supported" in athena.reason(sql.format("v"))


# Time travel


def test_snapshots_are_read_under_their_own_schema(athena: AthenaClient) -> None:
    make(athena, "t", "id bigint, s string")
    athena.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    table = loaded(athena)
    first = table.current_snapshot()
    with table.update_schema() as schema:
        schema.rename_column("s", "text").add_column("n", IntegerType())
    time.sleep(0.002)
    athena.run("UPDATE t SET text = upper(text), n = 1 WHERE id = 1")
    second = loaded(athena).current_snapshot()
    athena.run("DELETE FROM t")
    old = athena.run(f"SELECT * FROM t FOR VERSION AS OF {first.snapshot_id} ORDER BY id")
    assert (old.names, old.rows) == (["id", "s"], [("1", "a"), ("2", "b")])
    moment = f"from_unixtime({second.timestamp_ms} / 1e3)"
    middle = athena.run(f"SELECT * FROM t FOR TIMESTAMP AS OF {moment} AS x ORDER BY x.id")
    assert middle.names == ["id", "text", "n"]
    assert middle.rows == [("1", "A", "1"), ("2", "b", None)]
    both = f"SELECT count(*) FROM t a FULL JOIN t FOR VERSION AS OF {first.snapshot_id} b ON true"
    assert athena.rows(both) == [("2",)]
    athena.run(
        "INSERT INTO t SELECT id, s, NULL"
        f" FROM t FOR VERSION AS OF {first.snapshot_id} WHERE id = 2"
    )
    assert athena.rows("SELECT * FROM t") == [("2", "b", None)]


def test_a_table_tells_of_its_snapshots(athena: AthenaClient) -> None:
    make(athena, "t", "a int")
    assert athena.rows('SELECT * FROM "t$snapshots"') == []
    athena.run("INSERT INTO t VALUES (1)")
    athena.run("DELETE FROM t")
    sql = "SELECT operation, parent_id IS NULL, summary['total-records'] FROM \"t$snapshots\""
    assert athena.rows(f"{sql} ORDER BY committed_at") == [
        ("append", "true", "1"),
        ("overwrite", "false", "0"),
    ]
    first = 'SELECT snapshot_id FROM "db"."t$history" WHERE is_current_ancestor ORDER BY 1'
    ids = {snapshot.snapshot_id for snapshot in loaded(athena).metadata.snapshots}
    assert {int(str(id_)) for (id_,) in athena.rows(first)} == ids
    assert athena.rows('SELECT name, type FROM "t$refs"') == [("main", "BRANCH")]
    assert athena.reason('SELECT * FROM "u$refs"') == (
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.u$refs' does not exist"
    )


def test_a_time_that_moves_is_computed_anew(athena: AthenaClient) -> None:
    make(athena, "t", "a int")
    athena.run("INSERT INTO t VALUES (1)")
    sql = "SELECT * FROM t FOR TIMESTAMP AS OF (current_timestamp - INTERVAL '2' SECOND)"
    assert "No version history table" in athena.reason(sql)
    time.sleep(2)
    assert athena.rows(sql) == [("1",)]


def test_versions_that_there_are_not(athena: AthenaClient, bucket: str) -> None:
    make(athena, "t", "a int")
    athena.run("INSERT INTO t VALUES (1)")
    reasons = {
        "VERSION AS OF 7": "INVALID_ARGUMENTS: Iceberg snapshot ID does not exists: 7",
        "TIMESTAMP AS OF TIMESTAMP '1970-01-01 00:00:00.001 UTC'": (
            'INVALID_ARGUMENTS: No version history table "db"."t" at or before'
            " 1970-01-01T00:00:00.001Z"
        ),
        "TIMESTAMP AS OF '2022-01-01'": (
            "TYPE_MISMATCH: line 1:17: Type varchar(10) invalid. Temporal pointers must be of type"
            " Timestamp, Timestamp with Time Zone, or Date."
        ),
        "VERSION AS OF 1.5": "NOT_SUPPORTED: Unsupported type for table version: decimal(2,1)",
    }
    for version, reason in reasons.items():
        assert athena.reason(f"SELECT * FROM t FOR {version}") == reason
    athena.run(f"CREATE TABLE h WITH (external_location='s3://{bucket}/h/') AS SELECT 1 AS a")
    assert athena.reason("SELECT * FROM h FOR VERSION AS OF 1") == (
        "NOT_SUPPORTED: This connector does not support versioned tables"
    )


# Several at once, and ends in the middle


def counting(root: Path, times: int, key: int) -> None:
    """Count one up in a row of both processes and in one of this process's own."""
    with embedded(root) as session:
        client = AthenaClient(session, "db", "s3://some-bucket/results/")
        for _ in range(times):
            client.run(
                f"MERGE INTO t USING (VALUES 0, {key}) AS s(id) ON t.id = s.id"
                " WHEN MATCHED THEN UPDATE SET n = n + 1"
                " WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1)"
            )


def test_merges_of_two_processes_lose_and_double_nothing(tmp_path: Path) -> None:
    root, times = tmp_path / "aws", 6
    with embedded(root) as session:
        session.client("s3").create_bucket(Bucket="some-bucket")
        client = AthenaClient(session, "db", "s3://some-bucket/results/")
        client.run("CREATE DATABASE db")
        make(client, "t", "id int, n int")
        ran_at_once((counting, (root, times, key)) for key in (1, 2))
        expected = [("0", str(2 * times)), ("1", str(times)), ("2", str(times))]
        assert client.rows("SELECT * FROM t ORDER BY id") == expected


def test_changes_and_inserts_of_many_threads(athena: AthenaClient) -> None:
    make(athena, "t", "id int, n int")
    athena.run("INSERT INTO t VALUES (0, 0)")

    def work(number: int) -> None:
        athena.run("UPDATE t SET n = n + 1 WHERE id = 0")
        athena.run(f"INSERT INTO t VALUES ({number}, 0)")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(1, 9)))
    assert athena.rows("SELECT n FROM t WHERE id = 0") == [("8",)]
    assert athena.rows("SELECT count(*), count(DISTINCT id) FROM t") == [("9", "9")]


def test_a_reader_sees_the_state_before_or_after(athena: AthenaClient) -> None:
    make(athena, "t", "id bigint, n bigint", "PARTITIONED BY (bucket(4, id))")
    athena.run("INSERT INTO t SELECT i, 0 FROM UNNEST(sequence(1, 1000)) AS u(i)")
    seen = set()
    for number in range(1, 5):
        change = athena.start(f"UPDATE t SET n = {number}, id = id + 1000")
        ended = False
        while not ended:
            found = athena.client.get_query_execution(QueryExecutionId=change)
            ended = found["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
            seen.add(athena.rows("SELECT count(*), min(n), max(n), min(id) FROM t")[0])
    assert seen <= {("1000", str(n), str(n), str(1 + 1000 * n)) for n in range(5)}


def changing(root: Path, ready: Connection) -> None:
    with embedded(root) as session:
        client = AthenaClient(session, "db", "s3://some-bucket/results/")
        client.run("UPDATE t SET n = n + 1")
        ready.send(True)
        while True:
            client.run("UPDATE t SET n = n + 1")


def test_a_killed_change_leaves_the_state_before_or_after(tmp_path: Path) -> None:
    root = tmp_path / "aws"
    with embedded(root) as session:
        session.client("s3").create_bucket(Bucket="some-bucket")
        client = AthenaClient(session, "db", "s3://some-bucket/results/")
        client.run("CREATE DATABASE db")
        make(client, "t", "id bigint, n bigint", "PARTITIONED BY (bucket(4, id))")
        client.run("INSERT INTO t SELECT i, 0 FROM UNNEST(sequence(1, 1000)) AS u(i)")
        for moment in (0.03, 0.11, 0.17):
            here, there = FORKING.Pipe()
            process = FORKING.Process(target=changing, args=(root, there))
            process.start()
            assert here.recv()
            time.sleep(moment)
            os.kill(int(process.pid or 0), signal.SIGKILL)
            process.join()
            ((rows, low, high),) = client.rows("SELECT count(*), min(n), max(n) FROM t")
            assert (rows, low) == ("1000", high)
            client.run("UPDATE t SET n = n + 1")
            assert client.rows("SELECT min(n) FROM t") == [(str(int(str(low)) + 1),)]


def test_a_cancelled_change_leaves_the_old_state_and_no_files(athena: AthenaClient) -> None:
    make(athena, "t", "a bigint")
    athena.run("INSERT INTO t SELECT a FROM UNNEST(sequence(1, 10000)) AS u(a)")
    before = loaded(athena).metadata_location
    id_ = athena.start("UPDATE t SET a = (SELECT sum(x.a * y.a + z.a) FROM t x, t y, t z)")
    time.sleep(0.2)
    athena.client.stop_query_execution(QueryExecutionId=id_)
    assert athena.wait(id_)["Status"]["State"] == "CANCELLED"
    assert loaded(athena).metadata_location == before
    assert athena.run("DELETE FROM t WHERE a > 5").update_count == 9995


# Against DuckDB's own

NUMBERS = st.one_of(st.none(), st.integers(-3, 6))
TEXTS = st.one_of(st.none(), st.sampled_from(["x", "y", "xy", ""]))
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, TEXTS), max_size=12)
CONDITIONS = st.sampled_from(
    [
        "a > 2",
        "a IS NULL",
        "NOT (a = 1 AND s = 'x')",
        "s LIKE 'x%' OR id < 0",
        "id IN (SELECT a FROM t)",
        "s IS DISTINCT FROM 'y'",
        "a BETWEEN id AND 4",
        "true",
        "a = a",
    ]
)
VALUES = st.sampled_from(["a = id, s = 'new'", "a = a + 1", "s = NULL", "id = a, a = id"])


@st.composite
def statements(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["DELETE", "UPDATE", "MERGE"]))
    if kind == "DELETE":
        return f"DELETE FROM t WHERE {draw(CONDITIONS)}"
    if kind == "UPDATE":
        return f"UPDATE t SET {draw(VALUES)} WHERE {draw(CONDITIONS)}"
    ids = draw(st.lists(st.integers(-3, 8), min_size=1, max_size=6, unique=True))
    source = ", ".join(f"({id_}, {id_ % 3}, 's{id_}')" for id_ in ids)
    matched = draw(
        st.sampled_from(
            [
                "WHEN MATCHED AND t.a > 2 THEN DELETE WHEN MATCHED THEN UPDATE SET s = v",
                "WHEN MATCHED AND t.s IS NULL THEN UPDATE SET a = b, s = concat(v, '!')",
                "WHEN MATCHED AND b = 0 THEN DELETE",
                "",
            ]
        )
    )
    missing = draw(
        st.sampled_from(
            [
                " WHEN NOT MATCHED THEN INSERT (id, s) VALUES (k, v)",
                " WHEN NOT MATCHED AND b = 1 THEN INSERT (s, a, id) VALUES (v, b, k)",
            ]
        )
    )
    using = f"(SELECT * FROM (VALUES {source}) AS r(k, b, v)) AS s"
    return f"MERGE INTO t USING {using} ON t.id = s.k {matched}{missing}"


NAMES = count()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ROWS, min_size=1, max_size=2),
    st.lists(statements(), min_size=1, max_size=3),
    st.sampled_from(["", "PARTITIONED BY (bucket(3, id))", "PARTITIONED BY (s)"]),
)
def test_changes_do_what_duckdb_does(
    aws: boto3.Session,
    bucket: str,
    batches: list[list[tuple[int | None, int | None, str | None]]],
    changes: list[str],
    partitioned: str,
) -> None:
    database = f"db{next(NAMES)}"
    client = AthenaClient(aws, database, f"s3://{bucket}/results/")
    client.run(f"CREATE DATABASE {database}")
    client.run(
        f"CREATE TABLE t (id bigint, a bigint, s string) {partitioned}"
        f" LOCATION 's3://{bucket}/{database}/' TBLPROPERTIES ('table_type'='ICEBERG')"
    )
    with duckdb.connect() as twin:
        twin.execute("CREATE TABLE t (id BIGINT, a BIGINT, s VARCHAR)")
        for rows in filter(None, batches):
            listed = ", ".join(
                "({}, {}, {})".format(*("NULL" if v is None else repr(v) for v in row))
                for row in rows
            )
            for run in (client.run, twin.execute):
                run(f"INSERT INTO t VALUES {listed}")
        for sql in changes:
            expected = twin.execute(sql).fetchall()
            assert client.run(sql).update_count == expected[0][0], sql
            found = Counter(client.rows("SELECT id, a, s FROM t"))
            texts = "SELECT id::VARCHAR, a::VARCHAR, s FROM t"
            assert found == Counter(twin.execute(texts).fetchall()), sql
