"""Processes that migrate and die on the way: before the n-th request that changes something."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from typing import Any

import pytest
from botocore.client import BaseClient

from fsql.storage import Storage

__all__ = ["migrate", "migrated"]

Way = Callable[[str], None]

LOOKS = ("Get", "List", "BatchGet", "Head")


def migrate(url: str, way: Way, at: int, count: Any) -> None:
    """Bring the project's store to a revision, or die.

    Args:
        way: goes there, given the URL.
        at: before which of the requests that change something to die; 0 is before none.
        count: a shared integer, which says how many there were.
    """

    def asked() -> None:
        count.value += 1
        if count.value == at:
            os.kill(os.getpid(), signal.SIGKILL)

    _watch(asked)
    way(url)


def _watch(asked: Callable[[], None]) -> None:
    """Call `asked` before each request that changes something.

    What boto3 asks is seen where it is asked; files are written by pyarrow, past botocore.
    """
    call = vars(BaseClient)["_make_api_call"]
    write, clear = Storage.for_writing, Storage.delete_prefix

    def calling(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if not operation.startswith(LOOKS):
            asked()
        return call(client, operation, parameters)

    def writing(storage: Storage, uri: str) -> str:
        asked()
        return write(storage, uri)

    def clearing(storage: Storage, prefix: str) -> None:
        asked()
        clear(storage, prefix)

    patch = pytest.MonkeyPatch()  # for as long as the process lives
    patch.setattr(BaseClient, "_make_api_call", calling)
    patch.setattr(Storage, "for_writing", writing)
    patch.setattr(Storage, "delete_prefix", clearing)


def migrated(
    processes: ForkServerContext, url: str, way: Way, at: int = 0
) -> tuple[int | None, int]:
    """Run `migrate` in a process of its own; its exit code, and how many requests there were."""
    count = processes.Value(ctypes.c_int, 0)
    process = processes.Process(target=migrate, args=(url, way, at, count))
    process.start()
    process.join(100)
    return process.exitcode, count.value
