"""What was dropped and is kept: columns in their table, groups in the version view.

A dropped column leaves the Iceberg schema, not the files. Its field, with its ids, is noted among
the table's properties, and a tag keeps the snapshot of then from VACUUM. Of a dropped group the
entry in Glue lies as JSON beside its files, and the version view says where.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fsql.catalog import Entry
from fsql.migration.model.steps import Step
from fsql.migration.runtime.revisions import Stored

__all__ = [
    "KEPT_PROPERTY",
    "KeptColumn",
    "KeptGroup",
    "find_columns",
    "hidden_columns",
    "kept_columns",
    "kept_groups",
    "kept_text",
    "now",
    "undone",
]

KEPT_PROPERTY = "fsql.kept"


@dataclass(frozen=True)
class KeptColumn:
    """A dropped column or field.

    Attributes:
        path: where it was.
        field: Iceberg's field as JSON, ids and all; of a Hive-style table its name and type as
            Glue has them.
        revision, direction: of the step that dropped it; "" outside of any.
        snapshot: the table's then; None if it was empty, and in a Hive-style table.
        tag: keeps that snapshot.
        at: when, ISO 8601 in UTC.
    """

    path: str
    field: Mapping[str, Any] | None
    revision: str
    direction: str
    snapshot: int | None
    tag: str | None
    at: str


@dataclass(frozen=True)
class KeptGroup:
    """A dropped group.

    Attributes:
        table, database, location: where it was, and where its files still are.
        revision, direction, run, number: of the step that dropped it; "" and 0 outside of any.
        file: the s3:// URI of the JSON that Glue said of it.
        at: when, ISO 8601 in UTC.
    """

    table: str
    database: str
    location: str
    revision: str
    direction: str
    run: str
    number: int
    file: str
    at: str

    def is_of(self, step: Step) -> bool:
        """Whether a step dropped it."""
        return bool(step.run) and self.run == step.run and self.number == step.number


def kept_columns(parameters: Mapping[str, str]) -> tuple[KeptColumn, ...]:
    """The dropped columns of a table, oldest first."""
    return tuple(KeptColumn(**one) for one in json.loads(parameters.get(KEPT_PROPERTY, "[]")))


def kept_text(kept: Iterable[KeptColumn]) -> str | None:
    """The property that says it; None without any."""
    plain = [asdict(one) for one in kept]
    return json.dumps(plain, separators=(",", ":")) if plain else None


def kept_groups(stored: Stored) -> tuple[KeptGroup, ...]:
    """The dropped groups of a store, oldest first."""
    return tuple(KeptGroup(**one) for one in stored.kept)


def undone(revision: str, direction: str, step: Step) -> bool:
    """Whether a step goes the other way than the one that dropped something."""
    return bool(revision) and revision == step.revision and direction != step.direction


def now() -> str:
    """This moment, ISO 8601 in UTC."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def find_columns(entry: Entry, path: str, step: Step) -> Iterator[KeptColumn]:
    """The columns that adding one at a path in a step may bring back, the latest first."""
    for one in reversed(kept_columns(entry.parameters)):
        if one.path == path and undone(one.revision, one.direction, step):
            yield one


def hidden_columns(entry: Entry) -> frozenset[str]:
    """The names under which a Hive-style table's files hold columns that it no longer has."""
    kept = kept_columns(entry.parameters) if entry.is_hive_group else ()
    return frozenset(one.path.lower() for one in kept)
