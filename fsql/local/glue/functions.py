"""User-defined functions of the embedded Glue: definitions that are kept, and that nothing runs."""

from __future__ import annotations

import json
import sqlite3

from fsql.local.glue.databases import now, require_database
from fsql.local.glue.shapes import (
    NAME,
    Json,
    Many,
    Number,
    Text,
    already_exists,
    check,
    fold,
    invalid,
    not_found,
    pick,
)
from fsql.local.glue.tables import name_pattern
from fsql.local.paging import decode_token, page
from fsql.local.store import Store
from fsql.local.wire import ACCOUNT

__all__ = ["Functions"]

_INPUT = {
    "FunctionName": NAME,
    "ClassName": NAME,
    "OwnerName": NAME,
    "OwnerType": Text(),
    "FunctionType": Text(),
    "ResourceUris": Many({"Uri": Text(1, 1024)}, 1000),
}


class Functions:
    """Create, Update, Delete and Get of UserDefinedFunction, and GetUserDefinedFunctions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Json) -> Json:
        """Answer CreateUserDefinedFunction."""
        check(request, ("DatabaseName", "FunctionInput"), FunctionInput=_INPUT)
        with self._store.write() as db:
            body = _body(db, request)
            if _find(db, body["DatabaseName"], body["FunctionName"]) is not None:
                raise already_exists("Function")
            _save(db, body | {"CreateTime": now()})
        return {}

    def update(self, request: Json) -> Json:
        """Answer UpdateUserDefinedFunction."""
        check(request, ("DatabaseName", "FunctionName", "FunctionInput"), FunctionInput=_INPUT)
        with self._store.write() as db:
            old = _require(db, request)
            named = {"FunctionName": request["FunctionName"], **request["FunctionInput"]}
            body = _body(db, {**request, "FunctionInput": named})
            _drop(db, old)
            _save(db, body | {"CreateTime": old["CreateTime"]})
        return {}

    def delete(self, request: Json) -> Json:
        """Answer DeleteUserDefinedFunction."""
        check(request, ("DatabaseName", "FunctionName"))
        with self._store.write() as db:
            _drop(db, _require(db, request))
        return {}

    def get(self, request: Json) -> Json:
        """Answer GetUserDefinedFunction."""
        check(request, ("DatabaseName", "FunctionName"))
        with self._store.read() as db:
            return {"UserDefinedFunction": _require(db, request)}

    def list(self, request: Json) -> Json:
        """Answer GetUserDefinedFunctions, of one database or of all, by a regex of the name."""
        check(request, ("Pattern",), MaxResults=Number(1, 100))
        pattern, database = name_pattern(request["Pattern"]), request.get("DatabaseName")
        after = decode_token(request.get("NextToken")) or ["", ""]
        with self._store.read() as db:
            if database:
                require_database(db, database)
            rows = db.execute(
                "SELECT database, name, body FROM glue_function"
                " WHERE (database, name) > (?, ?) ORDER BY database, name",
                tuple(after),
            ).fetchall()
        wanted = (
            row for row in rows if pattern.fullmatch(row[1]) and database in (None, "", row[0])
        )
        found, more = page(wanted, request.get("MaxResults") or 100, lambda row: list(row[:2]))
        return {"UserDefinedFunctions": [json.loads(row[2]) for row in found], **more}


def _body(db: sqlite3.Connection, request: Json) -> Json:
    given = request["FunctionInput"]
    if not given.get("FunctionName"):
        raise invalid("FunctionInput with a FunctionName is required.")
    return {
        **pick(given, _INPUT),
        "FunctionName": fold(given["FunctionName"]),
        "DatabaseName": require_database(db, request["DatabaseName"])["Name"],
        "CatalogId": ACCOUNT,
    }


def _find(db: sqlite3.Connection, database: str, name: str) -> Json | None:
    row = db.execute(
        "SELECT body FROM glue_function WHERE database = ? AND name = ?",
        (fold(database), fold(name)),
    ).fetchone()
    return None if row is None else dict(json.loads(row[0]))


def _require(db: sqlite3.Connection, request: Json) -> Json:
    require_database(db, request["DatabaseName"])
    found = _find(db, request["DatabaseName"], request["FunctionName"])
    if found is None:
        raise not_found(f"Function {request['FunctionName']} not found.")
    return found


def _save(db: sqlite3.Connection, body: Json) -> None:
    row = (body["DatabaseName"], body["FunctionName"], json.dumps(body))
    db.execute("INSERT OR REPLACE INTO glue_function VALUES (?, ?, ?)", row)


def _drop(db: sqlite3.Connection, body: Json) -> None:
    row = (body["DatabaseName"], body["FunctionName"])
    db.execute("DELETE FROM glue_function WHERE database = ? AND name = ?", row)
