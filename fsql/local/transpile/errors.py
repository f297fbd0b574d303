"""Trino's errors: a code, a category and the words that Athena shows."""

from __future__ import annotations

__all__ = ["INTERNAL", "SYSTEM", "USER", "TrinoError"]

SYSTEM = 1
"""Athena's ErrorCategory of a fault of the service itself."""
USER = 2
"""Athena's ErrorCategory of a query that asks for the impossible."""
INTERNAL = "GENERIC_INTERNAL_ERROR"


class TrinoError(Exception):
    """A query that Athena would refuse, or that fails while it runs.

    `name` is Trino's error code (``TABLE_NOT_FOUND``), `message` what follows it
    (``line 1:15: Table 'awsdatacatalog.db.t' does not exist``), `category` Athena's ErrorCategory
    (1 system, 2 user, 3 other). `str()` gives both as Athena's StateChangeReason has them.
    """

    def __init__(
        self, name: str, message: str, *, category: int = USER, retryable: bool = False
    ) -> None:
        super().__init__(name, message)
        self.name = name
        self.message = message
        self.category = category
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"
