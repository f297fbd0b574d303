"""Databases of the embedded Glue."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import Any

from fsql.local.glue.shapes import (
    DATABASE_INPUT,
    TAGS,
    Json,
    Number,
    already_exists,
    check,
    fold,
    invalid,
    not_found,
    pick,
)
from fsql.local.paging import decode_token, page
from fsql.local.store import Store
from fsql.local.wire import ACCOUNT, REGION

_KEPT = (*DATABASE_INPUT, "CreateTableDefaultPermissions", "TargetDatabase")
_OPEN_TO_IAM = [
    {
        "Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
        "Permissions": ["ALL"],
    }
]


def now() -> float:
    """The time as Glue reports it: epoch seconds, whole."""
    return float(int(time.time()))


def require_database(db: sqlite3.Connection, name: str) -> Json:
    """The Database structure; AwsError EntityNotFoundException if there is none."""
    row = db.execute("SELECT body FROM glue_database WHERE name = ?", (fold(name),)).fetchone()
    if row is None:
        raise not_found(f"Database {name} not found.")
    body: Json = json.loads(row[0])
    return body


def database_arn(name: str) -> str:
    """The ARN by which tags name a database."""
    return f"arn:aws:glue:{REGION}:{ACCOUNT}:database/{name}"


class Databases:
    """CreateDatabase, GetDatabase, GetDatabases, UpdateDatabase and DeleteDatabase."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Json) -> Json:
        """Answer CreateDatabase."""
        check(request, ("DatabaseInput",), DatabaseInput=DATABASE_INPUT, Tags=TAGS)
        body = _body(request["DatabaseInput"]) | {"CreateTime": now()}
        name = body["Name"]
        with self._store.write() as db:
            if db.execute("SELECT 1 FROM glue_database WHERE name = ?", (name,)).fetchone():
                raise already_exists("Database")
            db.execute("INSERT INTO glue_database VALUES (?, ?)", (name, json.dumps(body)))
            db.executemany(
                "INSERT OR REPLACE INTO glue_tag VALUES (?, ?, ?)",
                [(database_arn(name), *tag) for tag in (request.get("Tags") or {}).items()],
            )
        return {}

    def get(self, request: Json) -> Json:
        """Answer GetDatabase."""
        check(request, ("Name",))
        with self._store.read() as db:
            return {"Database": require_database(db, request["Name"])}

    def list(self, request: Json) -> Json:
        """Answer GetDatabases, in the order of names."""
        check(request, (), MaxResults=Number(1, 100))
        after = decode_token(request.get("NextToken")) or ""
        query = "SELECT name, body FROM glue_database WHERE name > ? ORDER BY name"
        with self._store.read() as db, closing(db.execute(query, (after,))) as rows:
            found, more = page(rows, request.get("MaxResults") or 100, lambda row: row[0])
        databases = [json.loads(body) for _, body in found]
        wanted = request.get("AttributesToGet")
        if wanted:
            names = {"NAME": "Name", "TARGET_DATABASE": "TargetDatabase"}
            databases = [pick(each, tuple(names[w] for w in wanted)) for each in databases]
        return {"DatabaseList": databases, **more}

    def update(self, request: Json) -> Json:
        """Answer UpdateDatabase: the new definition replaces the old one whole."""
        check(request, ("Name", "DatabaseInput"), DatabaseInput=DATABASE_INPUT)
        body = _body(request["DatabaseInput"])
        if body["Name"] != fold(request["Name"]):
            raise invalid(
                f"A database can't be renamed: Name is {request['Name']}, DatabaseInput.Name is "
                f"{request['DatabaseInput']['Name']}."
            )
        with self._store.write() as db:
            old = require_database(db, request["Name"])
            body["CreateTime"] = old["CreateTime"]
            db.execute(
                "UPDATE glue_database SET body = ? WHERE name = ?",
                (json.dumps(body), body["Name"]),
            )
        return {}

    def delete(self, request: Json) -> Json:
        """Answer DeleteDatabase: its tables, their versions and partitions go with it."""
        check(request, ("Name",))
        name = fold(request["Name"])
        with self._store.write() as db:
            require_database(db, request["Name"])
            db.execute("DELETE FROM glue_database WHERE name = ?", (name,))
            tables = f"arn:aws:glue:{REGION}:{ACCOUNT}:table/{name}/"
            db.execute(
                "DELETE FROM glue_tag WHERE arn = ? OR substr(arn, 1, ?) = ?",
                (database_arn(name), len(tables), tables),
            )
        return {}


def _body(given: dict[str, Any]) -> Json:
    if not given.get("Name"):
        raise invalid("DatabaseInput has no Name.")
    if given.get("FederatedDatabase"):
        raise invalid("The embedded Glue holds no federated databases (FederatedDatabase).")
    body: Json = {"CreateTableDefaultPermissions": _OPEN_TO_IAM, **pick(given, _KEPT)}
    return body | {"Name": fold(given["Name"]), "CatalogId": ACCOUNT}
