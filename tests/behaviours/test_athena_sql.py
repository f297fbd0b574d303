"""Athena's statements on real tables: Iceberg, Hive, views, UNLOAD, SHOW."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.table.update import AddSnapshotUpdate, SetSnapshotRefUpdate
from pyiceberg.typedef import Record
from pyiceberg.types import LongType, NestedField, StringType, StructType

from tests.behaviours.athena_client import AthenaClient
from tests.behaviours.pyiceberg_client import glue_catalog

Refused = Callable[..., tuple[str, str]]


@pytest.fixture
def athena(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client in an empty database."""
    client = AthenaClient(aws, "db", f"s3://{bucket}/results/")
    client.run("CREATE DATABASE db")
    return client


def put(client: AthenaClient, uri: str, table: pa.Table) -> None:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    client.session.client("s3").put_object(Bucket=bucket, Key=key, Body=buffer.getvalue())


def keys(client: AthenaClient, uri: str) -> list[str]:
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    listed = client.session.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for entry in listed.get("Contents", [])]


def read(client: AthenaClient, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    found: bytes = client.session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return found


def manifest(client: AthenaClient, execution: dict[str, Any]) -> list[str]:
    return read(client, execution["Statistics"]["DataManifestLocation"]).decode().split()


def iceberg(
    athena: AthenaClient, bucket: str, name: str, columns: str, partitioned: str = ""
) -> None:
    athena.run(
        f"CREATE TABLE {name} ({columns}) {partitioned} LOCATION 's3://{bucket}/{name}/'"
        " TBLPROPERTIES ('table_type'='ICEBERG')"
    )


# Databases


def test_databases_are_made_and_dropped(athena: AthenaClient) -> None:
    athena.run("CREATE DATABASE IF NOT EXISTS db")
    assert athena.reason("CREATE DATABASE db") == (
        "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
        " AlreadyExistsException(message:Database db already exists)"
    )
    athena.run("CREATE SCHEMA `other` COMMENT 'it''s'")
    assert athena.rows("SHOW DATABASES LIKE 'o*'") == [("other",)]
    athena.run("DROP DATABASE other")
    assert athena.reason("DROP DATABASE other") == (
        "FAILED: SemanticException [Error 10072]: Database does not exist: other"
    )
    athena.run("DROP DATABASE IF EXISTS other")


def test_a_database_with_tables_needs_cascade(athena: AthenaClient, bucket: str) -> None:
    iceberg(athena, bucket, "t", "a int")
    athena.run("CREATE VIEW v AS SELECT a FROM t")
    assert "Database db is not empty" in athena.reason("DROP DATABASE db")
    athena.run("DROP DATABASE db CASCADE")
    assert athena.rows("SHOW DATABASES") == []
    assert keys(athena, f"s3://{bucket}/t/") == []


# Iceberg


def test_an_iceberg_table_keeps_every_type(athena: AthenaClient, bucket: str) -> None:
    columns = {
        "a": ("boolean", "true", "true"),
        "b": ("int", "CAST(7 AS integer)", "7"),
        "c": ("bigint", "BIGINT '9223372036854775807'", "9223372036854775807"),
        "d": ("float", "REAL '1.5'", "1.5"),
        "e": ("double", "1e10", "1.0E10"),
        "f": ("decimal(10,2)", "DECIMAL '-12.30'", "-12.30"),
        "g": ("date", "DATE '2020-02-29'", "2020-02-29"),
        "h": (
            "timestamp",
            "TIMESTAMP '2020-02-29 01:02:03.123456'",
            "2020-02-29 01:02:03.123456",
        ),
        "i": ("string", "'it''s'", "it's"),
        "j": ("binary", "X'01ff'", "01 ff"),
        "k": ("array<string>", "ARRAY['x', NULL]", "[x, null]"),
        "l": ("struct<p:bigint,q:double>", "ROW(5, 2.5E0)", "{p=5, q=2.5}"),
        "m": ("map<string,int>", "MAP(ARRAY['k'], ARRAY[3])", "{k=3}"),
    }
    iceberg(athena, bucket, "t", ", ".join(f"{n} {type_}" for n, (type_, _, _) in columns.items()))
    athena.run(f"INSERT INTO t VALUES ({', '.join(sql for _, sql, _ in columns.values())})")
    athena.run(f"INSERT INTO t VALUES ({', '.join('NULL' for _ in columns)})")
    result = athena.run("SELECT * FROM t ORDER BY b")
    assert result.names == list(columns)
    assert result.rows == [
        tuple(shown for _, _, shown in columns.values()),
        (None,) * len(columns),
    ]
    assert athena.rows("SELECT l.p, m['k'], k[1] FROM t WHERE l.q > 2") == [("5", "3", "x")]


def test_an_insert_says_what_it_wrote(athena: AthenaClient, bucket: str) -> None:
    iceberg(athena, bucket, "t", "a bigint, b string")
    result = athena.run("INSERT INTO t (b, a) SELECT 'x', 1 UNION ALL SELECT 'y', 2")
    assert result.update_count == 2
    assert (result.names, result.types, result.rows) == (["rows"], ["bigint"], [])
    execution = result.execution
    assert (execution["StatementType"], execution["SubstatementType"]) == ("DML", "INSERT")
    id_ = execution["QueryExecutionId"]
    output = execution["ResultConfiguration"]["OutputLocation"]
    assert output == f"{athena.output}{id_}"
    assert execution["Statistics"]["DataManifestLocation"] == f"{output}-manifest.csv"
    (file,) = manifest(athena, execution)
    assert file.startswith(f"s3://{bucket}/t/data/")
    written = pq.read_table(io.BytesIO(read(athena, file)))
    assert sorted(written.to_pylist(), key=lambda row: row["a"]) == [
        {"a": 1, "b": "x"},
        {"a": 2, "b": "y"},
    ]
    assert b"INSERT" in read(athena, f"{output}.metadata")
    assert athena.run("INSERT INTO t SELECT 1, 'x' WHERE false").update_count == 0
    assert athena.rows("SELECT count(*) FROM t") == [("2",)]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "INSERT INTO t SELECT 1",
            "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types:"
            " Table: [bigint, varchar], Query: [integer]",
        ),
        (
            "INSERT INTO t SELECT 'x', 'y'",
            "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types:"
            " Table: [bigint, varchar], Query: [varchar(1), varchar(1)]",
        ),
        (
            "INSERT INTO t (a, nope) SELECT 1, 2",
            "COLUMN_NOT_FOUND: line 1:1: Insert column name does not exist in target table: nope",
        ),
        (
            "INSERT INTO nope SELECT 1",
            "TABLE_NOT_FOUND: line 1:13: Table 'awsdatacatalog.db.nope' does not exist",
        ),
    ],
)
def test_inserts_that_do_not_fit_change_nothing(
    athena: AthenaClient, bucket: str, sql: str, reason: str
) -> None:
    iceberg(athena, bucket, "t", "a bigint, b string")
    assert athena.reason(sql) == reason
    assert athena.rows("SELECT * FROM t") == []


