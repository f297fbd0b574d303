"""What is looked at before a table is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from fsql import deletes
from fsql.catalog import Catalog, Entry
from fsql.errors import IncompatibleChange, MigrationError, NotAFeatureGroup, SchemaDrift
from fsql.migration.making.adopting import drifted
from fsql.migration.making.fits import check_fit
from fsql.migration.making.iceberg import EARLIER_PROPERTY
from fsql.migration.model import paths
from fsql.migration.model.changes import AlterColumn, AlterGroup
from fsql.migration.model.compatibility import breaks
from fsql.migration.model.evolving import must_fit
from fsql.migration.model.state import State
from fsql.migration.model.wording import words
from fsql.model import FeatureGroup, decode_schema

__all__ = ["Checks", "Options", "group_of"]

_OF_DELETES = ("keys", "event_time")


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


def group_of(entry: Entry) -> FeatureGroup:
    """The feature group of a table.

    Raises:
        NotAFeatureGroup: it is none.
    """
    if entry.group is None:
        raise NotAFeatureGroup(entry.name, entry.database)
    return entry.group


@dataclass(frozen=True)
class Checks:
    """The checks of one migration."""

    engine: sa.Engine
    catalog: Catalog
    options: Options

    def drifted(self, entry: Entry, change: Any) -> list[str]:
        """What was changed of a table by other means than fsql's and is to be adopted, in words.

        Raises:
            SchemaDrift: something was, and neither `adopt` nor `force` is said, or `change` is of
                what was changed.
        """
        found = drifted(self.catalog, entry, expected=False)
        if not found or self.options.adopt:
            return found
        if self.options.force and entry.is_group:
            found = _touched(found, change)
            if not found:
                return []
        remedy = "" if self.options.force else ", or -x force to go on in spite of it"
        lines = "\n".join(f"  - {difference}" for difference in found)
        raise SchemaDrift(
            f"{entry.name!r} was changed by other means than fsql's; nothing was done:\n{lines}\n"
            f"Undo that, or say -x adopt to take it over into the group{remedy}.",
            entry.name,
        )

    def bearable(self, entry: Entry, change: Any, before: State, after: State) -> None:
        """Make sure that readers, and the rows that are there, can bear a change.

        Raises:
            IncompatibleChange: the group's level of compatibility forbids it.
            MigrationError: rows or deletes that are there do not go with it.
        """
        if not self.options.allow_breaking:
            self._compatible(entry, change, before, after)
        if isinstance(change, AlterColumn) and must_fit(change, before):
            check_fit(self.engine, entry, change, before)
        if isinstance(change, AlterGroup) and not change.options.keys().isdisjoint(_OF_DELETES):
            self._without_deletes(entry)

    def _compatible(self, entry: Entry, change: Any, before: State, after: State) -> None:
        level = before.definition.compatibility
        found = breaks(level, [*_earlier(entry, before), before], after)
        if found:
            lines = "\n".join(f"  - {one}" for one in found)
            raise IncompatibleChange(
                f"{entry.name!r} declares compatibility={level!r}, which a change that"
                f" {words(change, before)} breaks; nothing was done:\n{lines}\nDeclare a new"
                " version, or allow it by --allow-breaking (-x allow-breaking).",
                entry.name,
            )

    def _without_deletes(self, entry: Entry) -> None:
        if deletes.find(self.catalog, entry) is not None:
            raise MigrationError(
                f"{entry.name!r} has deletes, which are kept by its keys and event time of now."
                " Declare a new version with other ones.",
                entry.name,
            )


def _touched(found: Sequence[str], change: Any) -> list[str]:
    """Those of the differences that are of what a change is about, or of what that is in."""
    path = getattr(change, "path", None)
    if path is None:
        return []
    *above, _ = parts = paths.parts(path)
    beside = (getattr(change, name, None) for name in ("to", "after"))
    mine = [".".join(parts[: end + 1]) for end in range(len(parts))]
    mine += [".".join([*above, name]) for name in beside if name]
    return [words for words in found if any(words.startswith(f"column {name} ") for name in mine)]


def _earlier(entry: Entry, before: State) -> list[State]:
    """What the group was, as far as its table still has snapshots of it, oldest first."""
    start = len(EARLIER_PROPERTY)
    texts = {
        int(name[start:]): text
        for name, text in entry.parameters.items()
        if name.startswith(EARLIER_PROPERTY)
    }
    return [replace(before, schema=decode_schema(texts[id_])) for id_ in sorted(texts)]
