"""Tables of the embedded Glue."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from fsql.local.glue.databases import now, require_database
from fsql.local.glue.shapes import (
    NAME,
    TABLE_INPUT,
    Json,
    Many,
    Number,
    already_exists,
    check,
    error_detail,
    fold,
    invalid,
    not_found,
    pick,
    storage,
)
from fsql.local.paging import decode_token, page
from fsql.local.patterns import NamePattern
from fsql.local.store import Store
from fsql.local.wire import ACCOUNT, REGION, AwsError

_KEPT = (*TABLE_INPUT, "LastAccessTime", "LastAnalyzedTime", "TargetTable")
_REFUSED = ("FederatedTable", "ViewDefinition")
_CREATOR = f"arn:aws:iam::{ACCOUNT}:root"
_ATTRIBUTES = {"NAME": "Name", "TABLE_TYPE": "TableType"}


@dataclass(frozen=True, slots=True)
class TableRow:
    """A table as the catalog holds it: its row id, its version, its Table structure."""

    id: int
    version: int
    body: Json

    @classmethod
    def find(cls, db: sqlite3.Connection, database: str, name: str) -> TableRow | None:
        """The current version of a table, None if there is no such table."""
        row = db.execute(
            "SELECT id, version, body FROM glue_table WHERE database = ? AND name = ?",
            (fold(database), fold(name)),
        ).fetchone()
        return None if row is None else cls(row[0], row[1], json.loads(row[2]))

    @classmethod
    def require(
        cls, db: sqlite3.Connection, database: str, name: str, message: str = "Entity Not Found"
    ) -> TableRow:
        """As :meth:`find`; AwsError EntityNotFoundException for no such database or table."""
        found = cls.find(db, database, name)
        if found is None:
            require_database(db, database)
            raise not_found(message)
        return found


def table_arn(database: str, name: str) -> str:
    """The ARN by which tags name a table."""
    return f"arn:aws:glue:{REGION}:{ACCOUNT}:table/{database}/{name}"


class Tables:
    """CreateTable, GetTable, GetTables, UpdateTable, DeleteTable and BatchDeleteTable.

    Args:
        index: adds a partition index to a table.
    """

    def __init__(
        self, store: Store, index: Callable[[sqlite3.Connection, TableRow, Json], None]
    ) -> None:
        self._store = store
        self._index = index

    def create(self, request: Json) -> Json:
        """Answer CreateTable."""
        check(request, ("DatabaseName",), TableInput=TABLE_INPUT)
        body = _body(request)
        created = now()
        body |= {"CreateTime": created, "UpdateTime": created, "CreatedBy": _CREATOR}
        body["VersionId"] = "0"
        indexes = request.get("PartitionIndexes") or []
        with self._store.write() as db:
            require_database(db, request["DatabaseName"])
            if TableRow.find(db, body["DatabaseName"], body["Name"]):
                raise already_exists("Table")
            db.execute(
                "INSERT INTO glue_table (database, name, version, body) VALUES (?, ?, 0, ?)",
                (body["DatabaseName"], body["Name"], json.dumps(body)),
            )
            made = TableRow.require(db, body["DatabaseName"], body["Name"])
            for index in indexes:
                self._index(db, made, index)
        return {}

    def get(self, request: Json) -> Json:
        """Answer GetTable."""
        check(request, ("DatabaseName", "Name"))
        with self._store.read() as db:
            return {"Table": TableRow.require(db, request["DatabaseName"], request["Name"]).body}

    def list(self, request: Json) -> Json:
        """Answer GetTables, in the order of names; Expression is a regex on the whole name."""
        check(request, ("DatabaseName",), MaxResults=Number(1, 100))
        pattern = name_pattern(request.get("Expression"))
        after = decode_token(request.get("NextToken")) or ""
        with self._store.read() as db:
            require_database(db, request["DatabaseName"])
            with closing(_names(db, fold(request["DatabaseName"]), after)) as names:
                matching = (row for row in names if pattern.fullmatch(row[1]))
                found, more = page(matching, request.get("MaxResults") or 100, lambda row: row[1])
            tables = [_load(db, row[0]) for row in found]
        return {
            "TableList": [_attributes(t, request.get("AttributesToGet")) for t in tables]
        } | more

    def update(self, request: Json) -> Json:
        """Answer UpdateTable: a new version, if the caller's VersionId is still the current one."""
        check(request, ("DatabaseName", "TableInput"), TableInput=TABLE_INPUT)
        body = _body(request)
        if fold(request.get("Name") or body["Name"]) != body["Name"]:
            raise invalid(
                f"A table can't be renamed: Name is {request['Name']}, TableInput.Name is "
                f"{request['TableInput']['Name']}."
            )
        with self._store.write() as db:
            message = f"Table {request['TableInput']['Name']} not found."
            old = TableRow.require(db, request["DatabaseName"], body["Name"], message)
            if request.get("VersionId") not in (None, str(old.version)):
                raise AwsError(
                    "ConcurrentModificationException",
                    "Update table failed due to concurrent modifications.",
                )
            _replace(db, old, body, archive=not request.get("SkipArchive"))
        return {}

    def delete(self, request: Json) -> Json:
        """Answer DeleteTable: its versions and partitions go with it, its objects stay."""
        check(request, ("DatabaseName", "Name"))
        with self._store.write() as db:
            _delete(db, request["DatabaseName"], request["Name"])
        return {}

    def batch_delete(self, request: Json) -> Json:
        """Answer BatchDeleteTable, at most 100 tables."""
        check(request, ("DatabaseName", "TablesToDelete"), TablesToDelete=Many(NAME, 100))
        errors = []
        with self._store.write() as db:
            require_database(db, request["DatabaseName"])
            for name in request["TablesToDelete"]:
                try:
                    _delete(db, request["DatabaseName"], name)
                except AwsError as error:
                    error.message = error.message.rstrip(".")
                    errors.append({"TableName": name, "ErrorDetail": error_detail(error)})
        return {"Errors": errors}


