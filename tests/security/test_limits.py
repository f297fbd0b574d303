"""What queries may take: memory, time, and what a hostile one does to the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import fsql
from fsql.cli import main
from fsql.errors import ConfigError
from fsql.urls import parse_memory, parse_url
from tests.security.place import Place, place

MANY = "UNNEST(sequence(1, 10000))"
FOREVER = f"SELECT count(*) FROM {MANY} a(x), {MANY} b(y), {MANY} c(z), {MANY} d(w)"
DEAF = "SELECT levenshtein_distance(lpad('', 150000, 'a'), lpad('', 150000, 'b'))"
"""It takes a quarter of a minute within one call of a function, which DuckDB does not interrupt."""
TIME = "EXCEEDED_TIME_LIMIT: Query exhausted resources: it ran longer than the limit of 2.00s"
MEMORY = "EXCEEDED_LOCAL_MEMORY_LIMIT: Query exhausted resources"


@pytest.fixture(scope="module")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with _bounded(tmp_path_factory.mktemp("small")) as made:
        yield made


@contextmanager
def _bounded(folder: Path) -> Iterator[Place]:
    with place(folder, "--query-timeout", "2", "--max-memory", "300MB") as made:
        made.ask("SELECT 1")
        yield made


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Place]:
    """Such a store of one test's, which others' abandoned queries take no memory of."""
    with _bounded(tmp_path) as made:
        yield made
        assert made.is_well()


@pytest.fixture
def small(_small: Place) -> Iterator[Place]:
    """A store of which queries may take 300 MB and two seconds."""
    yield _small
    assert _small.is_well()


def test_a_query_that_takes_too_long_fails(small: Place) -> None:
    start = time.monotonic()
    assert small.ask(FOREVER) == TIME
    assert time.monotonic() - start < 60
    found = small.athena.list_query_executions()["QueryExecutionIds"][0]
    status = small.athena.get_query_execution(QueryExecutionId=found)["QueryExecution"]["Status"]
    assert status["AthenaError"]["ErrorCategory"] == 1
    assert status["State"] == "FAILED"


@pytest.mark.slow
def test_a_query_that_is_deaf_is_given_up(alone: Place) -> None:
    told: list[Any] = []
    threads = [threading.Thread(target=lambda: told.append(alone.ask(DEAF))) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    start = time.monotonic()
    assert alone.ask("SELECT 2") == [["_col0"], ["2"]]
    assert time.monotonic() - start < 60
    for thread in threads:
        thread.join(120)
    assert told == [TIME] * 3
    assert alone.ask("SELECT 3") == [["_col0"], ["3"]]


def test_a_deaf_query_can_be_stopped(small: Place) -> None:
    started = small.athena.start_query_execution(QueryString=DEAF)["QueryExecutionId"]
    small.athena.stop_query_execution(QueryExecutionId=started)
    state = ""
    for _ in range(200):
        found = small.athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
        state = found["Status"]["State"]
        if state == "CANCELLED":
            break
        time.sleep(0.1)
    assert state == "CANCELLED"


@pytest.mark.slow  # each takes what it may
@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT cardinality(array_agg(x * y)) FROM {MANY} a(x), {MANY} b(y)",
        f"SELECT array_agg(x) FROM {MANY} a(x), {MANY} b(y) GROUP BY x % 3",
        "SELECT length(lpad('', 2000000000, 'x'))",
        "SELECT length(replace(lpad('', 1000000, 'a'), 'a', lpad('', 1000000, 'b')))",
        "SELECT cardinality(sequence(1, 1000000000))",
        "SELECT cardinality(split(lpad('', 200000000, ','), ','))",
        "SELECT lpad('', 100000000, 'x') FROM UNNEST(sequence(1, 100))",
        "SELECT transform(sequence(1, 10000), x -> lpad('', 1000000, 'y'))",
        "SELECT format('%1000000000d', 1)",
        "SELECT CAST(json_parse(lpad('', 1000000, '[')) AS varchar)",
    ],
)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the bound is Linux's")
def test_memory_is_bounded(small: Place, sql: str) -> None:
    told = small.ask(sql)
    assert isinstance(told, str), "it should have been too much"
    assert told in (MEMORY, TIME) or told.startswith(("INVALID_", "NOT_SUPPORTED", "NUMERIC_"))
    assert small.served.memory() < 300 + 2048 + 1000


def test_memory_that_duckdb_counts_is_bounded(small: Place) -> None:
    assert small.ask(f"SELECT array_agg(x * y) FROM {MANY} a(x), {MANY} b(y)") in (MEMORY, TIME)


# Where the limits are said


def test_urls_say_limits(tmp_path: Path) -> None:
    url = f"fsql:///{tmp_path}/store?max_memory=200MB&query_timeout=0.5"
    connection: Any = fsql.connect(url)
    with pytest.raises(fsql.errors.FsqlError, match="EXCEEDED_TIME_LIMIT"):
        connection.cursor().execute(FOREVER)
    with pytest.raises(fsql.errors.FsqlError, match="EXCEEDED_"):
        connection.cursor().execute(f"SELECT array_agg(x + y) FROM {MANY} a(x), {MANY} b(y)")
    with pytest.raises(ConfigError, match="open in this process with other limits: max_memory=2"):
        fsql.connect(url.replace("200MB", "300MB"))
    assert fsql.connect(f"fsql:///{tmp_path}/store").cursor().execute("SELECT 1").fetchall()


@pytest.mark.parametrize(
    "query",
    [
        *("max_memory=2", "max_memory=-2GB", "max_memory=1MB", "max_memory=x"),
        *("max_memory=9999999999TB", "query_timeout=0", "query_timeout=-1"),
        *("query_timeout=nan", "query_timeout=inf", "query_timeout=soon"),
    ],
)
def test_limits_that_are_none(query: str) -> None:
    with pytest.raises(ConfigError, match=query.partition("=")[0]):
        parse_url(f"fsql:///x?{query}")
    name, _, value = query.partition("=")
    command = ["serve", "--url", "fsql:///x", f"--{name.replace('_', '-')}={value}"]
    assert CliRunner().invoke(main, command).exit_code != 0


def test_limits_are_for_embedded_stores() -> None:
    with pytest.raises(ConfigError, match="embedded"):
        parse_url("fsql://us-east-1/db?work_group=w&max_memory=1GB")


def test_sizes() -> None:
    assert parse_memory("512MB") == 512_000_000
    assert parse_memory("1.5 GiB") == 3 << 29
    assert parse_memory("1000000000b") == 10**9
