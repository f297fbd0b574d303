"""A store beside the groups that a project declares: a page of Glue's tables tells of a hundred."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from alembic.autogenerate.api import AutogenContext

from fsql.catalog import Catalog, Entry
from fsql.dialect import catalog_of
from fsql.errors import IncompatibleChange, MigrationError, NeedsNewVersion, SchemaDrift
from fsql.lifecycle.views import is_released
from fsql.migration.looking import drift
from fsql.migration.making.kept import hidden_columns
from fsql.migration.model.bearing import NEW_VERSION
from fsql.migration.model.comparing import declared
from fsql.migration.model.compatibility import breaks
from fsql.migration.model.state import State
from fsql.migration.proposing import proposals
from fsql.migration.proposing.filtering import Filter
from fsql.migration.proposing.proposals import Proposal
from fsql.migration.runtime.flags import Flags
from fsql.model import SCHEMA_PROPERTY, FeatureGroup, decode_schema

__all__ = ["Comparison", "Store"]

Place: TypeAlias = tuple[str, str]  # a database and a table in it

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """The tables and views of the databases that a project has groups in.

    Attributes:
        default: the store's own database.
        entries: by database and name.
    """

    default: str
    entries: Mapping[Place, Entry]

    @classmethod
    def read(cls, catalog: Catalog, databases: set[str]) -> Store:
        """What Glue knows of it, a hundred tables a call."""
        found = (entry for database in sorted(databases) for entry in catalog.entries(database))
        return cls(catalog.aws.database, {(entry.database, entry.name): entry for entry in found})

    def place(self, group: FeatureGroup) -> Place:
        """Where a declared group is."""
        return group.schema or self.default, group.name

    def label(self, place: Place) -> str | None:
        """A place's database as operations name it: None is the store's own."""
        return None if place[0] == self.default else place[0]

    def group(self, place: Place) -> FeatureGroup | None:
        """The feature group at a place."""
        entry = self.entries.get(place)
        return None if entry is None else entry.group

    def versions(self, place: Place, view: str) -> dict[str, Entry]:
        """The versions of the group of a view, by version; the newest last."""
        found = {
            entry.group.definition.name.version: entry
            for (database, _), entry in self.entries.items()
            if database == place[0] and entry.group is not None and entry.group.view_name == view
        }
        return dict(sorted(found.items()))


class Comparison:
    """One comparison.

    Args:
        context: Alembic's; its metadata and its filters hold.
        flags: what ``-x`` allows.
    """

    def __init__(self, context: AutogenContext, flags: Flags) -> None:
        assert context.connection is not None, "Alembic compares online only"
        catalog = catalog_of(context.connection)
        self._quote: Callable[[str], str] = context.dialect.identifier_preparer.quote
        self._filter, self._flags = Filter(context), flags
        self._all = bool(context.opts.get("include_schemas"))
        groups = list(_groups(context))
        databases = {catalog.aws.database, *(group.schema for group in groups if group.schema)}
        if self._all:
            databases |= set(context.inspector.get_schema_names())
        labels = {d: None if d == catalog.aws.database else d for d in databases}
        counted = {d for d, label in labels.items() if self._filter.has(label, "schema")}
        self._store = Store.read(catalog, counted)
        self._declared = {self._store.place(group): group for group in groups}

    def proposals(self) -> list[Proposal]:
        """What brings the store to the declared groups: new ones, changed ones, dropped ones.

        Raises:
            SchemaDrift: tables were changed by hand, and no flag says what to do about it.
            IncompatibleChange: a compatibility level forbids a change, and no flag allows it.
            MigrationError: a group needs a new version that is there already.
        """
        self._check_drift()
        changed = list(self._changed())
        return [*self._new(), *changed, *self._gone()]

    def _new(self) -> Iterator[Proposal]:
        for place, group in self._declared.items():
            if place not in self._store.entries and self._filter.has_group(group, False, None):
                older = self._older(place, group)
                label = self._store.label(place)
                if older is None:
                    yield proposals.created(State.of(group), label)
                else:
                    why = f"{group.name} is filled from {older.name}, and then the view goes to it."
                    yield self._succeeded(place, older, State.of(group), (why,))

    def _older(self, place: Place, group: FeatureGroup) -> Entry | None:
        """The newest version that is there before a declared one."""
        found = self._store.versions(place, group.view_name)
        older = [v for v in found if v < group.definition.name.version]
        return found[older[-1]] if older else None

    def _succeeded(
        self, place: Place, entry: Entry, after: State, why: tuple[str, ...]
    ) -> Proposal:
        assert entry.group is not None, "versions are groups"
        view = after.definition.name.view
        released = [e for e in self._store.versions(place, view).values() if is_released(e)]
        return proposals.succeeded(
            State.of(entry.group),
            after,
            self._quote,
            self._store.label(place),
            previous=released[-1].name if released else None,
            why=why,
        )

    def _changed(self) -> Iterator[Proposal]:
        forbidden = list[str]()
        for place, group in self._declared.items():
            stored = self._store.group(place)
            if stored is None or not self._filter.has_group(group, False, stored):
                continue
            before = State.of(stored)
            after = declared(self._filter.declared(group, stored), before)
            try:
                hidden = hidden_columns(self._store.entries[place])
                proposal = proposals.altered(before, after, self._store.label(place), hidden)
            except NeedsNewVersion as error:
                yield self._next_version(place, after, error)
                continue
            if proposal is not None:
                forbidden += self._forbidden(place, before, after)
                yield proposal
        if forbidden:
            raise IncompatibleChange("\n".join([*forbidden, _BREAKING]))

    def _forbidden(self, place: Place, before: State, after: State) -> list[str]:
        level = before.definition.compatibility
        if self._flags.allow_breaking:
            return []
        earlier = _earlier(self._store.entries[place], before)
        found = breaks(level, [*earlier, before], after)
        return [f"{before.table} is to stay {level} compatible: {words}" for words in found]

    def _next_version(self, place: Place, after: State, needed: NeedsNewVersion) -> Proposal:
        """A version that is what the one at hand cannot become."""
        name = after.definition.name
        taken = self._store.versions(place, name.view)
        for version, entry in taken.items():
            assert entry.group is not None, "versions are groups"
            if version > name.version and _named(after, version) == State.of(entry.group):
                raise MigrationError(
                    f"{name.table!r} is declared as {entry.name!r} is stored, and cannot become"
                    f" that itself. Give it version={version!r} in the models module.",
                    name.table,
                )
        declared = {g.definition.name.version for g in self._declared.values()}
        last = max(int(version[1:]) for version in {*taken, name.version} | declared)
        made = _named(after, f"v{last + 1:04}")
        why = (
            f"{name.table} cannot become what is declared, so that this is a new version of it:",
            *(f"- {_short(reason, name.table)}" for reason in needed.reasons),
            f"In the models module, give the group the version {made.definition.name.version!r}.",
        )
        return self._succeeded(place, self._store.entries[place], made, why)

    def _gone(self) -> Iterator[Proposal]:
        for place, entry in self._store.entries.items():
            group, label = entry.group, self._store.label(place)
            if group is None or place in self._declared or not (self._all or label is None):
                continue
            if not self._filter.has(entry.name, "table", schema_name=label):
                continue
            if not self._filter.has_group(group, True, None):
                continue
            if self._has_successor(place, group):
                log.info("%s stays: a newer version of it is declared", entry.name)
                continue
            yield proposals.dropped(State.of(group), is_released(entry), label)

    def _has_successor(self, place: Place, group: FeatureGroup) -> bool:
        return any(
            database == place[0]
            and other.view_name == group.view_name
            and other.definition.name.version > group.definition.name.version
            for (database, _), other in self._declared.items()
        )

    def _check_drift(self) -> None:
        """Refuse to take what was changed by hand for what a revision did."""
        if self._flags.adopt or self._flags.force:
            return
        found = [f"{name}: {words}" for name, words in self._drifted()]
        if found:
            lines = "\n".join(f"  - {line}" for line in found)
            raise SchemaDrift(f"Tables were changed by hand:\n{lines}\n{_DRIFTED}")

    def _drifted(self) -> Iterator[tuple[str, str]]:
        for place, entry in self._store.entries.items():
            label = self._store.label(place)
            if self._filter.has(entry.name, "table", schema_name=label):
                for words in drift.differences(entry, expected=place in self._declared):
                    yield entry.name, words
        for view, table in drift.gone(self._store.entries.values()).items():
            if table in {name for _, name in self._declared}:
                yield table, f"the table is gone, and the view {view} is on it"


_BREAKING = (
    "Change the declaration so that it is compatible, or allow it by -x allow-breaking, as"
    " `fsql migrate` does by --allow-breaking."
)
_DRIFTED = (
    "Undo that, or take it over into the groups by `fsql migrate adopt`, or let the next command"
    " do so by -x adopt, or say -x force to go on in spite of it; `fsql migrate` has --adopt and"
    " --force."
)


def _groups(context: AutogenContext) -> Iterator[FeatureGroup]:
    for table in context.table_key_to_table.values():
        if isinstance(table, FeatureGroup):
            yield table
        else:
            log.info("%s is no feature group, and is left alone", table.fullname)


def _short(reason: str, table: str) -> str:
    """A reason without what all of them have."""
    start = f"{table!r} cannot take a change that "
    return reason.removeprefix(start).replace(NEW_VERSION, "").strip()


def _earlier(entry: Entry, now: State) -> list[State]:
    """What the table keeps of the schemas that it had before."""
    start = f"{SCHEMA_PROPERTY}."
    texts = {
        int(name.removeprefix(start)): text
        for name, text in entry.parameters.items()
        if name.startswith(start)
    }
    return [replace(now, schema=decode_schema(texts[number])) for number in sorted(texts)]


def _named(state: State, version: str) -> State:
    name = replace(state.definition.name, version=version)
    return replace(state, definition=replace(state.definition, name=name))
