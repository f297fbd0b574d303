"""Result reuse by age: the result of an earlier run in the place of a new one.

As documented, what the tables hold by now plays no part: whoever asks for reuse says how old an
answer may be. https://docs.aws.amazon.com/athena/latest/ug/reusing-query-results.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fsql.local.athena.history import Execution, History
from fsql.local.statements.failures import invalid_request
from fsql.local.statements.nodes import Execute, Select, Statement

__all__ = ["max_age", "reusable"]

Json = dict[str, Any]
_DEFAULT_MINUTES = 60
_MOST_MINUTES = 10_080


def max_age(configuration: Json) -> float | None:
    """How many seconds old a result may be, by a ResultReuseConfiguration; None for no reuse."""
    by_age: Json = configuration.get("ResultReuseByAgeConfiguration") or {}
    minutes = by_age.get("MaxAgeInMinutes", _DEFAULT_MINUTES)
    if not 0 <= minutes <= _MOST_MINUTES:
        raise invalid_request(
            f"MaxAgeInMinutes is {minutes}, and must be between 0 and {_MOST_MINUTES}"
        )
    return minutes * 60.0 if by_age.get("Enabled") else None


def reusable(
    history: History,
    find: Callable[[str], object | None],
    new: Execution,
    statement: Statement,
    age: float,
) -> Execution | None:
    """The newest execution whose result serves a new one; None if there is none.

    Args:
        find: tells by its URI whether the file of a result is there still.
        age: of the result, in seconds at most.
    """
    if not isinstance(statement, Select | Execute):
        return None
    since = time.time() - age
    body = new.body
    for earlier in history.succeeded(body["WorkGroup"], body["Query"], since):
        if _same(earlier, new) and find(earlier.output) is not None:
            return earlier
    return None


def _same(earlier: Execution, new: Execution) -> bool:
    """Whether it ran itself, in the same database, with the same values and result settings."""
    information = earlier.body["Statistics"].get("ResultReuseInformation", {})
    said = ("QueryExecutionContext", "ExecutionParameters")
    return (
        not information.get("ReusedPreviousResult")
        and earlier.folder == new.folder
        and all(earlier.body.get(name) == new.body.get(name) for name in said)
    )
