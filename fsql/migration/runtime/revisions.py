"""Where a store stands: Alembic's version table as a view in Glue, changed under its lock.

Athena's tables have no row that could be updated under a lock, but each Glue table has a version:
an UpdateTable that names the one it started from succeeds for one of two writers only. So the
version table is a view over the revisions' ids, which any SQL client can read, and what else is to
be known of a migration under way lies in the view's parameters, written in the same call.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from fsql.catalog import Catalog, Entry
from fsql.errors import MigrationConflict, MigrationError
from fsql.outages import told
from fsql.viewtext import table_input

__all__ = ["VERSION_TABLE", "Revisions", "Stored", "view_sql"]

VERSION_TABLE = "alembic_version"

_HEADS, _JOURNAL, _KEPT = "fsql.heads", "fsql.journal", "fsql.kept"
_COLUMN = "version_num"
_MOST = 500_000  # bytes of one parameter; Glue takes 512,000
_ATTEMPTS = 20
_PAUSE = 0.2  # seconds at most between two attempts
# Glue's names of it: of a VersionId that is no longer the table's, and of a table just being made.
_CONFLICTS = frozenset(
    {
        "ConcurrentModificationException",
        "VersionMismatchException",
        "AlreadyExistsException",
        "EntityNotFoundException",
    }
)

Json = Mapping[str, Any]


class _Moved(MigrationConflict):
    """The lock was lost; what was to be written may still be right after another look."""


@dataclass(frozen=True)
class Stored:
    """What the version view says.

    Attributes:
        heads: the revisions that the store is at, by id; none at the base.
        journal: of the revision that is under way, see `fsql.migration.runtime.journal`.
        kept: what was dropped and not yet purged, see `fsql.migration.making.kept`.
        version_id: Glue's version of the view; None while there is no view.
    """

    heads: tuple[str, ...] = ()
    journal: Json | None = None
    kept: tuple[Json, ...] = ()
    version_id: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, entry: Entry) -> Stored:
        """Read it from the view's parameters.

        Raises:
            MigrationError: it is a table, or a view of somebody else's.
        """
        found = entry.parameters
        if not entry.is_view or _HEADS not in found:
            raise MigrationError(
                f"{entry.database}.{entry.name} is there and is no version table of fsql's."
                " Expected the view that `alembic upgrade` makes. Drop or rename it, or set"
                " version_table= to another name in env.py."
            )
        journal = json.loads(found.get(_JOURNAL, "null"))
        kept = tuple(json.loads(found.get(_KEPT, "[]")))
        return cls(tuple(json.loads(found[_HEADS])), journal, kept, entry.version_id)

    @property
    def parameters(self) -> dict[str, str]:
        """The view's parameters that say it."""
        found = {_HEADS: json.dumps(sorted(self.heads))}
        if self.journal is not None:
            found[_JOURNAL] = json.dumps(self.journal)
        if self.kept:
            found[_KEPT] = json.dumps(self.kept)
        return found


class Revisions:
    """The version view of a store.

    Args:
        catalog: of the store.
        table: its name, Alembic's option ``version_table``.
        schema: the Glue database it is in, Alembic's ``version_table_schema``; default the store's.
    """

    def __init__(
        self, catalog: Catalog, table: str = VERSION_TABLE, schema: str | None = None
    ) -> None:
        self.table = table.lower()
        self.database = (schema or catalog.aws.database).lower()
        self._catalog = catalog

    @property
    def name(self) -> str:
        """The view's name with its database."""
        return f"{self.database}.{self.table}"

    @told()
    def load(self) -> Stored:
        """What it says now; nothing if it is not there. One GetTable call.

        Raises:
            MigrationError: something else has the name.
            ServiceError: Glue did not answer.
        """
        entry = self._catalog.find(self.table, self.database)
        return Stored() if entry is None else Stored.of(entry)

    @told()
    def ensure(self) -> Stored:
        """Make the view, and its database, if they are missing; what it says.

        Raises:
            MigrationError, CatalogError: it cannot be made.
        """
        stored = self.load()
        if stored.version_id is not None:
            return stored
        self._catalog.ensure_database(self.database)
        try:
            return self.replace(stored)
        except MigrationConflict:
            return self.load()  # somebody else was first, and what counts is that it is there

    @told()
    def replace(self, stored: Stored, **changes: Any) -> Stored:
        """Say something else, if it still says what was loaded.

        Args:
            stored: what `load` gave.
            changes: of `Stored`'s fields heads, journal and kept those that change.

        Raises:
            MigrationConflict: somebody else changed it meanwhile; nothing was written.
            MigrationError: it is more than Glue holds.
        """
        wanted = replace(stored, **changes)
        self._put(wanted)
        found = self.load()
        if found.parameters == wanted.parameters:
            return found
        return wanted  # somebody else has changed it again since

    def edit(self, change: Callable[[Stored], Json]) -> Stored:
        """Change it under the lock, again from the start as long as others come first.

        Two calls to Glue. What is returned has the version that the change started from.

        Args:
            change: gives what is to change of what it is given, nothing if it is right already;
                called once an attempt. What it raises ends it, and nothing is written.

        Raises:
            MigrationConflict: others came first every time.
            MigrationError: as `replace`.
        """
        for attempt in range(_ATTEMPTS):
            stored = self.load()
            changes = change(stored)
            if not changes:
                return stored
            wanted = replace(stored, **changes)
            try:
                self._put(wanted)
            except _Moved:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, _PAUSE))
            else:
                return wanted
        raise AssertionError("the last attempt returns or raises")

    def _put(self, wanted: Stored) -> None:
        _check_size(self.name, wanted)
        if self._write(wanted) or self.load().parameters == wanted.parameters:
            return
        raise _Moved(
            f"{self.name}, which says where this store's migrations stand, was changed by somebody"
            " else at the same time. Nothing was written; see `alembic current`, then run the"
            " command again."
        )

    def _write(self, stored: Stored) -> bool:
        """Whether it was written, as far as Glue says.

        A call that got through and whose answer was lost is repeated by boto3 and then conflicts
        with itself, so that False means that nobody knows.
        """
        request = {"DatabaseName": self.database, "TableInput": self._table_input(stored)}
        try:
            if stored.version_id is None:
                self._catalog.glue.create_table(**request)
            else:
                self._catalog.glue.update_table(
                    **request, VersionId=stored.version_id, SkipArchive=True
                )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _CONFLICTS:
                raise
            return False
        return True

    def _table_input(self, stored: Stored) -> dict[str, Any]:
        columns = [(_COLUMN, "varchar", "string")]
        sql = view_sql(stored.heads)
        return table_input(self.table, self.database, sql, columns, stored.parameters)


def view_sql(heads: Sequence[str]) -> str:
    """The query of the version view, in Athena's SQL."""
    select = f"SELECT CAST({_COLUMN} AS varchar) AS {_COLUMN} FROM"
    if not heads:
        return f"{select} (VALUES NULL) AS t ({_COLUMN}) WHERE false"
    rows = ", ".join("'" + head.replace("'", "''") + "'" for head in sorted(heads))
    return f"{select} (VALUES {rows}) AS t ({_COLUMN})"


def _check_size(name: str, stored: Stored) -> None:
    for key, text in stored.parameters.items():
        if len(text.encode()) > _MOST:
            raise MigrationError(
                f"{name} has no room for {key}: {len(text):,} characters, expected at most"
                f" {_MOST:,}. `fsql migrate purge` forgets what was dropped."
            )
