"""What a migration can do to a feature group, as data; others apply, reverse, say and run it.

A *path* names a column or a field within one: ``temp``, ``wind.gust``, and below a list or map as
Iceberg names it: ``readings.element.gust``, ``limits.value.low``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa

from fsql.definition import Partition
from fsql.migration.model.state import State

__all__ = [
    "KEEP",
    "AddColumn",
    "AlterColumn",
    "AlterGroup",
    "Backfill",
    "Change",
    "CreateGroup",
    "DropColumn",
    "DropGroup",
    "Execute",
    "MoveColumn",
    "Release",
    "RenameColumn",
    "SetPartitioning",
]


class _Keep:
    """What is not to change."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP = _Keep()


@dataclass(frozen=True)
class CreateGroup:
    """Make a group's table.

    Attributes:
        released: whether the view without the version may stand on it at once; a new version that
            is still to be filled is not, see `Release`.
    """

    state: State
    released: bool = True
    database: str | None = None

    @property
    def group(self) -> str:
        """The table's name."""
        return self.state.table


@dataclass(frozen=True)
class DropGroup:
    """Take a group's table out of the catalog; its files are kept until they are purged."""

    group: str
    database: str | None = None


@dataclass(frozen=True)
class AddColumn:
    """Add a column, or a field within one, at the end of its siblings.

    Attributes:
        field: name (the last part of `path`), exact type, nullability and metadata.
        default: what rows that are there already get; None is NULL.
    """

    group: str
    path: str
    field: pa.Field
    comment: str | None = None
    default: Any = None
    database: str | None = None


@dataclass(frozen=True)
class DropColumn:
    """Drop a column or a field within one; its values are kept until they are purged."""

    group: str
    path: str
    database: str | None = None


@dataclass(frozen=True)
class RenameColumn:
    """Give a column or field another name, `to`, among the same siblings."""

    group: str
    path: str
    to: str
    database: str | None = None


@dataclass(frozen=True)
class AlterColumn:
    """Widen a column's type, or say something else of it.

    Attributes:
        type: the exact Arrow type.
        comment: None takes it away; of top-level columns only.
        nullable: what fsql checks of rows that are written.
        metadata: what libraries note of the field in Arrow, such as polars of its enums.
    """

    group: str
    path: str
    type: pa.DataType | _Keep = KEEP
    comment: str | _Keep | None = KEEP
    nullable: bool | _Keep = KEEP
    metadata: Mapping[bytes, bytes] | _Keep | None = KEEP
    database: str | None = None


@dataclass(frozen=True)
class MoveColumn:
    """Put a column or field behind a sibling, or first.

    Attributes:
        after: the name of a sibling; None is first.
    """

    group: str
    path: str
    after: str | None
    database: str | None = None


@dataclass(frozen=True)
class AlterGroup:
    """Change what is declared of a group beside its columns and partitions.

    Attributes:
        options: of `Definition`'s fields keys, event_time, created_time, ttl, online, truncate,
            description, owner, tags, compatibility, sort_by and table_properties those that
            change; and ``schema_metadata``, the whole of the Arrow schema's own notes.
    """

    group: str
    options: Mapping[str, Any] = field(default_factory=dict)
    database: str | None = None


@dataclass(frozen=True)
class SetPartitioning:
    """Partition what is written from now on otherwise; files that are there stay as they are."""

    group: str
    partition_by: tuple[Partition, ...]
    database: str | None = None


@dataclass(frozen=True)
class Backfill:
    """Fill a group with the rows of a SELECT in Athena's SQL, all at once and only once."""

    group: str
    select: str
    database: str | None = None


@dataclass(frozen=True)
class Release:
    """Let the view without the version stand on this version of the group, and no newer one."""

    group: str
    database: str | None = None


@dataclass(frozen=True)
class Execute:
    """Run a statement in Athena's SQL."""

    sql: str


Change: TypeAlias = (
    CreateGroup
    | DropGroup
    | AddColumn
    | DropColumn
    | RenameColumn
    | AlterColumn
    | MoveColumn
    | AlterGroup
    | SetPartitioning
    | Backfill
    | Release
    | Execute
)
