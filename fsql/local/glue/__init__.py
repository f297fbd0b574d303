"""The embedded AWS Glue Data Catalog."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from fsql.local.glue.databases import Databases, database_arn, require_database
from fsql.local.glue.partitions import Partitions
from fsql.local.glue.shapes import TAGS, Json, check, not_found
from fsql.local.glue.tables import TableRow, Tables, table_arn
from fsql.local.glue.versions import TableVersions
from fsql.local.store import Store
from fsql.local.wire import unknown_operation

Operation = Callable[[Json], Json]


class Glue:
    """Answers Glue's operations out of the store's catalog, in the shapes of the wire.

    Names fold to lower case; timestamps are epoch seconds; listings come in the order of names.
    """

    def __init__(self, store: Store) -> None:
        databases, tables, versions = Databases(store), Tables(store), TableVersions(store)
        partitions, tags, functions = Partitions(store), Tags(store), Functions(store)
        self._operations: dict[str, Operation] = {
            "CreateDatabase": databases.create,
            "GetDatabase": databases.get,
            "GetDatabases": databases.list,
            "UpdateDatabase": databases.update,
            "DeleteDatabase": databases.delete,
            "CreateTable": tables.create,
            "GetTable": tables.get,
            "GetTables": tables.list,
            "UpdateTable": tables.update,
            "DeleteTable": tables.delete,
            "BatchDeleteTable": tables.batch_delete,
            "GetTableVersion": versions.get,
            "GetTableVersions": versions.list,
            "DeleteTableVersion": versions.delete,
            "BatchDeleteTableVersion": versions.batch_delete,
            "CreatePartition": partitions.create,
            "BatchCreatePartition": partitions.batch_create,
            "GetPartition": partitions.get,
            "GetPartitions": partitions.list,
            "BatchGetPartition": partitions.batch_get,
            "UpdatePartition": partitions.update,
            "BatchUpdatePartition": partitions.batch_update,
            "DeletePartition": partitions.delete,
            "BatchDeletePartition": partitions.batch_delete,
            "GetTags": tags.get,
            "TagResource": tags.add,
            "UntagResource": tags.remove,
            "GetUserDefinedFunctions": functions.list,
            "GetUserDefinedFunction": functions.get,
        }

    def call(self, operation: str, request: Json) -> Json:
        """The operation's output. AwsError with Glue's own codes and messages."""
        answer = self._operations.get(operation)
        if answer is None:
            raise unknown_operation("Glue", operation)
        return answer(request)


class Tags:
    """GetTags, TagResource and UntagResource, on databases and tables."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, request: Json) -> Json:
        """Answer GetTags."""
        check(request, ("ResourceArn",))
        with self._store.read() as db:
            arn = _tagged(db, request["ResourceArn"])
            return {"Tags": dict(db.execute("SELECT name, value FROM glue_tag WHERE arn = ?", arn))}

    def add(self, request: Json) -> Json:
        """Answer TagResource."""
        check(request, ("ResourceArn", "TagsToAdd"), TagsToAdd=TAGS)
        with self._store.write() as db:
            arn = _tagged(db, request["ResourceArn"])
            db.executemany(
                "INSERT OR REPLACE INTO glue_tag VALUES (?, ?, ?)",
                [(*arn, *tag) for tag in request["TagsToAdd"].items()],
            )
        return {}

    def remove(self, request: Json) -> Json:
        """Answer UntagResource."""
        check(request, ("ResourceArn", "TagsToRemove"))
        with self._store.write() as db:
            arn = _tagged(db, request["ResourceArn"])
            db.executemany(
                "DELETE FROM glue_tag WHERE arn = ? AND name = ?",
                [(*arn, name) for name in request["TagsToRemove"]],
            )
        return {}


def _tagged(db: sqlite3.Connection, arn: str) -> tuple[str]:
    """The ARN as it is stored; AwsError if it names no database or table that exists."""
    kind, _, name = arn.split(":", 5)[-1].partition("/")
    if kind == "database":
        return (database_arn(require_database(db, name)["Name"]),)
    if kind != "table":
        raise not_found(f"Resource {arn} not found.")
    table = TableRow.require(db, *name.split("/", 1) if "/" in name else (name, "")).body
    return (table_arn(table["DatabaseName"], table["Name"]),)


class Functions:
    """User-defined functions: the embedded catalog has none."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list(self, request: Json) -> Json:
        """Answer GetUserDefinedFunctions."""
        check(request, ("Pattern",))
        self._require_database(request)
        return {"UserDefinedFunctions": []}

    def get(self, request: Json) -> Json:
        """Answer GetUserDefinedFunction."""
        check(request, ("DatabaseName", "FunctionName"))
        self._require_database(request)
        raise not_found(f"Function {request['FunctionName']} not found.")

    def _require_database(self, request: Json) -> None:
        if request.get("DatabaseName"):
            with self._store.read() as db:
                require_database(db, request["DatabaseName"])