def test_a_failing_insert_leaves_the_old_rows(athena: AthenaClient, bucket: str) -> None:
    iceberg(athena, bucket, "t", "a bigint")
    athena.run("INSERT INTO t SELECT 1")
    assert "DIVISION_BY_ZERO" in athena.reason(
        "INSERT INTO t SELECT 1 / (x - 900) FROM UNNEST(sequence(1, 1000)) AS s(x)"
    )
    assert athena.rows("SELECT * FROM t") == [("1",)]


def test_a_partitioned_iceberg_table(athena: AthenaClient, bucket: str) -> None:
    iceberg(
        athena,
        bucket,
        "t",
        "id bigint, name string, ts timestamp, price decimal(6,2), kind string",
        "PARTITIONED BY (day(ts), bucket(4, id), truncate(2, name), truncate(50, price), kind)",
    )
    athena.run(
        "INSERT INTO t VALUES"
        " (0, 'abc', TIMESTAMP '2020-01-01 01:00:00', DECIMAL '10.25', 'a/b'),"
        " (0, 'abd', TIMESTAMP '2020-01-01 23:59:59', DECIMAL '10.49', 'a/b'),"
        " (1, 'ax', TIMESTAMP '1969-12-31 23:59:59', DECIMAL '-0.01', ''),"
        " (NULL, NULL, NULL, NULL, NULL)"
    )
    rows = athena.rows("SELECT id, name, ts, price, kind FROM t ORDER BY id, name")
    assert rows == [
        ("0", "abc", "2020-01-01 01:00:00.000000", "10.25", "a/b"),
        ("0", "abd", "2020-01-01 23:59:59.000000", "10.49", "a/b"),
        ("1", "ax", "1969-12-31 23:59:59.000000", "-0.01", ""),
        (None, None, None, None, None),
    ]
    assert athena.rows("SELECT count(*) FROM t WHERE ts >= TIMESTAMP '2020-01-01 00:00:00'") == [
        ("2",)
    ]
    assert athena.rows("DESCRIBE t")[-5:] == [
        ("ts_day\tday\tts",),
        ("id_bucket\tbucket[4]\tid",),
        ("name_trunc\ttruncate[2]\tname",),
        ("price_trunc\ttruncate[50]\tprice",),
        ("kind\tidentity\tkind",),
    ]


def test_more_than_100_partitions_in_one_insert_are_refused(
    athena: AthenaClient, bucket: str
) -> None:
    iceberg(athena, bucket, "t", "a bigint", "PARTITIONED BY (a)")
    insert = "INSERT INTO t SELECT x FROM UNNEST(sequence(1, {})) AS s(x)"
    assert athena.reason(insert.format(101)) == (
        "ICEBERG_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions"
    )
    assert athena.rows("SELECT count(*) FROM t") == [("0",)]
    assert keys(athena, f"s3://{bucket}/t/data/") == []
    assert athena.run(insert.format(100)).update_count == 100


