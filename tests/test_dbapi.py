"""`fsql.dbapi` as PEP 249 wants it, and what it does beyond."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fsql
from fsql import dbapi
from fsql.errors import InvalidQuery, QueryCancelled

ENDLESS = """SELECT count(*) FROM UNNEST(sequence(1, 10000)) AS a (x)
CROSS JOIN UNNEST(sequence(1, 10000)) AS b (y) CROSS JOIN UNNEST(sequence(1, 1000)) AS c (z)
WHERE (x * 7 + y * 13 + z) % 1000003 = 5"""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[dbapi.Connection]:
    with fsql.connect(f"fsql:///{tmp_path}/store") as made:
        yield made


def test_the_module() -> None:
    assert (dbapi.apilevel, dbapi.threadsafety, dbapi.paramstyle) == ("2.0", 2, "pyformat")
    assert issubclass(dbapi.ProgrammingError, dbapi.DatabaseError)
    assert issubclass(InvalidQuery, dbapi.ProgrammingError)
    for name in dbapi.__all__:
        assert hasattr(dbapi, name)


def test_a_cursors_life(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    assert cursor.description is None
    assert cursor.rowcount == -1
    with pytest.raises(dbapi.ProgrammingError):
        cursor.fetchone()
    cursor.execute("SELECT * FROM (VALUES (1, 'a'), (2, NULL), (3, 'c')) AS t (n, s) ORDER BY n")
    description: list[tuple[Any, ...]] = cursor.description or []
    assert [column[:2] for column in description] == [("n", "integer"), ("s", "varchar")]
    assert cursor.fetchone() == (1, "a")
    assert cursor.fetchmany(1) == [(2, None)]
    assert cursor.fetchall() == [(3, "c")]
    assert cursor.fetchone() is None
    assert cursor.fetchall() == []
    assert list(cursor.execute("SELECT 7")) == [(7,)]
    cursor.close()
    with pytest.raises(dbapi.ProgrammingError):
        cursor.execute("SELECT 1")


def test_transactions_do_nothing(connection: dbapi.Connection) -> None:
    connection.commit()
    connection.rollback()


def test_statements_that_give_no_rows(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t AS SELECT * FROM (VALUES 1, 2) AS v (a)")
    assert cursor.rowcount == 2
    cursor.execute("DROP TABLE t")
    assert cursor.description is None or cursor.fetchall() == []


def test_what_a_table_is(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b")
    assert cursor.execute("SHOW TABLES").fetchall() == [("t",)]
    described = cursor.execute("DESCRIBE t").fetchall()
    assert [row[:2] for row in described] == [("a", "int"), ("b", "varchar(1)")]
    assert "CREATE" in str(cursor.execute("SHOW CREATE TABLE t").fetchall()[0][0])
    assert cursor.execute("EXPLAIN SELECT a FROM t").fetchall()


def test_many_sets_of_parameters(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute(
        "CREATE TABLE t (a int, b string) LOCATION 's3://fsql-local/warehouse/t/'"
        " TBLPROPERTIES ('table_type' = 'ICEBERG')"
    )
    cursor.executemany(
        "INSERT INTO t VALUES (%(a)s, %(b)s)", [{"a": 1, "b": "it's"}, {"a": 2, "b": "%"}]
    )
    assert cursor.rowcount == 2
    assert cursor.execute("SELECT * FROM t ORDER BY a").fetchall() == [(1, "it's"), (2, "%")]


def test_results_as_arrow(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    with pytest.raises(dbapi.ProgrammingError, match="execute a statement first"):
        cursor.as_arrow()
    cursor.execute("SELECT ARRAY[1, 2] AS a, 1 AS a")
    assert cursor.as_arrow().column(0).to_pylist() == [[1, 2]]
    assert cursor.schema.names == ["a", "a"]
    assert sum(batch.num_rows for batch in cursor.as_batches()) == 1
    assert cursor.statistics["transport"] == "unload"


def test_a_small_query_does_not_wait_for_a_poll(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    took = []
    for _ in range(10):
        started = time.perf_counter()
        cursor.execute("SELECT 1")
        took.append(time.perf_counter() - started)
    assert min(took) < 0.5  # a poll of PyAthena's would take a second each time


def test_no_call_too_many(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t AS SELECT 1 AS a")
    calls: list[str] = []
    clients = connection.client, connection.s3_client, *map(connection.aws.client, ("glue", "s3"))
    for client in clients:
        client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
    assert cursor.execute("SELECT a FROM t").fetchall() == [(1,)]
    polls = calls.count("GetQueryExecution")
    assert polls >= 1
    others = [call for call in calls if call != "GetQueryExecution"]
    assert others == ["GetTable", "StartQueryExecution", "GetQueryResults"]


def test_a_cancelled_query_says_so(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    started = threading.Event()

    def cancel() -> None:
        started.wait(60)
        time.sleep(0.2)
        cursor.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    begun = time.perf_counter()
    with pytest.raises(QueryCancelled) as caught:
        cursor.execute(ENDLESS, on_start_query_execution=lambda _: started.set())
    thread.join()
    assert caught.value.query_id
    assert time.perf_counter() - begun < 60
    assert cursor.execute("SELECT 1").fetchall() == [(1,)]


def test_ctrl_c_cancels_the_query(tmp_path: Path) -> None:
    url = f"fsql:///{tmp_path}/store"
    code = (
        "import sys, fsql\n"
        f"cursor = fsql.connect({url!r}).cursor()\n"
        "say = lambda query: print(query, flush=True)\n"
        f"cursor.execute({ENDLESS!r}, on_start_query_execution=say)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        query = process.stdout.readline().strip()
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert "KeyboardInterrupt" in errors
    athena = fsql.connect(url).aws.client("athena")
    state = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"]
    assert state == "CANCELLED"


def test_connections_may_share_a_store_across_threads(tmp_path: Path) -> None:
    url = f"fsql:///{tmp_path}/store"
    answers: list[int] = []

    def ask(number: int) -> None:
        with fsql.connect(url) as mine:
            answers.append(mine.cursor().execute(f"SELECT {number}").fetchall()[0][0])

    threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(8))