def name_pattern(expression: str | None) -> NamePattern:
    r"""A name filter; Java's ``\Q…\E`` quoting is understood.

    A ``*`` that follows no group, class or dot stands for any text, as in Hive's patterns:
    awswrangler asks for ``*part*`` and ``prefix*``.
    """
    if not expression:
        return NamePattern(".*")
    text = re.sub(r"\\Q(.*?)(?:\\E|$)", lambda match: re.escape(match[1]), expression)
    text = re.sub(r"(?<![.)\]}\\])\*", ".*", text)
    try:
        return NamePattern(text)
    except ValueError as error:
        raise invalid(f"Expression {expression!r} is no regular expression: {error}.") from None


def _names(db: sqlite3.Connection, database: str, after: str) -> sqlite3.Cursor:
    return db.execute(
        "SELECT id, name FROM glue_table WHERE database = ? AND name > ? ORDER BY name",
        (database, after),
    )


def _load(db: sqlite3.Connection, table_id: int) -> Json:
    row = db.execute("SELECT body FROM glue_table WHERE id = ?", (table_id,)).fetchone()
    body: Json = json.loads(row[0])
    return body


def _attributes(table: Json, wanted: list[str] | None) -> Json:
    if not wanted or "DEFAULT" in wanted:
        return table
    return pick(table, tuple(_ATTRIBUTES[each] for each in wanted if each in _ATTRIBUTES))


def _replace(db: sqlite3.Connection, old: TableRow, body: Json, archive: bool) -> None:
    if archive:
        db.execute(
            "INSERT INTO glue_table_version VALUES (?, ?, ?)",
            (old.id, old.version, json.dumps(old.body)),
        )
    body |= pick(old.body, ("CreateTime", "CreatedBy"))
    body |= {"UpdateTime": now(), "VersionId": str(old.version + 1)}
    db.execute(
        "UPDATE glue_table SET version = ?, body = ? WHERE id = ?",
        (old.version + 1, json.dumps(body), old.id),
    )


def _delete(db: sqlite3.Connection, database: str, name: str) -> None:
    found = TableRow.require(db, database, name, f"Table {name} not found.")
    db.execute("DELETE FROM glue_table WHERE id = ?", (found.id,))
    arn = table_arn(found.body["DatabaseName"], found.body["Name"])
    db.execute("DELETE FROM glue_tag WHERE arn = ?", (arn,))


def _body(request: Json) -> Json:
    given = request.get("TableInput") or {}
    if not given.get("Name"):
        raise invalid("TableInput with a Name is required.")
    refused = [name for name in _REFUSED if given.get(name)]
    refused += [name for name in ("OpenTableFormatInput",) if request.get(name)]
    if refused:
        raise invalid(f"The embedded Glue does not know the table feature {', '.join(refused)}.")
    body: Json = {"Retention": 0, **pick(given, _KEPT)}
    body |= storage(given.get("StorageDescriptor"))
    return body | {
        "Name": fold(given["Name"]),
        "DatabaseName": fold(request["DatabaseName"]),
        "IsRegisteredWithLakeFormation": False,
        "CatalogId": ACCOUNT,
        "IsMultiDialectView": False,
    }
