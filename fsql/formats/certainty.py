"""Whether something was done, when it is not done in one go or AWS answers with an error."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

__all__ = ["is_refusal", "without_interrupt"]

T = TypeVar("T")


def is_refusal(error: BotoCoreError | ClientError) -> bool:
    """Whether AWS has answered that it did not do it."""
    if not isinstance(error, ClientError):
        return False
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) < 500


def without_interrupt(work: Callable[[], T]) -> T:
    """Run to the end what a Ctrl-C must not cut in two; it is raised afterwards."""
    with ThreadPoolExecutor(1, "fsql-commit") as pool:
        future = pool.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            wait([future])
            raise
