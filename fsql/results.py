"""A query's result as PyAthena's cursors hold it, over any transport.

Everything that fsql hooks into PyAthena beyond its public names is in this module and
in `fsql.dbapi`: `AthenaResultSet` built with ``_pre_fetch=False``, its ``_reader``, and
the cursor's ``_poll``, ``_cancel_and_wait``, ``_wait_poll_interval`` and
``_result_set_class``.
`tests/test_pyathena_hooks.py` fails when a release moves one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from pyathena.model import AthenaQueryExecution
from pyathena.result_set import AthenaResultSet

from fsql.conversion import first_beyond_python
from fsql.errors import LossyCast, UnsupportedType
from fsql.outages import told
from fsql.planning import Plan
from fsql.storage import Storage
from fsql.transports import PAGE, Rows, Transport
from fsql.types import storage_type
from fsql.typetext import trino_type

__all__ = ["ResultSet"]

ROWS_AT_ONCE = 10_000
NO_QUERY = "none"
# Athena tells of them how many rows they changed, in a column "rows"; PEP 249 wants no description.
_CHANGES = ("INSERT", "UPDATE", "DELETE", "MERGE", "CREATE_TABLE_AS_SELECT")
Description = tuple[str, str, None, None, int, int, str]


class ResultSet(AthenaResultSet):
    """Rows as tuples of Python values, or the whole as Arrow; the schema restored.

    Attributes:
        cached: "hit", "miss" or why the result is not kept; None without a cache.
    """

    cached: str | None

    def __init__(
        self,
        connection: Any,
        converter: Any,
        query_execution: AthenaQueryExecution,
        arraysize: int,
        retry_config: Any,
        *,
        plan: Plan,
        transport: Transport | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            connection,
            converter,
            query_execution,
            arraysize,
            retry_config,
            _pre_fetch=False,
            **kwargs,
        )
        self._plan = plan
        self._transport = transport if transport is not None else self._first_page()
        self._pending: Iterator[tuple[Any, ...]] | None = None
        self.cached: str | None = None

    def through(self, wrap: Callable[[Transport], Transport]) -> None:
        """Let the rows come through something else."""
        self._transport = wrap(self._transport)

    def _first_page(self) -> Transport:
        first = self._reader.get_query_results(PAGE)
        self._set_update_count(first.get("UpdateCount"))
        labels = [
            column.get("Label") or column["Name"]
            for column in first["ResultSet"].get("ResultSetMetadata", {}).get("ColumnInfo", [])
        ]
        rows = first["ResultSet"].get("Rows", [])
        connection: Any = self.connection  # typed as PyAthena's; it is ours
        storage: Storage = connection.catalog.storage
        # Only queries print their labels as the first row; SHOW and DESCRIBE do not.
        is_query = self.statement_type == "DML" and bool(labels)
        header = is_query and bool(rows) and _texts(rows[0]) == labels
        return Rows(
            first,
            self._plan.outputs,
            storage,
            lambda token: self._reader.get_query_results(PAGE, token),
            self.output_location if is_query else None,
            header,
        )

    @staticmethod
    def options(plan: Plan, transport: Transport | None = None) -> dict[str, Any]:
        """What a cursor hands to the constructor beside PyAthena's own arguments."""
        return {"plan": plan, "transport": transport}

    @classmethod
    def without_query(cls, cursor: Any, plan: Plan, transport: Transport) -> ResultSet:
        """A result that no query of Athena's stands behind."""
        execution = {
            "QueryExecutionId": NO_QUERY,
            "Query": plan.sql,
            "StatementType": "DML",
            "SubstatementType": "SELECT",
            "Status": {"State": AthenaQueryExecution.STATE_SUCCEEDED},
            "Statistics": {"DataScannedInBytes": transport.bytes_scanned},
        }
        return cls(
            cursor.connection,
            None,
            AthenaQueryExecution({"QueryExecution": execution}),
            cursor.arraysize,
            cursor.connection.retry_config,
            plan=plan,
            transport=transport,
        )

    @property
    def statistics(self) -> dict[str, Any]:
        """Query id, scanned bytes, milliseconds, the transport's name, what a cache had to say."""
        scanned = self._transport.bytes_scanned
        cached = {} if self.cached is None else {"cache": self.cached}
        return {
            **cached,
            "query_id": None if self.query_id == NO_QUERY else self.query_id,
            "transport": self._transport.name,
            "scanned_bytes": self.data_scanned_in_bytes if scanned is None else scanned,
            "queue_ms": self.query_queue_time_in_millis,
            "engine_ms": self.engine_execution_time_in_millis,
            "total_ms": self.total_execution_time_in_millis,
        }

    @property
    def schema(self) -> pa.Schema:
        """The restored Arrow schema; names may repeat."""
        self._ensure_open()
        return self._transport.schema

    def to_arrow(self) -> pa.Table:
        """All rows as an Arrow table."""
        self._ensure_open()
        with told():
            return self._transport.table()

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as record batches, in bounded memory where the transport allows it."""
        self._ensure_open()
        return self._batches()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        with told():
            yield from self._transport.batches()

    @property
    def description(self) -> list[Description] | None:
        """PEP 249's column descriptions; None for statements without a result."""
        if self.is_closed or not len(self._transport.schema):
            return None
        if self.substatement_type in _CHANGES:
            return None
        return [_described(field) for field in self._transport.schema]

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        self._ensure_open()
        if self._pending is None:
            self._pending = _python_rows(self._batches())
        row = next(self._pending, None)
        if row is not None and self._rownumber is not None:
            self._rownumber += 1
        return row

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, at most `size` or `arraysize` of them."""
        most = size if size and size > 0 else self.arraysize
        rows: list[Any] = []
        while len(rows) < most and (row := self.fetchone()) is not None:
            rows.append(row)
        return rows

    def fetchall(self) -> list[Any]:
        """All remaining rows."""
        self._ensure_open()
        if self._pending is None:
            self._pending = _python_rows(self._batches())
        rows = list(self._pending)
        if self._rownumber is not None:
            self._rownumber += len(rows)
        return rows

    def close(self) -> None:
        """Discard the rows and delete what was staged for them."""
        if not self.is_closed:
            self._transport.close()
        super().close()


def _texts(row: dict[str, Any]) -> list[str | None]:
    return [datum.get("VarCharValue") for datum in row["Data"]]


def _python_rows(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[Any, ...]]:
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            part = batch.slice(start, ROWS_AT_ONCE)
            pairs = zip(part.schema, part.columns, strict=True)
            yield from zip(*(_python_values(column, field) for field, column in pairs), strict=True)


def _python_values(column: pa.Array, field: pa.Field) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist(maps_as_pydicts="strict")
    except OverflowError as error:
        value = first_beyond_python(column)
        raise LossyCast(field.name, value, "Python's own types") from error
    return values


def _described(field: pa.Field) -> Description:
    try:
        name = trino_type(storage_type(field.type)).partition("(")[0]
    except UnsupportedType:
        name = "varchar"
    precision = getattr(field.type, "precision", 0)
    scale = getattr(field.type, "scale", 0)
    return (field.name, name, None, None, precision, scale, "UNKNOWN")
