"""Whether something was done, when it is not done in one go or AWS answers with an error."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

__all__ = ["is_final", "without_interrupt"]

T = TypeVar("T")


def is_final(error: Exception) -> bool:
    """Whether nothing of what failed can still happen: AWS has answered that it did not do it.

    Of a request that was not answered, or by an error of AWS's own, nobody knows.
    """
    if isinstance(error, ClientError):
        return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) < 500
    return not isinstance(error, BotoCoreError)


def without_interrupt(work: Callable[[], T]) -> T:
    """Run to the end what a Ctrl-C must not cut in two; it is raised afterwards."""
    with ThreadPoolExecutor(1, "fsql-commit") as pool:
        future = pool.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            wait([future])
            raise
