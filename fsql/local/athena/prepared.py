"""Prepared statements: kept by name in a work group, run by EXECUTE … USING."""

from __future__ import annotations

import json
import time
from typing import Any

from fsql.local.athena.parameters import bind
from fsql.local.paging import decode_token, page
from fsql.local.statements import nodes as st
from fsql.local.statements.context import Context, Outcome
from fsql.local.statements.parser import parse
from fsql.local.store import Store
from fsql.local.transpile import TrinoError
from fsql.local.wire import AwsError

__all__ = ["PreparedStatements"]

Json = dict[str, Any]
_PAGE = 50


class PreparedStatements:
    """The API's operations on them, and the statements PREPARE, EXECUTE and DEALLOCATE."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # Operations

    def create(self, request: Json) -> Json:
        """Answer CreatePreparedStatement."""
        self._save(request["WorkGroup"], request["StatementName"], request["QueryStatement"])
        return {}

    def update(self, request: Json) -> Json:
        """Answer UpdatePreparedStatement."""
        self.get(request)
        return self.create(request)

    def get(self, request: Json) -> Json:
        """Answer GetPreparedStatement."""
        found = self._find(request["WorkGroup"], request["StatementName"])
        if found is None:
            raise _not_found(request)
        return {"PreparedStatement": found}

    def batch_get(self, request: Json) -> Json:
        """Answer BatchGetPreparedStatement."""
        names = request["PreparedStatementNames"]
        found = {name: self._find(request["WorkGroup"], name) for name in names}
        return {
            "PreparedStatements": [body for body in found.values() if body is not None],
            "UnprocessedPreparedStatementNames": [
                {"StatementName": name, "ErrorCode": "STATEMENT_NOT_FOUND"}
                for name, body in found.items()
                if body is None
            ],
        }

    def list(self, request: Json) -> Json:
        """Answer ListPreparedStatements."""
        after = decode_token(request.get("NextToken"), "InvalidRequestException") or ""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT name, body FROM athena_prepared_statement"
                " WHERE work_group = ? AND name > ? ORDER BY name",
                (request["WorkGroup"], after),
            ).fetchall()
        listed, token = page(rows, request.get("MaxResults", _PAGE), key=lambda row: row[0])
        kept = ("StatementName", "LastModifiedTime")
        summaries = [{name: json.loads(body)[name] for name in kept} for _, body in listed]
        return {"PreparedStatements": summaries, **token}

    def delete(self, request: Json) -> Json:
        """Answer DeletePreparedStatement."""
        if not self._delete(request["WorkGroup"], request["StatementName"]):
            raise _not_found(request)
        return {}

    # Statements

    def prepare(self, context: Context, statement: st.Prepare) -> Outcome:
        """PREPARE name FROM statement."""
        self._save(context.work_group, statement.name, statement.text)
        return Outcome()

    def statement(self, context: Context, execute: st.Execute) -> st.Statement:
        """The statement that EXECUTE runs, its values in place."""
        found = self._find(context.work_group, execute.name)
        if found is None:
            raise TrinoError("NOT_FOUND", f"Prepared statement not found: {execute.name}")
        return parse(bind(found["QueryStatement"], execute.arguments))

    def deallocate(self, context: Context, statement: st.Deallocate) -> Outcome:
        """DEALLOCATE PREPARE name."""
        if not self._delete(context.work_group, statement.name):
            raise TrinoError("NOT_FOUND", f"Prepared statement not found: {statement.name}")
        return Outcome()

    # The catalog

    def _save(self, group: str, name: str, text: str) -> None:
        body = {
            "StatementName": name,
            "QueryStatement": text,
            "WorkGroupName": group,
            "LastModifiedTime": time.time(),
        }
        with self._store.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO athena_prepared_statement VALUES (?, ?, ?)",
                (group, name, json.dumps(body)),
            )

    def _find(self, group: str, name: str) -> Json | None:
        with self._store.read() as db:
            row = db.execute(
                "SELECT body FROM athena_prepared_statement WHERE work_group = ? AND name = ?",
                (group, name),
            ).fetchone()
        found: Json | None = None if row is None else json.loads(row[0])
        return found

    def _delete(self, group: str, name: str) -> bool:
        with self._store.write() as db:
            done = db.execute(
                "DELETE FROM athena_prepared_statement WHERE work_group = ? AND name = ?",
                (group, name),
            )
        return done.rowcount > 0


def _not_found(request: Json) -> AwsError:
    name, group = request["StatementName"], request["WorkGroup"]
    return AwsError(
        "ResourceNotFoundException",
        f"PreparedStatement {name} was not found in WorkGroup {group}",
        extra={"ResourceName": name},
    )
