"""The PEP 249 module: PyAthena's connection and cursor, with the schema restored.

    connection = fsql.dbapi.connect("fsql:///demo")
    cursor = connection.cursor()
    cursor.execute("SELECT wind FROM nyc_flights_weather WHERE origin = %(o)s", {"o": "JFK"})
    cursor.fetchone()        # ({'dir': 260.0, 'speed': 12.65858, 'gust': None},)
    cursor.as_arrow()        # the same as an Arrow table

PyAthena stays the driver: it formats, starts, polls, cancels and retries.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, cast

import pyarrow as pa
import pyathena.connection
import pyathena.cursor
import sqlalchemy as sa
from pyathena import apilevel, paramstyle, threadsafety
from pyathena.error import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,
)
from pyathena.model import AthenaQueryExecution
from pyathena.util import RetryConfig

from fsql.analysis import unload_select
from fsql.aws import open_aws
from fsql.cache import Cache, Found, Keeping, Named, Nameless, chosen
from fsql.catalog import Catalog, Entry
from fsql.errors import ConfigError
from fsql.estimates import Estimate, estimate
from fsql.failures import MAX_QUERY_BYTES, check_size, failed, rejected, repeated
from fsql.formatting import ParameterFormatter, bind
from fsql.outages import told
from fsql.pep249 import (
    BINARY,
    DATE,
    DATETIME,
    NUMBER,
    ROWID,
    STRING,
    TIME,
    Binary,
    Date,
    DateFromTicks,
    Exceptions,
    Time,
    TimeFromTicks,
    Timestamp,
    TimestampFromTicks,
)
from fsql.planning import Plan, Planner, TransportName, check_transport, prefers_unload
from fsql.results import ResultSet
from fsql.transports import Transport, Unload, open_scan

__all__ = [
    "BINARY",
    "DATE",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "TIME",
    "Binary",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]

# PyAthena logs each failure that it raises; whoever wants that configures logging.
logging.getLogger("pyathena").addHandler(logging.NullHandler())

# GZIP, the default, takes ten times longer to write.
UNLOAD_FORMAT = "format = 'PARQUET', compression = 'SNAPPY'"
SLOWEST_POLL = 1.0  # seconds, PyAthena's own interval
FIRST_POLL = 0.001
POLL_SHARE = 0.1  # of the time waited so far, so polling adds a tenth at most


class Pending(Protocol):
    """Rows that are written and not seen yet."""

    def add(self, entry: Entry, table: pa.Table) -> None:
        """Write rows for a table, in their storage types."""

    def fail(self) -> None:
        """Take them back, and take no more."""

    def commit(self) -> None:
        """Make them part of their tables."""

    def abandon(self) -> None:
        """Take them back."""


class Connection(Exceptions, pyathena.connection.Connection["Cursor"]):
    """A connection to one store.

    Attributes:
        pending: rows that wait for `commit`, see `fsql.inserts`.

    Args:
        planner: what knows the store; connections of one engine share it.
        options: PyAthena's connect arguments, over those of the URL.
    """

    def __init__(self, planner: Planner, **options: Any) -> None:
        self.planner = planner
        self.catalog = planner.catalog
        self.aws = self.catalog.aws
        defaults = {
            "cursor_class": Cursor,
            "formatter": ParameterFormatter(),
            "poll_interval": SLOWEST_POLL,
            # botocore has asked five times before each of these.
            "retry_config": RetryConfig(attempt=3),
        }
        super().__init__(**{**defaults, **self.aws.connect_args, **options})
        self.pending: Pending | None = None
        self._closed = False

    def ensure_open(self) -> None:
        """PEP 249: nothing can be done with a connection that is closed.

        Raises:
            ProgrammingError: it is.
        """
        if self._closed:
            raise ProgrammingError("The connection is closed. Open another with connect().")

    def cursor(self, cursor: Any = None, **options: Any) -> Any:
        """A cursor; see `Cursor` for what it takes beside PyAthena's options."""
        self.ensure_open()
        return super().cursor(cursor, **options)

    def commit(self) -> None:
        """Commit the rows that wait for it; what statements did, they committed themselves."""
        self.ensure_open()
        pending, self.pending = self.pending, None
        if pending is not None:
            pending.commit()

    def rollback(self) -> None:
        """Take back the rows that wait; Athena has no transactions, statements stay done."""
        self.ensure_open()
        pending, self.pending = self.pending, None
        if pending is not None:
            pending.abandon()

    def close(self) -> None:
        """Close the connection; rows that wait for a commit are taken back. Again is no error."""
        if self._closed:
            return
        self.rollback()
        self._closed = True
        super().close()

    def __repr__(self) -> str:
        return f"<fsql.dbapi.Connection {self.aws!r}>"


