"""Kills a process at one of the requests that it sends through the proxy."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import Future

import fsql
from tests.faults.proxy import Request

__all__ = ["Killer", "changes", "settle"]


class Killer:
    """Kills a process at its n-th request that changes something.

    Args:
        at: which request; none if 0.
        afterwards: when it has been carried out; else it is lost.
    """

    def __init__(self, at: int, afterwards: bool) -> None:
        self._at, self._afterwards = at, afterwards
        self._lock = threading.Lock()
        self._numbers: dict[int, int] = {}
        self.pid: Future[int] = Future()
        self.count = 0

    def before(self, request: Request) -> None:
        """Called with each request before it is passed on."""
        if changes(request):
            with self._lock:
                self.count += 1
                number = self._numbers[id(request)] = self.count
            if number == self._at and not self._afterwards:
                self._strike()
                raise ConnectionResetError

    def after(self, request: Request) -> None:
        """Called when it has been carried out and not been answered yet."""
        if self._numbers.get(id(request)) == self._at and self._afterwards:
            self._strike()

    def _strike(self) -> None:
        os.kill(self.pid.result(), signal.SIGKILL)


def changes(request: Request) -> bool:
    """Whether a request may change the store: a PUT, POST or DELETE, a statement, a table."""
    if request.operation.startswith("s3."):
        return request.method not in ("GET", "HEAD")
    return not request.operation.partition(".")[2].startswith(("Get", "List", "BatchGet"))


def settle(store: fsql.FeatureStore) -> None:
    """Wait for the statements that Athena still runs for a process that is no more."""
    athena = store.catalog.aws.client("athena")
    for query in athena.list_query_executions(MaxResults=10)["QueryExecutionIds"]:
        for _ in range(2000):
            found = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
                break
            time.sleep(0.05)
