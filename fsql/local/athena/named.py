"""Named queries: SQL that a work group keeps under an id."""

from __future__ import annotations

import json
import sqlite3
import uuid
from typing import Any

from fsql.local.paging import decode_token, page
from fsql.local.statements.failures import invalid_request
from fsql.local.store import Store

__all__ = ["NamedQueries"]

Json = dict[str, Any]
_PAGE = 50
_SHOWN = ("Name", "Description", "Database", "QueryString", "NamedQueryId", "WorkGroup")
_MOST_BYTES = 262_144


class NamedQueries:
    """The operations on named queries."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Json) -> Json:
        """Answer CreateNamedQuery; the same token again is the same query."""
        kept = {name: request[name] for name in ("Name", "Database", "QueryString")}
        _check(kept)
        if request.get("Description"):
            kept["Description"] = request["Description"]
        group, token = request["WorkGroup"], request.get("ClientRequestToken")
        body = {**kept, "NamedQueryId": str(uuid.uuid4()), "WorkGroup": group}
        with self._store.write() as db:
            earlier = _by_token(db, token)
            if earlier is None:
                row = (body["NamedQueryId"], group, body["Name"], json.dumps(body), token)
                db.execute("INSERT INTO athena_named_query VALUES (?, ?, ?, ?, ?)", row)
                return {"NamedQueryId": body["NamedQueryId"]}
        if {**earlier, "NamedQueryId": ""} != {**body, "NamedQueryId": ""}:
            raise invalid_request(
                "Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH"
            )
        return {"NamedQueryId": earlier["NamedQueryId"]}

    def get(self, request: Json) -> Json:
        """Answer GetNamedQuery."""
        with self._store.read() as db:
            return {"NamedQuery": _require(db, request["NamedQueryId"])}

    def batch_get(self, request: Json) -> Json:
        """Answer BatchGetNamedQuery: those found, and the ids of the others."""
        with self._store.read() as db:
            found = {id_: _load(db, id_) for id_ in request["NamedQueryIds"]}
        return {
            "NamedQueries": [body for body in found.values() if body is not None],
            "UnprocessedNamedQueryIds": [
                {
                    "NamedQueryId": id_,
                    "ErrorCode": "NAMED_QUERY_NOT_FOUND",
                    "ErrorMessage": f"NamedQuery {id_} was not found",
                }
                for id_, body in found.items()
                if body is None
            ],
        }

    def list(self, request: Json) -> Json:
        """Answer ListNamedQueries: ids, in the order of the queries' names."""
        after = decode_token(request.get("NextToken"), "InvalidRequestException") or ["", ""]
        with self._store.read() as db:
            rows = db.execute(
                "SELECT name, id FROM athena_named_query WHERE work_group = ?"
                " AND (name, id) > (?, ?) ORDER BY name, id",
                (request["WorkGroup"], *after),
            ).fetchall()
        listed, token = page(rows, request.get("MaxResults") or _PAGE, key=list)
        return {"NamedQueryIds": [id_ for _, id_ in listed], **token}

    def update(self, request: Json) -> Json:
        """Answer UpdateNamedQuery."""
        changes = {name: request[name] for name in ("Name", "QueryString")}
        _check(changes)
        if "Description" in request:
            changes["Description"] = request["Description"]
        with self._store.write() as db:
            body = {**_require(db, request["NamedQueryId"]), **changes}
            db.execute(
                "UPDATE athena_named_query SET name = ?, body = ? WHERE id = ?",
                (body["Name"], json.dumps(body), body["NamedQueryId"]),
            )
        return {}

    def delete(self, request: Json) -> Json:
        """Answer DeleteNamedQuery."""
        with self._store.write() as db:
            id_ = _require(db, request["NamedQueryId"])["NamedQueryId"]
            db.execute("DELETE FROM athena_named_query WHERE id = ?", (id_,))
        return {}


def _check(body: Json) -> None:
    for name, value in body.items():
        if not value:
            raise invalid_request(f"{name} must not be empty")
    if len(body["QueryString"].encode()) > _MOST_BYTES:
        raise invalid_request(f"QueryString is longer than {_MOST_BYTES} bytes")


def _load(db: sqlite3.Connection, id_: str) -> Json | None:
    row = db.execute("SELECT body FROM athena_named_query WHERE id = ?", (id_,)).fetchone()
    return None if row is None else _shown(row[0])


def _by_token(db: sqlite3.Connection, token: str | None) -> Json | None:
    row = db.execute("SELECT body FROM athena_named_query WHERE client_token = ?", (token,))
    found = row.fetchone()
    return None if found is None else _shown(found[0])


def _shown(text: str) -> Json:
    body = json.loads(text)
    return {name: body[name] for name in _SHOWN if name in body}


def _require(db: sqlite3.Connection, id_: str) -> Json:
    found = _load(db, id_)
    if found is None:
        raise invalid_request(f"NamedQuery {id_} was not found", "NAMED_QUERY_NOT_FOUND")
    return found
