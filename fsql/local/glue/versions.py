"""Versions of tables in the embedded Glue: the current one and those that were archived."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from fsql.local.glue.shapes import NAME, Json, Many, Number, check, error_detail, invalid, not_found
from fsql.local.glue.tables import TableRow
from fsql.local.paging import decode_token, page
from fsql.local.store import Store
from fsql.local.wire import AwsError


class TableVersions:
    """GetTableVersion, GetTableVersions, DeleteTableVersion and BatchDeleteTableVersion."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, request: Json) -> Json:
        """Answer GetTableVersion; without VersionId the current one."""
        check(request, ("DatabaseName", "TableName"))
        with self._store.read() as db:
            table = TableRow.require(db, request["DatabaseName"], request["TableName"])
            wanted = request.get("VersionId")
            if wanted in (None, str(table.version)):
                return {"TableVersion": _shape(table.body)}
            row = db.execute(
                "SELECT body FROM glue_table_version WHERE table_id = ? AND version = ?",
                (table.id, _number(str(wanted))),
            ).fetchone()
        if row is None:
            raise not_found("Version not found.")
        return {"TableVersion": _shape(json.loads(row[0]))}

    def list(self, request: Json) -> Json:
        """Answer GetTableVersions, the newest first."""
        check(request, ("DatabaseName", "TableName"), MaxResults=Number(1, 100))
        before = decode_token(request.get("NextToken"))
        with self._store.read() as db:
            table = TableRow.require(db, request["DatabaseName"], request["TableName"])
            rows = db.execute(
                "SELECT version, body FROM glue_table WHERE id = :id AND version < :before "
                "UNION ALL SELECT version, body FROM glue_table_version "
                "WHERE table_id = :id AND version < :before ORDER BY version DESC",
                {"id": table.id, "before": table.version + 1 if before is None else before},
            )
            with closing(rows):
                found, more = page(rows, request.get("MaxResults") or 100, lambda row: row[0])
        return {"TableVersions": [_shape(json.loads(body)) for _, body in found], **more}

    def delete(self, request: Json) -> Json:
        """Answer DeleteTableVersion."""
        check(request, ("DatabaseName", "TableName", "VersionId"))
        with self._store.write() as db:
            table = TableRow.require(db, request["DatabaseName"], request["TableName"])
            _delete(db, table, request["VersionId"])
        return {}

    def batch_delete(self, request: Json) -> Json:
        """Answer BatchDeleteTableVersion, at most 100 versions."""
        required = ("DatabaseName", "TableName", "VersionIds")
        check(request, required, VersionIds=Many(NAME, 100))
        errors = []
        with self._store.write() as db:
            table = TableRow.require(db, request["DatabaseName"], request["TableName"])
            for version in request["VersionIds"]:
                try:
                    _delete(db, table, version)
                except AwsError as error:
                    errors.append(
                        {
                            "TableName": table.body["Name"],
                            "VersionId": version,
                            "ErrorDetail": error_detail(error),
                        }
                    )
        return {"Errors": errors}


def _shape(body: Json) -> Json:
    return {"Table": body, "VersionId": body["VersionId"]}


def _number(version: str) -> int:
    return int(version) if version.isascii() and version.isdigit() and len(version) < 19 else -1


def _delete(db: sqlite3.Connection, table: TableRow, version: str) -> None:
    if version == str(table.version):
        raise invalid(f"Version {version} is the table's current one; delete the table instead.")
    done = db.execute(
        "DELETE FROM glue_table_version WHERE table_id = ? AND version = ?",
        (table.id, _number(version)),
    )
    if done.rowcount == 0:
        raise not_found("Version not found.")
