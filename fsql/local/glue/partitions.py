"""Partitions of the embedded Glue."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from fsql.local.glue.databases import now
from fsql.local.glue.filter import partition_filter
from fsql.local.glue.shapes import (
    PARTITION_INPUT,
    PARTITION_VALUES,
    SEGMENT,
    VALUE,
    Json,
    Many,
    Number,
    already_exists,
    check,
    error_detail,
    invalid,
    not_found,
    pick,
    storage,
)
from fsql.local.glue.tables import TableRow
from fsql.local.paging import decode_token, page
from fsql.local.store import Store
from fsql.local.wire import ACCOUNT, AwsError

_KEPT = (*PARTITION_INPUT, "LastAccessTime", "LastAnalyzedTime")
_TABLE = ("DatabaseName", "TableName")


class Partitions:
    """The partition operations, one by one and in batches (100 in, 100 changed, 25 out)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Json) -> Json:
        """Answer CreatePartition."""
        check(request, (*_TABLE, "PartitionInput"), PartitionInput=PARTITION_INPUT)
        with self._store.write() as db:
            table = _table(db, request)
            _insert(db, table, _body(table, request["PartitionInput"]))
        return {}

    def batch_create(self, request: Json) -> Json:
        """Answer BatchCreatePartition: those that exist already are reported, not replaced."""
        limit = Many(PARTITION_INPUT, 100)
        check(request, (*_TABLE, "PartitionInputList"), PartitionInputList=limit)
        with self._store.write() as db:
            table = _table(db, request)
            bodies = [_body(table, given) for given in request["PartitionInputList"]]
            errors = _each(
                [body["Values"] for body in bodies],
                lambda number: _insert(db, table, bodies[number]),
            )
        return {"Errors": errors}

    def get(self, request: Json) -> Json:
        """Answer GetPartition."""
        check(request, (*_TABLE, "PartitionValues"), PartitionValues=Many(VALUE))
        with self._store.read() as db:
            table = _table(db, request)
            _check_count(table, request["PartitionValues"])
            found = _find(db, table, request["PartitionValues"])
        if found is None:
            raise not_found("Cannot find partition.")
        return {"Partition": found}

    def batch_get(self, request: Json) -> Json:
        """Answer BatchGetPartition: those that exist, in the order asked for."""
        limit = Many(PARTITION_VALUES, 1000)
        check(request, (*_TABLE, "PartitionsToGet"), PartitionsToGet=limit)
        with self._store.read() as db:
            table = _table(db, request)
            asked = [_find(db, table, each["Values"]) for each in request["PartitionsToGet"]]
        return {"Partitions": [body for body in asked if body is not None], "UnprocessedKeys": []}

    def list(self, request: Json) -> Json:
        """Answer GetPartitions: filtered by Expression, one Segment of them, page by page."""
        check(request, _TABLE, MaxResults=Number(1, 1000), Segment=SEGMENT)
        after = decode_token(request.get("NextToken")) or ""
        ours = _segment(request.get("Segment"))
        with self._store.read() as db:
            table = _table(db, request)
            wanted = partition_filter(request.get("Expression"), _keys(table))
            with closing(_rows(db, table, after)) as rows:
                mine = (row for row in rows if ours(row[0]) and wanted(json.loads(row[0])))
                found, more = page(mine, request.get("MaxResults") or 1000, lambda row: row[0])
        partitions = [json.loads(body) for _, body in found]
        if request.get("ExcludeColumnSchema"):
            for partition in partitions:
                partition.get("StorageDescriptor", {}).pop("Columns", None)
        return {"Partitions": partitions, **more}

    def update(self, request: Json) -> Json:
        """Answer UpdatePartition; new Values in the input move the partition."""
        required = (*_TABLE, "PartitionValueList", "PartitionInput")
        check(
            request, required, PartitionInput=PARTITION_INPUT, PartitionValueList=Many(VALUE, 100)
        )
        with self._store.write() as db:
            table = _table(db, request)
            _update(db, table, request, not_found("Partition not found."))
        return {}

    def batch_update(self, request: Json) -> Json:
        """Answer BatchUpdatePartition."""
        entry = {"PartitionValueList": Many(VALUE, 100), "PartitionInput": PARTITION_INPUT}
        check(request, (*_TABLE, "Entries"), Entries=Many(entry, 100, 1))
        entries = request["Entries"]
        with self._store.write() as db:
            table = _table(db, request)
            errors = _each(
                [entry["PartitionValueList"] for entry in entries],
                lambda number: _update(db, table, entries[number], _missing(entries[number])),
                "PartitionValueList",
            )
        return {"Errors": errors}

    def delete(self, request: Json) -> Json:
        """Answer DeletePartition."""
        check(request, (*_TABLE, "PartitionValues"), PartitionValues=Many(VALUE))
        with self._store.write() as db:
            _delete(db, _table(db, request), request["PartitionValues"], "Cannot find partition.")
        return {}

    def batch_delete(self, request: Json) -> Json:
        """Answer BatchDeletePartition."""
        limit = Many(PARTITION_VALUES, 25)
        check(request, (*_TABLE, "PartitionsToDelete"), PartitionsToDelete=limit)
        values = [each["Values"] for each in request["PartitionsToDelete"]]
        with self._store.write() as db:
            table = _table(db, request)
            errors = _each(
                values, lambda number: _delete(db, table, values[number], "Partition not found.")
            )
        return {"Errors": errors}


