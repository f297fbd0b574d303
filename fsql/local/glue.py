"""The embedded AWS Glue Data Catalog."""

from __future__ import annotations

from typing import Any

from .store import Store
from .wire import unknown_operation


class Glue:
    """Answers Glue's operations out of the store's catalog, in the shapes of the wire."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The operation's output. AwsError with Glue's own codes and messages."""
        raise unknown_operation("Glue", operation)
