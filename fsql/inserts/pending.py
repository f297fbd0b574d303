"""Rows that SQLAlchemy was given, in files that become part of their tables when it commits."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Protocol

import pyarrow as pa

from fsql.analysis.engine_types import from_arrow
from fsql.catalog import Entry
from fsql.dbapi import Connection
from fsql.errors import StorageError
from fsql.formats import open_write, stage
from fsql.inserts.queries import quoted
from fsql.inserts.values import exact_schema
from fsql.types import storage_type

__all__ = ["PendingRows"]


class _Way(Protocol):
    """Into one table, for rows of one schema."""

    def add(self, table: pa.Table) -> None:
        """Take rows in their storage types."""

    def commit(self) -> None:
        """Make them part of the table."""

    def abandon(self) -> None:
        """Take them back."""


class PendingRows:
    """The rows of a transaction: those for one table become one commit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ways: dict[tuple[str, str, tuple[str, ...]], _Way] = {}
        self._failed = False

    def add(self, entry: Entry, table: pa.Table) -> None:
        """Write rows in their storage types, unseen.

        Raises:
            StorageError: they cannot be written, or an INSERT of the transaction has failed.
        """
        if self._failed:
            raise StorageError(
                "An INSERT of this transaction failed, so nothing of it is written. Roll it back"
                " and begin anew."
            )
        self._way(entry, table.schema).add(table)

    def fail(self) -> None:
        """Take everything back, and let nothing of the transaction be written any more.

        As PostgreSQL does. pandas commits what came before the chunk that failed.
        """
        self._failed = True
        self.abandon()

    def _way(self, entry: Entry, schema: pa.Schema) -> _Way:
        key = entry.database, entry.name, tuple(schema.names)
        if key not in self._ways:
            way = _IntoGroup if entry.is_group else _IntoTable
            self._ways[key] = way(self._connection, entry, schema)
        return self._ways[key]

    def commit(self) -> None:
        """Make all of them part of their tables, one table after the other.

        Raises:
            CommitConflict, StorageError, QueryError: the rest was not written.
        """
        try:
            while self._ways:
                key = next(iter(self._ways))
                self._ways.pop(key).commit()
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Take back what was written."""
        while self._ways:
            _, way = self._ways.popitem()
            way.abandon()


class _IntoGroup:
    """Data files of the group's own."""

    def __init__(self, connection: Connection, entry: Entry, schema: pa.Schema) -> None:
        self._stack = ExitStack()
        write = open_write(connection.catalog, entry, schema)
        self._write = self._stack.enter_context(write)

    def add(self, table: pa.Table) -> None:
        self._write.write(0, table)

    def commit(self) -> None:
        with self._stack:
            self._write.commit()

    def abandon(self) -> None:
        self._stack.close()


class _IntoTable:
    """A staged table, from which Athena inserts into one that only it knows how to write to."""

    def __init__(self, connection: Connection, entry: Entry, schema: pa.Schema) -> None:
        self._connection, self._entry = connection, entry
        self._stack = ExitStack()
        self._names = schema.names
        self._write = self._stack.enter_context(stage(connection.catalog, entry, schema))

    def add(self, table: pa.Table) -> None:
        self._write.write(0, table)

    def commit(self) -> None:
        with self._stack:
            self._write.commit()
            with self._connection.cursor() as cursor:
                cursor.execute(self._sql(self._write.entry))

    def _sql(self, staged: Entry) -> str:
        target = f"{quoted(self._entry.database)}.{quoted(self._entry.name)}"
        source = f"{quoted(staged.database)}.{quoted(staged.name)}"
        columns = ", ".join(map(quoted, self._names))
        return (
            f"INSERT INTO {target} ({columns})"
            f" SELECT {', '.join(map(self._item, self._names))} FROM {source}"
        )

    def _item(self, name: str) -> str:
        exact = exact_schema(self._entry).field(name).type
        wanted = from_arrow(exact)
        if wanted is None or wanted == from_arrow(storage_type(exact)):
            return quoted(name)
        return f"CAST({quoted(name)} AS {wanted.sql})"

    def abandon(self) -> None:
        self._stack.close()
