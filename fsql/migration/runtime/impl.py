"""Alembic on Athena and Glue: what its operations become.

Alembic finds `FsqlImpl` by the dialect's name once this module is imported. Its operations on
columns become changes (`fsql.migration.model.changes`), which `Migrator` makes, each once; what is
left is SQL, which Athena runs. `_exec` is the one method without a public name among those
overridden; `tests/migration/test_migration_hooks.py` pins it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn

import pyarrow as pa
import sqlalchemy as sa
from alembic.ddl.impl import DefaultImpl
from sqlalchemy.schema import CreateTable, DropTable

from fsql.dialect import catalog_of
from fsql.errors import MigrationError
from fsql.migration.making.migrator import Migrator, Options
from fsql.migration.model import paths
from fsql.migration.model.changes import (
    KEEP,
    AddColumn,
    AlterColumn,
    AlterGroup,
    Change,
    DropColumn,
    Execute,
    RenameColumn,
)
from fsql.migration.model.wording import words
from fsql.migration.proposing.rendering import operation_text
from fsql.migration.runtime.flags import Flags
from fsql.migration.runtime.ledger import Ledger
from fsql.migration.runtime.offline import Offline
from fsql.migration.runtime.revisions import Revisions
from fsql.migration.runtime.scripts import running
from fsql.migration.runtime.versions import Move, VersionTable, moved
from fsql.model import FIELD_METADATA
from fsql.types import arrow_type

__all__ = ["FLAGS", "LOCATION", "FsqlImpl"]

# Options of Alembic's context.configure, where `fsql.migration.run` calls it:
FLAGS = "fsql_flags"  # the `Flags`
LOCATION = "fsql_location"  # the `fsql.urls.Location`
_MOST = 200_000  # bytes of one INSERT of rows; Athena takes 262,144 of a query

log = logging.getLogger("fsql.migration")


class FsqlImpl(DefaultImpl):
    """Feature groups, changed by Alembic's operations and by fsql's own."""

    __dialect__ = "fsql"
    transactional_ddl = False

    def __init__(
        self,
        dialect: sa.Dialect,
        connection: sa.Connection | None,
        as_sql: bool,
        transactional_ddl: bool | None,
        output_buffer: Any,
        context_opts: dict[str, Any],
    ) -> None:
        super().__init__(
            dialect, connection, as_sql, transactional_ddl, output_buffer, context_opts
        )
        self.flags: Flags = context_opts.get(FLAGS) or Flags()
        self._whole_steps = FLAGS in context_opts
        self._waiting = Move()
        self._revisions: Revisions | None = None

    def version_table_impl(
        self, *, version_table: str, version_table_schema: str | None, **kw: Any
    ) -> sa.Table:
        """The version view, as a table whose changes come to `Revisions`."""
        if self.as_sql:
            self._offline.view(version_table, version_table_schema)
            return VersionTable.made(version_table, version_table_schema, self._offline.create)
        connection = self._connected()
        self._revisions = Revisions(catalog_of(connection), version_table, version_table_schema)
        sa.event.listen(connection, "before_execute", self._emptied, retval=True)
        return VersionTable.made(version_table, version_table_schema, self._create)

    def start_migrations(self) -> None:
        """Note where the store stands before anything is changed."""
        if not self.as_sql:
            self._ledger.start()
            return
        scripts, start = self.context_opts.get("script"), self.context_opts.get("starting_rev")
        if scripts is not None:
            given = [] if start in (None, "base") else scripts.get_revisions(start)
            self._offline.learn(scripts, [found.revision for found in given])

    def settle(self) -> None:
        """Write at once where a revision that is through has brought the store to."""
        move, self._waiting = self._waiting, Move()
        if self.as_sql:
            self._offline.move(move)
        else:
            self._ledger.move(move.gone, move.come)

    def make(self, change: Change) -> None:
        """Make a change, once for each place in a revision; offline, write it down.

        Raises:
            MigrationError: the group cannot take it, or the revision cannot go on.
        """
        script = running()
        if self.as_sql:
            self._offline.write(change)
        elif script is None:
            self._migrator.run(change)
        else:
            text = _text(change)
            step = self._ledger.begin(script, text)
            if step is None:
                log.info("Done already: %s", _said(change))
                return
            log.info("%s", _said(change))
            try:
                with self._ledger.heard():
                    self._migrator.run(change, step)
            except BaseException as error:
                self._ledger.fail()
                error.add_note(f"{_ordinal(step.number)} of {script} failed. {script.again}")
                raise
            self._ledger.finish(text)

    # Alembic's operations on columns

    def add_column(
        self,
        table_name: str,
        column: sa.Column[Any],
        *,
        schema: str | None = None,
        default: Any = None,
        if_not_exists: bool | None = None,
        **kw: Any,
    ) -> None:
        """Add a column, or the field of a struct that its name leads to."""
        if if_not_exists:
            raise _unsure(table_name, column.name, "if_not_exists")
        if column.default is not None or column.server_default is not None:
            raise MigrationError(
                f"Column {column.name!r} of {table_name} has a default, which Athena's tables keep"
                " none of. op.add_column(…, default=…) fills the rows that are there.",
                table_name,
                column.name,
            )
        field = pa.field(
            paths.split(column.name)[1],
            arrow_type(column.type),
            bool(column.nullable),
            column.info.get(FIELD_METADATA),
        )
        self.make(AddColumn(table_name, column.name, field, column.comment, default, schema))

    def drop_column(
        self,
        table_name: str,
        column: sa.Column[Any],
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        **kw: Any,
    ) -> None:
        """Drop a column or field."""
        if if_exists:
            raise _unsure(table_name, column.name, "if_exists")
        self.make(DropColumn(table_name, column.name, schema))

    def alter_column(
        self,
        table_name: str,
        column_name: str,
        *,
        nullable: bool | None = None,
        server_default: Any = False,
        name: str | None = None,
        type_: Any = None,
        schema: str | None = None,
        autoincrement: bool | None = None,
        comment: Any = False,
        **kw: Any,
    ) -> None:
        """Alter a column or field, then rename it."""
        if server_default is not False or autoincrement is not None:
            raise MigrationError(
                f"Column {column_name!r} of {table_name}: Athena's tables have neither defaults nor"
                " counters. Expected type_, nullable, comment or new_column_name.",
                table_name,
                column_name,
            )
        altered = AlterColumn(
            table_name,
            column_name,
            KEEP if type_ is None else arrow_type(sa.types.to_instance(type_)),
            KEEP if comment is False else comment,
            KEEP if nullable is None else nullable,
            kw.get("metadata", KEEP),
            schema,
        )
        if altered != AlterColumn(table_name, column_name, database=schema):
            self.make(altered)
        if name is not None:
            self.make(RenameColumn(table_name, column_name, name, schema))

    # Alembic's operations on tables

    def create_table(self, table: sa.Table, **kw: Any) -> None:
        """Create a table that is no feature group, as SQL."""
        self._exec(CreateTable(table, **kw))

    def drop_table(self, table: sa.Table, **kw: Any) -> None:
        """Drop a table that is no feature group, as SQL."""
        self._exec(DropTable(table, **kw))

    def create_table_comment(self, table: sa.Table) -> None:
        """Describe a group."""
        self.make(AlterGroup(table.name, {"description": table.comment}, table.schema))

    def drop_table_comment(self, table: sa.Table) -> None:
        """Take a group's description away."""
        self.make(AlterGroup(table.name, {"description": None}, table.schema))

    def rename_table(self, old_table_name: str, *args: Any, **kw: Any) -> NoReturn:
        """Refuse it."""
        raise MigrationError(
            f"Glue renames no table, so {old_table_name} stays. A new name is a new group:"
            " op.create_feature_group, then op.backfill.",
            old_table_name,
        )

    def add_constraint(self, const: Any, **kw: Any) -> NoReturn:
        """Refuse it."""
        raise _no_such("constraints; keys= of op.alter_feature_group says what a row's key is")

    def drop_constraint(self, const: Any, **kw: Any) -> NoReturn:
        """Refuse it."""
        raise _no_such("constraints")

    def create_index(self, index: Any, **kw: Any) -> NoReturn:
        """Refuse it."""
        raise _no_such("indexes; op.set_partitioning, or sort_by= of op.alter_feature_group, help")

    def drop_index(self, index: Any, **kw: Any) -> NoReturn:
        """Refuse it."""
        raise _no_such("indexes")

    # Alembic's operations on rows

    def bulk_insert(self, table: Any, rows: list[dict[str, Any]], multiinsert: bool = True) -> None:
        """Insert rows, as many in a statement as Athena takes."""
        if not rows:
            return
        sql = self._sql(sa.insert(table).values(rows))
        if len(sql.encode()) > _MOST and len(rows) > 1:
            half = len(rows) // 2
            self.bulk_insert(table, rows[:half])
            self.bulk_insert(table, rows[half:])
        else:
            self.make(Execute(sql))

    def _exec(
        self,
        construct: Any,
        execution_options: Mapping[str, Any] | None = None,
        multiparams: Sequence[Mapping[str, Any]] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        """Take a change of the version table, or a statement."""
        move = moved(construct)
        if move is None:
            self.make(Execute(self._sql(construct)))
            return
        self._waiting = self._waiting.then(move)
        if not self._whole_steps:
            self.settle()

    def _sql(self, construct: Any) -> str:
        if isinstance(construct, str):
            construct = sa.text(construct)
        options = {} if isinstance(construct, sa.schema.DDLElement) else _LITERAL
        # A compiled statement has each percent sign twice, for the driver, which gets none here.
        text = str(construct.compile(dialect=self.dialect, **options)).strip()
        return text.replace("%%", "%") if self.dialect.paramstyle == "pyformat" else text

    def _emptied(
        self, connection: Any, statement: Any, multiparams: Any, params: Any, options: Any
    ) -> Any:
        """Empty the version table, as Alembic does for ``stamp --purge``, past `_exec`."""
        if moved(statement) == Move() and isinstance(statement, sa.Delete):
            self._ledger.clear()
            return sa.select(sa.literal(1)), (), {}
        return statement, multiparams, params

    def _create(self) -> None:
        assert self._revisions is not None, "only called of the table that is made after it"
        self._revisions.ensure()

    def _connected(self) -> sa.Connection:
        if self.connection is None:
            raise MigrationError("Migrations need a connection, or --sql.")
        return self.connection

    @cached_property
    def _ledger(self) -> Ledger:
        assert self._revisions is not None, "Alembic asks for the version table first"
        return Ledger(self._revisions, takeover=self.flags.takeover)

    @cached_property
    def _migrator(self) -> Migrator:
        flags = self.flags
        options = Options(flags.allow_breaking, flags.adopt, flags.force)
        return Migrator(self._connected().engine, options, self._revisions)

    @cached_property
    def _offline(self) -> Offline:
        return Offline(self.dialect, self.static_output, self.context_opts.get(LOCATION))


_LITERAL: dict[str, Any] = {"compile_kwargs": {"literal_binds": True}}


def _text(change: Change) -> str:
    try:
        return operation_text(change)
    except TypeError as error:  # a default of some library's own
        raise MigrationError(f"{error} Expected plain Python values.") from error


def _said(change: Change) -> str:
    said = words(change)
    group = "" if isinstance(change, Execute) else change.group
    return said if group in said else f"{group} {said}"


def _ordinal(number: int) -> str:
    return f"Change {number + 1}"


def _unsure(table: str, path: str, argument: str) -> MigrationError:
    return MigrationError(
        f"{argument}=True of column {path!r} of {table}: a revision has to know what it changes."
        " Leave the argument out; a table that was changed by hand is `alembic -x adopt`'s.",
        table,
        path,
    )


def _no_such(what: str) -> MigrationError:
    return MigrationError(f"Athena's tables have no {what}.")
