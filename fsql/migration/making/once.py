"""Statements that run once, however often the step that they belong to is begun."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import time
from collections.abc import Mapping
from itertools import count
from typing import Any

from fsql.catalog import Catalog
from fsql.dbapi import connect
from fsql.errors import QueryError
from fsql.planning import Planner

__all__ = ["run_once"]

ATTEMPTS = 5
_OVERTAKEN = "ICEBERG_COMMIT_ERROR"
_SKEW = dt.timedelta(seconds=2)  # between this machine's clock and Athena's


def run_once(catalog: Catalog, sql: str, name: str) -> None:
    """Run a statement, unless one of this name has run to its end.

    Athena runs what comes with one ClientRequestToken once and tells a repetition how that went
    (Amazon Athena API Reference, StartQueryExecution). What failed before this call is tried again
    under another token, and so is what other writers were quicker than, or what Athena itself says
    might succeed if it is submitted again (`AthenaError.Retryable` of a QueryExecution).

    Raises:
        InvalidQuery, QueryFailed, QueryCancelled: it failed.
    """
    begun = dt.datetime.now(dt.UTC)
    failures = 0
    for attempt in count():
        token = hashlib.sha256(f"{name} {attempt} {sql}".encode()).hexdigest()
        try:
            _execute(catalog, sql, token)
            return
        except QueryError as error:
            status = _status(catalog, error)
            if status and status["SubmissionDateTime"] < begun - _SKEW:
                continue  # Athena has told how an earlier process's attempt went
            failures += 1
            again = _OVERTAKEN in str(error) or status.get("AthenaError", {}).get("Retryable")
            if not again or failures == ATTEMPTS:
                raise
            time.sleep(random.uniform(0.5, 1) * 0.2 * 2**failures)


def _execute(catalog: Catalog, sql: str, token: str) -> None:
    with connect(planner=Planner(catalog)) as connection, connection.cursor() as cursor:
        cursor.execute(sql, request_token=token)


def _status(catalog: Catalog, error: QueryError) -> Mapping[str, Any]:
    """What Athena tells of a query that failed; nothing if it never began."""
    if error.query_id is None:
        return {}
    athena: Any = catalog.aws.client("athena")
    found = athena.get_query_execution(QueryExecutionId=error.query_id)["QueryExecution"]
    status: Mapping[str, Any] = found["Status"]
    return status
