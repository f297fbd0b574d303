"""Runs cases, fast: by the translation and DuckDB."""

from __future__ import annotations

import math
import re
from typing import Any

from tests.local.trino_sql import failure, run
from tests.trino import Case, Rows

__all__ = ["check", "matches", "query_of"]

_QUERY = re.compile(r"\s*(SELECT|WITH|VALUES|TABLE)\b")


def query_of(case: Case) -> str:
    """The query that a case means."""
    return case[0] if _QUERY.match(case[0]) else f"SELECT {case[0]}"


def check(case: Case) -> None:
    """Assert that a case gives what it says."""
    if len(case) == 2:
        _check_failure(*case)
    else:
        _check_value(*case)


def _check_failure(text: str, expected: str) -> None:
    found = failure(query_of((text, expected)))
    assert found == expected or found.startswith(f"{expected}: "), found


def _check_value(text: str, value: Any, type_: str) -> None:
    answer = run(query_of((text, value, type_)))
    assert ", ".join(str(found) for found in answer.types) == type_
    found = answer.rows if isinstance(value, Rows) else answer.value
    assert matches(found, value), (found, value)


def matches(found: Any, expected: Any) -> bool:
    """Whether a value is the expected one, of the same Python type; NaN is NaN."""
    if isinstance(expected, float):
        if math.isnan(expected):
            return isinstance(found, float) and math.isnan(found)
        return isinstance(found, float) and (found, _sign(found)) == (expected, _sign(expected))
    if isinstance(expected, (list, tuple)):
        return len(found) == len(expected) and all(map(matches, found, expected))
    if isinstance(expected, dict):
        same = found.keys() == expected.keys()
        return same and all(matches(found[key], value) for key, value in expected.items())
    if isinstance(expected, (bool, int, str, bytes)):
        return bool(found == expected) and type(found) is type(expected)
    return bool(found == expected)


def _sign(value: float) -> float:
    return math.copysign(1.0, value)
