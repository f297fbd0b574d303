"""DuckDB: one locked-down instance for a store and process, and a session for each query."""

from __future__ import annotations

import json
import os
import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from fsql.local.athena.owners import is_alive, this_process
from fsql.local.objects import Objects
from fsql.local.scalars import Taught

__all__ = ["Cancelled", "Engine", "Session", "literal"]

_BATCH_ROWS = 20_000
_CHUNK_ROWS = 1000
_FOLDER = "engine-"
_INTERRUPT_EVERY = 0.01  # seconds


class Cancelled(Exception):
    """The query was cancelled before it ended; its text says why, none that a user wanted it."""


class Engine:
    """A DuckDB instance that sees nothing but the objects of one store.

    Args:
        objects: what may be read; files are written in their scratch folder.
        sessions: how many queries can run at once.
        memory: DuckDB's ``memory_limit``, for all of them together.

    Attributes:
        broken: whether DuckDB has failed in a way after which it refuses all work.
        stuck: how many sessions are held by queries that nobody waits for any more.
    """

    def __init__(self, objects: Objects, sessions: int, memory: str = "60%") -> None:
        self._folder = _working_folder(objects.scratch)
        self._root = duckdb.connect(":memory:")
        self._idle: queue.LifoQueue[duckdb.DuckDBPyConnection] = queue.LifoQueue()
        self._closed = False
        self.broken = False
        self.stuck = 0
        self._configure(memory)
        self._functions = Taught(self._root)
        for _ in range(sessions):
            self._idle.put(self._cursor())
        self._lock_down(objects)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session of one query; waits for a free one."""
        cursor = self._idle.get()
        folder = self._folder / os.urandom(8).hex()
        session = Session(cursor, folder, self._functions)
        try:
            yield session
        finally:
            session.end()
            self.broken = self.broken or session.broken
            shutil.rmtree(folder, ignore_errors=True)
            self._idle.put(cursor)

    def close(self) -> None:
        """Close the instance; queries that run must have been cancelled before."""
        if self._closed:
            return
        self._closed = True
        while not self._idle.empty():
            self._idle.get().close()
        self._root.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _configure(self, memory: str) -> None:
        settings: dict[str, bool | int | str] = {
            "temp_directory": str(self._folder),
            "TimeZone": "UTC",
            "memory_limit": memory,
            "enable_external_file_cache": False,  # cached bytes would not be counted as scanned
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,  # a table name is never a Python variable
            "partitioned_write_max_open_files": 101,
        }
        for name, value in settings.items():
            self._root.execute(f"SET {name}={literal(value)}")

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._root.cursor()
        cursor.execute("PRAGMA enable_profiling='no_output'")  # impossible after the lock
        return cursor

    def _lock_down(self, objects: Objects) -> None:
        if objects.filesystem is not None:
            self._root.register_filesystem(objects.filesystem)
        folders = [*objects.readable, str(self._folder)]
        self._root.execute(f"SET allowed_directories={literal(folders)}")
        self._root.execute("SET enable_external_access=false")
        self._root.execute("SET lock_configuration=true")


class Session:
    """One query's use of DuckDB.

    Attributes:
        folder: where the query may write files; deleted with all that is left in it at the end.
        scanned: bytes read from files so far.
        limit: how many may be, None for any number; `Cancelled` once there are more.
        rows: rows read from files so far.
        broken: whether DuckDB has failed for good.
        inside: whether DuckDB is at work, and only it can tell when it will come back.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, folder: Path, functions: Taught) -> None:
        self.folder = folder
        self.scanned = 0
        self.limit: int | None = None
        self.rows = 0
        self.broken = False
        self.inside = False
        self._cursor, self._functions = cursor, functions
        self._cancelled = threading.Event()
        self._why: Exception = Cancelled()
        self._ended = threading.Event()
        self._interrupting = threading.Lock()

    def stream(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Run a query; its rows come in batches while it runs."""
        with self._running():
            with self._inside(sql):
                reader = self._cursor.sql(sql).to_arrow_reader(_BATCH_ROWS)
            if reader is None:
                return
            with reader:
                while (batch := self._next(reader)) is not None:
                    yield batch

    def _next(self, reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
        with self._inside():
            return next(reader, None)

    def chunks(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """Run a query; its rows as tuples, some at a time.

        Starts a millisecond faster than :meth:`stream` and is slower for many rows.
        """
        with self._running():
            with self._inside(sql):
                self._cursor.execute(sql)
            try:
                while rows := self._some():
                    yield rows
            except BaseException:
                self._cursor.abort()
                raise

    def _some(self) -> list[tuple[Any, ...]]:
        with self._inside():
            return self._cursor.fetchmany(_CHUNK_ROWS)

    def rows_of(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement to its end; all its rows."""
        with self._running(), self._inside(sql):
            return self._cursor.execute(sql).fetchall()

    def types_of(self, sql: str) -> list[str]:
        """DuckDB's types of a query's columns; the query is bound, not run."""
        self.check()
        with self._inside(sql):
            return [str(type_) for type_ in self._cursor.sql(sql).types]

    @contextmanager
    def function(self, call: Callable[[Any], str], argument: str) -> Iterator[str]:
        """A Python function of one value for SQL to call, by the name that is yielded.

        Args:
            call: the function; NULLs reach it too.
            argument: the DuckDB type of its argument; the result is a VARCHAR.
        """
        name = f"call_{os.urandom(8).hex()}"

        def vector(values: pa.ChunkedArray) -> pa.Array:
            return pa.array([call(value) for value in values.to_pylist()], pa.string())

        self._cursor.create_function(
            name,
            vector,
            [argument],
            "VARCHAR",
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
        try:
            yield name
        finally:
            self._cursor.remove_function(name)

    @contextmanager
    def variable(self, sql: str) -> Iterator[str]:
        """The one value of a query, kept for others: yields the expression that gives it."""
        name = f"kept_{os.urandom(8).hex()}"
        self.rows_of(f"SET VARIABLE {name} = ({sql})")
        try:
            yield f"getvariable('{name}')"
        finally:
            self._cursor.execute(f"RESET VARIABLE {name}")

    def check(self) -> None:
        """Raise `Cancelled`, or what else it was cancelled for, if the query was."""
        if self._cancelled.is_set():
            raise self._why

    def cancel(self, why: Exception | None = None) -> None:
        """Make the query stop soon, from another thread; it ends with `why` or `Cancelled`."""
        self._why = why or self._why
        self._cancelled.set()
        threading.Thread(target=self._interrupt, name="fsql-cancel", daemon=True).start()

    def end(self) -> None:
        """The query has ended; its cursor serves another one from now on."""
        with self._interrupting:
            self._ended.set()

    def _interrupt(self) -> None:
        # DuckDB forgets an interrupt that comes between two statements.
        while not self._ended.wait(_INTERRUPT_EVERY):
            with self._interrupting:
                if not self._ended.is_set():
                    self._cursor.interrupt()

    @contextmanager
    def _inside(self, sql: str = "") -> Iterator[None]:
        """Where DuckDB works. A query that was cancelled meanwhile goes no step further.

        Args:
            sql: a statement that begins, whose functions DuckDB has to know.
        """
        self._functions.teach(sql)
        self.inside = True
        try:
            yield
        finally:
            self.inside = False
        self.check()

    @contextmanager
    def _running(self) -> Iterator[None]:
        self.check()
        try:
            yield
        except duckdb.InterruptException:
            raise self._why from None
        except _BREAKING:
            self.broken = True
            raise
        except (OSError, pa.ArrowException) as error:
            # Arrow's reader reports DuckDB's errors under its own classes.
            self.check()
            known = _as_duckdb(error)
            self.broken = isinstance(known, _BREAKING)
            raise known from error
        self._count()

    def _count(self) -> None:
        profile = json.loads(self._cursor.get_profiling_information("json"))
        with suppress(KeyError):
            self.scanned += profile["io"]["total_bytes_read"]
            self.rows += profile["query"]["total_rows_scanned"]
        if self.limit is not None and self.scanned > self.limit:
            raise Cancelled("Query cancelled! : Bytes scanned limit was exceeded")


def literal(value: bool | int | str | list[str]) -> str:
    """A value as DuckDB SQL."""
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower()


# DuckDB refuses all work on the instance after one of these.
_BREAKING = (duckdb.InternalException, duckdb.FatalException)

_ERRORS: dict[str, type[duckdb.Error]] = {
    "Binder": duckdb.BinderException,
    "Constraint": duckdb.ConstraintException,
    "Conversion": duckdb.ConversionException,
    "FATAL": duckdb.FatalException,
    "INTERNAL": duckdb.InternalException,
    "Invalid Input": duckdb.InvalidInputException,
    "IO": duckdb.IOException,
    "Not implemented": duckdb.NotImplementedException,
    "Out of Memory": duckdb.OutOfMemoryException,
    "Out of Range": duckdb.OutOfRangeException,
}


def _as_duckdb(error: Exception) -> Exception:
    """DuckDB's exception whose text an Arrow exception carries; other errors as they are."""
    kind, found, _ = str(error).partition(" Error: ")
    return _ERRORS.get(kind, duckdb.Error)(str(error)) if found else error


def _working_folder(scratch: Path) -> Path:
    """A folder of this process's own, dead processes' ones removed."""
    for folder in scratch.glob(f"{_FOLDER}*"):
        owner = folder / "owner"
        with suppress(OSError):
            if not is_alive(owner.read_text(encoding="utf-8")):
                shutil.rmtree(folder, ignore_errors=True)
    folder = scratch / f"{_FOLDER}{os.getpid()}-{os.urandom(4).hex()}"
    folder.mkdir()
    (folder / "owner").write_text(this_process(), encoding="utf-8")
    return folder
