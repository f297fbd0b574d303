"""The embedded Amazon Athena: its API over queries, work groups, catalogs and prepared statements.

Shapes, codes and messages are the real service's as far as they are known; limits are those of
https://docs.aws.amazon.com/athena/latest/ug/service-limits.html.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from fsql.local.athena.configurations import result_folder
from fsql.local.athena.datacatalogs import DataCatalogs
from fsql.local.athena.named import NamedQueries
from fsql.local.athena.prepared import PreparedStatements
from fsql.local.athena.queries import Queries, Request
from fsql.local.athena.results import Row
from fsql.local.athena.reuse import max_age
from fsql.local.athena.statistics import runtime
from fsql.local.athena.tags import Tags
from fsql.local.athena.workgroups import PRIMARY, WorkGroup, WorkGroups
from fsql.local.limits import Limits
from fsql.local.objects import Objects
from fsql.local.objects.folder import FolderObjects
from fsql.local.paging import decode_token, encode_token
from fsql.local.statements.failures import invalid_request
from fsql.local.store import Store, split_uri
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.tables.resolver import CATALOG
from fsql.local.wire import AwsError, unknown_operation

__all__ = ["Athena"]

Json = dict[str, Any]

MAX_QUERY_BYTES = 262_144
MAX_ROWS = 1000
MAX_IDS = 50
_MAX_PARAMETER = 1024
_UNLIMITED = Limits()

# What a process forked while queries ran must neither use nor destroy.
_inherited: list[Queries] = []


class Athena:
    """Answers Athena's operations for one store, in the shapes of the wire.

    Args:
        store: where queries, workgroups and prepared statements are remembered.
        glue: whatever answers Glue's operations.
        objects: where tables and results lie; the store's by default.
        limits: what queries may take.
    """

    def __init__(
        self,
        store: Store,
        glue: GlueCalls,
        objects: Objects | None = None,
        limits: Limits = _UNLIMITED,
    ) -> None:
        self._store = store
        self._limits = limits
        self._objects = objects or FolderObjects(store)
        self._glue = glue
        tags = Tags(store)
        self._groups = WorkGroups(store, self._objects, tags)
        self._prepared = PreparedStatements(store)
        self._live: Queries | None = None
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._catalogs = catalogs = DataCatalogs(store, glue, tags)
        tags.known = {"workgroup": self._groups.exists, "datacatalog": catalogs.exists}
        named, grouped = NamedQueries(store), self._groups.in_group
        self._operations: dict[str, Callable[[Json], Json]] = {
            "BatchGetNamedQuery": named.batch_get,
            "BatchGetPreparedStatement": grouped(self._prepared.batch_get),
            "BatchGetQueryExecution": self._batch_get,
            "CreatePreparedStatement": grouped(self._prepared.create),
            "CreateDataCatalog": catalogs.create,
            "CreateNamedQuery": lambda request: grouped(named.create)(_with_group(request)),
            "CreateWorkGroup": self._groups.create,
            "DeleteDataCatalog": catalogs.delete,
            "DeleteNamedQuery": named.delete,
            "DeletePreparedStatement": grouped(self._prepared.delete),
            "DeleteWorkGroup": self._groups.delete,
            "GetDataCatalog": catalogs.get,
            "GetDatabase": catalogs.database,
            "GetNamedQuery": named.get,
            "GetPreparedStatement": grouped(self._prepared.get),
            "GetQueryExecution": self._get,
            "GetQueryResults": self._results,
            "GetQueryRuntimeStatistics": lambda request: {
                "QueryRuntimeStatistics": runtime(
                    self._queries.history.get(request["QueryExecutionId"])
                )
            },
            "GetTableMetadata": catalogs.table,
            "GetWorkGroup": self._groups.get,
            "ListDataCatalogs": catalogs.list,
            "ListDatabases": catalogs.databases,
            "ListEngineVersions": self._groups.engine_versions,
            "ListNamedQueries": lambda request: grouped(named.list)(_with_group(request)),
            "ListPreparedStatements": grouped(self._prepared.list),
            "ListQueryExecutions": self._list,
            "ListTableMetadata": catalogs.tables,
            "ListTagsForResource": tags.list,
            "ListWorkGroups": self._groups.list,
            "StartQueryExecution": self._start,
            "StopQueryExecution": self._stop,
            "TagResource": tags.add,
            "UntagResource": tags.remove,
            "UpdateDataCatalog": catalogs.update,
            "UpdateNamedQuery": named.update,
            "UpdatePreparedStatement": grouped(self._prepared.update),
            "UpdateWorkGroup": self._groups.update,
        }

    def call(self, operation: str, request: Json) -> Json:
        """The operation's output. AwsError with Athena's own codes and messages."""
        answer = self._operations.get(operation)
        if answer is None:
            raise unknown_operation("Athena", operation)
        try:
            return answer(request)
        except KeyError as error:
            name = str(error.args[0])
            raise invalid_request(
                f"1 validation error detected: Value null at '{name[:1].lower()}{name[1:]}' failed"
                " to satisfy constraint: Member must not be null"
            ) from error

    def close(self) -> None:
        """Cancel the queries of this process and give back what it holds."""
        if self._live is not None and self._pid == os.getpid():
            self._live.close()

    @property
    def _queries(self) -> Queries:
        with self._lock:
            if self._live is not None and self._pid != os.getpid():
                _inherited.append(self._live)
                self._live = None
            if self._live is None:
                self._live = Queries(
                    self._store, self._objects, self._glue, self._prepared, self._limits
                )
                self._pid = os.getpid()
            return self._live

    # Queries

    def _start(self, request: Json) -> Json:
        sql: str = request["QueryString"]
        if len(sql.encode()) > MAX_QUERY_BYTES:
            raise invalid_request(
                "1 validation error detected: Value at 'queryString' failed to satisfy constraint:"
                f" Member must have length less than or equal to {MAX_QUERY_BYTES}"
            )
        context: Json = request.get("QueryExecutionContext") or {}
        parameters: list[str] = request.get("ExecutionParameters") or []
        if any(len(value) > _MAX_PARAMETER for value in parameters):
            raise invalid_request(
                "1 validation error detected: Value at 'executionParameters' failed to satisfy"
                " constraint: Member must satisfy constraint: [Member must have length less than"
                f" or equal to {_MAX_PARAMETER}]"
            )
        group = self._groups.usable(request.get("WorkGroup") or PRIMARY)
        reuse: Json = request.get("ResultReuseConfiguration") or {}
        echo: Json = {"ResultReuseConfiguration": reuse} if reuse else {}
        if parameters:
            echo["ExecutionParameters"] = parameters
        if "Catalog" in context:
            echo["QueryExecutionContext"] = {**context, "Catalog": context["Catalog"].lower()}
        started = self._queries.start(
            Request(
                sql,
                self._catalogs.resolved(context.get("Catalog") or CATALOG),
                (context.get("Database") or "").strip("`") or None,  # awswrangler quotes it
                self._output(group, request.get("ResultConfiguration") or {}),
                group.name,
                request.get("ClientRequestToken"),
                parameters,
                {"EngineVersion": group.body["Configuration"]["EngineVersion"], **echo},
                group.cutoff,
                max_age(reuse),
            )
        )
        return {"QueryExecutionId": started}

    def _output(self, group: WorkGroup, configuration: Json) -> str:
        location: str | None = configuration.get("OutputLocation")
        if location is None or group.enforced:
            location = group.output
        if location is None:
            raise invalid_request(
                "No output location provided. An output location is required either through the"
                " Workgroup result configuration setting or as an API input."
            )
        folder = result_folder(location)
        bucket, _ = split_uri(folder)
        try:
            self._objects.require_bucket(bucket)
        except AwsError as error:
            raise invalid_request(f"Unable to verify/create output bucket {bucket}") from error
        return folder

    def _get(self, request: Json) -> Json:
        return {"QueryExecution": self._queries.get(request["QueryExecutionId"]).body}

    def _batch_get(self, request: Json) -> Json:
        ids: list[str] = request["QueryExecutionIds"]
        if len(ids) > MAX_IDS:
            raise invalid_request(
                "1 validation error detected: Value at 'queryExecutionIds' failed to satisfy"
                f" constraint: Member must have length less than or equal to {MAX_IDS}"
            )
        found, missing = [], []
        for id_ in ids:
            try:
                found.append(self._queries.history.get(id_).body)
            except AwsError as error:
                code = error.extra["AthenaErrorCode"]
                missing.append(
                    {"QueryExecutionId": id_, "ErrorCode": code, "ErrorMessage": error.message}
                )
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def _list(self, request: Json) -> Json:
        group = self._groups.require(request.get("WorkGroup") or PRIMARY).name
        limit = request.get("MaxResults") or MAX_IDS
        after = decode_token(request.get("NextToken"), "InvalidRequestException")
        rows = self._queries.history.page(group, limit + 1, after and (after[0], after[1]))
        ids = {"QueryExecutionIds": [id_ for _, id_ in rows[:limit]]}
        return ids if len(rows) <= limit else ids | {"NextToken": encode_token(rows[limit - 1])}

    def _stop(self, request: Json) -> Json:
        self._queries.stop(request["QueryExecutionId"])
        return {}

    def _results(self, request: Json) -> Json:
        limit = request.get("MaxResults") or MAX_ROWS
        if limit > MAX_ROWS:
            raise invalid_request(f"MaxResults is more than maximum allowed length {MAX_ROWS}")
        if request.get("QueryResultType") == "DATA_MANIFEST":
            raise invalid_request("QueryResultType DATA_MANIFEST is answered on AWS only")
        id_, token = request["QueryExecutionId"], request.get("NextToken")
        execution, (rows, end) = self._queries.page(id_, _offset(token, id_), limit)
        answer = {
            "ResultSet": {
                "Rows": [{"Data": _data(row)} for row in rows],
                "ResultSetMetadata": {"ColumnInfo": [c.info() for c in execution.columns]},
            }
        }
        if execution.update_count is not None:
            answer["UpdateCount"] = execution.update_count  # type: ignore[assignment]  # a wire dict
        return answer if end is None else answer | {"NextToken": encode_token([id_, end])}


def _with_group(request: Json) -> Json:
    return {**request, "WorkGroup": request.get("WorkGroup") or PRIMARY}


def _data(row: Row) -> list[dict[str, str]]:
    return [{} if value is None else {"VarCharValue": value} for value in row]


def _offset(token: str | None, id_: str) -> int:
    """Where the page of a token starts; AwsError for a token of another result or made up."""
    if token is None:
        return 0
    try:
        found, offset = decode_token(token, "InvalidRequestException")
        if found == id_ and isinstance(offset, int):
            return offset
    except (AwsError, TypeError, ValueError):
        pass
    raise invalid_request(f"Malformed nextPageToken {token}")
