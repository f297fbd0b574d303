"""The life of a query: started, run on a thread, stopped, finished, its pages read."""

from __future__ import annotations

import time
import uuid
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fsql.local.athena.history import ENGINE, Execution, History
from fsql.local.athena.parameters import bind
from fsql.local.athena.prepared import PreparedStatements
from fsql.local.athena.results import CsvPages, Page, Row, TextPages, write_lines
from fsql.local.columns import metadata_file
from fsql.local.engine import Cancelled, Session
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
_PATIENCE = 0.02  # seconds
_PAGES: dict[str, type[CsvPages | TextPages]] = {"csv": CsvPages, "txt": TextPages}
_WITHOUT_FILE = {kind.subtype for kind in (Delete, Update, Merge)}


@dataclass(frozen=True)
class Request:
    """What StartQueryExecution was asked for.

    Attributes:
        output: the S3 URI of the folder of results, with a slash at its end.
        echo: further members of the request that the execution shows again.
    """

    sql: str
    catalog: str
    database: str | None
    output: str
    work_group: str
    token: str | None
    parameters: Sequence[str]
    echo: Mapping[str, Any]


class Queries:
    """Runs queries of a store in this process and knows those of all processes."""

    def __init__(
        self, store: Store, objects: Objects, glue: GlueCalls, prepared: PreparedStatements
    ) -> None:
        self.history = History(store)
        self._objects = objects
        self._tables = Tables(objects, glue)
        self._executor = Executor(prepared)
        self._runner = Runner(objects, self.history.to_stop)
        # At the end of the program too: a thread inside DuckDB must not outlive the interpreter.
        self._close = weakref.finalize(self, self._runner.close)

    def start(self, request: Request) -> str:
        """Start a query; its id. AwsError for a text that Athena refuses at once."""
        execution = _new_execution(request, _checked(request.sql))
        remembered = self.history.start(execution, request.token)
        if remembered is execution:
            self._runner.submit(
                execution.id,
                lambda session: self._run(execution, request, session),
                lambda: self._end(execution, _CANCELLED, _Clock(), None),
            )
        return remembered.id

    def get(self, id_: str) -> Execution:
        """A query's execution; one that is about to end is given the time to."""
        execution = self.history.get(id_)
        # Most queries take milliseconds: a client's first poll finds them done, and a thread of
        # this process has the interpreter while the client waits.
        execution.done.wait(_PATIENCE)
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
        clock, outcome, status = _Clock(), None, _SUCCEEDED
        clock.submitted(execution)
        execution.change({"State": "RUNNING"})
        try:
            outcome = self._execute(execution, request, session)
        except Cancelled:
            status = _CANCELLED
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
        clock: _Clock,
        outcome: Outcome | None,
    ) -> None:
        members: dict[str, Any] = {"Statistics": clock.statistics(outcome)}
        if outcome is not None:
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
_CANCELLED = {"State": "CANCELLED", "StateChangeReason": "Query cancelled by user"}


class _Clock:
    """How long the parts of a query took, and what it read."""

    def __init__(self) -> None:
        self._queued = 0.0
        self._start = time.time()
        self._engine = 0.0
        self._scanned = 0

    def submitted(self, execution: Execution) -> None:
        """The query left the queue just now."""
        self._queued = self._start - execution.body["Status"]["SubmissionDateTime"]

    def ran(self, session: Session) -> None:
        """The engine is done with the query."""
        self._engine = time.time() - self._start
        self._scanned = session.scanned

    def statistics(self, outcome: Outcome | None) -> dict[str, Any]:
        """Athena's Statistics."""
        total = self._queued + time.time() - self._start
        found: dict[str, Any] = {
            "EngineExecutionTimeInMillis": _millis(self._engine),
            "DataScannedInBytes": self._scanned,
            "TotalExecutionTimeInMillis": _millis(total),
            "QueryQueueTimeInMillis": _millis(self._queued),
            "ServicePreProcessingTimeInMillis": 0,
            "QueryPlanningTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": _millis(total - self._queued - self._engine),
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        }
        if outcome is not None and outcome.manifest is not None:
            found["DataManifestLocation"] = outcome.manifest
        return found


def _millis(seconds: float) -> int:
    return max(0, round(seconds * 1000))


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
        "EngineVersion": ENGINE,
        **request.echo,
    }
    return Execution(id_, body)


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
