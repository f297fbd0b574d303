"""Session information. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "current_catalog": [
        ("current_catalog", "NOT_SUPPORTED: line 1:8: current_catalog is not supported"),
    ],
    "current_schema": [
        ("current_schema", "NOT_SUPPORTED: line 1:8: current_schema is not supported"),
    ],
    "current_user": [
        ("current_user", "NOT_SUPPORTED: line 1:8: current_user is not supported"),
    ],
}
