"""Migrations as a script to read, for ``--sql``: Athena's SQL, and the Glue calls beside it.

The groups' states are not read from a store. They are what the revisions before the first one of
the script lead to, whose scripts are gone through silently.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from fsql.dialect import FsqlDialect
from fsql.errors import MigrationError
from fsql.migration.model.changes import Change, CreateGroup, Execute
from fsql.migration.model.evolving import evolved
from fsql.migration.model.state import State
from fsql.migration.model.wording import words
from fsql.migration.runtime.offline_sql import statements
from fsql.migration.runtime.revisions import view_sql
from fsql.migration.runtime.versions import Move
from fsql.naming import DEFAULT_DATABASE
from fsql.urls import Location

__all__ = ["Offline"]

_NOTE = """\
-- What Athena runs is written as SQL. Lines that begin with `-- glue.` are what goes with it and
-- what Athena has no statement for; `alembic upgrade` without --sql does both in one step.\
"""

_WAREHOUSE = "s3://<warehouse>/"  # where the URL has none

# What a script raises that needs a store, or whose rows are not there.
_FAILURES = (AttributeError, TypeError, LookupError, MigrationError, sa.exc.SQLAlchemyError)

log = logging.getLogger("fsql.migration")


class Offline:
    """Writes changes down instead of making them.

    Args:
        dialect: compiles DDL.
        output: takes each paragraph of the script.
        location: what the store's URL says; None if nobody told.
    """

    def __init__(
        self, dialect: sa.Dialect, output: Callable[[str], None], location: Location | None
    ) -> None:
        self._dialect = dialect
        self._output = output
        self._database = location.database if location else DEFAULT_DATABASE
        if isinstance(dialect, FsqlDialect):
            warehouse = location.arguments.get("warehouse") if location else None
            dialect.assume(warehouse or _WAREHOUSE, self._database)
        self._states: dict[tuple[str | None, str], State | None] = {}
        self._heads: set[str] = set()
        self._view = ""
        self._silent = False

    def view(self, name: str, database: str | None) -> None:
        """Take another name for the version view."""
        self._view = f'"{database or self._database}"."{name}"'

    def learn(self, scripts: ScriptDirectory, heads: Iterable[str]) -> None:
        """Go silently through the revisions up to those that the store is at."""
        self._output(_NOTE)
        self._heads = {*heads}
        if not self._heads:
            return
        before = scripts.iterate_revisions(tuple(self._heads), "base")
        self._silent = True
        try:
            for revision in reversed([*before]):
                revision.module.upgrade()
        except _FAILURES as error:
            log.warning("Types are missing, since a revision before needs a store: %s", error)
        finally:
            self._silent = False

    def create(self) -> None:
        """Write down that the version view is made."""
        self.move(Move())

    def move(self, move: Move) -> None:
        """Write down where the store is now."""
        self._heads = self._heads - move.gone | move.come
        self._write(f"CREATE OR REPLACE VIEW {self._view} AS\n{view_sql(sorted(self._heads))};")

    def write(self, change: Change) -> None:
        """Write down a change.

        Raises:
            MigrationError: the group as the revisions before have left it cannot take it.
        """
        subject = ""
        if not isinstance(change, Execute):
            change = replace(change, database=change.database or self._database)
            subject = f"{change.group}: "
        before, after = self._evolved(change)
        said = words(change, before).replace("\n", "\n-- ")
        parts = [f"-- {subject}{said}", *statements(change, before, after, self._dialect)]
        self._write("\n".join(parts))

    def _evolved(self, change: Change) -> tuple[State | None, State | None]:
        if isinstance(change, Execute):
            return None, None
        place = (change.database, change.group)
        before = self._states.get(place)
        if before is None and not isinstance(change, CreateGroup):
            return None, None  # nothing is known of it
        self._states[place] = after = evolved(change, before)
        return before, after

    def _write(self, text: str) -> None:
        if not self._silent:
            self._output(text)
