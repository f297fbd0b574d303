"""What a revision's script says of feature groups: functions of ``alembic.op``.

Each is an operation that holds a change (`fsql.migration.model.changes`), which `FsqlImpl.make`
makes.
Importing this module adds them to ``alembic.op``; `fsql.migration.run` does. Everywhere a `group`
is the table's name with its version, ``nyc_flights_weather_v0001``, a `path` is a column or a field
in one, ``wind.gust``, ``readings.element.gust``, ``limits.value.low``, and `schema` is the Glue
database, by default that of the store's URL.

Which of them can be taken back, how, and what each does to the table: docs/migrations.md.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, Operations
from alembic.operations.ops import AddColumnOp

from fsql.definition import Partition
from fsql.errors import MigrationError
from fsql.migration.model.changes import (
    AlterGroup,
    Backfill,
    Change,
    CreateGroup,
    DropGroup,
    MoveColumn,
    Release,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.state import State
from fsql.migration.runtime.impl import FsqlImpl
from fsql.model import FeatureGroup
from fsql.naming import GroupName

__all__ = ["ChangeOp", "GroupOperations"]


class ChangeOp(MigrateOperation):
    """An operation that is a change.

    Attributes:
        change: what it does.
    """

    def __init__(self, change: Change) -> None:
        self.change = change


class GroupOperations:
    """The functions by which scripts make changes; all are on ``alembic.op``."""

    @classmethod
    def create_feature_group(
        cls,
        operations: Operations,
        group: str,
        *columns: sa.Column[Any],
        keys: Iterable[str],
        schema: str | None = None,
        **options: Any,
    ) -> None:
        """Create a feature group: its table, and the view without the version on the newest one.

        ``op.create_feature_group("nyc_flights_plane_v0001", sa.Column("tailnum", sa.Text()),
        sa.Column("seats", sa.Integer()), keys=["tailnum"], description="Planes")``

        If the downgrade of the same revision has dropped the group, it comes back with its rows, as
        long as they were not purged.

        Args:
            group: the table's name, ``<client>_<app>_<entity>_<version>``.
            columns: of SQLAlchemy's types or those of `fsql.types`.
            keys: the columns that say whose features a row holds.
            options: what else `fsql.FeatureGroup` takes: event_time, created_time, partition_by,
                table_format, ttl (a timedelta), online, truncate, description, owner, tags,
                compatibility, sort_by, table_properties and schema_metadata.
            schema: the Glue database; made if it is missing.

        Raises:
            InvalidName, DefinitionError: the declaration contradicts itself.
            MigrationError: the table is there already.
        """
        state = _declared(group, columns, {"keys": keys, **options})
        operations.invoke(ChangeOp(CreateGroup(state, database=schema)))

    @classmethod
    def new_version(
        cls,
        operations: Operations,
        group: str,
        *columns: sa.Column[Any],
        keys: Iterable[str],
        schema: str | None = None,
        **options: Any,
    ) -> None:
        """Create the next version of a group; the view stays on the one before until `release`.

        ``op.new_version("nyc_flights_airport_v0002", sa.Column("faa", sa.Text()),
        sa.Column("place", Struct(lat=sa.Double(), lon=sa.Double())), keys=["faa"])``, then
        `backfill` and `release`. It is how a group changes in a way that its table can't.

        Args:
            group: the new table's name; the same parts and a greater version.
            columns, keys, options, schema: as `create_feature_group` takes them.

        Raises:
            InvalidName, DefinitionError, MigrationError: as `create_feature_group`.
        """
        state = _declared(group, columns, {"keys": keys, **options})
        operations.invoke(ChangeOp(CreateGroup(state, released=False, database=schema)))

    @classmethod
    def drop_feature_group(
        cls, operations: Operations, group: str, *, schema: str | None = None
    ) -> None:
        """Take a feature group out of the catalog; its files stay until they are purged.

        ``op.drop_feature_group("nyc_flights_airport_v0001")``

        The view goes to the newest version that is left, or away with the last one. The other
        direction of the same revision brings the group back with its rows;
        ``fsql migrate purge`` deletes them for good.

        Raises:
            MigrationError: there is no such group.
        """
        operations.invoke(ChangeOp(DropGroup(group, schema)))

    @classmethod
    def add_column(
        cls,
        operations: Operations,
        table_name: str,
        column: sa.Column[Any],
        *,
        default: Any = None,
        schema: str | None = None,
        if_not_exists: bool | None = None,
        inline_references: bool | None = None,
        inline_primary_key: bool | None = None,
    ) -> None:
        """Add a column, or a field to a struct, at the end of its siblings.

        ``op.add_column("nyc_flights_weather_v0001", sa.Column("wind.gust", sa.Double()))``

        Alembic's own, and `default`. Other dialects than fsql's take what they always do.

        Args:
            table_name: of the group.
            column: its name is the path, its type, nullability and comment are the column's.
            default: what the rows that are there get, by an UPDATE after the column is there; None
                is NULL. A Python value of the column's type. Iceberg groups only, and not below a
                list or map.
            if_not_exists, inline_references, inline_primary_key: other dialects' only.

        Raises:
            MigrationError: the column is there, may not be NULL, or the table can't take it.
            IncompatibleChange: the group's compatibility level forbids it.
        """
        more = {} if default is None else {"default": default}
        operations.invoke(
            AddColumnOp(
                table_name,
                column,
                schema=schema,
                if_not_exists=if_not_exists,
                inline_references=inline_references,
                inline_primary_key=inline_primary_key,
                **more,
            )
        )

    @classmethod
    def rename_column(
        cls,
        operations: Operations,
        group: str,
        path: str,
        to: str,
        *,
        schema: str | None = None,
    ) -> None:
        """Give a column or a field another name; its values and its place stay.

        ``op.rename_column("nyc_flights_weather_v0001", "wind.dir", "direction")``

        Keys, times, partitions and sort order follow. ``op.alter_column(…, new_column_name=…)``
        does the same. Iceberg groups only: Hive-style files know columns by their names.

        Args:
            path: the column or field as it is called now.
            to: its new name alone, without what leads to it.

        Raises:
            MigrationError: there is no such column, or the new name is taken.
            IncompatibleChange: the group's compatibility level forbids it.
        """
        operations.invoke(ChangeOp(RenameColumn(group, path, to, schema)))

    @classmethod
    def move_column(
        cls,
        operations: Operations,
        group: str,
        path: str,
        *,
        after: str | None,
        schema: str | None = None,
    ) -> None:
        """Put a column or a field behind another one, or first.

        ``op.move_column("nyc_flights_weather_v0001", "humid", after="temp")``

        Args:
            path: the column or field.
            after: the sibling it comes behind, by its name alone; None is first.

        Raises:
            MigrationError: there is no such column or sibling.
        """
        operations.invoke(ChangeOp(MoveColumn(group, path, after, schema)))

    @classmethod
    def alter_feature_group(
        cls, operations: Operations, group: str, *, schema: str | None = None, **options: Any
    ) -> None:
        """Declare something else of a group than its columns and partitions.

        ``op.alter_feature_group("nyc_flights_weather_v0001", ttl=dt.timedelta(hours=3),
        compatibility="backward")``

        Args:
            options: keys, event_time, created_time, ttl, online, truncate, description, owner,
                tags, compatibility, sort_by and table_properties: those that change, each whole.

        Raises:
            MigrationError: an option that there is none of, or that contradicts the group.
        """
        operations.invoke(ChangeOp(AlterGroup(group, options, schema)))

    @classmethod
    def set_partitioning(
        cls,
        operations: Operations,
        group: str,
        partition_by: Iterable[str | Partition],
        *,
        schema: str | None = None,
    ) -> None:
        """Partition what is written from now on otherwise; files that are there stay as they are.

        ``op.set_partitioning("nyc_flights_departure_v0001", ["month(sched_dep)"])``

        Args:
            partition_by: columns and transforms, all of them; none at all ends partitioning.

        Raises:
            DefinitionError: a transform that there is none of.
            MigrationError: a column that there is none of, or a Hive-style group.
        """
        given = [partition_by] if isinstance(partition_by, str) else partition_by
        fields = tuple(
            field if isinstance(field, Partition) else Partition.parse(field) for field in given
        )
        operations.invoke(ChangeOp(SetPartitioning(group, fields, schema)))

    @classmethod
    def backfill(
        cls, operations: Operations, group: str, select: str, *, schema: str | None = None
    ) -> None:
        """Write the rows of a SELECT to a group: all of them, once, however often it is begun.

        ``op.backfill("nyc_flights_airport_v0002", "SELECT faa, ROW(lat, lon) AS place FROM
        nyc_flights_airport_v0001")``

        More than 100 partitions are split, and a run that was killed goes on where it stood.

        Args:
            select: in Athena's SQL; its columns are found by their names.

        Raises:
            InvalidQuery, QueryFailed: Athena refused it.
            InvalidData: its columns are not the group's.
        """
        given = textwrap.dedent(select).strip()
        operations.invoke(ChangeOp(Backfill(group, given, schema)))

    @classmethod
    def release(cls, operations: Operations, group: str, *, schema: str | None = None) -> None:
        """Let the view without the version stand on this version, and on no newer one.

        ``op.release("nyc_flights_airport_v0002")``; the downgrade releases the version before.

        Raises:
            MigrationError: there is no such group.
        """
        operations.invoke(ChangeOp(Release(group, schema)))


def _declared(name: str, columns: tuple[sa.Column[Any], ...], options: dict[str, Any]) -> State:
    parts = GroupName.parse(name)
    group = FeatureGroup(
        parts.client, parts.app, parts.entity, parts.version, sa.MetaData(), *columns, **options
    )
    return State.of(group)


@Operations.implementation_for(ChangeOp)
def _make(operations: Operations, operation: ChangeOp) -> None:
    impl = operations.impl
    if not isinstance(impl, FsqlImpl):
        raise MigrationError(
            f"{type(operation.change).__name__} is an operation on feature groups. Expected a"
            f" connection of fsql's, whose URL starts with fsql://, not {type(impl).__name__}."
        )
    impl.make(operation.change)


for _name in (
    "create_feature_group",
    "new_version",
    "drop_feature_group",
    "add_column",
    "rename_column",
    "move_column",
    "alter_feature_group",
    "set_partitioning",
    "backfill",
    "release",
):
    Operations.register_operation(_name)(GroupOperations)
