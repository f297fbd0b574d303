"""Connections to ``catalog.db``, the SQLite file that several threads and processes share."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fsql.local.store.schema import MIGRATIONS

_BUSY_SECONDS = 60.0

# SQLite forbids using, and even closing, a connection in a forked child: a child leaves its
# parent's connections alone by keeping them reachable here.
_inherited: list[list[sqlite3.Connection]] = []


class CatalogDb:
    """A pool of connections to one database file; safe for threads, processes and forks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pid = os.getpid()
        self._idle: list[sqlite3.Connection] = []
        self._writing = threading.local()
        self._migrate()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: every SELECT inside sees the same state.

        Close a cursor that is not read to its end: it would keep the snapshot for whoever gets
        the connection next.

        Inside a :meth:`write` of the same thread it sees what was written so far.
        """
        writing: sqlite3.Connection | None = getattr(self._writing, "db", None)
        if writing is not None:
            yield writing
            return
        with self._transaction("BEGIN") as db:
            yield db

    @contextmanager
    def write(self, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """The only writer among all processes, committed at the end, rolled back on an error.

        ``durable`` waits until the disk has it (a power cut loses nothing); without it a commit
        survives a killed process but not a power cut, and costs a hundredth.
        """
        if getattr(self._writing, "db", None) is not None:
            raise RuntimeError(
                "Store.write() inside Store.write() on the same thread would wait for itself: "
                "finish the outer one first."
            )
        with self._transaction("BEGIN IMMEDIATE", "FULL" if durable else "NORMAL") as db:
            self._writing.db = db
            try:
                yield db
            finally:
                self._writing.db = None

    def close(self) -> None:
        """Close the idle connections; the database can still be used and opens new ones."""
        while self._pool():
            self._idle.pop().close()

    def __del__(self) -> None:
        if hasattr(self, "_idle"):
            self.close()

    @contextmanager
    def _transaction(self, begin: str, synchronous: str = "") -> Iterator[sqlite3.Connection]:
        db = self._take()
        try:
            if synchronous:
                db.execute(f"PRAGMA synchronous={synchronous}")
            db.execute(begin)
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        finally:
            self._idle.append(db)

    def _pool(self) -> list[sqlite3.Connection]:
        if self._pid != os.getpid():
            _inherited.append(self._idle)
            self._idle, self._pid = [], os.getpid()
            self._writing = threading.local()
        return self._idle

    def _take(self) -> sqlite3.Connection:
        try:
            return self._pool().pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        db.execute("PRAGMA foreign_keys=ON")
        return db

    def _migrate(self) -> None:
        db = self._connect()
        try:
            _switch_to_wal(db)
            if _version(db) != len(MIGRATIONS):
                self._apply(db)
        except BaseException:
            db.close()
            raise
        self._idle.append(db)

    def _apply(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        seen = _version(db)
        if seen > len(MIGRATIONS):
            db.execute("ROLLBACK")
            raise sqlite3.DatabaseError(
                f"it has schema {seen}, written by a newer fsql; this one knows schema "
                f"{len(MIGRATIONS)}. Upgrade fsql"
            )
        for script in MIGRATIONS[seen:]:
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
        db.execute("COMMIT")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _switch_to_wal(db: sqlite3.Connection) -> None:
    # SQLite doesn't call its busy handler while the journal mode changes, so two processes that
    # make the same store at the same time need a wait of our own.
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
