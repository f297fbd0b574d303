"""Changes made to a store's groups: each whole or not at all, and once."""

from __future__ import annotations

import random
import time
import uuid
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any

import sqlalchemy as sa

from fsql.catalog import Catalog, Entry
from fsql.dialect import catalog_of
from fsql.errors import MigrationConflict, NotAFeatureGroup
from fsql.lifecycle import views
from fsql.migration import groups, records
from fsql.migration.altering import alter
from fsql.migration.changes import Change, CreateGroup, DropGroup, Execute
from fsql.migration.evolving import evolved
from fsql.migration.iceberg_commits import Overtaken
from fsql.migration.once import run_once
from fsql.migration.revisions import Revisions
from fsql.migration.state import State
from fsql.migration.steps import Step
from fsql.naming import GroupName
from fsql.outages import told

__all__ = ["Migrator", "Options"]

ATTEMPTS = 12


@dataclass(frozen=True)
class Options:
    """What a migration may do that it does not by default.

    Attributes:
        allow_breaking: change a group although its level of compatibility forbids it.
        adopt: take what was changed by hand for what is meant.
        force: go on with a table that was changed by hand.
    """

    allow_breaking: bool = False
    adopt: bool = False
    force: bool = False


class Migrator:
    """Makes changes to the groups of a store.

    Args:
        engine: of the store.
        revisions: its version view, which also says what is kept; None is the one of Alembic's
            default name.
    """

    def __init__(
        self,
        engine: sa.Engine,
        options: Options | None = None,
        revisions: Revisions | None = None,
    ) -> None:
        self._engine = engine
        self._options = options or Options()
        self._catalog: Catalog = catalog_of(engine)
        self._revisions = revisions or Revisions(self._catalog)

    @told()
    def run(self, change: Change, step: Step | None = None) -> None:
        """Make a change; one that this very step has made already is only brought to its end.

        Args:
            step: names it; None outside of any revision, where the same change is made again.

        Raises:
            MigrationError: the group cannot take it; nothing was changed.
            IncompatibleChange: the group's level of compatibility forbids it.
            SchemaDrift: the table was changed by hand.
            MigrationConflict: others were always quicker; nothing was changed.
            TableNotFound, TableExists, NotAFeatureGroup: there is no such group, or another one.
            QueryFailed, InvalidQuery: Athena refused a statement.
        """
        self._run(change, step or Step("", "", 0, uuid.uuid4().hex))

    @singledispatchmethod
    def _run(self, change: Any, step: Step) -> None:
        self._alter(change, step)

    @_run.register
    def _(self, change: CreateGroup, step: Step) -> None:
        database = groups.create(self._catalog, self._revisions, change, step)
        self._point(change.state.definition.name.view, database)

    @_run.register
    def _(self, change: DropGroup, step: Step) -> None:
        database = change.database or self._catalog.aws.database
        view = GroupName.parse(change.group).view
        self._point(view, database, without=change.group)
        groups.drop(self._catalog, self._revisions, change, step)

    @_run.register
    def _(self, change: Execute, step: Step) -> None:
        run_once(self._catalog, change.sql, f"{step.run}:{step.number}")

    def _alter(self, change: Any, step: Step) -> None:
        entry = self._entry(change)
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0.5, 1) * min(2.0, 0.05 * 2**attempt))
                entry = self._entry(change)
            if records.is_done(entry, step):
                break
            try:
                self._once(change, entry, step)
                break
            except Overtaken:
                continue
        else:
            raise MigrationConflict(
                f"Other writers to {change.group!r} were quicker {ATTEMPTS} times over; the change"
                " was not made. Run the same command again."
            )
        self._finish(change)

    def _entry(self, change: Any) -> Entry:
        entry = self._catalog.get(change.group, change.database)
        if entry.group is None:
            raise NotAFeatureGroup(entry.name, entry.database)
        return entry

    def _once(self, change: Any, entry: Entry, step: Step) -> None:
        group = entry.group
        assert group is not None
        before = State.of(group)
        after = evolved(change, before)
        if after is None:
            raise AssertionError(f"{change} leaves nothing of the group")
        alter(self._catalog, entry, change, before, after, step, {})

    def _finish(self, change: Any) -> None:
        entry = self._entry(change)
        if entry.group is not None:
            self._point(entry.group.view_name, entry.database)

    def _point(self, view: str, database: str, without: str | None = None) -> None:
        views.point(self._engine, self._catalog, view, database, without=without)
