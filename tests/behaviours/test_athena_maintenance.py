"""OPTIMIZE, VACUUM and the table properties that steer them, as Athena answers them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.types import StringType

from fsql.local.tables import iceberg_rewrite
from fsql.local.tables.iceberg import Iceberg
from fsql.local.tables.iceberg_io import EmbeddedCatalog
from tests.behaviours.athena_client import AthenaClient
from tests.behaviours.backends import age, embedded
from tests.behaviours.pyiceberg_client import glue_catalog
from tests.behaviours.test_athena_sql import position_deletes
from tests.programs import forking, ran_at_once

FORKING = forking()
OPTIMIZE = "OPTIMIZE t REWRITE DATA USING BIN_PACK"
NEWEST = 'SELECT operation FROM "t$snapshots" ORDER BY committed_at DESC LIMIT 1'


@pytest.fixture
def athena(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client in an empty database."""
    client = AthenaClient(aws, "db", f"s3://{bucket}/results/")
    client.run("CREATE DATABASE db")
    return client


def make(client: AthenaClient, columns: str, partitioned: str = "", **properties: object) -> None:
    given = "".join(f", '{key}'='{value}'" for key, value in properties.items())
    client.run(
        f"CREATE TABLE t ({columns}) {partitioned} LOCATION 's3://some-bucket/t/'"
        f" TBLPROPERTIES ('table_type'='ICEBERG'{given})"
    )


def loaded(client: AthenaClient) -> Any:
    return glue_catalog(client.session).load_table("db.t")


def live(client: AthenaClient) -> list[str]:
    """The data files of the current snapshot."""
    return sorted(task.file.file_path for task in loaded(client).scan().plan_files())


def there(client: AthenaClient, folder: str = "data/") -> list[str]:
    """The objects below the table's location."""
    pages = client.session.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket="some-bucket", Prefix=f"t/{folder}")
    return sorted(
        f"s3://some-bucket/{entry['Key']}" for page in found for entry in page.get("Contents", ())
    )


def put(client: AthenaClient, key: str, body: bytes = b"x") -> str:
    client.session.client("s3").put_object(Bucket="some-bucket", Key=key, Body=body)
    return f"s3://some-bucket/{key}"


def insert(client: AthenaClient, *rows: str) -> None:
    for row in rows:
        client.run(f"INSERT INTO t VALUES {row}")


# OPTIMIZE


def test_small_files_become_one_in_each_partition(athena: AthenaClient) -> None:
    make(athena, "a bigint, x double", "PARTITIONED BY (x)")
    insert(athena, *[f"({i}, 1e0), ({i}, nan()), ({i}, NULL)" for i in range(5)])
    before = athena.rows("SELECT * FROM t ORDER BY a, x")
    assert len(live(athena)) == 15
    result = athena.run(OPTIMIZE)
    assert athena.rows("SELECT * FROM t ORDER BY a, x") == before
    assert len(live(athena)) == 3
    assert athena.rows(NEWEST) == [("replace",)]
    summary = loaded(athena).current_snapshot().summary
    assert (summary["total-records"], summary["total-data-files"]) == ("15", "3")
    assert (result.rows, result.names, result.update_count) == ([], [], None)
    assert result.execution["StatementType"] == "DML"
    assert result.execution["SubstatementType"] == "OPTIMIZE"
    # The rows that were there stay in reach.
    (first, *_) = athena.rows('SELECT snapshot_id FROM "t$snapshots" ORDER BY committed_at')
    assert athena.rows(f"SELECT count(*) FROM t FOR VERSION AS OF {first[0]}") == [("3",)]


def test_rows_keep_the_order_in_which_they_were_written(athena: AthenaClient) -> None:
    make(athena, "a bigint")
    insert(athena, *[f"({i}), ({i + 100})" for i in range(9)])
    athena.run(OPTIMIZE)
    (path,) = live(athena)
    (body,) = (athena.session.client("s3").get_object(Bucket="some-bucket", Key=path[17:])["Body"],)
    written = pq.read_table(pa.BufferReader(body.read()))["a"].to_pylist()
    assert written == [n for i in range(9) for n in (i, i + 100)]


