"""Statements that run once, however often the step that they belong to is begun."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import time
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
    under another token, and so is what other writers were quicker than.

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
            if _is_of_earlier(catalog, error, begun):
                continue
            failures += 1
            if _OVERTAKEN not in str(error) or failures == ATTEMPTS:
                raise
            time.sleep(random.uniform(0.5, 1) * 0.2 * 2**failures)


def _execute(catalog: Catalog, sql: str, token: str) -> None:
    with connect(planner=Planner(catalog)) as connection, connection.cursor() as cursor:
        cursor.execute(sql, request_token=token)


def _is_of_earlier(catalog: Catalog, error: QueryError, begun: dt.datetime) -> bool:
    """Whether Athena has told how an earlier process's attempt went."""
    if error.query_id is None:
        return False
    athena: Any = catalog.aws.client("athena")
    found = athena.get_query_execution(QueryExecutionId=error.query_id)["QueryExecution"]
    submitted: dt.datetime = found["Status"]["SubmissionDateTime"]
    return submitted < begun - _SKEW
