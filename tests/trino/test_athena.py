"""The same cases as strangers see them: by boto3, through the whole embedded Athena."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import pytest

from fsql.local import attach, isolated_session
from tests.trino import Case, Rows
from tests.trino.running import query_of
from tests.trino.text import Unprinted, column_type, printed
from tests.trino.topics import Topic, is_failure, topics

_AT_ONCE = 25
WITH_CASES = [topic for topic in topics() if any(entry.cases for entry in topic.entries)]


class Athena:
    """An Athena client of an empty store."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def ended(self, sql: str) -> Any:
        """The execution of a query that has ended."""
        id_ = self.client.start_query_execution(QueryString=sql)["QueryExecutionId"]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = self.client.get_query_execution(QueryExecutionId=id_)["QueryExecution"]
            if found["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return found
            time.sleep(0.002)
        raise TimeoutError(sql)

    def result(self, sql: str) -> Any:
        """The result set of a query."""
        found = self.ended(sql)
        assert found["Status"]["State"] == "SUCCEEDED", (sql, found["Status"])
        id_ = found["QueryExecutionId"]
        return self.client.get_query_results(QueryExecutionId=id_)["ResultSet"]


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Athena:
    session = isolated_session()
    attach(session, tmp_path_factory.mktemp("trino"))
    return Athena(session.client("athena"))


def _batches(cases: list[Case]) -> Iterator[list[Case]]:
    left = iter(cases)
    while batch := list(islice(left, _AT_ONCE)):
        yield batch


def _cases(topic: Topic, failing: bool) -> list[Case]:
    found = [case for entry in topic.entries for case in entry.cases]
    return [case for case in found if is_failure(case) == failing]


def _is_one_value(case: Case) -> bool:
    return not isinstance(case[1], Rows)


@pytest.mark.parametrize("topic", WITH_CASES, ids=lambda topic: topic.slug)
def test_values_and_types(athena: Athena, topic: Topic) -> None:
    single = [case for case in _cases(topic, failing=False) if _is_one_value(case)]
    for batch in _batches(single):
        columns = ", ".join(f"({query_of(case)})" for case in batch)
        result = athena.result(f"SELECT {columns}")
        infos = result["ResultSetMetadata"]["ColumnInfo"]
        cells = result["Rows"][1]["Data"]
        for case, info, cell in zip(batch, infos, cells, strict=True):
            assert info["Type"] == column_type(case[-1]), case
            with suppress(Unprinted):
                assert cell.get("VarCharValue") == printed(case[1], case[-1]), case


@pytest.mark.parametrize("topic", WITH_CASES, ids=lambda topic: topic.slug)
def test_failures(athena: Athena, topic: Topic) -> None:
    for case in _cases(topic, failing=True):
        status = athena.ended(query_of(case))["Status"]
        assert status["State"] == "FAILED", case
        assert status["StateChangeReason"].startswith(case[1]), (case, status)
        assert status["AthenaError"]["ErrorCategory"] == 2, case
