"""The life of a query: started, run on a thread, stopped, finished, its pages read."""

from __future__ import annotations

import threading
import time
import uuid
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fsql.local.athena.history import Execution, History
from fsql.local.athena.parameters import bind
from fsql.local.athena.prepared import PreparedStatements
from fsql.local.athena.results import CsvPages, Page, Row, TextPages, write_lines
from fsql.local.athena.reuse import reusable
from fsql.local.athena.statistics import Clock
from fsql.local.columns import metadata_file
from fsql.local.engine import Cancelled, Session
from fsql.local.limits import Limits
from fsql.local.objects import Objects
from fsql.local.runner import Runner
from fsql.local.statements.context import Context, Outcome
from fsql.local.statements.execute import Executor
from fsql.local.statements.failures import failure, invalid_request, refusal
from fsql.local.statements.nodes import (
    Change,
    Delete,
    Merge,
    Optimize,
    Prepare,
    Query,
    Statement,
    Update,
)
from fsql.local.statements.parser import parse
from fsql.local.store import Store
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.tables.resolver import CATALOG, Tables
from fsql.local.transpile import TrinoError

__all__ = ["Queries", "Request"]

_SHORT = 10_000  # characters of a statement
_LIGHT = 50_000  # characters of a result
_PATIENCE, _HURRY = 0.5, 0.02  # seconds
_PATIENT = 16  # clients, so that a server's threads are never all waiting
_PAGES: dict[str, type[CsvPages | TextPages]] = {"csv": CsvPages, "txt": TextPages}
_WITHOUT_FILE = {kind.subtype for kind in (Delete, Update, Merge)}


@dataclass(frozen=True)
class Request:
    """What StartQueryExecution was asked for.

    Attributes:
        output: the S3 URI of the folder of results, with a slash at its end.
        echo: further members that the execution shows again.
        cutoff: the bytes that the query may read, None for any number.
        max_age: how many seconds old the result of an earlier run may be; None for no such.
    """

    sql: str
    catalog: str
    database: str | None
    output: str
    work_group: str
    token: str | None
    parameters: Sequence[str]
    echo: Mapping[str, Any]
    cutoff: int | None = None
    max_age: float | None = None


class Queries:
    """Runs queries of a store in this process and knows those of all processes."""

    def __init__(
        self,
        store: Store,
        objects: Objects,
        glue: GlueCalls,
        prepared: PreparedStatements,
        limits: Limits,
    ) -> None:
        self._limits = limits
        self._patient = threading.BoundedSemaphore(_PATIENT)
        self.history = History(store)
        self._objects = objects
        self._tables = Tables(objects, glue)
        self._executor = Executor(prepared)
        self._runner = Runner(objects, self.history.to_stop, limits)
        # At the end of the program too: a thread inside DuckDB must not outlive the interpreter.
        self._close = weakref.finalize(self, self._runner.close)

    def start(self, request: Request) -> str:
        """Start a query; its id. AwsError for a text that Athena refuses at once."""
        statement = _checked(request.sql)
        execution = _new_execution(request, statement)
        remembered = self.history.start(execution, request.token)
        if remembered is execution and not self._reuse(execution, request, statement):
            self._runner.submit(
                execution.id,
                lambda session: self._run(execution, request, session),
                lambda why: self._end(execution, _dropped(why), Clock(), None),
                self._limits.seconds_of(statement.type),
            )
        return remembered.id

    def _reuse(self, execution: Execution, request: Request, statement: Statement) -> bool:
        """End an execution with an earlier one's result, if that was asked for and is there."""
        if request.max_age is None:
            return False
        there = self._objects.find
        earlier = reusable(self.history, there, execution, statement, request.max_age)
        if earlier is None:
            return False
        execution.columns, execution.header = earlier.columns, earlier.header
        execution.update_count = earlier.update_count
        self.history.finish(
            execution,
            {**_SUCCEEDED, "CompletionDateTime": time.time()},
            Statistics=Clock().statistics(reused=True),
            ResultConfiguration=earlier.body["ResultConfiguration"],
            SubstatementType=earlier.body["SubstatementType"],
        )
        return True

    def get(self, id_: str) -> Execution:
        """A query's execution; one that is about to end is given the time to."""
        execution = self.history.get(id_)
        # Most queries end soon: a client's first poll finds them done, where it would sleep for a
        # second otherwise, and a thread of this process has the interpreter while it waits.
        patient = self.history.runs_here(id_) and self._patient.acquire(blocking=False)
        try:
            execution.done.wait(_PATIENCE if patient else _HURRY)
        finally:
            if patient:
                self._patient.release()
        return execution

    def stop(self, id_: str) -> None:
        """Cancel a query, whichever process runs it; one that ended stays as it is."""
        execution = self.history.get(id_)
        if not execution.done.is_set() and not self._runner.cancel(id_):
            self.history.stop(id_)

    def page(self, id_: str, offset: int, limit: int) -> tuple[Execution, Page]:
        """Rows of a result from an offset on. AwsError if there is no result (yet)."""
        execution = self.history.get(id_)
        _check_succeeded(execution)
        if execution.page is not None:
            end = offset + limit
            more = end < len(execution.page)
            return execution, (execution.page[offset:end], end if more else None)
        kind = _PAGES.get(execution.output.rpartition(".")[2])
        if kind is None or execution.body["SubstatementType"] in _WITHOUT_FILE:
            return execution, ([], None)
        try:
            with self._objects.open(execution.output) as file:
                return execution, kind(file).read(offset, limit)
        except FileNotFoundError as error:
            message = "Could not find results"
            raise invalid_request(message, "RESULT_NOT_FOUND") from error

    def close(self) -> None:
        """Cancel what runs and give back all that this process holds."""
        self._close()

    def _run(self, execution: Execution, request: Request, session: Session) -> None:
        clock, outcome, status = Clock(), None, _SUCCEEDED
        clock.submitted(execution)
        session.limit = request.cutoff
        execution.change({"State": "RUNNING"})
        try:
            outcome = self._execute(execution, request, session)
        except Cancelled as cancelled:
            status = {**_CANCELLED, "StateChangeReason": str(cancelled) or _BY_USER}
        except Exception as error:  # noqa: BLE001 (whatever it is, the query must end FAILED)
            status = failure(error)
        clock.ran(session)
        self._end(execution, status, clock, outcome)

    def _execute(self, execution: Execution, request: Request, session: Session) -> Outcome:
        if request.catalog.lower() != CATALOG:
            message = f"line 1:1: Catalog '{request.catalog}' does not exist"
            raise TrinoError("CATALOG_NOT_FOUND", message)
        context = Context(
            execution.id,
            request.database,
            execution.output,
            request.work_group,
            session,
            self._objects,
            self._tables,
        )
        statement = _checked(request.sql)
        if not isinstance(statement, Prepare):
            statement = parse(bind(request.sql, request.parameters))
        outcome = self._executor.run(context, statement)
        if execution.output.endswith(".txt"):
            with context.file() as path:
                write_lines(path, ("\t".join(map(str, row)) for row in outcome.rows or ()))
        if outcome.metadata:
            count = outcome.update_count if outcome.update else None
            beside = metadata_file(execution.id, outcome.columns, outcome.update, count)
            with context.file(".metadata") as path:
                path.write_bytes(beside)
        return outcome

    def _end(
        self,
        execution: Execution,
        status: Mapping[str, Any],
        clock: Clock,
        outcome: Outcome | None,
    ) -> None:
        manifest = None if outcome is None else outcome.manifest
        members: dict[str, Any] = {"Statistics": clock.statistics(manifest)}
        if outcome is not None:
            execution.rows = clock.rows(outcome) if execution.body["StatementType"] == "DML" else {}
            execution.columns = tuple(outcome.columns)
            execution.update_count = outcome.update_count
            execution.header = outcome.header
            execution.page = _if_light(outcome.rows)
            if outcome.subtype:
                members["SubstatementType"] = outcome.subtype
        self.history.finish(execution, {**status, "CompletionDateTime": time.time()}, **members)


