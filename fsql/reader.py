"""Reading: SQL in, frames out, with the exact schema."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeAlias, cast, overload

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.sql.expression import Executable

from fsql import dbapi
from fsql.cache import Cache
from fsql.dialect import OPTION
from fsql.estimates import Estimate
from fsql.frames import DtypeBackend, to_pandas
from fsql.planning import TransportName

__all__ = ["estimated", "executed", "read_arrow", "read_batches", "read_sql"]

Parameters: TypeAlias = Mapping[str, Any] | Sequence[Any] | None
Connectable: TypeAlias = sa.Engine | sa.Connection | dbapi.Connection | str
Statement: TypeAlias = str | Executable


@overload
def read_sql(
    sql: Statement,
    con: Connectable,
    params: Parameters = ...,
    *,
    dtype_backend: DtypeBackend | None = ...,
    chunksize: None = ...,
    transport: TransportName = ...,
    max_bytes_scanned: int | None = ...,
    cache: Cache | bool | None = ...,
) -> pd.DataFrame: ...


@overload
def read_sql(
    sql: Statement,
    con: Connectable,
    params: Parameters = ...,
    *,
    dtype_backend: DtypeBackend | None = ...,
    chunksize: int,
    transport: TransportName = ...,
    max_bytes_scanned: int | None = ...,
    cache: Cache | bool | None = ...,
) -> Iterator[pd.DataFrame]: ...


def read_sql(
    sql: Statement,
    con: Connectable,
    params: Parameters = None,
    *,
    dtype_backend: DtypeBackend | None = None,
    chunksize: int | None = None,
    transport: TransportName = "auto",
    max_bytes_scanned: int | None = None,
    cache: Cache | bool | None = None,
) -> pd.DataFrame | Iterator[pd.DataFrame]:
    """Read a query as a DataFrame whose columns have the types that went in.

    Args:
        sql: SQL text of Athena, or a SQLAlchemy selectable.
        con: an engine, a SQLAlchemy or DB-API connection, or a URL.
        params: values for ``%(name)s`` or ``?`` in text, for bind parameters otherwise.
        dtype_backend: "numpy_nullable" or "pyarrow", as in pandas. By default integers
            and booleans with NULLs become nullable, the rest is numpy's.
        chunksize: give an iterator of frames with this many rows instead.
        transport: "engine", "scan" (the table's own files), or "auto".
        max_bytes_scanned: refuse a query that would scan more bytes, before it starts. What
            it would scan at most is told from the metadata of tables and partitions.
        cache: True takes the result from the cache if it is there, with no query, and else keeps
            it; a `fsql.cache.Cache` says where. None is what the URL's ``cache=`` says. A result of
            other states of its tables than today's is never found.

    Returns:
        A frame. ``frame.attrs["fsql"]`` has query_id, transport, scanned_bytes, times.

    Raises:
        InvalidQuery, QueryFailed, QueryCancelled: the query did not end well.
        LossyCast: a value does not fit the column's exact type.
        TooExpensive: the query would scan more than it may, or nobody can tell; nothing ran.
    """
    options: dict[str, Any] = {
        "transport": transport,
        "max_bytes_scanned": max_bytes_scanned,
        "cache": cache,
    }
    if chunksize is not None:
        return _chunks(sql, con, params, dtype_backend, chunksize, options)
    started = time.perf_counter()
    with executed(sql, con, params, **options) as cursor:
        table = cursor.as_arrow()
        frame = to_pandas(table, dtype_backend)
        seconds = time.perf_counter() - started
        frame.attrs["fsql"] = {**cursor.statistics, "seconds": round(seconds, 6)}
    return frame


def read_arrow(
    sql: Statement,
    con: Connectable,
    params: Parameters = None,
    *,
    transport: TransportName = "auto",
    max_bytes_scanned: int | None = None,
    cache: Cache | bool | None = None,
) -> pa.Table:
    """Read a query as an Arrow table in its exact schema; arguments as `read_sql`."""
    options: dict[str, Any] = {
        "transport": transport,
        "max_bytes_scanned": max_bytes_scanned,
        "cache": cache,
    }
    with executed(sql, con, params, **options) as cursor:
        return cursor.as_arrow()


def read_batches(
    sql: Statement,
    con: Connectable,
    params: Parameters = None,
    *,
    transport: TransportName = "auto",
    max_bytes_scanned: int | None = None,
    cache: Cache | bool | None = None,
) -> pa.RecordBatchReader:
    """Read a query as a stream of record batches; arguments as `read_sql`.

    The query is over when this returns; its rows are fetched as they are read. What is
    held for them goes when they are all read, or the reader is dropped: the end of a ``with``
    block alone does not, for Arrow's reader tells nobody that it was closed.
    """
    options: dict[str, Any] = {
        "transport": transport,
        "max_bytes_scanned": max_bytes_scanned,
        "cache": cache,
    }
    stack = ExitStack()
    with stack:
        cursor = stack.enter_context(executed(sql, con, params, **options))
        schema, owned = cursor.schema, stack.pop_all()

    def batches() -> Iterator[pa.RecordBatch]:
        with owned:
            yield from cursor.as_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


def _chunks(
    sql: Statement,
    con: Connectable,
    params: Parameters,
    dtype_backend: DtypeBackend | None,
    size: int,
    options: dict[str, Any],
) -> Iterator[pd.DataFrame]:
    """Frames of `size` rows, the last one shorter; one empty frame if there are no rows."""
    with executed(sql, con, params, **options) as cursor:
        pending, given = cursor.schema.empty_table(), False
        for batch in cursor.as_batches():
            pending = pa.concat_tables([pending, pa.Table.from_batches([batch])])
            while pending.num_rows >= size:
                yield to_pandas(pending.slice(0, size), dtype_backend)
                pending, given = pending.slice(size), True
        if pending.num_rows or not given:
            yield to_pandas(pending, dtype_backend)


@contextmanager
def executed(
    sql: Statement,
    con: Connectable,
    params: Parameters,
    transport: TransportName = "auto",
    max_bytes_scanned: int | None = None,
    cache: Cache | bool | None = None,
) -> Iterator[dbapi.Cursor]:
    """A cursor that has run a statement, on whatever `con` is; arguments as `read_sql`."""
    options: dict[str, Any] = {
        "transport": transport,
        "max_bytes_scanned": max_bytes_scanned,
        "cache": cache,
    }
    if isinstance(con, str):
        con = sa.create_engine(con)
    if isinstance(con, sa.Engine):
        with con.connect() as connection, _on_connection(sql, connection, params, options) as c:
            yield c
    elif isinstance(con, sa.Connection):
        with _on_connection(sql, con, params, options) as c:
            yield c
    else:
        with con.cursor() as c:
            yield c.execute(_text(sql), params, **options)


def estimated(sql: str, engine: sa.Engine, transport: TransportName = "auto") -> Estimate:
    """What reading a query would scan at most; runs nothing. Arguments as `read_sql`."""
    connection: Any = engine.raw_connection()
    try:
        cursor: dbapi.Cursor = connection.cursor()
        return cursor.estimate(sql, transport=transport)
    finally:
        connection.close()


def _text(sql: Statement) -> str:
    if not isinstance(sql, str):
        raise TypeError("A DB-API connection takes SQL text. Pass an engine for selectables.")
    return sql


@contextmanager
def _on_connection(
    sql: Statement, connection: sa.Connection, params: Any, options: dict[str, Any]
) -> Iterator[dbapi.Cursor]:
    with _own_errors():
        result = _run(sql, connection, params, {OPTION: options})
    if not result.returns_rows:
        raise dbapi.ProgrammingError("The statement gives no rows. Use connection.execute for it.")
    try:
        yield result.cursor  # type: ignore[misc]  # typed as PEP 249's; it is ours
    finally:
        result.close()


def _run(
    sql: Statement, connection: sa.Connection, params: Any, options: dict[str, Any]
) -> sa.CursorResult[Any]:
    if isinstance(sql, str):
        # SQLAlchemy takes a list for many sets of parameters, a tuple for one.
        one = tuple(params) if isinstance(params, list) else params
        return connection.exec_driver_sql(sql, one, execution_options=options)
    result: Any = connection.execute(sql, params, execution_options=options)
    return cast("sa.CursorResult[Any]", result)


@contextmanager
def _own_errors() -> Iterator[None]:
    """fsql's errors as they are, without SQLAlchemy's envelope."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise (error.orig or error) from error.__cause__
