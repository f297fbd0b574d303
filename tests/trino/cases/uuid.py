"""UUID functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "uuid": [
        ("uuid() = uuid()", False, "boolean"),
    ],
}