def test_an_evolved_iceberg_table_reads_by_field_id(
    athena: AthenaClient, aws: boto3.Session, bucket: str
) -> None:
    iceberg(athena, bucket, "t", "a int, b string, s struct<x:int,y:string>")
    athena.run("INSERT INTO t VALUES (1, 'old', ROW(10, 'deep'))")
    table = glue_catalog(aws).load_table("db.t")
    with table.update_schema() as update:
        update.update_column("a", LongType())
        update.rename_column("a", "renamed")
        update.delete_column("b")
        update.rename_column("s.x", "z")
    with table.update_schema() as update:
        update.add_column("b", StringType())
        update.add_column(("s", "x"), LongType())
        update.move_first("b")
    athena.run(
        "INSERT INTO t (b, renamed, s) SELECT 'new', 1099511627776, CAST(ROW(20, 'd', 30)"
        " AS row(z integer, y varchar, x bigint))"
    )
    assert athena.rows("SELECT b, renamed, s.z, s.y, s.x FROM t ORDER BY renamed") == [
        (None, "1", "10", "deep", None),
        ("new", "1099511627776", "20", "d", "30"),
    ]


def test_fields_of_structs_that_old_files_lack_are_null(
    athena: AthenaClient, aws: boto3.Session, bucket: str
) -> None:
    iceberg(athena, bucket, "t", "a int, s struct<x:int>")
    athena.run("INSERT INTO t VALUES (1, ROW(10))")
    with glue_catalog(aws).load_table("db.t").update_schema() as update:
        inner = StructType(NestedField(1, "z", LongType(), False))
        update.add_column("new", inner)
        update.add_column(("s", "inner"), inner)
    athena.run(
        "INSERT INTO t SELECT 2, CAST(ROW(20, ROW(30)) AS row(x integer, inner row(z bigint))),"
        " CAST(ROW(40) AS row(z bigint))"
    )
    old, new = ("1", "10", None, None), ("2", "20", "30", "40")
    assert athena.rows("SELECT a, s.x, s.inner.z, new.z FROM t ORDER BY a") == [old, new]
    assert athena.rows("SELECT a FROM t WHERE new.z = 40 AND s.inner.z = 30") == [("2",)]
    assert athena.rows("SELECT a FROM t WHERE new IS NULL AND s.inner IS NULL") == [("1",)]
    external(athena, bucket, "h", "s struct<x:int,inner:struct<z:int>>, new struct<z:int>")
    put(athena, f"s3://{bucket}/h/1.parquet", pa.table({"s": [{"x": 1}]}))
    put(athena, f"s3://{bucket}/h/2.parquet", pa.table({"new": [{"z": 2}]}))
    assert athena.rows("SELECT s.x, s.inner.z, new.z FROM h ORDER BY s.x") == [
        ("1", None, None),
        (None, None, "2"),
    ]


def test_files_of_other_writers_are_read(
    athena: AthenaClient, aws: boto3.Session, bucket: str
) -> None:
    iceberg(athena, bucket, "t", "a bigint, b string")
    table = glue_catalog(aws).load_table("db.t")
    table.append(pa.table({"a": [1], "b": ["pyiceberg"]}))
    uri = f"s3://{bucket}/elsewhere/plain.parquet"
    put(athena, uri, pa.table({"b": ["no field ids"], "a": pa.array([2], pa.int64())}))
    table.add_files([uri])
    athena.run("INSERT INTO t VALUES (3, 'athena')")
    assert athena.rows("SELECT * FROM t ORDER BY a") == [
        ("1", "pyiceberg"),
        ("2", "no field ids"),
        ("3", "athena"),
    ]
    table.refresh()
    assert table.scan().to_arrow().sort_by("a").to_pylist()[2] == {"a": 3, "b": "athena"}


def test_rows_that_another_engine_deleted_are_gone(
    athena: AthenaClient, aws: boto3.Session, bucket: str
) -> None:
    iceberg(athena, bucket, "t", "a bigint")
    athena.run("INSERT INTO t SELECT x FROM UNNEST(sequence(1, 10)) AS s(x)")
    position_deletes(glue_catalog(aws).load_table("db.t"), athena, bucket, [0, 4])
    athena.run("INSERT INTO t VALUES (11)")
    assert athena.rows("SELECT count(*), sum(a) FROM t") == [("9", str(66 - 1 - 5))]


def position_deletes(table: Any, athena: AthenaClient, bucket: str, rows: list[int]) -> None:
    """Delete rows of a table's only file by a position delete file, as Athena does."""
    (task,) = table.scan().plan_files()
    uri = f"s3://{bucket}/t/data/deletes.parquet"
    path = pa.field("file_path", pa.string(), False, {"PARQUET:field_id": "2147483546"})
    position = pa.field("pos", pa.int64(), False, {"PARQUET:field_id": "2147483545"})
    deleted = pa.table([[task.file.file_path] * len(rows), rows], pa.schema([path, position]))
    put(athena, uri, deleted)
    file = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES,
        file_path=uri,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=len(rows),
        file_size_in_bytes=len(read(athena, uri)),
        spec_id=0,
    )
    commit_delete_file(table, file)


class DeleteManifest(ManifestWriterV2):
    """A manifest of delete files, which pyiceberg reads and does not write."""

    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


