"""Query executions: what is remembered of each, in memory and for other processes."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from fsql.local.athena.owners import is_alive, this_process
from fsql.local.athena.results import Row
from fsql.local.columns import ResultColumn
from fsql.local.store import Store
from fsql.local.wire import AwsError

__all__ = ["Execution", "History"]

_FINISHED_IN_MEMORY = 1000
_KEPT_SECONDS = 45 * 86_400.0  # as long as Athena keeps its history
_PRUNE_EVERY = 1000
_FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
STOPPING = "STOPPING"
"""State in catalog.db of a query that another process wants cancelled."""


@dataclass
class Execution:
    """One query.

    Attributes:
        body: its QueryExecution as GetQueryExecution returns it; replaced, never changed.
        columns: of the result, once it succeeded.
        update_count: rows written, or None where Athena reports none.
        page: all rows of the result when they are few, else None: the file has them.
        header: whether the result's first row names the columns.
        folder: the S3 URI of the folder of results that was asked for.
        rows: what GetQueryRuntimeStatistics tells of rows and bytes; {} if nothing.
    """

    id: str
    body: dict[str, Any]
    columns: tuple[ResultColumn, ...] = ()
    update_count: int | None = None
    page: list[Row] | None = None
    header: bool = False
    folder: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def state(self) -> str:
        return str(self.body["Status"]["State"])

    @property
    def output(self) -> str:
        """The S3 URI of the result file."""
        return str(self.body["ResultConfiguration"]["OutputLocation"])

    def change(self, status: dict[str, Any], **members: Any) -> None:
        """Move to another status; readers see the old body or the new one, never a mixture."""
        merged = {**self.body["Status"], **status}
        self.body = {**self.body, **members, "Status": merged}
        if self.state in _FINAL:
            self.done.set()

    def to_json(self) -> str:
        return json.dumps(
            {
                "execution": self.body,
                "columns": [(column.name, column.type) for column in self.columns],
                "update_count": self.update_count,
                "header": self.header,
                "folder": self.folder,
                "rows": self.rows,
            }
        )

    @classmethod
    def from_json(cls, id_: str, text: str) -> Execution:
        saved = json.loads(text)
        columns = tuple(ResultColumn(*column) for column in saved["columns"])
        return cls(
            id_,
            saved["execution"],
            columns,
            saved["update_count"],
            header=saved["header"],
            folder=saved.get("folder", ""),
            rows=saved.get("rows", {}),
        )


class History:
    """All executions of a store: those of this process in memory, all of them in catalog.db.

    The database is written twice a query, at its start and at its end. Queries of a process that
    died are found FAILED by whoever looks at them next.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owner = this_process()
        self._mine: dict[str, Execution] = {}
        self._finished: deque[str] = deque()
        self._lock = threading.Lock()
        self._started = 0

    def start(self, execution: Execution, token: str | None) -> Execution:
        """Remember a new execution; the earlier one when the client token was used before.

        Raises:
            AwsError: the token was used with another request.
        """
        body = execution.body
        with self._store.write(durable=False) as db:
            earlier = self._earlier(db.execute, token)
            if earlier is None:
                self._prune(db.execute)
                db.execute(
                    "INSERT INTO athena_query VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        execution.id,
                        body["WorkGroup"],
                        token,
                        body["Status"]["SubmissionDateTime"],
                        "RUNNING",
                        self._owner,
                        execution.to_json(),
                    ),
                )
        if earlier is not None:
            return _same_request(earlier, execution)
        with self._lock:
            self._mine[execution.id] = execution
        return execution

    def finish(self, execution: Execution, status: dict[str, Any], **members: Any) -> None:
        """Move an execution of this process to its final status, for others and in memory."""
        self._finish(execution, self._owner, status, **members)
        self._forget_older(execution.id)

    def _finish(
        self, execution: Execution, owner: str, status: dict[str, Any], **members: Any
    ) -> None:
        final = replace(execution, page=None, done=threading.Event())
        final.change(status, **members)
        with self._store.write(durable=False) as db:
            # The process that ran it may have ended it a moment ago; what it said stands.
            db.execute(
                "UPDATE athena_query SET state = ?, owner = NULL, body = ?"
                " WHERE id = ? AND owner = ?",
                (final.state, final.to_json(), final.id, owner),
            )
        execution.change(status, **members)

    def get(self, id_: str) -> Execution:
        """An execution of any process; AwsError if there is none of that id."""
        mine = self._mine.get(id_)
        if mine is not None:
            return mine
        state, owner, execution = self._load(id_)
        if state not in _FINAL and not is_alive(owner):
            self._bury(execution, owner)
            state, owner, execution = self._load(id_)
        if state in _FINAL:
            execution.done.set()
        else:
            execution.change({"State": "RUNNING"})
        return execution

    def runs_here(self, id_: str) -> bool:
        """Whether an execution is this process's, so that its `done` is set when it ends."""
        return id_ in self._mine

    def _load(self, id_: str) -> tuple[str, str, Execution]:
        with self._store.read() as db:
            row = db.execute(
                "SELECT state, owner, body FROM athena_query WHERE id = ?", (id_,)
            ).fetchone()
        if row is None:
            raise AwsError(
                "InvalidRequestException",
                f"QueryExecution {id_} was not found",
                extra={"AthenaErrorCode": "QUERY_EXECUTION_NOT_FOUND"},
            )
        state, owner, body = row
        return state, owner, Execution.from_json(id_, body)

    def stop(self, id_: str) -> None:
        """Ask the process that runs a query to cancel it."""
        with self._store.write(durable=False) as db:
            db.execute(
                "UPDATE athena_query SET state = ? WHERE id = ? AND state = 'RUNNING'",
                (STOPPING, id_),
            )

    def to_stop(self) -> list[str]:
        """Ids of this process's queries that another one wants cancelled."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT id FROM athena_query WHERE owner = ? AND state = ?", (self._owner, STOPPING)
            ).fetchall()
        return [id_ for (id_,) in rows]

    def page(
        self, work_group: str, limit: int, after: tuple[float, str] | None
    ) -> list[tuple[float, str]]:
        """Submission times and ids of a work group's queries, newest first."""
        submitted, id_ = after or (float("inf"), "")
        with self._store.read() as db:
            rows: list[tuple[float, str]] = db.execute(
                "SELECT submitted, id FROM athena_query WHERE work_group = ?"
                " AND (submitted, id) < (?, ?) ORDER BY submitted DESC, id DESC LIMIT ?",
                (work_group, submitted, id_, limit),
            ).fetchall()
        return rows

    def succeeded(self, work_group: str, sql: str, since: float) -> list[Execution]:
        """A work group's executions of a text that succeeded, the newest first."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT id, body FROM athena_query WHERE work_group = ? AND submitted >= ?"
                " AND state = 'SUCCEEDED' AND json_extract(body, '$.execution.Query') = ?"
                " ORDER BY submitted DESC",
                (work_group, since, sql),
            ).fetchall()
        return [Execution.from_json(*row) for row in rows]

    def _earlier(self, execute: Any, token: str | None) -> Execution | None:
        if token is None:
            return None
        row = execute(
            "SELECT id, body FROM athena_query WHERE client_token = ?", (token,)
        ).fetchone()
        return None if row is None else Execution.from_json(*row)

    def _bury(self, execution: Execution, owner: str) -> None:
        """A query whose process died: FAILED, for everyone from now on."""
        reason = (
            "GENERIC_INTERNAL_ERROR: The process that ran the query ended before it did. "
            "Nothing of it was committed after that; run it again."
        )
        error = {"ErrorCategory": 1, "ErrorType": 200, "Retryable": True, "ErrorMessage": reason}
        status = {
            "State": "FAILED",
            "StateChangeReason": reason,
            "CompletionDateTime": time.time(),
            "AthenaError": error,
        }
        self._finish(execution, owner, status)

    def _forget_older(self, id_: str) -> None:
        """Keep the newest of the finished executions in memory; catalog.db has the others."""
        with self._lock:
            self._finished.append(id_)
            if len(self._finished) > _FINISHED_IN_MEMORY:
                self._mine.pop(self._finished.popleft(), None)

    def _prune(self, execute: Any) -> None:
        if self._started % _PRUNE_EVERY == 0:
            horizon = time.time() - _KEPT_SECONDS
            execute("DELETE FROM athena_query WHERE submitted < ?", (horizon,))
        self._started += 1


def _same_request(earlier: Execution, now: Execution) -> Execution:
    """The earlier execution, if it was asked for in the same words."""

    def asked(execution: Execution) -> tuple[Any, ...]:
        body = execution.body
        said = ("Query", "QueryExecutionContext", "ExecutionParameters", "WorkGroup")
        return execution.folder, *(body.get(name) for name in said)

    if asked(earlier) != asked(now):
        raise AwsError(
            "InvalidRequestException",
            "Idempotent parameters do not match",
            extra={"AthenaErrorCode": "IDEMPOTENT_PARAMETER_MISMATCH"},
        )
    return earlier