def test_few_files_wait_for_more_unless_the_table_says_otherwise(athena: AthenaClient) -> None:
    make(athena, "a bigint")
    insert(athena, "(1)", "(2)", "(3)", "(4)")
    athena.run(OPTIMIZE)
    assert len(live(athena)) == 4
    assert athena.rows(NEWEST) == [("append",)]
    athena.run("ALTER TABLE t SET TBLPROPERTIES ('optimize_rewrite_data_file_threshold'='2')")
    athena.run(OPTIMIZE)
    assert len(live(athena)) == 1
    athena.run(OPTIMIZE)
    assert [row[0] for row in athena.rows('SELECT operation FROM "t$snapshots"')].count(
        "replace"
    ) == 1


def test_files_become_no_larger_than_the_table_wants(athena: AthenaClient) -> None:
    make(athena, "a bigint, s string", write_target_data_file_size_bytes=30_000)
    text = "SELECT i, CAST(rand() AS varchar) FROM UNNEST(sequence(1, 400)) AS u(i)"
    for _ in range(12):
        athena.run(f"INSERT INTO t {text}")
    small = max(task.file.file_size_in_bytes for task in loaded(athena).scan().plan_files())
    athena.run(OPTIMIZE)
    sizes = [task.file.file_size_in_bytes for task in loaded(athena).scan().plan_files()]
    assert len(sizes) < 12
    assert max(sizes) <= 30_000 + small
    assert athena.rows("SELECT count(*), sum(a) FROM t") == [("4800", str(12 * 80200))]


def test_a_file_that_is_too_large_is_split(athena: AthenaClient) -> None:
    make(athena, "a bigint, s string", write_target_data_file_size_bytes=2_000_000)
    rows = "UNNEST(sequence(1, 10000)) AS u(i) CROSS JOIN UNNEST(sequence(1, 60)) AS v(j)"
    athena.run(f"INSERT INTO t SELECT i, CAST(rand() AS varchar) FROM {rows}")
    (one,) = live(athena)
    athena.run(OPTIMIZE)
    assert len(live(athena)) > 1
    assert one not in live(athena)
    assert athena.rows("SELECT count(*), sum(a) FROM t") == [("600000", str(60 * 50005000))]


def test_deleted_rows_are_left_out_and_their_delete_files_go(
    athena: AthenaClient, bucket: str
) -> None:
    make(athena, "a bigint", optimize_rewrite_delete_file_threshold=1)
    athena.run("INSERT INTO t SELECT a FROM UNNEST(sequence(0, 9)) AS u(a)")
    position_deletes(loaded(athena), athena, bucket, [2, 3])
    athena.run(OPTIMIZE)
    rest = [(str(a),) for a in (0, 1, 4, 5, 6, 7, 8, 9)]
    assert athena.rows("SELECT a FROM t ORDER BY a") == rest
    (task,) = loaded(athena).scan().plan_files()
    assert task.file.record_count == 8
    assert not task.delete_files
    snapshot = loaded(athena).current_snapshot()
    assert all(int(m.content) == 0 for m in snapshot.manifests(loaded(athena).io))


def test_deletes_of_files_that_stay_go_on_to_apply(athena: AthenaClient, bucket: str) -> None:
    make(athena, "a bigint, s string", optimize_rewrite_min_data_file_size_bytes=5000)
    rows = "SELECT a, CAST(rand() AS varchar) FROM UNNEST(sequence(0, 999)) AS u(a)"
    athena.run(f"INSERT INTO t {rows}")
    position_deletes(loaded(athena), athena, bucket, [2, 3])
    insert(athena, *[f"({i}, 'x')" for i in range(1000, 1005)])
    before = athena.rows("SELECT count(*), sum(a) FROM t")
    athena.run(OPTIMIZE)
    tasks = list(loaded(athena).scan().plan_files())
    assert sorted(len(task.delete_files) for task in tasks) == [0, 1]
    assert athena.rows("SELECT count(*), sum(a) FROM t") == before == [("1003", str(504510 - 5))]


