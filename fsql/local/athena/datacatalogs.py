"""Athena's view of Glue: data catalogs, databases and table metadata."""

from __future__ import annotations

import json
import re
import sqlite3
import uuid
from typing import Any

from fsql.local.athena.tags import Tags, arn
from fsql.local.paging import decode_token, page
from fsql.local.patterns import NamePattern
from fsql.local.statements.failures import invalid_request
from fsql.local.store import Store
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.tables.information_schema import tables_in
from fsql.local.tables.resolver import CATALOG
from fsql.local.wire import ACCOUNT, AwsError

__all__ = ["DataCatalogs"]

Json = dict[str, Any]
_NAME = "AwsDataCatalog"
_COMPLETE = "CREATE_COMPLETE"
_PAGE = 50
_REFUSED = "InvalidRequestException"


class DataCatalogs:
    """The data catalog of the account, further names for it, and what lies in it."""

    def __init__(self, store: Store, glue: GlueCalls, tags: Tags) -> None:
        self._store = store
        self._glue = glue
        self._tags = tags

    def create(self, request: Json) -> Json:
        """Answer CreateDataCatalog: a GLUE catalog of this account; those are all there are."""
        name = request["Name"]
        body = _checked(request)
        with self._store.write() as db:
            if name.lower() == CATALOG or _load(db, name) is not None:
                raise invalid_request(f"DataCatalog {name} already exists")
            _save(db, body)
            self._tags.put(db, arn("datacatalog", body["Name"]), request.get("Tags") or [])
        return {"DataCatalog": body}

    def update(self, request: Json) -> Json:
        """Answer UpdateDataCatalog."""
        body = _checked(request)
        with self._store.write() as db:
            if _load(db, request["Name"]) is None:
                raise _not_found(request["Name"])
            _save(db, body)
        return {}

    def delete(self, request: Json) -> Json:
        """Answer DeleteDataCatalog; what lies in Glue stays."""
        name = request["Name"]
        if name.lower() == CATALOG:
            raise invalid_request(f"{_NAME} is the account's own catalog and can't be deleted.")
        with self._store.write() as db:
            body = _load(db, name)
            if body is None:
                raise _not_found(name)
            db.execute("DELETE FROM athena_data_catalog WHERE name = ?", (name.lower(),))
            self._tags.drop(db, arn("datacatalog", body["Name"]))
        return {"DataCatalog": {**body, "Status": "DELETE_COMPLETE"}}

    def exists(self, name: str) -> bool:
        """Whether there is a catalog of that name."""
        with self._store.read() as db:
            return name.lower() == CATALOG or _load(db, name) is not None

    def resolved(self, name: str) -> str:
        """The catalog that a name stands for; a name that nobody registered stays."""
        return CATALOG if self.exists(name) else name

    def list(self, request: Json) -> Json:
        """Answer ListDataCatalogs, the account's own first."""
        after = decode_token(request.get("NextToken"), _REFUSED) or ""
        with self._store.read() as db:
            rows = db.execute("SELECT body FROM athena_data_catalog ORDER BY name").fetchall()
        names = [_NAME, *(json.loads(body)["Name"] for (body,) in rows)]
        wanted = names[names.index(after) + 1 :] if after in names else names
        listed, token = page(wanted, request.get("MaxResults") or _PAGE, key=str)
        status = {"Type": "GLUE", "Status": "CREATE_COMPLETE"}
        return {
            "DataCatalogsSummary": [{"CatalogName": name, **status} for name in listed],
            **token,
        }

    def get(self, request: Json) -> Json:
        """Answer GetDataCatalog."""
        name = request["Name"]
        with self._store.read() as db:
            found = _load(db, name)
        if found is None and name.lower() != CATALOG:
            raise _not_found(name)
        parameters = {"catalog-id": ACCOUNT}
        own = {"Name": _NAME, "Type": "GLUE", "Parameters": parameters, "Status": _COMPLETE}
        return {"DataCatalog": found or own}

    def databases(self, request: Json) -> Json:
        """Answer ListDatabases."""
        self._require(request["CatalogName"])
        limit = {"MaxResults": request["MaxResults"]} if "MaxResults" in request else {}
        token = {"NextToken": request["NextToken"]} if "NextToken" in request else {}
        found = self._call("GetDatabases", {**limit, **token})
        listed = {"DatabaseList": [_database(entry) for entry in found["DatabaseList"]]}
        return listed | {k: v for k, v in found.items() if k == "NextToken" and v}

    def database(self, request: Json) -> Json:
        """Answer GetDatabase."""
        self._require(request["CatalogName"])
        found = self._call("GetDatabase", {"Name": request["DatabaseName"].lower()})
        return {"Database": _database(found["Database"])}

    def tables(self, request: Json) -> Json:
        """Answer ListTableMetadata; Expression is a regular expression, ``*`` alone is ``.*``."""
        self._require(request["CatalogName"])
        after = decode_token(request.get("NextToken"), _REFUSED) or ""
        matches = _pattern(request.get("Expression"))
        try:
            found = list(tables_in(self._glue, request["DatabaseName"].lower()))
        except AwsError as error:
            raise _metadata_error(error) from error
        wanted = (t for t in found if t["Name"] > after and matches.fullmatch(t["Name"]))
        listed, token = page(wanted, request.get("MaxResults", _PAGE), key=lambda t: t["Name"])
        return {"TableMetadataList": [_table(entry) for entry in listed], **token}

    def table(self, request: Json) -> Json:
        """Answer GetTableMetadata."""
        self._require(request["CatalogName"])
        name = {"DatabaseName": request["DatabaseName"].lower(), "Name": request["TableName"]}
        found = self._call("GetTable", {**name, "Name": name["Name"].lower()})
        return {"TableMetadata": _table(found["Table"])}

    def _require(self, name: str) -> None:
        if not self.exists(name):
            raise _not_found(name)

    def _call(self, operation: str, request: Json) -> Json:
        try:
            return self._glue.call(operation, request)
        except AwsError as error:
            raise _metadata_error(error) from error


