"""Partition indexes: kept and shown; every filter is fast without them here.

https://docs.aws.amazon.com/glue/latest/dg/partition-indexes.html
"""

from __future__ import annotations

import json
import sqlite3

from fsql.local.glue.shapes import NAME, Json, Many, already_exists, check, fold, invalid, not_found
from fsql.local.glue.tables import TableRow
from fsql.local.store import Store
from fsql.local.wire import AwsError

__all__ = ["PartitionIndexes", "add_index"]

_INDEX = {"IndexName": NAME, "Keys": Many(NAME, 255, 1)}
_MOST = 3
_TABLE = ("DatabaseName", "TableName")


class PartitionIndexes:
    """CreatePartitionIndex, DeletePartitionIndex and GetPartitionIndexes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Json) -> Json:
        """Answer CreatePartitionIndex; the index is ready at once."""
        check(request, (*_TABLE, "PartitionIndex"), PartitionIndex=_INDEX)
        with self._store.write() as db:
            add_index(db, _table(db, request), request["PartitionIndex"])
        return {}

    def delete(self, request: Json) -> Json:
        """Answer DeletePartitionIndex."""
        check(request, (*_TABLE, "IndexName"))
        with self._store.write() as db:
            row = (_table(db, request).id, request["IndexName"])
            done = db.execute(
                "DELETE FROM glue_partition_index WHERE table_id = ? AND name = ?", row
            )
        if done.rowcount == 0:
            raise not_found(f"Index {request['IndexName']} not found.")
        return {}

    def list(self, request: Json) -> Json:
        """Answer GetPartitionIndexes, of which a table has three at most."""
        check(request, _TABLE)
        with self._store.read() as db:
            rows = db.execute(
                "SELECT body FROM glue_partition_index WHERE table_id = ? ORDER BY name",
                (_table(db, request).id,),
            ).fetchall()
        return {"PartitionIndexDescriptorList": [json.loads(body) for (body,) in rows]}


def _table(db: sqlite3.Connection, request: Json) -> TableRow:
    name = request["TableName"]
    return TableRow.require(db, request["DatabaseName"], name, f"Table {name} not found.")


def add_index(db: sqlite3.Connection, table: TableRow, index: Json) -> None:
    """Keep an index; AwsError if its keys are no partition keys, or there are enough already."""
    keys = {fold(key["Name"]): key for key in table.body.get("PartitionKeys", [])}
    unknown = [name for name in index["Keys"] if fold(name) not in keys]
    if unknown:
        raise invalid(f"Keys {', '.join(unknown)} are not partition keys of the table.")
    rows = db.execute("SELECT name FROM glue_partition_index WHERE table_id = ?", (table.id,))
    names = [name for (name,) in rows]
    if index["IndexName"] in names:
        raise already_exists("Index")
    if len(names) == _MOST:
        raise AwsError(
            "ResourceNumberLimitExceededException",
            f"A table can have {_MOST} partition indexes, not more.",
        )
    described = [{"Name": fold(name), "Type": keys[fold(name)]["Type"]} for name in index["Keys"]]
    body = {"IndexName": index["IndexName"], "Keys": described, "IndexStatus": "ACTIVE"}
    row = (table.id, index["IndexName"], json.dumps(body))
    db.execute("INSERT INTO glue_partition_index VALUES (?, ?, ?)", row)
