"""Statistics of columns, of a table or of one partition, as their writers say them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

from fsql.local.glue.shapes import NAME, VALUE, Json, Many, check, error_detail, fold, not_found
from fsql.local.glue.tables import TableRow
from fsql.local.store import Store
from fsql.local.wire import AwsError

__all__ = ["ColumnStatistics"]

_MOST_CHANGED, _MOST_READ = 25, 100
_TABLE = ("DatabaseName", "TableName")
_NO_PARTITION = ""

Operation = Callable[[Json], Json]


class ColumnStatistics:
    """Update, Get and Delete of ColumnStatisticsForTable and …ForPartition."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def operations(self, suffix: str) -> dict[str, Operation]:
        """The operations for ``Table`` or for ``Partition``."""
        further = ("PartitionValues",) if suffix == "Partition" else ()
        return {
            f"UpdateColumnStatisticsFor{suffix}": lambda request: self._update(request, further),
            f"GetColumnStatisticsFor{suffix}": lambda request: self._get(request, further),
            f"DeleteColumnStatisticsFor{suffix}": lambda request: self._delete(request, further),
        }

    def _update(self, request: Json, further: tuple[str, ...]) -> Json:
        required = (*_TABLE, *further, "ColumnStatisticsList")
        check(request, required, ColumnStatisticsList=Many({"ColumnName": NAME}, _MOST_CHANGED))
        errors = []
        with self._store.write() as db:
            table, value = _place(db, request)
            columns = _columns(table)
            for given in request["ColumnStatisticsList"]:
                name = fold(given["ColumnName"])
                if name not in columns:
                    detail = error_detail(_no_column(given["ColumnName"]))
                    errors.append({"ColumnStatistics": given, "Error": detail})
                    continue
                row = (table.id, value, name, json.dumps({**given, "ColumnName": name}))
                db.execute("INSERT OR REPLACE INTO glue_column_statistics VALUES (?, ?, ?, ?)", row)
        return {"Errors": errors}

    def _get(self, request: Json, further: tuple[str, ...]) -> Json:
        required = (*_TABLE, *further, "ColumnNames")
        check(request, required, ColumnNames=Many(NAME, _MOST_READ))
        found, errors = [], []
        with self._store.read() as db:
            table, value = _place(db, request)
            for name in request["ColumnNames"]:
                row = db.execute(
                    "SELECT body FROM glue_column_statistics"
                    " WHERE table_id = ? AND value = ? AND column_name = ?",
                    (table.id, value, fold(name)),
                ).fetchone()
                if row is None:
                    detail = error_detail(_no_column(name))
                    errors.append({"ColumnName": name, "Error": detail})
                else:
                    found.append(json.loads(row[0]))
        return {"ColumnStatisticsList": found, "Errors": errors}

    def _delete(self, request: Json, further: tuple[str, ...]) -> Json:
        check(request, (*_TABLE, *further, "ColumnName"))
        with self._store.write() as db:
            table, value = _place(db, request)
            done = db.execute(
                "DELETE FROM glue_column_statistics"
                " WHERE table_id = ? AND value = ? AND column_name = ?",
                (table.id, value, fold(request["ColumnName"])),
            )
        if done.rowcount == 0:
            raise _no_column(request["ColumnName"])
        return {}


def _place(db: sqlite3.Connection, request: Json) -> tuple[TableRow, str]:
    """The table and the key of the partition that a request names; AwsError."""
    name = request["TableName"]
    table = TableRow.require(db, request["DatabaseName"], name, f"Table {name} not found.")
    if "PartitionValues" not in request:
        return table, _NO_PARTITION
    check(request, (), PartitionValues=Many(VALUE))
    value = json.dumps(list(request["PartitionValues"]))
    there = db.execute(
        "SELECT 1 FROM glue_partition WHERE table_id = ? AND value = ?", (table.id, value)
    )
    if there.fetchone() is None:
        raise not_found("Cannot find partition.")
    return table, value


def _columns(table: TableRow) -> set[str]:
    listed = table.body.get("StorageDescriptor", {}).get("Columns", [])
    return {fold(column["Name"]) for column in (*listed, *table.body.get("PartitionKeys", []))}


def _no_column(name: str) -> AwsError:
    return not_found(f"Column statistics of {name} not found.")