def test_where_chooses_files_by_partition(athena: AthenaClient) -> None:
    make(athena, "a bigint, ts timestamp", "PARTITIONED BY (day(ts))")
    for day in ("2020-01-01", "2020-01-02"):
        insert(athena, *[f"({i}, TIMESTAMP '{day} 0{i}:00:00')" for i in range(6)])
    athena.run(f"{OPTIMIZE} WHERE ts >= TIMESTAMP '2020-01-02 00:00:00' AND ts IS NOT NULL")
    assert len(live(athena)) == 7
    assert athena.rows("SELECT count(*), sum(a) FROM t") == [("12", "30")]
    athena.run(OPTIMIZE.replace(" t ", ' "db"."t" '))
    assert len(live(athena)) == 2


def test_a_hundred_partitions_at_a_time(athena: AthenaClient, monkeypatch: Any) -> None:
    monkeypatch.setattr(iceberg_rewrite, "MAX_PARTITIONS", 2)
    make(athena, "a bigint, p int", "PARTITIONED BY (p)")
    insert(athena, *[f"({i}, 1), ({i}, 2), ({i}, 3)" for i in range(5)])
    assert athena.reason(OPTIMIZE).startswith("ICEBERG_OPTIMIZE_MORE_RUNS_NEEDED: ")
    assert len(live(athena)) == 2 + 5
    athena.run(OPTIMIZE)
    assert len(live(athena)) == 3
    assert athena.rows("SELECT count(*), sum(a) FROM t") == [("15", "30")]


def test_files_of_an_older_schema_and_spec_become_those_of_the_present(
    athena: AthenaClient,
) -> None:
    make(athena, "a bigint, b string", "PARTITIONED BY (bucket(2, a))")
    insert(athena, *[f"({i}, 'b')" for i in range(6)])
    table = loaded(athena)
    with table.update_schema() as schema:
        schema.rename_column("b", "c").add_column("n", StringType())
    with table.update_spec() as spec:
        spec.remove_field("a_bucket").add_identity("c")
    insert(athena, *[f"({i}, 'c', 'n')" for i in range(6, 12)])
    before = athena.rows("SELECT * FROM t ORDER BY a")
    athena.run("ALTER TABLE t SET TBLPROPERTIES ('optimize_rewrite_data_file_threshold'='1')")
    athena.run(OPTIMIZE)
    assert athena.rows("SELECT * FROM t ORDER BY a") == before
    tasks = list(loaded(athena).scan().plan_files())
    assert {task.file.spec_id for task in tasks} == {loaded(athena).spec().spec_id}


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (f"{OPTIMIZE} WHERE a = 1", "line 1:46: WHERE of OPTIMIZE takes partition columns (p)"),
        (f"{OPTIMIZE}\n WHERE z = 1", "COLUMN_NOT_FOUND: line 2:8: Column 'z' cannot be resolved"),
        (f"{OPTIMIZE} WHERE p", "TYPE_MISMATCH: line 1:46: WHERE clause"),
        (f"{OPTIMIZE} WHERE p IN (SELECT 1)", "WHERE of OPTIMIZE takes no subquery"),
        ("VACUUM missing", "TABLE_NOT_FOUND: line 1:8: Table"),
        ("VACUUM v", "NOT_SUPPORTED: line 1:8: VACUUM is for Iceberg tables, and v is a view"),
        ("OPTIMIZE h REWRITE DATA USING BIN_PACK", "OPTIMIZE is for Iceberg tables, and h is no"),
    ],
)
def test_what_cannot_be_done_is_said(athena: AthenaClient, statement: str, reason: str) -> None:
    make(athena, "a bigint, p int", "PARTITIONED BY (p)")
    athena.run("CREATE VIEW v AS SELECT 1 AS one")
    athena.run(
        "CREATE EXTERNAL TABLE h (a bigint) STORED AS PARQUET LOCATION 's3://some-bucket/h/'"
    )
    assert reason in athena.reason(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "OPTIMIZE t",
        "OPTIMIZE t REWRITE DATA USING SORT",
        f"{OPTIMIZE} WHERE",
        f"{OPTIMIZE} p = 1",
        "VACUUM t FULL",
        "ALTER TABLE t SET TBLPROPERTIES (a = 1)",
    ],
)
def test_bad_syntax_is_refused_at_once(athena: AthenaClient, statement: str) -> None:
    refused = athena.client.exceptions.InvalidRequestException
    with pytest.raises(refused, match=r"line 1:\d+: mismatched input"):
        athena.start(statement)


# VACUUM