def commit_delete_file(table: Any, file: DataFile) -> None:
    """What pyiceberg has no call for: a snapshot that adds a delete manifest."""
    snapshot, metadata = table.current_snapshot(), table.metadata
    id_, number = snapshot.snapshot_id + 1, snapshot.sequence_number + 1
    place = table.io.new_output(f"{metadata.location}/metadata/deletes-{id_}.avro")
    with DeleteManifest(metadata.spec(), metadata.schema(), place, id_, "null") as writer:
        writer.add(ManifestEntry.from_args(status=1, snapshot_id=id_, data_file=file))
    manifests = [*snapshot.manifests(table.io), writer.to_manifest_file()]
    location = f"{metadata.location}/metadata/snap-{id_}.avro"
    with write_manifest_list(
        2, table.io.new_output(location), id_, snapshot.snapshot_id, number, "null"
    ) as listed:
        listed.add_manifests(manifests)
    added = snapshot.model_copy(
        update={
            "snapshot_id": id_,
            "parent_snapshot_id": snapshot.snapshot_id,
            "sequence_number": number,
            "manifest_list": location,
        }
    )
    updates = (
        AddSnapshotUpdate(snapshot=added),
        SetSnapshotRefUpdate.model_validate(
            {"ref-name": "main", "type": "branch", "snapshot-id": id_}
        ),
    )
    table.catalog.commit_table(table, (), updates)


def test_a_dropped_iceberg_table_takes_its_files_along(athena: AthenaClient, bucket: str) -> None:
    iceberg(athena, bucket, "t", "a bigint")
    athena.run("INSERT INTO t VALUES (1)")
    put(athena, f"s3://{bucket}/t2/data/other.parquet", pa.table({"a": [1]}))
    assert len(keys(athena, f"s3://{bucket}/t/")) > 3
    athena.run("DROP TABLE t")
    assert keys(athena, f"s3://{bucket}/t/") == []
    assert keys(athena, f"s3://{bucket}/t2/") == ["t2/data/other.parquet"]
    missing = "FAILED: SemanticException [Error 10001]: Table not found db.t"
    assert athena.reason("DROP TABLE t") == missing
    athena.run("DROP TABLE IF EXISTS t")


def test_statements_that_only_aws_runs_say_so(athena: AthenaClient, bucket: str) -> None:
    iceberg(athena, bucket, "t", "a bigint")
    reason = athena.reason("ALTER TABLE t RENAME TO u")
    assert reason == "NOT_SUPPORTED: The embedded Athena does not run ALTER TABLE yet"


# Hive


def external(athena: AthenaClient, bucket: str, name: str, columns: str, more: str = "") -> None:
    athena.run(
        f"CREATE EXTERNAL TABLE {name} ({columns}) {more} STORED AS PARQUET"
        f" LOCATION 's3://{bucket}/{name}/'"
    )


def test_an_external_table_has_lists_and_maps_as_any_writer_names_them(
    athena: AthenaClient, bucket: str
) -> None:
    columns = "l array<bigint>, s struct<b:string,l:array<string>>, m map<string,array<int>>"
    external(athena, bucket, "t", f"{columns}, r array<struct<q:int,missing:string>>")
    rows = {
        "l": [[1, None], None],
        "s": [{"l": ["p"], "b": "x"}, None],
        "m": pa.array([[("k", [7])], []], pa.map_(pa.string(), pa.list_(pa.int32()))),
        "r": [[{"q": 1}, None], None],
    }
    put(athena, f"s3://{bucket}/t/one.parquet", pa.table(rows))
    assert athena.rows("SELECT * FROM t") == [
        ("[1, null]", "{b=x, l=[p]}", "{k=[7]}", "[{q=1, missing=null}, null]"),
        (None, None, "{}", None),
    ]
    picked = "SELECT l[1], s.l[1], m['k'][1], r[1].q FROM t WHERE s.b = 'x'"
    assert athena.rows(picked) == [("1", "p", "7", "1")]


def test_an_external_table_reads_its_files_by_name(athena: AthenaClient, bucket: str) -> None:
    external(athena, bucket, "t", "a bigint, b string, c double, s struct<x:int,y:string>")
    assert athena.rows("SELECT * FROM t") == []
    nested = pa.array([{"Y": "deep", "more": 1}])
    narrow = pa.table({"B": ["first"], "a": pa.array([1], pa.int32()), "S": nested})
    put(athena, f"s3://{bucket}/t/one.parquet", narrow)
    put(athena, f"s3://{bucket}/t/below/two.parquet", pa.table({"c": [2.5], "extra": ["x"]}))
    put(athena, f"s3://{bucket}/t/_hidden.parquet", narrow)
    put(athena, f"s3://{bucket}/t/.hidden/three.parquet", narrow)
    assert athena.rows("SELECT a, b, c, s.x, s.y FROM t ORDER BY a") == [
        ("1", "first", None, None, "deep"),
        (None, None, "2.5", None, None),
    ]
    athena.run("INSERT INTO t (a, b) VALUES (3, 'inserted')")
    assert athena.rows("SELECT count(*) FROM t") == [("3",)]
    athena.run("DROP TABLE t")
    assert len(keys(athena, f"s3://{bucket}/t/")) == 5


