"""The SQLAlchemy dialect ``fsql``: PyAthena's, with feature groups and their types.

`FsqlDialect` hooks into PyAthena's `AthenaDialect` at ``_connect_options`` (what its DDL
compiler reads) and ``_get_column_type``; `tests/test_pyathena_hooks.py` pins both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

import sqlalchemy as sa
from pyathena.sqlalchemy.base import AthenaDialect
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.schema import CreateIndex, DropIndex, DropTable

from fsql import dbapi
from fsql.aws import open_aws
from fsql.catalog import Catalog
from fsql.compiler import FsqlDDLCompiler, FsqlStatementCompiler, FsqlTypeCompiler
from fsql.errors import ConfigError, UnsupportedType
from fsql.formats import describe_group
from fsql.inserts.execution import executed
from fsql.inserts.statements import taken
from fsql.model import FeatureGroup
from fsql.planning import Planner
from fsql.scalars import SCALARS
from fsql.types import Instant, sqlalchemy_type
from fsql.typetext import parse_type
from fsql.urls import SECRET_ARGUMENTS, parse_url

__all__ = ["FsqlDialect", "catalog_of", "create_engine"]

OPTION = "fsql"  # the execution option that carries arguments for `Cursor.execute`


class FsqlDialect(AthenaDialect):
    """Feature groups on Athena, or on an embedded store."""

    name = "fsql"
    driver = "athena"
    supports_statement_cache = True
    statement_compiler = FsqlStatementCompiler
    ddl_compiler = FsqlDDLCompiler
    type_compiler_cls = FsqlTypeCompiler
    colspecs: ClassVar[dict[type[Any], type[Any]]] = {  # type: ignore[misc]  # PyAthena's is not
        **AthenaDialect.colspecs,
        **SCALARS,
        Instant: Instant,
    }

    catalog: Catalog

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """`fsql.dbapi`."""
        return dbapi

    def create_connect_args(self, url: URL) -> Any:
        """Open the store; an embedded one's folder is made if it is missing."""
        aws = open_aws(url)
        self.catalog = Catalog(aws)
        self.assume(aws.warehouse, aws.database)
        return (), {"planner": Planner(self.catalog)}

    def assume(self, warehouse: str | None, database: str) -> None:
        """Compile DDL for a store at this place, be it open or not."""
        self._connect_options = {
            "location": warehouse,
            "schema_name": database,
            "catalog_name": "awsdatacatalog",
        }

    @classmethod
    def engine_created(cls, engine: sa.Engine) -> None:
        """Take its INSERTs, and drop secrets from the URL that it shows; the session has them."""
        event.listen(engine, "before_execute", _take, retval=True)
        secret = [name for name in engine.url.query if name in SECRET_ARGUMENTS]
        engine.url = engine.url.difference_update_query(secret)

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Run a statement; driver-level SQL without parameters keeps its percent signs."""
        if context is not None and _is_of_index(context):
            return  # SQLAlchemy makes those of a table with it; Athena has none
        if context is None or not executed(cursor, statement, parameters, context):
            self._do_execute(cursor, statement, parameters, context)
        if context is not None and context.isinsert and not context.executemany:
            # SQLAlchemy forgets it of an INSERT, as it closes the cursor at once.
            context._rowcount = cursor.rowcount

    def _do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any) -> None:
        if context is not None and context.compiled is None and not parameters:
            parameters = None
        options = context.execution_options.get(OPTION) if context is not None else None
        if options is None:
            inherited: Any = super()  # PyAthena leaves the method untyped
            inherited.do_execute(cursor, statement, parameters, context)
        else:
            cursor.execute(statement, parameters, **options)

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Take back rows that wait for a commit; PyAthena's dialect does nothing."""
        dbapi_connection.rollback()

    def get_columns(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """Columns; a feature group's with their exact types."""
        columns = super().get_columns(connection, table_name, schema, **kw)
        for column in columns:
            column.pop("autoincrement", None)  # nothing is known of it
        entry = self.catalog.find(table_name.lower(), schema)
        if entry is None or not entry.is_group:
            return columns
        exact = entry.arrow_schema
        for column in columns:
            if column["name"] in exact.names:
                field = exact.field(column["name"])
                column.update(type=sqlalchemy_type(field.type), nullable=field.nullable)
        return columns

    def get_table_comment(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """A table's comment; that of a view is Athena's mark of one."""
        found: dict[str, str | None] = super().get_table_comment(
            connection, table_name, schema=schema, **kw
        )
        return {"text": None} if found["text"] == "Presto View" else found

    def _get_column_type(self, type_: str, _nested: bool = False) -> Any:
        """Nested types and timestamps as fsql's own, the others as PyAthena has them."""
        try:
            parsed = parse_type(type_)
        except UnsupportedType:
            return super()._get_column_type(type_, _nested)
        mine = sqlalchemy_type(parsed)
        if type(mine).__module__.startswith("fsql"):
            return mine
        return super()._get_column_type(type_, _nested)


def _take(
    connection: sa.Connection, statement: Any, multiparams: Any, params: Any, options: Any
) -> tuple[Any, Any, Any]:
    """Rows of an INSERT never become VALUES where fsql can write them itself."""
    catalog = catalog_of(connection)
    if isinstance(statement, DropTable):
        _check_drop(catalog, statement.element)
    translated = options.get("schema_translate_map") or {}
    return taken(connection.dialect, catalog, statement, multiparams, params, translated)


def _is_of_index(context: Any) -> bool:
    return context.isddl and isinstance(context.compiled.statement, CreateIndex | DropIndex)


def _check_drop(catalog: Catalog, table: Any) -> None:
    """Refuse what pandas does to replace a table, if it is a feature group.

    It reflects the table first, so that this one has columns; a migration's has none.
    """
    if isinstance(table, FeatureGroup) or not table.columns:
        return
    entry = catalog.find(table.name.lower(), table.schema)
    if entry is not None and entry.is_group:
        raise ConfigError(
            f"{entry.name!r} is a feature group; to replace it as a table would take its keys,"
            " times and history from it. store.write(group, frame, mode='overwrite') replaces its"
            " rows, and store.drop(group) drops it."
        )


def create_engine(url: str | URL | None = None, **options: Any) -> sa.Engine:
    """A SQLAlchemy engine; the same as ``sqlalchemy.create_engine(url, **options)``.

    Args:
        url: ``fsql:///folder`` or ``fsql://KEY:SECRET@REGION/DATABASE?…``; None is what
            FSQL_URL says, and else ``fsql:///.fsql``.
        options: SQLAlchemy's.

    Raises:
        ConfigError: the URL cannot be used.
        StorageError: the folder cannot be written.
    """
    url = url if url is not None else "fsql://"
    parse_url(url)  # says more than SQLAlchemy does of a URL that is not ours
    return sa.create_engine(url, **options)


def catalog_of(engine: sa.Engine | sa.Connection) -> Catalog:
    """The catalog behind an engine.

    Raises:
        ConfigError: it is an engine of another dialect.
    """
    dialect = engine.dialect
    if not isinstance(dialect, FsqlDialect):
        raise ConfigError(
            f"The engine speaks {dialect.name!r}. Expected fsql.create_engine('fsql://…')."
        )
    return dialect.catalog


@event.listens_for(FeatureGroup, "after_create", propagate=True)
def _describe(target: Any, connection: Any, **kw: Mapping[str, Any]) -> None:
    """Store the exact schema of a group that ``create_all`` has just made."""
    if isinstance(connection.dialect, FsqlDialect):
        describe_group(connection.dialect.catalog, target)