def test_old_snapshots_and_the_files_that_only_they_need_go(athena: AthenaClient) -> None:
    make(athena, "a bigint", vacuum_max_snapshot_age_seconds=0)
    insert(athena, *[f"({i})" for i in range(5)])
    athena.run(OPTIMIZE)
    kept, everything = live(athena), there(athena)
    assert len(everything) == 6
    result = athena.run("VACUUM t")
    assert there(athena) == live(athena) == kept
    assert athena.rows('SELECT count(*) FROM "t$snapshots"') == [("1",)]
    assert athena.rows("SELECT count(*), sum(a) FROM t") == [("5", "10")]
    assert result.execution["SubstatementType"] == "VACUUM"
    referenced = {entry.metadata_file for entry in loaded(athena).metadata.metadata_log}
    assert referenced | {loaded(athena).metadata_location} <= set(there(athena, "metadata/"))
    manifests = [name for name in there(athena, "metadata/") if name.endswith(".avro")]
    assert len(manifests) == 3  # the list, and manifests of what OPTIMIZE added and removed


def test_by_default_five_days_are_kept(athena: AthenaClient) -> None:
    make(athena, "a bigint")
    insert(athena, "(1)", "(2)")
    before = there(athena, "")
    athena.run("VACUUM t")
    assert there(athena, "") == before


@pytest.mark.parametrize("least", [1, 2, 3, 9])
def test_the_newest_snapshots_stay_whatever_their_age(athena: AthenaClient, least: int) -> None:
    make(athena, "a bigint", vacuum_max_snapshot_age_seconds=0, vacuum_min_snapshots_to_keep=least)
    insert(athena, "(1)", "(2)", "(3)")
    athena.run("DELETE FROM t WHERE a = 1")
    athena.run("VACUUM t")
    snapshots = athena.rows('SELECT snapshot_id FROM "t$snapshots" ORDER BY committed_at')
    assert len(snapshots) == min(least, 4)
    counts = [
        athena.rows(f"SELECT count(*) FROM t FOR VERSION AS OF {id_}")[0][0] for (id_,) in snapshots
    ]
    assert counts == ["1", "2", "3", "2"][-least:]


def test_what_tags_and_branches_need_stays(athena: AthenaClient) -> None:
    make(athena, "a bigint", vacuum_max_snapshot_age_seconds=0)
    insert(athena, "(1)", "(2)")
    table = loaded(athena)
    first, second = [snapshot.snapshot_id for snapshot in table.snapshots()]
    table.manage_snapshots().create_tag(first, "release").commit()
    athena.run("DELETE FROM t")
    insert(athena, "(3)")
    athena.run("VACUUM t")
    ids = [snapshot.snapshot_id for snapshot in loaded(athena).snapshots()]
    assert first in ids
    assert second not in ids
    assert athena.rows(f"SELECT a FROM t FOR VERSION AS OF {first}") == [("1",)]
    assert athena.rows("SELECT a FROM t") == [("3",)]
    assert len(there(athena)) == 2


def test_old_orphans_go_and_young_ones_stay(athena: AthenaClient, tmp_path: Path) -> None:
    make(athena, "a bigint", vacuum_max_snapshot_age_seconds=0)
    insert(athena, "(1)")
    old, young, ours = (put(athena, f"t/data/{name}.parquet") for name in ("old", "young", "ours"))
    others = put(athena, "t/else/old.parquet"), put(athena, "t/metadata/note.json")
    for uri in (old, *others):
        age(tmp_path, uri, days=1.1)
    age(tmp_path, young, days=0.9)
    athena.run("VACUUM t")
    assert there(athena, "") == sorted(
        {*live(athena), young, ours, *others, *there(athena, "metadata/")}
    )
    assert others[1] in there(athena, "metadata/")
    athena.run("ALTER TABLE t SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds'='432000')")
    age(tmp_path, young, days=4.9)
    age(tmp_path, ours, days=5.1)
    athena.run("VACUUM t")
    assert young in there(athena)
    assert ours not in there(athena)


def test_files_that_are_in_use_stay_however_old(athena: AthenaClient, tmp_path: Path) -> None:
    make(athena, "a bigint", vacuum_max_snapshot_age_seconds=0)
    insert(athena, "(1)", "(2)")
    for uri in there(athena, ""):
        age(tmp_path, uri, days=900)
    for _ in range(2):
        athena.run("VACUUM t")
        assert athena.rows("SELECT sum(a) FROM t") == [("3",)]
    insert(athena, "(3)")
    assert athena.rows("SELECT sum(a) FROM t") == [("6",)]