def test_partitions_are_added_found_pruned_and_dropped(athena: AthenaClient, bucket: str) -> None:
    external(athena, bucket, "t", "a bigint", "PARTITIONED BY (day date, kind string)")
    for day, kind, value in (("2020-01-01", "x", 1), ("2020-01-02", "y%2Fz", 2)):
        uri = f"s3://{bucket}/t/day={day}/kind={kind}/f.parquet"
        put(athena, uri, pa.table({"a": pa.array([value] * 1000, pa.int64())}))
    put(athena, f"s3://{bucket}/elsewhere/f.parquet", pa.table({"a": [3]}))
    assert athena.rows("SELECT * FROM t") == []
    assert athena.rows("MSCK REPAIR TABLE t")[1:] == [
        ("Repair: Added partition to metastore t:day=2020-01-01/kind=x",),
        ("Repair: Added partition to metastore t:day=2020-01-02/kind=y%2Fz",),
    ]
    athena.run(
        "ALTER TABLE t ADD IF NOT EXISTS PARTITION (day='2020-01-01', kind='x')"
        f" PARTITION (day='2020-01-03', kind='z') LOCATION 's3://{bucket}/elsewhere/'"
    )
    assert "Partition already exists" in athena.reason(
        "ALTER TABLE t ADD PARTITION (day='2020-01-01', kind='x')"
    )
    whole = athena.run("SELECT day, kind, min(a), count(*) FROM t GROUP BY day, kind ORDER BY day")
    assert whole.rows == [
        ("2020-01-01", "x", "1", "1000"),
        ("2020-01-02", "y/z", "2", "1000"),
        ("2020-01-03", "z", "3", "1"),
    ]
    pruned = athena.run("SELECT sum(a) FROM t WHERE day = DATE '2020-01-02' AND kind LIKE 'y%'")
    assert pruned.rows == [("2000",)]
    scanned = [r.execution["Statistics"]["DataScannedInBytes"] for r in (pruned, whole)]
    assert 0 < scanned[0] < scanned[1]
    assert athena.rows("SHOW PARTITIONS t")[0] == ("day=2020-01-01/kind=x",)
    athena.run("ALTER TABLE t DROP PARTITION (day='2020-01-02')")
    assert len(athena.rows("SHOW PARTITIONS t")) == 2


def test_inserts_into_a_partitioned_table_register_partitions(
    athena: AthenaClient, bucket: str
) -> None:
    external(athena, bucket, "t", "a bigint", "PARTITIONED BY (p string)")
    insert = athena.run("INSERT INTO t VALUES (1, 'x'), (2, 'y/z'), (3, NULL)")
    assert insert.update_count == 3
    files = manifest(athena, insert.execution)
    assert sorted(file.split("/")[4] for file in files) == [
        "p=__HIVE_DEFAULT_PARTITION__",
        "p=x",
        "p=y%2Fz",
    ]
    athena.run("INSERT INTO t SELECT a + 10, p FROM t")
    assert athena.rows("SELECT a, p FROM t ORDER BY a") == [
        ("1", "x"),
        ("2", "y/z"),
        ("3", None),
        ("11", "x"),
        ("12", "y/z"),
        ("13", None),
    ]
    many = "INSERT INTO t SELECT x, CAST(x AS varchar) FROM UNNEST(sequence(1, 101)) AS s(x)"
    assert athena.reason(many).startswith("HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100")


def test_tables_that_exist_or_can_not_be_read_say_so(athena: AthenaClient, bucket: str) -> None:
    external(athena, bucket, "t", "a bigint")
    create = f"CREATE EXTERNAL TABLE {{}} t (a bigint) STORED AS {{}} LOCATION 's3://{bucket}/t/'"
    assert athena.reason(create.format("", "PARQUET")) == (
        "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
        " AlreadyExistsException(message:Table t already exists)"
    )
    athena.run(create.format("IF NOT EXISTS", "PARQUET"))
    assert athena.reason(create.replace(" t ", " nodb.t ").format("", "PARQUET")) == (
        "FAILED: SemanticException [Error 10072]: Database does not exist: nodb"
    )
    athena.run(create.replace(" t ", " rows ").format("", "ORC"))
    assert athena.reason("SELECT * FROM rows").startswith(
        "NOT_SUPPORTED: Table 'rows' has SerDe org.apache.hadoop.hive.ql.io.orc.OrcSerde"
    )
    external(athena, bucket, "bucketed", "a bigint", "CLUSTERED BY (a) INTO 4 BUCKETS")
    assert "bucketed" in athena.reason("INSERT INTO bucketed VALUES (1)")
    assert "nonsense" in athena.reason(create.replace("bigint", "nonsense").format("", "PARQUET"))


# CREATE TABLE AS


def test_ctas_makes_a_hive_table_where_athena_does(athena: AthenaClient) -> None:
    result = athena.run("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b")
    execution = result.execution
    id_ = execution["QueryExecutionId"]
    output = execution["ResultConfiguration"]["OutputLocation"]
    assert output == f"{athena.output}tables/{id_}"
    assert (execution["StatementType"], execution["SubstatementType"]) == (
        "DDL",
        "CREATE_TABLE_AS_SELECT",
    )
    assert (result.update_count, result.names) == (1, ["rows"])
    (file,) = manifest(athena, execution)
    assert file.startswith(f"{output}/")
    assert athena.rows("SELECT * FROM t") == [("1", "x")]
    assert athena.reason("CREATE TABLE t AS SELECT 2 AS a") == (
        "TABLE_ALREADY_EXISTS: line 1:1: Destination table 'awsdatacatalog.db.t' already exists"
    )
    athena.run("CREATE TABLE IF NOT EXISTS t AS SELECT 2 AS a")
    athena.run("CREATE TABLE empty AS SELECT * FROM t WITH NO DATA")
    assert athena.rows("SELECT * FROM empty") == []


