"""Processes that migrate and die on the way, at a moment that an undisturbed run has shown."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.client import BaseClient

from fsql.storage import Storage
from tests.programs import forking

__all__ = ["Moment", "Request", "boundaries", "died", "watched"]

Way = Callable[[str], None]

LOOKS = ("Get", "List", "BatchGet", "Head")
TABLES = ("CreateTable", "UpdateTable", "DeleteTable")
STATEMENTS = ("INSERT", "UPDATE", "DELETE", "MERGE")
VERSIONS = "alembic_version"


@dataclass(frozen=True)
class Request:
    """One that alters something.

    Attributes:
        number: counted from 1 in its process.
        mark: what it does to the journal or to a table, if it ends a part of an operation; the
            same in a process that goes on after another one.
    """

    number: int
    mark: str | None


@dataclass(frozen=True)
class Moment:
    """When a process dies.

    Attributes:
        number: of the request before which it does.
        mark: of the request around which it does.
        after: that request has been answered.
    """

    number: int = 0
    mark: str | None = None
    after: bool = False

    def is_before(self, request: Request) -> bool:
        """Whether it is as a request is about to be sent."""
        meant = request.mark == self.mark if self.mark else request.number == self.number
        return meant and not self.after

    def is_after(self, request: Request) -> bool:
        """Whether it is as a request has been answered."""
        return self.mark is not None and request.mark == self.mark and self.after


def boundaries(requests: Sequence[Request]) -> list[Moment]:
    """The moments between operations, and between what an operation does to one table and another.

    They are those before and after each write of the journal, of a table's entry in Glue, and each
    statement; two between which nothing is altered are one.
    """
    marks = [request.mark for request in requests if request.mark]
    twice = sorted({mark for mark in marks if marks.count(mark) > 1})
    assert not twice, f"these requests cannot be told apart: {twice}"
    found = list[Moment]()
    for before, request in zip([None, *requests], requests, strict=False):
        if request.mark:
            if before is None or before.mark is None:
                found.append(Moment(mark=request.mark))
            found.append(Moment(mark=request.mark, after=True))
    return found


def died(url: str, way: Way, moment: Moment) -> bool:
    """Whether a process that goes a way of the project's store is dead by a moment.

    Raises:
        AssertionError: it failed before.
    """
    process = forking().Process(target=_go, args=(url, way, moment))
    process.start()
    process.join(100)
    assert process.exitcode in (0, -signal.SIGKILL), moment
    return process.exitcode != 0


def _go(url: str, way: Way, moment: Moment) -> None:
    def before(request: Request) -> None:
        if moment.is_before(request):
            os.kill(os.getpid(), signal.SIGKILL)

    def after(request: Request) -> None:
        if moment.is_after(request):
            os.kill(os.getpid(), signal.SIGKILL)

    with watched(before, after):
        way(url)


def _ignored(request: Request) -> None:
    pass


@contextmanager
def watched(
    before: Callable[[Request], None], after: Callable[[Request], None] = _ignored
) -> Iterator[None]:
    """Tell of each request that alters something, before and after it.

    What boto3 asks is seen where it is asked; files are written by pyarrow, past botocore.
    """
    call = vars(BaseClient)["_make_api_call"]
    write, clear = Storage.for_writing, Storage.delete_prefix
    count = 0

    def asked(mark: str | None = None) -> Request:
        nonlocal count
        count += 1
        request = Request(count, mark)
        before(request)
        return request

    def calling(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if operation.startswith(LOOKS):
            return call(client, operation, parameters)
        request = asked(_mark(operation, parameters))
        answer = call(client, operation, parameters)
        after(request)
        return answer

    def writing(storage: Storage, uri: str) -> str:
        asked()
        return write(storage, uri)

    def clearing(storage: Storage, prefix: str) -> None:
        asked()
        clear(storage, prefix)

    with (
        _replaced(BaseClient, "_make_api_call", calling),
        _replaced(Storage, "for_writing", writing),
        _replaced(Storage, "delete_prefix", clearing),
    ):
        yield


@contextmanager
def _replaced(owner: type, name: str, function: Callable[..., Any]) -> Iterator[None]:
    """As pytest's monkeypatch does, which takes long to import into each process that dies."""
    before = vars(owner)[name]
    setattr(owner, name, function)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _mark(operation: str, parameters: Mapping[str, Any]) -> str | None:
    if operation == "StartQueryExecution":
        words = _named(str(parameters["QueryString"])).split()
        return " ".join(words[:3]) if words[0] in STATEMENTS else None
    if operation not in TABLES:
        return None
    if operation == "DeleteTable":
        return f"{operation} {_named(parameters['Name'])}"
    table = parameters["TableInput"]
    if table["Name"] == VERSIONS:
        return f"{VERSIONS}: {_journal(table['Parameters'])}"
    if table.get("TableType") == "VIRTUAL_VIEW":
        return None
    return f"{operation} {_named(table['Name'])}: {_steps(table['Parameters'])}"


def _named(text: str) -> str:
    """Without what is another one in each run."""
    return re.sub(r"\bfsql_insert_\w+", "fsql_insert", text)


def _journal(said: Mapping[str, str]) -> str:
    journal = json.loads(said.get("fsql.journal", "null"))
    done = journal and (journal["revision"], journal["direction"], len(journal["done"]))
    kept = len(json.loads(said.get("fsql.kept", "[]")))
    return f"{said['fsql.heads']}, done {done}, kept {kept}"


def _steps(said: Mapping[str, str]) -> str:
    made = len(json.loads(said.get("fsql.history", "[]")))
    left = "something" if "fsql.pending" in said else "nothing"
    return f"{made} steps made, {left} left to do"