def test_metadata_files_are_kept_up_to_a_number(athena: AthenaClient) -> None:
    make(athena, "a bigint", vacuum_max_metadata_files_to_keep=3)
    insert(athena, *[f"({i})" for i in range(6)])
    assert len([name for name in there(athena, "metadata/") if name.endswith(".json")]) == 7
    athena.run("VACUUM t")
    assert len([name for name in there(athena, "metadata/") if name.endswith(".json")]) == 4
    assert athena.rows("SELECT sum(a) FROM t") == [("15",)]
    assert len(athena.rows('SELECT * FROM "t$snapshots"')) == 6


def test_a_table_that_is_a_whole_bucket_is_refused(athena: AthenaClient) -> None:
    athena.run(
        "CREATE TABLE t (a bigint) LOCATION 's3://some-bucket/'"
        " TBLPROPERTIES ('table_type'='ICEBERG')"
    )
    reason = "GENERIC_INTERNAL_ERROR: Path missing in file system location: s3://some-bucket"
    assert athena.reason("VACUUM t") == reason


# Properties


def test_properties_are_set_and_unset(athena: AthenaClient) -> None:
    make(athena, "a bigint")
    insert(athena, "(1)")
    athena.run(
        "ALTER TABLE t SET TBLPROPERTIES ('vacuum_min_snapshots_to_keep'='4',"
        " 'write_compression'='SNAPPY')"
    )
    shown = dict(row[0].split("\t") for row in athena.rows("SHOW TBLPROPERTIES t") if row[0])
    assert shown["vacuum_min_snapshots_to_keep"] == "4"
    assert loaded(athena).properties["write.parquet.compression-codec"] == "snappy"
    athena.run("ALTER TABLE t UNSET TBLPROPERTIES ('vacuum_min_snapshots_to_keep')")
    assert "vacuum_min_snapshots_to_keep" not in loaded(athena).properties
    assert athena.rows("SELECT a FROM t") == [("1",)]
    assert "Unsupported table property key: x" in athena.reason(
        "ALTER TABLE t SET TBLPROPERTIES ('x'='1')"
    )
    assert "INVALID_TABLE_PROPERTY" in athena.reason(
        "ALTER TABLE t SET TBLPROPERTIES ('vacuum_min_snapshots_to_keep'='many')"
    )


def test_properties_of_hive_tables_are_glues(athena: AthenaClient) -> None:
    athena.run(
        "CREATE EXTERNAL TABLE h (a bigint) STORED AS PARQUET LOCATION 's3://some-bucket/h/'"
        " TBLPROPERTIES ('kept'='1')"
    )
    athena.run("ALTER TABLE h SET TBLPROPERTIES ('projection.enabled'='false')")
    glue = athena.session.client("glue")
    table = glue.get_table(DatabaseName="db", Name="h")["Table"]
    assert table["Parameters"]["kept"] == "1"
    assert table["Parameters"]["projection.enabled"] == "false"
    assert table["StorageDescriptor"]["Location"] == "s3://some-bucket/h"
    assert athena.rows("SELECT count(*) FROM h") == [("0",)]


# Beside others

