"""What a store's doctor looks at of its migrations."""

from __future__ import annotations

from collections.abc import Iterable

from fsql.catalog import Catalog, Entry
from fsql.errors import MigrationError, SchemaDrift
from fsql.migration.looking import drift
from fsql.migration.making import purge
from fsql.migration.making.adopting import drifted
from fsql.migration.making.kept import KeptColumn
from fsql.migration.runtime.journal import Journal
from fsql.migration.runtime.revisions import Revisions

__all__ = ["changed_by_hand", "dropped", "standing"]

_MOST_GROUPS = 50  # whose metadata is read
_SHOWN = 3


def standing(catalog: Catalog) -> str:
    """Where the store's migrations stand.

    Raises:
        MigrationError: one was killed or failed half way; it says where, and what goes on with it.
    """
    stored = Revisions(catalog).load()
    journal = Journal.of(stored.journal)
    at = ", ".join(stored.heads) or "the base"
    if journal is None:
        return "none" if stored.version_id is None else f"at {at}"
    if not journal.is_free:
        return f"at {at}; under way: {journal}"
    raise MigrationError(f"at {at}, and half done: {journal}. {journal.script.again}")


def dropped(catalog: Catalog) -> str:
    """What was dropped and is kept."""
    found = purge.kept(catalog, Revisions(catalog))
    columns = sum(isinstance(one.dropped, KeptColumn) for one in found)
    parts = [
        f"{count} {noun}{'' if count == 1 else 's'}"
        for count, noun in ((columns, "column"), (len(found) - columns, "group"))
        if count
    ]
    return f"{' and '.join(parts)}; `fsql migrate purge` deletes them for good" if parts else "none"


def changed_by_hand(catalog: Catalog) -> str:
    """Whether tables of groups are as fsql left them; the metadata of the first few is read.

    Raises:
        SchemaDrift: some are not.
    """
    entries = list(catalog.entries())
    looked, found = 0, []
    for entry in entries:
        deep = entry.is_group and looked < _MOST_GROUPS
        looked += entry.is_group
        words = drifted(catalog, entry, expected=False) if deep else drift.differences(entry)
        found += [f"{entry.name}: {one}" for one in words]
    found += _gone(entries)
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise SchemaDrift(f"{'; '.join(found[:_SHOWN])}{more}")
    return f"{looked} feature groups, none changed by other means than fsql's"


def _gone(entries: Iterable[Entry]) -> list[str]:
    return [f"{table}: the table is gone" for table in drift.gone(entries).values()]
