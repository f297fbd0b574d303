"""GetQueryExecution waits a little for a query that is about to end: clients poll too seldom."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fsql
from fsql.dialect import catalog_of

LONG = "SELECT count(*) FROM UNNEST(sequence(1, 9000)) a (x) CROSS JOIN UNNEST(sequence(1, 9000))"


@pytest.fixture
def athena(tmp_path: Path) -> Iterator[Any]:
    engine = fsql.create_engine(f"fsql:///{tmp_path}/store")
    yield catalog_of(engine).aws.client("athena")
    engine.dispose()


def start(athena: Any) -> str:
    where = {"OutputLocation": "s3://fsql-local/athena/"}
    started = athena.start_query_execution(QueryString=LONG, ResultConfiguration=where)
    return str(started["QueryExecutionId"])


def poll(athena: Any, query: str) -> tuple[str, float]:
    """A query's state, and how many seconds the answer took."""
    started = time.perf_counter()
    found = athena.get_query_execution(QueryExecutionId=query)
    return found["QueryExecution"]["Status"]["State"], time.perf_counter() - started


def test_a_poll_waits_for_the_end_or_half_a_second(athena: Any) -> None:
    query, deadline = start(athena), time.monotonic() + 60
    state, took = poll(athena, query)
    assert state == "SUCCEEDED" or took >= 0.45
    while state != "SUCCEEDED":
        assert time.monotonic() < deadline
        state, _ = poll(athena, query)
