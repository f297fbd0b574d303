"""Tags of databases and tables."""

from __future__ import annotations

import sqlite3

from fsql.local.glue.databases import database_arn, require_database
from fsql.local.glue.shapes import TAGS, Json, check, not_found
from fsql.local.glue.tables import TableRow, table_arn
from fsql.local.store import Store

__all__ = ["Tags"]


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