def _each(
    values: list[list[str]], act: Callable[[int], None], name: str = "PartitionValues"
) -> list[Json]:
    """Act on each entry of a batch; the errors of those that fail, which undo nothing."""
    errors = []
    for number, mine in enumerate(values):
        try:
            act(number)
        except AwsError as error:
            errors.append({name: mine, "ErrorDetail": error_detail(error)})
    return errors


def _table(db: sqlite3.Connection, request: Json) -> TableRow:
    name = request["TableName"]
    return TableRow.require(db, request["DatabaseName"], name, f"Table {name} not found.")


def _keys(table: TableRow) -> list[Json]:
    keys: list[Json] = table.body.get("PartitionKeys") or []
    return keys


def _check_count(table: TableRow, values: Sequence[str]) -> None:
    if len(values) != len(_keys(table)):
        raise invalid("The number of partition keys do not match the number of partition values")


def _body(table: TableRow, given: Json) -> Json:
    _check_count(table, given.get("Values") or [])
    return {
        **pick(given, _KEPT),
        **storage(given.get("StorageDescriptor")),
        "DatabaseName": table.body["DatabaseName"],
        "TableName": table.body["Name"],
        "CreationTime": now(),
        "CatalogId": ACCOUNT,
    }


def _key(values: Sequence[str]) -> str:
    return json.dumps(list(values))


def _find(db: sqlite3.Connection, table: TableRow, values: Sequence[str]) -> Json | None:
    row = db.execute(
        "SELECT body FROM glue_partition WHERE table_id = ? AND value = ?", (table.id, _key(values))
    ).fetchone()
    return None if row is None else dict(json.loads(row[0]))


def _rows(db: sqlite3.Connection, table: TableRow, after: str) -> sqlite3.Cursor:
    return db.execute(
        "SELECT value, body FROM glue_partition WHERE table_id = ? AND value > ? ORDER BY value",
        (table.id, after),
    )


def _insert(db: sqlite3.Connection, table: TableRow, body: Json) -> None:
    try:
        db.execute(
            "INSERT INTO glue_partition VALUES (?, ?, ?)",
            (table.id, _key(body["Values"]), json.dumps(body)),
        )
    except sqlite3.IntegrityError:
        raise already_exists("Partition") from None


def _update(db: sqlite3.Connection, table: TableRow, entry: Json, missing: AwsError) -> None:
    values, given = entry["PartitionValueList"], entry["PartitionInput"]
    old = _find(db, table, values)
    if old is None:
        raise missing
    body = _body(table, {**given, "Values": given.get("Values") or values})
    body["CreationTime"] = old["CreationTime"]
    if body["Values"] == values:
        db.execute(
            "UPDATE glue_partition SET body = ? WHERE table_id = ? AND value = ?",
            (json.dumps(body), table.id, _key(values)),
        )
    else:
        _insert(db, table, body)
        _delete(db, table, values, "Partition not found.")


def _delete(db: sqlite3.Connection, table: TableRow, values: Sequence[str], missing: str) -> None:
    done = db.execute(
        "DELETE FROM glue_partition WHERE table_id = ? AND value = ?", (table.id, _key(values))
    )
    if done.rowcount == 0:
        raise not_found(missing)


def _missing(entry: Json) -> AwsError:
    return not_found(f"Partition [{', '.join(entry['PartitionValueList'])}] not found")


def _segment(segment: dict[str, Any] | None) -> Callable[[str], bool]:
    if segment is None:
        return lambda value: True
    number, total = segment["SegmentNumber"], segment["TotalSegments"]
    if number >= total:
        raise invalid(f"Segment number {number} must be less than the {total} total segments.")
    return lambda value: zlib.crc32(value.encode()) % total == number