def test_ctas_with_partitions_and_a_place(athena: AthenaClient, bucket: str) -> None:
    made = athena.run(
        f"CREATE TABLE t WITH (format = 'PARQUET', write_compression = 'SNAPPY',"
        f" external_location = 's3://{bucket}/made/', partitioned_by = ARRAY['p'])"
        " AS SELECT x AS a, x % 2 AS p FROM UNNEST(sequence(1, 4)) AS s(x)"
    )
    assert made.update_count == 4
    assert athena.rows("SHOW PARTITIONS t") == [("p=0",), ("p=1",)]
    assert athena.rows("SELECT a FROM t WHERE p = 1 ORDER BY a") == [("1",), ("3",)]
    file = read(athena, manifest(athena, made.execution)[0])
    assert pq.ParquetFile(io.BytesIO(file)).metadata.row_group(0).column(0).compression == "SNAPPY"
    again = athena.reason(
        f"CREATE TABLE u WITH (external_location = 's3://{bucket}/made/') AS SELECT 1 AS a"
    )
    assert again.startswith("HIVE_PATH_ALREADY_EXISTS: Target directory for table 'db.u' already")
    assert athena.reason(
        "CREATE TABLE u WITH (partitioned_by = ARRAY['a']) AS SELECT 1 AS a, 2 AS b"
    ).startswith("HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns")


def test_ctas_makes_an_iceberg_table_in_one_commit(
    athena: AthenaClient, aws: boto3.Session, bucket: str
) -> None:
    make = (
        "CREATE TABLE {} WITH (table_type = 'ICEBERG', is_external = false,"
        f" location = 's3://{bucket}/{{}}/', partitioning = ARRAY['bucket(2, a)']) AS {{}}"
    )
    rows = "SELECT x AS a, CAST(ROW(x, 'n') AS row(i integer, s varchar)) AS r, ARRAY[x] AS l"
    source = f"{rows} FROM UNNEST(sequence(1, 10)) AS s(x)"
    assert athena.run(make.format("t", "t", source)).update_count == 10
    assert athena.rows("SELECT r.i, l[1] FROM t WHERE a = 7") == [("7", "7")]
    table = glue_catalog(aws).load_table("db.t")
    assert len(table.metadata.snapshots) == 1
    assert table.scan().count() == 10
    failing = source.replace("x AS a", "1 / (x - 5) AS a")
    assert "DIVISION_BY_ZERO" in athena.reason(make.format("u", "u", failing))
    assert athena.rows("SHOW TABLES") == [("t",)]
    assert keys(athena, f"s3://{bucket}/u/") == []


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        ("SELECT 1", "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1"),
        (
            "SELECT 1 AS a, 2 AS A",
            "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'a' specified more than once",
        ),
        (
            "SELECT TIMESTAMP '2020-01-01 00:00:00.000 UTC' AS a",
            "NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone",
        ),
        (
            "SELECT TIMESTAMP '2020-01-01 00:00:00.000001' AS a",
            "NOT_SUPPORTED: Incorrect timestamp precision for timestamp(6); the configured"
            " precision is MILLISECONDS; column name: a",
        ),
    ],
)
def test_what_hives_parquet_can_not_hold_is_refused(
    athena: AthenaClient, bucket: str, select: str, reason: str
) -> None:
    assert athena.reason(f"CREATE TABLE t AS {select}") == reason
    unload = f"UNLOAD ({select}) TO 's3://{bucket}/u/' WITH (format = 'PARQUET')"
    assert athena.reason(unload) == reason
    assert keys(athena, f"s3://{bucket}/u/") == []


# UNLOAD


def test_unload_writes_parquet_and_a_manifest(athena: AthenaClient, bucket: str) -> None:
    sql = (
        "UNLOAD (SELECT x AS a, CAST(x AS varchar) AS b, ARRAY[x, NULL] AS l"
        f" FROM UNNEST(sequence(1, 3)) AS s(x)) TO 's3://{bucket}/u/'"
        " WITH (format = 'PARQUET', compression = 'SNAPPY')"
    )
    result = athena.run(sql)
    execution = result.execution
    assert (execution["StatementType"], execution["SubstatementType"]) == ("DML", "UNLOAD")
    output = execution["ResultConfiguration"]["OutputLocation"]
    assert output == f"{athena.output}{execution['QueryExecutionId']}"
    (uri,) = manifest(athena, execution)
    assert uri.startswith(f"s3://{bucket}/u/")
    table = pq.read_table(io.BytesIO(read(athena, uri)))
    assert table.schema.field("a").type == pa.int64()
    assert table.to_pylist()[2] == {"a": 3, "b": "3", "l": [3, None]}
    assert athena.reason(sql).startswith("HIVE_PATH_ALREADY_EXISTS: ")


