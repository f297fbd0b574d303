"""Changes made to a store's groups: each whole or not at all, and once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from functools import partial, singledispatchmethod
from typing import Any

import sqlalchemy as sa

from fsql.catalog import Catalog, Entry
from fsql.dialect import catalog_of
from fsql.lifecycle import views
from fsql.lifecycle.views import RELEASED_PROPERTY
from fsql.migration.making import altering, groups, hive, records
from fsql.migration.making.adopting import adopt, drifted
from fsql.migration.making.backfilling import backfill
from fsql.migration.making.checks import Checks, Options, group_of
from fsql.migration.making.completing import align_tombstones, fill
from fsql.migration.making.iceberg_commits import patiently
from fsql.migration.making.once import run_once
from fsql.migration.making.succeeding import carry_deletes
from fsql.migration.making.work import Work
from fsql.migration.model.changes import (
    AlterGroup,
    Backfill,
    Change,
    CreateGroup,
    DropGroup,
    Execute,
    Release,
)
from fsql.migration.model.evolving import evolved
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from fsql.migration.model.wording import words
from fsql.migration.runtime.revisions import Revisions
from fsql.naming import GroupName
from fsql.outages import told

__all__ = ["Migrator", "Options"]


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
        self._checks = Checks(engine, self._catalog, self._options)

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

    @told()
    def adopt(self, group: str, database: str | None = None) -> list[str]:
        """Make a group what its table was changed to by hand; what that was, in words.

        Raises:
            MigrationError: the group cannot be that; nothing was changed.
            MigrationConflict: others were always quicker; nothing was changed.
            TableNotFound: there is no such table.
        """
        step = Step("", "", 0, uuid.uuid4().hex)

        def once() -> list[str]:
            entry = self._catalog.get(group, database)
            found = drifted(self._catalog, entry, expected=False)
            if found:
                adopt(self._catalog, entry, step)
            return found

        found = patiently(group, once)
        if found:
            self._complete(AlterGroup(group, database=database))
        return found

    @singledispatchmethod
    def _run(self, change: Any, step: Step) -> None:
        self._change(change, step)
        self._complete(change)

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

    @_run.register
    def _(self, change: Backfill, step: Step) -> None:
        entry = self._entry(change)
        if not records.is_done(entry, step):
            token = f"{step.run}:{step.number}"
            ready = partial(self._point, group_of(entry).view_name, entry.database)
            carry_deletes(self._catalog, entry, change.select, token, ready)
            backfill(self._catalog, entry, change.select, step)
        self._change(change, step)

    @_run.register
    def _(self, change: Release, step: Step) -> None:
        entry = self._entry(change)
        view = State.of(group_of(entry)).definition.name.view
        for other in views.versions(self._catalog, view, entry.database):
            if other.name > entry.name and views.is_released(other):
                hidden = replace(change, group=other.name)
                self._change(hidden, step, {RELEASED_PROPERTY: "false"})
        self._change(change, step, {RELEASED_PROPERTY: None})
        self._point(view, entry.database)

    def _change(
        self, change: Any, step: Step, more: Mapping[str, str | None] | None = None
    ) -> None:
        """Change a table as long as somebody else is quicker; not if the step is done."""

        def once() -> None:
            entry = self._catalog.get(change.group, change.database)
            if not records.is_done(entry, step):
                self._once(change, entry, step, more or {})

        patiently(change.group, once)

    def _entry(self, change: Any) -> Entry:
        entry = self._catalog.get(change.group, change.database)
        group_of(entry)
        return entry

    def _once(self, change: Any, entry: Entry, step: Step, more: Mapping[str, str | None]) -> None:
        if self._checks.drifted(entry, change):
            adopt(self._catalog, entry, step)
            entry = self._catalog.get(entry.name, entry.database)
        entry = fill(self._catalog, entry)
        before = State.of(group_of(entry))
        after = evolved(change, before)
        if after is None:
            raise AssertionError(f"{change} leaves nothing of the group")
        self._checks.bearable(entry, change, before, after)
        alter = hive.alter if entry.is_hive_group else altering.alter
        said = words(change, before) if not more.get(RELEASED_PROPERTY) else f"hides {entry.name}"
        forced = self._checks.options.force
        alter(self._catalog, Work(entry, change, before, after, step, more, said, forced))

    def _complete(self, change: Any) -> None:
        """What follows a change of a table; all of it may be done twice."""
        entry = fill(self._catalog, self._entry(change))
        if entry.is_hive_group:
            hive.sync_partitions(self._catalog, entry)
        align_tombstones(self._catalog, entry)
        self._point(group_of(entry).view_name, entry.database)

    def _point(self, view: str, database: str, without: str | None = None) -> None:
        views.point(self._engine, self._catalog, view, database, without=without)
