"""How Athena reports that something went wrong: refused requests and failed queries."""

from __future__ import annotations

import logging
from typing import Any

import duckdb

from fsql.local.transpile import TrinoError, trino_error
from fsql.local.wire import AwsError

__all__ = ["failure", "invalid_request", "refusal"]

_log = logging.getLogger(__name__)

_USER, _SYSTEM = 2, 1
_USER_ERROR, _INTERNAL_ERROR = 1000, 200
# Seen from the real service; see also "Athena error catalog" in the Athena user guide.
_ERROR_TYPES = {
    "CATALOG_NOT_FOUND": 1006,
    "COLUMN_NOT_FOUND": 1006,
    "DIVISION_BY_ZERO": 1001,
    "FUNCTION_NOT_FOUND": 1303,
    "INVALID_CAST_ARGUMENT": 1100,
    "INVALID_FUNCTION_ARGUMENT": 1106,
    "INVALID_PARAMETER_USAGE": 1100,
    "MISSING_COLUMN_NAME": 1100,
    "NOT_SUPPORTED": 1200,
    "SCHEMA_NOT_FOUND": 1301,
    "TABLE_NOT_FOUND": 1301,
    "TYPE_MISMATCH": 1002,
}


def invalid_request(message: str, code: str = "INVALID_INPUT") -> AwsError:
    """A request that is refused before any query exists."""
    extra = {"AthenaErrorCode": code, "ErrorCode": code}
    return AwsError("InvalidRequestException", message, extra=extra)


def refusal(error: TrinoError) -> AwsError:
    """A statement whose text is refused when it is sent."""
    return invalid_request(error.message, "MALFORMED_QUERY")


def failure(error: Exception) -> dict[str, Any]:
    """The status of a query that failed: State, StateChangeReason and AthenaError."""
    known = _known(error)
    reason = str(known)
    default = _INTERNAL_ERROR if known.category == _SYSTEM else _USER_ERROR
    return {
        "State": "FAILED",
        "StateChangeReason": reason,
        "AthenaError": {
            "ErrorCategory": known.category,
            "ErrorType": _ERROR_TYPES.get(known.name, default),
            "Retryable": known.retryable,
            "ErrorMessage": reason,
        },
    }


def _known(error: Exception) -> TrinoError:
    match error:
        case TrinoError():
            return error
        case duckdb.Error():
            return trino_error(error)
        case AwsError():
            return TrinoError(error.code, error.message, category=_USER)
        case FileNotFoundError():  # another query, or whoever has the files, deleted it
            message = "Error opening Hive split: a file is gone; try again"
            return TrinoError("HIVE_CANNOT_OPEN_SPLIT", message)
        case MemoryError():
            message = "Query exhausted resources"
            return TrinoError("EXCEEDED_LOCAL_MEMORY_LIMIT", message, category=_SYSTEM)
    _log.error("A query failed in a way that was not foreseen.", exc_info=error)
    # Its words could hold paths of this machine; the log has them.
    message = f"Unexpected failure while running the query ({type(error).__name__})"
    return TrinoError("GENERIC_INTERNAL_ERROR", message, category=_SYSTEM)
