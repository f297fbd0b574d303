"""Feature groups in the catalog: made, found and dropped."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from fsql import deletes, formats
from fsql.catalog import Catalog, Entry
from fsql.deletes import Tombstones
from fsql.dialect import catalog_of
from fsql.errors import ConfigError, DefinitionError, NotAFeatureGroup, TableExists
from fsql.fitting import differences
from fsql.lifecycle import views
from fsql.model import FeatureGroup

__all__ = ["Found", "create", "drop", "find", "groups", "mend", "point", "with_deletes"]

IF_EXISTS = ("error", "skip")


@dataclass(frozen=True)
class Found:
    """A group that is in the catalog."""

    entry: Entry
    group: FeatureGroup


def find(catalog: Catalog, fg: FeatureGroup | str) -> Found:
    """The group of a name, or the stored one of a declaration.

    Args:
        fg: a declaration, or a name of a table or view, perhaps with its database.

    Raises:
        TableNotFound: there is nothing of that name.
        NotAFeatureGroup: it is another table.
    """
    if isinstance(fg, FeatureGroup):
        database, name = fg.schema, fg.name
    else:
        before, _, name = fg.lower().rpartition(".")
        database = before or None
    entry = catalog.get(name, database)
    if entry.is_view:
        entry = views.newest(catalog, name, entry.database) or entry
    if entry.group is None:
        raise NotAFeatureGroup(entry.name, entry.database)
    return Found(entry, entry.group)


def with_deletes(
    catalog: Catalog, fg: FeatureGroup | str
) -> tuple[FeatureGroup, Tombstones | None]:
    """A group, as declared if it is, and its tombstones if there are any; two GetTable calls.

    Raises:
        TableNotFound, NotAFeatureGroup: as `find`; a declared group need not be there.
    """
    if not isinstance(fg, FeatureGroup):
        found = find(catalog, fg)
        return found.group, deletes.find(catalog, found.entry)
    entry = catalog.find(fg.name, fg.schema)
    return fg, None if entry is None else deletes.find(catalog, entry, fg)


def groups(catalog: Catalog, pattern: str | None = None) -> list[FeatureGroup]:
    """The groups of the store's database, by name."""
    found = (entry.group for entry in catalog.entries(pattern=pattern))
    return sorted((group for group in found if group is not None), key=lambda group: group.name)


def create(engine: sa.Engine, catalog: Catalog, group: FeatureGroup, if_exists: str) -> None:
    """Make a group's database, table and views, as far as they are missing.

    Raises:
        TableExists, DefinitionError, ConfigError: see `fsql.store.FeatureStore.create`.
    """
    if if_exists not in IF_EXISTS:
        raise ConfigError(f"if_exists={if_exists!r}. Expected 'error' or 'skip'.")
    database = catalog.ensure_database(group.schema)
    known = views.check_free(catalog, group.view_name, database)
    existing = known.get(group.name)
    if existing is None:
        if group.name + deletes.SUFFIX in known:  # of a table that SQL has dropped
            deletes.drop(catalog, database, group.name, purge=False)
        formats.create(catalog, group)
    elif if_exists == "error":
        raise TableExists(group.name, database)
    else:
        _check_same(group, existing)
    views.point(engine, catalog, group.view_name, database)


def _check_same(declared: FeatureGroup, existing: Entry) -> None:
    if existing.group is None:
        raise NotAFeatureGroup(existing.name, existing.database)
    found = differences(declared, existing.group)
    if found:
        lines = "\n".join(f"  - {difference}" for difference in found)
        raise DefinitionError(
            f"Table {existing.name!r} exists and is not as declared. Declare a new version, or"
            f" migrate it. Differences:\n{lines}"
        )


def point(engine: sa.Engine, catalog: Catalog, entry: Entry) -> None:
    """Point the views of a group, if it is one, at its newest version as it is now."""
    if entry.group is not None:
        views.point(engine, catalog, entry.group.view_name, entry.database)


def mend(engine: sa.Engine) -> list[str]:
    """Make the views of the store's database that are missing or behind their groups.

    Returns:
        Their names.

    Raises:
        TableExists: a table has the name of one.
        CommitConflict: others were always quicker.
    """
    catalog = catalog_of(engine)
    database = catalog.aws.database
    found = views.outdated(engine.dialect, catalog.entries(database))
    for view in sorted({*found.values()}):
        views.point(engine, catalog, view, database)
    return sorted(found)


def drop(engine: sa.Engine, catalog: Catalog, found: Found, *, purge: bool) -> None:
    """Take a group's table and its tombstones away, after its views have let go of it."""
    entry = found.entry
    views.point(engine, catalog, found.group.view_name, entry.database, without=entry.name)
    deletes.drop(catalog, entry.database, entry.name, purge=purge)
    formats.drop(catalog, entry, purge=purge)
