"""Queries across processes: shared, killed, forked and left behind."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fsql.local import attach, isolated_session
from tests.programs import Program

SETUP = """
import sys, time
from fsql.local import attach, isolated_session
session = isolated_session()
local = attach(session, sys.argv[1])
client = session.client("athena")

def start(sql):
    return client.start_query_execution(
        QueryString=sql, QueryExecutionContext={"Database": "db"})["QueryExecutionId"]

def wait(id_):
    while True:
        found = client.get_query_execution(QueryExecutionId=id_)["QueryExecution"]
        if found["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
            return found
        time.sleep(0.01)

def rows(sql):
    id_ = start(sql)
    found = wait(id_)
    assert found["Status"]["State"] == "SUCCEEDED", found
    pages = client.get_paginator("get_query_results").paginate(QueryExecutionId=id_)
    return [[cell.get("VarCharValue") for cell in row["Data"]]
            for page in pages for row in page["ResultSet"]["Rows"]]
"""
LONG = (
    "SELECT count(*) AS n FROM UNNEST(sequence(1, 10000)) a(x)"
    " CROSS JOIN UNNEST(sequence(1, 10000)) b(y) CROSS JOIN UNNEST(sequence(1, 10000)) c(z)"
    " WHERE (x * 7 + y * 3 + z) % 11 = 4"
)

Started = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Started]:
    """Start a program on the store in ``tmp_path/aws``; what it prints can be read."""
    started: list[subprocess.Popen[str]] = []

    def start(text: str, *arguments: str) -> subprocess.Popen[str]:
        code = SETUP + textwrap.dedent(text)
        command = [sys.executable, "-c", code, str(tmp_path / "aws"), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


class Here:
    """The store as this process sees it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        session = isolated_session()
        self.local = attach(session, root)
        self.client = session.client("athena")
        self.run("CREATE DATABASE IF NOT EXISTS db")

    def start(self, sql: str) -> str:
        started = self.client.start_query_execution(
            QueryString=sql, QueryExecutionContext={"Database": "db"}
        )
        return str(started["QueryExecutionId"])

    def execution(self, id_: str) -> Any:
        return self.client.get_query_execution(QueryExecutionId=id_)["QueryExecution"]

    def wait(self, id_: str) -> Any:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = self.execution(id_)
            if found["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return found
            time.sleep(0.01)
        raise TimeoutError(id_)

    def run(self, sql: str) -> list[list[str | None]]:
        id_ = self.start(sql)
        status = self.wait(id_)["Status"]
        assert status["State"] == "SUCCEEDED", status
        return self.rows(id_)

    def rows(self, id_: str) -> list[list[str | None]]:
        pages = self.client.get_paginator("get_query_results").paginate(QueryExecutionId=id_)
        return [
            [cell.get("VarCharValue") for cell in row["Data"]]
            for page in pages
            for row in page["ResultSet"]["Rows"]
        ]

    def table(self, name: str, columns: str) -> None:
        self.run(
            f"CREATE TABLE {name} ({columns}) LOCATION 's3://fsql-local/{name}/'"
            " TBLPROPERTIES ('table_type'='ICEBERG')"
        )


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    """This process on the store in ``tmp_path/aws``."""
    found = Here(tmp_path / "aws")
    yield found
    found.local.close()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_another_process_sees_queries_and_reads_their_results(here: Here, program: Started) -> None:
    process = program(
        """
        id_ = start("SELECT x, 'v' || CAST(x AS varchar) AS v FROM UNNEST(sequence(1, 1500)) t(x)")
        started = [id_, start("SHOW DATABASES"), start("SELECT * FROM nope")]
        for each in started:
            wait(each)  # what has not run when its process ends is cancelled
        print(*started, flush=True)
        """
    )
    select, show, failing = line(process).split()
    assert process.wait(30) == 0
    rows = here.rows(select)
    assert rows[0] == ["x", "v"]
    assert rows[-1] == ["1500", "v1500"]
    assert len(rows) == 1501
    assert here.wait(show)["Status"]["State"] == "SUCCEEDED"
    assert here.wait(failing)["Status"]["State"] == "FAILED"
    listed = here.client.list_query_executions()["QueryExecutionIds"]
    assert {select, show, failing} <= set(listed)


def test_another_process_can_cancel(here: Here, program: Started) -> None:
    process = program("id_ = start(sys.argv[2]); print(id_, flush=True); wait(id_)", LONG)
    id_ = line(process)
    assert here.execution(id_)["Status"]["State"] == "RUNNING"
    here.client.stop_query_execution(QueryExecutionId=id_)
    assert here.wait(id_)["Status"]["State"] == "CANCELLED"
    assert process.wait(60) == 0


def test_a_query_of_a_killed_process_fails(here: Here, program: Started) -> None:
    process = program("print(start(sys.argv[2]), flush=True); time.sleep(60)", LONG)
    id_ = line(process)
    assert here.execution(id_)["Status"]["State"] == "RUNNING"
    process.kill()
    process.wait()
    status = here.execution(id_)["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith("GENERIC_INTERNAL_ERROR: The process that ran")
    assert status["AthenaError"]["Retryable"] is True
    assert status["AthenaError"]["ErrorCategory"] == 1


def test_a_program_ends_though_its_query_runs(program: Started) -> None:
    process = program("start('SELECT 1'); start(sys.argv[2]); time.sleep(0.3); print('end')", LONG)
    assert process.wait(60) == 0
    assert line(process) == "end"


def test_a_killed_insert_leaves_all_rows_or_none(here: Here, program: Started) -> None:
    here.table("t", "a bigint, b string")
    insert = (
        "INSERT INTO t SELECT x, CAST(x AS varchar) FROM UNNEST(sequence(1, 1000)) a(x)"
        " CROSS JOIN UNNEST(sequence(1, 20)) b(y)"
    )
    chance = random.Random(7)
    again = "rows(sys.argv[2])\nprint('go', flush=True)\nwhile True: rows(sys.argv[2])"
    for _ in range(5):
        with Program(SETUP + again, str(here.root), insert) as process:
            assert process.stdout.readline() == "go\n"
            time.sleep(chance.uniform(0, 0.2))
            process.kill()
        ((_,), (count,)) = here.run("SELECT count(*) AS n FROM t")
        assert int(count or 0) % 20_000 == 0
    before = int(count or 0)
    here.run(insert)
    assert here.run("SELECT count(*) AS n FROM t")[1] == [str(before + 20_000)]
    # A new process clears away what the dead ones were writing.
    working = [path.name for path in (here.root / "tmp").glob("engine-*")]
    assert len(working) > 1
    assert program("rows('SELECT 1')").wait(60) == 0
    assert len(list((here.root / "tmp").glob("engine-*"))) == 1


def test_processes_append_to_one_table_at_once(here: Here) -> None:
    here.table("t", "a bigint")
    text = "for i in range(3): rows(f'INSERT INTO t VALUES ({sys.argv[2]} * 10 + {i})')"
    processes = [Program(SETUP + text, str(here.root), str(number)) for number in range(3)]
    for number in range(3, 5):
        for i in range(3):
            here.run(f"INSERT INTO t VALUES ({number * 10 + i})")
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    rows = here.run("SELECT a FROM t ORDER BY a")[1:]
    assert [int(a or -1) for (a,) in rows] == [n * 10 + i for n in range(5) for i in range(3)]


def test_a_forked_child_runs_queries_of_its_own(program: Started) -> None:
    process = program(
        """
        import os
        rows("SELECT 1")
        long = start(sys.argv[2])
        child = os.fork()
        if child == 0:
            assert rows("SELECT 2 AS n") == [["n"], ["2"]]
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert rows("SELECT 3 AS n") == [["n"], ["3"]]
        client.stop_query_execution(QueryExecutionId=long)
        print(status, wait(long)["Status"]["State"])
        """,
        LONG,
    )
    assert line(process) == "0 CANCELLED"
    assert process.wait(60) == 0