class Cursor(pyathena.cursor.Cursor):
    """A cursor whose rows have the exact types of the feature groups they come from."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"arraysize": 1, **options})  # PEP 249's default
        self._result_set_class: Any = ResultSet
        self._polled_from = 0.0
        self._request_token: str | None = None

    @property
    def connection(self) -> Connection:
        """The connection that made this cursor."""
        connection: Any = self._connection
        return cast("Connection", connection)

    @told()
    def execute(
        self,
        operation: str,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        *,
        transport: TransportName = "engine",
        max_bytes_scanned: int | None = None,
        request_token: str | None = None,
        cache: Cache | bool | None = None,
        **options: Any,
    ) -> Cursor:
        """Run a statement.

        Args:
            operation: SQL, with ``%(name)s`` for a mapping or ``?`` for a sequence.
            parameters: values for them. Without any, ``%`` means itself.
            transport: "engine" runs it on Athena, "scan" reads the table's files instead,
                "auto" does the latter where it can.
            max_bytes_scanned: refuse a statement that would scan more, before it starts.
            request_token: Athena runs a statement that is no query once for the same one, of 32
                to 128 characters, and repetitions get its end.
            cache: take the rows from the cache if they are there, else put them there: True,
                a `fsql.cache.Cache`, False for neither, None for what the URL says.
            options: PyAthena's, such as ``work_group`` and ``result_reuse_enable``.

        Raises:
            InvalidQuery: Athena rejected it.
            QueryFailed, QueryCancelled: it did not end well.
            TooExpensive: it would scan more than it may, or nobody can tell.
            ConfigError: `transport` is unknown, or "scan" and the statement is no plain
                projection and filter of one feature group.
        """
        self.connection.commit()  # rows that wait are there for whoever asks after them
        plan = self._plan(operation, parameters, transport)
        used = chosen(cache, self.connection.aws.location.arguments)
        if used is None:
            self._ask(plan, transport, max_bytes_scanned, request_token, options)
            return self
        found = used.look_up(self.connection.catalog, plan)
        if isinstance(found, Found):
            self._reset_state()
            self.result_set = ResultSet.without_query(self, plan, found)
        else:
            self._ask(plan, transport, max_bytes_scanned, request_token, options)
            if isinstance(found, Named) and self._is_of_earlier(options):
                found = Nameless("it may be an earlier result, which Athena was asked to reuse")
            if isinstance(found, Named):
                self._rows.through(lambda rows: self._keeping(rows, used, found, plan))
        if isinstance(self.result_set, ResultSet):
            self.result_set.cached = _said(found)
        return self

    def _keeping(self, rows: Transport, cache: Cache, named: Named, plan: Plan) -> Keeping:
        catalog, planner = self.connection.catalog, self.connection.planner
        return Keeping(
            rows, cache, named, plan, catalog,
            lambda: cache.name(catalog, planner.plan(plan.sql, plan.database)),
        )  # fmt: skip

    def _is_of_earlier(self, options: Mapping[str, Any]) -> bool:
        """Whether the rows may be those of an earlier query, and so of earlier tables."""
        sought = options.get("cache_size") or options.get("cache_expiration_time")
        return bool(sought or self._rows.reused_previous_result)

    def _ask(
        self,
        plan: Plan,
        transport: TransportName,
        max_bytes_scanned: int | None,
        request_token: str | None,
        options: dict[str, Any],
    ) -> None:
        """Run a statement, or read the files that it asks for."""
        if max_bytes_scanned is not None:
            estimate(self.connection.planner, plan, transport).check(max_bytes_scanned)
        if transport != "engine" and self._scan(plan, required=transport == "scan"):
            return
        if plan.analysis.is_query:
            repeated(lambda: self._query(plan, options))
        else:
            self._request_token = request_token
            try:
                self._run(plan.sql, ResultSet.options(plan), options)
            finally:
                self._request_token = None

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None.

        Raises:
            ProgrammingError: no statement with a result was executed.
        """
        return self._fetched.fetchone()

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, at most `size` or `arraysize` of them; raises what `fetchone` does."""
        return self._fetched.fetchmany(self.arraysize if size is None else size)

    def fetchall(self) -> list[Any]:
        """All remaining rows; raises what `fetchone` does."""
        return self._fetched.fetchall()

    @property
    def _fetched(self) -> ResultSet:
        if self._rows.description is None and not self._rows.is_closed:
            raise ProgrammingError("No result: the statement that was executed has none.")
        return self._rows

    def wrote(self, rows: int) -> None:
        """Take note that rows were written with no statement of this cursor's."""
        self._reset_state()
        self._rowcount = rows

    @told()
    def estimate(
        self,
        operation: str,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        *,
        transport: TransportName = "engine",
    ) -> Estimate:
        """What `execute` with these arguments would scan at most; runs nothing."""
        plan = self._plan(operation, parameters, transport)
        return estimate(self.connection.planner, plan, transport)

    def as_arrow(self) -> pa.Table:
        """The whole result as an Arrow table; duplicate column names are kept.

        Raises:
            ProgrammingError: nothing was executed.
        """
        return self._rows.to_arrow()

    def as_batches(self) -> Iterator[pa.RecordBatch]:
        """The result as record batches of the schema `schema`."""
        return self._rows.to_batches()

    @property
    def schema(self) -> pa.Schema:
        """The result's restored Arrow schema."""
        return self._rows.schema

    @property
    def statistics(self) -> dict[str, Any]:
        """What the last statement cost: query id, scanned bytes, milliseconds, transport."""
        return self._rows.statistics

    @property
    def _rows(self) -> ResultSet:
        if not isinstance(self.result_set, ResultSet):
            raise ProgrammingError("No result: execute a statement first.")
        return self.result_set

    def _plan(self, operation: str, parameters: Any, transport: TransportName) -> Plan:
        self._ensure_open()
        self.connection.ensure_open()
        check_transport(transport)
        sql = bind(operation, parameters, self._formatter)
        check_size(sql)
        database = self._schema_name or self.connection.aws.database
        return self.connection.planner.plan(sql, database)

    def _scan(self, plan: Plan, *, required: bool) -> bool:
        """Read the table's own files, if the statement asks for no more than that."""
        self._reset_state()
        scan = open_scan(self.connection.catalog, plan)
        if scan is None:
            if required:
                raise ConfigError(
                    "transport='scan' reads one feature group's files, so the statement has to be"
                    " a plain projection and filter of one. Use transport='auto' or 'engine'."
                )
            return False
        self.result_set = ResultSet.without_query(self, plan, scan)
        return True

    def _query(self, plan: Plan, options: dict[str, Any]) -> None:
        """Run a SELECT, as text rows or as an UNLOAD."""
        if not (prefers_unload(plan.analysis) and self._unload(plan, options)):
            self._run(plan.sql, ResultSet.options(plan), options)

    def _unload(self, plan: Plan, options: dict[str, Any]) -> bool:
        """Run the statement as an UNLOAD to Parquet, if it can be one."""
        select = unload_select(plan.sql, plan.analysis)
        staging = self._s3_staging_dir
        if select is None or staging is None:
            return False
        prefix = f"{staging}unload/{uuid.uuid4()}/"
        files = Unload(prefix, select, self.connection.catalog.storage)
        sql = f"UNLOAD ({select.sql}) TO '{prefix}' WITH ({UNLOAD_FORMAT})"
        if len(sql.encode()) > MAX_QUERY_BYTES:
            return False
        try:
            self._run(sql, ResultSet.options(plan, files), options)
        except BaseException:
            files.close()
            raise
        return True

    def _run(self, sql: str, result: dict[str, Any], options: dict[str, Any]) -> None:
        self._result_set_kwargs = result
        try:
            super().execute(sql, None, **options)
        except DatabaseError as error:
            raise rejected(error) from error

    def _build_start_query_execution_request(self, *args: Any, **options: Any) -> dict[str, Any]:
        request: dict[str, Any] = super()._build_start_query_execution_request(*args, **options)
        if self._request_token is not None:
            request["ClientRequestToken"] = self._request_token
        return request

    def _poll(self, query_id: str, options: Any = None) -> Any:
        self._polled_from = time.perf_counter()
        try:
            execution: Any = super()._poll(query_id, options)
        except KeyboardInterrupt:
            raise  # PyAthena has cancelled it
        except BaseException as error:
            self._abandon(query_id, error)
            raise
        if execution.state != AthenaQueryExecution.STATE_SUCCEEDED:
            raise failed(execution, self.connection.catalog)
        return execution

    def _abandon(self, query_id: str, reason: BaseException) -> None:
        """Cancel a query that nobody waits for any longer, and wait until it has stopped."""
        try:
            self._cancel_and_wait(query_id)
        except DatabaseError as error:
            raise reason from error

    def _wait_poll_interval(self) -> None:
        waited = time.perf_counter() - self._polled_from
        time.sleep(min(self._poll_interval, max(FIRST_POLL, waited * POLL_SHARE)))


def _said(found: Found | Named | Nameless) -> str:
    if isinstance(found, Nameless):
        return f"not kept: {found.why}"
    return "hit" if isinstance(found, Found) else "miss"


def connect(
    url: str | sa.URL | None = None, *, planner: Planner | None = None, **options: Any
) -> Connection:
    """Open a connection.

    Args:
        url: see `fsql.urls.parse_url`; None is ``fsql://``.
        planner: of a store that is open already, instead of a URL.
        options: PyAthena's connect arguments, over those of the URL.

    Raises:
        ConfigError: the URL cannot be used.
        StorageError: the folder cannot be written.
    """
    return Connection(planner or Planner(Catalog(open_aws(url))), **options)