STEPS = ("insert", "delete", "update", "optimize", "vacuum", "tag")


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(STEPS), min_size=4, max_size=14))
def test_whatever_is_done_rows_and_snapshots_stay_readable(
    athena: AthenaClient, steps: list[str]
) -> None:
    athena.run("DROP TABLE IF EXISTS t")
    make(
        athena,
        "a bigint, p int",
        "PARTITIONED BY (p)",
        vacuum_max_snapshot_age_seconds=0,
        vacuum_min_snapshots_to_keep=2,
        optimize_rewrite_data_file_threshold=2,
    )
    model, seen = dict[int, int](), dict[str, int]()
    for number, step in enumerate(steps):
        if step == "insert":
            insert(athena, f"({number}, 0), ({number + 100}, 1)")
            model |= {number: 0, number + 100: 1}
        elif step == "delete":
            athena.run(f"DELETE FROM t WHERE a = {number - 2}")
            model.pop(number - 2, None)
        elif step == "update":
            athena.run(f"UPDATE t SET p = 1 WHERE a = {number - 1}")
            model |= {number - 1: 1} if number - 1 in model else {}
        elif step == "optimize":
            athena.run(OPTIMIZE)
        elif step == "vacuum":
            athena.run("VACUUM t")
        elif (current := loaded(athena).current_snapshot()) is not None:
            loaded(athena).manage_snapshots().create_tag(
                current.snapshot_id, f"tag{number}"
            ).commit()
        rows = {int(a or 0): int(p or 0) for a, p in athena.rows("SELECT a, p FROM t")}
        assert rows == model
        (newest,) = athena.rows('SELECT max_by(snapshot_id, committed_at) FROM "t$snapshots"')
        if newest[0] is not None:
            seen[newest[0]] = len(model)
    for (id_,) in athena.rows('SELECT snapshot_id FROM "t$snapshots"'):
        count = athena.rows(f"SELECT count(*) FROM t FOR VERSION AS OF {id_}")
        assert id_ not in seen or count == [(str(seen[id_]),)]


def writing(root: Path, times: int, who: int) -> None:
    with embedded(root) as session:
        client = AthenaClient(session, "db", "s3://some-bucket/results/")
        for number in range(times):
            client.run(f"INSERT INTO t VALUES ({who}, {number})")
            client.run(f"UPDATE t SET n = n + 1000 WHERE id = {who} AND n = {number}")


def maintaining(root: Path, times: int, who: int) -> None:
    with embedded(root) as session:
        client = AthenaClient(session, "db", "s3://some-bucket/results/")
        for _ in range(times):
            for statement in (OPTIMIZE, "VACUUM t"):
                status = client.execute(statement)["Status"]
                # Others may have changed the same files each time; then nothing was done.
                reason = status.get("StateChangeReason", "ICEBERG_COMMIT_ERROR")
                assert reason.startswith("ICEBERG_COMMIT_ERROR"), reason


@pytest.mark.slow
def test_beside_writers_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    root, times = tmp_path / "aws", 5
    with embedded(root) as session:
        session.client("s3").create_bucket(Bucket="some-bucket")
        client = AthenaClient(session, "db", "s3://some-bucket/results/")
        client.run("CREATE DATABASE db")
        make(
            client,
            "id int, n int",
            vacuum_max_snapshot_age_seconds=0,
            optimize_rewrite_data_file_threshold=2,
        )
        jobs = [(writing, 1), (writing, 2), (maintaining, 3), (maintaining, 4)]
        ran_at_once((work, (root, times, who)) for work, who in jobs)
        expected = [(str(who), str(n + 1000)) for who in (1, 2) for n in range(times)]
        assert client.rows("SELECT * FROM t ORDER BY id, n") == expected
        client.run("VACUUM t")
        client.run(OPTIMIZE)
        client.run("VACUUM t")
        assert there(client) == live(client)
        assert client.rows("SELECT * FROM t ORDER BY id, n") == expected


def test_a_conflict_is_tried_again_on_what_the_other_left(
    athena: AthenaClient, monkeypatch: Any
) -> None:
    make(athena, "a bigint, p int", "PARTITIONED BY (p)")
    insert(athena, *[f"({i}, 0)" for i in range(6)])
    others = ["INSERT INTO t VALUES (10, 0)", "DELETE FROM t WHERE a = 3"]
    load = EmbeddedCatalog.load_table

    def overtaken(self: Any, name: Any) -> Any:
        if others:
            athena.run(others.pop())
        return load(self, name)

    monkeypatch.setattr(EmbeddedCatalog, "load_table", overtaken)
    athena.run(OPTIMIZE)
    assert not others
    assert athena.rows("SELECT sum(a), count(*) FROM t") == [("22", "6")]
    assert len(there(athena)) == len({*live(athena)} | {*history(athena)})