def test_unload_keeps_an_order_and_parts(athena: AthenaClient, bucket: str) -> None:
    source = "SELECT x AS a, x % 3 AS p FROM UNNEST(sequence(1, 10000)) AS s(x)"
    ordered = athena.run(
        f"UNLOAD ({source} ORDER BY x DESC) TO 's3://{bucket}/o/' WITH (format = 'PARQUET')"
    )
    (uri,) = manifest(athena, ordered.execution)
    found = pq.read_table(io.BytesIO(read(athena, uri))).column("a").to_pylist()
    assert found == list(range(10000, 0, -1))
    parts = athena.run(
        f"UNLOAD ({source}) TO 's3://{bucket}/p' WITH (format = 'PARQUET',"
        " partitioned_by = ARRAY['p'])"
    )
    folders = {uri.split("/")[4] for uri in manifest(athena, parts.execution)}
    assert folders == {"p=0", "p=1", "p=2"}
    empty = athena.run(
        f"UNLOAD ({source} WHERE x < 0) TO 's3://{bucket}/e/' WITH (format = 'PARQUET')"
    )
    assert manifest(athena, empty.execution) == []


def test_unload_in_a_format_of_aws_only_says_so(athena: AthenaClient, bucket: str) -> None:
    unload = f"UNLOAD (SELECT 1 AS a) TO 's3://{bucket}/u/' WITH (format = '{{}}')"
    assert athena.reason(unload.format("AVRO")).startswith("NOT_SUPPORTED: UNLOAD in format AVRO")


# Views


def test_views_mean_what_they_meant_when_made(athena: AthenaClient, bucket: str) -> None:
    iceberg(athena, bucket, "t", "a int, b string")
    athena.run("INSERT INTO t VALUES (1, 'x')")
    athena.run('CREATE VIEW v AS SELECT a AS "A", b FROM t')
    athena.run("CREATE VIEW w AS SELECT v.a + 1 AS n FROM v")
    athena.run("CREATE DATABASE other")
    other = AthenaClient(athena.session, "other", athena.output)
    assert other.rows("SELECT * FROM db.w") == [("2",)]
    assert other.run("SELECT * FROM db.v").names == ["a", "b"]
    assert athena.rows("SHOW VIEWS") == [("v",), ("w",)]
    assert athena.rows("SHOW TABLES") == [("t",), ("v",), ("w",)]
    assert athena.rows("DESCRIBE v") == [("a\tinteger",), ("b\tvarchar",)]
    assert athena.rows("SHOW CREATE VIEW w") == [
        ('CREATE VIEW "db"."w" AS',),
        ("SELECT v.a + 1 AS n FROM v",),
    ]
    assert athena.reason("CREATE VIEW v AS SELECT 1 AS x") == (
        "TABLE_ALREADY_EXISTS: line 1:1: View already exists: 'awsdatacatalog.db.v'"
    )
    athena.run("CREATE OR REPLACE VIEW v AS SELECT SMALLINT '5' AS a, b FROM t")
    assert athena.rows("SELECT * FROM w") == [("6",)]
    athena.run("DROP VIEW v")
    assert "TABLE_NOT_FOUND" in athena.reason("SELECT * FROM w")
    athena.run("DROP VIEW IF EXISTS v")
    assert "TABLE_NOT_FOUND" in athena.reason("DROP VIEW v")
    assert "DROP TABLE" in athena.reason("DROP VIEW t")


def test_a_view_is_stale_when_its_columns_no_longer_fit(athena: AthenaClient, bucket: str) -> None:
    athena.run("CREATE VIEW below AS SELECT 1 AS a")
    athena.run("CREATE VIEW v AS SELECT * FROM below")
    athena.run("CREATE OR REPLACE VIEW below AS SELECT TINYINT '2' AS a")
    result = athena.run("SELECT * FROM v")
    assert (result.rows, result.types) == ([("2",)], ["integer"])
    athena.run("CREATE OR REPLACE VIEW below AS SELECT 'x' AS a")
    reason = athena.reason("SELECT * FROM v")
    assert reason.startswith("VIEW_IS_STALE: line 1:15: View 'awsdatacatalog.db.v' is stale or in")
    assert "column [a] of type varchar(1) projected from query view at position 0" in reason
    athena.run("CREATE OR REPLACE VIEW below AS SELECT 1 AS a, 2 AS b")
    assert "stored view column count (1) does not match" in athena.reason("SELECT * FROM v")


def test_a_view_on_itself_is_refused(athena: AthenaClient) -> None:
    athena.run("CREATE VIEW v AS SELECT 1 AS a")
    athena.run("CREATE VIEW w AS SELECT a FROM v")
    athena.run("CREATE OR REPLACE VIEW v AS SELECT a FROM w")
    assert athena.reason("SELECT * FROM v").startswith("VIEW_IS_RECURSIVE: line 1:")


# Looking around


def test_describe_and_show_of_a_hive_table(athena: AthenaClient, bucket: str) -> None:
    external(
        athena,
        bucket,
        "t",
        "a bigint COMMENT 'the a', a_name_longer_than_twenty string",
        "COMMENT 'seen' PARTITIONED BY (p int)",
    )
    described = athena.run("DESCRIBE t")
    assert described.names == ["col_name", "data_type", "comment"]
    assert described.rows == [
        ("a                   \tbigint              \tthe a               ",),
        ("a_name_longer_than_twenty\tstring              \t                    ",),
        ("p                   \tint                 \t                    ",),
        ("\t \t ",),
        ("# Partition Information\t \t ",),
        ("# col_name          \tdata_type           \tcomment             ",),
        ("\t \t ",),
        ("p                   \tint                 \t                    ",),
    ]
    assert athena.rows("SHOW COLUMNS IN t")[0] == ("a                   ",)
    shown = "\n".join(line or "" for (line,) in athena.rows("SHOW CREATE TABLE t"))
    athena.run("DROP TABLE t")
    athena.run(shown.replace("`db.t`", "`db`.`t`"))
    assert athena.run("DESCRIBE t").rows == described.rows
    assert ("comment\tseen",) in athena.rows("SHOW TBLPROPERTIES t")
    assert athena.rows("SHOW TBLPROPERTIES t('comment')") == [("seen",)]
    assert athena.reason("DESCRIBE nope") == (
        "FAILED: SemanticException [Error 10001]: Table not found db.nope"
    )


