"""Which files of an Iceberg table a query reads: fewer than all, and all rows."""

from __future__ import annotations

import itertools
import random
from typing import Any

import boto3
import pytest
from pyiceberg.types import LongType, StringType

from fsql.local.tables.iceberg_pruning import pruned
from tests.behaviours.athena_client import AthenaClient
from tests.behaviours.pyiceberg_client import glue_catalog

DAYS = ("2020-01-01", "2020-01-02", "2020-01-03")


@pytest.fixture
def athena(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client in an empty database."""
    client = AthenaClient(aws, "db", f"s3://{bucket}/results/")
    client.run("CREATE DATABASE db")
    return client


def make(client: AthenaClient, columns: str, partitioned: str = "") -> None:
    client.run(
        f"CREATE TABLE t ({columns}) {partitioned} LOCATION 's3://some-bucket/t/'"
        " TBLPROPERTIES ('table_type'='ICEBERG')"
    )


@pytest.fixture
def days(athena: AthenaClient) -> AthenaClient:
    """A table of three days with a file each; within one the keys are 10 apart."""
    make(athena, "k bigint, ts timestamp, d date, s string, x double", "PARTITIONED BY (day(ts))")
    for number, day in enumerate(DAYS):
        row = f"TIMESTAMP '{day} 12:00:00', DATE '{day}', 's{number}', {number}e0"
        athena.run(f"INSERT INTO t VALUES ({10 * number}, {row}), ({10 * number + 5}, {row})")
    return athena


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files were left after each pruning."""
    counts: list[int] = []

    def counting(*arguments: Any) -> Any:
        left = pruned(*arguments)
        counts.append(len(left))
        return left

    monkeypatch.setattr("fsql.local.tables.iceberg.pruned", counting)
    return counts


@pytest.mark.parametrize(
    ("condition", "rows", "left"),
    [
        ("ts >= TIMESTAMP '2020-01-02 00:00:00'", 4, 2),
        ("ts < DATE '2020-01-02'", 2, 1),
        ("ts BETWEEN TIMESTAMP '2020-01-02 00:00' AND TIMESTAMP '2020-01-02 23:59:59.999'", 2, 1),
        ("DATE '2020-01-02' <= ts AND ts < DATE '2020-01-03'", 2, 1),
        ("t.ts = TIMESTAMP '2020-01-02 12:00:00.000000'", 2, 1),
        ("d IN (DATE '2020-01-01', DATE '2020-01-03')", 4, 2),
        ("d > DATE '2020-01-02'", 2, 1),
        ("k = 15", 1, 1),
        ("(k = 0 OR k = 25)", 2, 2),
        ("k = 0 OR x = 2e0", 3, 3),
        ("k = -5", 0, 0),
        ("k > 999999999999999999", 0, 0),
        ("s = 's1' AND x < 100", 2, 1),
        ("s >= 's2'", 2, 1),
        ("s <> 's2'", 4, 3),
        ("NOT k = 5", 5, 3),
        ("k + 0 = 5", 1, 3),
        ("ts IS NULL", 0, 3),
        ("CAST(ts AS date) = DATE '2020-01-01'", 2, 3),
        ("ts = TIMESTAMP '2020-01-01 12:00:00 UTC'", 2, 3),
    ],
)
def test_files_are_left_out_by_partitions_and_bounds(
    days: AthenaClient, files: list[int], condition: str, rows: int, left: int
) -> None:
    assert days.rows(f"SELECT count(*) FROM t WHERE {condition}") == [(str(rows),)]
    assert (files or [3])[-1] == left


def test_less_is_scanned(days: AthenaClient) -> None:
    def scanned(sql: str) -> int:
        return int(days.run(sql).execution["Statistics"]["DataScannedInBytes"])

    everything = scanned("SELECT s FROM t")
    assert scanned("SELECT s FROM t WHERE ts > DATE '2020-01-03'") * 2 < everything


def test_where_of_another_query_or_table_is_not_taken(days: AthenaClient, files: list[int]) -> None:
    # A column of the same name of another table.
    joined = "SELECT count(*) FROM t AS a JOIN t AS b ON a.d = b.d WHERE a.k = 15"
    assert days.rows(joined) == [("2",)]
    assert files == [1]
    other = "SELECT count(*) FROM t AS a CROSS JOIN (VALUES 15) AS b(n) WHERE n = 15"
    assert days.rows(other) == [("6",)]
    lateral = "SELECT count(*) FROM t CROSS JOIN UNNEST(ARRAY[15, 1]) AS u(n) WHERE n = 15"
    assert days.rows(lateral) == [("6",)]
    outer = "SELECT count(*) FROM t AS a LEFT JOIN t AS b ON a.k = b.k AND b.k = 5 WHERE a.k < 10"
    assert days.rows(outer) == [("2",)]
    right = "SELECT count(*) FROM (VALUES 5, 6) AS v(k) LEFT JOIN t ON v.k = t.k WHERE t.k IS NULL"
    assert days.rows(right) == [("1",)]
    null_side = "SELECT count(*) FROM (VALUES 5, 6) v(k) LEFT JOIN t ON v.k = t.k WHERE t.k = 5"
    assert days.rows(null_side) == [("1",)]
    full = "SELECT count(*) FROM t FULL JOIN (VALUES 5, 6) v(k) ON v.k = t.k WHERE t.k >= 20"
    assert days.rows(full) == [("2",)]
    assert days.rows("SELECT count(*) FROM t AS r(a, b, c, e, k) WHERE k = 1e0") == [("2",)]
    inner = "SELECT count(*) FROM t WHERE k IN (SELECT k FROM t WHERE d = DATE '2020-01-02')"
    assert days.rows(inner) == [("2",)]
    inside = "SELECT count(*) FROM (SELECT * FROM t) AS q WHERE k = 15"
    assert days.rows(inside) == [("1",)]
    cte = "WITH c AS (SELECT * FROM t WHERE k > 10) SELECT count(*) FROM c WHERE k < 20"
    assert days.rows(cte) == [("1",)]
    windowed = "SELECT max(n) FROM (SELECT count(*) OVER () AS n, k FROM t) WHERE k = 15"
    assert days.rows(windowed) == [("6",)]
    correlated = "SELECT count(*) FROM t AS a WHERE EXISTS (SELECT 1 FROM t WHERE t.k = a.k + 5)"
    assert days.rows(correlated) == [("5",)]


def test_what_was_written_since_counts(days: AthenaClient) -> None:
    sql = "SELECT count(*) FROM t WHERE d = DATE '2020-01-02'"
    assert days.rows(sql) == [("2",)]
    days.run("INSERT INTO t (k, d) VALUES (99, DATE '2020-01-02')")
    assert days.rows(sql) == [("3",)]
    days.run("DELETE FROM t WHERE d = DATE '2020-01-02' AND k = 10")
    assert days.rows(sql) == [("2",)]
    days.run("CREATE VIEW v AS SELECT * FROM t WHERE k >= 10")
    assert days.rows("SELECT count(*) FROM v WHERE k < 20") == [("1",)]


def test_changes_look_at_the_files_that_they_may_touch(
    days: AthenaClient, files: list[int]
) -> None:
    assert (
        days.run("UPDATE t SET s = 'new' WHERE d = DATE '2020-01-02' AND x >= 0").update_count == 2
    )
    assert files == [1]
    assert days.run("DELETE FROM db.t WHERE t.k = 25 OR ts < DATE '2020-01-02'").update_count == 3
    assert files[-1] == 2
    assert days.run("DELETE FROM t WHERE k = 1000").update_count == 0
    assert days.rows("SELECT k, s FROM t ORDER BY k") == [
        ("10", "new"),
        ("15", "new"),
        ("20", "s2"),
    ]
    days.run("OPTIMIZE t REWRITE DATA USING BIN_PACK WHERE ts >= DATE '2020-01-03'")
    assert files[-1] == 1
    assert days.run("DELETE FROM t").update_count == 3


def test_names_and_types_of_other_times(days: AthenaClient, files: list[int]) -> None:
    table: Any = glue_catalog(days.session).load_table("db.t")
    first = table.current_snapshot().snapshot_id
    with table.update_schema() as schema:
        schema.rename_column("s", "old").rename_column("k", "s2")
    with table.update_schema() as schema:
        schema.add_column("s", StringType()).add_column("k", LongType())
    days.run("INSERT INTO t (s, k, old) VALUES ('s1', 7, 'z')")
    assert days.rows("SELECT count(*) FROM t WHERE s = 's1'") == [("1",)]
    assert days.rows("SELECT count(*) FROM t WHERE old = 's1'") == [("2",)]
    assert days.rows("SELECT count(*) FROM t WHERE k >= 0") == [("1",)]
    before = len(files)
    assert days.rows(f"SELECT count(*) FROM t FOR VERSION AS OF {first} WHERE s = 's1'") == [("2",)]
    assert days.rows(f"SELECT count(*) FROM t FOR VERSION AS OF {first} WHERE k = 15") == [("1",)]
    assert len(files) == before


def test_columns_that_were_widened(athena: AthenaClient) -> None:
    make(athena, "a int, b string")
    athena.run("INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    with glue_catalog(athena.session).load_table("db.t").update_schema() as schema:
        schema.update_column("a", LongType())
    athena.run("INSERT INTO t VALUES (3000000000, 'z')")
    assert athena.rows("SELECT b FROM t WHERE a = 2") == [("y",)]
    assert athena.rows("SELECT b FROM t WHERE a > 5") == [("z",)]


VALUES = {
    "i": ["NULL", "-3", "0", "2", "2147483647"],
    "s": ["NULL", "''", "'a'", "'aaaaaaaaaaaaaaaaaaaaaaaaab'", "'é'", "'😀'", "'B'"],
    "d": ["NULL", "DATE '1969-12-31'", "DATE '1970-01-01'", "DATE '2400-02-29'"],
    "ts": ["NULL", "TIMESTAMP '1969-12-31 23:59:59.999'", "TIMESTAMP '1970-01-01 00:00:00'"],
    "x": ["NULL", "nan()", "1e0", "-1e0"],
}
SPECS = (
    "",
    "PARTITIONED BY (i)",
    "PARTITIONED BY (s, x)",
    "PARTITIONED BY (day(ts), bucket(3, i))",
    "PARTITIONED BY (truncate(2, s), month(d))",
)


@pytest.mark.parametrize("spec", SPECS)
def test_the_same_rows_as_without(athena: AthenaClient, spec: str) -> None:
    make(athena, "i int, s string, d date, ts timestamp, x double", spec)
    chance = random.Random(spec)
    for _ in range(4):
        rows = [", ".join(chance.choice(values) for values in VALUES.values()) for _ in range(4)]
        athena.run(f"INSERT INTO t VALUES {', '.join(f'({row})' for row in rows)}")
    operators = ("=", "<", "<=", ">", ">=", "<>")
    compared = [
        f"{name} {operator} {value}"
        for name in ("i", "s", "d", "ts")
        for operator, value in itertools.product(operators, VALUES[name])
    ]
    for condition in chance.sample(compared, 10):
        other = chance.choice(compared)
        for text in (condition, f"{condition} OR {other}", f"{condition} AND {other}"):
            # coalesce hides the condition from the pruning.
            whole = athena.rows(f"SELECT count(*) FROM t WHERE coalesce({text}, false)")
            assert athena.rows(f"SELECT count(*) FROM t WHERE {text}") == whole, text