@pytest.mark.parametrize(
    ("statement", "read"),
    [("INSERT INTO t VALUES (1, 1)", 0), ("VACUUM t", 2), (OPTIMIZE, 0), (OPTIMIZE, 1)],
)
def test_files_that_another_vacuum_deletes_meanwhile_are_not_missed(
    athena: AthenaClient, monkeypatch: Any, statement: str, read: int
) -> None:
    make(athena, "a bigint, p int", "PARTITIONED BY (p)", vacuum_max_snapshot_age_seconds=0)
    insert(athena, *[f"({i}, 0)" for i in range(6)])
    others: list[list[str]] = [[] for _ in range(read)]
    others.append(["UPDATE t SET a = a + 10 WHERE a % 2 = 0", "VACUUM t"])
    load, plan = EmbeddedCatalog.load_table, Iceberg.plan

    def run_others() -> None:
        for other in others.pop(0) if others else ():
            athena.run(other)

    def load_table(self: Any, name: Any) -> Any:
        table = load(self, name)
        run_others()
        return table

    def planned(self: Any, *arguments: Any) -> Any:
        tasks = plan(self, *arguments)
        run_others()
        return tasks

    monkeypatch.setattr(EmbeddedCatalog, "load_table", load_table)
    monkeypatch.setattr(Iceberg, "plan", planned)
    athena.run(statement)
    assert not others
    inserted = int(statement.startswith("INSERT"))
    assert athena.rows("SELECT count(*), sum(a) FROM t") == [
        (str(6 + inserted), str(45 + inserted))
    ]
    athena.run("VACUUM t")
    assert there(athena) == live(athena)


def history(athena: AthenaClient) -> Iterator[str]:
    """The data files of all snapshots: what else lies in the folder is of nobody."""
    table = loaded(athena)
    for snapshot in table.snapshots():
        for manifest in snapshot.manifests(table.io):
            for entry in manifest.fetch_manifest_entry(table.io):
                yield entry.data_file.file_path


def test_a_snapshot_that_is_tagged_meanwhile_stays(athena: AthenaClient, monkeypatch: Any) -> None:
    make(athena, "a bigint", vacuum_max_snapshot_age_seconds=0)
    insert(athena, "(1)", "(2)")
    athena.run("DELETE FROM t WHERE a = 1")
    first = loaded(athena).snapshots()[0].snapshot_id
    commit = EmbeddedCatalog.commit_table
    tags = ["release"]

    def tagged(self: Any, *arguments: Any) -> Any:
        if tags:
            loaded(athena).manage_snapshots().create_tag(first, tags.pop()).commit()
        return commit(self, *arguments)

    monkeypatch.setattr(EmbeddedCatalog, "commit_table", tagged)
    athena.run("VACUUM t")
    assert athena.rows(f"SELECT a FROM t FOR VERSION AS OF {first}") == [("1",)]
    assert len(loaded(athena).snapshots()) == 2


def endless(root: Path, connection: Any) -> None:
    with embedded(root) as session:
        client = AthenaClient(session, "db", "s3://some-bucket/results/")
        connection.send(True)
        while True:
            client.run("UPDATE t SET n = n + 1 WHERE id < 5")
            client.run(OPTIMIZE)
            client.run("VACUUM t")


@pytest.mark.slow
def test_a_killed_process_leaves_all_rows(tmp_path: Path) -> None:
    root = tmp_path / "aws"
    with embedded(root) as session:
        session.client("s3").create_bucket(Bucket="some-bucket")
        client = AthenaClient(session, "db", "s3://some-bucket/results/")
        client.run("CREATE DATABASE db")
        make(
            client,
            "id bigint, n bigint",
            "PARTITIONED BY (bucket(4, id))",
            vacuum_max_snapshot_age_seconds=0,
            optimize_rewrite_data_file_threshold=2,
        )
        for _ in range(3):
            client.run("INSERT INTO t SELECT id, 0 FROM UNNEST(sequence(1, 100)) AS u(id)")
        for moment in (0.0, 0.11, 0.23, 0.37, 0.52):
            here, away = FORKING.Pipe()
            process = FORKING.Process(target=endless, args=(root, away))
            process.start()
            assert here.recv()
            time.sleep(moment)
            os.kill(int(process.pid or 0), signal.SIGKILL)
            process.join()
            assert client.rows("SELECT count(*), count(DISTINCT id) FROM t") == [("300", "100")]
            assert client.rows("SELECT count(DISTINCT n) FROM t WHERE id < 5") == [("1",)]
            client.run(OPTIMIZE)
            client.run("VACUUM t")
            assert set(live(client)) <= set(there(client))
