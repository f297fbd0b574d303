"""What Athena says when it refuses or fails, as errors with a next step."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from pyathena.model import AthenaQueryExecution

from fsql.catalog import Catalog
from fsql.errors import (
    InvalidQuery,
    QueryCancelled,
    QueryError,
    QueryFailed,
    StorageError,
    nearest,
)

__all__ = ["MAX_QUERY_BYTES", "check_size", "failed", "rejected", "repeated"]

# https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
MAX_QUERY_BYTES = 262_144
ATTEMPTS = 4
FIRST_PAUSE = 0.25  # seconds, doubled each time
_MISSING_TABLE = re.compile(r"Table '(?:\w+\.)?(?P<database>[^.']+)\.(?P<table>[^']+)' does not")


def check_size(sql: str) -> None:
    """Refuse a statement that Athena would not take, before it is sent.

    Raises:
        InvalidQuery: it is longer than Athena allows.
    """
    size = len(sql.encode())
    if size > MAX_QUERY_BYTES:
        raise InvalidQuery(
            f"The query has {size:,} bytes; Athena takes {MAX_QUERY_BYTES:,}."
            " Put long lists of values into a table and join it."
        )


def rejected(error: Exception) -> Exception:
    """The error for a request that Athena did not accept."""
    cause = error.__cause__
    if isinstance(error, QueryError) or not isinstance(cause, ClientError):
        return error
    details = cause.response.get("Error", {})
    code, message = details.get("Code", ""), details.get("Message", str(cause))
    if code == "InvalidRequestException":
        return InvalidQuery(message)
    if code in ("AccessDeniedException", "UnrecognizedClientException"):
        return StorageError(f"{message} `fsql doctor` checks credentials and permissions.")
    return QueryFailed(f"{code}: {message}")


def failed(execution: AthenaQueryExecution, catalog: Catalog) -> QueryError:
    """The error for a query that ended in another state than SUCCEEDED."""
    reason = execution.state_change_reason or execution.error_message or "No reason given."
    if execution.state == AthenaQueryExecution.STATE_CANCELLED:
        return QueryCancelled(f"The query was cancelled. {reason}", execution.query_id)
    if execution.error_category == AthenaQueryExecution.ERROR_CATEGORY_USER:
        return InvalidQuery(reason + _hint(reason, catalog), execution.query_id)
    return QueryFailed(reason, execution.query_id, retryable=bool(execution.retryable))


def repeated(run: Callable[[], None]) -> None:
    """Run a query, and again while Athena fails by no fault of the query's.

    Only for statements that change nothing: of others nobody knows how far they came.

    Raises:
        QueryFailed: it failed every time, or cannot succeed.
    """
    attempt = 1
    while True:
        try:
            run()
            break
        except QueryFailed as error:
            if not error.retryable:
                raise
            if attempt == ATTEMPTS:
                message = f"{error} It was run {ATTEMPTS} times and failed every time."
                raise QueryFailed(message, error.query_id, retryable=True) from error
        time.sleep(random.uniform(0.5, 1) * FIRST_PAUSE * 2**attempt)
        attempt += 1


def _hint(reason: str, catalog: Catalog) -> str:
    """The nearest table names, where one was not found."""
    match: Any = _MISSING_TABLE.search(reason)
    if match is None:
        return ""
    names = [entry.name for entry in catalog.entries(match["database"])]
    close = nearest(match["table"], names)
    return f". Did you mean {' or '.join(map(repr, close))}?" if close else ""
