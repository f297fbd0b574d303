"""A client that runs SQL on Athena as the tests want it: start, wait, read everything."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import boto3

FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")


class Failed(AssertionError):
    """A query that did not succeed, with its reason."""


@dataclass
class Result:
    """What a query left.

    Attributes:
        rows: all rows, the header of a SELECT not among them; None is NULL.
        names, types: of the columns.
        update_count: UpdateCount, or None.
        execution: its QueryExecution.
    """

    rows: list[tuple[str | None, ...]]
    names: list[str]
    types: list[str]
    update_count: int | None
    execution: dict[str, Any]


class AthenaClient:
    """Runs statements in one database."""

    def __init__(self, session: boto3.Session, database: str | None, output: str) -> None:
        self.session = session
        self.client = session.client("athena")
        self.database = database
        self.output = output

    def start(self, sql: str, **arguments: Any) -> str:
        if self.database:
            arguments.setdefault("QueryExecutionContext", {"Database": self.database})
        arguments.setdefault("ResultConfiguration", {"OutputLocation": self.output})
        started = self.client.start_query_execution(QueryString=sql, **arguments)
        return str(started["QueryExecutionId"])

    def wait(self, id_: str) -> dict[str, Any]:
        deadline = time.monotonic() + 300  # a test's own limit comes first
        while time.monotonic() < deadline:
            found = self.client.get_query_execution(QueryExecutionId=id_)["QueryExecution"]
            if found["Status"]["State"] in FINAL:
                return dict(found)
            time.sleep(0.005)
        raise TimeoutError(f"query {id_} does not end")

    def execute(self, sql: str, **arguments: Any) -> dict[str, Any]:
        """Run a statement to its end; its QueryExecution."""
        return self.wait(self.start(sql, **arguments))

    def run(self, sql: str, **arguments: Any) -> Result:
        """Run a statement that must succeed; its result."""
        execution = self.execute(sql, **arguments)
        if execution["Status"]["State"] != "SUCCEEDED":
            raise Failed(execution["Status"].get("StateChangeReason"))
        rows: list[tuple[str | None, ...]] = []
        pages = list(
            self.client.get_paginator("get_query_results").paginate(
                QueryExecutionId=execution["QueryExecutionId"]
            )
        )
        for page in pages:
            rows += [
                tuple(cell.get("VarCharValue") for cell in row["Data"])
                for row in page["ResultSet"]["Rows"]
            ]
        infos = pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        names = [info["Name"] for info in infos]
        if execution["StatementType"] == "DML" and rows and list(rows[0]) == names:
            rows = rows[1:]
        return Result(
            rows, names, [info["Type"] for info in infos], pages[0].get("UpdateCount"), execution
        )

    def rows(self, sql: str, **arguments: Any) -> list[tuple[str | None, ...]]:
        return self.run(sql, **arguments).rows

    def reason(self, sql: str, **arguments: Any) -> str:
        """Run a statement that must fail; why it did."""
        execution = self.execute(sql, **arguments)
        assert execution["Status"]["State"] == "FAILED", execution
        return str(execution["Status"]["StateChangeReason"])