def _if_light(rows: list[Row] | None) -> list[Row] | None:
    """Rows that many finished executions can keep in memory; None where the file will do."""
    size = sum(len(value or "") for row in rows or () for value in row)
    return rows if size <= _LIGHT else None


_SUCCEEDED = {"State": "SUCCEEDED"}
_BY_USER = "Query cancelled by user"
_CANCELLED = {"State": "CANCELLED", "StateChangeReason": _BY_USER}


def _dropped(why: Exception | None) -> Mapping[str, Any]:
    return _CANCELLED if why is None else failure(why)


def _checked(sql: str) -> Statement:
    """The statement of a text; a syntax error anywhere in it is refused now, as Athena does."""
    return _seen(sql) if len(sql) <= _SHORT else _check(sql)


def _check(sql: str) -> Statement:
    try:
        statement = parse(sql)
        query = getattr(statement, "query", None)
        if isinstance(query, Query):
            query.parse()
        change = statement.where if isinstance(statement, Optimize) else statement
        if isinstance(change, Change):
            change.parse()
    except TrinoError as error:
        raise refusal(error) from error
    return statement


_seen = lru_cache(1000)(_check)  # clients send the same few statements again and again


def _new_execution(request: Request, statement: Statement) -> Execution:
    id_ = str(uuid.uuid4())
    output = f"{request.output}{statement.folder}{id_}{statement.suffix}"
    execution_context = {"Database": request.database} if request.database else {}
    body: dict[str, Any] = {
        "QueryExecutionId": id_,
        "Query": request.sql,
        "StatementType": statement.type,
        "SubstatementType": statement.subtype,
        "ResultConfiguration": {"OutputLocation": output},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": execution_context,
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {},
        "WorkGroup": request.work_group,
        **request.echo,
    }
    return Execution(id_, body, folder=request.output)


def _check_succeeded(execution: Execution) -> None:
    state = execution.state
    if state == "SUCCEEDED":
        return
    if state == "CANCELLED":
        raise invalid_request("Could not find results", "RESULT_NOT_FOUND")
    message = f"Query has not yet finished. Current state: {state}"
    if state == "FAILED":
        message = "Query did not finish successfully. Final query state: FAILED"
    raise invalid_request(message, "INVALID_QUERY_EXECUTION_STATE")
