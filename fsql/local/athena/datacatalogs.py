"""Athena's view of Glue: data catalogs, databases and table metadata."""

from __future__ import annotations

import re
import uuid
from typing import Any

from fsql.local.paging import decode_token, page
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.tables.information_schema import tables_in
from fsql.local.wire import ACCOUNT, AwsError

__all__ = ["DataCatalogs"]

Json = dict[str, Any]
_NAME = "AwsDataCatalog"
_PAGE = 50
_REFUSED = "InvalidRequestException"


class DataCatalogs:
    """The one data catalog there is, and what lies in it."""

    def __init__(self, glue: GlueCalls) -> None:
        self._glue = glue

    def list(self, request: Json) -> Json:
        """Answer ListDataCatalogs."""
        summary = {"CatalogName": _NAME, "Type": "GLUE", "Status": "CREATE_COMPLETE"}
        return {"DataCatalogsSummary": [summary]}

    def get(self, request: Json) -> Json:
        """Answer GetDataCatalog."""
        _require(request["Name"])
        parameters = {"catalog-id": ACCOUNT}
        return {"DataCatalog": {"Name": _NAME, "Type": "GLUE", "Parameters": parameters}}

    def databases(self, request: Json) -> Json:
        """Answer ListDatabases."""
        _require(request["CatalogName"])
        limit = {"MaxResults": request["MaxResults"]} if "MaxResults" in request else {}
        token = {"NextToken": request["NextToken"]} if "NextToken" in request else {}
        found = self._call("GetDatabases", {**limit, **token})
        listed = {"DatabaseList": [_database(entry) for entry in found["DatabaseList"]]}
        return listed | {k: v for k, v in found.items() if k == "NextToken" and v}

    def database(self, request: Json) -> Json:
        """Answer GetDatabase."""
        _require(request["CatalogName"])
        found = self._call("GetDatabase", {"Name": request["DatabaseName"].lower()})
        return {"Database": _database(found["Database"])}

    def tables(self, request: Json) -> Json:
        """Answer ListTableMetadata; Expression is a regular expression, ``*`` alone is ``.*``."""
        _require(request["CatalogName"])
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
        _require(request["CatalogName"])
        name = {"DatabaseName": request["DatabaseName"].lower(), "Name": request["TableName"]}
        found = self._call("GetTable", {**name, "Name": name["Name"].lower()})
        return {"TableMetadata": _table(found["Table"])}

    def _call(self, operation: str, request: Json) -> Json:
        try:
            return self._glue.call(operation, request)
        except AwsError as error:
            raise _metadata_error(error) from error


def _require(name: str) -> None:
    if name.lower() != _NAME.lower():
        raise AwsError(
            "InvalidRequestException",
            f"DataCatalog {name} was not found. The embedded Athena has {_NAME}.",
            extra={"AthenaErrorCode": "DATACATALOG_NOT_FOUND"},
        )


def _metadata_error(error: AwsError) -> AwsError:
    """Glue's error as Athena passes it on."""
    service = f"Service: AmazonDataCatalog; Status Code: {error.status}; Error Code: {error.code}"
    request = f"Request ID: {uuid.uuid4()}; Proxy: null"
    return AwsError("MetadataException", f"{error.message} ({service}; {request})")


def _pattern(expression: str | None) -> re.Pattern[str]:
    try:
        return re.compile(re.sub(r"(?<![.\])])\*", ".*", expression or "*"), re.IGNORECASE)
    except re.error as error:
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