def test_ddl_escapes_as_hive_and_queries_as_trino(athena: AthenaClient, bucket: str) -> None:
    columns = r"a bigint COMMENT 'who\'s; \\', b string COMMENT 'it''s'"
    external(athena, bucket, "t", columns, r"COMMENT 'a\tb'")
    keys = ("Name", "Comment")
    there = {"CatalogName": "AwsDataCatalog", "DatabaseName": "db", "TableName": "t"}
    table = athena.client.get_table_metadata(**there)["TableMetadata"]
    assert [tuple(column[key] for key in keys) for column in table["Columns"]] == [
        ("a", "who's; \\"),
        ("b", "it's"),
    ]
    assert table["Parameters"]["comment"] == "a\tb"
    assert athena.rows(r"SELECT '\' AS a, 'x;' AS b") == [("\\", "x;")]
    athena.run(r"CREATE TABLE made AS SELECT '\' AS a, 'y' AS b")
    assert athena.rows("SELECT * FROM made") == [("\\", "y")]


def test_describe_and_show_of_an_iceberg_table(athena: AthenaClient, bucket: str) -> None:
    iceberg(
        athena, bucket, "t", "a bigint COMMENT 'the a', ts timestamp", "PARTITIONED BY (day(ts))"
    )
    assert athena.rows("DESCRIBE t") == [
        ("# Table schema:\t\t",),
        ("# col_name\tdata_type\tcomment",),
        ("a\tbigint\tthe a",),
        ("ts\ttimestamp\t",),
        ("\t\t",),
        ("# Partition spec:\t\t",),
        ("# field_name\tfield_transform\tcolumn_name",),
        ("ts_day\tday\tts",),
    ]
    assert athena.rows("SHOW COLUMNS IN t") == [("a",), ("ts",)]
    assert athena.rows("SHOW CREATE TABLE t") == [
        ("CREATE TABLE db.t (",),
        ("  a bigint COMMENT 'the a', ",),
        ("  ts timestamp)",),
        ("PARTITIONED BY (`day(ts)`)",),
        (f"LOCATION 's3://{bucket}/t'",),
        ("TBLPROPERTIES (",),
        ("  'table_type'='iceberg')",),
    ]


def test_the_information_schema(athena: AthenaClient, bucket: str) -> None:
    external(
        athena, bucket, "t", "a bigint COMMENT 'the a', b array<string>", "PARTITIONED BY (p int)"
    )
    athena.run("CREATE VIEW v AS SELECT a FROM t")
    where = "FROM information_schema.{} WHERE table_schema = 'db' ORDER BY table_name"
    assert athena.rows(f"SELECT table_name, table_type {where.format('tables')}") == [
        ("t", "BASE TABLE"),
        ("v", "VIEW"),
    ]
    columns = "column_name, data_type, ordinal_position, comment, extra_info"
    assert athena.rows(f"SELECT {columns} {where.format('columns')}, ordinal_position LIMIT 3") == [
        ("a", "bigint", "1", "the a", None),
        ("b", "array(varchar)", "2", None, None),
        ("p", "integer", "3", None, "partition key"),
    ]
    assert ("db",) in athena.rows("SELECT schema_name FROM information_schema.schemata")


def test_explain_shows_a_plan_or_the_fault(athena: AthenaClient, bucket: str) -> None:
    iceberg(athena, bucket, "t", "a bigint")
    athena.run("INSERT INTO t VALUES (1), (2)")
    plan = athena.run("EXPLAIN SELECT * FROM t WHERE a = 1")
    assert plan.names == ["Query Plan"]
    assert plan.execution["SubstatementType"] == "EXPLAIN"
    text = "\n".join(line or "" for (line,) in plan.rows)
    assert "Filters: a = 1" in text
    assert athena.rows("EXPLAIN (TYPE VALIDATE) SELECT * FROM t") == [("true",), ("",)]
    assert "nope" in athena.reason("EXPLAIN SELECT nope FROM t")


def test_nothing_but_tables_can_be_read(athena: AthenaClient) -> None:
    for source in ("read_csv('/etc/passwd')", "TABLE(read_text('/etc/passwd'))", "glob('/*')"):
        assert "/etc/passwd" not in athena.reason(f"SELECT * FROM {source}")
    for name in (
        '"/etc/passwd"',
        '"s3/some-bucket"',
        "duckdb_settings",
        "pg_tables",
        "sqlite_master",
    ):
        assert "TABLE_NOT_FOUND" in athena.reason(f"SELECT * FROM {name}")
    assert "FUNCTION_NOT_FOUND" in athena.reason("SELECT getenv('HOME')")