def _checked(request: Json) -> Json:
    """A data catalog as it is kept; AwsError for one of a kind that only AWS has."""
    name, kind = request["Name"], request["Type"]
    parameters = request.get("Parameters") or {}
    if kind != "GLUE":
        raise invalid_request(
            f"DataCatalog {name} is of type {kind}; the embedded Athena has catalogs of type GLUE."
        )
    account = parameters.get("catalog-id", ACCOUNT)
    if account != ACCOUNT:
        raise invalid_request(
            f"DataCatalog {name} is in account {account}; the embedded Athena has {ACCOUNT} only."
        )
    body = {"Name": name, "Type": kind, "Parameters": {"catalog-id": ACCOUNT}, "Status": _COMPLETE}
    kept = {key: request[key] for key in ("Description",) if request.get(key)}
    return body | kept


def _load(db: sqlite3.Connection, name: str) -> Json | None:
    found = db.execute("SELECT body FROM athena_data_catalog WHERE name = ?", (name.lower(),))
    row = found.fetchone()
    body: Json | None = None if row is None else json.loads(row[0])
    return body


def _save(db: sqlite3.Connection, body: Json) -> None:
    row = (body["Name"].lower(), json.dumps(body))
    db.execute("INSERT OR REPLACE INTO athena_data_catalog VALUES (?, ?)", row)


def _not_found(name: str) -> AwsError:
    message = f"DataCatalog {name} was not found. The embedded Athena has {_NAME}."
    return invalid_request(message, "DATACATALOG_NOT_FOUND")


def _metadata_error(error: AwsError) -> AwsError:
    """Glue's error as Athena passes it on."""
    service = f"Service: AmazonDataCatalog; Status Code: {error.status}; Error Code: {error.code}"
    request = f"Request ID: {uuid.uuid4()}; Proxy: null"
    return AwsError("MetadataException", f"{error.message} ({service}; {request})")


def _pattern(expression: str | None) -> NamePattern:
    try:
        text = re.sub(r"(?<![.\])])\*", ".*", expression or "*")
        return NamePattern(text, any_case=True)
    except ValueError as error:
        raise AwsError(
            "InvalidRequestException",
            f"Expression {expression!r} is no regular expression: {error}",
            extra={"AthenaErrorCode": "INVALID_INPUT"},
        ) from error


def _database(found: Json) -> Json:
    kept = {"Name": "Name", "Description": "Description", "Parameters": "Parameters"}
    return {ours: found[theirs] for ours, theirs in kept.items() if theirs in found}


def _table(found: Json) -> Json:
    storage = found.get("StorageDescriptor", {})
    parameters = {
        **found.get("Parameters", {}),
        "inputformat": storage.get("InputFormat"),
        "location": storage.get("Location"),
        "outputformat": storage.get("OutputFormat"),
        "serde.serialization.lib": storage.get("SerdeInfo", {}).get("SerializationLibrary"),
    }
    serde = storage.get("SerdeInfo", {}).get("Parameters", {})
    parameters |= {f"serde.param.{name}": value for name, value in serde.items()}
    return {
        "Name": found["Name"],
        "CreateTime": found.get("CreateTime"),
        "LastAccessTime": found.get("LastAccessTime", 0.0),
        "TableType": found.get("TableType", ""),
        "Columns": storage.get("Columns", []),
        "PartitionKeys": found.get("PartitionKeys", []),
        "Parameters": {name: value for name, value in parameters.items() if value is not None},
    }
